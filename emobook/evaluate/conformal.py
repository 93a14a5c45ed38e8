"""Split-conformal prediction: how far off a prediction may be, learned from held-out images.

A model is fitted on one part of the images; another part, the calibration images, says how wrong
it is on what it has not seen. If a new image is drawn like those (exchangeable with them), the
bounds below hold for it with at least the probability `level`, whatever the model and the data
(Vovk, Gammerman and Shafer 2005; Lei et al. 2018, theorem 2.2). Where images come in groups of
alike ones, whole groups are held out, and a new image is one of a new group; since images of one
group are no independent draws, coverage is then measured, not promised.
"""

import math

import numpy as np
from sklearn.base import clone

from emobook.evaluate.folds import repeated_folds


def order_statistic(scores, level: float = 0.9) -> np.ndarray:
    """The ⌈(n + 1) · level⌉-th smallest of n scores, for each column of (N, …).

    Infinite where that is more than n: fewer images than `least_images` bound nothing. Raises
    ValueError for scores that are empty or no numbers, and for a level outside of 0 to 1.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if not scores.size or np.isnan(scores).any():
        raise ValueError("scores must hold one number per calibration image, and not be empty")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.9, not {level!r}")
    rank = math.ceil(round((len(scores) + 1) * level, 9))  # 0.9 · 70 is a little above 63
    if rank > len(scores):
        return np.full(scores.shape[1:], np.inf)
    return np.partition(scores, rank - 1, axis=0)[rank - 1]


def least_images(level: float = 0.9) -> int:
    """How many calibration images it takes to bound anything: n with (n + 1) · level ≤ n."""
    return math.ceil(round(level / (1 - level), 9))


def half_width(truth, predicted, level: float = 0.9) -> np.ndarray:
    """Half the width of the interval around a prediction, from calibration images.

    truth, predicted: (N,) → a number; (N, K) → (K,), a half width for each of K ratings.
    """
    return order_statistic(np.abs(np.asarray(truth, float) - np.asarray(predicted, float)), level)


def label_threshold(probabilities, labels, level: float = 0.9) -> float:
    """From which probability on a label belongs to the set, from calibration images.

    probabilities (N, C), labels (N,) in 0..C-1. The score of an image is 1 - p(true label); of all
    rules with this coverage, a threshold gives the smallest sets on average if the probabilities
    are right (Sadinle, Lei and Wasserman 2019). -inf where the images are too few.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    true = probabilities[np.arange(len(probabilities)), np.asarray(labels)]
    return float(-order_statistic(-true, level))  # exact: 1 - (1 - p) may be above p


def label_sets(probabilities, threshold: float) -> np.ndarray:
    """Which labels a set holds: bool (N, C). The most probable one always belongs to it, so that
    no set is empty."""
    probabilities = np.asarray(probabilities, dtype=np.float64)
    sets = probabilities >= threshold
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    return sets


def calibration_split(y, groups=None, share: int = 5, seed: int = 0):
    """Row positions (to fit on, to calibrate on): one image in `share`, whole groups.

    y and groups as for `repeated_folds`. Raises ValueError for fewer images, or groups, than that.
    """
    first = repeated_folds(y, groups, splits=share, repeats=1, seed=seed)[0]
    return first.train, first.test


def coverage_path(estimator, X, y, levels, groups=None, draws: int = 20, seed: int = 0) -> dict:
    """How often intervals hold the truth, over wanted `levels` (L,), in new random thirds.

    X (N, D), y (N,). The estimator is fitted on one third, calibrated on the second, judged on the
    last, `draws` times over. Returns coverage (draws, L) under the names "held-out residuals", the
    conformal intervals, and "training residuals": the same order statistic of the residuals of
    the very images that the estimator was fitted on, which is the mistake to avoid.
    """
    X, y = np.asarray(X), np.asarray(y, dtype=np.float64)
    found = {"held-out residuals": [], "training residuals": []}
    for draw in range(draws):
        thirds = [fold.test for fold in repeated_folds(y, groups, 3, 1, seed + draw)]
        fit_on, calibrate_on, judge_on = thirds
        model = clone(estimator).fit(X[fit_on], y[fit_on])
        off = np.abs(y[judge_on] - model.predict(X[judge_on]))
        for name, rows in zip(found, (calibrate_on, fit_on), strict=True):
            known = model.predict(X[rows])
            found[name].append(
                [(off <= half_width(y[rows], known, level)).mean() for level in levels]
            )
    return {name: np.array(rows) for name, rows in found.items()}
