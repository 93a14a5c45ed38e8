"""How well a segmenter says what covers each pixel: pixel accuracy and mean IoU.

Both are taken over the pixels of all pictures together, as in PASCAL VOC (Everingham et al. 2015):

- pixel accuracy: the share of labelled pixels whose class is right;
- IoU of a class: the pixels that have it in truth and are called so, of those for which either
  holds; mean IoU is the mean over the classes that occur in either.

Pixels that nobody labelled (-1 in the truth) do not count. Intervals are percentile bootstraps
over pictures, never over pixels, since neighbours are not independent.
"""

import numpy as np
import pandas as pd

from emobook import _bootstrap
from emobook._bootstrap import Interval
from emobook.evaluate.folds import repeated_folds
from emobook.models.segmenter import Segmenter, true_maps
from emobook.train import fitted

MEASURES = ("mean IoU", "pixel accuracy")
BASELINE = "commonest class"


def confusions(truth, found, classes: int) -> np.ndarray:
    """Pixels by true class and found class: int64 (N, C, C).

    truth, found: for each of N pictures a map (H, W) of positions 0..C-1; -1 in the truth is left
    out. Raises ValueError for maps of other sizes, and for a found class outside 0..C-1.
    """
    if len(truth) != len(found):
        raise ValueError(f"truth and found must be equally long, not {len(truth)}, {len(found)}")
    counts = np.zeros((len(truth), classes**2), dtype=np.int64)
    for row, (known, said) in enumerate(zip(truth, found, strict=True)):
        known, said = np.asarray(known, dtype=np.int64), np.asarray(said, dtype=np.int64)
        if known.shape != said.shape:
            raise ValueError(f"map {row} is {said.shape}, its truth {known.shape}")
        there = known >= 0
        known, said = known[there], said[there]
        if ((said < 0) | (said >= classes)).any():
            raise ValueError(f"map {row} has a class that is not one of 0 to {classes - 1}")
        counts[row] = np.bincount(known * classes + said, minlength=classes**2)
    return counts.reshape(-1, classes, classes)


def class_iou(counts) -> np.ndarray:
    """IoU of each class (…, C) from pixels (…, C, C); NaN where it occurs neither way."""
    counts = np.asarray(counts, dtype=float)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    either = counts.sum(axis=-1) + counts.sum(axis=-2) - right
    return np.where(either > 0, right / np.where(either > 0, either, 1), np.nan)


def scores(counts, seed: int = 0) -> dict[str, Interval]:
    """Mean IoU and pixel accuracy of `confusions` (N, C, C), each with its 95 % interval."""
    rows, classes = np.asarray(counts, dtype=float), np.shape(counts)[-1]

    def both(sums):
        table = sums.reshape(*sums.shape[:-1], classes, classes)
        right = np.diagonal(table, axis1=-2, axis2=-1).sum(axis=-1)
        mean = np.nanmean(class_iou(table), axis=-1)
        return np.stack([mean, right / table.sum(axis=(-2, -1))], axis=-1)

    columns = list(rows.reshape(len(rows), -1).T)
    found = _bootstrap.intervals(columns, both, None, 0.95, 2000, seed)
    return dict(zip(MEASURES, found, strict=True))


def held_out(segmenter: Segmenter, X, splits: int = 5, seed: int = 0) -> dict[str, np.ndarray]:
    """What a segmenter says of pictures that it did not learn from, and what says who always names
    the class that covers most of those that it learned from: name → `confusions`.

    X: a table with `path` and `mask_path`; `splits` shuffled folds, of which each is tested by a
    fit on the others, which is kept (`train.fitted`).
    """
    truth, count = true_maps(X), len(segmenter.classes)
    found = {
        name: np.zeros((len(X), count, count), np.int64) for name in (segmenter.name, BASELINE)
    }
    for _, _, learned, tested in repeated_folds(np.zeros(len(X)), None, splits, 1, seed):
        model = fitted(segmenter, X.iloc[learned].reset_index(drop=True))
        known = [truth[row] for row in tested]
        said = model.segment(X.iloc[tested])
        area = sum(np.bincount(truth[row][truth[row] >= 0], minlength=count) for row in learned)
        always = [np.full(one.shape, area.argmax()) for one in known]
        found[segmenter.name][tested] = confusions(known, said, count)
        found[BASELINE][tested] = confusions(known, always, count)
    return found


def table(found: dict[str, np.ndarray]) -> pd.DataFrame:
    """A row for each of `held_out`, in the order given, with columns of `Interval`s."""
    return pd.DataFrame({name: scores(counts) for name, counts in found.items()}).T
