"""Synthetic scenes whose truth is known: drawn, felt and voted on by stated rules.

A scene (`sample_scene`) has a backdrop, objects, a palette, a texture and a composition; a stated
function (`emotion_of`) turns these into shares of the eight emotions; simulated voters see the
truth and err in a stated way (`voter_confusion`). Every mechanism has a setting that switches it
off. Whatever is computed on this set is a synthetic number: it says whether a method finds the
mechanism that was put in, and nothing about photographs.
"""

import hashlib
import numbers
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from emobook._bar import progress
from emobook._files import atomic_path, cache_dir, digest, resolved
from emobook.datasets.base import Dataset
from emobook.datasets.lists import DatasetError, bucket, one_of
from emobook.datasets.record import Info
from emobook.datasets.synthetic.emotion import (
    DEFAULT_EMOTION_IN,
    EVOKES,
    emotion_of,
    ratings_of,
    shares,
)
from emobook.datasets.synthetic.raster import Dice
from emobook.datasets.synthetic.scene import MAP_LABELS, Item, Scene, paint, render, sample_scene
from emobook.emotions import MIKELS8, WHEEL, wheel_steps

__all__ = [
    "DEFAULT_EMOTION_IN", "EVOKES", "INFO", "MAP_LABELS", "RINGS", "SHUFFLED", "Item", "Scene",
    "emotion_of", "load", "picture_hash", "ratings_of", "render", "sample_scene", "vote",
    "voter_confusion",
]  # fmt: skip

INFO = Info(
    name="synthetic",
    title="Synthetic scenes",
    labels="votes of simulated people for Mikels' eight; valence and arousal, 1 to 9",
    access="embedded",
    licence="BSD-3-Clause, as the code that draws them",
    source="emobook.datasets.synthetic",
    paper="",
    classes=MIKELS8,
    scale=(1, 9),
    embedded=True,
)
# every third emotion of the wheel: neighbours here are three steps apart there, and the reverse;
# two and four steps stay two and four
SHUFFLED = tuple(WHEEL[3 * i % 8] for i in range(8))
RINGS = {"wheel": WHEEL, "shuffled": SHUFFLED, "uniform": None}
_FINE = 1 << 24  # steps of a die that stands for a probability
_PARTS = ("test",) * 3 + ("val",) + ("train",) * 6  # tests of drawn scenes can afford to be large
_COLOURS = [factor * i % 256 for i in range(len(MAP_LABELS)) for factor in (53, 97, 151)]


def voter_confusion(confusion: str = "wheel", noise: float = 0.35) -> np.ndarray:
    """How voters err: float64 (8, 8), row = felt, column = voted, each row sums to 1.

    Whatever the kind, a voter errs with probability `noise`; the kinds differ only in where the
    vote then goes. "wheel": half as often with every step along Mikels' wheel; "shuffled": the
    same along the ring `SHUFFLED`, so that a prior from the true wheel is wrong; "uniform": to
    any other alike. Raises ValueError for another kind, or noise outside 0 to 1.
    """
    _number("noise", noise, 0, 1)
    weights = _error_weights(confusion)
    return (1 - noise) * np.eye(8) + noise * weights / weights.sum(axis=1, keepdims=True)


def _error_weights(confusion: str) -> np.ndarray:
    one_of("confusion", confusion, RINGS)
    ring, every = RINGS[confusion], np.arange(8)
    if ring is None:
        return 1 - np.eye(8, dtype=np.int64)
    return np.array([0, 8, 4, 2, 1])[wheel_steps(every[:, None], every, ring=ring)]


def vote(truth, first: int = 0, seed: int = 0, *, voters=11, confusion="wheel", voter_noise=0.35):
    """Votes on pictures `first`, `first` + 1, …: int64 (N, voters), indices into MIKELS8.

    Each voter draws an emotion from the picture's `truth` (N, 8), then errs as `voter_confusion`
    says. A picture's dice are its own, and the same for every kind of confusion: the same voters
    feel the same and err at the same time.
    """
    truth, weights = np.asarray(truth, dtype=np.float64), _error_weights(confusion)
    dice = [Dice("votes", seed, first + i) for i in range(len(truth))]
    thrown = [d.array(3 * voters, 0, _FINE - 1).reshape(voters, 3) for d in dice]
    feel, err, go = np.moveaxis(np.array(thrown).reshape(-1, voters, 3), 2, 0)
    limits = np.cumsum(np.floor(truth * _FINE).astype(np.int64), axis=1)
    limits[:, -1] = _FINE
    felt = (feel[..., None] >= limits[:, None]).sum(axis=-1)
    ends = np.cumsum(weights, axis=1)
    went = ((go * ends[0, -1] >> 24)[..., None] >= ends[felt]).sum(axis=-1)
    return np.where(err < round(voter_noise * _FINE), went, felt)


def load(
    root=None,
    *,
    n: int = 480,
    seed: int = 0,
    emotion_in=None,
    ambiguity: float = 1.0,
    distractors: float = 0.5,
    voters: int = 11,
    confusion: str = "wheel",
    voter_noise: float = 0.35,
    label_noise: float = 0.0,
) -> Dataset:
    """The first `n` scenes of `seed`, drawn where they are not there yet.

    emotion_in: where the emotion is, {"objects": 0…1, "background": 0…1, "palette": 0…1}; parts
        that are not named keep `DEFAULT_EMOTION_IN`, 0 switches a part off. See `sample_scene`.
    ambiguity: how flat the truth is, 0 (one emotion takes all) to 10. See `emotion_of`.
    distractors: share of scenes with one or two objects that evoke nothing.
    voters, confusion, voter_noise: who votes, and how they err. See `vote`.
    label_noise: share of labels that are then replaced by one of the other seven, all alike.

    About 60/10/30 per cent of the pictures are "train", "val" and "test", by a hash of their id.

    `labels` is the emotion with most votes; between equals, the one that was voted for first.
    `ratings` are means over the voters, a voter rating as the voted emotion is rated. `truth` is
    the noise-free distribution. The table has `p`, `votes`, `boxes` (kind, x0, y0, x1, y1) of
    the objects, `regions` (x0, y0, x1, y1) of what carries the emotion, `mask_path` (a PNG whose
    pixel values count through `MAP_LABELS`), `clean_label` (before label noise), `valence` and
    `arousal` of the truth, and `background`, `palette`, `texture`, `composition`, `objects`.

    A larger n adds pictures and changes none. Files go to `root`/<digest> (default: the cache),
    named by what affects pixels, so that other voters, ambiguity or label noise share them.

    Raises DatasetError (a ValueError) where an option is out of its range.
    """
    _number("n", n, 1, 10**6, whole=True)
    _number("seed", seed, 0, 2**63, whole=True)
    _number("voters", voters, 1, 1000, whole=True)
    _number("ambiguity", ambiguity, 0, 10)
    for name, value in (("distractors", distractors), ("voter_noise", voter_noise),
                        ("label_noise", label_noise)):  # fmt: skip
        _number(name, value, 0, 1)
    one_of("confusion", confusion, RINGS)
    share = shares(emotion_in)

    scenes = [
        sample_scene(i, seed, emotion_in=emotion_in, distractors=distractors) for i in range(n)
    ]
    folder = _draw(scenes, root, str(sorted(share.items())), str(round(10**6 * distractors)))
    truth = np.array([emotion_of(scene, emotion_in, ambiguity) for scene in scenes])
    cast = vote(truth, 0, seed, voters=voters, confusion=confusion, voter_noise=voter_noise)
    ballots = cast[..., None] == np.arange(8)
    counts = ballots.sum(axis=1)
    clean = (counts * voters - ballots.argmax(axis=1)).argmax(axis=1)  # ties: voted for earlier
    thrown = np.array([Dice("label", seed, i).array(2, 0, _FINE - 1) for i in range(n)])
    other = (clean + 1 + (7 * thrown[:, 1] >> 24)) % 8
    labels = np.where(thrown[:, 0] < round(label_noise * _FINE), other, clean)
    shown = counts / voters
    true, rated = (
        np.array([ratings_of(scene, row) for scene, row in zip(scenes, rows, strict=True)])
        for rows in (truth, shown)
    )
    ids = [_id(i) for i in range(n)]
    table = pd.DataFrame(
        {
            "path": [str(folder / f"{name}.png") for name in ids],
            "id": ids,
            "split": [_PARTS[bucket(name, 10)] for name in ids],
            "group": ids,
            "p": shown.max(axis=1),
            "boxes": pd.Series([scene.boxes for scene in scenes], dtype=object),
            "regions": pd.Series([scene.regions(emotion_in) for scene in scenes], dtype=object),
            "mask_path": [str(folder / f"{name}-mask.png") for name in ids],
            "clean_label": clean,
            "valence": true[:, 0],
            "arousal": true[:, 1],
            **{
                factor: [getattr(scene, factor) for scene in scenes]
                for factor in ("background", "palette", "texture", "composition")
            },
            "objects": pd.Series([[o.kind for o in s.objects] for s in scenes], dtype=object),
        }
    )
    ratings = pd.DataFrame(rated, columns=["valence", "arousal"])
    return Dataset(
        INFO, table, classes=MIKELS8, labels=labels, votes=counts, ratings=ratings,
        scale=INFO.scale, truth=truth,
    )  # fmt: skip


def picture_hash(scene: Scene) -> str:
    """SHA-256 of a scene's pixels and semantic map; `hashes.json` lists the first 48."""
    pixels, semantic = paint(scene)
    return hashlib.sha256(pixels.tobytes() + semantic.tobytes()).hexdigest()


def _id(index: int) -> str:
    return f"synthetic-{index:06d}"


def _draw(scenes: list[Scene], root, *settings: str) -> Path:
    """Draw what is not there yet; each file appears whole, so any number may draw at once."""
    here = Path(__file__)
    code = [file for file in sorted(here.parent.glob("*.py")) if file != here]
    parts = [file.read_bytes() for file in code]
    key = digest(*parts, str(scenes[0].seed), *settings)[:16]
    folder = (cache_dir() / "synthetic" if root is None else resolved(root)) / key
    folder.mkdir(parents=True, exist_ok=True)
    there = {path.name for path in folder.iterdir()}
    wanted = [s for s in scenes if not {f"{_id(s.index)}.png", f"{_id(s.index)}-mask.png"} <= there]
    for scene in progress(wanted, "synthetic: drawing", unit="picture"):
        pixels, semantic = (Image.fromarray(part) for part in paint(scene))
        semantic.putpalette(_COLOURS)
        for picture, name in ((pixels, ".png"), (semantic, "-mask.png")):
            with atomic_path(folder / f"{_id(scene.index)}{name}") as file:
                picture.save(file, format="PNG", compress_level=1)
    return folder


def _number(name: str, value, low, high, whole: bool = False) -> None:
    kind = numbers.Integral if whole else numbers.Real
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
        what = "a whole number" if whole else "a number"
        raise DatasetError(f"{name} must be {what} from {low} to {high}, not {value!r}")
