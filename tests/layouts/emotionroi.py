"""EmotionROI: photos, maps of the same names, and the two lists of the split."""

from pathlib import Path

import numpy as np
from PIL import Image

WORDS = ("anger", "disgust", "fear", "joy", "sadness", "surprise")


def make(folder: Path) -> None:
    """Four photos per word, two for training and two for the test; 15 rectangles make a map."""
    dice = np.random.default_rng(16)
    lists = {"training": [], "testing": []}
    for word in WORDS:
        for number in (1, 2, 3, 4):
            name = f"{word}/{number}.jpg"
            photo = dice.integers(0, 256, (40, 60, 3), dtype=np.uint8)
            marked = np.zeros((40, 60))
            for _ in range(15):
                x, y = dice.integers(0, 30), dice.integers(0, 20)
                marked[y : y + 16, x : x + 24] += 1
            grey = (255 * marked / marked.max()).astype(np.uint8)
            for part, pixels in (("images", photo), ("ground_truth", grey)):
                path = folder / part / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
            lists["training" if number < 3 else "testing"].append(name)
    (folder / "training_testing_split").mkdir()
    for split, names in lists.items():
        (folder / "training_testing_split" / f"{split}.txt").write_text("\n".join(names) + "\n")
