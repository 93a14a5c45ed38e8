"""WikiArt Emotions: one table with the answers to three questions; images named by their ID."""

from pathlib import Path

import numpy as np
from PIL import Image

EMOTIONS = (
    "agreeableness", "anger", "anticipation", "arrogance", "disagreeableness", "disgust", "fear",
    "gratitude", "happiness", "humility", "love", "optimism", "pessimism", "regret", "sadness",
    "shame", "shyness", "surprise", "trust", "neutral",
)  # fmt: skip
HEAD = (
    "ID", "Style", "Category", "Artist", "Title", "Year", "Image URL", "Painting Info URL",
    "Artist Info URL", "Is painting", "Face/body", "Ave. art rating",
)  # fmt: skip
WORKS = (
    ("58c6237dedc2c9c7dc0de1ae", "Ann Arbor", 'A "blue" day', {"happiness": 0.5, "love": 0.3}),
    ("577280dfedc2cb3880f28e76", "Ann Arbor", '"Untitled', {"sadness": 0.6}),
    ("5772716cedc2cb3880c1907f", "Bo Berg", "Twelve trees", {"fear": 0.4, "surprise": 0.4}),
    ("57727f2dedc2cb3880ed5fa9", "Cy Cole", "Null", {"neutral": 1.0}),
)
"""ID, artist, title, and the shares of those who saw the image only."""


def make(folder: Path) -> None:
    dice = np.random.default_rng(4105)
    (folder / "images").mkdir()
    asked = ("Art (image+title)", "ImageOnly", "TitleOnly")
    lines = [[*HEAD, *(f"{shown}: {emotion}" for shown in asked for emotion in EMOTIONS)]]
    for work, artist, title, shares in WORKS:
        pixels = dice.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{work}.jpg")
        about = [work, "Modern Art", "Cubism,Pop Art", artist, title, "1911"]
        about += [f"https://uploads0.wikiart.org/{work}.jpg"] * 3 + ["yes", "none", "0.8"]
        answers = {"Art (image+title)": {"trust": 0.7}, "ImageOnly": shares}
        answers["TitleOnly"] = {"humility": 0.2, "anger": 0.1}
        numbers = [str(answers[shown].get(e, 0.0)) for shown in asked for e in EMOTIONS]
        lines.append([*about, *numbers])
    text = "".join("\t".join(line) + "\n" for line in lines)
    (folder / "WikiArt-Emotions-All.tsv").write_text(text, encoding="utf-8")
