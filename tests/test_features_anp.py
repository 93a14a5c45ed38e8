"""Banks of adjective-noun pairs: what is detected, what is dropped, and what no fold may see."""

import dataclasses
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from emobook import datasets, evaluate, models, train
from emobook.datasets import synthetic
from emobook.features import DeepFeatures, PairBank, PairResponses, _detectors
from emobook.features.anp import pairs_of
from emobook.features.crafted import CraftedFeatures

LINEAR = ("calm_sea", "happy_dog", "sad_child")


@pytest.fixture(scope="module")
def made():
    """(300, 20) numbers and the pairs of each row: three that are linear, two at random."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(300, 20))
    shown = (X[:, :3] > 1) | (draw.random((300, 3)) < 0.02)
    guessed = draw.random((300, 2)) < 0.15
    names = np.array([*LINEAR, "odd_thing", "vague_hope"])
    return X, [tuple(names[row]) for row in np.column_stack([shown, guessed])]


def bank(**options):
    return PairBank(FunctionTransformer(), progress=False, C=0.01, **options)


def test_linear_pairs_are_found_and_random_ones_dropped(made):
    X, pairs = made
    fitted = bank().fit(X[:200], pairs[:200])
    assert tuple(fitted.get_feature_names_out()) == LINEAR and fitted.n_features_out_ == 3
    found = fitted.transform(X[200:])
    assert found.dtype == np.float32 and found.shape == (100, 3)
    assert (found >= 0).all() and (found <= 1).all()
    for k, pair in enumerate(LINEAR):
        truth = [pair in one for one in pairs[200:]]
        assert average_precision_score(truth, found[:, k]) > 0.7
        assert abs(fitted.coef_[:, k]).argmax() == k
    table = fitted.detectability()
    assert set(table["pair"][table["kept"]]) == set(LINEAR) and len(table) == 5
    assert (table["precision"].diff()[1:] <= 0).all()
    counts = pd.Series([one for row in pairs[:200] for one in row]).value_counts()
    assert dict(zip(table["pair"], table["images"], strict=True)) == counts.to_dict()


def test_the_best_ones_are_kept_where_fewer_are_wanted(made):
    X, pairs = made
    two = bank(most=2).fit(X, pairs)
    assert list(two.pairs_) == sorted(two.detectability()["pair"][:2])
    everything = bank().fit(X, pairs)
    kept = np.isin(everything.pairs_, two.pairs_)
    np.testing.assert_array_equal(two.transform(X), everything.transform(X)[:, kept])


def test_the_same_pairs_in_other_clothes_give_the_same_bank(made):
    X, pairs = made
    first = bank().fit(X, pairs).transform(X)
    mixed = pd.Series([(list, set, tuple)[i % 3](p) for i, p in enumerate(pairs)])
    np.testing.assert_array_equal(clone(bank()).fit(X, mixed).transform(X), first)
    np.testing.assert_array_equal(bank(n_jobs=2).fit(X, pairs).transform(X), first)
    assert not np.array_equal(bank(seed=1).fit(X, pairs).transform(X), first)
    single = np.array([p[0] if p else None for p in pairs], dtype=object)
    assert set(bank(rare="drop").fit(X, single).pairs_) == set(LINEAR)


# ---- what the folds may see ----


def test_shuffled_pairs_are_hardly_ever_detected(made):
    """40 pairs that mean nothing: were a detector judged by pictures that it was trained on,
    all would pass."""
    draw = np.random.default_rng(1)
    X = draw.normal(size=(500, 100))
    y = [(f"a_{draw.integers(20)}", f"b_{draw.integers(20)}") for _ in X]
    empty = bank(threshold=1.0)
    with pytest.raises(ValueError, match=r"^none of 40 pairs reaches threshold=1\.0, and the best"):
        empty.fit(X, y)
    table = empty.detectability()
    assert not table["kept"].any() and abs(table["precision"].mean() - 1 / 3) < 0.05
    assert (table["precision"] > PairBank().threshold).sum() <= 1
    with pytest.raises(NotFittedError):
        empty.transform(X)
    learnt = bank(threshold=0.0).fit(X, y).transform(X)
    column = np.array(["a_0" in one for one in y])
    assert _detectors.precision(column, learnt[:, 0]) > 0.85  # it knows by heart what it saw


class Memory(TransformerMixin, BaseEstimator):
    """Says which rows it was fitted on: a feature that would give any leak away."""

    fits: ClassVar[list] = []

    def fit(self, X, y=None):
        self.seen_ = set(X[:, 0])
        Memory.fits.append(self.seen_)
        return self

    def transform(self, X):
        return np.c_[X[:, 1:], [one in self.seen_ for one in X[:, 0]]]


def test_features_that_learn_and_the_folds_keep_groups_apart(made):
    X, pairs = made
    Memory.fits.clear()
    table = np.c_[np.arange(300), X]
    fitted = PairBank(Memory(), C=0.01, progress=False).fit(table, pairs)
    assert [len(seen) for seen in Memory.fits[:-1]] == [240] * 5 and len(Memory.fits[-1]) == 300
    assert set(fitted.pairs_) == set(LINEAR)
    assert fitted.transform(table).shape == (300, 3)

    groups = np.arange(300) // 3
    _, truth = _detectors.candidates(pairs, groups, 10, "raise")
    folds = _detectors.inner_folds(truth, groups, 5, seed=0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(300))
    for part, test in folds:
        assert not set(groups[part]) & set(groups[test])
        share = truth[test].sum(axis=0) / truth.sum(axis=0)
        assert (share > 0.08).all() and (share < 0.35).all()

    rare = np.column_stack([np.arange(100) >= 50, np.arange(100) >= 95])
    for _, test in _detectors.inner_folds(rare, np.arange(100), 5, seed=0):
        assert rare[test].sum(axis=0).tolist() == [10, 1]


def test_copies_in_one_group_make_no_pair_detectable(clean_cache, tmp_path):
    """Sixty pictures in four copies each: labels at random look learnt where copies are split."""
    draw = np.random.default_rng(0)
    rows = []
    for i in range(60):
        Image.fromarray(draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)).save(
            tmp_path / f"{i}.png"
        )
        rows += [{"path": str(tmp_path / f"{i}.png"), "group": i}] * 4
    table = pd.DataFrame(rows)
    y = np.repeat(np.where(draw.permutation(60) < 20, "good_luck", "bad_luck"), 4)
    apart = PairBank(Pixels(), C=1.0, progress=False, threshold=0.8)
    assert len(clone(apart).fit(table[["path"]], y).pairs_) == 2
    with pytest.raises(ValueError, match="none of 2 pairs reaches"):
        apart.fit(table, y)


# ---- its parts against their definitions ----


def test_precision_is_that_among_two_others():
    draw = np.random.default_rng(0)
    scores = np.r_[draw.normal(1, 1, 40), draw.normal(0, 1, 2000)]
    truth = np.arange(2040) < 40
    drawn = [
        average_precision_score(
            np.arange(120) < 40, np.r_[scores[:40], draw.choice(scores[40:], 80)]
        )
        for _ in range(300)
    ]
    assert _detectors.precision(truth, scores) == pytest.approx(np.mean(drawn), abs=0.015)
    assert _detectors.precision(truth, truth.astype(float)) == 1
    assert _detectors.precision(truth, np.zeros(2040)) == pytest.approx(1 / 3)


def test_platt_minimises_his_cross_entropy():
    draw = np.random.default_rng(0)
    scores = np.r_[draw.normal(0.4, 0.3, 30), draw.normal(-0.5, 0.3, 170)]
    truth = np.arange(200) < 30

    def loss(line):
        p = 1 / (1 + np.exp(-(line[0] * scores + line[1])))
        target = np.where(truth, 31 / 32, 1 / 172)
        each = -(target * np.log(p) + (1 - target) * np.log(1 - p))
        return each[truth].mean() + each[~truth].mean()

    best = minimize(loss, [1.0, 0.0], tol=1e-10).x
    assert _detectors.platt(truth, scores) == pytest.approx(best, rel=0.01)
    slope, _ = _detectors.platt(truth, np.where(truth, 1.0, -1.0))  # finite, though separable
    assert 0 < slope < 20


def test_a_share_of_the_others_trains_as_well(made):
    X, pairs = made
    few = bank(negatives=3).fit(X, pairs)
    assert set(few.pairs_) == set(LINEAR)
    truth = np.arange(100) < 10
    values = np.random.default_rng(0).normal(size=(100, 5)) + truth[:, None]
    same = _detectors.detector(values, truth, 0.1, 9, [0, 0])
    svm = LinearSVC(C=0.1, random_state=0, tol=1e-6).fit(
        values, truth, sample_weight=np.where(truth, 50 / 10, 50 / 90)
    )
    np.testing.assert_allclose(same[0], svm.coef_[0], atol=1e-3)
    np.testing.assert_array_equal(same[0], _detectors.detector(values, truth, 0.1, None, [0, 0])[0])
    other = _detectors.detector(values, truth, 0.1, 2, [0, 0])
    assert not np.array_equal(other[0], same[0])
    np.testing.assert_array_equal(other[0], _detectors.detector(values, truth, 0.1, 2, [0, 0])[0])


# ---- the simulator and folders ----


class Pixels(CraftedFeatures):
    """Mean and deviation of the channels in 3 × 3 parts: (54,)."""

    def _names(self):
        return [f"part_{i}" for i in range(54)]

    def _describe(self, image):
        parts = np.asarray(image.resize((48, 48))).reshape(3, 16, 3, 16, 3)
        return np.r_[parts.mean(axis=(1, 3)).ravel(), parts.std(axis=(1, 3)).ravel()]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return datasets.load("synthetic", n=40, root=tmp_path_factory.mktemp("scenes"))


def test_pairs_of_a_scene_are_its_palette_and_its_objects(scenes):
    drawn = [synthetic.sample_scene(i) for i in range(40)]
    pairs = pairs_of(scenes)
    assert pairs == pairs_of(drawn)
    for scene, found in zip(drawn, pairs, strict=True):
        kinds = {item.kind.replace(" ", "_") for item in scene.objects}
        assert set(found) == {f"{scene.palette}_{kind}" for kind in kinds}
        if found:
            area = [(x1 - x0) * (y1 - y0) for _, x0, y0, x1, y1 in scene.boxes]
            largest = scene.boxes[int(np.argmax(area))][0].replace(" ", "_")
            assert found[0] == f"{scene.palette}_{largest}"
    assert () in pairs and max(map(len, pairs)) > 2


def test_simple_detectors_beat_chance_on_unseen_scenes(clean_cache):
    """200 scenes of four palettes and three objects, on any backdrop."""
    drawn, palettes, kinds = [], ("golden", "azure", "dark", "plain"), ("dog", "tank", "cake")
    for i in range(200):
        scene = synthetic.sample_scene(i, distractors=0)
        thing = synthetic.Item(kinds[i % 3], 96, 170, 96, coat=i % 2)
        drawn.append(dataclasses.replace(scene, palette=palettes[i % 4], objects=(thing,)))
    pictures, pairs = [synthetic.render(scene) for scene in drawn], pairs_of(drawn)
    fitted = PairBank(Pixels(), threshold=0.0, C=0.01, progress=False)
    found = fitted.fit(pictures[:140], pairs[:140]).transform(pictures[140:])
    truth = np.array([[pair in one for pair in fitted.pairs_] for one in pairs[140:]])
    assert truth.shape == (60, 12) and truth.sum() == 60
    each = [average_precision_score(*pair) for pair in zip(truth.T, found.T, strict=True)]
    assert np.mean(each) > 4 * truth.mean() and min(each) > truth.mean()
    assert fitted.precision_.mean() > 0.6


def test_a_folder_for_each_pair(tmp_path, clean_cache):
    draw = np.random.default_rng(0)
    colours = {"golden_field": (220, 180, 40), "stormy_sea": (40, 60, 90)}
    for pair, colour in colours.items():
        (tmp_path / "pairs" / pair).mkdir(parents=True)
        for i in range(12):
            pixels = np.clip(colour + draw.normal(0, 20, (8, 8, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pairs" / pair / f"{i}.png")
    folder = datasets.load("folder", root=tmp_path / "pairs")
    fitted = PairBank(Pixels(), progress=False).fit(folder.table, pairs_of(folder))
    assert tuple(fitted.pairs_) == folder.classes == tuple(sorted(colours))
    assert (fitted.transform(folder.table).argmax(axis=1) == folder.labels).all()
    with pytest.raises(ValueError, match=r"least=20 \(and 1 other pairs"):
        clone(fitted).set_params(least=20).fit(folder.table, pairs_of(folder))
    (tmp_path / "plain").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "plain" / "1.png")
    with pytest.raises(ValueError, match="folder has no classes"):
        pairs_of(datasets.load("folder", root=tmp_path / "plain"))


# ---- in company ----


def test_a_frozen_bank_gives_features_to_other_methods(made):
    X, pairs = made
    y = (X[:, 1] > 1).astype(int)
    fitted = bank().fit(X[:150], pairs[:150])
    model = make_pipeline(FrozenEstimator(fitted), LogisticRegression())
    assert cross_val_score(model, X[150:], y[150:], cv=3).mean() > 0.85
    folds = evaluate.repeated_folds(y[150:], repeats=1)
    table = evaluate.one_vs_all(model, X[150:], y[150:], folds, resamples=10, progress=False)
    assert table["value"].iloc[0] > 0.7
    with pytest.raises(ValueError, match="FrozenEstimator"):
        make_pipeline(bank(), LogisticRegression()).fit(X, y)


def test_a_bank_is_stored_without_pickle(made, clean_cache, monkeypatch):
    X, pairs = made
    first = train.fitted(bank(), X, pairs)
    monkeypatch.setattr(PairBank, "fit", None)
    second = train.fitted(bank(), X, pairs)
    np.testing.assert_array_equal(first.transform(X), second.transform(X))
    assert list(second.get_feature_names_out()) == list(first.pairs_)
    assert second.detectability().equals(first.detectability())


def test_by_default_the_features_are_those_of_the_frozen_network():
    default = PairBank()
    assert default.features is None and clone(default).get_params() == default.get_params()
    y = [f"a_{i % 2}" for i in range(12)]
    pictures = [Image.new("RGB", (40, 40), (250 * (i % 2), 20 * i, 90)) for i in range(12)]
    fitted = PairBank(least=6, folds=3, progress=False).fit(pictures, y)
    assert isinstance(fitted.features_, DeepFeatures) and fitted.coef_.shape == (1280, 2)
    assert fitted.transform(pictures).shape == (12, 2)


@pytest.mark.parametrize(
    ("options", "pairs", "sentence"),
    [
        ({"folds": 1}, None, "folds must be a whole number of at least 2"),
        ({"least": 4}, None, "least must be a whole number of at least 5"),
        ({"most": 0}, None, "most must be a whole number of at least 1"),
        ({"rare": "keep"}, None, 'rare must be "raise" or "drop"'),
        ({"negatives": 0}, None, "negatives must be above 0"),
        ({"threshold": 60}, None, "threshold must lie between 0 and 1"),
        ({}, [("happy_dog",)] * 3, "y must be as long as X, 300, not 3"),
        ({}, [3.5] * 300, "y must hold a pair's name, several or None for each picture, not 3.5"),
        ({}, [None] * 300, "y must hold at least one pair"),
        ({}, ["happy_dog"] * 300, "y must also hold pictures without 'happy_dog'"),
        ({}, ["happy_dog"] * 9 + [None] * 291, "pair 'happy_dog' has 9 unrelated pictures, fewer"),
        ({"rare": "drop"}, ["happy_dog"] * 9 + [None] * 291, "pair 'happy_dog' has 9 unrelated"),
    ],
)
def test_fit_refuses_in_one_sentence(made, options, pairs, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}") as error:
        bank(**options).fit(made[0], made[1] if pairs is None else pairs)
    assert "\n" not in str(error.value)


# ---- a network in place of the bank ----

TINY = {"backbone": "test_efficientnet", "pretrained": False, "epochs": 1, "validation_share": 0}


@pytest.fixture(scope="module")
def network(scenes):
    pairs = [one[0] if one else "no_thing" for one in pairs_of(scenes)[:24]]
    return models.create("deep-sentibank", **TINY).fit(scenes.table[:24], pairs)


def test_responses_and_the_layer_below(network, scenes):
    some = scenes.table[:11]  # no multiple of a batch
    responses = PairResponses(network)
    found = responses.fit().transform(some)
    assert found.shape == (11, responses.n_features_out_) and found.dtype == np.float32
    np.testing.assert_allclose(found, network.predict_proba(some), rtol=1e-6)
    assert list(responses.get_feature_names_out()) == list(network.classes_)
    pooled = PairResponses(network, layer="pooled")
    values = pooled.transform(some)
    assert values.shape == (11, pooled.n_features_out_) and values.dtype == np.float32
    head = network.network_.top.head
    logits = values @ head.weight.detach().numpy().T + head.bias.detach().numpy()
    each = np.exp(logits - logits.max(axis=1, keepdims=True))
    np.testing.assert_allclose(each / each.sum(axis=1, keepdims=True), found, rtol=1e-4)
    np.testing.assert_array_equal(responses.transform(some), found)  # no hook is left behind


def test_a_pipeline_around_the_network_does_not_train_it(network, scenes):
    before = PairResponses(network).transform(scenes.table[:8])
    model = make_pipeline(PairResponses(network), LogisticRegression())
    again = clone(model).fit(scenes.table[:24], scenes.labels[:24])
    assert again[0].classifier is network
    np.testing.assert_array_equal(again[0].transform(scenes.table[:8]), before)


def test_nothing_stands_in_for_absent_weights():
    untrained = models.create("deep-sentibank")
    assert untrained.backbone == "alexnet" and untrained.pretrained
    for layer in ("responses", "pooled"):
        with pytest.raises(NotFittedError, match="classifier must be fitted on pictures of adj"):
            PairResponses(untrained, layer=layer).transform(["photo.jpg"])
    with pytest.raises(ValueError, match="layer must be"):
        PairResponses(untrained, layer="fc7").fit()
