"""Out-of-fold predictions of ratings, and what is recorded of them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from emobook import results
from emobook.datasets import load
from emobook.evaluate import ccc, repeated_folds
from emobook.results.rated import Rated

N = 40


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path / "out"))
    yield
    results.forget()


@pytest.fixture
def rated():
    random = np.random.default_rng(0)
    x = random.normal(size=(N, 2))
    ratings = pd.DataFrame({"valence": 4 + x[:, 0], "arousal": 3 + 0.5 * x[:, 1]}).clip(1, 7)
    groups = np.repeat(np.arange(N // 2), 2).astype(str)
    X = pd.DataFrame({"id": [f"i{k}" for k in range(N)], "x": x[:, 0], "y": x[:, 1]})
    folds = repeated_folds(ratings.to_numpy(), groups, 4, 3)
    return Rated("drawn", X, ratings, (1, 7), folds, groups, {"valence": 0.2})


class Nearest(RegressorMixin, BaseEstimator):
    """Repeats what it learned, so that a test image that was learned from shows."""

    def fit(self, X, y):
        self.known_ = {tuple(row): value for row, value in zip(np.asarray(X), y, strict=True)}
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X):
        missing = np.full(self.shape_, -1.0)
        return np.array([self.known_.get(tuple(row), missing) for row in np.asarray(X)])


def test_each_image_is_predicted_once_a_repeat_by_a_model_that_did_not_learn_from_it(rated):
    found = rated.predicted(Nearest(), rated.X[["x", "y"]].to_numpy(), training=True)
    assert found.test.shape == (3, N, 2)
    assert (found.test == -1).all()
    assert found.training.shape == (3, 4, 2)
    assert (found.training == 0).all()


def test_a_line_is_found_and_one_rating_can_be_learned_alone(rated):
    given = rated.X[["x", "y"]].to_numpy()
    both = rated.predicted(LinearRegression(), given)
    np.testing.assert_allclose(both.test[0], rated.ratings, atol=1e-9)
    assert np.isnan(both.training).all()
    alone = rated.predicted(LinearRegression(), given, which=("arousal",))
    assert alone.test.shape == (3, N, 1)
    np.testing.assert_allclose(alone.test[..., 0], both.test[..., 1])


def test_on_another_scale_the_error_is_stretched_and_the_correlations_stay(rated):
    wrong = np.tile(rated.ratings["valence"].to_numpy() + 0.3, (3, 1))
    wrong[:, ::2] -= 0.9
    rated.record("", "own", "a", "Valence", "valence", wrong)
    rated.record("", "wide", "a", "Valence", "valence", wrong, scale=(1, 9))
    rows = results.rows().set_index(["item", "metric"])
    stretch = 8 / 6
    for name in ("value", "low", "high", "baseline", "ceiling"):
        own, wide = (rows.loc[(item, "mse"), name] for item in ("own", "wide"))
        assert wide == pytest.approx(own * stretch**2, rel=1e-4)
    assert rows.loc[("own", "mse"), "value"] == pytest.approx((0.3**2 + 0.6**2) / 2, rel=1e-4)
    truth = rated.ratings["valence"]
    assert rows.loc[("own", "mse"), "baseline"] == pytest.approx(truth.var(ddof=0), rel=1e-4)
    assert rows.loc[("own", "ccc"), "value"] == pytest.approx(ccc(truth, wrong[0]), rel=1e-4)
    for metric in ("pearson", "ccc"):
        own, wide = (rows.loc[(item, metric)] for item in ("own", "wide"))
        assert own["value"] == pytest.approx(wide["value"], rel=1e-4)
        assert own["ceiling"] == pytest.approx(wide["ceiling"], rel=1e-4)
        assert own["baseline"] == 0
    assert "1 to 9" in rows.loc[("wide", "mse"), "note"]
    assert rows.loc[("own", "mse"), "note"] == ""


def test_the_ceiling_is_what_the_true_mean_would_reach():
    random = np.random.default_rng(1)
    true = random.normal(4, 1, 200_000)
    seen = true + random.normal(0, 0.5, true.size)
    X = pd.DataFrame({"id": np.arange(true.size).astype(str)})
    ratings = pd.DataFrame({"valence": seen, "arousal": seen})
    rated = Rated("drawn", X, ratings, (1, 7), [], None, {"valence": 0.25})
    found = rated._ceilings("valence", seen.var(), 1.0)
    assert found["mse"] == pytest.approx(np.mean((seen - true) ** 2), abs=0.005)
    assert found["pearson"] == pytest.approx(np.corrcoef(seen, true)[0, 1], abs=0.005)
    assert found["ccc"] == pytest.approx(ccc(seen, true), abs=0.005)
    assert rated._ceilings("arousal", seen.var(), 1.0) == {}


def test_of_a_data_set():
    drawn = load("synthetic", n=20)
    rated = Rated.of(drawn, splits=2, repeats=2, name="synthetic, 20")
    assert (rated.name, rated.repeats, len(rated.X)) == ("synthetic, 20", 2, 20)
    assert list(rated.ratings) == ["valence", "arousal"] and rated.scale == tuple(drawn.scale)
    assert len(rated.folds) == 4


def test_images_without_a_file_are_left_out_of_everything():
    drawn = load("synthetic", n=20)
    drawn.table["group"] = [f"g{i // 2}" for i in range(20)]
    ids, truth = drawn.table["id"].tolist(), drawn.ratings.to_numpy()
    drawn.table.loc[7, "path"] = None
    rated = Rated.of(drawn, splits=2, repeats=1)
    kept = [i for i in range(20) if i != 7]
    assert rated.X["id"].tolist() == [ids[i] for i in kept]
    np.testing.assert_array_equal(rated.ratings[["valence", "arousal"]], truth[kept])
    assert rated.groups.tolist() == [f"g{i // 2}" for i in kept]
    assert rated.X.index.tolist() == rated.ratings.index.tolist() == list(range(19))
    assert sorted(np.concatenate([fold.test for fold in rated.folds])) == list(range(19))


def test_related_images_share_a_side_unless_it_is_to_be_as_printed(rated):
    drawn = load("synthetic", n=20)
    drawn.table["group"] = np.repeat(["a", "b", "c", "d", "e"], 4)
    for grouped in (True, False):
        cut = Rated.of(drawn, splits=5, repeats=1, grouped=grouped)
        shared = [set(cut.groups[fold.train]) & set(cut.groups[fold.test]) for fold in cut.folds]
        assert any(shared) != grouped


def test_a_set_without_ratings_is_refused():
    drawn = dataclasses.replace(load("synthetic", n=4), ratings=None)
    with pytest.raises(ValueError, match="no ratings of valence and arousal: take oasis"):
        Rated.of(drawn)
