"""Five folders of photos under whatever names they had on the web."""

from pathlib import Path

import numpy as np
from PIL import Image


def make(folder: Path) -> None:
    """Three photos per class."""
    dice = np.random.default_rng(5)
    for name in ("contentment", "disgust", "excitement", "fear", "sadness"):
        (folder / name).mkdir()
        for k in range(3):
            pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name} photo {k}.jpg")
