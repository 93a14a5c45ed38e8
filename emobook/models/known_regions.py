"""What a classifier would see of regions that somebody else chose: true ones, or random ones."""

import numpy as np
import torch

from emobook._bar import progress
from emobook.features.base import images_of
from emobook.models import _squares
from emobook.models._pictures import AT_ONCE
from emobook.models.regions import RegionDetector


def box_features(detector: RegionDetector, X, *boxes) -> list[list[np.ndarray]]:
    """X_local (eq. 5) of given boxes in place of those that the fitted `detector` would find.

    X: N pictures. boxes: one or several choices; each holds for every picture a list of
    (x0, y0, x1, y1), or of more, of which the last four count, in pixels of the picture, best
    first. Returns for each choice and picture (K, d) float32 with K = `detector.keep`, as in
    `region_features`: boxes beyond the K-th are left out; a box is cut at the picture's edge; and
    where there are fewer than K boxes with an area, those of the whole picture follow.

    Raises ValueError for a choice that is not as long as X, or holds something else; ImageError.
    """
    sources = images_of(X)
    if any(len(choice) != len(sources) for choice in boxes):
        raise ValueError(f"boxes must hold a list for each picture, {len(sources)}")
    fabric, side, keep, found = detector._fabric(), detector.size_, detector.keep, []
    network = detector.network_.to(fabric.device).eval()
    for start in progress(range(0, len(sources), AT_ONCE), "known regions"):
        rows = range(start, min(start + AT_ONCE, len(sources)))
        pixels, sizes = _squares.squares(
            [sources[row] for row in rows], side, detector.recipe_.interpolation
        )
        ends = [
            np.concatenate([_filled(choice[row], size, side, keep) for choice in boxes])
            for row, size in zip(rows, sizes, strict=True)
        ]
        held = fabric.to_device(torch.from_numpy(np.stack(ends)))
        with torch.no_grad(), fabric.autocast():
            maps = network.maps(fabric.to_device(pixels))
            _, local, _ = network.describe(maps, held, held[:, :1])
        found += list(local.float().cpu().numpy())
    return [[one[k * keep : (k + 1) * keep] for one in found] for k in range(len(boxes))]


def _filled(boxes, size, side: int, keep: int) -> np.ndarray:
    """(K, 4) float32 in pixels of the square: the boxes, then the whole picture."""
    try:
        ends = np.array([tuple(box)[-4:] for box in boxes], dtype=np.float64).reshape(-1, 4)
    except (TypeError, ValueError):
        ends = np.full((1, 4), np.nan)
    if not np.isfinite(ends).all():
        raise ValueError(f"boxes must hold lists of (x0, y0, x1, y1), not {str(boxes)[:80]}")
    ends = _squares.boxes_in_square(ends, size, side)[:keep]
    whole = np.tile(np.float32([0, 0, side, side]), (keep - len(ends), 1))
    return np.vstack([ends, whole])
