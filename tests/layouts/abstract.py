"""Abstract paintings: one folder with the paintings and the table of votes, names in quotes."""

from pathlib import Path

import numpy as np
from PIL import Image

HEADING = "'','Amusement','Anger','Awe','Content','Disgust','Excitement','Fear','Sad'"


def make(folder: Path) -> None:
    photos = folder / "testImages_abstract"
    photos.mkdir(parents=True)
    rows = []
    for number in range(1, 18):
        votes = [0, 1, 0, 1, 0, 1, 0, 1]
        votes[number % 8] = 6
        if number == 17:  # a tie of contentment and fear
            votes = [1, 0, 0, 5, 0, 0, 5, 0]
        rows.append(f"'abstract_{number:04d}.jpg',{','.join(map(str, votes))}")
        pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"abstract_{number:04d}.jpg")
    (photos / "ABSTRACT_groundTruth.csv").write_text("\r\n".join([HEADING, *rows]) + "\r\n")
