"""Families of features: what is recorded where, and that the best family is found."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from emobook import claims, results
from emobook.evaluate import repeated_folds
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
    lite = Families(rated[0], blocks, NAMES | {"object": "EfficientNet-Lite0"})
    assert lite.column("all") == "All, EfficientNet-Lite0"


def test_errors_are_recorded_in_the_papers_form_and_by_family(rated, out):
    one = Families(*rated, NAMES)
    asked = []

    def make(family):
        asked.append(family)
        return Ridge()

    found = one.judge("ridge", make)
    assert asked == ["low", "object", "all"]
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


def test_fewer_repeats_are_the_first_ones(rated):
    one = Families(*rated, NAMES)
    every = one.judge("ridge", lambda family: Ridge())
    few = one.judge("ridge, once", lambda family: Ridge(), repeats=1)
    np.testing.assert_array_equal(few["low"][0], every["low"][0])
    assert len(few["low"]) == 1


def test_a_second_network_of_objects_adds_what_is_new(rated, out):
    names = NAMES | {"object": "ResNet"}
    found = Families(*rated, names, first=False).judge("ridge", lambda family: Ridge())
    assert list(found) == ["object", "all, no semantic"]
    frame = results.record.current().frame()
    assert set(frame["item"]) == {"Table III"}
    assert set(frame["column"]) == {"ResNet", "All, no semantic, ResNet"}


def test_claims_pair_what_is_there(rated, out):
    one = Families(*rated, NAMES)
    one.judge("", lambda family: Ridge())
    pairs = one.pairs()
    assert [pair[:3] for pair in pairs[:2]] == [
        ("kim-object-best-valence", "object", ["low"]),
        ("kim-all-best-valence", "all, no semantic", ["low", "object"]),
    ]
    known = claims.claims()
    verdicts = {}
    for claim, better, worse, column in pairs:
        assert known[claim].test.item == families.PAIRS
        assert column == known[claim].test.column
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
    for claim, better, worse, column in pairs:
        test = known[claim].test
        assert (test.better, list(test.worse), test.column) == (better, worse, column)
        assert test.metric == "mse"


def test_what_is_not_run_says_why(out):
    families.not_run("cgna", ["Low", "All"], "the set is not here", heads=("", "ridge"))
    frame = results.record.current().frame()
    assert set(frame["row"]) == {"Valence", "Arousal", "Valence, ridge", "Arousal, ridge"}
    assert (frame["note"] == "not run: the set is not here").all()
    assert frame["value"].isna().all() and len(frame) == 8
