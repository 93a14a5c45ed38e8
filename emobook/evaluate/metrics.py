"""Metrics and baselines: truth (N,); predicted (N,), or for classes also scores (N, C)."""

import numpy as np
from scipy import stats
from sklearn import metrics

from emobook.emotions import MIKELS8, POSITIVE, indices

_IS_POSITIVE = np.isin(MIKELS8, POSITIVE)


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
    truth, predicted = pair(truth, predicted)
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return float("nan")
    return float(stats.pearsonr(truth, predicted).statistic)


def ccc(truth, predicted) -> float:
    """Lin's concordance, 2 cov / (var + var + squared difference of means); NaN if 0 / 0.

    Unlike r it falls where predictions are shifted or shrunk. Variances divide by N.
    """
    truth, predicted = pair(truth, predicted)
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


# ---- baselines (the human level is in `votes`) ----


def majority_baseline(y) -> float:
    """Accuracy of always answering the most frequent label of y. Raises ValueError if empty."""
    if not len(y):
        raise ValueError("y must hold at least one label")
    return float(np.unique(y, return_counts=True)[1].max() / len(y))


def mean_baseline(y) -> float:
    """Mean squared error of always answering the mean of y: its variance (divided by N)."""
    return float(np.var(numbers("y", y)))


# ---- arguments ----


def numbers(name: str, values, ndim=(1,)) -> np.ndarray:
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers") from None
    if values.ndim not in ndim or not values.size or not np.isfinite(values).all():
        raise ValueError(f"{name} must be one finite number per image, and not empty")
    return values


def pair(a, b, name_a="truth", name_b="predicted") -> tuple[np.ndarray, np.ndarray]:
    a, b = numbers(name_a, a), numbers(name_b, b)
    if a.shape != b.shape:
        raise ValueError(f"{name_b} must be as long as {name_a}, {len(a)}, not {len(b)}")
    return a, b
