"""Texture of a whole picture: binary patterns, gradients, Tamura, co-occurrence, wavelets."""

import numpy as np
import pywt
from PIL import Image
from skimage.color import rgb2gray
from skimage.feature import graycomatrix, graycoprops, hog, local_binary_pattern

from emobook.features._tamura import tamura
from emobook.features.color_spaces import pixels, rgb_to_ihls
from emobook.features.crafted import CraftedFeatures

PIXELS = 200_000
"""Largest working size, to about which Machajdik & Hanbury resize every picture."""

_PATTERNS = 59  # 58 uniform patterns of 8 neighbours, and one for all others
_CHANNELS = ("hue", "luminance", "saturation")
_PROPERTIES = ("contrast", "correlation", "energy", "homogeneity")
_LEVELS = 3  # of the wavelet transform


def check_count(name: str, value, least: int = 1) -> None:
    """Raise ValueError unless `value`, the parameter `name`, is a whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")


def grey_8(rgb: np.ndarray) -> np.ndarray:
    """Grey of a picture, uint8 (H, W, 3), RGB: uint8 (H, W).

    scikit-image's `rgb2gray`, .2125 R + .7154 G + .0721 B, rounded to the nearest whole number.
    """
    return np.rint(255 * rgb2gray(rgb)).astype(np.uint8)


def lbp(grey: np.ndarray) -> np.ndarray:
    """Shares of the 59 local binary patterns of a grey picture, uint8 (H, W): (59,), sum 1."""
    codes = local_binary_pattern(grey, 8, 1, method="nri_uniform")
    return np.bincount(codes.astype(int).ravel(), minlength=_PATTERNS) / codes.size


def glcm(ihls: np.ndarray, levels: int = 8) -> np.ndarray:
    """Contrast, correlation, energy and homogeneity of co-occurring values: (12,), by channel.

    ihls: (H, W, 3), as `color_spaces.rgb_to_ihls` gives it: hue in degrees, luminance and
    saturation 0 … 1. Each is cut into `levels` equal bins over its range. Pairs of neighbours at
    distance 1 in the directions 0°, 45°, 90° and 135° are counted in both orders, all together.
    With p(i, j) their shares: contrast Σ p (i − j)², in squared bins; correlation −1 … 1 of i and
    j; energy √Σ p²; homogeneity Σ p / (1 + (i − j)²), as scikit-image's `graycoprops` defines
    them. Of hue, the first and the last bin count as far apart.

    A constant channel, also one of a single pixel, has contrast 0 and the other three 1.
    """
    properties = []
    cut = ihls * np.array([levels / 360, levels, levels], ihls.dtype)
    cut = np.clip(cut, 0, levels - 1).astype(np.uint8)
    for bins in np.moveaxis(cut, 2, 0):
        angles = np.arange(4) * np.pi / 4
        counts = graycomatrix(bins, [1], angles, levels=levels, symmetric=True)
        counts = counts.sum(axis=3, keepdims=True, dtype=np.float64)
        if not counts.any():  # one pixel has no neighbour: as if it had one like itself
            counts[bins[0, 0], bins[0, 0]] = 1
        properties.append([graycoprops(counts, name).item() for name in _PROPERTIES])
    return np.ravel(properties)


def wavelet_texture(ihls: np.ndarray, wavelet: str = "db3") -> np.ndarray:
    """Mean absolute wavelet coefficient of each channel and level, and their sums: (12,).

    ihls: (H, W, 3), as for `glcm`. Hue enters as a point of the unit circle, e^(i hue), so that
    no edge appears where it wraps. For each channel, three levels of the orthonormal transform
    (values mirrored at the border), finest first: the mean of |w| over the horizontal, vertical
    and diagonal details of the level; then the sum of the three.

    Datta et al. print the mean without absolute values. In that mean the details of any texture
    nearly cancel, since wavelets have mean 0, so we take absolute values.
    """
    features = []
    hue, luminance, saturation = np.moveaxis(ihls, 2, 0)
    for channel in (np.exp(1j * np.radians(hue)), luminance, saturation):
        smooth, means = channel, []
        for _ in range(_LEVELS):
            smooth, details = pywt.dwt2(smooth, wavelet)
            means.append(np.mean(np.abs(details)))
        features += [*means, sum(means)]
    return np.array(features)


class _Reduced(CraftedFeatures):
    """Base of features that look at a picture of limited size."""

    def __init__(self, *, pixels=PIXELS, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.pixels = pixels

    def _check(self):
        check_count("pixels", self.pixels)


class LBP(CraftedFeatures):
    """Local binary patterns: 59 shares that sum to 1.

    LBP(8, 1): the 8 neighbours at distance 1 (interpolated; beyond the border 0), compared with
    the pixel; one bin for each of the 58 patterns with at most two changes around the circle, the
    last one for all others. Not invariant to rotation. Equal to the histogram of scikit-image's
    `local_binary_pattern(grey, 8, 1, method="nri_uniform")`, on its `rgb2gray` scale rounded to
    uint8. The picture is not resized.

    Source: Ojala, Pietikäinen & Mäenpää, "Multiresolution gray-scale and rotation invariant
    texture classification with local binary patterns", IEEE TPAMI 24(7), 2002.
    """

    def _names(self):
        return [f"lbp_{code}" for code in range(_PATTERNS)]

    def _describe(self, image):
        return lbp(grey_8(np.asarray(image)))


class HOG(CraftedFeatures):
    """Histograms of oriented gradients: 1764 numbers, 0 … 1.

    scikit-image's `hog`, with L2-Hys, on the picture stretched to `size` × `size` pixels
    (bilinear, as wide as the reduction); at each pixel the colour channel with the largest
    gradient. With c = size // cell cells per side, the dimension is
    (c − block + 1)² · block² · orientations.

    size: pixels per side. cell: pixels per side of a cell. block: cells per side of a block.
    orientations: bins over half a turn. Raises ValueError where not one block fits.

    Source: Dalal & Triggs, "Histograms of oriented gradients for human detection", CVPR 2005. The
    size of picture and cells is ours.
    """

    def __init__(
        self,
        *,
        size=128,
        cell=16,
        block=2,
        orientations=9,
        n_jobs=None,
        cache=True,
        progress=True,
    ):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.size = size
        self.cell = cell
        self.block = block
        self.orientations = orientations

    def _check(self):
        for name in ("size", "cell", "block", "orientations"):
            check_count(name, getattr(self, name))
        if self.size < self.cell * self.block:
            raise ValueError(
                f"size must be at least cell · block = {self.cell * self.block}, not {self.size}"
            )

    def _names(self):
        blocks = self.size // self.cell - self.block + 1
        shape = (blocks, blocks, self.block, self.block, self.orientations)
        return ["hog_" + "_".join(map(str, index)) for index in np.ndindex(shape)]

    def _describe(self, image):
        square = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return hog(
            np.asarray(square),
            orientations=self.orientations,
            pixels_per_cell=(self.cell, self.cell),
            cells_per_block=(self.block, self.block),
            channel_axis=-1,
        )


class Tamura(_Reduced):
    """Coarseness (1 … 32 pixels), contrast (0 … 127.5 grey levels), directionality (up to 1).

    Grey is `grey_8`. A larger picture is reduced to about `pixels` pixels. Formulas and the
    choices that are ours stand in `_tamura`.

    Source: Tamura, Mori & Yamawaki, "Textural features corresponding to visual perception", IEEE
    SMC 8(6), 1978, sections III-A to III-C.
    """

    def _names(self):
        return ["tamura_coarseness", "tamura_contrast", "tamura_directionality"]

    def _describe(self, image):
        return tamura(grey_8(pixels(image, self.pixels)))


class GLCM(_Reduced):
    """Grey-level co-occurrence of hue, luminance and saturation: 12 numbers, see `glcm`.

    levels: bins per channel, 2 to 256; 8 is the default of MATLAB, whose function the published
    port of Machajdik & Hanbury calls. Channels are those of the improved HLS space. A larger
    picture is reduced to about `pixels` pixels.

    Source: Haralick, Shanmugam & Dinstein, "Textural features for image classification", IEEE
    SMC 3(6), 1973; Machajdik & Hanbury, ACM Multimedia 2010, who leave distance, directions and
    levels open.
    """

    def __init__(self, *, levels=8, pixels=PIXELS, n_jobs=None, cache=True, progress=True):
        super().__init__(pixels=pixels, n_jobs=n_jobs, cache=cache, progress=progress)
        self.levels = levels

    def _check(self):
        super()._check()
        check_count("levels", self.levels, 2)
        if self.levels > 256:
            raise ValueError(f"levels must be at most 256, not {self.levels}")

    def _names(self):
        return [f"glcm_{channel}_{name}" for channel in _CHANNELS for name in _PROPERTIES]

    def _describe(self, image):
        return glcm(rgb_to_ihls(pixels(image, self.pixels)), self.levels)


class WaveletTexture(_Reduced):
    """Wavelet energy of hue, luminance and saturation at three levels: 12 numbers, at least 0.

    See `wavelet_texture`. wavelet: a discrete one of PyWavelets; the papers say "Daubechies" only.
    Channels are those of the improved HLS space. A larger picture is reduced
    to about `pixels` pixels.

    Source: Datta et al., "Studying aesthetics in photographic images using a computational
    approach", ECCV 2006, section 2.5; Machajdik & Hanbury, ACM Multimedia 2010.
    """

    def __init__(self, *, wavelet="db3", pixels=PIXELS, n_jobs=None, cache=True, progress=True):
        super().__init__(pixels=pixels, n_jobs=n_jobs, cache=cache, progress=progress)
        self.wavelet = wavelet

    def _check(self):
        super()._check()
        if self.wavelet not in pywt.wavelist(kind="discrete"):
            raise ValueError(f"wavelet must be a discrete one of PyWavelets, not {self.wavelet!r}")

    def _names(self):
        parts = [*(f"level{k}" for k in range(1, _LEVELS + 1)), "sum"]
        return [f"wavelet_{channel}_{part}" for channel in _CHANNELS for part in parts]

    def _describe(self, image):
        return wavelet_texture(rgb_to_ihls(pixels(image, self.pixels)), self.wavelet)
