"""Holistic features of Yanulevskaya et al.: Gabor energies and Weibull fits to edges.

"Emotional valence categorization using holistic image features", ICIP 2008. They compare both with
prototypes of scenes that were marked by hand and are not public; here the numbers themselves are
the features, so both classes are in the style of the paper.
"""

import functools

import numpy as np
import scipy.fft
from PIL import Image
from scipy.ndimage import correlate1d
from skimage.filters import gabor_kernel

from emobook.features.color_spaces import pixels
from emobook.features.crafted import CraftedFeatures
from emobook.features.texture import PIXELS, check_count, grey_8
from emobook.features.weibull import weibull_fit

SIDE = 256
"""Longest side in pixels of a picture whose Gabor energies are taken."""

_HIGHEST = 0.4  # cycles per pixel of the finest Gabor filters
# From RGB to intensity E and its first and second derivative in wavelength, Eλ and Eλλ.
_GAUSSIAN_COLOUR = np.array([[0.06, 0.63, 0.27], [0.30, 0.04, -0.35], [0.34, -0.60, 0.17]])
_DARK = 1 / 255  # intensity by which is divided at least: one step of 8 bits
_FLOOR = 1e-3  # edge response below which 8 bits tell nothing; zeros would have no Weibull fit
_MAX_GAMMA = 10.0  # of a region without edges, whose γ is infinite; photos have 0.3 … 2
_CHANNELS = ("W", "Wl", "Wll")


@functools.lru_cache(maxsize=2)
def _gabor_spectra(scales: int, orientations: int) -> tuple[list[np.ndarray], int, int]:
    """Spectra of the filters on one canvas for all pictures, its side, and the kernels' radius."""
    kernels = [
        gabor_kernel(_HIGHEST / 2**scale, np.pi * turn / orientations, dtype=np.complex64)
        for scale in range(scales)
        for turn in range(orientations)
    ]
    radius = max(max(kernel.shape) // 2 for kernel in kernels)
    side = scipy.fft.next_fast_len(SIDE + 2 * radius)
    spectra = []
    for kernel in kernels:
        canvas = np.zeros((side, side), np.complex64)
        canvas[: kernel.shape[0], : kernel.shape[1]] = kernel
        centre = [-(n // 2) for n in kernel.shape]
        spectra.append(scipy.fft.fft2(np.roll(canvas, centre, axis=(0, 1)), workers=1))
    return spectra, side, radius


def gabor_energies(grey: np.ndarray, scales: int = 4, orientations: int = 6) -> np.ndarray:
    """Mean and standard deviation of each Gabor filter's magnitude: (scales · orientations · 2,).

    grey: (H, W), of any range, which scales the result; its mean is taken away first. Raises
    ValueError for a side of more than 256 pixels. Filters are scikit-image's `gabor_kernel` of
    0.4, 0.2, 0.1, … cycles per pixel, one octave wide, with waves at angles of k π / orientations
    to the rows; the picture is mirrored at its border. The order is scale, orientation, then mean
    and deviation.
    """
    spectra, side, radius = _gabor_spectra(scales, orientations)
    height, width = grey.shape
    if max(height, width) > SIDE:
        raise ValueError(f"a side may have {SIDE} pixels, not {height} × {width}: reduce it first")
    grey = grey.astype(np.float32)
    grey -= grey.mean()
    after = ((radius, side - height - radius), (radius, side - width - radius))
    spectrum = scipy.fft.fft2(np.pad(grey, after, "symmetric"), workers=1)
    features = []
    for kernel in spectra:
        response = scipy.fft.ifft2(spectrum * kernel, overwrite_x=True, workers=1)
        magnitude = np.abs(response[radius : radius + height, radius : radius + width])
        features += [magnitude.mean(), magnitude.std()]
    return np.array(features)


def colour_invariant_edges(rgb: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Edges that do not change with the light's strength: float32 (3, 2, H, W).

    rgb: uint8 (H, W, 3). In the Gaussian colour model E, Eλ, Eλλ (intensity, and nearly
    yellow less blue, and green against red), the derivatives in x and y at scale `sigma` pixels
    (Gaussian, cut at 4σ, the border's pixel repeated), each divided by E at that scale:
    W, Wλ, Wλλ. E is at least 1/255 of white there, so black does not divide by zero.

    Source: Geusebroek et al., "Color invariance", IEEE TPAMI 23(12), 2001.
    """
    to_opponent = (_GAUSSIAN_COLOUR / 255).astype(np.float32)
    channels = np.einsum("cr,yxr->cyx", to_opponent, rgb.astype(np.float32))
    reach = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    smooth = np.exp(-0.5 * (reach / sigma) ** 2)
    smooth /= smooth.sum()
    along = reach / sigma**2 * smooth  # correlation with it differentiates
    rows = correlate1d(channels, smooth, axis=1, mode="nearest")
    columns = correlate1d(channels, smooth, axis=2, mode="nearest")
    intensity = correlate1d(rows[0], smooth, axis=1, mode="nearest")
    edges = np.stack(
        [
            correlate1d(rows, along, axis=2, mode="nearest"),
            correlate1d(columns, along, axis=1, mode="nearest"),
        ],
        axis=1,
    )
    edges /= np.maximum(intensity, np.float32(_DARK))
    return edges


def wiccest(rgb: np.ndarray, grid: int = 1, sigma: float = 1.0) -> np.ndarray:
    """Weibull contrast β and grain γ of edges in grid × grid regions: (12 · grid²,).

    rgb: uint8 (H, W, 3). The order is region (row by row), channel, direction, then β and
    γ. See `Wiccest`.
    """
    edges = np.maximum(np.abs(colour_invariant_edges(rgb, sigma)), _FLOOR)
    height, width = rgb.shape[:2]
    features = []
    for row in range(grid):
        for column in range(grid):
            region = edges[:, :, _part(height, row, grid), _part(width, column, grid)]
            beta, gamma = weibull_fit(region.reshape(3, 2, -1))
            features.append(np.stack([beta, np.minimum(gamma, _MAX_GAMMA)], axis=-1).ravel())
    return np.concatenate(features)


def _part(size: int, index: int, parts: int) -> slice:
    """One of `parts` nearly equal parts of a side, at least one pixel long."""
    start = index * size // parts
    return slice(start, max(start + 1, (index + 1) * size // parts))


class GaborEnergies(CraftedFeatures):
    """Means and standard deviations of Gabor magnitudes: 2 · scales · orientations numbers (48).

    Grey 0 … 1 (`texture.grey_8` / 255), the longest side reduced to 256 pixels (Lanczos; never
    enlarged). See `gabor_energies` for the filters; a wave of amplitude a at a filter's frequency
    and angle gives a/2, a constant picture 0 but for rounding.

    scales: octaves, 1 to 4. orientations: angles over half a turn.

    The paper's filters have other scales and also colour channels; this choice of statistics and
    numbers follows Manjunath & Ma, "Texture features for browsing and retrieval of image data",
    IEEE TPAMI 18(8), 1996.
    """

    def __init__(self, *, scales=4, orientations=6, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.scales = scales
        self.orientations = orientations

    def _check(self):
        check_count("scales", self.scales)
        check_count("orientations", self.orientations)
        if self.scales > 4:
            raise ValueError(f"scales must be at most 4, not {self.scales}")

    def _names(self):
        return [
            f"gabor_{scale}_{turn}_{statistic}"
            for scale in range(self.scales)
            for turn in range(self.orientations)
            for statistic in ("mean", "std")
        ]

    def _describe(self, image):
        if max(image.size) > SIDE:
            scale = SIDE / max(image.size)
            size = tuple(max(1, round(side * scale)) for side in image.size)
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return gabor_energies(grey_8(np.asarray(image)) / 255, self.scales, self.orientations)


class Wiccest(CraftedFeatures):
    """Weibull fits to colour-invariant edges: 12 · grid² numbers, above 0.

    For each region, for the channels W, Wλ and Wλλ and the directions x and y: the
    maximum-likelihood Weibull parameters (`weibull_fit`) of the absolute responses of
    `colour_invariant_edges`. β is the contrast (per pixel, relative to the intensity), γ the
    grain: high for fine, even texture, low for few strong edges. Responses below 0.001 count as
    0.001; γ is at most 10, so a region without any edge has β = 0.001, γ = 10.

    grid: regions per side. sigma: scale of the derivatives in pixels. A larger picture is
    reduced to about `pixels` pixels.

    Source: van Gemert et al., "Robust scene categorization by learning image statistics in
    context", CVPR workshop 2006; Yanulevskaya et al. 2008. That group fits the integrated Weibull
    distribution to a histogram of signed responses; we fit the Weibull distribution to all their
    absolute values, and leave out the comparison with prototypes.
    """

    def __init__(self, *, grid=1, sigma=1.0, pixels=PIXELS, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.grid = grid
        self.sigma = sigma
        self.pixels = pixels

    def _check(self):
        check_count("grid", self.grid)
        check_count("pixels", self.pixels)
        if not 0.5 <= self.sigma <= 100:
            raise ValueError(f"sigma must be 0.5 to 100 pixels, not {self.sigma!r}")

    def _names(self):
        return [
            f"wiccest_{row}_{column}_{channel}_{axis}_{parameter}"
            for row in range(self.grid)
            for column in range(self.grid)
            for channel in _CHANNELS
            for axis in "xy"
            for parameter in ("beta", "gamma")
        ]

    def _describe(self, image):
        return wiccest(pixels(image, self.pixels), self.grid, self.sigma)
