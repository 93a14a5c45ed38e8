"""How far ratings can be predicted: the raters' own error, and what differs between pictures.

A picture's rating is the mean of what n people said, whose spread is sd. So it has an error of its
own, with the variance sd² / n, that no model of the picture can know.
"""

import math

import numpy as np
import pandas as pd

from emobook import _bootstrap
from emobook.evaluate.metrics import mean_baseline, numbers

PARTS = ("between groups", "within groups", "raters' noise")


def errors(sd, n) -> np.ndarray:
    """Variance of the error of each mean rating, sd² / n, in squared units of the scale: (N,).

    sd (N,): standard deviations between raters (with the divisor n - 1); n (N,): how many rated.
    Raises ValueError where one is negative or nobody rated.
    """
    sd, n = numbers("sd", sd), numbers("n", n)
    if sd.shape != n.shape or (sd < 0).any() or (n < 1).any():
        raise ValueError("sd must be at least 0 and n at least 1, one of each per picture")
    return sd**2 / n


def noise_variance(sd, n) -> float:
    """Mean of `errors`: the least mean squared error that any model can expect."""
    return float(errors(sd, n).mean())


def reliability(means, sd, n) -> float:
    """Share of the variance of mean ratings (N,) that is not the raters' error; at most 1.

    1 - mean(sd² / n) / variance, the variance with the divisor N. What other people would say of
    the same pictures is expected to correlate with these ratings by about so much. Below 0 where
    pictures differ less than chance alone would have it; NaN where they do not differ.
    """
    variance = mean_baseline(means)
    return 1 - noise_variance(sd, n) / variance if variance else float("nan")


def ceiling(means, sd, n) -> float:
    """Pearson's r of a model that knows what everybody would say on average: √`reliability`."""
    return math.sqrt(max(reliability(means, sd, n), 0.0))


def parts(
    means, groups, sd, n, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """How much of the variance of ratings lies between groups, within them, and is noise.

    means, sd, n (N,): of the pictures; groups (N,): their names, such as what is in the picture.
    A rating is taken as a sum of what its group has, what the picture adds, and the raters' error,
    whose variance is known (`errors`). The other two variances come from the sums of squares within
    and between groups (the analysis of variance of a one-way layout with random effects and groups
    of any size), less what the noise adds to each. They are without bias, and so may come out below
    0 where there is nothing. Groups of one picture tell of "between" only.

    Returns a DataFrame indexed by PARTS with `variance` (squared units of the scale), `share` (of
    the sum of the three), `low` and `high` (of the share, from resampling whole groups). Raises
    ValueError unless there are two groups, and one of several pictures.
    """
    means, noise = numbers("means", means), errors(sd, n)
    if noise.shape != means.shape or np.shape(groups) != means.shape:
        raise ValueError("groups, sd and n must have one value for each mean")
    each = pd.DataFrame({"x": means - means.mean(), "noise": noise})
    grouped = each.groupby(np.asarray(groups), sort=True)
    each["spread"] = (each["x"] - grouped["x"].transform("mean")) ** 2
    each = grouped.agg(
        size=("x", "size"), x=("x", "sum"), mean=("x", "mean"), noise=("noise", "mean"),
        spread=("spread", "sum"),
    )  # fmt: skip
    if len(each) < 2 or len(each) == len(means):
        raise ValueError("groups must be at least two, and one of them of several pictures")
    size, noise = each["size"].to_numpy(float), each["noise"].to_numpy()
    total, mean, spread = (each[name].to_numpy() for name in ("x", "mean", "spread"))
    columns = [
        np.ones_like(size), size, size**2, total, size * mean**2, spread, noise, size * noise,
    ]  # fmt: skip
    shares = _bootstrap.intervals(
        columns, lambda sums: _shares(_variances(sums)), None, level, resamples, seed
    )
    variances = _variances(np.stack(columns).sum(axis=1))
    found = pd.DataFrame(shares, index=list(PARTS), columns=["share", "low", "high"])
    found.insert(0, "variance", variances)
    return found


def _variances(sums) -> np.ndarray:
    """(…, 3) from sums over groups of 1, n, n², Σx, n m², Σ(x - m)², q, n q.

    m is a group's mean and q the mean variance of its pictures' errors. With W and B the variances
    within and between: E Σ(x - m)² = Σ (n - 1)(W + q), and
    E Σ n (m - M)² = Σ (1 - n / N)(W + q) + B (N - Σ n² / N), where M is the mean of all N.
    """
    groups, size, square, total, between, within, noise, noises = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample of single pictures alone
        own = (within - (noises - noise)) / (size - groups)
        spread = between - total**2 / size
        chance = (groups - 1) * own + noise - noises / size
        shared = (spread - chance) / (size - square / size)
        return np.stack([shared, own, noises / size], axis=-1)


def _shares(variances) -> np.ndarray:
    return variances / variances.sum(axis=-1, keepdims=True)
