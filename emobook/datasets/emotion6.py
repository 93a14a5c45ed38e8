"""Emotion6: 1,980 photos of six search words, with shares of seven emotions (Peng et al. 2015)."""

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.ldl import EKMAN7
from emobook.datasets.lists import (
    DatasetError,
    folder_of,
    frozen_splits,
    is_safe,
    one_of,
    read_text,
)
from emobook.datasets.record import Info

WORDS = EKMAN7[:-1]
"""The six words that were searched for, which are the names of the folders."""

INFO = Info(
    name="emotion6",
    title="Emotion6",
    labels="shares of six emotions and neutral, mean valence and arousal from 1 to 9",
    access="open, from the authors' page",
    licence="academic research only; every photo remains its owner's",
    source="http://chenlab.ece.cornell.edu/downloads.html",
    paper="peng2015",
    layout="ground_truth.txt and images/<search word>/<number>.jpg, six folders of 330 photos",
    lists=("ground_truth.txt",),
    classes=EKMAN7,
    scale=(1, 9),
    images=1980,
    positive=("joy", "surprise"),
    neutral=("neutral",),
    also_printed={"search words, by the notes that come with the set": dict.fromkeys(WORDS, 330)},
    faults=(
        "There are two labels: the folder is the word that was searched for, the vote is the "
        "emotion with the largest share. A result has to say which it used: at least 633 of the "
        "1,980 differ, as the counts alone show, and the column `differ` says which.",
        "By votes the classes are far from equal: joy leads 638 times, neutral 325, anger 31.",
        "In 85 photos several emotions share the lead; the first in the order of the classes then "
        "counts, and the column `unique` is False.",
        "The shares are no counts of people: many are no multiple of a fifteenth or thirtieth. "
        "They have about six digits, and are divided by their sums.",
        "There is no published split; this one is by a hash of the file name.",
        "EmotionROI is reported to hold the same photos: do not train on one and test on the "
        "other.",
    ),
)
LABELS = ("votes", "folder")


def load(root=None, *, label: str = "votes", keep_absent: bool = False) -> Dataset:
    """Emotion6 as it is listed in `ground_truth.txt`.

    label : "votes" takes the emotion with the largest of the seven shares (of several, the first
        in the order of the classes), "folder" the word that was searched for. The classes are
        seven in both cases, so that they fit the shares; no photo was searched for as neutral.
    keep_absent : keep the rows of photos that are absent, with the path None.

    `.distributions` are the shares (N, 7), `.ratings` means from 1 to 9, whatever the label. The
    table has both labels by name (`folder`, `voted`), whether they `differ`, whether the largest
    share is `unique`, and the share of the label (`p`, 0 for some folders). The split is
    `frozen_splits` of the names.

    The format is that of the notes that come with the set: a first line of column names, then one
    line per photo, separated by tabs. A line that is otherwise raises `DatasetError`; a photo that
    is listed twice is in `.dropped`.
    """
    one_of("emotion6: label", label, LABELS)
    root = folder_of(INFO, root)
    path = root / INFO.lists[0]
    listed, lines, dropped = {}, {}, []
    for number, name, numbers in _lines(path):
        if name in listed:
            reason = f"listed twice, in lines {lines[name]} and {number} of {path.name}"
            dropped.append((str(root / "images" / name), reason))
        else:
            listed[name], lines[name] = numbers, number
    names = list(listed)
    numbers = np.array(list(listed.values()))
    shares = numbers[:, 2:] / numbers[:, 2:].sum(axis=1, keepdims=True)
    voted = shares.argmax(axis=1)
    folders = np.array([EKMAN7.index(name.split("/")[0]) for name in names])
    labels = voted if label == "votes" else folders
    table = pd.DataFrame(
        {
            "id": names,
            "split": frozen_splits(names),
            "group": names,
            "folder": np.array(EKMAN7)[folders],
            "voted": np.array(EKMAN7)[voted],
            "differ": folders != voted,
            "unique": (shares == shares.max(axis=1, keepdims=True)).sum(axis=1) == 1,
            "p": shares[np.arange(len(names)), labels],
        }
    )
    return with_files(
        INFO,
        root,
        table,
        [f"images/{name}" for name in names],
        keep_absent=keep_absent,
        dropped=dropped,
        classes=EKMAN7,
        labels=labels,
        distributions=shares,
        ratings=pd.DataFrame(numbers[:, :2], columns=["valence", "arousal"]),
        scale=INFO.scale,
    )


def _lines(path):
    """(line, name, [valence, arousal, seven shares]) of every photo."""
    content = read_text(path, INFO).splitlines()
    heads = content[0].split("\t") if content else []
    # "[prob. anger]" is the column "anger"
    place = {(head.strip("[] ").split() or [""])[-1].lower(): i for i, head in enumerate(heads)}
    wanted = ("image_filename", "valence", "arousal", *EKMAN7)
    lacking = [name for name in wanted if name not in place]
    if lacking:
        raise DatasetError(
            f"{path}, line 1: there is no column {', '.join(lacking)} (separated by tabs): "
            "get the list again"
        )
    if not any(line.strip() for line in content[1:]):
        raise DatasetError(f"{path} lists no photo: get the list again")
    for number, line in enumerate(content[1:], 2):
        if not line.strip():
            continue
        fields = line.split("\t")
        where = f"{path}, line {number}"
        if len(fields) != len(heads):
            raise DatasetError(
                f"{where}: {len(fields)} fields, not {len(heads)}: get the list again"
            )
        name, *texts = (fields[place[column]].strip() for column in wanted)
        if not is_safe(name) or name.count("/") != 1 or name.split("/")[0] not in WORDS:
            raise DatasetError(
                f"{where}: {name[:80]!r} is no photo in a folder {', '.join(WORDS)}: "
                "get the list again"
            )
        try:
            numbers = np.array(texts, dtype=np.float64)
        except ValueError:
            raise DatasetError(f"{where}: a rating or a share is no number") from None
        ratings, shares = numbers[:2], numbers[2:]
        if not ((ratings >= 1) & (ratings <= 9)).all():
            raise DatasetError(f"{where}: valence and arousal have to lie between 1 and 9")
        if not ((shares >= 0).all() and abs(shares.sum() - 1) < 0.01):
            raise DatasetError(f"{where}: the seven shares have to sum to 1")
        yield number, name, numbers
