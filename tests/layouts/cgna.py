"""CGnA10766: numbered photos, one of no use, and two files with a rating per line."""

from pathlib import Path

import numpy as np
from PIL import Image

RATINGS = ((8.12, 2.84), (4.31, 5.13), (5.92, 3.8), (5.47, 5.32), (4.93, 5.23), (1.0, 9.0))


def make(folder: Path) -> None:
    """Six photos; the file pic.jpg of the original belongs to no line."""
    dice = np.random.default_rng(10766)
    photos = folder / "data" / "cgna"
    photos.mkdir(parents=True)
    for name in (*(str(n) for n in range(1, len(RATINGS) + 1)), "pic"):
        pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{name}.jpg")
    for i, rated in enumerate(("valence", "arousal")):
        lines = "".join(f"{rating[i]:.6f}\n" for rating in RATINGS)
        (folder / f"{rated}_avg_10766_v2.txt").write_text(lines)
