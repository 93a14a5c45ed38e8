"""Metrics, baselines, folds and intervals: how every number of the book is judged.

scikit-learn and scipy do what they can do. Here is what they lack: metrics that take scores as
they come out of a method, intervals that resample whole groups of related images, folds that are
repeated, and the human level.

Intervals are percentile bootstraps over images, or over groups where images are related (frames of
one scene, photos of one theme): a group is drawn with all its images. With repeated
cross-validation an image's correctness is averaged over the repeats first (`per_image`), since
repeats add no images; what the repeats, or the seeds, differ by joins the interval in `over_runs`.
With fewer than two images or groups the bounds are NaN.
"""

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics, model_selection
from sklearn.base import clone

from emobook import _bar, _bootstrap
from emobook._bootstrap import Interval
from emobook.emotions import MIKELS8, POSITIVE, indices

_IS_POSITIVE = np.isin(MIKELS8, POSITIVE)


class Fold(NamedTuple):
    """One fold of one repeat; `train` and `test` hold row positions."""

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


# ---- metrics: truth (N,); predicted (N,), or for classes also scores (N, C) ----


def predicted_labels(predicted) -> np.ndarray:
    """Labels (N,) of labels (N,) or scores (N, C), of which the first largest counts."""
    predicted = np.asarray(predicted)
    return predicted.argmax(axis=1) if predicted.ndim == 2 else predicted


def accuracy(truth, predicted) -> float:
    """Share of images whose predicted label, or highest score, is the true one."""
    return float(metrics.accuracy_score(truth, predicted_labels(predicted)))


def confusion(truth, predicted, n: int = 8) -> np.ndarray:
    """Counts (n, n): rows are true classes, columns predicted ones."""
    return metrics.confusion_matrix(truth, predicted_labels(predicted), labels=np.arange(n))


def per_class_recall(truth, predicted, n: int = 8) -> np.ndarray:
    """(n,) share of each class's images that are found; NaN for a class without images."""
    return metrics.recall_score(
        truth, predicted_labels(predicted), labels=np.arange(n), average=None, zero_division=np.nan
    )


def mse(truth, predicted) -> float:
    """Mean squared error, in squared units of the scale."""
    return float(metrics.mean_squared_error(truth, predicted))


def pearson(truth, predicted) -> float:
    """Pearson's r; NaN where either side is constant."""
    truth, predicted = _pair(truth, predicted)
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    return float(stats.pearsonr(truth, predicted).statistic)


def ccc(truth, predicted) -> float:
    """Lin's concordance, 2 cov / (var + var + squared difference of means); NaN if 0 / 0.

    Unlike r it falls where predictions are shifted or shrunk. Variances divide by N.
    """
    truth, predicted = _pair(truth, predicted)
    covariance = np.mean((truth - truth.mean()) * (predicted - predicted.mean()))
    spread = truth.var() + predicted.var() + (truth.mean() - predicted.mean()) ** 2
    return float(2 * covariance / spread) if spread else float("nan")


# ---- eight emotions as two ----


def polarity_labels(labels) -> np.ndarray:
    """1 for a positive emotion, 0 for a negative one; labels are names or indices of the eight."""
    return _IS_POSITIVE[indices(labels, argument="labels")].astype(np.int64)


def collapse_to_polarity(values) -> np.ndarray:
    """Labels (N,) → labels 0 negative, 1 positive; probabilities or votes (N, 8) → sums (N, 2)."""
    values = np.asarray(values)
    if values.ndim < 2:
        return polarity_labels(values)
    if values.shape[1:] != (8,) or not (values >= 0).all():
        raise ValueError(
            "values must be labels (N,), or probabilities or votes (N, 8) of at least 0"
        )
    return np.stack([values[:, ~_IS_POSITIVE].sum(1), values[:, _IS_POSITIVE].sum(1)], axis=1)


# ---- intervals ----


def bootstrap_interval(values, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Mean of per-image values (N,), such as correctness 0/1 or squared errors, with its interval.

    groups: (N,) names of groups that are resampled whole. The same seed gives the same interval.
    """
    values = _numbers("values", values)
    columns = _bootstrap.mean_columns(values)
    return _bootstrap.interval(columns, _bootstrap.mean, groups, level, resamples, seed)


def paired_gain(correct_a, correct_b, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Mean of a minus mean of b over the same images (N,): how much a gains over b.

    Both methods are judged on each resample together, so what makes an image hard for both
    cancels. Above 0 means that a is larger; for errors that is worse.
    """
    a, b = _pair(correct_a, correct_b, "correct_a", "correct_b")
    return bootstrap_interval(a - b, groups, level, resamples, seed)


def pearson_interval(truth, predicted, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Pearson's r with its interval; truth (N,), predicted (N,) or (N, R) for R repeats.

    With repeats, r is the mean of the R correlations (not that of averaged predictions, which
    would flatter), and images are resampled jointly. NaN where either side is constant.
    """
    truth, predicted = _repeats(truth, predicted)
    if np.ptp(truth) == 0 or (np.ptp(predicted, axis=1) == 0).any():
        return Interval(np.nan, np.nan, np.nan)
    columns = _bootstrap.pair_columns(truth, predicted)
    return _bootstrap.interval(columns, _bootstrap.pearson, groups, level, resamples, seed)


def ccc_interval(truth, predicted, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Lin's concordance (see `ccc`) with its interval; arguments as in `pearson_interval`."""
    columns = _bootstrap.pair_columns(*_repeats(truth, predicted))
    return _bootstrap.interval(columns, _bootstrap.ccc, groups, level, resamples, seed)


def over_runs(interval: Interval, per_run) -> Interval:
    """Join a 95 % interval over images with the spread over three or more runs (seeds, repeats).

    per_run: (R,) the value of each run over the same images. The half widths add in squares: that
    of `interval`, and Student's t times the standard error of the runs' mean. A NaN in `per_run`
    says that the runs cover different images, and fewer than three runs have no spread to speak
    of: then the interval stays as it is.
    """
    runs = len(per_run)
    if runs < 3 or np.isnan(per_run).any():
        return interval
    extra = stats.t.ppf(0.975, runs - 1) * np.std(per_run, ddof=1) / math.sqrt(runs)
    value, low, high = interval
    low, high = value - math.hypot(value - low, extra), value + math.hypot(high - value, extra)
    return Interval(value, low, high)


def _repeats(truth, predicted) -> tuple[np.ndarray, np.ndarray]:
    """truth (N,) and predictions (R, N)."""
    truth = _numbers("truth", truth)
    predicted = _numbers("predicted", predicted, ndim=(1, 2)).reshape(len(predicted), -1).T
    if predicted.shape[1] != len(truth):
        raise ValueError(f"predicted must have {len(truth)} rows like truth")
    return truth, predicted


# ---- folds and predictions ----


def repeated_folds(y, groups=None, splits: int = 5, repeats: int = 5, seed: int = 0) -> list[Fold]:
    """Shuffled folds, `repeats` times over; each repeat tests every image once.

    y of whole numbers or strings is stratified, y of floats (N,) or (N, K) is not; images of one
    group stay together. Repeat r is drawn with seed + r. Raises ValueError for fewer images, or
    groups, than splits.
    """
    y = np.asarray(y)
    for name, value, least in (("splits", splits, 2), ("repeats", repeats, 1)):
        if value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if len(y if groups is None else set(groups)) < splits:
        what = "images" if groups is None else "groups"
        raise ValueError(f"splits must be at most the number of {what}, not {splits}")
    continuous = y.dtype.kind == "f"
    kind = {
        (False, False): model_selection.StratifiedKFold,
        (False, True): model_selection.StratifiedGroupKFold,
        (True, False): model_selection.KFold,
        (True, True): model_selection.GroupKFold,
    }[continuous, groups is not None]
    folds = []
    for repeat in range(repeats):
        splitter = kind(splits, shuffle=True, random_state=seed + repeat)
        parts = splitter.split(np.zeros(len(y)), y, groups)
        folds += [Fold(repeat, fold, train, test) for fold, (train, test) in enumerate(parts)]
    return folds


def cross_predict(estimator, X, y, folds, progress: bool = True, **fit_params) -> pd.DataFrame:
    """Predict each fold's test images with a clone of `estimator` fitted on its training images.

    X: table, array or list of N; y: labels 0..C-1 (N,) or floats (N,) or (N, K); folds: those of
    `repeated_folds`; fit_params: per-image arguments of `fit`, cut to the training images.
    Returns a DataFrame with columns index (position in X), repeat, fold, truth, scores. For labels
    scores are arrays (C,), C = largest label + 1: probabilities, else decision values (then a
    class that was not trained has -inf). For floats they are predictions.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "iuf":
        raise ValueError(f"y must hold labels 0..C-1 or floats, not {y.dtype}")
    rows = []
    for repeat, fold, train, test in _bar.progress(folds, "folds", show=progress):
        model = clone(estimator)
        kept = {name: _take(value, train) for name, value in fit_params.items()}
        model.fit(_take(X, train), y[train], **kept)
        if y.dtype.kind == "f":
            scores = model.predict(_take(X, test))
        else:
            scores = _class_scores(model, _take(X, test), int(y.max()) + 1)
        rows += [(i, repeat, fold, y[i], s) for i, s in zip(test, scores, strict=True)]
    return pd.DataFrame(rows, columns=["index", "repeat", "fold", "truth", "scores"])


def per_image(predictions: pd.DataFrame) -> pd.Series:
    """What the intervals take: correctness per image, averaged over repeats, ordered by index.

    predictions: the result of `cross_predict` for labels; for ratings, squared errors instead.
    """
    truth, scores = np.stack(predictions["truth"]), np.stack(predictions["scores"])
    if truth.dtype.kind == "f":
        value = (truth - scores) ** 2
    else:
        value = (scores.argmax(axis=1) == truth).astype(float)
    return pd.Series(value).groupby(predictions["index"].to_numpy()).mean()


def _take(values, index):
    if hasattr(values, "iloc"):
        return values.iloc[index]
    return values[index] if isinstance(values, np.ndarray) else [values[i] for i in index]


def _class_scores(model, X, n: int) -> np.ndarray:
    """(N, n) scores with the columns where the classes belong, also if training lacked some."""
    if hasattr(model, "predict_proba"):
        given, absent = model.predict_proba(X), 0.0
    else:
        given, absent = model.decision_function(X), -np.inf
        if given.ndim == 1:  # two classes: one value, the second class's
            given = np.stack([-given, given], axis=1)
    scores = np.full((len(given), n), absent)
    scores[:, np.asarray(model.classes_)] = given
    return scores


# ---- baselines (the human level is in `votes`) ----


def majority_baseline(y) -> float:
    """Accuracy of always answering the most frequent label of y. Raises ValueError if empty."""
    if not len(y):
        raise ValueError("y must hold at least one label")
    return float(np.unique(y, return_counts=True)[1].max() / len(y))


def mean_baseline(y) -> float:
    """Mean squared error of always answering the mean of y: its variance (divided by N)."""
    return float(np.var(_numbers("y", y)))


def _numbers(name: str, values, ndim=(1,)) -> np.ndarray:
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers") from None
    if values.ndim not in ndim or not values.size or not np.isfinite(values).all():
        raise ValueError(f"{name} must be one finite number per image, and not empty")
    return values


def _pair(a, b, name_a="truth", name_b="predicted") -> tuple[np.ndarray, np.ndarray]:
    a, b = _numbers(name_a, a), _numbers(name_b, b)
    if a.shape != b.shape:
        raise ValueError(f"{name_b} must be as long as {name_a}, {len(a)}, not {len(b)}")
    return a, b
