"""A reader's own pictures: a folder per class, in several formats, with a hidden file."""

from pathlib import Path

import numpy as np
from PIL import Image


def make(folder: Path) -> None:
    """Three pictures of each of three classes; two of the names are Mikels'."""
    dice = np.random.default_rng(1)
    for name in ("Sadness", "awe", "boredom"):
        (folder / name).mkdir()
        for k, ending in enumerate((".JPG", ".png", ".webp")):
            pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"IMG_{k}{ending}")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
