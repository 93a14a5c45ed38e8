"""Folds, and what is predicted in them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn import model_selection
from sklearn.base import clone

from emobook import _bar
from emobook.train import fitted


class Fold(NamedTuple):
    """One fold of one repeat; `train` and `test` hold row positions."""

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def repeated_folds(y, groups=None, splits: int = 5, repeats: int = 5, seed: int = 0) -> list[Fold]:
    """Shuffled folds, `repeats` times over; each repeat tests every image once.

    y of whole numbers or strings is stratified, y of floats (N,) or (N, K) is not; images of one
    group stay together. Repeat r is drawn with seed + r. Raises ValueError for fewer images, or
    groups, than splits.
    """
    y = np.asarray(y)
    for name, value, least in (("splits", splits, 2), ("repeats", repeats, 1)):
        if value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    if len(y if groups is None else set(groups)) < splits:
        what = "images" if groups is None else "groups"
        raise ValueError(f"splits must be at most the number of {what}, not {splits}")
    continuous = y.dtype.kind == "f"
    kind = {
        (False, False): model_selection.StratifiedKFold,
        (False, True): model_selection.StratifiedGroupKFold,
        (True, False): model_selection.KFold,
        (True, True): model_selection.GroupKFold,
    }[continuous, groups is not None]
    folds = []
    for repeat in range(repeats):
        splitter = kind(splits, shuffle=True, random_state=seed + repeat)
        parts = splitter.split(np.zeros(len(y)), y, groups)
        folds += [Fold(repeat, fold, train, test) for fold, (train, test) in enumerate(parts)]
    return folds


def cross_predict(
    estimator, X, y, folds, progress: bool = True, shared: bool = False, **fit_params
) -> pd.DataFrame:
    """Predict each fold's test images with a clone of `estimator` fitted on its training images.

    X: table, array or list of N; y: labels 0..C-1 (N,) or floats (N,) or (N, K); folds: those of
    `repeated_folds`; fit_params: per-image arguments of `fit`, cut to the training images.
    shared: keep each fold's fit, and take it where it was done before (see `train.fitted`).
    Returns a DataFrame with columns index (position in X), repeat, fold, truth, scores. For labels
    scores are arrays (C,), C = largest label + 1: probabilities, else decision values (then a
    class that was not trained has -inf). For floats they are predictions.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "iuf":
        raise ValueError(f"y must hold labels 0..C-1 or floats, not {y.dtype}")
    rows = []
    for repeat, fold, train, test in _bar.progress(folds, "folds", show=progress):
        kept = {name: take(value, train) for name, value in fit_params.items()}
        inputs = take(X, train)
        if shared:
            model = fitted(estimator, inputs, y[train], **kept)
        else:
            model = clone(estimator).fit(inputs, y[train], **kept)
        if y.dtype.kind == "f":
            scores = model.predict(take(X, test))
        else:
            scores = class_scores(model, take(X, test), int(y.max()) + 1)
        rows += [(i, repeat, fold, y[i], s) for i, s in zip(test, scores, strict=True)]
    return pd.DataFrame(rows, columns=["index", "repeat", "fold", "truth", "scores"])


def per_image(predictions: pd.DataFrame) -> pd.Series:
    """What the intervals take: correctness per image, averaged over repeats, ordered by index.

    predictions: the result of `cross_predict` for labels; for ratings, squared errors instead.
    """
    truth, scores = np.stack(predictions["truth"]), np.stack(predictions["scores"])
    if truth.dtype.kind == "f":
        value = (truth - scores) ** 2
    else:
        value = (scores.argmax(axis=1) == truth).astype(float)
    return pd.Series(value).groupby(predictions["index"].to_numpy()).mean()


def take(values, index):
    if hasattr(values, "iloc"):
        return values.iloc[index]
    return values[index] if isinstance(values, np.ndarray) else [values[i] for i in index]


def class_scores(model, X, n: int) -> np.ndarray:
    """(N, n) scores with the columns where the classes belong, also if training lacked some."""
    if hasattr(model, "predict_proba"):
        given, absent = model.predict_proba(X), 0.0
    else:
        given, absent = model.decision_function(X), -np.inf
        if given.ndim == 1:  # two classes: one value, the second class's
            given = np.stack([-given, given], axis=1)
    scores = np.full((len(given), n), absent)
    scores[:, np.asarray(model.classes_)] = given
    return scores
