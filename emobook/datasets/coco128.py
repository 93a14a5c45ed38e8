"""COCO: photos with boxes of the objects in them (Lin et al. 2014); no emotions.

An auxiliary set, for what looks for objects. Two layouts are read:

- the first 128 photos of each published part, as https://github.com/lightly-ai/coco128_yolo
  distributes them: `config.yaml` (class names), `images/<part>/<name>.jpg`,
  `object_detection/labels/<part>/<name>.txt` (a line per object: class, then centre and size as
  shares of the picture's width and height) and, for 100 of each part,
  `semantic_segmentation/masks/<part>/<name>.png`;
- COCO as its owners distribute it: `annotations/instances_<part>.json` and the photos in
  `<part>/` or `images/<part>/`. Where there is such a list, it is the one that is read.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import yaml
from PIL import Image

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, carve_validation, folder_of, is_safe, read_text
from emobook.datasets.record import Info

INFO = Info(
    name="coco128",
    title="COCO, the first 128 photos of both parts",
    labels="boxes and names of objects of 80 classes, semantic masks for 200 of the photos",
    access="open",
    licence="annotations CC BY 4.0; every photo under the terms of Flickr and of its owner",
    source="https://cocodataset.org/#termsofuse and, for the small copy, "
    "https://github.com/lightly-ai/coco128_yolo",
    paper="lin2014",
    layout="config.yaml with the folders images and object_detection/labels, each with train2017 "
    "and val2017 (000000000009.jpg and .txt), or COCO's own annotations/instances_train2017.json "
    "and …val2017.json with the folders of photos train2017 and val2017",
    images=256,
    expected_source="the distributor: 128 photos each of train2017 and val2017",
    partial="the small copy has label files for two photos that it does not hold",
    faults=(
        "No emotions: the set serves detectors of objects.",
        "The small copy has no label files for two photos of train2017 in which nothing is marked "
        "(000000000250, 000000000508), and two without photos (000000000656, 000000000659).",
        "56 of the 256 photos have no mask.",
        "The small copy is the head of COCO in the order of its numbers, not a random sample.",
        "COCO's own lists mark crowds with one box for many objects, and have boxes without "
        "area: both are left out.",
    ),
)
PARTS = {"train2017": "train", "val2017": "test"}
"""The published parts and their splits: results on COCO are those on val2017."""

_BEYOND = 1e-6  # the label files have six digits


def load(root=None) -> Dataset:
    """The photos with their boxes; `labels`, `votes` and `ratings` are None.

    The table has `boxes`, lists of (name, x0, y0, x1, y1) in pixels from the upper left corner,
    cut at the picture's edges (what has no area then is left out), `box_labels`, lists of the
    names alone, and `mask_path`, a PNG of COCO's panoptic class numbers with 0 for unlabelled,
    or None. A photo without a label file has no objects, as is usual in this form. `val` is
    carved from train2017.

    Of the photos only the head is read, for the size to which a label file refers. One that has
    none, and one with a line that is no box, are in `.dropped`, with file and line. Raises
    `DatasetError` for class names, or a list in JSON, of another form.
    """
    root = folder_of(INFO, root)
    lists = {part: root / "annotations" / f"instances_{part}.json" for part in PARTS}
    lists = {part: path for part, path in lists.items() if path.is_file()}
    found = _from_json(root, lists) if lists else _from_text(root)
    rows, dropped = [], []
    for part, file, boxes in found:
        if isinstance(boxes, str):
            dropped.append((str(root / file), boxes))
            continue
        name = file.rpartition("/")[2]
        mask = root / "semantic_segmentation" / "masks" / part / f"{Path(name).stem}.png"
        rows.append(
            {
                "file": file,
                "id": f"{part}/{name}",
                "split": PARTS[part],
                "group": f"{part}/{name}",
                "boxes": boxes,
                "box_labels": [box[0] for box in boxes],
                "mask_path": str(mask) if mask.is_file() else None,
            }
        )
    columns = ["file", "id", "split", "group", "boxes", "box_labels", "mask_path"]
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    table["split"] = carve_validation(table["split"], table["id"])
    return with_files(INFO, root, table, table.pop("file").tolist(), dropped=dropped)


def _side(pixels) -> float:
    """Width or height of a picture. Raises ValueError, TypeError or OverflowError for another."""
    if not 0 < (side := float(pixels)) < math.inf:
        raise ValueError(pixels)
    return side


def _cut(name: str, x0, y0, x1, y1, width, height) -> list[tuple]:
    """The box within the picture, as a list of one; of none where no area remains."""
    x0, x1 = (min(max(x, 0.0), float(width)) for x in (x0, x1))
    y0, y1 = (min(max(y, 0.0), float(height)) for y in (y0, y1))
    return [(name, x0, y0, x1, y1)] if x0 < x1 and y0 < y1 else []


def _from_text(root: Path) -> Iterator[tuple[str, str, list | str]]:
    """Part, photo below `root`, and its boxes or why there are none, from one text per photo."""
    folder = root / "object_detection" / "labels"
    if not any((folder / part).is_dir() for part in PARTS):
        raise INFO.missing(f"neither {folder} nor {root / 'annotations'} has labels")
    names = _class_names(root)
    for part in PARTS:
        photos = {path.stem for path in (root / "images" / part).glob("*.jpg")}
        texts = {path.stem for path in (folder / part).glob("*.txt")}
        for stem in sorted(photos | texts):
            file, boxes = f"images/{part}/{stem}.jpg", []
            if stem in photos & texts:
                try:
                    with Image.open(root / file) as image:
                        size = image.size
                except Exception:  # the reader fails in many ways on a damaged file
                    yield part, file, "its head is not that of an image"
                    continue
                boxes = _boxes(folder / part / f"{stem}.txt", names, *size)
            yield part, file, boxes


def _boxes(path: Path, names: dict[int, str], width: int, height: int) -> list | str:
    boxes = []
    for number, line in enumerate(read_text(path, INFO).splitlines(), 1):
        if not line.strip():
            continue
        kind, *numbers = line.split()
        try:
            name = names[int(kind)]
            x, y, w, h = map(float, numbers)
        except (KeyError, ValueError):
            return f"{path}, line {number}: expected one of {len(names)} classes and four numbers"
        if not all(-_BEYOND <= value <= 1 + _BEYOND for value in (x, y, w, h)):
            return f"{path}, line {number}: centre and size have to be shares, 0 to 1"
        edges = ((x - w / 2) * width, (y - h / 2) * height,
                 (x + w / 2) * width, (y + h / 2) * height)  # fmt: skip
        boxes += _cut(name, *edges, width, height)
    return boxes


def _class_names(root: Path) -> dict[int, str]:
    """Number → name, from the first `config.yaml`: a mapping of numbers, or a list."""
    paths = [root / "config.yaml", root / "object_detection" / "config.yaml"]
    path = next((path for path in paths if path.is_file()), paths[0])
    text = read_text(path, INFO)
    try:
        names = yaml.safe_load(text)["names"]
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DatasetError(f"{path}{line}: no YAML ({error.problem}); get it again") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError):
        raise DatasetError(f"{path} has no names of classes: get it again") from None
    if isinstance(names, list):
        names = dict(enumerate(names))
    good = isinstance(names, dict) and names and all(type(key) is int for key in names)
    if not good or not all(isinstance(name, str) for name in names.values()):
        raise DatasetError(f"{path}: names have to be a list, or numbers with names: get it again")
    return names


def _from_json(root: Path, lists: dict[str, Path]) -> Iterator[tuple[str, str, list]]:
    """Part, photo below `root`, and its boxes, from COCO's own lists."""
    for part, path in lists.items():
        text = read_text(path, INFO)
        try:
            content = json.loads(text)
            names = {kind["id"]: str(kind["name"]) for kind in content["categories"]}
            photos = {
                photo["id"]: (photo["file_name"], _side(photo["width"]), _side(photo["height"]))
                for photo in content["images"]
            }
            annotations = list(content["annotations"])
        except json.JSONDecodeError as error:
            raise DatasetError(
                f"{path}, line {error.lineno}: no JSON ({error.msg}); get it again"
            ) from None
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            raise DatasetError(
                f"{path} lacks COCO's categories, images (with sizes) and annotations: get it again"
            ) from None
        files = [name for name, *_ in photos.values()]
        if len(set(map(str, files))) < len(content["images"]):
            raise DatasetError(f"{path} lists a photo twice: get it again")
        for name in files:
            if not is_safe(name) or "/" in name:
                raise DatasetError(f"{path}: {str(name)[:80]!r} is no file name; get it again")
        boxes = {photo: [] for photo in photos}
        for number, mark in enumerate(annotations, 1):
            try:
                if mark.get("iscrowd"):
                    continue
                _, width, height = photos[mark["image_id"]]
                x, y, w, h = map(float, mark["bbox"])
                if not all(map(math.isfinite, (x, y, w, h))) or w < 0 or h < 0:
                    raise ValueError
                box = _cut(names[mark["category_id"]], x, y, x + w, y + h, width, height)
            except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
                raise DatasetError(
                    f"{path}: annotation {number} is no box of a listed class in a listed photo; "
                    "get it again"
                ) from None
            boxes[mark["image_id"]] += box
        folder = f"images/{part}" if (root / "images" / part).is_dir() else part
        for photo, (name, *_) in photos.items():
            yield part, f"{folder}/{name}", boxes[photo]
