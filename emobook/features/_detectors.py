"""Linear detectors of adjective-noun pairs, one by one: what `anp.PairBank` is made of."""

import warnings
from collections.abc import Collection

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_array


def names(y) -> list[tuple[str, ...]]:
    """The pairs of each picture, whatever they come as."""
    found = []
    for one in y:
        pairs = () if one is None else (one,) if isinstance(one, str) else one
        if not isinstance(pairs, Collection) or not all(isinstance(pair, str) for pair in pairs):
            raise ValueError(
                f"y must hold a pair's name, several or None for each picture, not {one!r}; a bank "
                "inside of a pipeline for emotions belongs into sklearn.frozen.FrozenEstimator"
            )
        found.append(tuple(map(str, pairs)))
    return found


def candidates(names, groups, least, rare) -> tuple[np.ndarray, np.ndarray]:
    """Names (K,) of the pairs that have enough pictures, and who shows them, bool (N, K)."""
    shown = [(pair, row) for row, pairs in enumerate(names) for pair in pairs]
    if not shown:
        raise ValueError("y must hold at least one pair")
    pairs, rows = (np.array(part) for part in zip(*shown, strict=True))
    different = pd.DataFrame({"pair": pairs, "group": groups[rows]}).drop_duplicates()
    counts = different["pair"].value_counts()
    few = counts[counts < least].sort_index()
    if len(few) and (rare == "raise" or len(few) == len(counts)):
        more = f" (and {len(few) - 1} other pairs have too few)" if len(few) > 1 else ""
        raise ValueError(
            f"pair {few.index[0]!r} has {few.iloc[0]} unrelated pictures, fewer than "
            f"least={least}{more}: give more, lower least, or pass rare='drop'"
        )
    found = np.array(sorted(set(counts.index) - set(few.index)))
    truth = np.zeros((len(names), len(found)), bool)
    kept = np.isin(pairs, found)
    truth[rows[kept], np.searchsorted(found, pairs[kept])] = True
    if (alone := truth.all(axis=0)).any():
        raise ValueError(f"y must also hold pictures without {str(found[alone][0])!r}")
    return found, truth


def inner_folds(truth, groups, folds, seed) -> list:
    """Inner folds, each with its share of every picture's rarest pair, and so of all pairs."""
    counts = np.where(truth, truth.sum(axis=0), len(truth) + 1)
    rarest = np.where(truth.any(axis=1), counts.argmin(axis=1), -1)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of fewer pictures without a pair than folds
        warnings.simplefilter("ignore", UserWarning)
        return list(splitter.split(rarest, rarest, groups))


def detector(values, truth, C, negatives, seed) -> tuple[np.ndarray, float]:
    """Weights (D,) and offset of a linear SVM; zeros where there is nothing to tell apart."""
    rows = np.arange(len(truth))
    if negatives is not None:
        others = rows[~truth]
        draw = np.random.default_rng(seed)
        few = min(len(others), max(1, round(negatives * truth.sum())))
        rows = np.sort(np.r_[rows[truth], draw.choice(others, few, replace=False)])
    if truth.all() or not truth.any():
        return np.zeros(values.shape[1]), 0.0
    svm = LinearSVC(C=C, class_weight="balanced", random_state=0, max_iter=10_000)
    svm.fit(values[rows], truth[rows])
    return svm.coef_[0], svm.intercept_[0]


def decide(features, scaler, coef, intercept, X) -> np.ndarray:
    """Decision values (N, K), above 0 where the picture looks like the pair."""
    values = check_array(features.transform(X), dtype=np.float64, input_name="features")
    return scaler.transform(values) @ coef + intercept


def precision(truth, scores) -> float:
    """Average precision as if one picture in three showed the pair."""
    weights = np.where(truth, 1 / truth.sum(), 2 / (~truth).sum())
    return average_precision_score(truth, scores, sample_weight=weights)


def platt(truth, scores) -> tuple[float, float]:
    """Slope and offset of the sigmoid that Platt (1999) fits; his targets are short of 0 and 1.

    Each picture counts for both answers, by how sure its label makes us.
    """
    yes, no = truth.sum(), (~truth).sum()
    target = np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2))
    weight = np.where(truth, 1 / yes, 1 / no) * len(truth) / 2
    curve = LogisticRegression(C=np.inf).fit(
        np.r_[scores, scores][:, None],
        np.repeat([1, 0], len(truth)),
        sample_weight=np.r_[weight * target, weight * (1 - target)],
    )
    return curve.coef_[0, 0], curve.intercept_[0]
