"""FI as it is handed on: a folder of photos per class, and two lists of [name, class number]."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("Amusement", "Anger", "Awe", "Contentment", "Disgust", "Excitement", "Fear", "Sadness")


def make(folder: Path) -> None:
    """Four photos per class, one of them of Instagram (a hash for a name); one in four to test."""
    dice = np.random.default_rng(16)
    entries = {"train": [], "test": []}
    for label, name in enumerate(CLASSES):
        for k in range(4):
            stem = f"{dice.bytes(16).hex()}_7" if k == 3 else f"91989547{label}{k}_51d941620a_z"
            photo = f"{name}/{stem}.jpg"
            (folder / name).mkdir(exist_ok=True)
            pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / photo)
            entries["test" if k == 2 else "train"].append([photo, label])
    for split, listed in entries.items():
        (folder / f"{split}.json").write_text(json.dumps(listed))
