"""IAPS: photos rated for valence, arousal and dominance (Lang, Bradley and Cuthbert 2008).

The pictures and their ratings are handed out under a signed agreement, so nothing of either is in
this package, not even as an example.
"""

import os
import re

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, read_text
from emobook.datasets.record import Info

PICTURES = "IAPS 1-20 Images"
REPORT = "IAPS Tech Report/AllSubjects_1-20.txt"
COLUMNS = (
    "desc", "IAPS", "valmn", "valsd", "aromn", "arosd", "dom1mn", "dom1sd", "dom2mn", "dom2sd",
    "set",
)  # fmt: skip
RATED = ("valence", "arousal", "dominance1", "dominance2")
ACCESS = "on request from the authors, for teachers and researchers of non-profit institutions"
LICENCE = (
    "research use under a signed agreement; never pass the pictures on, print them, or put them "
    "or what shows them on a web page"
)
SOURCE = "https://csea.phhp.ufl.edu/media.html"

INFO = Info(
    name="iaps",
    title="International Affective Picture System (IAPS)",
    labels="mean valence, arousal and dominance of about a hundred people each, 1 to 9",
    access=ACCESS,
    licence=LICENCE,
    source=SOURCE,
    paper="lang2008",
    layout=f"the folders of the edition of 2008: {PICTURES} (1050.jpg, 2055.1.jpg, …) and {REPORT}",
    lists=(REPORT,),
    scale=(1, 9),
    images=1182,
    expected_source="Kim et al. 2018, section III",
    faults=(
        "Twelve pictures were rated in two of the twenty sets; their means are averaged here, and "
        "the standard deviations joined as if as many people had looked each time.",
        "The report has two columns of dominance and fills one of them for most pictures; they "
        "are dominance1 and dominance2 here, and are not to be taken for one.",
        "A tag is one word, some of them two words run together or a word cut short, so a word "
        "list does not know them all.",
        "Pictures whose numbers differ after the point (2055.1, 2055.2) show much the same, and "
        "stay on one side of a split.",
        "The set holds pictures of mutilation and of sex: read the manual before showing it.",
    ),
)
_SLIDE = re.compile(r"[0-9]{4,5}(\.[0-9]+)?")


def load(root=None, keep_absent: bool = False) -> Dataset:
    """IAPS as the technical report lists it: one row per picture, `.ratings` on 1 to 9.

    `id` is the number of the picture as in its file name ("1050", "2055.1"), `group` its part
    before the point. Columns: `tag` (one word for what is shown, as Kim et al. 2018 use it for
    Fig. 8), `valence_sd`, `arousal_sd`, `dominance1`, `dominance1_sd`, `dominance2`,
    `dominance2_sd` (nan for the form that was not used) and `sets` (a tuple of numbers). A
    picture that several sets hold has the mean of their means, and the standard deviation of
    their ratings taken together, the sets weighing the same. There is no published split; this
    one is `frozen_splits` of the groups. `keep_absent` keeps pictures without a file: Kim's
    Figs 6 and 8 need the ratings alone.

    The report is a rich-text file under a plain name: some lines of formatting, a heading with
    the names of `COLUMNS`, and a line per rating, tabs between the values, a point for a missing
    one, and a backslash at the end. Raises `DatasetError` with file and line where it is not.
    """
    root = folder_of(INFO, root)
    rated = _by_slide(_report(root / REPORT))
    groups = [slide.split(".")[0] for slide in rated.index]
    table = pd.DataFrame({"id": rated.index, "split": frozen_splits(groups), "group": groups})
    own = rated.drop(columns=["valence", "arousal"]).reset_index(drop=True)
    return with_files(
        INFO,
        root,
        pd.concat([table, own], axis=1),
        pictures(root, rated.index),
        keep_absent=keep_absent,
        ratings=rated[["valence", "arousal"]],
        scale=INFO.scale,
    )


def pictures(root, slides) -> list[str]:
    """Name below `root` of the picture of every number; a few files end in .JPG."""
    folder = root / PICTURES
    there = os.listdir(folder) if folder.is_dir() else []
    spelt = {name.lower(): name for name in there}
    return [f"{PICTURES}/{spelt.get(f'{slide}.jpg', f'{slide}.jpg')}" for slide in slides]


def slide_number(text: str) -> str | None:
    """The number of a picture as its file name has it ("2055.1", "1050" for "1050.0"), or None."""
    return f"{float(text):.10g}" if _SLIDE.fullmatch(text.strip()) else None


def _report(path) -> pd.DataFrame:
    lines = [
        [field.strip() for field in line.rstrip(" \t\\}").split("\t")]
        for line in read_text(path, INFO).splitlines()
    ]
    # formatting stands before the first name of the heading, on the same line
    starts = [
        number
        for number, (first, *others) in enumerate(lines, 1)
        if first.split()[-1:] == [COLUMNS[0]] and tuple(others) == COLUMNS[1:]
    ]
    if not starts:
        raise DatasetError(
            f"{path} has no heading with {', '.join(COLUMNS)}, tabs between: get the report again"
        )
    rows = []
    for number, fields in enumerate(lines[starts[0] :], starts[0] + 1):
        if fields != [""]:
            rows.append(_row(fields, f"{path}, line {number}"))
    if not rows:
        raise DatasetError(f"{path} lists no picture: get the report again")
    parts = [column for rated in RATED for column in (rated, f"{rated}_sd")]
    return pd.DataFrame(rows, columns=["tag", "id", *parts, "sets"])


def _row(fields: list[str], place: str) -> list:
    if len(fields) != len(COLUMNS):
        raise DatasetError(f"{place}: expected {len(COLUMNS)} values, found {len(fields)}")
    tag, slide, *values, picture_set = fields
    number = slide_number(slide)
    if number is None:
        raise DatasetError(f"{place}: {slide[:40]!r} is no number of a picture")
    try:
        values = [np.nan if value == "." else float(value) for value in values]
        picture_set = int(picture_set)
    except ValueError:
        raise DatasetError(f"{place}: expected numbers, or a point where one is missing") from None
    low, high = INFO.scale
    means, sds = values[::2], values[1::2]
    if not all(low <= mean <= high for mean in means[:2]) or not all(
        0 <= sd <= high - low for sd in sds[:2]
    ):
        raise DatasetError(
            f"{place}: valence and arousal have to be rated between {low} and {high}"
        )
    for mean, sd in zip(means[2:], sds[2:], strict=True):
        missing = np.isnan(mean) and np.isnan(sd)
        if not missing and not (low <= mean <= high and 0 <= sd <= high - low):
            raise DatasetError(f"{place}: dominance has to be rated between {low} and {high}")
    return [tag, number, *values, picture_set]


def _by_slide(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per picture, in the order of the report; index: its number."""
    groups = rows.groupby("id", sort=False)
    result = groups.agg({"tag": "first", "sets": tuple})
    for rated in RATED:
        squares = rows[rated] ** 2 + rows[f"{rated}_sd"] ** 2
        result[rated] = groups[rated].mean()
        variance = squares.groupby(rows["id"]).mean() - result[rated] ** 2
        result[f"{rated}_sd"] = np.sqrt(variance.clip(lower=0))
    return result
