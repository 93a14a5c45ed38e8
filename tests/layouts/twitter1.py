"""Twitter I: the photos in one folder, and three lists for three, four and five of five people."""

from pathlib import Path

import numpy as np
from PIL import Image

SIDES = {
    "288005267_463613689107468288_Bm77eK8CIAAdKjk.jpg": (0, 5),
    "335474806_466164316648275968_Bj7zPwNCMAAwH6m.jpg": (1, 5),
    "335474806_466164316648275969_Bj7zPw_CMAAwH7a.jpg": (1, 4),
    "271766826_463997811835416577_BnByuNpCIAA_muB.jpg": (1, 3),
    "279495845_428139213788151810_BfEKQCUCQAEf8bM.jpg": (0, 4),
    "102795845_428139213788151811_BfEKQCUCQAEf8bN.jpg": (0, 3),
}
"""Name → label, and how many of five people gave it."""


def make(folder: Path) -> None:
    dice = np.random.default_rng(1269)
    photos = folder / "Agg_AMT_Candidates"
    photos.mkdir()
    for name in SIDES:
        pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / name)
    for least, word in ((3, "three"), (4, "four"), (5, "five")):
        lines = [f"{name} {label}\n" for name, (label, most) in SIDES.items() if most >= least]
        (folder / f"twitter_{word}_agrees.txt").write_text("".join(lines))
