"""Boxes around what evokes an emotion, out of a stimuli map."""

import dataclasses
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import ndimage

from emobook import _bar, images
from emobook.datasets.base import Dataset
from emobook.datasets.lists import DatasetError


def boxes_from_map(
    stimuli, threshold: float = 0.5, min_area: float = 0.01, merge_iou: float = 0.5
) -> np.ndarray:
    """Boxes (x0, y0, x1, y1) around the strong parts of a stimuli map, the largest first.

    EmotionROI (Peng et al. 2016) comes with maps and without boxes, and Rao et al. (2019), who
    train a detector on them, give no rule. This one is ours: pixels of at least `threshold` times
    the map's maximum; their connected parts (diagonals connect); of these, what covers at least
    `min_area` of the map; the tight box of each; boxes whose intersection over union exceeds
    `merge_iou` become the box around both, until none do. Report results for a threshold of .3,
    .5 and .7, since nothing in print decides between them.

    stimuli : (H, W), not negative, on any scale. Returns int64 (k, 4) in pixels, x0 <= x < x1 and
    y0 <= y < y1; k is 0 for a map of zeros. Raises ValueError for another array, and for a
    threshold outside (0, 1], a min_area outside [0, 1) or a merge_iou outside [0, 1].
    """
    stimuli = np.asarray(stimuli)
    if stimuli.ndim != 2 or not stimuli.size or stimuli.dtype.kind not in "buif":
        raise ValueError(f"a stimuli map has to be numbers (H, W), not {stimuli.shape}")
    if not (np.isfinite(stimuli).all() and stimuli.min() >= 0):
        raise ValueError("a stimuli map has to be finite and not negative")
    if not (0 < threshold <= 1 and 0 <= min_area < 1 and 0 <= merge_iou <= 1):
        raise ValueError(
            "threshold has to be in (0, 1], min_area in [0, 1), merge_iou in [0, 1], "
            f"not {threshold}, {min_area}, {merge_iou}"
        )
    if not stimuli.max():
        return np.zeros((0, 4), dtype=np.int64)
    parts, _ = ndimage.label(stimuli >= threshold * stimuli.max(), structure=np.ones((3, 3)))
    areas = np.bincount(parts.ravel())[1:]
    found = [
        (x.start, y.start, x.stop, y.stop)
        for (y, x), area in zip(ndimage.find_objects(parts), areas, strict=True)
        if area >= min_area * stimuli.size
    ]
    boxes = _merged(np.array(found, dtype=np.int64).reshape(-1, 4), merge_iou)
    return boxes[np.argsort(-_areas(boxes), kind="stable")]


def with_regions(
    dataset: Dataset, threshold: float = 0.5, *, progress: bool = True, **options
) -> Dataset:
    """The same data set with the column `regions`: per row a list of boxes (x0, y0, x1, y1) in
    pixels of the photo, None where there is no map. The synthetic set has the same column.

    Every map is opened, and its photo for its size, which takes seconds for 1,980; so this is
    asked for, and no part of `load`. `options` are those of `boxes_from_map`.

    Raises `DatasetError` where the set has no maps, or a map is not as large as its photo,
    `ImageError` where one cannot be read, ValueError for options out of range.
    """
    maps = dataset.table.get("map_path")
    if maps is None or not maps.notna().any():
        raise DatasetError(
            f"{dataset.name} has no stimuli maps here; the set that has them needs "
            "ground_truth/<class>/<number>.jpg beside its images"
        )

    def regions(i):
        path, photo = maps.iloc[i], dataset.paths[i]
        if path is None:
            return None
        stimuli = images.read(path)
        if photo is not None and (size := images.read(photo).size) != stimuli.size:
            raise DatasetError(
                f"{path} has {stimuli.size} pixels, its photo {size}: get both from one copy"
            )
        boxes = boxes_from_map(np.asarray(stimuli.convert("L")), threshold, **options)
        return [tuple(box) for box in boxes.tolist()]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(regions, range(len(dataset)))
        bar = _bar.progress(found, "regions", total=len(dataset), unit="map", show=progress)
        column = pd.Series(list(bar), dtype=object)
    return dataclasses.replace(dataset, table=dataset.table.assign(regions=column))


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _merged(boxes: np.ndarray, most: float) -> np.ndarray:
    """Boxes (k, 4) of which no two have an IoU above `most`; the closest pair merges first."""
    while len(boxes) > 1:
        one, other = boxes[:, None], boxes[None]
        low, high = (
            np.maximum(one[..., :2], other[..., :2]),
            np.minimum(one[..., 2:], other[..., 2:]),
        )
        shared = np.maximum(high - low, 0).prod(axis=-1)
        overlap = shared / (_areas(one) + _areas(other) - shared)
        np.fill_diagonal(overlap, 0)
        if overlap.max() <= most:
            break
        pair = list(np.unravel_index(overlap.argmax(), overlap.shape))
        around = np.concatenate([boxes[pair, :2].min(axis=0), boxes[pair, 2:].max(axis=0)])
        boxes = np.vstack([np.delete(boxes, pair, axis=0), around])
    return boxes
