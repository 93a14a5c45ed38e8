"""EmoSet-118K: 118,102 images of eight emotions, with a published split (Yang et al. 2023)."""

import os

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, is_safe, read_entries
from emobook.datasets.record import SPLITS, Info
from emobook.emotions import MIKELS8

FORM = '["amusement", "image/amusement/x.jpg", "annotation/amusement/x.json"]'

INFO = Info(
    name="emoset",
    title="EmoSet-118K",
    labels="one of eight emotions, which people confirmed, and six attributes of the image",
    access="open, by links on the authors' page",
    licence="research use; every image under the terms of its own source",
    source="https://github.com/JingyuanYY/EmoSet",
    paper="yang2023emoset",
    layout="image/<class>/<name>.jpg, annotation/<class>/<name>.json, train.json, val.json and "
    f"test.json ([{FORM}, …])",
    lists=tuple(f"{split}.json" for split in SPLITS),
    classes=MIKELS8,
    images=118102,
    expected_source="Yang et al. 2023, abstract",
    faults=(
        "Images were searched for by words for emotions and confirmed one by one; nobody was "
        "asked what else an image evokes, so there are no shares.",
        "info.json numbers the classes positive ones first; the numbers here are those of "
        "Mikels' eight in alphabetical order.",
        "The authors' page shows four entries to a line of the lists, with an id; the lists in "
        "circulation have three.",
        "Brightness and colourfulness were computed, scenes, objects, faces and actions "
        "predicted by models: these attributes are no human labels.",
    ),
)


def load(root=None) -> Dataset:
    """EmoSet-118K in its published split, 80/5/15 per cent.

    `id` is the file name without its ending, which the set calls the image's id; `annotation` is
    the path of the image's file of attributes, which is not opened (118,102 small files). An
    image that is listed twice, or under another label than its folder's, is in `.dropped`. A list
    of another form raises `DatasetError` with the number of the entry, counted from 0.
    """
    root = folder_of(INFO, root)
    rows, dropped = {}, []
    for split in SPLITS:
        path = root / f"{split}.json"
        for i, entry in enumerate(read_entries(path, INFO, f"[{FORM}, …]")):
            label, name, annotation = _parts(path, i, entry)
            key = name.split("/")[-1].rsplit(".", 1)[0]
            folder = name.split("/")[-2]
            if key in rows:
                dropped.append((str(root / name), f"listed twice, in {rows[key][1]} and {split}"))
            elif folder != label:
                dropped.append((str(root / name), f"labelled {label}, its folder is {folder}"))
            else:
                rows[key] = label, split, name, os.path.join(root, annotation)
    if not rows:
        raise DatasetError(f"{root}: the lists {', '.join(INFO.lists)} name no image")
    labels, splits, names, annotations = zip(*rows.values(), strict=True)
    table = pd.DataFrame(
        {"id": list(rows), "split": splits, "group": list(rows), "annotation": annotations}
    )
    return with_files(
        INFO,
        root,
        table,
        names,
        dropped=dropped,
        classes=MIKELS8,
        labels=np.array([MIKELS8.index(label) for label in labels], dtype=np.int64),
    )


def _parts(path, i: int, entry) -> tuple[str, str, str]:
    texts = isinstance(entry, list) and all(isinstance(part, str) for part in entry)
    if not texts or len(entry) not in (3, 4):
        raise DatasetError(
            f"{path}: entry {i} is {repr(entry)[:80]}, not {FORM}: get the list again"
        )
    label, name, annotation = entry[0], entry[-2], entry[-1]
    if label not in MIKELS8:
        raise DatasetError(
            f"{path}: entry {i} is labelled {label[:80]!r}, which is none of {', '.join(MIKELS8)}"
        )
    if not (is_safe(name) and is_safe(annotation) and "/" in name):
        raise DatasetError(
            f"{path}: entry {i} names {repr(entry)[:80]}, not an image in a class folder"
        )
    return label, name, annotation
