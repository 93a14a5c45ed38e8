"""The part of IAPS with labels of Mikels' eight emotions (Mikels et al. 2005)."""

import math

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.iaps import ACCESS, LICENCE, PICTURES, SOURCE, pictures, slide_number
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, list_file, read_text
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8

NORMS = ("mikels2005negativenorms.txt", "mikels2005positivenorms.txt")
SIDES = (
    {"Angr": "anger", "Disg": "disgust", "Fear": "fear", "Sadn": "sadness"},
    {"Amus": "amusement", "Awe": "awe", "Cont": "contentment", "Exci": "excitement"},
)
"""Of each file of `NORMS`: how its columns call an emotion, and which it is."""

INFO = Info(
    name="iaps_subset",
    title="IAPS, the part with emotion categories",
    labels="the strongest of four emotions, negative or positive, as people rated them",
    access=f"the pictures {ACCESS}; the norms are in the archive of the journal",
    licence=LICENCE,
    source=f"{SOURCE}; norms: Mikels et al., Behavior Research Methods 37 (2005), archive",
    paper="mikels2005",
    layout=f"the folder {PICTURES} of IAPS and the norms {NORMS[0]} and {NORMS[1]}",
    lists=NORMS,
    folder="iaps",
    classes=MIKELS8,
    images=395,
    expected=dict(zip(MIKELS8, (37, 8, 54, 63, 74, 55, 42, 62), strict=True)),
    expected_source="You et al. 2016, Table 1",
    partial="the norms may name pictures that your edition of IAPS does not hold",
    faults=(
        "How the papers came from the norms to one label per picture is not printed; here it is "
        "the emotion with the greatest mean, which is our assumption.",
        "Negative pictures were rated for the four negative emotions only, and positive ones for "
        "the four positive, so the division into two classes was made before anybody was asked.",
        "The means are strengths, not votes: many pictures have two emotions that hardly differ, "
        "and the authors call those blended or undifferentiated (column category).",
        "Only 8 pictures are anger, too few for five folds.",
    ),
)


def load(root=None, keep_absent: bool = False) -> Dataset:
    """The pictures of IAPS that the norms of Mikels et al. name; `root` as for `iaps`.

    The label is the emotion with the greatest mean, of several the first in the order of
    `MIKELS8`; the column `unique` says whether there is one. Further columns: `category` (the
    letters of the authors, U for undifferentiated), `genders_differ`, and for every emotion
    `<emotion>_mean` and `<emotion>_sd`, nan for those of the other side. `id` is the number of
    the picture, `group` its part before the point; there is no published split, this one is
    `frozen_splits` of the groups. `keep_absent` keeps pictures without a file. A picture that is
    listed twice is in `.dropped`.

    The names of the norms and of their columns (Picture, Category, GendDiff, AngrMean, AngrSD, …)
    are those of the archive's own description; that tabs, or else commas, stand between the
    columns is our assumption. The norms may also lie in `$EMOBOOK_DATA/lists`. Raises
    `DatasetError` with file and line where they are not of this form.
    """
    root = folder_of(INFO, root, may_lack=keep_absent)
    rows, dropped = {}, []
    for file, side in zip(NORMS, SIDES, strict=True):
        for row in _norms(list_file(INFO, root, file), side):
            slide = row["id"]
            if slide in rows:
                dropped.append((str(root / pictures(root, [slide])[0]), f"listed again in {file}"))
            rows.setdefault(slide, row)
    columns = [f"{c}_{part}" for c in MIKELS8 for part in ("mean", "sd")]
    table = pd.DataFrame(
        list(rows.values()), columns=["id", "category", "genders_differ", *columns]
    )
    means = table[[f"{c}_mean" for c in MIKELS8]].fillna(-np.inf).to_numpy()
    groups = [slide.split(".")[0] for slide in rows]
    table.insert(1, "split", frozen_splits(groups))
    table.insert(2, "group", groups)
    table.insert(3, "unique", (means == means.max(axis=1, keepdims=True)).sum(axis=1) == 1)
    return with_files(
        INFO,
        root,
        table,
        pictures(root, rows),
        keep_absent=keep_absent,
        dropped=dropped,
        classes=MIKELS8,
        labels=means.argmax(axis=1),
    )


def _norms(path, side: dict[str, str]) -> list[dict]:
    text = read_text(path, INFO)
    delimiter = "\t" if "\t" in text else ","
    lines = [[f.strip() for f in line.split(delimiter)] for line in text.splitlines()]
    heading = lines[0] if lines else []
    needed = ["Picture", "Category", "GendDiff"]
    needed += [f"{short}{part}" for short in side for part in ("Mean", "SD")]
    lacking = [column for column in needed if column not in heading]
    if lacking:
        raise DatasetError(f"{path}, line 1 lacks the columns {', '.join(lacking)}: get it again")
    found = []
    for number, fields in enumerate(lines[1:], 2):
        if not any(fields):
            continue
        values = dict(zip(heading, fields, strict=False))
        slide = slide_number(values.get("Picture", ""))
        numbers = [_number(values.get(column, "")) for column in needed[3:]]
        if slide is None or None in numbers:
            raise DatasetError(
                f"{path}, line {number}: expected a number of a picture, and a mean and a standard "
                "deviation for each of four emotions"
            )
        row = {
            "id": slide,
            "category": values.get("Category", ""),
            "genders_differ": "*" in values.get("GendDiff", ""),
        }
        columns = [f"{name}_{part}" for name in side.values() for part in ("mean", "sd")]
        found.append({**row, **dict(zip(columns, numbers, strict=True))})
    if not found:
        raise DatasetError(f"{path} lists no picture: get it again")
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
