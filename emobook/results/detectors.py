"""The detectors of emotional regions that chapters share, and what their regions are worth.

A detector learns once: `detector` with the same arguments gives the same one to every chapter.
"""

import numpy as np
import pandas as pd

from emobook import datasets, evaluate
from emobook.datasets.lists import DatasetError
from emobook.datasets.regions import with_regions
from emobook.evaluate import Interval
from emobook.features.backbones import WeightsError
from emobook.models.regions import RegionDetector
from emobook.train import fitted


def at_hand(sets: dict[str, dict]) -> tuple[str, pd.DataFrame]:
    """The name and the table of the first of `sets` that is here.

    sets: name → options of `datasets.load`. What follows a comma in a name only tells sets apart:
    "synthetic, emotion in objects" is "synthetic". Of a set with stimuli maps the table has the
    column `regions`, boxes of the maps by the option `threshold` (.5 unless given). Pictures whose
    files are not here are left out.

    Raises DatasetError, that of the last set, where there is none.
    """
    if not sets:
        raise ValueError("sets must name at least one data set")
    for name, options in sets.items():
        options = dict(options)
        threshold = options.pop("threshold", 0.5)
        try:
            data = datasets.load(name.partition(",")[0], **options)
            if "map_path" in data.table:
                data = with_regions(data, threshold)
        except DatasetError as error:
            reason = error
        else:
            return name, data.table[data.table["path"].notna()]
    raise reason


def lessons(objects: dict[str, dict], regions: dict[str, dict]) -> pd.DataFrame:
    """What a detector learns from: a table with `path`, `boxes` and `regions`.

    objects, regions: sets as for `at_hand`, of which the first that is here teaches objects, or
    emotional regions. Pictures of the split "test" are left out. If one set teaches both, its
    pictures are there once; of two sets each has None in the column that it does not teach.
    """
    taught = {"boxes": objects, "regions": regions}
    found = {column: at_hand(sets) for column, sets in taught.items()}
    names = [name for name, _ in found.values()]
    both = names[0] == names[1] and objects[names[0]] == regions[names[1]]
    for column, (name, table) in found.items():
        if column not in table:
            raise ValueError(f"{name} has no {column}: choose a set that has them")
    parts = []
    for column, (_, table) in found.items():
        kept = list(taught) if both else [column]
        part = table.loc[table["split"] != "test", ["path", *kept]]
        parts.append(part.reindex(columns=["path", *taught]).astype(object))
    joined = parts[0] if both else pd.concat(parts)
    return joined.where(joined.notna(), None).reset_index(drop=True)


def detector(objects: dict[str, dict], regions: dict[str, dict], **options) -> RegionDetector:
    """The fitted detector for what a profile sets: `lessons` of objects and regions, and the
    options of `RegionDetector`. It is kept (`train.fitted`), so that whoever asks with the same
    arguments gets the same bits.

    Raises WeightsError where the backbone's weights cannot be had.
    """
    return fitted(RegionDetector(**options), lessons(objects, regions))


def both_levels(
    objects: dict[str, dict],
    regions: dict[str, dict],
    networks: dict[str, dict],
    seeds: int = 1,
    **options,
) -> dict[str, list[RegionDetector]]:
    """Detectors with the pyramid and with a single level, alike in all else, of several seeds.

    networks: what is added to a row's name → options of `RegionDetector`, of which `options` go to
    all. Returns "multi-level …" and "single level …" of each network → `seeds` detectors. A network
    whose weights cannot be had is left out; WeightsError where that leaves none.
    """
    found = {}
    for suffix, own in networks.items():
        try:
            found |= {
                f"{level}{suffix}": [
                    detector(objects, regions, **options | own, single_level=single, seed=seed)
                    for seed in range(seeds)
                ]
                for level, single in (("multi-level", False), ("single level", True))
            }
        except WeightsError as error:
            reason = error
    if not found:
        raise reason
    return found


def scored(column, by: str) -> list[np.ndarray]:
    """A column that a detector added, as `evaluate.detection` takes it.

    column: for each of N pictures a list of `Region`; by: which of their numbers is the score,
    "s_emo", "p_emo" or "p_obj". Returns for each picture (K, 5); where a region is missing and the
    whole picture stands in for it, it is left out.
    """
    return [
        np.array([(*one[:4], getattr(one, by)) for one in regions if one.found]).reshape(-1, 5)
        for regions in column
    ]


def drawn_map(regions, size, people: int = 15, seed: int = 0) -> np.ndarray:
    """A stimuli map as EmotionROI's are made, of simulated people: float64 (H, W), 0 to 1.

    Each of 15 people draws rectangles around what evokes the emotion, and a pixel's value is the
    share of people whose rectangles cover it (Peng et al. 2016). Our people leave out a region one
    time in four, and each edge of a rectangle is off by a normal error with a standard deviation of
    a seventh of that side of the region. regions: boxes (x0, y0, x1, y1); size: width and height.
    """
    dice = np.random.default_rng(seed)
    votes = np.zeros((people, size[1], size[0]), dtype=bool)
    for box in np.asarray(regions, dtype=float).reshape(-1, 4):
        off = dice.normal(0, np.tile((box[2:] - box[:2]) / 7, 2), size=(people, 4))
        seen = dice.random(people) < 0.75
        for person, (x0, y0, x1, y1) in enumerate((box + off).round().clip(0).astype(int)):
            votes[person, y0:y1, x0:x1] |= seen[person]
    return votes.mean(axis=0)


def larger(detector: RegionDetector, X) -> Interval | None:
    """By how many times a picture's strongest emotional region is as large as its strongest object
    region, less 1: the geometric mean over the pictures of X that have both, with its interval.
    None where no picture has."""
    out = detector.transform(X)
    kinds = (scored(out["emotional_regions"], "s_emo"), scored(out["object_regions"], "p_obj"))
    pairs = [(a[0], b[0]) for a, b in zip(*kinds, strict=True) if len(a) and len(b)]
    if not pairs:
        return None
    areas = np.array([[(b[2] - b[0]) * (b[3] - b[1]) for b in pair] for pair in pairs])
    found = evaluate.bootstrap_interval(np.log(areas[:, 0] / areas[:, 1]))
    return Interval(*(float(np.expm1(bound)) for bound in found))
