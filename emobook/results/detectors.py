"""The detectors of emotional regions that chapters share, and what their regions are worth.

A detector learns once: `detector` with the same arguments gives the same one to every chapter.
"""

import numpy as np
import pandas as pd
from PIL import Image

from emobook import datasets, evaluate, images
from emobook.datasets.lists import DatasetError
from emobook.datasets.regions import with_regions
from emobook.evaluate import Interval
from emobook.evaluate.detection import moved_at_random
from emobook.features.base import images_of
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


def covered(picture, box) -> Image.Image:
    """A picture with the box (x0, y0, x1, y1) painted in the picture's mean colour."""
    picture = images.read(picture).copy()
    mean = np.asarray(picture).reshape(-1, 3).mean(axis=0).round().astype(int)
    x0, y0, x1, y1 = (round(end) for end in box)
    if x1 > x0 and y1 > y0:
        picture.paste(tuple(mean.tolist()), (x0, y0, x1, y1))
    return picture


def falls(classifier, X, y, boxes, seed: int = 0) -> np.ndarray:
    """What it costs a classifier when a region of each picture is covered, and when a box of the
    same size somewhere else is: float64 (N, 2), falls of the probability of the true class.

    classifier: fitted, with `predict_proba` and `classes_`, on other pictures. X: N pictures, y
    (N,) labels, boxes (N, 4) in their pixels. The other box is at a random place, all equally
    probable, so that it may overlap the region.
    """
    pictures = [images.read(source) for source in images_of(X)]
    others = moved_at_random([[box] for box in boxes], [one.size for one in pictures], seed)
    places = np.searchsorted(classifier.classes_, y)
    seen = [
        pictures,
        [covered(one, box) for one, box in zip(pictures, boxes, strict=True)],
        [covered(one, other[0]) for one, other in zip(pictures, others, strict=True)],
    ]
    whole, region, other = (
        classifier.predict_proba(some)[np.arange(len(places)), places] for some in seen
    )
    return np.column_stack([whole - region, whole - other]).astype(np.float64)


def larger(these, those) -> Interval:
    """By how many times the strongest region of one kind is as large as that of another, less 1:
    the geometric mean over pictures, with its interval.

    these, those: for each of N pictures (K, 5), as `scored` gives them; pictures without a box of
    either kind are left out.
    """
    pairs = [(a[0], b[0]) for a, b in zip(these, those, strict=True) if len(a) and len(b)]
    areas = np.array([[(b[2] - b[0]) * (b[3] - b[1]) for b in pair] for pair in pairs])
    found = evaluate.bootstrap_interval(np.log(areas[:, 0] / areas[:, 1]))
    return Interval(*(float(np.expm1(bound)) for bound in found))
