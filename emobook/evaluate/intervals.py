"""Intervals by the bootstrap over images, or over groups of related ones."""

import math

import numpy as np
from scipy import stats

from emobook import _bootstrap
from emobook._bootstrap import Interval
from emobook.evaluate.metrics import numbers, pair


def bootstrap_interval(values, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Mean of per-image values (N,), such as correctness 0/1 or squared errors, with its interval.

    groups: (N,) names of groups that are resampled whole. The same seed gives the same interval.
    """
    values = numbers("values", values)
    columns = _bootstrap.mean_columns(values)
    return _bootstrap.interval(columns, _bootstrap.mean, groups, level, resamples, seed)


def paired_gain(correct_a, correct_b, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Mean of a minus mean of b over the same images (N,): how much a gains over b.

    Both methods are judged on each resample together, so what makes an image hard for both
    cancels. Above 0 means that a is larger; for errors that is worse.
    """
    a, b = pair(correct_a, correct_b, "correct_a", "correct_b")
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


def pearson_gain(truth, a, b, groups=None, level=0.95, resamples=2000, seed=0) -> Interval:
    """Pearson's r of a with truth minus that of b, over the same images; all (N,).

    Both are judged on each resample together. NaN where one of the three is constant.
    """
    return pearson_difference((truth, a), (truth, b), groups, level, resamples, seed)


def pearson_difference(
    first: tuple, second: tuple, groups=None, level=0.95, resamples=2000, seed=0
) -> Interval:
    """Pearson's r of one pair of values minus that of another pair, over the same images.

    first, second: two arrays (N,) each, such as what words and pictures are rated in valence, and
    in arousal. Both correlations are taken on each resample together, since images that are odd in
    one are often odd in the other. NaN where an array is constant.
    """
    sides = [pair(*side, "first", "second") for side in (first, second)]
    if len(sides[0][0]) != len(sides[1][0]):
        raise ValueError("first and second must have values for the same images")
    if any(np.ptp(values) == 0 for side in sides for values in side):
        return Interval(np.nan, np.nan, np.nan)
    columns = [c for x, y in sides for c in _bootstrap.pair_columns(x, y[None])]

    def difference(sums):
        return _bootstrap.pearson(sums[..., :6]) - _bootstrap.pearson(sums[..., 6:])

    return _bootstrap.interval(columns, difference, groups, level, resamples, seed)


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
    truth = numbers("truth", truth)
    predicted = numbers("predicted", predicted, ndim=(1, 2)).reshape(len(predicted), -1).T
    if predicted.shape[1] != len(truth):
        raise ValueError(f"predicted must have {len(truth)} rows like truth")
    return truth, predicted
