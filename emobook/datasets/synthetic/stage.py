"""The stage: a picture in layers from the sky forward, with its semantic map, all in integers."""

from functools import lru_cache

import numpy as np

from emobook.datasets.synthetic.raster import Dice, rgb, sprite

SIDE = 192  # pixels of a picture, both ways
_X = np.arange(SIDE, dtype=np.int32)
_Y = _X[:, None]


class Stage:
    """A picture in the making: `.rgb` int16 (3, 192, 192) and `.map` uint8 (192, 192).

    `labels` are the names that the map counts through.
    """

    def __init__(self, labels):
        self.labels = labels
        self.rgb = np.zeros((3, SIDE, SIDE), np.int16)
        self.map = np.zeros((SIDE, SIDE), np.uint8)

    def rows(self, label: str, top: int, bottom: int, *colours: str) -> None:
        """Fill rows `top` to `bottom`, blending evenly from each colour to the next."""
        self.rgb[:, top:bottom] = _blend(bottom - top, *colours)
        self.map[top:bottom] = self.labels.index(label)

    def ridge(self, label: str, line: np.ndarray, top: str, bottom: str | None = None) -> None:
        """Fill everything below `line` (int (192,), in sixteenths of a pixel)."""
        first = max(int(line.min()) >> 4, 0)
        if first < SIDE:
            cover = np.clip(16 * (_Y[first:] + 1) - line, 0, 16).astype(np.int16)
            below = self.rgb[:, first:]
            below += (_blend(SIDE - first, top, bottom or top) - below) * cover >> 4
            self.map[first:][cover >= 8] = self.labels.index(label)

    def rect(self, label: str | None, left: int, top: int, right: int, bottom: int, colour: str):
        """Fill a rectangle of pixels; label None keeps the map."""
        rows, columns = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        self.rgb[:, rows, columns] = _solid(colour)
        if label:
            self.map[rows, columns] = self.labels.index(label)

    def glow(self, x: int, y: int, radius: int, colour: str, strength: int = 128) -> None:
        """Blend a round light in: `strength` of 128 at its middle, nothing at `radius`."""
        rows, cols = slice(max(y - radius, 0), y + radius), slice(max(x - radius, 0), x + radius)
        near = np.maximum(radius * radius - (_Y[rows] - y) ** 2 - (_X[cols] - x) ** 2, 0)
        part = np.minimum(near * strength // (radius * radius), 128).astype(np.int16)
        area = self.rgb[:, rows, cols]
        area += (_solid(colour) - area) * part >> 7

    def put(self, label: str | None, drawing, x: int, base: int, size: int, coat=0, flip=False):
        """Stand a sprite with the middle of its feet at (x, base)."""
        image = sprite(drawing, size, coat, flip)
        left, top = x - size // 2, base - size
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = max(min(left + size, SIDE), x0), max(min(top + size, SIDE), y0)
        part = (..., slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        alpha, area = image.alpha[part], self.rgb[:, y0:y1, x0:x1]
        area += (image.rgb[part] - area) * alpha >> 7
        if label:
            self.map[y0:y1, x0:x1][alpha >= 64] = self.labels.index(label)

    def shadow(self, x: int, base: int, width: int) -> None:
        """Darken a flat ellipse on the ground."""
        half, flat = width // 2, max(width // 9, 2)
        rows, cols = slice(max(base - flat, 0), base + flat), slice(max(x - half, 0), x + half)
        near = 128 - ((_X[cols] - x) * 11 // half) ** 2 - ((_Y[rows] - base) * 11 // flat) ** 2
        area = self.rgb[:, rows, cols]
        area -= area * np.clip(near, 0, 55).astype(np.int16) >> 7


@lru_cache
def _solid(colour: str) -> np.ndarray:
    return np.array(rgb(colour), np.int16)[:, None, None]


@lru_cache
def _blend(rows: int, *colours: str) -> np.ndarray:
    """From each colour to the next, evenly → int16 (3, rows, 1)."""
    stops, steps = np.array([rgb(c) for c in colours], np.int32), len(colours) - 1
    place = np.arange(rows, dtype=np.int32) * 256 * steps // max(rows, 1)
    i, part = place >> 8, (place & 255)[:, None]
    blended = (stops[i] * (256 - part) + stops[i + 1] * part) >> 8
    return blended.astype(np.int16).T[:, :, None]


def skyline(dice: Dice, base: int, swing: int, rough: int = 50) -> np.ndarray:
    """A line about `base`, up and down by `swing` (pixels), by midpoint displacement.

    `rough` is the percentage of swing that each halving keeps → int32 (192,) in sixteenths.
    """
    points, swing = 16 * base + dice.array(3, -8, 8) * swing, 8 * swing
    while len(points) < SIDE + 1:
        finer = np.repeat(points, 2)[:-1]
        finer[1::2] = (points[:-1] + points[1:]) // 2 + dice.array(len(points) - 1, -swing, swing)
        points, swing = finer, swing * rough // 100
    return points[:SIDE].astype(np.int32)


def mound(x: int, top: int, slope: int, dice: Dice | None = None) -> np.ndarray:
    """The line of a peak at (x, top), falling by `slope` sixteenths per pixel to each side."""
    line = 16 * top + np.abs(_X - x) * slope
    return line if dice is None else line + skyline(dice, 0, 10, 62)
