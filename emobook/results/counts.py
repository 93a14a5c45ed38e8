"""Images per emotion: what the papers' tables of data print, beside what a list at hand holds.

A set is named as `datasets.load` knows it, with one option after a comma where it has readings:
"artphoto", "abstract, ties first", "fi, split_list ser30k".
"""

import inspect

import numpy as np
import pandas as pd

from emobook import datasets
from emobook._bootstrap import Interval
from emobook.datasets.base import Dataset, module
from emobook.emotions import MIKELS8, POSITIVE
from emobook.evaluate import bootstrap_interval
from emobook.results import record_row, reported

_YOU, _RAPOLU = ("you2016", "Table 1"), ("rapolu2023", "Table 1")
_FI = ("you2016", "Table 2", "Labeled")
PLACES = {
    "iaps_subset": ((*_YOU, "IAPS-Subset"),),
    "artphoto": ((*_YOU, "ArtPhoto"), (*_RAPOLU, "ArtPhoto")),
    "abstract": ((*_YOU, "Abstract Paintings"),),
    "abstract, ties first": ((*_RAPOLU, "AP"),),
    "in total": ((*_YOU, "In Total"),),
    "fi": (_FI,),
    "fi, split_list ser30k": (_FI, (*_RAPOLU, "IE")),
    "emotionroi": ((*_RAPOLU, "E-ROI"),),
    "rapolu5": ((*_RAPOLU, "Ours"),),
}
"""Set → where it is counted in print: paper, table, and its row (You) or column (Rapolu)."""
SHEET = "counts"
SMALL = ("iaps_subset", "artphoto", "abstract")
MAJORITY = "Majority baselines"
NAMED = {"fi": "fi, photos here", "fi, split_list ser30k": "fi, public list"}


def find(name: str) -> Dataset | None:
    """A set that is here, with photos or as a list alone; None where there is neither.

    Raises `DatasetError` as `datasets.load` does for a name, an option or a list that is wrong.
    """
    kind, _, reading = name.partition(", ")
    options = {}
    if reading:
        option, _, value = reading.partition(" ")
        options[option] = int(value) if value.isdigit() else value
    if "keep_absent" in inspect.signature(module(kind).load).parameters:
        options["keep_absent"] = True
    return here(lambda: datasets.load(kind, **options))


def here(load):
    """What `load()` gives, such as a table of features; None where its files are not here."""
    try:
        return load()
    except datasets.DatasetMissing:
        return None


def printed(name: str) -> pd.Series:
    """Images per emotion (int64, by lower-case name) at the first place that prints the set."""
    paper, item, title = PLACES[name][0]
    cells = reported(paper)
    cells = cells[cells["item"] == item]
    which, emotion = ("row", "column") if paper == "you2016" else ("column", "row")
    cells = cells[cells[which] == title].set_index(emotion)["printed"].rename(str.lower)
    return cells.reindex(MIKELS8).dropna().astype("int64")


def record(name: str, found: pd.Series | None, dataset: str | None = None) -> None:
    """Record images per emotion (Series by name), and their sum, wherever the set is counted.

    None records that nothing was found. Rapolu et al. file the surprise of EmotionROI under awe
    and leave joy out, so it is recorded like that. dataset: what stands above the column; "found
    here", but the sources of FI by their names in You's Table 2, since there are two.
    """
    if found is not None:
        found = found.rename({"surprise": "awe"}).reindex(MIKELS8).dropna()
        found = pd.concat([found, pd.Series({"sum": found.sum()})])
    for paper, item, title in PLACES.get(name, ()):
        shown = dataset or (NAMED[name] if (paper, item, title) == _FI else "found here")
        for emotion in (*MIKELS8, "sum") if found is None else found.index:
            heading = {"sum": "Total"}.get(emotion, emotion) if paper == "rapolu2023" else emotion
            cell = (heading.capitalize(), title)
            cell = cell[::-1] if paper == "you2016" else cell
            value, note = (None, "not run: not found") if found is None else (found[emotion], "")
            record_row(paper, item, *cell, shown, "images", value, note=note)


def record_sheet(name: str, dataset: Dataset) -> None:
    """Record a set's images per class and in all, for its datasheet (item `SHEET`, no paper).

    The column says what was counted: "photos", or "list" where only names are here, and the
    reading of the set after a comma.
    """
    kind, _, reading = name.partition(", ")
    what = "photos" if dataset.table["path"].notna().any() else "list"
    column = f"{what}, {reading}" if reading else what
    classes = dataset.counts().to_dict() if dataset.labels is not None else {}
    for row, count in {**classes, "all": len(dataset)}.items():
        record_row("", SHEET, row, column, kind, "images", count)


def record_all(names) -> dict[str, pd.Series | None]:
    """Look for each set, record its counts, and return them: name → images per class, or None.

    They are recorded for the tables of the papers that count the set, and for its datasheet.
    Where all three small sets are asked for, their sum is recorded too.
    """
    found = {}
    for name in names:
        dataset = find(name)
        found[name] = None if dataset is None else dataset.counts()
        record(name, found[name])
        if dataset is not None:
            record_sheet(name, dataset)
    if set(SMALL) <= found.keys():
        parts = [found[name] for name in SMALL]
        record("in total", None if any(part is None for part in parts) else sum(parts))
    return found


def record_majorities(sets, resamples: int = 2000) -> dict[tuple[str, str, str], float]:
    """Record what always naming the commonest class scores, which no paper prints.

    sets: (data set, name) → images per class; the first stands above the column, the second heads
    the row. Each has two accuracies, "all classes" and "two classes" (Mikels' four positive
    emotions, joy and surprise against the others), with the interval of another draw of as many
    images. Returns (data set, name, column) → share.
    """
    found = {}
    for (dataset, name), part in sets.items():
        labels = np.repeat(np.arange(len(part)), part)
        sides = part.index.isin((*POSITIVE, "joy", "surprise")).astype(int)[labels]
        for column, y in (("all classes", labels), ("two classes", sides)):
            share = bootstrap_interval(y == np.bincount(y).argmax(), resamples=resamples)
            cell = ("rao2019", MAJORITY, name, column, dataset, "share")
            record_row(*cell, *share, n=len(y))
            found[dataset, name, column] = share.value
    return found


def above_even(part: pd.Series, resamples: int = 2000, seed: int = 0) -> Interval:
    """How much the commonest class exceeds the luck of an even draw, as a share of the images.

    In a draw of as many images in which all classes are alike, some class is commonest too; the
    mean of its share over `resamples` such draws is subtracted. The interval is that of the share.
    """
    n, k = int(part.sum()), len(part)
    even = np.random.default_rng(seed).multinomial(n, [1 / k] * k, resamples).max(axis=1).mean() / n
    is_common = np.repeat(np.arange(k) == part.to_numpy().argmax(), part)
    share = bootstrap_interval(is_common, resamples=resamples, seed=seed)
    return Interval(*(bound - even for bound in share))
