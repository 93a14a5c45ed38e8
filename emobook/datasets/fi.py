"""Flickr and Instagram (FI): photos of eight emotions, one folder per class (You et al. 2016)."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import (
    PLACEHOLDER_COPIES,
    DatasetError,
    carve_validation,
    folder_of,
    is_safe,
    list_file,
    one_of,
    read_entries,
    same_bytes,
)
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8

INFO = Info(
    name="fi",
    title="Flickr and Instagram (FI)",
    labels="one of eight emotions, which at least three of five people confirmed",
    access="on request from the authors",
    licence="research use, not to be passed on",
    source="https://qzyou.github.io; a public list of the split is other_dataset/FI in "
    "https://github.com/nku-shengzheliu/SER30K",
    paper="you2016",
    layout="a folder of photos per class (Amusement, Anger, …), train.json and test.json "
    '([["Amusement/x.jpg", 0], …], classes numbered in alphabetical order); for '
    'split_list="ser30k" fi_ser30k_train.json and fi_ser30k_test.json there or in '
    "$EMOBOOK_DATA/lists",
    lists=("train.json", "test.json"),
    classes=MIKELS8,
    images=23308,
    expected=dict(zip(MIKELS8, (4942, 1266, 3151, 5374, 1658, 2963, 1032, 2922), strict=True)),
    expected_source="You et al. 2016, Table 2",
    also_printed={
        "SER30K's public split list": dict(
            zip(MIKELS8, (4859, 1236, 3054, 5291, 1616, 2826, 1000, 2815), strict=True)
        ),
        "Rapolu et al. 2023, Table 1, IE": dict(
            zip(MIKELS8, (4724, 1176, 2883, 5131, 1591, 2727, 969, 2635), strict=True)
        ),
    },
    faults=(
        "The photos were handed out as links; many are dead, so that at least seven sizes of the "
        "set are in print, and a size says which photos were still there, not which were chosen.",
        "Copies hold placeholders: one picture that says that a photo was banned or removed, "
        "stored under the names, and the labels, of many.",
        "The votes of the five people are not distributed, only that three or more agreed; "
        "whether an image had 3, 4 or 5 of 5 votes cannot be recovered.",
        "Some copies renamed the photos (amusement1181.jpg); these cannot be matched with the "
        "public split list, which has the names of Flickr and Instagram.",
        "The list that was published for a split is not the authors': their own 80/5/15 division "
        "was never published, so accuracies in print are on different test sets.",
    ),
)
LISTS = {
    "own": INFO.lists,
    "ser30k": ("fi_ser30k_train.json", "fi_ser30k_test.json"),
}


class Size(NamedTuple):
    """A size of FI that is in print: `images`, by `who`, and the `reason`, as far as stated."""

    images: int
    who: str
    reason: str


SIZES = (
    Size(23308, "You et al. 2016, Table 2", "of 90,000 candidates, three of five people agreed"),
    Size(23267, "You et al. 2016, test set", "implied: 3,490 test images are 15 per cent of it"),
    Size(23185, "an archive in circulation", "counted with its placeholders of banned images"),
    Size(23164, "Zhu et al. 2017; Rao et al. 2019", "the other links were dead"),
    Size(22697, "SER30K's public list", "divided 85 to 15; papers print it as 22,700"),
    Size(22260, "Lim et al. 2020", "not stated"),
    Size(21836, "Rapolu et al. 2023, Table 1", "not stated"),
)
"""Seven sizes of one data set, largest first; the second is computed, not printed."""


def load(root=None, split_list: str = "own", keep_absent: bool = False) -> Dataset:
    """FI as a pair of lists divides it into train and test; validation is carved from train.

    split_list : "own" reads `train.json` and `test.json` in `root`; "ser30k" the division that
        the authors of SER30K published (19,290 + 3,407 names, without photos), from `root` or
        `$EMOBOOK_DATA/lists`.
    keep_absent : keep every listed image, also where no photo is there.

    `id` is the listed name; `group` joins files with equal bytes, under the first of their ids,
    and is what validation is carved by; `placeholder` marks files of which there are
    `PLACEHOLDER_COPIES` or more.
    A list that cannot be trusted (not the form above, a name that leaves its folder, a label that
    is no class) raises `DatasetError`; an image that is listed twice, or under another label than
    its folder's, is in `.dropped`.
    """
    one_of("fi: split_list", split_list, LISTS)
    root = folder_of(INFO, root, may_lack=keep_absent)
    names, labels, splits, dropped = [], [], [], []
    seen = {}
    for split, file in zip(("train", "test"), LISTS[split_list], strict=True):
        path = root / file if split_list == "own" else list_file(INFO, root, file)
        for name, label in _entries(path):
            folder = name.split("/")[0]
            if name in seen:
                dropped.append((str(root / name), f"listed twice, in {seen[name]} and {split}"))
            elif folder.lower() != MIKELS8[label]:
                dropped.append(
                    (str(root / name), f"label {label} is {MIKELS8[label]}, its folder is {folder}")
                )
            else:
                names.append(name)
                labels.append(label)
                splits.append(split)
            seen.setdefault(name, split)
    table = pd.DataFrame({"id": names, "split": splits, "group": names})
    dataset = with_files(
        INFO,
        root,
        table,
        names,
        keep_absent=keep_absent,
        dropped=dropped,
        classes=MIKELS8,
        labels=np.array(labels, int),
    )
    return _with_groups(dataset)


def _with_groups(dataset: Dataset) -> Dataset:
    table = dataset.table
    row = {path: i for i, path in enumerate(table["path"]) if path is not None}
    group = table["group"].to_numpy(dtype=object)
    placeholder = np.zeros(len(table), dtype=bool)
    for copies in same_bytes(row):
        rows = [row[path] for path in copies]
        group[rows] = min(group[rows])
        placeholder[rows] = len(rows) >= PLACEHOLDER_COPIES
    table["group"] = group
    table["split"] = carve_validation(table["split"], group)
    table["placeholder"] = placeholder
    return dataset


def _entries(path) -> list[tuple[str, int]]:
    entries = read_entries(path, INFO, '[["Amusement/x.jpg", 0], …]')
    for i, entry in enumerate(entries):
        shown = repr(entry)[:80]
        if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)):
            raise DatasetError(f'{path}: entry {i} is {shown}, not ["Amusement/x.jpg", 0]')
        name, label = entry
        if not is_safe(name) or name.count("/") != 1:
            raise DatasetError(f"{path}: entry {i} names {shown}, not a photo in a class folder")
        if type(label) is not int or not 0 <= label < len(MIKELS8):
            raise DatasetError(f"{path}: entry {i} is {shown}, its label is none of 0 to 7")
    return entries
