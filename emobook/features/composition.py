"""How a picture is laid out: detail, depth of field, lines, the inner third.

The composition group of Machajdik & Hanbury, "Affective image classification using features
inspired by psychology and art theory", ACM Multimedia 2010. The functions take arrays as they
are, without a resize of their own; the lengths below are meant for pictures of about 200,000
pixels.
"""

import cv2
import numpy as np
import pywt
from skimage.measure import label
from skimage.morphology import local_minima, reconstruction, skeletonize
from skimage.segmentation import watershed

_EIGHT = np.ones((3, 3), np.uint8)  # a pixel and its eight neighbours
_DEPTH = 20  # to which valleys of the gradient are filled, of 255
_WAVELET, _LEVEL = "db3", 3
_NO_DETAIL = 1e-6  # mean absolute coefficient below which a channel is constant but for rounding
_CANNY = (100, 200)
_MIN_VOTES = 50  # edge pixels on a line
_MIN_LENGTH = 1 / 20  # of a line, in diagonals
_MAX_GAP = 5  # pixels between two parts of a line
_STATIC = 15  # degrees by which a static line may be off the horizontal or vertical


def segments(pixels: np.ndarray) -> np.ndarray:
    """Segments of a picture: labels 1 … n, int32 (H, W), by a watershed of its gradient.

    pixels: uint8 (H, W, 3), RGB. The gradient is the morphological one (3 × 3) of the picture
    after a Gaussian of σ = 1, the largest of the three channels. A segment grows from each of its
    minima with a depth (Grimaud's dynamics) above 20 of 255; eight neighbours count.

    Machajdik & Hanbury take the waterfall of Marcotegui & Beucher. Which of its levels they count
    is not known to us, and a waterfall always merges two regions into one, so we remove shallow
    minima instead of merging by levels.
    """
    smooth = cv2.GaussianBlur(pixels, (0, 0), 1, borderType=cv2.BORDER_REPLICATE)
    red, green, blue = cv2.split(cv2.morphologyEx(smooth, cv2.MORPH_GRADIENT, _EIGHT))
    gradient = cv2.max(cv2.max(red, green), blue)
    gradient = gradient.astype(np.int16)
    # Filled 20 deep, only deeper valleys are left. (`h_minima` of scikit-image would give equally
    # deep points of one valley a segment each.)
    filled = reconstruction(gradient + _DEPTH, gradient, "erosion", footprint=_EIGHT)
    valleys = label(local_minima(filled), connectivity=2)
    if not valleys.any():  # none is that deep
        return np.ones(gradient.shape, np.int32)
    return watershed(gradient, valleys, connectivity=2).astype(np.int32)


def level_of_detail(pixels: np.ndarray) -> int:
    """Number of `segments`, at least 1."""
    return int(segments(pixels).max())


def central_detail(channel: np.ndarray) -> float:
    """Share of a channel's detail that lies in its centre, 0 … 1: high for low depth of field.

    channel: floats or complex numbers (H, W). The detail of a place is the sum of the absolute
    wavelet coefficients (Daubechies 3, the three details of the third level) there; the centre is
    the inner half of the height by the inner half of the width, that is the four inner ones of
    4 × 4 blocks. Detail spread evenly gives 1/4, and so does a channel without any.

    Source: Datta et al., "Studying aesthetics in photographic images using a computational
    approach", ECCV 2006, section 2.9, who do not say whether they take absolute values.
    """
    smooth = channel
    for _ in range(_LEVEL):
        smooth, details = pywt.dwt2(smooth, _WAVELET, "periodization")
    detail = np.sum(np.abs(details), axis=0)
    if detail.mean() < _NO_DETAIL:
        return 0.25
    height, width = detail.shape
    rows, columns = _inner_half(height), _inner_half(width)
    return float(np.einsum("i,ij,j", rows, detail, columns) / detail.sum())


def _inner_half(n: int) -> np.ndarray:
    """For each of n cells in a row, how much of it lies between 1/4 and 3/4 of the row."""
    start = np.arange(n)
    return np.clip(np.minimum(start + 1, 0.75 * n) - np.maximum(start, 0.25 * n), 0, 1)


def depth_of_field(ihls: np.ndarray) -> np.ndarray:
    """`central_detail` of hue, luminance and saturation: (3,).

    ihls: (H, W, 3), as `color_spaces.rgb_to_ihls` gives it. Hue enters as a point of the unit
    circle, e^(i hue), so that no edge appears where it wraps; the absolute value of a coefficient
    is then that of a complex number.
    """
    hue, luminance, saturation = np.moveaxis(ihls, 2, 0)
    hue = np.radians(hue)
    channels = (np.cos(hue) + 1j * np.sin(hue), luminance, saturation)
    return np.array([central_detail(channel) for channel in channels])


def lines(pixels: np.ndarray) -> np.ndarray:
    """Straight lines of a picture: int (n, 4), the ends x0, y0, x1, y1 in pixels.

    pixels: uint8 (H, W, 3), RGB. Edges after Canny (100, 200) of the grey picture, thinned to one
    pixel, then the probabilistic Hough transform of OpenCV, which always begins with the same
    random numbers: steps of 1 pixel and 1 degree, at least 50 votes, at least 1/20 of the
    diagonal long, gaps of at most 5 pixels.
    """
    edges = cv2.Canny(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), *_CANNY)
    # Canny's edges are two pixels thick near 45 degrees and would be found twice there.
    edges = skeletonize(edges > 0).astype(np.uint8)
    shortest = _MIN_LENGTH * np.hypot(*edges.shape)
    found = cv2.HoughLinesP(
        edges, 1, np.pi / 180, _MIN_VOTES, minLineLength=shortest, maxLineGap=_MAX_GAP
    )
    return np.zeros((0, 4), int) if found is None else found.reshape(-1, 4).astype(int)


def dynamics(pixels: np.ndarray) -> np.ndarray:
    """Static and slanted `lines`: (6,), of each kind the number, the length and its share.

    A line within 15 degrees of the horizontal or vertical is static, another is slanted. In
    order: numbers of static and slanted lines; sums of their lengths, in diagonals of the
    picture; these sums as shares of the length of all lines, both 0 where there is none.

    Machajdik & Hanbury give 6 numbers; that the last two are shares is our reading.
    """
    x0, y0, x1, y1 = lines(pixels).T
    length = np.hypot(x1 - x0, y1 - y0) / np.hypot(*pixels.shape[:2])
    steepness = np.degrees(np.arctan2(abs(y1 - y0), abs(x1 - x0)))  # 0 … 90
    static = (steepness <= _STATIC) | (steepness >= 90 - _STATIC)
    number = np.array([static.sum(), (~static).sum()])
    total = np.array([length[static].sum(), length[~static].sum()])
    return np.concatenate([number, total, total / max(total.sum(), 1e-12)])


def inner_third(channel: np.ndarray) -> np.ndarray:
    """View of the inner rectangle between the lines at one and two thirds of height and width.

    channel: (H, W, …). At least one row and one column remain.
    """
    return channel[tuple(_third(side) for side in channel.shape[:2])]


def _third(side: int) -> slice:
    start = min(round(side / 3), side - 1)
    return slice(start, max(side - start, start + 1))
