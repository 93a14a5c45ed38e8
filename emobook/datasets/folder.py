"""The reader's own pictures: a folder of them, or a folder per class."""

import contextlib
import dataclasses
import os
import warnings
from pathlib import Path

import pandas as pd

from emobook import images
from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, is_safe, same_bytes
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8, POSITIVE

INFO = Info(
    name="folder",
    title="your own pictures",
    labels="the names of the folders that they are in, if any",
    access="nothing to ask for",
    licence="whatever you may do with them",
    source="your own disk",
    paper="",
    layout="a folder of pictures per class (awe, fear, …), or pictures without any class",
    faults=(
        "A class is known as positive or negative by its name only: Mikels' eight, joy, surprise, "
        "positive and negative, in capitals or not. Two-class views leave all others out.",
    ),
)
PLUS = (*POSITIVE, "joy", "surprise", "positive")
KNOWN = (*MIKELS8, "joy", "surprise", "positive", "negative")
"""Class names whose polarity is known."""


def load(root=None) -> Dataset:
    """The pictures in `root`, or in the folders right below it, one for each class.

    Classes are the names of the folders, in alphabetical order; those of Mikels' eight come in
    small letters, so in the order of `MIKELS8`. Where the pictures lie in `root` itself, there are
    no classes. Pictures are found by their endings (`images.SUFFIXES`). Hidden files and folders
    are passed over, other files too, with a warning. Pictures that lie elsewhere (beside the class
    folders, or in folders within them) are in `.dropped`, rather than under a wrong class.

    `id` is the name below `root`; `group` joins files with equal bytes, under the first of their
    names; the split is `frozen_splits` of the groups.

    Raises `DatasetMissing` where there is no picture, `DatasetError` where a class folder is
    empty, or all pictures lie in folders within folders.
    """
    root = folder_of(INFO, root)
    names, dropped = pictures(INFO, root)
    if "/" not in names[0]:
        return as_listed(INFO, root, names, dropped)
    spelt = {name.casefold(): name for name in KNOWN}
    labels = [spelt.get(f.casefold(), f) for f in (name.split("/")[0] for name in names)]
    classes = tuple(sorted(set(labels), key=lambda c: (c.casefold(), c)))
    info = dataclasses.replace(
        INFO,
        classes=classes,
        positive=tuple(c for c in classes if c in PLUS),
        neutral=tuple(c for c in classes if c not in KNOWN),
    )
    return as_listed(info, root, names, dropped, classes, [classes.index(c) for c in labels])


def as_listed(source: Info, root: Path, names, dropped, classes=None, labels=None) -> Dataset:
    """The `Dataset` of the pictures `names` below `root`: equal files together, split by hash."""
    row = {str(root / name): i for i, name in enumerate(names)}
    groups = list(names)
    for copies in same_bytes(row):
        rows = [row[path] for path in copies]
        for i in rows:
            groups[i] = names[min(rows)]
    table = pd.DataFrame({"id": names, "split": frozen_splits(groups), "group": groups})
    return with_files(source, root, table, names, dropped=dropped, classes=classes, labels=labels)


def pictures(source: Info, root: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """Names of the pictures in the folders of `root` ("awe/1.jpg"), else in `root` ("1.jpg").

    The second part is what lies elsewhere, with the reason, for `Dataset.dropped`. Names are in
    alphabetical order. Raises as `load` does.
    """
    beside, folders, others = _listed(root)
    names, deeper, empty = [], [], []
    for folder in folders:
        files, inner, more = _listed(root / folder)
        below = [name for f in inner for name in _below(root, f"{folder}/{f}")]
        names += [f"{folder}/{file}" for file in files]
        deeper += below
        others += [f"{folder}/{file}" for file in more]
        if not files and not below:
            empty.append(folder)
    if names and empty:
        raise DatasetError(
            f"{root / empty[0]} holds no picture ({', '.join(images.SUFFIXES)}): "
            "put some there, or remove the folder"
        )
    if deeper and not names and not beside:
        raise DatasetError(
            f"{root} holds folders within folders ({deeper[0]}): pass the one that holds a folder "
            "of pictures per class"
        )
    if not names and not beside:
        raise source.missing(f"{root} holds no picture{_endings(others)}")
    if others:
        warnings.warn(
            f"{source.name}: {len(others)} files in {root} are no pictures{_endings(others)}",
            stacklevel=4,
        )
    dropped = [(name, "it lies in a folder within a folder") for name in deeper]
    if names:
        dropped += [(name, "it lies beside the folders of the classes") for name in beside]
    else:
        names = beside
    good = [name for name in names if is_safe(name)]
    # A name that is no text has no hash, and thus no split.
    strange = [name for name in names if not is_safe(name)]
    dropped += [(name, "its name holds characters that no name should") for name in strange]
    shown = [(_shown(root / name), reason) for name, reason in dropped]
    if not good:
        raise DatasetError(f"{shown[-1][0]}: {shown[-1][1]}, like all others: rename them")
    return good, shown


def _listed(folder: Path) -> tuple[list[str], list[str], list[str]]:
    """Names of the pictures, the folders and the other files in `folder`, nothing hidden."""
    files, folders, others = [], [], []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DatasetError(f"{folder} cannot be listed ({error.strerror})") from None
    for entry in entries:
        if entry.name.startswith((".", "__MACOSX")):
            continue
        with contextlib.suppress(OSError):  # a link in a circle is neither file nor folder
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.is_file():
                is_picture = entry.name.lower().endswith(images.SUFFIXES)
                (files if is_picture else others).append(entry.name)
    return files, folders, others


def _below(root: Path, folder: str) -> list[str]:
    """Names of all pictures in `folder` and in whatever lies below it; links are not followed."""
    found = []
    for parent, inner, _ in os.walk(root / folder):
        inner[:] = [name for name in inner if not name.startswith(".")]
        there = Path(parent).relative_to(root).as_posix()
        found += [f"{there}/{name}" for name in _listed(Path(parent))[0]]
    return sorted(found)


def _endings(others: list[str]) -> str:
    endings = sorted({Path(name).suffix.lower() or "no ending" for name in others})
    return f" (the endings are {', '.join(endings[:5])})" if endings else ""


def _shown(path: Path) -> str:
    return str(path).encode(errors="backslashreplace").decode()
