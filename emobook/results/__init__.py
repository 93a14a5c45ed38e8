"""Predictions are the record: what a notebook measures, what the papers print, and both together.

A notebook records predictions image by image; its rows are computed from them. Both are written to
`$EMOBOOK_OUT` (`predictions.parquet`, `rows.csv`) after each cell of a notebook, and at the end of
any other program. Neither file holds anything that differs between two runs on the same inputs.
"""

import math
import numbers

import numpy as np

from emobook import evaluate
from emobook.emotions import MIKELS8
from emobook.results import record
from emobook.results.compare import compare
from emobook.results.reference import check, keep
from emobook.results.stored import (
    PAPERS,
    errata,
    measured,
    predictions,
    recorded,
    recordings,
    reported,
    rows,
)

CLASS_METRICS = record.CLASS_METRICS
LOWER_IS_BETTER = ("mse",)

__all__ = [
    "CLASS_METRICS",
    "LOWER_IS_BETTER",
    "PAPERS",
    "check",
    "compare",
    "errata",
    "flush",
    "forget",
    "keep",
    "measured",
    "paired_gain",
    "per_image",
    "predictions",
    "record_predictions",
    "record_row",
    "recorded",
    "recordings",
    "reported",
    "rows",
]


def record_predictions(
    method: str,
    dataset: str,
    *,
    ids,
    truth,
    scores,
    split: str = "test",
    fold: int = 0,
    seed: int = 0,
    group=None,
    classes=None,
    paper: str = "",
    item: str = "",
    row: str = "",
    column: str = "",
    metric: str = "accuracy",
    baseline: float | None = None,
    ceiling: float | None = None,
    note: str = "",
) -> None:
    """Record the predictions of one fold and seed for the cell (paper, item, row, column).

    ids: (N,) one name per image. truth: (N,) class indices, or names where `classes` (default for
    8 columns: MIKELS8) says what they mean, or ratings. scores: (N, C), the largest one is the
    prediction, or (N,) predicted ratings. group: (N,) names of related images, or None.
    metric: "accuracy"; "accuracy-2", of eight probabilities summed to negative and positive;
    "mse"; "pearson"; "ccc". baseline and ceiling are in the metric's unit; the baseline defaults
    to the share of the largest class, or the error of the mean, on the recorded images.

    Calls that differ in fold or seed add up to one row; the same call again replaces. The row's
    value is the mean over images of each image's mean over runs (its first prediction is of run 1,
    its second of run 2, and so on, by seed and fold); for correlations, the mean over runs of each
    run's correlation. The 95 % interval resamples images, whole groups where given. Where three or
    more runs cover all images, Student's interval of the runs' means joins it, half widths added
    in squares: a seed's luck is part of the doubt.

    Raises ValueError for unfit shapes, NaN, repeated ids, an id with two truths, and for a cell
    that holds another method or split.
    """
    if metric not in record.METRICS:
        raise ValueError(
            f"metric must be one of {', '.join(record.METRICS)}, not {metric!r}; "
            "use record_row for other numbers"
        )
    key = _key(paper, item, row, column, dataset, metric)
    if not isinstance(method, str) or not method:
        raise ValueError("method must be a name")
    run = (_whole("seed", seed), _whole("fold", fold))
    ids = np.array([str(i) for i in ids], dtype=object)
    if len(ids) == 0:
        raise ValueError("ids must name at least one image")
    if len(set(ids)) < len(ids):
        raise ValueError("ids must not repeat within one fold and seed: one prediction per image")
    try:
        scores = np.asarray(scores, dtype=np.float32)
    except (TypeError, ValueError):
        raise ValueError("scores must be an array of numbers, a row per image") from None
    ranked = metric in record.CLASS_METRICS
    if scores.ndim == 1 and not ranked:
        scores = scores[:, None]
    if scores.ndim != 2 or len(scores) != len(ids) or (scores.shape[1] > 1) != ranked:
        shape = f"({len(ids)}, C) with C > 1" if ranked else f"({len(ids)},)"
        raise ValueError(f"scores must be of shape {shape} for {metric}, not {scores.shape}")
    if np.isnan(scores).any() or (not ranked and np.isinf(scores).any()):
        raise ValueError("scores must be numbers, without NaN")
    if metric == "accuracy-2" and not _probabilities(scores):
        raise ValueError("scores must be probabilities (N, 8) that sum to 1 for accuracy-2")
    truth = _labels(truth, scores.shape[1], classes) if ranked else np.asarray(truth, float)
    if truth.shape != ids.shape or not np.isfinite(truth).all():
        raise ValueError(f"truth must be {len(ids)} finite values, one per image")
    if group is not None:
        group = np.array([str(name) for name in group], dtype=object)
        if group.shape != ids.shape:
            raise ValueError(f"group must name {len(ids)} groups, one per image")
    part = record.Part(ids, truth, scores, group)
    given = {"baseline": _number("baseline", baseline), "ceiling": _number("ceiling", ceiling)}
    given["note"] = _line("note", note)
    record.current().add_part(key, method, _line("split", split), run, part, given)


def record_row(
    paper: str,
    item: str,
    row: str,
    column: str,
    dataset: str,
    metric: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    baseline: float | None = None,
    ceiling: float | None = None,
    note: str = "",
) -> None:
    """Record a measured number that is not an average over predictions, or that it was not run.

    Shares are fractions. With value None the note must begin with "not run" and say why. Recording
    the same cell again replaces what was there. Raises ValueError for NaN and infinite numbers.
    """
    key = _key(paper, item, row, column, dataset, metric)
    note = _line("note", note)
    if value is None and not note.startswith("not run"):
        raise ValueError('note must say "not run: …" and why where value is None')
    names = ("value", "low", "high", "n", "baseline", "ceiling")
    values = (value, low, high, n, baseline, ceiling)
    given = {name: _number(name, number) for name, number in zip(names, values, strict=True)}
    if n is not None:
        _whole("n", n)
    if low is not None and high is not None and low > high:
        raise ValueError(f"low must not be above high, but {low:g} > {high:g}")
    record.current().set_row(key, {**given, "note": note})


def per_image(item: str, row: str, column: str, dataset: str, metric: str, paper: str = ""):
    """What this session recorded in one cell, image by image: (ids, values, groups).

    ids: (N,) sorted; values: (N, R), a column per run as in `record_predictions` (0 or 1 for
    accuracies, squared errors for mse; NaN where an image lacks a run); groups: (N,) or None.
    Raises ValueError where the cell holds no predictions.
    """
    cell = record.current().cells.get((paper, item, row, column, dataset, metric))
    if cell is None or not cell.parts:
        raise ValueError(
            f"no predictions are recorded for item {item!r}, row {row!r}, column {column!r}, "
            f"dataset {dataset!r}, metric {metric!r}: call record_predictions for it first"
        )
    ids, values, _, groups = cell.per_image(metric)
    return ids, values, groups


def paired_gain(better: str, worse: str, **cell) -> tuple[float, float, float, int]:
    """By how much the row `better` beats the row `worse` of one table, compared image by image.

    cell: paper, item, column, dataset, metric, as both were recorded in this session. Returns
    (gain, low, high, images); the gain is a fraction for accuracies, and of errors it is the fall.
    The interval resamples images, or groups; with three or more runs, paired by number, the spread
    of the runs' gains joins it as in `record_predictions`.
    Raises ValueError for predictions that were not recorded, or on other images.
    """
    ids, a, groups = per_image(row=better, **cell)
    others, b, _ = per_image(row=worse, **cell)
    if not np.array_equal(ids, others):
        raise ValueError(
            f"{better!r} and {worse!r} must be recorded on the same images to be paired"
        )
    if cell["metric"] in LOWER_IS_BETTER:
        a, b = -a, -b
    interval = evaluate.paired_gain(np.nanmean(a, axis=1), np.nanmean(b, axis=1), groups)
    per_run = a.mean(axis=0) - b.mean(axis=0) if a.shape == b.shape else []
    return (*evaluate.over_runs(interval, per_run), len(ids))


def flush() -> None:
    """Write what was recorded now; in a notebook this happens by itself after each cell."""
    record.current().flush()


def forget() -> None:
    """Drop what this session recorded, to start over."""
    session = record.current()
    session.cells.clear()
    session.written = False


def _key(*values) -> tuple[str, ...]:
    for name, value in zip(record.KEY, values, strict=True):
        _line(name, value)
    if not values[4]:
        raise ValueError("dataset must name the data set, such as 'synthetic' or 'fi'")
    return values


def _line(name: str, value) -> str:
    if not isinstance(value, str) or any(c in value for c in "\r\n"):
        raise ValueError(f"{name} must be a text of one line, not {value!r}")
    return value


def _whole(name: str, value) -> int:
    if not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return int(value)


def _number(name: str, value) -> float | None:
    if value is None:
        return None
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number or None, not {value!r}")
    return float(value)


def _probabilities(scores: np.ndarray) -> bool:
    return scores.shape[1] == 8 and (scores >= 0).all() and np.allclose(scores.sum(1), 1, atol=1e-3)


def _labels(truth, n: int, classes) -> np.ndarray:
    """Class indices (N,) as float64, from indices or names."""
    truth = np.asarray(truth)
    classes = list(classes) if classes is not None else list(MIKELS8) if n == 8 else None
    if classes is not None and (len(classes) != n or len(set(classes)) < n):
        raise ValueError(f"classes must name the {n} columns of scores, each with its own name")
    if truth.dtype.kind in "UO" and classes is not None:
        unknown = sorted({str(name) for name in truth.flat} - set(classes))
        if unknown:
            raise ValueError(f"truth holds {unknown[0]!r}, which is not one of classes")
        return np.array([classes.index(name) for name in truth.flat], float).reshape(truth.shape)
    if truth.dtype.kind not in "iu":
        raise ValueError("truth must hold class indices, or names together with classes")
    if truth.size and not (truth.min() >= 0 and truth.max() < n):
        raise ValueError(f"truth must lie in 0..{n - 1}, the columns of scores")
    return truth.astype(float)
