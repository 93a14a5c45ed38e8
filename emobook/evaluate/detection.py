"""How well boxes are found: recall and average precision at a stated IoU, with their intervals.

Boxes are (x0, y0, x1, y1) in pixels of their picture. What was found is matched with the truth as
for COCO (Lin et al. 2014): in each picture from the highest score to the lowest, each found box
with the true one that it overlaps most among those that are still free, if their IoU is at least
the threshold. A match is a hit, everything else a false alarm: so is a second box around what has
been found already.

- recall: the share of all true boxes that were hit, whatever the scores;
- average precision: boxes of all pictures are called up by falling score, equal scores together.
  At each step there is a recall and a precision, the share of hits among those called up. It is
  the area below precision over recall, where precision at a recall is the best one at that recall
  or beyond (PASCAL VOC since 2010; Everingham et al. 2015).

Intervals are percentile bootstraps over pictures. Where several runs (detectors with other random
starts) looked at the same pictures, the value is the mean of theirs, and the spread between three
or more of them joins the interval (`over_runs`).
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torchvision.ops import box_iou

from emobook._bootstrap import Interval
from emobook.evaluate.intervals import over_runs


class Matches(NamedTuple):
    """What was found in N pictures, matched with the truth.

    true (N,): number of true boxes. picture (D,): that of each of D found boxes, score (D,), hit
    (D,) bool; from the highest score to the lowest.
    """

    true: np.ndarray
    picture: np.ndarray
    score: np.ndarray
    hit: np.ndarray


def match(found, truth, iou: float = 0.5) -> Matches:
    """Match what was found in N pictures with the truth.

    found: for each picture (K, 5), boxes with their scores, or an empty list. truth: for each
    picture a list of boxes, or of more, of which the last four numbers count, as in the columns
    `boxes` and `regions` of a table. Where nobody looked, None, the picture is left out.

    Raises ValueError for other shapes, numbers that are not finite, a box whose sides do not
    rise, and an iou outside (0, 1].
    """
    if not 0 < iou <= 1:
        raise ValueError(f"iou must be above 0 and at most 1, not {iou!r}")
    if len(found) != len(truth):
        raise ValueError(f"found and truth must be equally long, not {len(found)}, {len(truth)}")
    known = [(a, b) for a, b in zip(found, truth, strict=True) if b is not None]
    true, picture, score, hit = [], [], [], []
    for row, (ours, theirs) in enumerate(known):
        ours = _boxes("found", ours, 5)
        ours = ours[np.argsort(-ours[:, 4], kind="stable")]
        theirs = _boxes("truth", [tuple(box)[-4:] for box in theirs], 4)
        hit.append(_hits(ours[:, :4], theirs, iou))
        true.append(len(theirs))
        picture.append(np.full(len(ours), row))
        score.append(ours[:, 4])
    picture, score, hit = (np.concatenate([[], *part]) for part in (picture, score, hit))
    order = np.argsort(-score, kind="stable")
    return Matches(
        np.array(true, dtype=int), picture[order].astype(int), score[order], hit[order] > 0
    )


def recall(matches: Matches, weights=None):
    """The share of true boxes that were hit; NaN without true boxes. weights: (…, N), how often
    each picture counts, once unless given; the result is (…)."""
    weights = np.ones(len(matches.true)) if weights is None else np.asarray(weights, dtype=float)
    hits = np.bincount(matches.picture, matches.hit, minlength=len(matches.true))
    return _share(weights @ hits, weights @ matches.true)


def average_precision(matches: Matches, weights=None):
    """The area below precision over recall, 0 to 1; arguments and result as of `recall`."""
    weights = np.ones(len(matches.true)) if weights is None else np.asarray(weights, dtype=float)
    called = weights[..., matches.picture]
    hits, called = (called * matches.hit).cumsum(axis=-1), called.cumsum(axis=-1)
    ends = np.append(matches.score[1:] < matches.score[:-1], True)[: len(matches.score)]
    hits, called = hits[..., ends], called[..., ends]
    precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
    best = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    gained = np.diff(hits, axis=-1, prepend=0)
    return _share((best * gained).sum(axis=-1), weights @ matches.true)


METRICS = {"recall": recall, "average precision": average_precision}


def detection_interval(runs, metric: str, resamples: int = 2000, seed: int = 0) -> Interval:
    """A metric of `METRICS` with its 95 % interval; runs: a list of `Matches`, one for each run.

    The bounds are NaN with fewer than two pictures. Raises ValueError for another metric, for
    runs on other pictures, and where there is no true box.
    """
    return _interval([(run,) for run in _same(runs)], metric, resamples, seed)


def detection_gain(better, worse, metric: str, resamples: int = 2000, seed: int = 0) -> Interval:
    """By how much the runs `better` exceed the runs `worse` in a metric, paired: both are judged
    on each resample of pictures together. The rest is as for `detection_interval`."""
    _same([*better, *worse])
    return _interval(list(zip(better, worse, strict=True)), metric, resamples, seed)


def moved_at_random(found, sizes, seed: int = 0) -> list[np.ndarray]:
    """The baseline of chance: the same boxes with the same scores, each anywhere in its picture.

    found: for each of N pictures (K, 4) or more columns, of which the first four are moved; a box
    must fit into its picture. sizes (N, 2): width and height of the pictures. All places are
    equally probable. Returns float64 arrays of the same shapes, (0, 5) where nothing was found.
    """
    dice, moved = np.random.default_rng(seed), []
    for boxes, size in zip(found, sizes, strict=True):
        boxes = np.array(boxes, dtype=float).reshape(len(boxes), -1 if len(boxes) else 5)
        if len(boxes):
            sides = boxes[:, 2:4] - boxes[:, :2]
            room = np.asarray(size, dtype=float) - sides
            if room.min() < -1e-3:
                raise ValueError("found holds a box that is larger than its picture")
            boxes[:, :2] = dice.random(room.shape) * room.clip(min=0)
            boxes[:, 2:4] = boxes[:, :2] + sides
        moved.append(boxes)
    return moved


def _interval(pairs, metric: str, resamples: int, seed: int) -> Interval:
    """The mean over runs of the metric, or of its difference where a run is a pair."""
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, not {metric!r}")
    if not pairs:
        raise ValueError("there must be at least one run")
    true = pairs[0][0].true
    if not true.sum():
        raise ValueError("the pictures hold no true box: nothing can be found")

    def each(weights):
        """(runs, …)"""
        values = [[METRICS[metric](side, weights) for side in pair] for pair in pairs]
        return np.array([two[0] - two[1] if len(two) > 1 else two[0] for two in values])

    def drawn(index, axis):
        weights = [np.bincount(row, minlength=len(true)) for row in index.reshape(-1, len(true))]
        return each(np.array(weights)).mean(axis=0).reshape(index.shape[:-1])

    per_run = each(np.ones(len(true)))
    value = float(per_run.mean())
    if len(true) < 2:
        return Interval(value, np.nan, np.nan)
    bounds = stats.bootstrap(
        (np.arange(len(true)),), drawn, method="percentile", n_resamples=resamples, batch=200,
        random_state=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return over_runs(Interval(value, float(bounds.low), float(bounds.high)), per_run)


def _same(runs):
    if any(not np.array_equal(run.true, runs[0].true) for run in runs):
        raise ValueError("runs must have looked at the same pictures")
    return runs


def _hits(boxes, truth, iou: float) -> np.ndarray:
    """Which of the boxes (K, 4), best first, are hits."""
    overlap = box_iou(torch.from_numpy(truth), torch.from_numpy(boxes)).numpy().copy()
    hit = np.zeros(len(boxes), dtype=bool)
    for column in range(len(boxes) if len(truth) else 0):
        nearest = overlap[:, column].argmax()
        hit[column] = overlap[nearest, column] >= iou
        if hit[column]:
            overlap[nearest] = -1  # taken
    return hit


def _boxes(name: str, boxes, width: int) -> np.ndarray:
    """(k, width), float64."""
    try:
        boxes = np.array(boxes, dtype=np.float64).reshape(len(boxes), width)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold {width} numbers for each box of a picture") from None
    if not np.isfinite(boxes).all() or (boxes[:, 2:4] < boxes[:, :2]).any():
        raise ValueError(f"{name} must hold finite boxes (x0, y0, x1, y1) with x0 <= x1, y0 <= y1")
    return boxes


def _share(part, whole):
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample without true boxes
        return part / whole
