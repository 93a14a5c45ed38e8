"""The first photos of COCO as the small copy of it is distributed: one text file per photo."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CONFIG = """# YOLO format
path: .
train: images/train2017
val: images/val2017

names:
  0: person
  1: bicycle
  2: traffic light
"""
BOXES = {
    "train2017/000000000009": "0 0.5 0.5 0.5 1\n2 0.125 0.25 0.25 0.5\n",
    "train2017/000000000025": "1 0.479492 0.688771 0.955609 0.5955\n\n",
    "train2017/000000000030": "",
    "val2017/000000000139": "0 0.9 0.5 0.2000009 0.5\n",
    "val2017/000000000285": "2 0.5 0.5 1 1\n",
}
SIZE = (40, 30)


def make(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG)
    _photos(folder / "images")
    for number, (name, text) in enumerate(BOXES.items()):
        file = folder / "object_detection" / "labels" / f"{name}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if number % 2 == 0:
            mask = folder / "semantic_segmentation" / "masks" / f"{name}.png"
            mask.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", SIZE, number).save(mask)


def make_official(folder: Path) -> None:
    """The same photos with the same boxes, as COCO's owners distribute them."""
    kinds = {0: (1, "person"), 1: (2, "bicycle"), 2: (10, "traffic light")}
    _photos(folder)
    (folder / "annotations").mkdir()
    for part in ("train2017", "val2017"):
        names = [name for name in BOXES if name.startswith(part)]
        marks = []
        for name in names:
            for line in BOXES[name].split("\n"):
                if not line:
                    continue
                kind, x, y, w, h = map(float, line.split())
                corner = ((x - w / 2) * SIZE[0], (y - h / 2) * SIZE[1])
                marks.append(
                    {
                        "id": len(marks) + 1,
                        "image_id": int(name[-12:]),
                        "category_id": kinds[kind][0],
                        "bbox": [*corner, w * SIZE[0], h * SIZE[1]],
                        "iscrowd": 0,
                    }
                )
        content = {
            "categories": [{"id": number, "name": name} for number, name in kinds.values()],
            "images": [
                {"id": int(n[-12:]), "file_name": f"{n[-12:]}.jpg", "width": 40, "height": 30}
                for n in names
            ],
            "annotations": marks,
        }
        (folder / "annotations" / f"instances_{part}.json").write_text(json.dumps(content))


def _photos(folder: Path) -> None:
    for seed, name in enumerate(BOXES):
        file = folder / f"{name}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file)
