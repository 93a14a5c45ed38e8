"""Colour of a whole picture: histograms, means, peaks, hue, felt emotion, colourfulness.

Each feature is a function of pixels, RGB uint8 (H, W, 3), and a thin transformer around it. The
transformers work on the picture as it is, or reduced to a million pixels where it has more
(`color_spaces.pixels`). Names of colours are in `color_names`, Itten's contrasts in
`color_contrast`, fuzzy histograms in `color_fuzzy`.
"""

import functools
import itertools

import cv2
import numpy as np
from skimage import color

from emobook.features.color_spaces import pixels, rgb_to_hsv, rgb_to_ihls
from emobook.features.crafted import CraftedFeatures

PAD_WEIGHTS = {
    "valdez": {"pleasure": (0.69, 0.22), "arousal": (-0.31, 0.60), "dominance": (-0.76, 0.32)},
    "as-printed": {"pleasure": (0.69, 0.22), "arousal": (0.31, 0.60), "dominance": (0.76, 0.32)},
}
"""Weights of brightness and of saturation, by convention and scale."""


def check_count(name: str, value, low: int, high: int) -> None:
    """Raise ValueError unless `value` is a whole number from `low` to `high`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}")


def color_histogram(image: np.ndarray, bins: int = 4, grid: int = 1) -> np.ndarray:
    """Shares of the colours, block by block: (grid² · bins³,), 1 in total for every block.

    A channel's 256 levels fall into `bins` equal bins; red counts slowest, blue fastest. Blocks
    go row by row. Where a side has fewer pixels than `grid`, blocks share pixels.
    """
    levels = (image.astype(np.uint16) * bins) >> 8
    code = (levels[..., 0] * bins + levels[..., 1]) * bins + levels[..., 2]
    rows, columns = (_cuts(length, grid) for length in code.shape)
    shares = []
    for top, bottom in rows:
        for left, right in columns:
            block = code[top:bottom, left:right].ravel()
            shares.append(np.bincount(block, minlength=bins**3) / block.size)
    return np.concatenate(shares)


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    """Start and end of `parts` stretches of equal length; none is empty."""
    starts = [part * length // parts for part in range(parts + 1)]
    return [(a, max(a + 1, b)) for a, b in itertools.pairwise(starts)]


def color_means(image: np.ndarray) -> np.ndarray:
    """Means of red, green, blue, hue, saturation, value: (6,); see `ColorMeans`."""
    hsv = rgb_to_hsv(image).reshape(-1, 3)
    angle = np.radians(hsv[hsv[:, 1] > 0, 0])
    hue, _ = _direction(np.cos(angle).sum(dtype=float), np.sin(angle).sum(dtype=float), angle.size)
    rgb = image.reshape(-1, 3).mean(axis=0) / 255
    return np.array([*rgb, hue, *hsv[:, 1:].mean(axis=0, dtype=float)])


def _direction(x: float, y: float, total: float) -> tuple[float, float]:
    """Direction in degrees [0, 360) of a sum of vectors, and their spread, 1 - length / total.

    Without a direction, because there are no vectors or they cancel, it is 0 and the spread is 1.
    """
    length = np.hypot(x, y) / total if total > 0 else 0.0
    if length < 1e-6:  # what rounding leaves
        return 0.0, 1.0
    angle = float(np.degrees(np.arctan2(y, x)) % 360)
    return (angle if angle < 360 else 0.0), float(np.clip(1 - length, 0, 1))


def hsv_histograms(image: np.ndarray, bins: int) -> np.ndarray:
    """Shares of hue, saturation and value in equal bins: (3, bins); see `HSVPeaks`.

    The shares are of all pixels, and greys, which have no hue, are in none of its bins.
    """
    hsv = rgb_to_hsv(image).reshape(-1, 3)
    shares = []
    for channel, full in enumerate((360, 1, 1)):
        values = hsv[hsv[:, 1] > 0, 0] if channel == 0 else hsv[:, channel]
        # values on an edge that were rounded down belong above it
        labels = np.minimum((values * (bins / full) + 1e-4).astype(np.intp), bins - 1)
        shares.append(np.bincount(labels, minlength=bins) / len(hsv))
    return np.array(shares)


def hsv_peaks(image: np.ndarray, bins: int = 16) -> np.ndarray:
    """Fullest bin of hue, saturation and value, and its share: (6,); see `HSVPeaks`."""
    shares = hsv_histograms(image, bins)
    return np.stack([shares.argmax(axis=1), shares.max(axis=1)], axis=1).ravel()


def mean_saturation_brightness(image: np.ndarray) -> np.ndarray:
    """Mean saturation and mean luminance of the space IHLS: (2,), in [0, 1].

    The first two colour features of Machajdik and Hanbury (2010).
    """
    return rgb_to_ihls(image)[..., [2, 1]].mean(axis=(0, 1), dtype=float)


def pleasure_arousal_dominance(brightness, saturation, signs: str = "valdez") -> np.ndarray:
    """Pleasure, arousal and dominance (…, 3) of brightness and saturation; see `PAD`."""
    weights = np.array(list(PAD_WEIGHTS[signs].values()))
    return np.stack([brightness, saturation], axis=-1) @ weights.T


def hue_statistics(image: np.ndarray) -> np.ndarray:
    """Mean and spread of hue, without and with saturation as weight: (4,); see `HueStatistics`."""
    hue, _, saturation = np.moveaxis(rgb_to_ihls(image).reshape(-1, 3).astype(float), -1, 0)
    coloured = saturation > 0
    angle, weight = np.radians(hue[coloured]), saturation[coloured]
    x, y = np.cos(angle), np.sin(angle)
    plain = _direction(x.sum(), y.sum(), angle.size)
    return np.array([*plain, *_direction(x @ weight, y @ weight, weight.sum())])


@functools.cache
def _distances() -> np.ndarray:
    """CIELUV distances between the middles of the 64 cells of RGB: (64, 64)."""
    middles = (np.indices((4, 4, 4)).reshape(3, -1).T + 0.5) / 4
    luv = color.rgb2luv(middles[None])[0]
    return np.linalg.norm(luv[:, None] - luv[None], axis=-1)


def earth_movers_distance(shares: np.ndarray, other: np.ndarray, distances: np.ndarray) -> float:
    """Least work, mass times distance, that turns one histogram into the other.

    Both (n,) with the same sum; distances (n, n), a metric. Mass that both have stays where it
    is, which in a metric costs nothing and leaves a small problem; OpenCV solves it exactly but
    for its single precision (relative error below 1e-5).
    """
    shares, other = np.asarray(shares, dtype=float), np.asarray(other, dtype=float)
    excess = shares - other
    giving, taking = np.flatnonzero(excess > 0), np.flatnonzero(excess < 0)
    moved = excess[giving].sum()
    if moved < 1e-9:
        return 0.0
    supply = (excess[giving] / moved).astype(np.float32)[:, None]
    demand = (-excess[taking] / moved).astype(np.float32)[:, None]
    cost = np.ascontiguousarray(distances[np.ix_(giving, taking)], dtype=np.float32)
    return float(cv2.EMD(supply, demand, cv2.DIST_USER, cost)[0] * moved)


def colorfulness(image: np.ndarray) -> float:
    """Earth mover's distance to the picture that has all colours; see `Colorfulness`."""
    return earth_movers_distance(color_histogram(image), np.full(64, 1 / 64), _distances())


class ColorHistogram(CraftedFeatures):
    """Histogram of RGB: grid² · bins³ shares in [0, 1] that sum to 1 in every block.

    Siersdorfer et al. (2010): bins=4, grid=1 is their global histogram (GCH, 64 values), and
    bins=4, grid=4 the local one (LCH, 4 × 4 blocks, 1024 values; that their grid is 4 × 4 is
    known to us at second hand). Order, edges and small pictures: `color_histogram`.

    bins: per channel, 1 to 32. grid: blocks per side, 1 to 64.
    """

    def __init__(self, bins=4, grid=1, *, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.bins = bins
        self.grid = grid

    def _check(self):
        check_count("bins", self.bins, 1, 32)
        check_count("grid", self.grid, 1, 64)

    def _names(self):
        levels, blocks = range(self.bins), range(self.grid)
        cells = [f"red{r}_green{g}_blue{b}" for r in levels for g in levels for b in levels]
        if self.grid == 1:
            return cells
        return [f"row{y}_column{x}_{cell}" for y in blocks for x in blocks for cell in cells]

    def _describe(self, image):
        return color_histogram(pixels(image), self.bins, self.grid)


class ColorMeans(CraftedFeatures):
    """Mean red, green, blue, hue, saturation, value: 6 values, hue in degrees, others in [0, 1].

    Kim et al. (2018), section IV-A, "mean values of RGB and HSV". They do not say how hue was
    averaged. Ours is the circular mean, in [0, 360), of the pixels that have a hue (saturation
    above 0): the arithmetic mean of two reds, 1° and 359°, would be cyan. 0 where there is none.
    """

    def _names(self):
        return ["red", "green", "blue", "hue", "saturation", "value"]

    def _describe(self, image):
        return color_means(pixels(image))


class HSVPeaks(CraftedFeatures):
    """Fullest bin of the histograms of hue, saturation and value: 6 values.

    Kim et al. (2018), section IV-A: "the label number and values of the bin with the largest
    value in the histogram". For each channel the number of the bin, 0 to bins - 1, the lowest of
    equals, and its share of all pixels in [0, 1]. Greys have no hue and are left out of its
    histogram; of a grey picture both values are 0. Saturation and value of 1 count in the last
    bin.

    bins: per channel, 2 to 256. Kim et al. do not give their number; 16 is ours.
    """

    def __init__(self, bins=16, *, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.bins = bins

    def _check(self):
        check_count("bins", self.bins, 2, 256)

    def _names(self):
        channels = ("hue", "saturation", "value")
        return [f"{channel}_{what}" for channel in channels for what in ("bin", "share")]

    def _describe(self, image):
        return hsv_peaks(pixels(image), self.bins)


class PAD(CraftedFeatures):
    """Pleasure, arousal and dominance that brightness and saturation are felt to have: 3 values.

    signs="valdez" (Valdez and Mehrabian 1994):
        P = 0.69 B + 0.22 S, A = -0.31 B + 0.60 S, D = -0.76 B + 0.32 S.
    signs="as-printed" (Kim et al. 2018, eq. 1-3): all signs plus. Machajdik and Hanbury (2010)
        print A as Valdez and Mehrabian do and D as Kim et al. do.

    B and S are the picture's mean luminance and saturation in IHLS, in [0, 1]
    (`mean_saturation_brightness`). Valdez and Mehrabian regressed standardised ratings on
    standardised Munsell value and chroma of single colour chips, so these numbers order pictures
    and have no zero or unit of their own: they lie in 0 to 0.91, -0.31 to 0.60 and -0.76 to 0.32.
    """

    def __init__(self, signs="valdez", *, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.signs = signs

    def _check(self):
        if self.signs not in PAD_WEIGHTS:
            raise ValueError(f"signs must be one of {', '.join(PAD_WEIGHTS)}, not {self.signs!r}")

    def _names(self):
        return ["pleasure", "arousal", "dominance"]

    def _describe(self, image):
        saturation, brightness = mean_saturation_brightness(pixels(image))
        return pleasure_arousal_dominance(brightness, saturation, self.signs)


class HueStatistics(CraftedFeatures):
    """Circular mean and spread of hue, plain and weighted by saturation: 4 values.

    Machajdik and Hanbury (2010) after Hanbury (2003): of the IHLS hues h with weights w (1, then
    saturation) of the pixels that are not grey, the direction of Σ w exp(ih) in degrees [0, 360)
    and the spread 1 - |Σ w exp(ih)| / Σ w in [0, 1]. Where there is no direction, as in a grey
    picture, the mean is 0 and the spread 1.
    """

    def _names(self):
        return ["hue_mean", "hue_spread", "weighted_hue_mean", "weighted_hue_spread"]

    def _describe(self, image):
        return hue_statistics(pixels(image))


class Colorfulness(CraftedFeatures):
    """Earth mover's distance from the 64-bin RGB histogram to the uniform one: 1 value.

    Datta et al. (2006), feature 2; Machajdik and Hanbury (2010). The ground distance is that of
    CIELUV (D65) between the middles of the 4 × 4 × 4 cells of RGB. 0 for a picture with an equal
    share of all 64, more for fewer colours (a black one has 87): the less, the more colourful.
    """

    def _names(self):
        return ["distance_to_all_colors"]

    def _describe(self, image):
        return np.array([colorfulness(pixels(image))])
