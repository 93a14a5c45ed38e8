"""Colour spaces that the colour features are stated in, and the size they are taken at.

Every function takes RGB, uint8 (H, W, 3), in the sRGB encoding that picture files hold.
"""

import cv2
import numpy as np
from PIL import Image
from skimage import color

PIXELS = 1_000_000
"""Largest working size of the colour features: a larger picture is reduced to about that many."""


def pixels(image: Image.Image, at_most: int = PIXELS) -> np.ndarray:
    """The pixels of an RGB picture: uint8 (H, W, 3).

    One with more than `at_most` pixels is first reduced to about that many, each the mean of an
    area (Pillow's box filter); a smaller one is never enlarged.
    """
    width, height = image.size
    if width * height > at_most:
        scale = (at_most / (width * height)) ** 0.5
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = image.resize(size, Image.Resampling.BOX)
    return np.asarray(image)


def rgb_to_hsv(image: np.ndarray) -> np.ndarray:
    """Hue in degrees [0, 360), saturation and value in [0, 1]: float32 (H, W, 3); grey has hue 0.

    OpenCV's conversion, which differs from scikit-image's by rounding alone and takes a fiftieth
    of its time.
    """
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)


def rgb_to_ihls(image: np.ndarray) -> np.ndarray:
    """Hue in degrees [0, 360), luminance and saturation in [0, 1]: float32 (H, W, 3).

    The improved HLS space (IHLS, also written IHSL) of Hanbury and Serra (2003), with R, G and B
    in [0, 1]: luminance Y = 0.2126 R + 0.7152 G + 0.0722 B of the encoded values, saturation
    S = max(R, G, B) - min(R, G, B), and the trigonometric hue, the direction of
    (R - (G + B) / 2, √3 / 2 (G - B)). Unlike that of HSV, this saturation is small for every
    colour near grey, however dark. Grey has hue 0.
    """
    red, green, blue = (channel.astype(np.float32) / 255 for channel in np.moveaxis(image, -1, 0))
    hue = np.degrees(np.arctan2(np.sqrt(3) / 2 * (green - blue), red - (green + blue) / 2))
    hue[hue < 0] += 360
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    highest, lowest = (f(f(red, green), blue) for f in (np.maximum, np.minimum))
    saturation = highest - lowest
    return np.stack([hue, luminance, saturation], axis=-1)


def rgb_to_lch(image: np.ndarray) -> np.ndarray:
    """Lightness L* in [0, 100], chroma C* and hue in degrees [0, 360): float64 (H, W, 3).

    CIELAB of scikit-image (white point D65, 2° observer) in polar form. Rounding gives greys a
    chroma of up to 0.01 and some hue.
    """
    return lab_to_lch(color.rgb2lab(image))


def lab_to_lch(lab: np.ndarray) -> np.ndarray:
    """CIELAB (…, 3) in polar form: L*, chroma C* and hue in degrees [0, 360), of grey 0."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    hue = np.degrees(np.arctan2(b, a)) % 360
    return np.stack([lightness, np.hypot(a, b), np.where(hue < 360, hue, 0)], axis=-1)
