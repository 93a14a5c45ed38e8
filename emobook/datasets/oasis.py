"""OASIS: 900 photos rated for valence and arousal (Kurdi, Lozano and Banaji 2017)."""

import io
import re

import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, is_safe, read_text
from emobook.datasets.record import Info

INFO = Info(
    name="oasis",
    title="Open Affective Standardized Image Set (OASIS)",
    labels="mean valence and arousal of about a hundred people each, 1 to 7",
    access="open",
    licence="free for research, online and offline, as its authors say; every photo under the "
    "terms of its own source, which the list names (Pixabay 646, Wikipedia 174, Flickr 72, …)",
    source="https://osf.io/6pnd7/ and https://www.benedekkurdi.com/#oasis",
    paper="kurdi2017",
    layout="OASIS.csv and the photos in images, under their Theme (images/Acorns 1.jpg)",
    lists=("OASIS.csv",),
    scale=(1, 7),
    images=900,
    expected_source="Kurdi et al. 2017",
    partial="copies often leave out the four explicit themes, 62 photos",
    faults=(
        "The lines of the list end in carriage returns alone: some readers see one line.",
        "Two values of Theme end in a blank, Crosswalk 1 and War 2; their files do not.",
        "Monkey 3.jpg is a PNG with an alpha channel.",
        "158 of the 248 themes have several photos, which show much the same (Acorns 1, Acorns 2): "
        "split by theme, or the test has near-duplicates of what was learnt.",
        "Many copies lack the four explicit themes (Nude man, Nude woman, Nude couple, BDSM), "
        "62 photos whose mean arousal is 4.4, where that of the others is 3.6.",
        "No split was published.",
    ),
)
RATED = ("valence", "arousal")


def load(root=None) -> Dataset:
    """OASIS as it is listed in `OASIS.csv`; `id` and `theme` are the Theme without blanks.

    `group` is the theme without its number: "Acorns 1" and "Acorns 2" show much the same, and
    belong on the same side of a split. The set has no published split; this one is
    `frozen_splits` of the groups. The table has the columns `theme`, `category`, and for both
    ratings `_sd` and `_n`.
    """
    root = folder_of(INFO, root)
    path = root / INFO.lists[0]
    try:
        # reading as text has turned the line ends of the file, carriage returns, into newlines
        listed = pd.read_csv(
            io.StringIO(read_text(path, INFO)),
            dtype={"Theme": str},
            index_col=False,
            skip_blank_lines=False,  # so that a row's number is its line's
        ).dropna(how="all")
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(f"{path} is not a CSV table ({reason}): get it again") from None
    columns = [f"{r.title()}_{part}" for r in RATED for part in ("mean", "SD", "N")]
    lacking = [c for c in ("Theme", "Category", *columns) if c not in listed]
    if lacking:
        raise DatasetError(f"{path} lacks the columns {', '.join(lacking)}: get it again")
    if listed.empty:
        raise DatasetError(f"{path} lists no photo: get it again")
    lines = listed.index + 2
    listed = listed.reset_index(drop=True)
    themes = listed["Theme"].fillna("").str.strip()
    wrong = ~themes.map(is_safe) | themes.str.contains("/", regex=False) | themes.duplicated()
    if wrong.any():
        row = int(wrong.argmax())
        raise DatasetError(
            f"{path}, line {lines[row]}: the Theme {themes[row][:80]!r} is no file name of its own:"
            " get it again"
        )
    numbers = listed[columns].apply(pd.to_numeric, errors="coerce")
    numbers.columns = [c.lower() for c in columns]
    means = numbers[[f"{r}_mean" for r in RATED]].set_axis(RATED, axis=1)
    wrong = ~means.apply(lambda rating: rating.between(*INFO.scale)).all(axis=1)
    if wrong.any():
        row = int(wrong.argmax())
        raise DatasetError(
            f"{path}, line {lines[row]}: {themes[row][:80]!r} lacks a rating between 1 and 7: "
            "get it again"
        )
    groups = themes.map(lambda theme: re.sub(r"\s+\d+$", "", theme))
    table = pd.DataFrame(
        {
            "id": themes,
            "split": frozen_splits(groups),
            "group": groups,
            "theme": themes,
            "category": listed["Category"],
            **{f"{r}_{part}": numbers[f"{r}_{part}"] for r in RATED for part in ("sd", "n")},
        }
    )
    files = [f"images/{theme}.jpg" for theme in themes]
    return with_files(INFO, root, table, files, ratings=means, scale=INFO.scale)
