"""Abstract paintings with votes for eight emotions (Machajdik and Hanbury 2010)."""

import re

import numpy as np
import pandas as pd

from emobook.datasets.artphoto import emotion
from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import (
    DatasetError,
    folder_of,
    frozen_splits,
    list_file,
    one_of,
    read_text,
)
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8

PHOTOS = "testImages_abstract"
VOTES = "ABSTRACT_groundTruth.csv"
LABELS = "abstract_labels.csv"
TIES = ("drop", "first")

INFO = Info(
    name="abstract",
    title="Abstract paintings",
    labels="votes of about 14 people each for eight emotions",
    access="open: a zip archive on the authors' page; a public list of names and labels goes "
    "round without the votes",
    licence="research use; the paintings belong to their makers, so none may be passed on",
    source="https://www.imageemotion.org/testImages_abstract.zip",
    paper="machajdik2010",
    layout=f"the folder {PHOTOS} of the archive (abstract_0001.jpg, … and {VOTES})",
    lists=(f"{PHOTOS}/{VOTES}",),
    classes=MIKELS8,
    images=228,
    expected=dict(zip(MIKELS8, (25, 3, 15, 63, 18, 36, 36, 32), strict=True)),
    expected_source="You et al. 2016, Table 1 (one winner each)",
    also_printed={
        "Rapolu et al. 2023, Table 1 (ties to the first)": dict(
            zip(MIKELS8, (33, 9, 28, 72, 29, 36, 41, 32), strict=True)
        )
    },
    faults=(
        "The papers read the votes in two ways: 228 paintings with one winner (ties='drop'), or "
        "all 280, ties to the class that comes first in the alphabet (ties='first').",
        "The vote shares and the public list have 229 paintings with one winner, 64 of them "
        "contentment, where 228 and 63 are printed; the reading of 280 agrees with its print.",
        "The number of votes varies: 14 is the middle, and the shares imply 5 to 25 at least.",
        "Only 3 paintings (9 with ties) are anger, too few for five folds.",
        "The numbers in the file names go beyond 280, since some are not used.",
    ),
)
_NAME = re.compile(r"abstract_\d+\.jpg", re.IGNORECASE)


def load(root=None, ties: str = "drop", keep_absent: bool = False) -> Dataset:
    """The abstract paintings: `.votes` (N, 8), their shares, and the winner as `.labels`.

    ties : "drop" keeps the paintings with one winner (228 in You et al. 2016, Table 1; 229 in the
        votes); "first" keeps all 280 and gives a tie to the first of its classes in the order of
        `MIKELS8`, which is how Rapolu et al. (2023, Table 1) come to 280. The column `unique`
        says which paintings have one winner.
    keep_absent : keep paintings that are listed without a file.

    A line of `VOTES` is a name in single quotes and eight counts, under a heading of quoted class
    names. Where only the public list `LABELS` is there (columns name and gt, one winner each), in
    `root` or in `$EMOBOOK_DATA/lists`, the labels come from it and there are no votes. A painting
    that is listed twice is in `.dropped`. `id` and `group` are the file name; there is no
    published split, this one is `frozen_splits` of the names.

    Raises `DatasetMissing` for ties="first" without votes, `DatasetError` for another value of
    `ties`, and with file and line where a list is not of this form.
    """
    one_of("abstract: ties", ties, TIES)
    root = folder_of(INFO, root, may_lack=keep_absent)
    path = list_file(INFO, root, INFO.lists[0], VOTES, LABELS)
    voted = path.name == VOTES
    if ties == "first" and not voted:
        raise INFO.missing(f"{path} holds no votes, which ties='first' needs")
    answers, dropped = {}, []
    for name, answer in (_votes if voted else _labels)(path):
        if name in answers:
            dropped.append((str(root / PHOTOS / name), "listed twice"))
        answers.setdefault(name, answer)
    names = np.array([*answers], dtype=object)
    values = np.array([*answers.values()], dtype=np.int64)
    parts = {"labels": values}
    table = pd.DataFrame({"id": names, "split": frozen_splits(names), "group": names})
    if voted:
        winners = (values == values.max(axis=1, keepdims=True)).sum(axis=1)
        table["unique"] = winners == 1
        kept = table["unique"].to_numpy() | (ties == "first")
        table, names = table[kept].reset_index(drop=True), names[kept]
        parts = {"labels": values[kept].argmax(axis=1), "votes": values[kept]}
    return with_files(
        INFO,
        root,
        table,
        [f"{PHOTOS}/{name}" for name in names],
        keep_absent=keep_absent,
        dropped=dropped,
        classes=MIKELS8,
        **parts,
    )


def _votes(path) -> list[tuple[str, list[int]]]:
    """Name and votes in the order of `MIKELS8`, for every line."""
    (_, heading), *rows = _rows(path)
    classes = [emotion(word) for word in heading[1:]]
    if set(classes) != set(MIKELS8) or len(classes) != len(MIKELS8):
        raise DatasetError(f"{path}, line 1: expected the names of the eight emotions")
    order = [classes.index(c) for c in MIKELS8]
    found = []
    for number, (name, *counts) in rows:
        votes = [int(c) for c in counts if re.fullmatch(r"[0-9]{1,6}", c)]
        if not len(votes) == len(counts) == len(MIKELS8) or not any(votes):
            raise DatasetError(
                f"{path}, line {number}: expected a name and eight counts, not all of them 0"
            )
        found.append((_checked(name, path, number), [votes[i] for i in order]))
    return found


def _labels(path) -> list[tuple[str, int]]:
    (_, heading), *rows = _rows(path)
    if heading[:2] != ["name", "gt"]:
        raise DatasetError(f"{path}, line 1: expected the columns name and gt")
    found = []
    for number, row in rows:
        label = emotion(row[1]) if len(row) > 1 else None
        if label is None:
            raise DatasetError(f"{path}, line {number}: expected a name and one of eight emotions")
        found.append((_checked(row[0], path, number), MIKELS8.index(label)))
    return found


def _rows(path) -> list[tuple[int, list[str]]]:
    """Number and fields of every line that is not blank; at least a heading and a row."""
    lines = enumerate(read_text(path, INFO).splitlines(), 1)
    # no field that is read here can hold a comma, so the quotes tell nothing
    rows = [(n, [f.strip(" '") for f in line.split(",")]) for n, line in lines if line.strip()]
    if len(rows) < 2:
        raise DatasetError(f"{path} lists no painting: get it again")
    return rows


def _checked(name: str, path, number: int) -> str:
    if not _NAME.fullmatch(name):
        raise DatasetError(f"{path}, line {number}: {name[:40]!r} is no name as abstract_0001.jpg")
    return name
