"""Integer drawing: dice, filled shapes and sprites that come out alike on every machine.

No floating point anywhere: exp, sin and even a fused multiply-add may differ by a bit between
processors, and one bit is enough to make two readers' pictures differ.
"""

import hashlib
from functools import lru_cache, partial
from itertools import pairwise
from math import isqrt

import numpy as np

SUPERSAMPLE = 3  # sprites are drawn this much larger, then averaged down
COATS = 3  # colourings of each sprite


class Dice:
    """Integers drawn from SHAKE-128 of a key: alike on every machine and in every release."""

    def __init__(self, *key):
        self._hash = hashlib.shake_128("/".join(map(str, key)).encode())
        self._bytes = self._hash.digest(1024)
        self._at = 0

    def below(self, n: int) -> int:
        """An integer from 0 to n − 1, alike to within n / 2³²."""
        if self._at == len(self._bytes):
            self._bytes = self._hash.digest(2 * len(self._bytes))
        self._at += 4
        return int.from_bytes(self._bytes[self._at - 4 : self._at], "little") * n >> 32

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def array(self, count: int, low: int, high: int) -> np.ndarray:
        """`count` integers from `low` to `high`, both included → int64 (count,)."""
        start, self._at = self._at, self._at + 4 * count
        while self._at > len(self._bytes):
            self._bytes = self._hash.digest(2 * len(self._bytes))
        words = np.frombuffer(self._bytes, "<u4", count, start).astype(np.int64)
        return low + (words * (high - low + 1) >> 32)

    def choice(self, options, weights=None):
        """One of `options`, by integer `weights` (default: all alike)."""
        options = list(options)
        if weights is None:
            return options[self.below(len(options))]
        ball = self.below(sum(weights))
        for option, weight in zip(options, weights, strict=True):
            ball -= weight
            if ball < 0:
                return option
        raise ValueError("weights must be non-negative integers with a positive sum")


def noise(shape: tuple[int, ...], *key) -> np.ndarray:
    """Random bytes of `shape` as int16 (0 to 255), from SHAKE-128 of `key`."""
    stream = hashlib.shake_128("/".join(map(str, key)).encode())
    count = int(np.prod(shape))
    return np.frombuffer(stream.digest(count), np.uint8).reshape(shape).astype(np.int16)


@lru_cache
def rgb(colour: str) -> tuple[int, int, int]:
    """Hexadecimal "ff8000" → (255, 128, 0)."""
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


def cut_corners(points: list, ends: list) -> list:
    """Chaikin's corner cutting: each corner gives way to two points, a quarter along its sides."""
    cut = []
    for (ax, ay), (bx, by) in zip(points, ends, strict=False):
        cut.append(((3 * ax + bx) // 4, (3 * ay + by) // 4))
        cut.append(((ax + 3 * bx) // 4, (ay + 3 * by) // 4))
    return cut


def polygon(points: list, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Which pixels of a window have their centre in a polygon (even-odd rule) → bool (h, w)."""
    a = np.array(points, np.int64)
    b = np.roll(a, -1, axis=0)
    down = a[:, 1:] <= b[:, 1:]
    a, b = np.where(down, a, b), np.where(down, b, a)
    first, last = (np.clip(end[:, 1], top, top + height) for end in (a, b))
    count = last - first  # pixel rows that an edge crosses, then one entry per crossing
    edge = np.repeat(np.arange(len(a)), count)
    row = np.arange(len(edge)) + (first + count - np.cumsum(count))[edge]
    (x, y), (run, rise) = a[edge].T, (b - a)[edge].T
    column = x + ((2 * (row - y) + 1) * run + rise) // (2 * rise) - left
    place = (row - top) * (width + 1) + np.clip(column, 0, width)
    crossings = np.bincount(place, minlength=height * (width + 1)).astype(np.uint8)
    crossings = crossings.reshape(height, width + 1)[:, :-1] & 1
    return np.bitwise_xor.accumulate(crossings, axis=1).astype(bool)


def ellipse(box: tuple, left: int, top: int, width: int, height: int) -> np.ndarray:
    """Which pixels of a window have their centre in the ellipse that fills `box` → bool (h, w)."""
    x0, y0, x1, y1 = box
    a, b = x1 - x0, y1 - y0
    x = (2 * np.arange(left, left + width, dtype=np.int64) + 1 - x0 - x1) * b
    y = (2 * np.arange(top, top + height, dtype=np.int64) + 1 - y0 - y1) * a
    return x * x + (y * y)[:, None] <= (a * b) ** 2


class Sprite:
    """A small picture with transparency, drawn on a board of 100 × 100 units, y down.

    After `finish()`: `.rgb` int16 (3, size, size), `.alpha` int16 (size, size) from 0 to 128.
    """

    def __init__(self, size: int):
        self.size = size
        self._side = size * SUPERSAMPLE
        self._colour = np.zeros((self._side, self._side, 3), np.uint8)
        self._filled = np.zeros((self._side, self._side), bool)

    def _points(self, flat) -> list:
        units = [unit * self._side // 100 for unit in flat]
        return list(zip(units[::2], units[1::2], strict=True))

    def _fill(self, colour: str, points: list, shape, margin: int = 0) -> None:
        """Paint the pixels that `shape(left, top, width, height)` finds about `points`."""
        columns, rows = zip(*points, strict=True)
        left, top = max(min(columns) - margin, 0), max(min(rows) - margin, 0)
        right = max(min(max(columns) + margin, self._side), left)
        bottom = max(min(max(rows) + margin, self._side), top)
        area = shape(left, top, right - left, bottom - top)
        self._colour[top:bottom, left:right][area] = rgb(colour)
        self._filled[top:bottom, left:right] |= area

    def poly(self, colour: str, *flat: int) -> None:
        """Polygon through x, y, x, y, …"""
        points = self._points(flat)
        self._fill(colour, points, partial(polygon, points))

    def blob(self, colour: str, *flat: int) -> None:
        """Polygon with rounded corners."""
        points = self._points(flat)
        for _ in range(3):
            points = cut_corners(points, points[1:] + points[:1])
        self._fill(colour, points, partial(polygon, points))

    def oval(self, colour: str, left: int, top: int, right: int, bottom: int) -> None:
        """Ellipse that fills the box."""
        corners = self._points((left, top, right, bottom))
        self._fill(colour, corners, partial(ellipse, corners[0] + corners[1]))

    def disc(self, colour: str, x: int, y: int, radius: int) -> None:
        """Filled circle."""
        self.oval(colour, x - radius, y - radius, x + radius, y + radius)

    def rect(self, colour: str, left: int, top: int, right: int, bottom: int) -> None:
        """Filled rectangle."""
        self.poly(colour, left, top, right, top, right, bottom, left, bottom)

    def line(self, colour: str, width: int, *flat: int) -> None:
        """Stroke of `width` units with round ends along x, y, x, y, …, its bends rounded."""
        points = self._points(flat)
        for _ in range(2 if len(points) > 2 else 0):
            points = [points[0], *cut_corners(points, points[1:]), points[-1]]
        half = max(width * self._side // 200, 1)
        for x, y in points:
            box = (x - half, y - half, x + half, y + half)
            self._fill(colour, [(x, y)], partial(ellipse, box), half)
        for (ax, ay), (bx, by) in pairwise(points):
            dx, dy = bx - ax, by - ay
            length = max(isqrt(dx * dx + dy * dy), 1)
            px, py = -dy * half // length, dx * half // length
            quad = [(ax + px, ay + py), (bx + px, by + py), (bx - px, by - py), (ax - px, ay - py)]
            self._fill(colour, quad, partial(polygon, quad))

    def finish(self) -> "Sprite":
        """Average down, lit from above."""
        n, k = self.size, SUPERSAMPLE
        self._colour[~self._filled] = 0
        total = sum(self._colour[i::k, j::k].astype(np.int32) for i in range(k) for j in range(k))
        count = sum(self._filled[i::k, j::k].astype(np.int32) for i in range(k) for j in range(k))
        light = 276 - 40 * np.arange(n, dtype=np.int32)[:, None] // n
        colour = total.transpose(2, 0, 1) // np.maximum(count, 1) * light >> 8
        self.rgb = np.minimum(colour, 255).astype(np.int16)
        self.alpha = (count * 128 // (k * k)).astype(np.int16)
        del self._colour, self._filled
        return self


@lru_cache(maxsize=4096)
def sprite(drawing, size: int, coat: int = 0, flip: bool = False) -> Sprite:
    """What `drawing(board, coat)` draws, `size` × `size` pixels, facing right unless flipped."""
    board = Sprite(size)
    if flip:
        image = sprite(drawing, size, coat)
        board.rgb, board.alpha = image.rgb[..., ::-1], image.alpha[..., ::-1]
        return board
    drawing(board, coat)
    return board.finish()


@lru_cache
def extent(drawing) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of what `drawing` fills of its board, in hundredths of the board."""
    alpha = sprite(drawing, 100).alpha >= 64
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
