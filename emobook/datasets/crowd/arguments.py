"""Whether an argument can be used: else a ValueError of one sentence that names it."""

import numbers

import numpy as np
import pandas as pd


def column(frame, name: str) -> np.ndarray:
    if not isinstance(frame, pd.DataFrame) or name not in frame or frame.empty:
        raise ValueError(f"workers must be a table with the column {name!r} and at least one row")
    return share(f"workers[{name!r}]", frame[name])


def share(name: str, values) -> np.ndarray:
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        values = np.array(np.nan)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} must hold numbers from 0 to 1")
    return values


def within(name: str, value, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not low <= value <= high:
        raise ValueError(f"{name} must be a number from {low} to {high}, not {value!r}")


def whole(name: str, value, low: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, not {value!r}")


def pair(name: str, value) -> None:
    pair = isinstance(value, tuple | list) and len(value) == 2
    if not pair or not all(isinstance(v, numbers.Real) and np.isfinite(v) for v in value):
        raise ValueError(f"{name} must be a pair of numbers (mean, standard deviation)")
    if value[1] < 0:
        raise ValueError(f"{name} must have a standard deviation of at least 0, not {value[1]}")
