"""SIFT descriptors of a picture's patches, and the blocks of the picture that hold them.

SIFT (Lowe 2004, IJCV 60, §6; computed by OpenCV) describes a patch by the grey gradient in 4 × 4
cells × 8 directions: 128 whole numbers, 0 to 255. Pictures are reduced, never enlarged, to at most
`max_side` pixels on their longest side, and become grey by Rec. 601. A patch of one grey has no
gradient and so no descriptor.
"""

import numbers
from typing import NamedTuple

import cv2
import numpy as np
from skimage.segmentation import slic

from emobook import images
from emobook.features.crafted import CraftedFeatures, one_thread
from emobook.images import ImageError

SAMPLINGS = ("dense", "keypoints")
_BASE = 16  # pixels: a patch is described in the octave in which it is 16 to 31 wide
_WORDS = 32  # 4-byte numbers that one descriptor fills in the cache


class Patches(NamedTuple):
    """n described patches: centres `x`, `y` and `width` (n,) in pixels of the reduced picture,
    `descriptors` uint8 (n, 128)."""

    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    descriptors: np.ndarray


def patches(image, *, sampling="dense", scales=(16, 32, 64), step=0.5, max_side=256) -> Patches:
    """SIFT descriptors of an image, which may be whatever `emobook.images.read` takes.

    sampling: "dense" puts patches of each width in `scales` (pixels) on a grid, `step` widths
        apart and centred in the image, upright; none reaches over the edge. "keypoints" takes
        Lowe's extrema of the difference of Gaussians, with their own size and direction, and
        looks at neither `scales` nor `step`.
    """
    pixels = np.asarray(images.read(image, max_side=max_side))
    return _described(pixels, sampling, scales, step)


def _described(pixels, sampling, scales, step) -> Patches:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    sift, found = cv2.SIFT_create(enable_precise_upscale=True), None
    with one_thread():
        if sampling == "keypoints":
            points, found = sift.detectAndCompute(grey, None)
        elif points := _grid(grey, scales, step):  # OpenCV refuses to describe none
            points, found = sift.compute(grey, points)
    if found is None:
        return Patches(*np.zeros((3, 0), np.float32), np.zeros((0, 128), np.uint8))
    where = np.array([(*point.pt, 6 * point.size) for point in points], np.float32)
    return Patches(*where.T, found.astype(np.uint8))


def _grid(grey, scales, step) -> list:
    sums, squares = (table.astype(np.int64) for table in cv2.integral2(grey))
    points = []
    for width in scales:
        # A cell is a quarter of the width, and 3/2 of what OpenCV calls a point's size.
        size, octave = width / 6, max(0, int(np.log2(width / _BASE)))
        stride, half = max(1, round(step * width)), width // 2
        ys, xs = (
            np.arange(half + (side - width) % stride // 2, side - (width - half) + 1, stride)
            for side in grey.shape
        )
        # n Σ v² - (Σ v)² is 0 in a patch of one grey, where SIFT would describe rounding errors.
        total, power = (_box(table, ys - half, xs - half, width) for table in (sums, squares))
        some = width * width * power > total * total
        points += [
            cv2.KeyPoint(float(x), float(y), size, 0, 0, octave)
            for y, row in zip(ys, some, strict=True)
            for x in xs[row]
        ]
    return points


def _box(table, ys, xs, width) -> np.ndarray:
    """Sums over squares of an integral image, for all upper left corners (y, x)."""
    top, bottom = table[ys], table[ys + width]
    return bottom[:, xs + width] - bottom[:, xs] - top[:, xs + width] + top[:, xs]


def block_maps(image, *, grids=(1, 2, 4), segments=(16, 64), max_side=256) -> np.ndarray:
    """The blocks of an image at several scales: int32 (K, H, W), K = len(grids) + len(segments).

    Each map cuts the whole image into blocks: for each g of `grids` into g × g rectangles, row by
    row, then for each k of `segments` into about k SLIC superpixels (Achanta et al. 2012;
    compactness 10). Blocks are numbered from 0 through all maps; in a picture with fewer rows or
    columns than g some numbers have no pixel. The image is read as in `patches`.
    """
    pixels = np.asarray(images.read(image, max_side=max_side))
    return _blocks(pixels, grids, segments)[0]


def _blocks(pixels, grids, segments) -> tuple[np.ndarray, int]:
    """The maps, and how many blocks there are."""
    (height, width), maps, count = pixels.shape[:2], [], 0
    for g in grids:
        rows, columns = np.arange(height) * g // height, np.arange(width) * g // width
        maps.append(count + g * rows[:, None] + columns)
        count += g * g
    for k in segments:
        labels = slic(pixels, k, compactness=10, start_label=0)
        maps.append(count + labels)
        count += labels.max() + 1
    return np.array(maps, np.int32).reshape(-1, height, width), count


class SIFTDescriptors(CraftedFeatures):
    """What `SIFTWords` and `Blocks` keep of a picture: its descriptors and the blocks they are in.

    A row is of its own length, as 4-byte numbers: n descriptors of 128 bytes, the (n, K) numbers
    of the blocks that hold their centres, and how many blocks there are. About 110 kB for a photo
    and the default grid of patches, so that 23,000 photos fill 2.6 GB of the cache.
    """

    def __init__(
        self, sampling, scales, step, max_side, grids=(), segments=(), *,
        n_jobs=None, cache=True, progress=True,
    ):  # fmt: skip
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.sampling = sampling
        self.scales = scales
        self.step = step
        self.max_side = max_side
        self.grids = grids
        self.segments = segments

    def _check(self):
        if self.sampling not in SAMPLINGS:
            raise ValueError(f"sampling must be one of {SAMPLINGS}, not {self.sampling!r}")
        check_whole("max_side", [self.max_side], 1)
        for name, least in (("scales", 4), ("grids", 1), ("segments", 2)):
            check_whole(name, getattr(self, name), least)
        if not isinstance(self.step, numbers.Real) or not self.step > 0:
            raise ValueError(f"step must be a number above 0, not {self.step!r}")

    def _of(self, source):
        try:
            pixels = np.asarray(images.read(source, max_side=self.max_side))
        except ImageError as error:
            return error
        found = _described(pixels, self.sampling, self.scales, self.step)
        maps, count = _blocks(pixels, self.grids, self.segments)
        height, width = pixels.shape[:2]
        x = np.clip(found.x.round().astype(int), 0, width - 1)
        y = np.clip(found.y.round().astype(int), 0, height - 1)
        places = np.append(maps[:, y, x].T, count).astype("<i4")
        return np.concatenate([found.descriptors.view("<f4").ravel(), places.view("<f4")])

    def unpack(self, row) -> tuple[np.ndarray, np.ndarray, int]:
        """Descriptors uint8 (n, 128), their blocks int32 (n, K), and the number of blocks."""
        maps = len(self.grids) + len(self.segments)
        n = len(row) // (_WORDS + maps)
        whole = row[_WORDS * n :].view("<i4")
        blocks = whole[:-1].reshape(n, maps)
        return row[: _WORDS * n].view(np.uint8).reshape(n, 128), blocks, int(whole[-1])


def check_whole(name: str, values, least: int) -> None:
    """Raise ValueError unless all `values` of the parameter `name` are whole numbers >= least."""
    for value in values:
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name} must be whole numbers of at least {least}, not {value!r}")
