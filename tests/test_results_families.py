"""Families of features: what is recorded where, and that the best family is found."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.linear_model import Ridge

from emobook import claims, results
from emobook.evaluate import repeated_folds
from emobook.features.backbones import WeightsError
from emobook.models import valence_arousal
from emobook.models._validation import held_out
from emobook.models.valence_arousal import EmotionNetwork
from emobook.results import families
from emobook.results.families import Families
from emobook.results.rated import Rated


@pytest.fixture
def rated():
    """120 pictures rated by what is in them, and a little by their colours; in 40 groups."""
    rng = np.random.default_rng(0)
    objects, low = rng.normal(size=(120, 6)), rng.normal(size=(120, 4))
    y = np.stack([objects[:, 0] + 0.3 * low[:, 0], objects[:, 1]], axis=1) / 2 + 4
    y += rng.normal(0, 0.1, y.shape)
    groups = np.repeat(np.arange(40), 3)
    table = pd.DataFrame({"id": [f"p{i}" for i in range(120)]})
    ratings = pd.DataFrame(y, columns=["valence", "arousal"])
    folds = repeated_folds(y, groups, 4, 3)
    return Rated("made", table, ratings, (1, 7), folds, groups), {"low": low, "object": objects}


@pytest.fixture
def out(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))


NAMES = {"low": "Low", "object": "VGG16", "semantic": "semantic"}


def test_all_is_what_there_is_and_is_named_so(rated):
    one = Families(*rated, NAMES)
    assert list(one.inputs()) == ["low", "object", "all, no semantic"]
    assert one.inputs()["all, no semantic"].shape == (120, 10)
    assert one.column("all, no semantic") == "All, no semantic"
    blocks = {**rated[1], "semantic": np.ones((120, 150)), "attributes": np.zeros((120, 2000))}
    full = Families(rated[0], blocks, NAMES)
    assert "attributes" not in full.inputs()
    assert full.inputs()["all"].shape == (120, 160)
    swapped = full.inputs()["all, attributes for objects"]
    np.testing.assert_array_equal(swapped[:, :4], rated[1]["low"])
    assert swapped.shape == (120, 2154) and (swapped[:, 2004:] == 1).all()
    assert full.column("all") == "All"
    named = NAMES | {"object": "EfficientNet-Lite0", "semantic": "semantic, true masks"}
    lite = Families(rated[0], blocks, named)
    assert lite.column("all") == "All, EfficientNet-Lite0, true masks"
    assert lite.column("semantic") == "semantic, true masks"
    assert lite.column(families.SWAPPED) == "All, attributes for objects, true masks"
    assert lite.made_by("low") == ""
    assert lite.made_by("all") == "objects by EfficientNet-Lite0; areas by true masks"
    assert lite.made_by("semantic", "low") == "areas by true masks"
    assert one.made_by(one.together) == "objects by VGG16; no semantic"


def test_errors_are_recorded_in_the_papers_form_and_by_family(rated, out):
    one = Families(*rated, NAMES)
    asked = []

    def make(family, seed):
        asked.append((family, seed))
        return Ridge()

    found = one.judge("ridge", make)
    assert asked == [(name, seed) for name in ("low", "object", "all") for seed in range(3)]
    assert found["object"].shape == (3, 120, 2) and not np.isnan(found["object"]).any()
    frame = results.record.current().frame().set_index(["item", "row", "column", "metric"])
    y = rated[0].ratings["valence"].to_numpy()
    expected = ((found["object"][..., 0] - y) ** 2).mean() * (8 / 6) ** 2  # 1 to 9 instead of 7
    for cell in (
        ("Table III", "Valence, ridge", "VGG16"),
        ("Families", "object", "Valence, ridge"),
    ):
        assert frame.loc[(*cell, "mse"), "value"] == pytest.approx(expected, rel=1e-4)
        assert frame.loc[(*cell, "mse"), "baseline"] == pytest.approx(
            y.var() * (8 / 6) ** 2, rel=1e-4
        )
    assert ("Families", "object", "Valence, ridge", "pearson") in frame.index
    assert ("Table III", "Valence, ridge", "VGG16", "pearson") not in frame.index


class Watched(RegressorMixin, BaseEstimator):
    """Keeps what it was fitted on, and answers its seed."""

    seen = []  # noqa: RUF012

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, X, y, groups=None):
        Watched.seen.append(X)
        return self

    def predict(self, X):
        return np.full((len(X), 2), float(self.seed))


def test_a_network_knows_the_groups_and_has_the_seed_of_its_repeat(rated, out, monkeypatch):
    monkeypatch.setattr(Watched, "seen", [])
    found = Families(*rated, NAMES).judge("", lambda family, seed: Watched(seed))
    assert (found["low"] == np.arange(3)[:, None, None]).all()
    assert len(Watched.seen) == 3 * 4 * 3  # repeats, folds, families
    for X in Watched.seen:
        assert len(X) == 90 and X["group"].nunique() == 30  # whole groups
    np.testing.assert_array_equal(
        Watched.seen[0].drop(columns="group"), rated[1]["low"][rated[0].folds[0].train]
    )
    single = replace(rated[0], groups=None)
    Families(single, rated[1], NAMES).judge("alone", lambda family, seed: Watched(seed), 1)
    assert isinstance(Watched.seen[-1], np.ndarray)


def test_best_epoch_is_chosen_on_whole_groups(rated, out, monkeypatch):
    asked = []

    def watched(y, groups, share, seed):
        asked.append((groups, seed))
        return held_out(y, groups, share, seed)

    monkeypatch.setattr(valence_arousal, "held_out", watched)

    def make(family, seed):
        return EmotionNetwork(hidden=(4, 3, 2), loss="mean", epochs=1, batch_size=30, seed=seed)

    Families(*rated, NAMES).judge("", make, repeats=2)
    assert [seed for _, seed in asked] == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4
    known = rated[0].groups
    for (groups, _), fold in zip(asked, rated[0].folds[:8], strict=False):
        np.testing.assert_array_equal(groups, known[fold.train])


class Column(TransformerMixin, BaseEstimator):
    """One column of a table; without weights where there is none."""

    def __init__(self, name):
        self.name = name

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        if self.name not in X:
            raise WeightsError(f"no weights for {self.name}")
        return X[[self.name]].to_numpy(float)


def test_networks_without_weights_leave_the_other_families_alone(rated, out):
    one = replace(rated[0], X=rated[0].X.assign(low=1.0, areas=2.0, seen=3.0))
    others = {"low": Column("low"), "semantic": Column("areas")}
    names = {"low": "Low", "semantic": "semantic, made"}
    networks = {"VGG16": Column("lost"), "Alexnet": Column("seen"), "ResNet": Column("seen")}
    found = Families.described(one, networks, others, names)
    assert [each.names["object"] for each in found] == ["Alexnet", "ResNet"]
    assert [each.first for each in found] == [True, False]
    assert list(found[0].inputs()) == ["low", "object", "semantic", "all"]
    np.testing.assert_array_equal(found[0].inputs()["all"][0], [1, 3, 2])
    frame = results.record.current().frame()
    assert set(frame["column"]) == {"VGG16"} and frame["note"].str.startswith("not run").all()
    Families.described(one, networks, {"low": Column("low")}, names)
    frame = results.record.current().frame()
    assert set(frame["column"]) == {"VGG16", "semantic", "All"}
    (alone,) = Families.described(one, {"VGG16": Column("lost")}, others, names)
    assert list(alone.judge("", lambda family, seed: Ridge(), 1)) == ["low", "semantic"]
    assert {claim for claim, *_ in alone.pairs()} == {
        "kim-semantic-over-low-valence", "kim-semantic-over-low-arousal"
    }  # fmt: skip


def test_fewer_repeats_are_the_first_ones(rated):
    one = Families(*rated, NAMES)
    every = one.judge("ridge", lambda family, seed: Ridge())
    few = one.judge("ridge, once", lambda family, seed: Ridge(), repeats=1)
    np.testing.assert_array_equal(few["low"][0], every["low"][0])
    assert len(few["low"]) == 1


def test_a_second_network_of_objects_adds_what_is_new(rated, out):
    names = NAMES | {"object": "ResNet"}
    found = Families(*rated, names, first=False).judge("ridge", lambda family, seed: Ridge())
    assert list(found) == ["object", "all, no semantic"]
    frame = results.record.current().frame()
    assert set(frame["item"]) == {"Table III"}
    assert set(frame["column"]) == {"ResNet", "All, no semantic, ResNet"}


def test_claims_pair_what_is_there(rated, out):
    one = Families(*rated, NAMES)
    one.judge("", lambda family, seed: Ridge())
    pairs = one.pairs()
    assert [pair[:3] for pair in pairs[:2]] == [
        ("kim-object-best-valence", "object", ["low"]),
        ("kim-all-best-valence", "all, no semantic", ["low", "object"]),
    ]
    known = claims.claims()
    verdicts = {}
    for claim, better, worse, column, note in pairs:
        assert known[claim].test.item == families.PAIRS
        assert column == known[claim].test.column
        assert ("nobody segments" in note) == (better == "object") and "objects by VGG16" in note
        result = claims.test(claim, "made", better=better, worse=worse, column=column)
        verdicts[claim] = result.verdict
    assert verdicts["kim-object-best-valence"] == verdicts["kim-object-best-arousal"] == "supported"
    assert verdicts["kim-all-best-valence"] == "supported"
    assert verdicts["kim-all-best-arousal"] != "supported"  # colours have nothing to add there


def test_claims_of_the_ledger_name_the_families(rated):
    known = claims.claims()
    blocks = {**rated[1], "semantic": np.zeros((120, 2)), "attributes": np.zeros((120, 2))}
    pairs = Families(rated[0], blocks, NAMES).pairs()
    assert len(pairs) == 8
    for claim, better, worse, column, note in pairs:
        test = known[claim].test
        assert (test.better, list(test.worse), test.column) == (better, worse, column)
        assert "nobody segments" not in note
        assert test.metric == "mse"


def test_what_is_not_run_says_why(out):
    families.not_run("cgna", ["Low", "All"], "the set is not here", heads=("", "ridge"))
    frame = results.record.current().frame()
    assert set(frame["row"]) == {"Valence", "Arousal", "Valence, ridge", "Arousal, ridge"}
    assert (frame["note"] == "not run: the set is not here").all()
    assert frame["value"].isna().all() and len(frame) == 8
