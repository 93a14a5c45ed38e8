"""IAPS: pictures named by number, and the report, rich text under a plain name.

Every rating and every tag here is made up.
"""

from pathlib import Path

import numpy as np
from PIL import Image

PREAMBLE = (
    r"{\rtf1\mac\ansicpg10000\cocoartf824",
    r"{\fonttbl\f0\fswiss\fcharset77 Helvetica;}",
    r"{\colortbl;\red255\green255\blue255;}",
    r"\margl1440\margr1440\vieww9000\viewh8400\viewkind0",
    r"\pard\tx720\tx1440\ql\qnatural",
    "",
)
ROWS = (
    "desc IAPS valmn valsd aromn arosd dom1mn dom1sd dom2mn dom2sd set",
    "Cup 1050 5.00 1.00 3.00 2.00 6.00 1.50 . . 1",
    "Kite 1051 7.50 1.20 4.10 2.10 6.40 1.60 . . 1",
    "Lamp 2055.1 4.80 0.90 2.90 1.90 . . 5.50 1.70 20",
    "Lamp 2055.2 4.70 1.10 2.80 1.80 . . 5.40 1.80 20",
    "Storm 6570 2.00 1.40 6.90 2.30 3.00 2.00 . . 5",
    "TwoTrees 7004 5.60 1.00 2.20 1.50 6.10 1.40 . . 11",
    "Cup 1050 6.00 1.00 4.00 2.00 7.00 1.50 . . 12",
)


def make(folder: Path) -> None:
    photos = folder / "IAPS 1-20 Images"
    photos.mkdir(parents=True)
    for seed, name in enumerate(
        ("1050.jpg", "1051.jpg", "2055.1.jpg", "2055.2.jpg", "6570.JPG", "7004.jpg")
    ):
        pixels = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / name, "JPEG")
    (folder / "IAPS Tech Report").mkdir()
    table = "\\\n".join("\t".join(row.split()) for row in ROWS)
    text = "\n".join((*PREAMBLE, rf"\f0\fs24 \cf0 {table}}}"))
    (folder / "IAPS Tech Report" / "AllSubjects_1-20.txt").write_text(text)
