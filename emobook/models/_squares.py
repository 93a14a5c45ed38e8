"""Pictures and true boxes on their way into a detector.

A detector sees the whole picture, since a region at its edge counts as well: both sides are scaled
to those of one square. This changes proportions, of pictures and boxes alike, but cuts nothing.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import torch
from PIL import Image

from emobook import images
from emobook._bar import progress
from emobook.models._pictures import AT_ONCE

ROOM = 2 << 30  # bytes of maps that are kept during training


def squares(sources, side: int, interpolation: str) -> tuple[torch.Tensor, np.ndarray]:
    """Pixels uint8 (N, 3, S, S), and the pictures' own width and height, float64 (N, 2).

    Raises ImageError for a picture that cannot be read.
    """
    how = Image.Resampling[interpolation.upper()]

    def one(source):
        picture = images.read(source)
        return np.asarray(picture.resize((side, side), how)), picture.size

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(one, sources))
    pixels = np.stack([picture for picture, _ in found]).transpose(0, 3, 1, 2)
    sizes = np.array([size for _, size in found], dtype=np.float64)
    return torch.from_numpy(np.ascontiguousarray(pixels)), sizes


def boxes_in_square(boxes, size, side: int) -> np.ndarray:
    """Boxes (n, 4) in pixels of a picture of size (w, h), cut at its edges, in those of the square:
    float32 (m, 4), without those that have no area then."""
    ends = (np.clip(boxes / np.tile(size, 2), 0, 1) * side).astype(np.float32)
    return ends[(ends[:, 2:] > ends[:, :2]).all(axis=1)]


def true_boxes(column: pd.Series, sizes, side: int) -> tuple[np.ndarray, torch.Tensor]:
    """Positions of the pictures whose boxes are known, and the boxes, float32 (n, T, 4), in pixels
    of the square and filled up with NaN.

    column: for each picture a list of (x0, y0, x1, y1), or of more, of which the last four count,
    in pixels of the picture; an empty list where there is nothing to find, as under a map that is
    all zero; None where nobody looked. What reaches beyond the picture is cut off. What has no
    area then is left out, with a warning.

    Raises ValueError for other values, naming the column, and where there is no box at all.
    """
    name, known, found, dropped = column.name, [], [], 0
    for row, boxes in enumerate(column):
        if boxes is None or (isinstance(boxes, float) and np.isnan(boxes)):
            continue
        try:
            ends = [tuple(box)[-4:] for box in boxes]
            ends = np.array(ends, dtype=np.float64).reshape(len(boxes), 4)
        except (TypeError, ValueError):
            ends = np.full((1, 4), np.nan)
        if not np.isfinite(ends).all():
            raise ValueError(
                f"{name} must hold lists of boxes (x0, y0, x1, y1) of numbers, which row {row} "
                f"does not: {str(boxes)[:80]}"
            )
        known.append(row)
        found.append(boxes_in_square(ends, sizes[row], side))
        dropped += len(ends) - len(found[-1])
    if not any(map(len, found)):
        raise ValueError(f"{name} holds no box with an area inside its picture: nothing to learn")
    if dropped:
        warnings.warn(
            f"{dropped} of the {name} have no area inside their picture and are left out",
            stacklevel=4,
        )
    filled = np.full((len(found), max(map(len, found)), 4), np.nan, dtype=np.float32)
    for row, boxes in enumerate(found):
        filled[row, : len(boxes)] = boxes
    return np.array(known), torch.from_numpy(filled)


class Training:
    """What a detector learns from: squares, or where its trunk is frozen the trunk's maps, which
    are computed once if there is room for them.

    network: with `maps`; pixels: uint8 (N, 3, S, S); fabric: where the network computes.
    """

    def __init__(self, network, pixels, fabric, *, frozen, augment, batch_size, seed):
        self.network, self.pixels, self.fabric = network, pixels, fabric
        self.augment, self.batch_size, self.seed = augment, batch_size, seed
        self.kept = {}
        if frozen:
            sample = sum(part[0].numel() * 4 for part in self._maps(pixels[:1]))
            if sample * len(pixels) * (1 + augment) <= ROOM:
                self._keep()

    def batches(self, rows, truth):
        """A `batches` for `train.fit`: what the network's `forward` takes, in an order drawn anew
        from (seed, epoch). Where there is augmentation, every other picture is mirrored."""

        def of_epoch(epoch: int):
            draw = np.random.default_rng([self.seed, epoch])
            order = draw.permutation(len(rows))
            for some in np.split(order, range(self.batch_size, len(order), self.batch_size)):
                mirrored = draw.integers(1 + self.augment, size=len(some)).astype(bool)
                turned = torch.from_numpy(mirrored)[:, None, None]
                boxes = torch.where(turned, mirror(truth[some], self.side), truth[some])
                yield ((*self._inputs(rows[some], mirrored), boxes),)

        return of_epoch

    @property
    def side(self) -> int:
        return self.pixels.shape[-1]

    def _inputs(self, rows, mirrored):
        if self.kept:
            found = [self.kept[row, bool(flip)] for row, flip in zip(rows, mirrored, strict=True)]
            return tuple(torch.stack(level) for level in zip(*found, strict=True))
        flipped = zip(rows, mirrored, strict=True)
        return (
            torch.stack([self.pixels[r].flip(-1) if f else self.pixels[r] for r, f in flipped]),
        )

    def _keep(self) -> None:
        starts = range(0, len(self.pixels), AT_ONCE)
        for start in progress(starts, "frozen levels"):
            some = self.pixels[start : start + AT_ONCE]
            for flip in (False, True)[: 1 + self.augment]:
                maps = self._maps(some.flip(-1) if flip else some)
                for row, *levels in zip(range(start, start + len(some)), *maps, strict=True):
                    self.kept[row, flip] = tuple(level.clone() for level in levels)

    def _maps(self, pixels):
        network = self.network.to(self.fabric.device).eval()
        with torch.no_grad(), self.fabric.autocast():
            return [part.float().cpu() for part in network.maps(self.fabric.to_device(pixels))]


def mirror(boxes, side: int):
    """Boxes (…, 4) in a square, left and right exchanged."""
    x0, y0, x1, y1 = boxes.unbind(-1)
    return torch.stack([side - x1, y0, side - x0, y1], dim=-1)
