"""Methods trained in folds, for several seeds, and two classes both ways."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin

from emobook import evaluate, models, results
from emobook.features.backbones import WeightsError
from emobook.results import seeded

DRAW = np.random.default_rng(0)
Y = np.tile(np.arange(8), 10)
FEATURES = DRAW.normal(size=(80, 12)) + 2 * np.eye(8, 12)[Y]


class Numbers(TransformerMixin, BaseEstimator):
    """In place of deep features: the columns of the table."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X[[f"f{k}" for k in range(12)]].to_numpy()


@pytest.fixture
def runs(clean_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path / "out"))
    X = pd.DataFrame(FEATURES, columns=[f"f{k}" for k in range(12)])
    X["id"] = [f"image {i}" for i in range(80)]
    folds = evaluate.repeated_folds(Y, splits=4, repeats=1)
    return seeded.Runs("synthetic", X, Y, folds, seeds=3)


def linear(**options):
    return {"features": Numbers(), "C": 1.0} | options


def test_scores_are_those_of_cross_prediction_and_a_seed_has_its_labels(runs):
    wrong = (Y + 1) % 8
    found = runs.scores("frozen-linear", np.stack([Y, wrong, Y]), **linear())
    assert found.shape == (3, 80, 8)
    expected = evaluate.cross_predict(
        models.create("frozen-linear", **linear()), runs.X, Y, runs.folds, progress=False
    ).sort_values("index")
    np.testing.assert_allclose(found[0], np.stack(expected["scores"]), atol=1e-8)
    np.testing.assert_array_equal(found[0], found[2])
    assert (found[0].argmax(axis=1) == Y).mean() > 0.5
    assert (found[1].argmax(axis=1) == wrong).mean() > 0.5


def test_a_cut_learns_from_few_and_keeps_the_columns(runs):
    found = runs.scores("frozen-linear", cut=lambda labels: labels < 3, **linear())
    assert found.shape == (3, 80, 8) and (found[:, :, 3:] == 0).all()


def test_two_classes_are_recorded_both_ways_and_paired(runs):
    assert runs.both_ways("ours", "frozen-linear", **linear())
    rows = results.rows().set_index(["item", "row", "column"])["value"]
    two = evaluate.polarity_labels(Y)
    eight = runs.scores("frozen-linear", **linear())[0]
    summed = evaluate.collapse_to_polarity(eight).argmax(axis=1)
    direct = runs.scores("frozen-linear", two, **linear())[0].argmax(axis=1)
    assert rows["Table 3", "ours", "FI-8"] == pytest.approx((eight.argmax(axis=1) == Y).mean())
    assert rows["Table 3", "ours", "FI-2"] == pytest.approx((direct == two).mean())
    collapsed = rows["Table 3", "ours", "FI-2, eight collapsed"]
    assert collapsed == pytest.approx((summed == two).mean())
    gain = rows["Two classes", "gain of eight collapsed", "ours"]
    assert gain == pytest.approx(collapsed - rows["Table 3", "ours", "FI-2"])


def test_without_weights_the_cells_are_not_run(runs, monkeypatch):
    def none(*_, **__):
        raise WeightsError("no network")

    monkeypatch.setattr(seeded.models, "create", none)
    assert not runs.both_ways("a network", "fine-tuned", backbone="alexnet")
    rows = results.rows().query("row == 'a network'")
    assert rows["column"].tolist() == ["FI-2", "FI-2, eight collapsed", "FI-8"]
    assert rows["value"].isna().all() and rows["note"].str.startswith("not run").all()


def test_the_first_network_with_weights_is_taken(monkeypatch):
    def load(name, pretrained):
        if name == "alexnet" and pretrained:
            raise WeightsError("no network")

    monkeypatch.setattr(seeded.backbones, "load", load)
    networks = {"a": "alexnet", "b": "tf_efficientnet_lite0"}
    assert seeded.first_at_hand(networks) == "b"
    assert seeded.first_at_hand(networks, pretrained=False) == "a"
    with pytest.raises(WeightsError, match="no network"):
        seeded.first_at_hand({"a": "alexnet"})


def test_features_are_those_of_the_fold_that_tests_an_image(runs):
    class Seen:
        def __init__(self, fold):
            self.fold = fold

        def transform(self, X):
            return np.c_[X["f0"], np.full(len(X), self.fold)]

    class Stub(seeded.Runs):
        def fitted(self, fold, method, **options):
            return Seen(fold)

    found = Stub(runs.name, runs.X, runs.y, runs.folds).features("any")
    for number, fold in enumerate(runs.folds):
        np.testing.assert_array_equal(found[number][:, 0], FEATURES[fold.test, 0])
        assert (found[number][:, 1] == number).all()
