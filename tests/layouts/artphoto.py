"""ArtPhoto: photos in one folder, named by emotion, with the two lists that go round."""

from pathlib import Path

import numpy as np
from PIL import Image

WORDS = ("amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sad")


def make(folder: Path) -> None:
    names = [f"testImages_artphoto/{word}_{487 + k:04d}.jpg" for word in WORDS for k in range(3)]
    for seed, name in enumerate(names):
        draw(folder / name, seed)
    labels = [word for word in WORDS for _ in range(3)]
    (folder / "list_testImages_artphoto.txt").write_text("\n".join(names))
    (folder / "labels_testImages_artphoto.txt").write_text("\n".join(labels) + "\n")


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "JPEG")
