"""Words for colours (dark, pale, warm) as fuzzy sets, and the histograms of Wang et al. of them.

Wang Wei-ning, Yu Ying-lin and Jiang Sheng-ming (2006), "Image retrieval by emotional semantics",
IEEE SMC. The paper itself is not known to us; its sets and its 19 values are as later
implementations report them.
"""

import numpy as np
from skimage import color, filters

from emobook.features.color_spaces import pixels
from emobook.features.crafted import CraftedFeatures

LUMINANCES = ("very_dark", "dark", "middle", "light", "very_light")
SATURATIONS = ("low", "middle", "high")
TEMPERATURES = ("warm", "cool")

_LIGHTNESS = 100 * np.arange(1, 6) / 6  # L* that is fully very dark, dark … very light
_CHROMA = 10, 27, 51  # C* that is fully low, middle, high
_WARMEST, _COOLEST = 50, 230  # CIELAB hue in degrees
_GREY = 1  # C* below which hue is no more than rounding
_SHARPEST = 0.005  # share of the pixels whose gradients are averaged


def luminance_memberships(lightness: np.ndarray) -> np.ndarray:
    """How far L* is very dark, dark, middle, light, very light: (…, 5), in [0, 1], sum 1.

    Triangles with peaks at 100/6, 200/6 … 500/6, level beyond the outer two. Wang et al. start
    from these centres and adapt them to the pixels at hand; ours stay, so that the same colour
    has the same name in every picture.
    """
    return _memberships(lightness, _LIGHTNESS)


def saturation_memberships(chroma: np.ndarray) -> np.ndarray:
    """How far CIELAB chroma C* is low, middle, high: (…, 3), in [0, 1], sum 1.

    Triangles with peaks at 10, 27 and 51, level beyond the outer two.
    """
    return _memberships(chroma, _CHROMA)


def _memberships(values, peaks) -> np.ndarray:
    return np.stack([np.interp(values, peaks, row) for row in np.eye(len(peaks))], axis=-1)


def temperature_memberships(hue: np.ndarray) -> np.ndarray:
    """How far a CIELAB hue in degrees is warm and cool: (…, 2), in [0, 1].

    cos(hue - 50°) and cos(hue - 230°), where negative 0; the rest to 1 is neutral.
    """
    angles = [np.radians(hue - middle) for middle in (_WARMEST, _COOLEST)]
    return np.stack([np.clip(np.cos(angle), 0, 1) for angle in angles], axis=-1)


def wang_histograms(image: np.ndarray) -> np.ndarray:
    """Fuzzy histograms, contrasts and sharpness of RGB pixels: (19,); see `WangHistograms`."""
    lightness, a, b = np.moveaxis(color.rgb2lab(image).reshape(-1, 3), -1, 0)
    chroma, warmest = np.hypot(a, b), np.radians(_WARMEST)
    warm = (a * np.cos(warmest) + b * np.sin(warmest) >= 0).astype(float)  # within 90° of it
    warm[chroma < _GREY] = 0.5
    temperature = np.stack([warm, 1 - warm], axis=-1)
    by_luminance = luminance_memberships(lightness).T @ temperature / warm.size
    by_saturation = saturation_memberships(chroma).T @ temperature / warm.size
    gradient = filters.sobel(color.rgb2gray(image)).ravel()
    sharpest = int(np.ceil(_SHARPEST * gradient.size))
    contrast = np.sqrt(a.var() + b.var()), lightness.std()
    sharpness = np.partition(gradient, -sharpest)[-sharpest:].mean()
    return np.array([*by_luminance.ravel(), *by_saturation.ravel(), *contrast, sharpness])


class WangHistograms(CraftedFeatures):
    """Fuzzy histograms of luminance and saturation by warmth, contrasts, sharpness: 19 values.

    In the style of Wang et al. (2006), who are in the list of Machajdik and Hanbury (2010); the
    colour space is CIELAB (D65).

    1-10: shares of pixels that are very dark, dark, middle, light, very light
        (`luminance_memberships`), each warm, then cool; they sum to 1. Hues from 320° over 0° to
        140° are warm, others cool; of a pixel with C* below 1 one half counts for each.
    11-16: the same with low, middle and high saturation (`saturation_memberships`).
    17: colour contrast, the root mean square distance from the mean colour in the plane a*, b*.
    18: luminance contrast, the standard deviation of L*.
    19: sharpness, the mean gradient (Sobel of scikit-image, of its grey scale in [0, 1]) of the
        half per cent of pixels where it is steepest, in [0, 1].

    A picture of more than a million pixels is reduced to that first. Choices of ours: fixed
    centres of luminance, greys that are half warm, and standard deviations where implementations
    differ between these and variances.
    """

    def _names(self):
        crossed = [
            f"{level}_{kind}_{temperature}"
            for kind, levels in (("luminance", LUMINANCES), ("saturation", SATURATIONS))
            for level in levels
            for temperature in TEMPERATURES
        ]
        return [*crossed, "color_contrast", "luminance_contrast", "sharpness"]

    def _describe(self, image):
        return wang_histograms(pixels(image))
