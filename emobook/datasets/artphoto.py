"""ArtPhoto: 806 artistic photos of eight emotions (Machajdik and Hanbury 2010)."""

import re

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import (
    DatasetError,
    DatasetMissing,
    folder_of,
    frozen_splits,
    list_file,
    read_text,
)
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8

PHOTOS = "testImages_artphoto"
LIST, LABELS = f"list_{PHOTOS}.txt", f"labels_{PHOTOS}.txt"
COUNTS = dict(zip(MIKELS8, (101, 77, 102, 70, 70, 105, 115, 166), strict=True))

INFO = Info(
    name="artphoto",
    title="ArtPhoto",
    labels="one of eight emotions, as the owner of the photo named it",
    access="open: a zip archive on the authors' page; public lists of the names go round without "
    "the photos",
    licence="research use; the photos belong to the artists of the sharing site that they came "
    "from, so none may be passed on",
    source="https://www.imageemotion.org/testImages_artphoto.zip",
    paper="machajdik2010",
    layout=f"the folder {PHOTOS} of the archive (amusement_0487.jpg, …, named by emotion) and, "
    f"where you have them, the lists {LIST} and {LABELS}",
    classes=MIKELS8,
    images=806,
    expected=COUNTS,
    expected_source="You et al. 2016, Table 1",
    also_printed={"Rapolu et al. 2023, Table 1": COUNTS},
    faults=(
        "There is one label per photo and no votes: the owner of the photo gave it, and what "
        "others feel was not asked.",
        "Who took a photo is not recorded, so photos of one artist, or of one series, may lie on "
        "both sides of a split.",
        "The files write sad where the paper writes sadness.",
    ),
)
_NAME = re.compile(r"([a-z]+)_\d+\.jpg", re.IGNORECASE)


def load(root=None, keep_absent: bool = False) -> Dataset:
    """ArtPhoto as the list names it, or as it lies in the folder where there is no list.

    The label of a photo is the word before its number, "sad" for sadness. The archive holds no
    list; the one that goes round, with a file of labels in the same order, is looked for in
    `root` and in `$EMOBOOK_DATA/lists`. With it, photos that are not there are in `.absent`, and
    `keep_absent` keeps their rows. `id` and `group` are the file name. There is no published
    split; this one is `frozen_splits` of the names.

    A photo that is listed twice, or whose name and label differ, is in `.dropped`. Raises
    `DatasetError` where the lists are of unequal length, a line names no photo of `PHOTOS`, or a
    label is none of the eight; `DatasetMissing` where there is neither photo nor list.
    """
    root = folder_of(INFO, root, may_lack=keep_absent)
    try:
        path = list_file(INFO, root, LIST)
    except DatasetMissing:
        entries = _in_folder(root)
        if not entries:
            raise
    else:
        entries = _listed(path)
    labels, dropped = {}, []
    for name, label in entries:
        named = emotion(_NAME.fullmatch(name)[1])
        path = str(root / PHOTOS / name)
        if name in labels:
            dropped.append((path, "listed twice"))
        elif named != label:
            dropped.append((path, f"its label is {label}, its name says {named or 'no emotion'}"))
        else:
            labels[name] = MIKELS8.index(label)
    names = list(labels)
    return with_files(
        INFO,
        root,
        pd.DataFrame({"id": names, "split": frozen_splits(names), "group": names}),
        [f"{PHOTOS}/{name}" for name in names],
        keep_absent=keep_absent,
        dropped=dropped,
        classes=MIKELS8,
        labels=np.array([*labels.values()], dtype=int),
    )


def emotion(word: str) -> str | None:
    """The name in `MIKELS8` of an emotion as this site writes it, None for another word.

    Case does not matter; Content and Sad are contentment and sadness.
    """
    word = word.strip().lower()
    word = {"content": "contentment", "sad": "sadness"}.get(word, word)
    return word if word in MIKELS8 else None


def _listed(path) -> list[tuple[str, str]]:
    names = read_text(path, INFO).splitlines()
    labelled = path.with_name(LABELS)
    words = read_text(labelled, INFO).splitlines()
    if len(names) != len(words):
        raise DatasetError(
            f"{path} has {len(names)} lines and {labelled} has {len(words)}, which have to go "
            "together: get both lists again"
        )
    if not names:
        raise DatasetError(f"{path} lists no photo: get it again")
    entries = []
    for number, (name, word) in enumerate(zip(names, words, strict=True), 1):
        folder, _, name = name.strip().rpartition("/")
        if folder != PHOTOS or not _NAME.fullmatch(name):
            raise DatasetError(
                f"{path}, line {number}: expected a name such as {PHOTOS}/amusement_0487.jpg"
            )
        label = emotion(word)
        if label is None:
            raise DatasetError(
                f"{labelled}, line {number}: {word.strip()[:40]!r} is none of the eight emotions"
            )
        entries.append((name, label))
    return entries


def _in_folder(root) -> list[tuple[str, str]]:
    folder = root / PHOTOS
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    # a photo of a class that is none of the eight is no photo of this set: `verify` names it
    words = {name: emotion(found[1]) for name in names if (found := _NAME.fullmatch(name))}
    return [(name, word) for name, word in words.items() if word]
