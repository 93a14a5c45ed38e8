"""Weak labels for pictures whose truth is known, as wrong as those that a pipeline makes.

Photos of a crawl cannot be shared, but what their labels do to a network can be seen on any
pictures with good labels. `confusion_of` measures which weak labels the pictures of an emotion
get in a crawl (simulated or read, cleaned or drawn); `weak_labels` draws such labels for others.

Two ways to train then stand side by side: all pictures with their weak labels, or the few that
five voters keep, by `verify_labels(weak, truth, workers)` and `keep` of `votes`.
"""

import numpy as np
import polars as pl

from emobook.datasets.crowd.weak import _check, lots
from emobook.emotions import MIKELS8, indices


def confusion_of(crawl) -> np.ndarray:
    """Which weak labels pictures get, by the emotion that they evoke: P(weak label | truth).

    crawl: a crawl with the column `truth`, eager or lazy, at any stage: give it what `clean`
        returns, or what `draw_noisy_set` draws of that.

    Returns float64 (8, 8), rows (truth) and columns (weak label) in the order of `MIKELS8`; rows
    sum to 1. Pictures that evoke none of the eight are left out, since they have no row: the
    labels of those that do are right more often than those of the whole crawl. A row holds more of
    a label the more pictures its query found: with as many of each query, as in a drawn noisy set,
    it shows the noise alone.

    Raises DatasetError where a column is absent, or of another type than in `SCHEMA`; ValueError
    where no picture evokes one of the eight.
    """
    _check(crawl, "query", "truth")
    found = crawl.lazy().filter(pl.col("truth") < len(MIKELS8))
    pairs = found.group_by("truth", pl.col("query").to_physical()).len().collect()
    counts = np.zeros((len(MIKELS8), len(MIKELS8)))
    counts[pairs["truth"].to_numpy(), pairs["query"].to_numpy()] = pairs["len"].to_numpy()
    empty = np.flatnonzero(counts.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(f"no picture of the crawl evokes {MIKELS8[empty[0]]}: take a larger one")
    return counts / counts.sum(axis=1, keepdims=True)


def weak_labels(truth, confusion, seed: int = 0) -> np.ndarray:
    """Draw a weak label for each picture: `confusion[truth]` says how often each is drawn.

    truth: (N,) names of Mikels' eight, or positions 0..C-1.
    confusion: (C, C), rows sum to 1, as of `confusion_of`. Every other label equally likely, and
        the share r of all wrong: `emotions.uniform_distribution(np.arange(C), 1 - r, C)`.
    seed: a whole number of at least 0.

    Returns (N,) names where names are given, else positions (int64). The die of a picture depends
    on its place and `seed` alone: the same call gives the same labels on every machine, pictures
    added at the end change none, and what is right at some noise is right at less of it.
    Raises ValueError that names the argument.
    """
    try:
        confusion = np.asarray(confusion, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("confusion must be a square table of numbers") from None
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1] or not confusion.size:
        raise ValueError(f"confusion must be a square table, not of shape {confusion.shape}")
    if not (confusion >= 0).all() or not np.allclose(confusion.sum(axis=1), 1, atol=1e-6):
        raise ValueError("confusion must hold shares of at least 0, with rows that sum to 1")
    named = np.asarray(truth).dtype.kind not in "iu"
    if named and len(confusion) != len(MIKELS8):
        raise ValueError("truth must hold positions: names are known for the eight emotions only")
    truth = indices(truth, n=len(confusion), argument="truth")
    if truth.ndim != 1:
        raise ValueError(f"truth must be one label per picture, of shape (N,), not {truth.shape}")
    place = np.arange(len(truth), dtype=np.uint64)
    die = (lots(place, seed) >> np.uint64(11)) * 2.0**-53  # in [0, 1)
    # The true label lies at the low end of the die, so that more noise only adds wrong labels.
    order = np.argsort(~np.eye(len(confusion), dtype=bool), axis=1, kind="stable")
    edges = np.take_along_axis(confusion, order, axis=1).cumsum(axis=1)[truth]
    step = (die[:, None] >= edges[:, :-1] / edges[:, -1:]).sum(axis=1)
    weak = order[truth, step]
    return np.array(MIKELS8)[weak] if named else weak.astype(np.int64)
