"""ADEChallengeData2016 as it unpacks: photos, masks and the list of classes."""

from pathlib import Path

import numpy as np
from PIL import Image

NAMES = {
    "training": ["ADE_train_00000001", "ADE_train_00000002", "ADE_train_00000003"],
    "validation": ["ADE_val_00000001", "ADE_val_00000002"],
}
SIZE = (24, 18)


def make(folder: Path) -> None:
    lines = ["Idx\tRatio\tTrain\tVal\tName"]
    lines += [f"{i}\t0.0100\t9\t2\tthing {i}, synonym {i}" for i in range(1, 151)]
    (folder / "objectInfo150.txt").write_text("\n".join(lines) + "\n")
    for part, names in NAMES.items():
        write(folder / "images" / part, folder / "annotations" / part, names)


def make_sample(folder: Path) -> None:
    """The form of the repository: two of the validation photos."""
    lines = ["Idx,Ratio,Train,Val,Stuff,Name"]
    lines += [f"{i},0.0100,9,2,{i % 2},thing {i};synonym {i}" for i in range(1, 151)]
    (folder / "objectInfo150.csv").write_text("\n".join(lines) + "\n")
    sample = folder / "sampleData"
    write(sample / "images", sample / "annotations", NAMES["validation"])


def write(photos: Path, masks: Path, names: list[str]) -> None:
    photos.mkdir(parents=True)
    masks.mkdir(parents=True)
    for name in names:
        dice = np.random.default_rng([ord(c) for c in name])
        pixels = dice.integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{name}.jpg")
        mask = np.zeros(SIZE[::-1], dtype=np.uint8)
        mask[:9, :12], mask[9:] = 150, 3  # a quarter, a half; a quarter stays 0
        Image.fromarray(mask).save(masks / f"{name}.png")
