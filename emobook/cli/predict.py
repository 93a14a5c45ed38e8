"""`emobook predict`: the emotions of single pictures, by a model fitted on a set that is here."""

import sys
import warnings
from pathlib import Path

import numpy as np

from emobook._files import data_dir

WIDTH = 40  # characters of a bar that stands for certainty


def predict(paths, model: str = "frozen-linear", train_on: str | None = None) -> list[str]:
    """Print the probability of each emotion for the pictures `paths`; returns the bad files.

    model : a classifier of `emobook.models.names()`. train_on : the name of a data set with
    labels, or a folder that holds one folder of pictures per emotion; by default "fi" where it is
    in `$EMOBOOK_DATA`, else "synthetic". The fitted model stays in the cache.
    Raises ValueError for a model or a set that cannot be used.
    """
    import pandas as pd

    from emobook import images, models, train

    good, bad = [], []
    for path in paths:
        try:
            images.read(path)
            good.append(path)
        except images.ImageError as error:
            bad.append(str(error))
    if good:
        estimator = models.create(model)
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(f"{model} gives no probabilities of emotions: take frozen-linear")
        X, y, source = _training_images(train_on)
        print(f"{model}, trained on {len(y)} images of {source}", file=sys.stderr)
        if source == "synthetic":
            print(
                "NOTE: trained on drawn scenes, not on photos: these numbers are synthetic and say "
                "nothing of real pictures. Set EMOBOOK_DATA, or pass --train-on.",
                file=sys.stderr,
            )
        fitted = train.fitted(estimator, X, y)
        chances = fitted.predict_proba(pd.DataFrame({"path": [str(path) for path in good]}))
        for path, chance in zip(good, chances, strict=True):
            print(f"\n{path}")
            for i in np.argsort(-chance, kind="stable"):
                bar = "█" * round(WIDTH * chance[i])
                print(f"  {fitted.classes_[i]:<12} {chance[i]:5.1%}  {bar}".rstrip())
    return bad


def _training_images(train_on: str | None):
    """(table, names of emotions (N,), what it is called)."""
    from emobook import datasets

    if train_on is None:
        here = data_dir()
        train_on = "fi" if here and (here / "fi").is_dir() else "synthetic"
    is_folder = train_on not in datasets.names() and Path(train_on).is_dir()
    where = {"name": "folder", "root": train_on} if is_folder else {"name": train_on}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is left out matters to a measurement, not here
        dataset = datasets.load(**where, on_error="drop")
    if dataset.labels is None or len(np.unique(dataset.labels)) < 2:
        lack = (
            "must hold a folder of pictures for each of 2 or more emotions"
            if is_folder
            else "has no emotion labels to train on: take fi or synthetic"
        )
        raise ValueError(f"{train_on} {lack}")
    there = dataset.subset(dataset.table["path"].notna().to_numpy())
    return there.table, np.asarray(there.classes)[there.labels], train_on
