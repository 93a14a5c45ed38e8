"""Twitter I: photos of tweets, felt to be positive or negative by five people (You et al. 2015)."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from emobook.datasets.base import TWO, Dataset, with_files
from emobook.datasets.lists import (
    DatasetError,
    DatasetMissing,
    folder_of,
    frozen_splits,
    is_safe,
    list_file,
    read_text,
)
from emobook.datasets.record import Info

PHOTOS = "Agg_AMT_Candidates"
LISTS = {
    3: ("twitter_three_agrees.txt", "twitter1_at_least_three_agree.csv"),
    4: ("twitter_four_agrees.txt", "twitter1_at_least_four_agree.csv"),
    5: ("twitter_five_agrees.txt", "twitter1_five_agree.csv"),
}
"""How many of five people agree at least → the authors' list, and the public one."""
VOTERS = 5
COLUMNS = ("name", "gt")
NUMBERS = {"0": 0, "1": 1, "negative": 0, "positive": 1}

INFO = Info(
    name="twitter1",
    title="Twitter I",
    labels="positive or negative, on which at least three of five people agreed",
    access="from the authors' page; lists without photos are public",
    licence="research use; every photo belongs to who took it",
    source="https://qzyou.github.io; lists without photos are results/twitter1 in "
    "https://github.com/zeroQiaoba/gpt4v-emotion",
    paper="you2015",
    layout=f"{PHOTOS}/<name> and twitter_three_agrees.txt, twitter_four_agrees.txt, "
    "twitter_five_agrees.txt (lines of a name and 0 or 1), or "
    "twitter1_at_least_three_agree.csv (columns name, gt) there or in $EMOBOOK_DATA/lists",
    lists=LISTS[3][:1],
    classes=TWO,
    positive=("positive",),
    images=1269,
    expected={"negative": 500, "positive": 769},
    expected_source="You et al. 2015, at least three of five agree",
    partial="the lists go round without the photos",
    also_printed={
        "You et al. 2015, at least four of five agree": {"negative": 427, "positive": 689},
        "You et al. 2015, all five agree": {"negative": 301, "positive": 581},
    },
    faults=(
        "With five people and two classes at least three always agree, so the largest of the "
        "three lists is every photo, and its majority may be 3 to 2.",
        "Results in print are on three sets of photos (1,269, 1,116 and 882): the fewer doubtful "
        "ones a set has, the higher the accuracy.",
        "There is no published split; papers use five folds of their own.",
        "Some accounts posted several of the photos; folds that ignore this share them.",
    ),
)


def load(root=None, agreement: int = 3, keep_absent: bool = False) -> Dataset:
    """Twitter I: the photos on which at least `agreement` of five people agreed (3, 4 or 5).

    The authors' lists are looked for first, then the public ones, in `root` and in
    `$EMOBOOK_DATA/lists`. Where the stricter lists are there too, `.votes` says how many of the
    five people were on each side (5 to 0, 4 to 1 or 3 to 2), else it is None. `keep_absent` keeps
    every listed photo, also where there is no file.

    A name begins with the number of an account, `group`, wherever it has that form; that the
    number is an account is our reading. There is no published split; this one is `frozen_splits`
    of the groups. A photo that is listed twice is in `.dropped`. Raises `DatasetError` for a list
    that is not of the form above, and for stricter lists that contradict the one asked for.
    """
    if agreement not in LISTS:
        raise DatasetError(f"twitter1: agreement has to be 3, 4 or 5, not {agreement!r}")
    root = folder_of(INFO, root, may_lack=keep_absent)
    path = list_file(INFO, root, *LISTS[agreement])
    listed, repeated = read_labels(path, INFO)
    groups = [m[1] if (m := re.match(r"(\d+)_", name)) else name for name in listed]
    table = pd.DataFrame({"id": list(listed), "split": frozen_splits(groups), "group": groups})
    labels = np.array(list(listed.values()), dtype=np.int64)
    return with_files(
        INFO,
        root,
        table,
        [f"{PHOTOS}/{name}" for name in listed],
        keep_absent=keep_absent,
        dropped=[(str(root / PHOTOS / name), reason) for name, reason in repeated],
        classes=TWO,
        labels=labels,
        votes=_votes(root, listed, labels, path, agreement),
    )


def read_labels(path: Path, source: Info, columns=COLUMNS) -> tuple[dict[str, int], list]:
    """File name → 0 (negative) or 1 (positive), and (name, reason) of names that are listed twice.

    A .csv has `columns` for name and label among those of its first line; in another list every
    line is a name and a label, divided by a blank or a tab, and a first line that is `columns` is
    passed over. Labels are 0 and 1, or negative and positive. Raises `DatasetError`, with the
    line, for anything else.
    """
    lines = read_text(path, source).splitlines()
    separator, place, start = None, (0, 1), 0
    if path.suffix == ".csv":
        separator, start = ",", 1
        header = [field.strip() for field in lines[0].split(",")] if lines else []
        lacking = [column for column in columns if column not in header]
        if lacking:
            raise DatasetError(
                f"{path}, line 1: the column {lacking[0]} is missing: get the list again"
            )
        place = tuple(header.index(column) for column in columns)
    elif lines and tuple(lines[0].split()) == tuple(columns):
        start = 1
    listed, repeated = {}, []
    for number, line in enumerate(lines[start:], start + 1):
        if not line.strip():
            continue
        fields = [field.strip() for field in line.split(separator)]
        name, label = (fields[i] if i < len(fields) else "" for i in place)
        if not is_safe(name) or "/" in name:
            raise DatasetError(f"{path}, line {number}: {name[:80]!r} is no file name of a photo")
        if label.lower() not in NUMBERS:
            raise DatasetError(
                f"{path}, line {number}: the label of {name[:80]} is {label[:80]!r}, not negative "
                "(0) or positive (1): correct the line, or get the list again"
            )
        if name in listed:
            repeated.append((name, f"listed twice, again in line {number} of {path.name}"))
        listed.setdefault(name, NUMBERS[label.lower()])
    if not listed:
        raise DatasetError(f"{path} lists no photo: get the list again")
    return listed, repeated


def _votes(root: Path, listed, labels, path: Path, agreement: int) -> np.ndarray | None:
    agreeing = dict.fromkeys(listed, agreement)
    for more in range(agreement + 1, VOTERS + 1):
        try:
            stricter = list_file(INFO, root, *LISTS[more])
        except DatasetMissing:
            return None
        for name, label in read_labels(stricter, INFO)[0].items():
            if listed.get(name) != label:
                there = "does not list it" if name not in listed else f"says {TWO[listed[name]]}"
                raise DatasetError(
                    f"{stricter}: {name} is {TWO[label]}, but {path} {there}: get both lists again"
                )
            agreeing[name] = more
    most = np.array(list(agreeing.values()), dtype=np.int64)
    return np.where(np.arange(2) == labels[:, None], most[:, None], VOTERS - most[:, None])
