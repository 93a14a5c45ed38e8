"""ADE20K: scenes with a mask of 150 classes for every pixel (Zhou et al. 2017); no emotions.

An auxiliary set, for what looks at the background of a picture: Kim et al. (2018, section III)
describe it by 150 such classes. Two layouts are read, as the benchmark's repository
https://github.com/CSAILVision/sceneparsing states them:

- the benchmark, ADEChallengeData2016: `images/{training,validation}/<name>.jpg` and
  `annotations/{training,validation}/<name>.png`, with or without a folder of that name around;
- the three validation photos of that repository: `sampleData/{images,annotations}`.

Beside them lies `objectInfo150.txt` or `objectInfo150.csv`, with the names of the classes.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, carve_validation, folder_of, read_text
from emobook.datasets.record import Info

INFO = Info(
    name="ade20k",
    title="ADE20K, scene parsing benchmark of 2016",
    labels="a mask of 150 classes per photo",
    access="open; the repository has three photos, the page of the benchmark all",
    licence="annotations BSD-3-Clause; photos for research and teaching that earns nothing",
    source="http://sceneparsing.csail.mit.edu, https://github.com/CSAILVision/sceneparsing and "
    "https://groups.csail.mit.edu/vision/datasets/ADE20K/terms/",
    paper="zhou2017",
    layout="objectInfo150.txt or .csv with the folders images and annotations, each with training "
    "and validation (ADE_val_00000001.jpg and .png), or with sampleData/images and "
    "sampleData/annotations",
    images=22210,
    expected_source="the repository of the benchmark: 20,210 for training, 2,000 for validation",
    faults=(
        "No emotions: the set serves segmentation.",
        "Class 0 of a mask is everything else and what nobody labelled, in one.",
        "In objectInfo150.csv semicolons stand for blanks as well as between synonyms, so that two "
        "classes begin with the same word; objectInfo150.txt has blanks and commas.",
        "Three photos, as in the repository, are enough to check code, not to train or to compare.",
    ),
)
CLASSES = 150
_TOP = "ADEChallengeData2016"
# photos, masks, split: results on the benchmark are those on its validation part
_PARTS = (
    *(
        (f"{top}images/{part}", f"{top}annotations/{part}", split)
        for top in ("", f"{_TOP}/")
        for part, split in (("training", "train"), ("validation", "test"))
    ),
    ("sampleData/images", "sampleData/annotations", "test"),
)


def load(root=None) -> Dataset:
    """The photos with their masks; `labels`, `votes` and `ratings` are None.

    The table has `mask_path`, a PNG in which 1 to 150 count through `class_names` and 0 is
    everything else. `val` is carved from the part for training. A photo of which there are two
    copies is taken once. A mask without a photo is in `.absent`, a photo without a mask in
    `.dropped`. Raises `DatasetMissing` where there are no masks.
    """
    root = folder_of(INFO, root)
    rows, dropped, seen = [], [], set()
    for photos, masks, split in _PARTS:
        there = {path.stem for path in (root / photos).glob("*.jpg")}
        masked = {path.stem for path in (root / masks).glob("*.png")}
        dropped += [
            (str(root / photos / f"{stem}.jpg"), f"there is no mask {root / masks / stem}.png")
            for stem in sorted(there - masked)
        ]
        rows += [
            {
                "file": f"{photos}/{stem}.jpg",
                "id": f"{stem}.jpg",
                "split": split,
                "group": f"{stem}.jpg",
                "mask_path": str(root / masks / f"{stem}.png"),
            }
            for stem in sorted(masked - seen)
        ]
        seen |= masked
    if not rows:
        raise INFO.missing(f"there are no masks in {root}")
    table = pd.DataFrame(rows)
    table["split"] = carve_validation(table["split"], table["id"])
    return with_files(INFO, root, table, table.pop("file").tolist(), dropped=dropped)


def class_names(root=None) -> tuple[str, ...]:
    """The 150 classes with their synonyms, as listed, in the order of the masks' values 1 to 150.

    Where a copy has both lists, the one with tabs counts ("screen door, screen"): the other has
    semicolons for blanks, too ("screen;door;screen"). Raises `DatasetMissing` where there is
    none, `DatasetError` where it is other.
    """
    root = folder_of(INFO, root)
    names = [f"{top}objectInfo150.{kind}" for kind in ("txt", "csv") for top in ("", f"{_TOP}/")]
    path = next((root / name for name in names if (root / name).is_file()), root / names[0])
    head, *lines = read_text(path, INFO).splitlines() or [""]
    mark = "\t" if "\t" in head else ","
    column = {name.strip(): i for i, name in enumerate(head.split(mark))}
    found = []
    for number, line in enumerate(lines, 2):
        cells = line.split(mark)
        if not line.strip():
            continue
        if len(cells) != len(column) or not {"Idx", "Name"} <= set(column):
            raise DatasetError(f"{path}, line {number}: expected Idx, …, Name; get it again")
        if cells[column["Idx"]].strip() != str(len(found) + 1):
            raise DatasetError(f"{path}, line {number}: expected class {len(found) + 1}")
        found.append(cells[column["Name"]].strip())
    if len(found) != CLASSES:
        raise DatasetError(f"{path} has {len(found)} classes, not {CLASSES}: get it again")
    return tuple(found)


def area_shares(mask) -> np.ndarray:
    """How much of a picture each class covers: float64 (150,), in the order of `class_names`.

    mask: a path, a PIL image or an array (H, W) of whole numbers, 0 to 150. The shares are of all
    pixels, so they sum to 1 less the share of class 0, which has no place in the result.
    Raises ValueError for another mask, DatasetError for a file that cannot be read.
    """
    name = "mask"
    if isinstance(mask, (str, os.PathLike)):
        name = str(Path(mask))
        try:
            with Image.open(name) as image:
                mask = np.asarray(image)
        except Exception:  # the reader fails in many ways on a damaged file
            raise DatasetError(f"{name} cannot be read as an image: get it again") from None
    mask = np.asarray(mask)
    if mask.ndim != 2 or not mask.size or mask.dtype.kind not in "iu":
        raise ValueError(f"{name} has to be (H, W) whole numbers, not {mask.dtype} {mask.shape}")
    if mask.min() < 0 or mask.max() > CLASSES:
        raise ValueError(
            f"{name} goes from {mask.min()} to {mask.max()}, not within 0 to {CLASSES}"
        )
    return np.bincount(mask.ravel(), minlength=CLASSES + 1)[1:] / mask.size
