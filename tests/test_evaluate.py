"""Metrics by hand, intervals against slow resampling, folds against what they promise."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from emobook import evaluate
from emobook.emotions import MIKELS8

TRUTH = np.array([0, 0, 0, 1, 1, 2])
GUESS = np.array([0, 0, 1, 1, 0, 2])


# ---- metrics and classes ----


def test_metrics_by_hand():
    assert evaluate.accuracy(TRUTH, GUESS) == pytest.approx(4 / 6)
    assert evaluate.accuracy(TRUTH, np.eye(3)[GUESS]) == pytest.approx(4 / 6)
    assert evaluate.confusion(TRUTH, GUESS, n=4).tolist() == [
        [2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0],
    ]  # fmt: skip
    recall = evaluate.per_class_recall(TRUTH, np.eye(4)[GUESS], n=4)
    assert recall[:3].tolist() == pytest.approx([2 / 3, 1 / 2, 1]) and np.isnan(recall[3])
    assert evaluate.mse([1, 2, 3], [1, 2, 6]) == pytest.approx(3)


def test_concordance_falls_where_r_does_not():
    x = np.random.default_rng(0).normal(5, 1, 200)
    assert evaluate.ccc(x, x) == pytest.approx(1) and evaluate.ccc(x, -x + 10) < -0.9
    assert evaluate.pearson(x, 3 * x + 2) == pytest.approx(1)
    assert evaluate.ccc(x, x + 2) == pytest.approx(2 * x.var() / (2 * x.var() + 4))
    assert evaluate.ccc(x, 5 + 0.5 * (x - 5)) < 0.85
    assert evaluate.ccc([1, 2, 3], [1, 2, 4]) == pytest.approx(2 * 1 / (2 / 3 + 14 / 9 + 1 / 9))
    assert np.isnan(evaluate.pearson(x, np.ones(200))) and evaluate.ccc(x, np.ones(200)) == 0


def test_baselines():
    y = np.repeat([3, 1], [7, 3])
    assert evaluate.majority_baseline(y) == evaluate.accuracy(y, np.full(10, 3)) == 0.7
    ratings = np.array([1.0, 2, 6])
    assert evaluate.mean_baseline(ratings) == pytest.approx(evaluate.mse(ratings, [3, 3, 3]))


def test_polarity():
    expected = [1, 0, 1, 1, 0, 1, 0, 0]
    assert evaluate.polarity_labels(MIKELS8).tolist() == expected
    assert evaluate.collapse_to_polarity(np.arange(8)).tolist() == expected
    scores = np.random.default_rng(0).dirichlet(np.ones(8), 5)
    two = evaluate.collapse_to_polarity(scores)
    assert two.shape == (5, 2) and two.sum(1) == pytest.approx(1)
    np.testing.assert_allclose(two[:, 1], scores[:, [0, 2, 3, 5]].sum(1))
    for wrong in (scores[:, :7], -scores, scores[0]):
        with pytest.raises(ValueError):
            evaluate.collapse_to_polarity(wrong)


# ---- intervals ----


def slow_bootstrap(statistic, groups, resamples=4000):
    """Draw groups one by one and put their images together."""
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(resamples):
        picked = rng.integers(len(members), size=len(members))
        drawn.append(statistic(np.concatenate([members[i] for i in picked])))
    return np.quantile(drawn, [0.025, 0.975])


def test_mean_against_theory():
    values = (np.arange(500) % 10 < 3).astype(float)
    value, low, high = evaluate.bootstrap_interval(values, resamples=5000)
    half = 1.96 * np.sqrt(0.3 * 0.7 / 500)
    assert value == pytest.approx(0.3)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.004)
    narrow = evaluate.bootstrap_interval(values, level=0.5)
    assert low < narrow.low < value < narrow.high < high


def test_groups_are_resampled_whole():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), rng.integers(1, 9, 40))
    values = rng.normal(size=40)[groups] + 0.1 * rng.normal(size=len(groups))
    found = evaluate.bootstrap_interval(values, groups, resamples=4000)
    slow = slow_bootstrap(lambda i: values[i].mean(), groups)
    assert found.value == pytest.approx(values.mean())
    assert found[1:] == pytest.approx(slow, abs=0.02)
    alone = evaluate.bootstrap_interval(values)
    assert found.high - found.low > 1.5 * (alone.high - alone.low)
    named = np.array([f"theme {g:02}" for g in groups], dtype=object)
    assert evaluate.bootstrap_interval(values, named, resamples=4000) == found


def test_same_seed_same_interval():
    values = np.random.default_rng(0).random(50)
    one = evaluate.bootstrap_interval(values, seed=3)
    assert one == evaluate.bootstrap_interval(values, seed=3)
    assert one != evaluate.bootstrap_interval(values, seed=4)
    alone = evaluate.bootstrap_interval(values, groups=np.arange(50), seed=3)
    assert one == pytest.approx(alone, rel=1e-12)


def test_coverage():
    rng = np.random.default_rng(1)
    hits = 0
    for seed in range(300):
        found = evaluate.bootstrap_interval(rng.random(80) < 0.4, resamples=300, seed=seed)
        hits += found.low <= 0.4 <= found.high
    assert 0.90 <= hits / 300 <= 0.98


def test_too_little_for_an_interval():
    for found in (
        evaluate.bootstrap_interval([0.5]),
        evaluate.bootstrap_interval([0, 1], groups=["a", "a"]),
    ):
        assert found.value == 0.5 and np.isnan(found.low) and np.isnan(found.high)


def test_pairing_removes_what_both_find_hard():
    rng = np.random.default_rng(0)
    hard = rng.random(400)
    a, b = (hard < 0.6).astype(int), (hard < 0.5).astype(int)
    gain = evaluate.paired_gain(a, b)
    assert gain.value == pytest.approx(a.mean() - b.mean()) and 0 < gain.low < gain.high
    back = evaluate.paired_gain(b, a)
    assert back == pytest.approx((-gain.value, -gain.high, -gain.low), abs=0.003)
    unpaired = evaluate.bootstrap_interval(a)
    assert gain.high - gain.low < 0.7 * (unpaired.high - unpaired.low)
    assert evaluate.paired_gain(a, a) == (0, 0, 0)


def test_pearson_interval():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 3)
    truth = rng.normal(4, 1, 60)[groups] + 0.2 * rng.normal(size=180)
    guess = truth + rng.normal(0, 1, 60)[groups]
    found = evaluate.pearson_interval(truth, guess, groups, resamples=4000)
    slow = slow_bootstrap(lambda i: np.corrcoef(truth[i], guess[i])[0, 1], groups)
    assert found.value == pytest.approx(evaluate.pearson(truth, guess))
    assert found[1:] == pytest.approx(slow, abs=0.015)
    alone = evaluate.pearson_interval(truth, guess)
    assert alone.high - alone.low < found.high - found.low
    assert np.isnan(evaluate.pearson_interval(truth, np.ones(180))).all()


def test_concordance_interval():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 3)
    truth = rng.normal(4, 1, 180)
    guess = 0.5 * truth + 3 + 0.3 * rng.normal(size=60)[groups]
    found = evaluate.ccc_interval(truth, guess, groups, resamples=4000)
    slow = slow_bootstrap(lambda i: evaluate.ccc(truth[i], guess[i]), groups)
    assert found.value == pytest.approx(evaluate.ccc(truth, guess))
    assert found[1:] == pytest.approx(slow, abs=0.015)
    both = evaluate.ccc_interval(truth, np.stack([guess, truth], 1))
    assert both.value == pytest.approx((found.value + 1) / 2)
    assert evaluate.ccc_interval(truth, np.full(180, 4.0)) == pytest.approx((0, 0, 0))


def test_pearson_interval_over_repeats():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=150)
    guesses = truth[:, None] + rng.normal(size=(150, 4))
    found = evaluate.pearson_interval(truth, guesses)
    singles = [evaluate.pearson(truth, guess) for guess in guesses.T]
    assert found.value == pytest.approx(np.mean(singles)) and found.low < found.value < found.high
    assert found.value < evaluate.pearson(truth, guesses.mean(1)) - 0.1
    one = evaluate.pearson_interval(truth, guesses[:, :1])
    assert one == pytest.approx(evaluate.pearson_interval(truth, guesses[:, 0]))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: evaluate.bootstrap_interval([]), "values"),
        (lambda: evaluate.bootstrap_interval([0, np.nan]), "values"),
        (lambda: evaluate.bootstrap_interval([[0, 1]]), "values"),
        (lambda: evaluate.bootstrap_interval(["a"]), "values"),
        (lambda: evaluate.bootstrap_interval([0, 1], groups=[1]), "groups"),
        (lambda: evaluate.bootstrap_interval([0, 1], groups=["a", None]), "groups"),
        (lambda: evaluate.paired_gain([0, 1], [1]), "correct_b"),
        (lambda: evaluate.pearson_interval([0, 1], [1]), "predicted"),
        (lambda: evaluate.ccc([0, 1], [1]), "predicted"),
        (lambda: evaluate.mean_baseline([]), "y"),
        (lambda: evaluate.majority_baseline([]), "y"),
        (lambda: evaluate.bootstrap_interval([0, 1], level=95), "level"),
        (lambda: evaluate.bootstrap_interval([0, 1], resamples=0), "resamples"),
        (lambda: evaluate.repeated_folds([0, 1]), "splits"),
        (lambda: evaluate.repeated_folds([0, 1] * 9, groups=[1, 2, 3] * 6), "splits"),
        (lambda: evaluate.repeated_folds([0, 1] * 9, repeats=0), "repeats"),
    ],
)
def test_bad_input_names_the_argument(call, argument):
    with pytest.raises(ValueError, match=rf"^{argument} must"):
        call()


# ---- folds ----

Y = np.repeat(np.arange(4), [40, 30, 20, 10])
GROUPS = np.arange(100) // 2


@pytest.mark.parametrize("y", [Y, np.linspace(1, 7, 100), np.ones((100, 2)), Y.astype(str)])
@pytest.mark.parametrize("groups", [None, GROUPS])
def test_every_repeat_tests_every_image_once(y, groups):
    folds = evaluate.repeated_folds(y, groups, splits=5, repeats=3)
    assert [(f.repeat, f.fold) for f in folds] == [(r, k) for r in range(3) for k in range(5)]
    for repeat in range(3):
        tested = np.concatenate([f.test for f in folds if f.repeat == repeat])
        assert sorted(tested) == list(range(100))
    for f in folds:
        assert sorted([*f.train, *f.test]) == list(range(100))
        if groups is not None:
            assert not set(groups[f.train]) & set(groups[f.test])
    again = evaluate.repeated_folds(y, groups, splits=5, repeats=3)
    assert all((a.test == b.test).all() for a, b in zip(folds, again, strict=True))
    assert set(folds[0].test) != set(folds[5].test)


def test_labels_are_stratified():
    for f in evaluate.repeated_folds(Y):
        assert np.bincount(Y[f.test]).tolist() == [8, 6, 4, 2]
    for f in evaluate.repeated_folds(Y, GROUPS):
        assert np.abs(np.bincount(Y[f.test], minlength=4) - [8, 6, 4, 2]).max() <= 2


# ---- cross-validated predictions ----


class Nearest(ClassifierMixin, BaseEstimator):
    """Knows the training images by heart; a leak would give it 100 %."""

    def fit(self, X, y, p=None):
        self.classes_ = np.unique(y)
        self.seen_ = dict(zip(X["path"], y, strict=True))
        self.p_ = None if p is None else np.asarray(p)
        assert p is None or (self.p_ == X["p"]).all()
        return self

    def predict_proba(self, X):
        return np.array([self.classes_ == self.seen_.get(path, 0) for path in X["path"]], float)


def test_no_image_is_predicted_by_a_model_that_saw_it():
    X = pd.DataFrame({"path": [f"{i}.jpg" for i in range(100)], "p": np.linspace(0.1, 1, 100)})
    X.index = np.arange(100)[::-1]  # rows are meant by position
    estimator, folds = Nearest(), evaluate.repeated_folds(Y, repeats=2)
    found = evaluate.cross_predict(estimator, X, Y, folds, progress=False, p=X["p"])
    assert not hasattr(estimator, "seen_")
    assert list(found) == ["index", "repeat", "fold", "truth", "scores"] and len(found) == 200
    assert (found["truth"] == Y[found["index"]]).all()
    assert (np.stack(found["scores"]).argmax(1) == 0).all()
    assert found.groupby("repeat")["index"].nunique().tolist() == [100, 100]


def test_scores_stand_in_their_class_column():
    rng = np.random.default_rng(0)
    X = np.eye(4)[Y] + 0.1 * rng.normal(size=(100, 4))
    rare = np.where(np.arange(100) == 99, 5, Y)  # class 5 once, class 4 never
    folds = [evaluate.Fold(0, 0, np.arange(99), np.array([99, 0]))]
    for model, absent in ((LogisticRegression(), 0), (LinearSVC(), -np.inf)):
        scores = np.stack(evaluate.cross_predict(model, X, rare, folds, False)["scores"])
        assert scores.shape == (2, 6) and (scores[:, 4:] == absent).all()
        assert scores.argmax(1).tolist() == [3, 0]
    two = np.stack(
        evaluate.cross_predict(LinearSVC(), X, (Y > 1).astype(int), folds, False)["scores"]
    )
    assert two.shape == (2, 2) and two.argmax(1).tolist() == [1, 0]


def test_ratings_and_tables_and_lists():
    rng = np.random.default_rng(0)
    x = rng.normal(size=100)
    y = 2 * x + 0.1 * rng.normal(size=100)
    pipeline = make_pipeline(FunctionTransformer(lambda t: t[["x"]].to_numpy()), Ridge())
    folds = evaluate.repeated_folds(y, GROUPS, repeats=2)
    found = evaluate.cross_predict(pipeline, pd.DataFrame({"x": x}), y, folds, progress=False)
    assert evaluate.pearson(found["truth"], found["scores"]) > 0.99
    errors = evaluate.per_image(found)
    assert errors.index.tolist() == list(range(100)) and errors.mean() < 0.05
    both = np.stack([y, -y], 1)
    listed = evaluate.cross_predict(Ridge(), [[v] for v in x], both, folds, progress=False)
    assert listed["scores"][0].shape == (2,)


def test_repeats_are_averaged_per_image():
    found = pd.DataFrame(
        {
            "index": [1, 0, 0, 1],
            "repeat": [0, 0, 1, 1],
            "truth": [1, 0, 0, 1],
            "scores": list(np.array([[0.2, 0.8], [0.3, 0.7], [0.6, 0.4], [0.1, 0.9]])),
        }
    )
    assert evaluate.per_image(found).tolist() == [0.5, 1.0]


def test_labels_must_be_numbers():
    with pytest.raises(ValueError, match=r"^y must"):
        evaluate.cross_predict(Ridge(), np.ones((4, 1)), ["awe"] * 4, [], progress=False)


def test_runs_widen_an_interval_in_squares():
    interval = evaluate.Interval(0.5, 0.4, 0.7)
    runs = [0.4, 0.5, 0.6]
    extra = 4.302653 * 0.1 / 3**0.5  # Student's t with two degrees of freedom
    found = evaluate.over_runs(interval, runs)
    assert found == pytest.approx((0.5, 0.5 - np.hypot(0.1, extra), 0.5 + np.hypot(0.2, extra)))
    for few in (runs[:2], [], [0.4, np.nan, 0.6]):
        assert evaluate.over_runs(interval, few) == interval
