"""Percentile bootstrap of statistics that are functions of sums over images.

A mean, a correlation and a concordance need nothing but sums (of values, squares, products), so
resampling a group of images means adding up its row of sums, and thousands of resamples are a few
array operations.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats


class Interval(NamedTuple):
    """A value with the bounds of its confidence interval."""

    value: float
    low: float
    high: float


def interval(columns, statistic, groups, level, resamples, seed) -> Interval:
    """Interval of statistic(sums), where sums (…, K) are those of the K columns (N,).

    NaN bounds with fewer than two images or groups. Raises ValueError for an unfit argument.
    """
    both = intervals(
        columns, lambda sums: statistic(sums)[..., None], groups, level, resamples, seed
    )
    return both[0]


def intervals(columns, statistic, groups, level, resamples, seed) -> list[Interval]:
    """As `interval`, of the M values (…, M) of `statistic`, all from the same resamples."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level!r}")
    if resamples < 1:
        raise ValueError(f"resamples must be a whole number of at least 1, not {resamples!r}")
    rows = np.stack(columns, axis=1)
    if groups is not None:
        groups = np.asarray(groups)
        if groups.shape != (len(rows),) or pd.isna(groups).any():
            raise ValueError(f"groups must name a group for each of the {len(rows)} images")
        rows = pd.DataFrame(rows).groupby(groups, sort=True).sum().to_numpy()
    values = np.asarray(statistic(rows.sum(axis=0)), dtype=float).tolist()
    if len(rows) < 2:
        return [Interval(value, np.nan, np.nan) for value in values]
    drawn = stats.bootstrap(
        (np.arange(len(rows)),),
        lambda index, axis: np.moveaxis(statistic(rows[index].sum(axis=-2)), -1, 0),
        method="percentile",
        confidence_level=level,
        n_resamples=resamples,
        batch=max(1, 2_000_000 // rows.size),
        random_state=np.random.default_rng(seed),
    )
    bounds = zip(values, *(end.tolist() for end in drawn.confidence_interval), strict=True)
    return [Interval(*three) for three in bounds]


def mean_columns(values: np.ndarray) -> list[np.ndarray]:
    """What `mean` takes: 1 and x per image."""
    return [np.ones_like(values), values]


def mean(sums):
    return sums[..., 1] / sums[..., 0]


def pair_columns(x: np.ndarray, ys: np.ndarray) -> list[np.ndarray]:
    """What `pearson` and `ccc` take: 1, x, x², then y, y², xy of each repeat; x (N,), ys (R, N).

    Both are moved by the mean of x, which changes neither statistic and keeps digits.
    """
    x, ys = x - x.mean(), ys - x.mean()
    return [np.ones_like(x), x, x * x, *(c for y in ys for c in (y, y * y, x * y))]


def pearson(sums):
    """Mean over repeats of r."""
    _, _, var_x, var_y, cov = _moments(sums)
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample without any spread
        return (cov / np.sqrt(var_x * var_y)).mean(axis=-1)


def ccc(sums):
    """Mean over repeats of Lin's concordance."""
    mean_x, mean_y, var_x, var_y, cov = _moments(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (2 * cov / (var_x + var_y + (mean_x - mean_y) ** 2)).mean(axis=-1)


def _moments(sums):
    n, x, xx = (sums[..., i, None] for i in range(3))
    y, yy, xy = (sums[..., i::3] for i in (3, 4, 5))
    x, y = x / n, y / n
    return x, y, xx / n - x * x, yy / n - y * y, xy / n - x * y
