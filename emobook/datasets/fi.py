"""Flickr and Instagram (FI): photos of eight emotions, one folder per class (You et al. 2016)."""

import json

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import (
    PLACEHOLDER_COPIES,
    DatasetError,
    carve_validation,
    folder_of,
    is_safe,
    read_text,
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
    '([["Amusement/x.jpg", 0], …], classes numbered in alphabetical order)',
    lists=("train.json", "test.json"),
    classes=MIKELS8,
    images=23308,
    expected=dict(zip(MIKELS8, (4942, 1266, 3151, 5374, 1658, 2963, 1032, 2922), strict=True)),
    expected_source="You et al. 2016, Table 2",
)


def load(root=None) -> Dataset:
    """FI as it is listed in `root`: `train.json` and `test.json`, validation carved from train.

    `id` is the listed name; `group` joins files with equal bytes, under the first of their ids;
    `placeholder` marks files of which there are `PLACEHOLDER_COPIES` or more.
    A list that cannot be trusted (not the form above, a name that leaves its folder, a label that
    is no class) raises `DatasetError`; an image that is listed twice, or under another label than
    its folder's, is in `.dropped`.
    """
    root = folder_of(INFO, root)
    names, labels, splits, dropped = [], [], [], []
    seen = {}
    for split, file in zip(("train", "test"), INFO.lists, strict=True):
        for name, label in _entries(root / file):
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
    table = pd.DataFrame({"id": names, "split": carve_validation(splits, names), "group": names})
    dataset = with_files(
        INFO, root, table, names, dropped=dropped, classes=MIKELS8, labels=np.array(labels, int)
    )
    return _with_groups(dataset)


def _with_groups(dataset: Dataset) -> Dataset:
    table = dataset.table
    row = {path: i for i, path in enumerate(table["path"])}
    group = table["group"].to_numpy(dtype=object)
    placeholder = np.zeros(len(table), dtype=bool)
    for copies in same_bytes(table["path"]):
        rows = [row[path] for path in copies]
        group[rows] = min(group[rows])
        placeholder[rows] = len(rows) >= PLACEHOLDER_COPIES
    table["group"] = group
    table["placeholder"] = placeholder
    return dataset


def _entries(path) -> list[tuple[str, int]]:
    text = read_text(path, INFO)
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise DatasetError(f"{path} is not JSON: get the list again") from None
    if not isinstance(entries, list):
        raise DatasetError(f'{path} has to be a list such as [["Amusement/x.jpg", 0], …]')
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
