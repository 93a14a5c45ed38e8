"""The part of IAPS with categories: pictures named by number, two files of norms, tabs between.

Every number of a norm here is made up.
"""

from pathlib import Path

import numpy as np
from PIL import Image

NORMS = {
    "negative": ("Angr", "Disg", "Fear", "Sadn"),
    "positive": ("Amus", "Awe", "Cont", "Exci"),
}


def make(folder: Path) -> None:
    photos = folder / "IAPS 1-20 Images"
    photos.mkdir(parents=True)
    for first, (side, emotions) in zip((1050, 5600), NORMS.items(), strict=True):
        parts = [f"{emotion}{part}" for emotion in emotions for part in ("Mean", "SD")]
        lines = ["\t".join(["Picture", "Category", "GendDiff", *parts])]
        for k in range(8):
            means = [3.5 if i == k % 4 else 1.25 + i / 10 for i in range(4)]
            slide = str(first + k // 2) if k % 2 == 0 else f"{first + k // 2}.1"
            values = [f"{value:.2f}" for mean in means for value in (mean, 1.5)]
            lines.append("\t".join([slide, emotions[k % 4][0], "*" if k == 3 else "", *values]))
            pixels = np.random.default_rng(first + k).integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(photos / f"{slide}.jpg")
        (folder / f"mikels2005{side}norms.txt").write_text("\n".join(lines) + "\n")
