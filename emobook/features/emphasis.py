"""Emphasis: contrasts of colour, and attention that is drawn to one place.

Zhao et al. (2014) give Itten's contrasts 15 numbers and the rate of focused attention 3; which
numbers these are is our choice. The contrasts are those of `color_contrast`.

Every function takes a picture as uint8 RGB (H, W, 3) of at least 8 pixels a side.
"""

import cv2
import numpy as np
from scipy.fft import dctn, idctn

from emobook.features.color_contrast import CONTRAST_NAMES, itten_contrasts

SALIENCY_PIXELS = 4096
"""Size at which saliency is found, in pixels; the shape of the picture is kept."""

_SALIENCY_BLUR = 0.05  # of the mean side
_TEMPLATE = 0.12  # of each side, standard deviation of a place in a template
_THIRDS = [(1 / 3, 1 / 3), (2 / 3, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 2 / 3)]
_MIDDLE = [(1 / 2, 1 / 2)]

# Colour contrasts proper: not the areas that the others are read by, nor harmony, which is a
# principle of its own.
_CONTRASTS = [
    name
    for name in CONTRAST_NAMES
    if name not in ("colored_area", "warm_area", "cold_area", "harmony", "harmony_max")
]

EMPHASIS_NAMES = [
    *(f"contrast_{name}" for name in _CONTRASTS),
    "attention_subject",
    "attention_thirds",
    "attention_middle",
]


def saliency(rgb: np.ndarray) -> np.ndarray:
    """What stands out, as shares of attention: float (h, w) of about `SALIENCY_PIXELS`, sum 1.

    A picture of one colour has no attention: all 0.

    The image signature of Hou, Harel & Koch (2012): the sign of the discrete cosine transform keeps
    what is sparse in the picture. Squared, summed over the channels of CIELAB, blurred by 5 % of
    the mean side.
    """
    scale = np.sqrt(SALIENCY_PIXELS / (rgb.shape[0] * rgb.shape[1]))
    size = [max(8, round(side * scale)) for side in rgb.shape[1::-1]]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(np.float32(small / 255), cv2.COLOR_RGB2LAB).astype(float)
    found = np.zeros(lab.shape[:2])
    for channel in np.moveaxis(lab, 2, 0):
        frequencies = dctn(channel, norm="ortho")
        frequencies[0, 0] = 0  # the mean stands out nowhere
        frequencies[np.abs(frequencies) < 1e-3] = 0  # rounding has no sign
        found += idctn(np.sign(frequencies), norm="ortho") ** 2
    found = cv2.GaussianBlur(found, (0, 0), _SALIENCY_BLUR * np.sqrt(found.size))
    total = found.sum()
    return found / total if total > 1e-9 else np.zeros_like(found)


def subject(attention: np.ndarray) -> np.ndarray:
    """The part of a saliency map that is above Otsu's threshold: bool (h, w)."""
    if not attention.max() > attention.min():
        return np.zeros(attention.shape, bool)
    scaled = np.rint(255 * (attention - attention.min()) / np.ptp(attention)).astype(np.uint8)
    threshold, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_OTSU)
    return scaled > threshold


def template(shape, places) -> np.ndarray:
    """Where a rule of composition wants the subject: (h, w), 1 at each of the places (x, y in
    shares of the sides) and falling off as a Gaussian of 12 % of the sides."""
    y, x = ((np.arange(n) + 0.5) / n for n in shape)
    return np.max(
        [
            np.exp(-((x - px) ** 2 + ((y - py) ** 2)[:, None]) / (2 * _TEMPLATE**2))
            for px, py in places
        ],
        axis=0,
    )


def focused_attention(rgb: np.ndarray) -> np.ndarray:
    """Rate of focused attention, after Sun et al. (2009): 3 numbers, 0…1.

    The share of attention (`saliency`) that falls on the `subject`, beyond the share a of the
    picture that the subject fills: (share − a) / (1 − a), since half of a picture of noise is a
    "subject" with half of the attention. And how well the attention on the subject lies where
    the rule of thirds wants it (the four points where the lines at a third cross), and in the
    middle: the mean of the `template` under it. 0 without anything that stands out.
    """
    attention = saliency(rgb)
    mask = subject(attention)
    if not mask.any():
        return np.zeros(3)
    on_subject = attention[mask]
    beyond = (on_subject.sum() - mask.mean()) / (1 - mask.mean())
    templates = [template(attention.shape, places)[mask] for places in (_THIRDS, _MIDDLE)]
    return np.array([beyond, *(np.average(wanted, weights=on_subject) for wanted in templates)])


def emphasis(rgb: np.ndarray) -> np.ndarray:
    """Contrasts of colour and `focused_attention`: 18 numbers, `EMPHASIS_NAMES`.

    The contrasts are those 15 of `color_contrast.itten_contrasts` that are contrasts: of light and
    dark 2, saturation 2, hue 4, complements 2, warm and cold 2, extension 1, simultaneous 2.
    """
    contrasts = dict(zip(CONTRAST_NAMES, itten_contrasts(rgb), strict=True))
    return np.array([*(contrasts[name] for name in _CONTRASTS), *focused_attention(rgb)])
