"""GIST: how much structure of which scale and direction there is in each part of a picture.

Oliva and Torralba describe a scene by the output of Gabor filters over a coarse grid (Modeling the
shape of the scene, IJCV 42(3), 2001, 145-175). Filters, constants and order are those of their own
program, LMgist (LabelMe toolbox).
"""

import functools
import math

import numpy as np
import scipy.fft
from PIL import Image

from emobook.features.crafted import CraftedFeatures

SIZE = 256
"""Side of the grey square that is described, in pixels."""

GRID = 4
"""Blocks per side over which the responses are averaged."""

_BORDER = 32  # mirrored pixels around the picture while the Gabor filters are applied
_PREFILTER_BORDER = 5  # the same for the prefilter
_PREFILTER_CUTOFF = 4  # cycles per picture at which the prefilter's low-pass has gain 1/2
_CONTRAST_FLOOR = 0.2  # keeps what is nearly flat from being amplified without bound
_FLAT = 0.01  # grey levels; less than this between darkest and brightest is rounding, not structure
_NEGLIGIBLE = 1e-8  # of a filter's largest gain: what is below would vanish in float32 anyway


def square(image: Image.Image) -> np.ndarray:
    """Grey square of an RGB picture as LMgist cuts it: float32 (256, 256), 0 … 255.

    Grey is the mean of R, G and B. The shorter side becomes 256 pixels (bilinear, with a kernel as
    wide as the reduction), and of the longer one the middle 256 are kept.
    """
    red, green, blue = np.moveaxis(np.asarray(image), 2, 0)
    grey = red.astype(np.float32)
    for channel in (green, blue):
        grey += channel
    grey /= 3
    height, width = grey.shape
    scale = SIZE / min(height, width)
    # To resize only what is kept gives the same pixels, and no picture, however long, costs more.
    box = []
    for side in (width, height):
        resized = max(SIZE, math.floor(side * scale + 0.5))
        start = (resized - SIZE) // 2
        box.append((start * side / resized, (start + SIZE) * side / resized))
    (left, right), (top, bottom) = box
    resized = Image.fromarray(grey).resize(
        (SIZE, SIZE), Image.Resampling.BILINEAR, (left, top, right, bottom)
    )
    return np.asarray(resized)


@functools.cache
def _low_pass() -> np.ndarray:
    """Gain of the prefilter for `rfft2`, without the columns where it is negligible."""
    size = SIZE + 2 * _PREFILTER_BORDER
    rows = scipy.fft.fftfreq(size, 1 / size)[:, None]  # cycles per picture
    columns = scipy.fft.rfftfreq(size, 1 / size)
    gain = np.exp(-(rows**2 + columns**2) * (math.log(2) / _PREFILTER_CUTOFF**2))
    return gain[:, gain[0] > _NEGLIGIBLE].astype(np.float32)


def _smooth(picture: np.ndarray) -> np.ndarray:
    gain = _low_pass()
    spectrum = scipy.fft.fft(scipy.fft.rfft(picture, axis=1)[:, : gain.shape[1]], axis=0)
    return scipy.fft.irfft(scipy.fft.ifft(spectrum * gain, axis=0), n=picture.shape[1], axis=1)


def prefiltered(grey: np.ndarray) -> np.ndarray:
    """Local contrast of a grey square (256, 256): float32, 0 everywhere where it is flat.

    The grey values are stretched to 0 … 255 and replaced by log(1 + x); then a Gaussian low-pass
    (gain 1/2 at 4 cycles per picture) is subtracted, and the rest divided by 0.2 + its local
    standard deviation, which is taken with the same low-pass.
    """
    grey = np.asarray(grey, dtype=np.float32)
    if grey.shape != (SIZE, SIZE):
        raise ValueError(f"grey must have the shape ({SIZE}, {SIZE}), not {grey.shape}")
    grey = grey - grey.min()
    brightest = grey.max()
    if brightest < _FLAT:
        return np.zeros_like(grey)
    picture = np.pad(np.log1p(grey * (255 / brightest)), _PREFILTER_BORDER, "symmetric")
    picture -= _smooth(picture)
    picture /= _CONTRAST_FLOOR + np.sqrt(np.abs(_smooth(picture**2)))
    return picture[_PREFILTER_BORDER:-_PREFILTER_BORDER, _PREFILTER_BORDER:-_PREFILTER_BORDER]


@functools.lru_cache(maxsize=4)
def _filters(orientations: tuple[int, ...]) -> list[tuple[tuple[slice, slice], np.ndarray]]:
    """Where in the centred spectrum each Gabor filter is not negligible, and its gains there."""
    size = SIZE + 2 * _BORDER
    frequency = scipy.fft.fftshift(scipy.fft.fftfreq(size))  # cycles per pixel
    radius = np.hypot(frequency[:, None], frequency)
    angle = np.arctan2(frequency[:, None], frequency)
    filters = []
    for scale, count in enumerate(orientations):
        radial = -3.5 * (radius / (0.3 / 1.85**scale) - 1) ** 2
        sharpness = 2 * math.pi * 16 * count**2 / 32**2
        for turn in range(count):
            away = angle + turn * math.pi / count
            away -= 2 * math.pi * (away > math.pi)
            gain = np.exp(radial - sharpness * away**2)
            used = gain >= _NEGLIGIBLE * gain.max()
            lines = [np.flatnonzero(used.any(axis=axis)) for axis in (1, 0)]
            place = tuple(slice(some[0], some[-1] + 1) for some in lines)
            filters.append((place, gain[place].astype(np.float32)))
    return filters


def gist(grey: np.ndarray, orientations=(8, 8, 8, 8)) -> np.ndarray:
    """GIST of a grey square (256, 256), 0 … 255, as `square` gives: float32 (16 · Σ orientations,).

    What each value is, and in which order they come, is said in `GIST`. A square without structure
    (a range of less than 0.01 grey levels) gives 0 everywhere. Raises ValueError for another shape.
    """
    size = SIZE + 2 * _BORDER
    spectrum = scipy.fft.fftshift(scipy.fft.fft2(np.pad(prefiltered(grey), _BORDER, "symmetric")))
    inner = slice(_BORDER, _BORDER + SIZE)
    energies = []
    for place, gain in _filters(tuple(orientations)):
        # The part of the spectrum that the filter lets through is moved to frequency 0, which
        # turns only the phases of the response; `n` appends the zeros. So neither columns of zeros
        # nor rows of the border are transformed.
        response = scipy.fft.ifft(spectrum[place] * gain, n=size, axis=0)[inner]
        response = scipy.fft.ifft(response, n=size, axis=1)[:, inner]
        blocks = np.abs(response).reshape(GRID, SIZE // GRID, GRID, SIZE // GRID)
        energies.append(blocks.mean(axis=1).mean(axis=2).T.ravel())
    return np.concatenate(energies)


class GIST(CraftedFeatures):
    """GIST of a grey picture: 16 values for each scale and orientation, 512 by default.

    orientations: number of orientations at each scale, from fine to coarse. Scale s = 0, 1, … is
        centred on 0.3 / 1.85^s cycles per pixel (of the 256 × 256 square): 0.3, 0.16, 0.088, 0.047.
        (8, 8, 8, 8) gives the 512 values of LMgist, (8, 8, 4) the 320 of LEAR's C program for grey
        pictures, in its order.

    The picture becomes a grey square (`square`: mean of R, G and B, shorter side to 256 pixels,
    centre of the longer one), then its local contrast (`prefiltered`), of which 32 pixels are
    mirrored at every border. Each filter has, in the Fourier domain, the gain
    exp(-3.5 (f / centre - 1)² - 2π (n/8)² φ²), n being the orientations of its scale and φ the
    angle in radians from its direction. A value is the mean magnitude of the filter's response
    in one of 4 × 4 blocks: without unit, at least 0, mostly below 0.5.

    Order: scales from fine to coarse; in each the orientations 0°, 180°/n, …, the angle in which
    the brightness changes, from the horizontal anticlockwise (0° is for upright stripes); in each
    the blocks column by column, from top to bottom. With float32 the values agree to 1e-6 with
    torchgist on the same square.

    LEAR's program has the same filters and order, but takes any size, does not stretch the grey
    values to 0 … 255 and lets the picture wrap around instead of mirroring it, so its values are
    others. A picture of one colour, of which the original makes NaN, has 0 everywhere.

    `fit` and `transform` raise ValueError for orientations that are not whole numbers from 1.
    """

    def __init__(self, orientations=(8, 8, 8, 8), *, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.orientations = orientations

    def _check(self):
        if (
            not isinstance(self.orientations, (tuple, list))
            or not self.orientations
            or any(
                isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1
                for count in self.orientations
            )
        ):
            raise ValueError(
                "orientations must hold a whole number of at least 1 for each scale, "
                f"not {self.orientations!r}"
            )

    def _names(self):
        return [
            f"gist_scale{scale}_{180 * turn / count:g}deg_row{row}_column{column}"
            for scale, count in enumerate(self.orientations)
            for turn in range(count)
            for column in range(GRID)
            for row in range(GRID)
        ]

    def _describe(self, image):
        return gist(square(image), self.orientations)
