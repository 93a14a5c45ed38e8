"""From y, p and distributions to what a loss of Rao et al. is computed against.

Three names of losses, shared by every classifier that is trained by gradient descent:

- "cross_entropy": eq. 7, labels alone;
- "multi_task": eq. 6 with weight `lam` on the emotion distribution, by default that of eq. 4;
- "label_probability": eq. 10 (form="temperature") or eq. 11 (form="weight").
"""

import dataclasses
import functools
import numbers
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from emobook import losses
from emobook.emotions import MIKELS8, indices, wheel_distribution

LOSSES = ("cross_entropy", "multi_task", "label_probability")


@dataclasses.dataclass(frozen=True)
class Targets:
    """classes (C,), labels (N,) as positions in `classes`, `tensors` of N rows each, and the
    loss, called as loss(logits, *tensors)."""

    classes: np.ndarray
    labels: np.ndarray
    tensors: tuple[torch.Tensor, ...]
    loss: Callable


def prepare(estimator, X, y, distributions=None, p=None) -> Targets:
    """Check y, p and distributions against the `loss`, `lam`, `form`, `offset` of `estimator`.

    y: names or whole numbers (N,). Where distributions decide (given, or drawn on the wheel),
    there is one class per column, and whole numbers are positions in 0..C-1; else the classes are
    the values that occur in y. p: one number, or (N,); by default the column `p` of the table X.
    Raises ValueError that names the argument and says what to do.
    """
    if estimator.loss not in LOSSES:
        raise ValueError(f"loss must be one of {', '.join(LOSSES)}, not {estimator.loss!r}")
    y = np.asarray(y)
    if y.ndim != 1 or len(y) == 0:
        raise ValueError(f"y must hold one label per image, of shape (N,), not {y.shape}")
    named = y.dtype.kind == "O" and all(isinstance(one, str | numbers.Integral) for one in y)
    if y.dtype.kind not in "biuU" and not named:
        raise ValueError(f"y must hold names or whole numbers, not values of type {y.dtype}")
    if len(X) != len(y):
        raise ValueError(f"y must be as long as X, {len(X)}, not {len(y)}")
    if estimator.loss == "multi_task":
        if distributions is None:
            classes, labels, distributions = _on_the_wheel(y, _p(X, p), estimator.offset)
        else:
            distributions = np.asarray(distributions, dtype=np.float64)
            if distributions.ndim != 2 or len(distributions) != len(y):
                raise ValueError(
                    f"distributions must be of shape ({len(y)}, C), not {distributions.shape}"
                )
            classes = _classes(y, distributions.shape[1])
            labels = positions(y, classes)
        loss = functools.partial(losses.multi_task_loss, lam=estimator.lam)
        targets = labels, distributions.astype(np.float32)
    else:
        classes, labels = np.unique(y, return_inverse=True)
        loss, targets = losses.cross_entropy, (labels,)
        if estimator.loss == "label_probability":
            loss = functools.partial(losses.label_probability_loss, form=estimator.form)
            share = _p(X, p).astype(np.float32)
            if share.ndim and share.shape != y.shape:
                raise ValueError(f"p must be one number or as long as y, {len(y)}")
            targets = labels, np.broadcast_to(share, y.shape).copy()
    if len(classes) < 2:
        raise ValueError(f"y must hold at least two classes, not only {classes[0]}")
    return Targets(classes, labels, tuple(torch.from_numpy(part) for part in targets), loss)


def check_sgd(estimator) -> None:
    """Raise ValueError unless epochs, batch_size, lr of `estimator` are numbers to train with."""
    for name, kind in (("epochs", "whole "), ("batch_size", "whole "), ("lr", "")):
        value = getattr(estimator, name)
        wanted = numbers.Integral if kind else numbers.Real
        if not isinstance(value, wanted) or isinstance(value, bool) or not value > 0:
            raise ValueError(f"{name} must be a {kind}number above 0, not {value!r}")


def positions(y, classes: np.ndarray, argument: str = "y") -> np.ndarray:
    """Each label's place in `classes`. Raises ValueError for one that is not there."""
    y = np.asarray(y)
    found = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    if not np.array_equal(classes[found], y):
        raise ValueError(
            f"{argument} must hold only {', '.join(map(str, classes))}, but contains "
            f"{y[classes[found] != y][0]!r}"
        )
    return found.astype(np.int64)


def _p(X, p):
    if p is None and isinstance(X, pd.DataFrame) and "p" in X:
        p = X["p"].to_numpy()
    if p is None:
        raise ValueError(
            "p is not known, but this loss needs the share of voters who chose the label: "
            "pass p=…, one number or one per image, or a table with a column 'p'"
        )
    try:
        return np.asarray(p, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("p must hold numbers in (0, 1]: one, or one per image") from None


def _on_the_wheel(y, p, offset):
    try:
        labels = indices(y, argument="y")
    except ValueError as reason:
        raise ValueError(
            f"{reason}; the wheel has places for the eight only: pass distributions=…"
        ) from None
    classes = np.arange(8) if y.dtype.kind in "iu" else np.array(MIKELS8)
    return classes, labels, wheel_distribution(labels, p, offset=offset)


def _classes(y, count: int) -> np.ndarray:
    """The classes behind the `count` columns of given distributions."""
    if y.dtype.kind in "iu":
        return np.arange(count)
    classes = np.array(MIKELS8) if set(y) <= set(MIKELS8) and count == 8 else np.unique(y)
    if len(classes) != count:
        raise ValueError(
            f"distributions have {count} columns, y holds {len(classes)} names: pass y as "
            "positions of the columns"
        )
    return classes
