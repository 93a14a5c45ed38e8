"""Emotion6 as its own notes describe it: tabs, six folders, two files of text."""

from pathlib import Path

import numpy as np
from PIL import Image

WORDS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")
HEAD = "\t".join(
    [
        "[image_filename]",
        "[valence]",
        "[arousal]",
        *(f"[prob. {word}]" for word in (*WORDS, "neutral")),
    ]
)


def make(folder: Path) -> None:
    """Three photos per word: one voted as the word, one as neutral, one tied with the next word."""
    dice = np.random.default_rng(6)
    lines = [HEAD]
    for number in (1, 2, 3):
        for w, word in enumerate(WORDS):
            path = folder / "images" / word / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)).save(path)
            shares = [0.0] * 7
            if number == 1:
                shares[w], shares[6] = 0.733333, 0.266667
            elif number == 2:
                shares[w], shares[6] = 0.3, 0.7
            else:
                shares[w] = shares[(w + 1) % 6] = 0.466667
                shares[6] = 0.0666667
            values = [f"{2 + w}.5", f"{2 + number}.8", *(f"{share:.6g}" for share in shares)]
            lines.append("\t".join([f"{word}/{number}.jpg", *values]))
    (folder / "ground_truth.txt").write_text("\r\n".join(lines) + "\r\n")
    (folder / "readme.txt").write_text("notes of the authors\n")
