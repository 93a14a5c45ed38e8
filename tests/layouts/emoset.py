"""EmoSet-118K: images and annotations in folders per class, three lists and info.json."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness")
"""The order of the numbers in info.json."""


def make(folder: Path) -> None:
    """Three images per class, one in each split; lists have three parts per entry."""
    dice = np.random.default_rng(118)
    lists = {"train": [], "val": [], "test": []}
    for name in CLASSES:
        for kind in ("image", "annotation"):
            (folder / kind / name).mkdir(parents=True)
        for number, split in enumerate(lists, 1):
            stem = f"{name}/{name}_{number:05d}"
            image, annotation = f"image/{stem}.jpg", f"annotation/{stem}.json"
            pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / image)
            facts = {"image_id": f"{name}_{number:05d}", "emotion": name, "brightness": 0.4}
            (folder / annotation).write_text(json.dumps(facts))
            lists[split].append([name, image, annotation])
    for split, entries in lists.items():
        (folder / f"{split}.json").write_text(json.dumps(entries))
    numbers = {name: i for i, name in enumerate(CLASSES)}
    names = {str(i): name for name, i in numbers.items()}
    info = {"emotion": {"label2idx": numbers, "idx2label": names}}
    (folder / "info.json").write_text(json.dumps(info))
