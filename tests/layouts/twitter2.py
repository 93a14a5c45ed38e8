"""Twitter II: five folders of numbered photos with the words of the tweet, and one list."""

from pathlib import Path

import numpy as np
from PIL import Image

TWEETS = {
    1: {1: "positive", 4: "negative"},
    2: {148: "positive", 152: "positive"},
    3: {303: "negative"},
    4: {460: "positive"},
    5: {635: "negative", 810: "positive"},
}
"""Partition → number of the tweet → label."""


def make(folder: Path) -> None:
    dice = np.random.default_rng(603)
    lines = ["Image\tSentiment\r\n"]
    for partition, tweets in TWEETS.items():
        place = folder / f"partition{partition}"
        place.mkdir()
        for number, label in tweets.items():
            pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{number}.jpg")
            (place / f"{number}_26701{number}.txt").write_text("what the tweet said")
            lines.append(f"{number}.jpg\t{label}\r\n")
    (folder / "groundTruthLabel.txt").write_bytes("".join(lines).encode())
