"""`emobook predict` and `emobook head`: what people may feel at pictures, and how sure that is."""

import contextlib
import json
import os
import sys
import warnings
from pathlib import Path

from emobook._files import data_dir

NAMED = 34  # characters of a picture's name in the table
SHARE = 5  # one in so many training images is held out for calibration


def add(command) -> None:
    """Add both commands to the parser; `command(name, function, summary)` adds one."""
    predict = command("predict", _predict, "valence, arousal and emotions of pictures")
    predict.add_argument(
        "images", nargs="+", metavar="IMAGE", help="a picture, or a folder: all below it"
    )
    predict.add_argument("--format", choices=("table", "json"), default="table")
    predict.add_argument(
        "--head",
        default="oasis",
        metavar="FOLDER",
        help="what gives valence and arousal (default: the head that comes with this package)",
    )
    predict.add_argument(
        "--model", default="frozen-linear", metavar="NAME", help="a classifier for the emotions"
    )
    source = predict.add_mutually_exclusive_group()
    source.add_argument(
        "--train-on",
        metavar="SET",
        help="where it learns: a data set, or a folder with a folder per emotion (default: fi, "
        "where it is in EMOBOOK_DATA)",
    )
    source.add_argument(
        "--synthetic", action="store_true", help="it learns from drawn scenes: to try it out"
    )
    head = command("head", _head, "fit the head of valence and arousal anew, and show its card")
    head.add_argument("dataset", nargs="?", default="oasis", metavar="SET", help="default: oasis")
    head.add_argument("--write", metavar="FOLDER", help="keep it there, for predict --head FOLDER")


def _predict(options) -> int:
    source = "synthetic" if options.synthetic else options.train_on
    told, bad = predict(options.images, options.model, source, options.head)
    if options.format == "json":
        print(json.dumps(told | {"unreadable": bad}, indent=1))
    elif told["pictures"]:
        print(table(told))
    for line in bad:
        print(f"emobook: {line}", file=sys.stderr)
    return 1 if bad else 0


def _head(options) -> int:
    from emobook import datasets
    from emobook.results import rated_head

    fitted = rated_head.fit(datasets.load(options.dataset, on_error="drop"))
    if options.write:
        rated_head.write(fitted, options.write)
    print(rated_head.card(fitted), end="")
    return 0


def predict(paths, model="frozen-linear", train_on=None, head="oasis") -> tuple[dict, list[str]]:
    """What is predicted for the pictures `paths`, folders among them, and the bad files.

    model: a classifier of `emobook.models.names()`. train_on: the name of a data set with labels,
    or a folder that holds one folder of pictures per emotion; by default "fi" where it is in
    `$EMOBOOK_DATA`, else there are no emotions. The fitted model stays in the cache. head: that of
    valence and arousal, for `models.rated_head.load`.
    The first part can be written as JSON: `scale`, `level` and, with emotions, `emotions` (what
    they come from), and `pictures`, for each `path`, `valence` and `arousal` (value, low, high),
    `emotions` (name → probability, the most probable first) and `set`, the names that together
    hold the true one with the probability `level`. The second has a sentence for each bad file.
    Raises ValueError for a model or a set that cannot be used, HeadError for a head.
    """
    import pandas as pd

    from emobook.models import rated_head

    rated, bad = rated_head.load(head), []
    good = _readable(_pictures(paths, bad), bad)
    told = {"scale": rated.record["scale"], "level": rated.record["level"], "head": str(head)}
    if not good:
        return told | {"pictures": []}, bad
    X = pd.DataFrame({"path": [str(path) for path in good]}, dtype=object)
    values = rated.predict(X)
    pictures = [{"path": path} for path in X["path"]]
    for one, row, bounds in zip(pictures, values, rated.bounds(values), strict=True):
        for name, value, (low, high) in zip(rated.record["ratings"], row, bounds, strict=True):
            numbers = {"value": value, "low": low, "high": high}
            one[name] = {key: round(float(number), 3) for key, number in numbers.items()}
    if train_on is None and _has_fi():
        train_on = "fi"
    if train_on is None:
        print(
            "no emotions: there is nothing here to learn them from. Set EMOBOOK_DATA to a folder "
            "with fi, pass --train-on, or try --synthetic.",
            file=sys.stderr,
        )
    else:
        told["emotions"] = _emotions(model, train_on, X, pictures, told["level"])
    return told | {"pictures": pictures}, bad


def _pictures(paths, bad: list[str]) -> list[Path]:
    """The files among `paths`, and the pictures below the folders, in order."""
    from emobook import images

    found = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        below = []
        for folder, inner, files in os.walk(path):
            inner[:] = [name for name in inner if not name.startswith(".")]
            shown = (name for name in files if not name.startswith("."))
            below += [
                Path(folder, name) for name in shown if name.lower().endswith(images.SUFFIXES)
            ]
        if not below:
            bad.append(f"{path}: the folder holds no picture ({', '.join(images.SUFFIXES)})")
        found += sorted(below)
    return found


def _readable(paths, bad: list[str]) -> list[Path]:
    """Those that can be read; the reasons of the others go to `bad`."""
    from emobook import images
    from emobook._bar import progress

    good = []
    for path in progress(paths, "reading", unit="image"):
        try:
            images.read(path)
            good.append(path)
        except images.ImageError as error:
            bad.append(str(error))
    return good


def _emotions(model: str, train_on: str, X, pictures: list[dict], level: float) -> dict:
    """Add probabilities and sets of emotions to `pictures`; returns what they come from."""
    import numpy as np

    from emobook import models, train
    from emobook.evaluate import conformal

    estimator = models.create(model)
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(f"{model} gives no probabilities of emotions: take frozen-linear")
    table, y, groups, source = _training_images(train_on)
    rows, held_out = np.arange(len(y)), np.arange(0)
    with contextlib.suppress(ValueError), warnings.catch_warnings():  # fewer groups than parts
        warnings.simplefilter("ignore")  # an emotion with fewer images than parts
        parts = conformal.calibration_split(y, groups, SHARE)
        if len(parts[1]) >= conformal.least_images(level):
            rows, held_out = parts
    fitted = train.fitted(estimator, table.iloc[rows], y[rows])
    threshold = -np.inf  # too few images bound nothing, and every emotion is in the set
    if len(held_out):
        # a set cannot hold an emotion that was not learned: then it misses, as with a chance of 0
        chances = np.zeros((len(held_out), 1 + len(fitted.classes_)))
        chances[:, :-1] = fitted.predict_proba(table.iloc[held_out])
        places = {name: i for i, name in enumerate(fitted.classes_)}
        labels = [places.get(name, len(places)) for name in y[held_out]]
        threshold = conformal.label_threshold(chances, labels, level)
    synthetic = source == "synthetic"
    print(
        f"emotions: {model}, trained on {len(rows)} images of {source}, calibrated on "
        f"{len(held_out)} others",
        file=sys.stderr,
    )
    if synthetic:
        print(
            "NOTE: these emotions are synthetic: they were learned from drawn scenes, not from "
            "photos, and say nothing of real pictures. Set EMOBOOK_DATA, or pass --train-on.",
            file=sys.stderr,
        )
    if not len(held_out):
        print(
            f"too few images to calibrate sets of {level:.0%}: each holds every emotion",
            file=sys.stderr,
        )
    chances = fitted.predict_proba(X)
    for one, chance, chosen in zip(
        pictures, chances, conformal.label_sets(chances, threshold), strict=True
    ):
        order = np.argsort(-chance, kind="stable")
        names = [str(fitted.classes_[i]) for i in order]
        one["emotions"] = {
            name: round(float(chance[i]), 4) for name, i in zip(names, order, strict=True)
        }
        one["set"] = [name for name, i in zip(names, order, strict=True) if chosen[i]]
    return {
        "model": model,
        "trained_on": source,
        "synthetic": synthetic,
        "images": len(rows),
        "calibration_images": len(held_out),
    }


def _has_fi() -> bool:
    here = data_dir()
    return bool(here and (here / "fi").is_dir())


def _training_images(train_on: str):
    """(table, names of emotions (N,), groups (N,), what it is called)."""
    import numpy as np

    from emobook import datasets

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
    names = np.asarray(there.classes)[there.labels]
    return there.table, names, there.table["group"].to_numpy(), train_on


def table(told: dict) -> str:
    """A line for each picture: its name, below the folder that all of them are in; both ratings
    with their intervals; and the set."""
    low, high = (f"{end:g}" for end in told["scale"])
    level = f"{told['level']:.0%}"
    ratings = [key for key, value in told["pictures"][0].items() if isinstance(value, dict)]
    ratings = [name for name in ratings if name != "emotions"]
    head = ["picture", *(f"{name} {low}–{high} ({level})" for name in ratings)]
    emotions = told.get("emotions")
    if emotions:
        kind = "synthetic emotions" if emotions["synthetic"] else "emotions"
        head.append(f"{kind} in the {level} set")
    rows = [head]
    paths = [Path(one["path"]).absolute() for one in told["pictures"]]
    shared = os.path.commonpath([path.parent for path in paths])
    for one, path in zip(told["pictures"], paths, strict=True):
        name = str(path.relative_to(shared))
        name = "".join(sign if sign.isprintable() else "�" for sign in name)
        row = [name if len(name) <= NAMED else "…" + name[1 - NAMED :]]
        for key in ratings:
            part = one[key]
            row.append(f"{part['value']:.1f} ({part['low']:.1f} to {part['high']:.1f})")
        if emotions:
            row.append(", ".join(f"{label} {one['emotions'][label]:.0%}" for label in one["set"]))
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
