"""Coarseness, contrast and directionality of Tamura, Mori & Yamawaki.

"Textural features corresponding to visual perception", IEEE Transactions on Systems, Man, and
Cybernetics 8(6), 1978. Grey values are 0 … 255, for which the paper's threshold is meant.
"""

import itertools

import numpy as np
from scipy.signal import find_peaks

_LEVELS = 5  # neighbourhoods of 2 to 32 pixels
_BINS = 16  # of direction, over half a turn
_EDGE = 12  # grey levels of |ΔG| from which a point has a direction
_RANGE = 4 / np.pi**2  # r, one over the square of the largest distance of two directions


def tamura(grey: np.ndarray) -> np.ndarray:
    """`coarseness`, `contrast` and `directionality` of a grey picture (H, W), 0 … 255: (3,)."""
    return np.array([coarseness(grey), contrast(grey), directionality(grey)])


def coarseness(grey: np.ndarray) -> float:
    """Mean size of a picture's elements: 2 … 32 pixels.

    At each point the side 2^k, k = 1 … 5, is taken for which the means of two adjacent squares of
    that side, left and right or above and below the point, differ most; coarseness is the mean of
    these sides. What the paper leaves open is chosen thus: squares have an even side, so points
    lie between pixels; a side counts only where both squares are within the picture; among equal
    differences the largest side wins; a point at which no side makes any difference does not
    count. A picture without such a difference, or room for one, has coarseness 1.

    grey: (H, W) of any range, which scales out. Source: section III-A.
    """
    height, width = grey.shape
    sums = np.zeros((height + 1, width + 1), np.int64 if grey.dtype.kind in "bui" else np.float64)
    np.cumsum(np.cumsum(grey, axis=0, dtype=sums.dtype), axis=1, out=sums[1:, 1:])
    largest = np.zeros(sums.shape)
    best = np.zeros(sums.shape, np.uint8)
    for k in range(1, _LEVELS + 1):
        side, half = 2**k, 2 ** (k - 1)
        if side > height or side > width:
            break
        means = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side]
        means = (means + sums[:-side, :-side]) / side**2
        rows, columns = slice(half, height - half + 1), slice(half, width - half + 1)
        for difference, place in (
            (means[:, side:] - means[:, :-side], (rows, slice(side, width - side + 1))),
            (means[side:] - means[:-side], (slice(side, height - side + 1), columns)),
        ):
            np.abs(difference, out=difference)
            np.copyto(best[place], side, where=difference >= largest[place])
            np.maximum(largest[place], difference, out=largest[place])
    counted = largest > 0
    return float(best[counted].mean()) if counted.any() else 1.0


def contrast(grey: np.ndarray) -> float:
    """σ / α₄^¼, where α₄ = μ₄/σ⁴ is the kurtosis of the grey values: 0 … half their range.

    It is in grey levels; a constant picture has 0. Source: section III-B, with n = ¼.
    """
    values = grey - grey.mean()
    square = values * values
    variance, fourth = square.mean(), (square * square).mean()
    return float(variance / fourth**0.25) if fourth > 0 else 0.0


def direction_histogram(grey: np.ndarray) -> np.ndarray:
    """Shares of the directions of a grey picture (H, W), 0 … 255: (16,), all 0 without an edge.

    With the differences ΔH (right less left column of 3 pixels) and ΔV (upper less lower row),
    points with (|ΔH| + |ΔV|)/2 ≥ 12 are counted by θ = arctan(ΔV/ΔH) + π/2, modulo π, in bins that
    are centred on multiples of π/16. The picture's outermost pixels have no θ.
    """
    grey = grey.astype(np.float32)
    rows = grey[:-2] + grey[1:-1] + grey[2:]
    columns = grey[:, :-2] + grey[:, 1:-1] + grey[:, 2:]
    horizontal, vertical = rows[:, 2:] - rows[:, :-2], columns[:-2] - columns[2:]
    edge = np.abs(horizontal) + np.abs(vertical) >= 2 * _EDGE
    angle = np.arctan2(vertical[edge], horizontal[edge]) + np.pi / 2
    bins = np.floor(angle * (_BINS / np.pi) + 0.5).astype(int) % _BINS
    return np.bincount(bins, minlength=_BINS) / max(1, bins.size)


def directionality(grey: np.ndarray) -> float:
    """How far a picture's edges agree in direction: 1 if all do, 2/3 if they are spread evenly.

    1 − r n Σ_p Σ_φ (φ − φ_p)² H(φ): the second moment of the `direction_histogram` about its n
    peaks φ_p, each over the bins from valley to valley. What the paper leaves open is chosen thus:
    the highest bin is a peak, and so is every other one that is at least twice as high as the
    higher of its two valleys (the rule of Picard and Minka's program); φ − φ_p is at most a
    quarter turn; r = 4/π², so that a single peak gives 0 … 1. A picture without an edge has 0.

    grey: (H, W), 0 … 255. Source: section III-C.
    """
    histogram = direction_histogram(grey)
    if not histogram.any():
        return 0.0
    lowest = int(np.argmin(histogram))
    # The circle is cut at its lowest bin, which is put at both ends, so that all peaks are inside.
    line = np.append(np.roll(histogram, -lowest), histogram[lowest])
    peaks, found = find_peaks(line, prominence=0)
    peaks = peaks[found["prominences"] >= line[peaks] / 2]
    peaks = np.union1d(peaks, [np.argmax(line)])
    valleys = [a + int(np.argmin(line[a:b])) for a, b in itertools.pairwise(peaks)]
    bins = np.arange(_BINS)
    distance = np.abs(bins - peaks[np.searchsorted(valleys, bins)])
    distance = np.minimum(distance, _BINS - distance) * np.pi / _BINS
    return float(1 - _RANGE * peaks.size * (distance**2 * line[:-1]).sum())
