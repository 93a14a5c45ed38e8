"""One against all, beside scikit-learn's OneVsRestClassifier and a slow count of every rate."""

import functools

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, recall_score
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight

from emobook import evaluate

X, Y = make_classification(
    240, 12, n_informative=6, n_classes=4, weights=[0.5, 0.2, 0.2, 0.1], flip_y=0.3,
    n_clusters_per_class=1, random_state=3,
)  # fmt: skip
FOLDS = evaluate.repeated_folds(Y, repeats=1)


def value(table, name, metric):
    (row,) = table[(table["class"] == name) & (table["metric"] == metric)].itertuples()
    return row


@pytest.mark.parametrize("weight", ["balanced", None])
def test_rates_are_those_of_scikit_learn(weight):
    said, best = np.zeros((240, 4), int), np.zeros(240, int)
    many = OneVsRestClassifier(LinearSVC(class_weight=weight, random_state=0))
    for fold in FOLDS:
        every = many.fit(X[fold.train], np.eye(4, dtype=int)[Y[fold.train]])
        said[fold.test] = every.predict(X[fold.test])
        best[fold.test] = many.fit(X[fold.train], Y[fold.train]).predict(X[fold.test])
    found = evaluate.one_vs_all(
        LinearSVC(random_state=0), X, Y, FOLDS, balanced=weight is not None, resamples=20
    )
    for c in range(4):
        truth = c == Y
        wanted = {
            "tpr": recall_score(truth, said[:, c]),
            "tnr": recall_score(truth, said[:, c], pos_label=0),
            "balanced accuracy": balanced_accuracy_score(truth, said[:, c]),
            "one-vs-all accuracy": (truth == said[:, c]).mean(),
        }
        for metric, expected in wanted.items():
            assert value(found, c, metric).value == pytest.approx(expected), (c, metric)
    for metric in wanted:
        each = [value(found, c, metric).value for c in range(4)]
        assert value(found, "mean", metric).value == pytest.approx(np.mean(each))
    assert value(found, "all", "accuracy").value == pytest.approx((best == Y).mean())


def test_always_the_commoner_answer_gets_the_baseline_and_balance_gets_half():
    truth, scores = np.repeat(np.arange(4), [140, 50, 30, 20]), np.full((240, 4), -1.0)
    scores[:, 0] = 1.0  # class 0 has more than half of the images
    table = pd.DataFrame(
        {"index": range(240), "repeat": 0, "fold": 0, "truth": truth, "scores": list(scores)}
    )
    found = evaluate.one_vs_all_rates(table, resamples=50)
    np.testing.assert_allclose(found["value"], found["baseline"])
    assert (found[found["metric"] == "balanced accuracy"]["value"] == 0.5).all()
    assert value(found, "all", "accuracy").baseline == 140 / 240
    assert value(found, 1, "tnr").images == 190


def test_intervals_resample_images_or_whole_groups():
    repeated = evaluate.repeated_folds(Y, repeats=3)
    predictions = evaluate.one_vs_all_predict(GaussianNB(), X, Y, repeated, progress=False)
    right = pd.DataFrame(
        (np.stack(predictions["scores"]) > 0) == (np.eye(4)[predictions["truth"]] > 0)
    )
    right = right.groupby(predictions["index"]).mean().to_numpy()
    own, right = Y == 3, right[:, 3]
    groups = np.lexsort([right, own]).argsort() // 4  # alike in each group, so that it matters
    draw, widths = np.random.default_rng(5), []
    for names in (None, groups):
        members = np.arange(240) if names is None else names
        slow = []
        for _ in range(2000):
            picked = draw.choice(np.unique(members), len(np.unique(members)))
            rows = np.concatenate([np.flatnonzero(members == one) for one in picked])
            yes, no = right[rows][own[rows]], right[rows][~own[rows]]
            slow.append((yes.sum() / max(len(yes), 1) + no.mean()) / 2)
        found = value(evaluate.one_vs_all_rates(predictions, None, names), 3, "balanced accuracy")
        assert found.value == pytest.approx((right[own].mean() + right[~own].mean()) / 2)
        assert (found.low, found.high) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.02)
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]


def test_a_resample_without_a_class_takes_the_rate_of_the_whole_set():
    folds = evaluate.repeated_folds(Y, repeats=1)
    together = np.where(Y == 3, -1, np.arange(240))  # drawn in two of three resamples
    found = evaluate.one_vs_all(GaussianNB(), X, Y, folds, groups=together, progress=False)
    rate = value(found, 3, "tpr")
    assert rate.low == rate.value == rate.high and found["high"].notna().all()


def test_a_small_class_is_left_out_but_stays_among_the_others():
    few = np.where(np.arange(240) < 9, 4, Y)
    folds = evaluate.repeated_folds(few, repeats=1)
    names = ("a", "b", "c", "d", "anger")
    found = evaluate.one_vs_all(LinearSVC(), X, few, folds, classes=names, resamples=20)
    anger = found[found["class"] == "anger"]
    assert anger["value"].isna().all() and set(anger["note"]) == {"left out: 9 images are too few"}
    assert value(found, "a", "one-vs-all accuracy").images == 240
    assert value(found, "all", "accuracy").images == 231
    kept = evaluate.one_vs_all(LinearSVC(), X, few, folds, least=9, resamples=20)
    assert kept["value"].notna().all()


def test_weights_reach_a_classifier_behind_a_pipeline():
    weighted = compute_sample_weight("balanced", Y == 3)
    direct = GaussianNB().fit(X, Y == 3, sample_weight=weighted).predict_log_proba(X)
    model = make_pipeline(FunctionTransformer(), make_pipeline(StandardScaler(), GaussianNB()))
    alone = [evaluate.Fold(0, 0, np.arange(240), np.arange(240))]
    found = evaluate.one_vs_all_predict(model, X, Y, alone, progress=False)
    scores = np.stack(found["scores"])[:, 3]
    np.testing.assert_allclose(scores, direct[:, 1] - direct[:, 0], rtol=1e-4)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    wanted = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    found = evaluate.one_vs_all_predict(model, X, Y, alone, progress=False)
    scores = wanted.fit(X, Y == 3).decision_function(X)
    np.testing.assert_allclose(np.stack(found["scores"])[:, 3], scores, rtol=1e-6)
    assert model[-1].class_weight is None
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=3)  # its fit has no weights
    found = evaluate.one_vs_all_predict(search, X, Y, alone, progress=False)
    wanted = LogisticRegression(class_weight="balanced").fit(X, Y == 3).decision_function(X)
    np.testing.assert_allclose(np.stack(found["scores"])[:, 3], wanted, rtol=1e-6)


class Half(ClassifierMixin, BaseEstimator):
    """Has probabilities only, and takes an argument per image."""

    def fit(self, X, y, p=None, sample_weight=None):
        assert (X[:, 0] == p).all() and sample_weight.sum() == pytest.approx(len(y))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        yes = (X[:, 0] > 0) * 0.4 + 0.3
        return np.stack([1 - yes, yes], axis=1)


@pytest.mark.parametrize("model", [RandomForestClassifier(3, random_state=0), Half()])
def test_scores_are_above_zero_where_the_classifier_says_yes(model):
    extra = {"p": X[:, 0]} if isinstance(model, Half) else {}
    found = evaluate.one_vs_all_predict(model, X, Y, FOLDS, progress=False, **extra)
    scores = np.stack(found["scores"])
    assert not np.isnan(scores).any() and (scores > 0).any() and (scores < 0).any()
    if extra:
        expected = X[found["index"], 0] > 0
        np.testing.assert_array_equal(scores > 0, np.tile(expected[:, None], (1, 4)))


def test_chance_is_a_half_whatever_the_classes():
    """What the printed "8 classes" hide: labels at random get one in four, and a half."""
    labels = np.random.default_rng(1).permutation(Y)
    model, folds = GaussianNB(), evaluate.repeated_folds(labels, repeats=4)
    found = evaluate.one_vs_all(model, X, labels, folds, resamples=200, progress=False)
    mean = value(found, "mean", "balanced accuracy")
    assert mean.low < 0.5 < mean.high and 0.45 < mean.value < 0.55
    assert value(found, "all", "accuracy").value < 0.45


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: evaluate.one_vs_all(GaussianNB(), X, Y.astype(float), FOLDS), "y must hold"),
        (lambda: evaluate.one_vs_all(GaussianNB(), X, Y, []), "folds must hold"),
        (lambda: evaluate.one_vs_all(GaussianNB(), X, Y, FOLDS, least=500), "y must hold two"),
        (lambda: evaluate.one_vs_all(KNeighborsClassifier(), X, Y, FOLDS), "estimator takes"),
        (
            lambda: evaluate.one_vs_all(
                GaussianNB(), X, Y, [evaluate.Fold(0, 0, np.flatnonzero(Y), np.flatnonzero(Y == 0))]
            ),
            "folds must train on every class",
        ),
    ],
)
def test_bad_input_names_the_argument(call, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}"):
        call()


@functools.cache
def two_series(repeats=3):
    folds = evaluate.repeated_folds(Y, repeats=repeats)
    models = LogisticRegression(), KNeighborsClassifier(3)
    return [
        evaluate.one_vs_all_predict(m, X, Y, folds, balanced=i == 0, progress=False)
        for i, m in enumerate(models)
    ]


@pytest.mark.parametrize("metric", ["tpr", "tnr", "balanced accuracy", "one-vs-all accuracy"])
def test_a_gain_is_the_difference_of_two_mean_rates(metric):
    a, b = two_series()
    rates = [value(evaluate.one_vs_all_rates(s, resamples=2), "mean", metric) for s in (a, b)]
    gain = evaluate.one_vs_all_gain(a, b, metric, resamples=50)
    assert gain.value == pytest.approx(rates[0].value - rates[1].value)
    same = evaluate.one_vs_all_gain(a, a.sample(frac=1, random_state=0), metric, resamples=50)
    assert same == (0, 0, 0)


def test_gains_of_eight_way_accuracy_are_those_of_paired_images():
    a, b = two_series(repeats=1)
    right = [
        (np.stack(s["scores"]).argmax(axis=1) == s["truth"]).groupby(s["index"]).mean()
        for s in (a, b)
    ]
    groups = np.arange(240) // 8
    gain = evaluate.one_vs_all_gain(a, b, "accuracy", groups)
    assert gain == pytest.approx(evaluate.paired_gain(*right, groups), abs=1e-9)


def test_evenness_is_by_how_much_less_the_rates_of_the_classes_differ():
    a, b = two_series()
    spread = []
    for series in (a, b):
        found = evaluate.one_vs_all_rates(series, resamples=2)
        rates = found[(found["metric"] == "tpr") & (found["class"] != "mean")]["value"]
        spread.append(np.std(rates))
    gain = evaluate.one_vs_all_gain(a, b, "evenness")
    assert gain.value == pytest.approx(spread[1] - spread[0])
    assert gain.low < gain.value < gain.high


def test_the_spread_of_three_repeats_joins_the_interval():
    a, b = two_series()
    alone = evaluate.Interval(*evaluate.one_vs_all_gain(a, b, "tnr"))
    runs = [
        evaluate.one_vs_all_gain(*(s[s["repeat"] == r] for s in (a, b)), "tnr", resamples=2).value
        for r in range(3)
    ]
    images = evaluate.one_vs_all_gain(*(s.assign(repeat=0) for s in (a, b)), "tnr")
    assert alone == pytest.approx(evaluate.over_runs(images, runs))
    assert alone.low < images.low


def test_unpaired_series_are_refused():
    a, b = two_series(repeats=1)
    with pytest.raises(ValueError, match="same images, repeats and classes"):
        evaluate.one_vs_all_gain(a, b[b["index"] != 7])
    left_out = b.assign(scores=[np.append(s[:3], np.nan) for s in b["scores"]])
    with pytest.raises(ValueError, match="same images, repeats and classes"):
        evaluate.one_vs_all_gain(a, left_out)
    with pytest.raises(ValueError, match=r"^metric must be one of tpr, tnr, .*evenness, not 'f1'"):
        evaluate.one_vs_all_gain(a, b, "f1")
