"""The principles of art: how a picture is arranged, rather than what it is made of.

The six principles and their dimensions are those of Zhao et al. (2014), "Exploring
principles-of-art features for image emotion recognition"; their code is not public, so these are
"PAEF-style" features: what each number is, is said here and is our choice where the paper's short
descriptions leave one. Balance is in `symmetry`, emphasis in `emphasis`, movement in `movement`.
"""

import cv2
import numpy as np
from PIL import Image

from emobook.datasets.tables import COLOUR_NAMES
from emobook.features.color_names import (
    WithColorNames,
    color_name_shares,
    name_table,
)
from emobook.features.color_spaces import rgb_to_hsv
from emobook.features.emphasis import EMPHASIS_NAMES, emphasis
from emobook.features.movement import MOVEMENT_NAMES, movement, scan_path
from emobook.features.symmetry import (
    BILATERAL_NAMES,
    RADIAL_NAMES,
    ROTATIONAL_NAMES,
    bilateral,
    keypoints,
    radial,
    rotational,
)

PIXELS = 65_536
"""Every picture is brought to about this size: values count pixels, so sizes must agree."""
LEAST_SIDE = 16
"""No side becomes shorter than this, in pixels: a very long picture is made a little wider."""

_WINDOW = 3.0  # pixels, standard deviation of what "neighbouring" means
_SECTORS = 8
_STEEPNESS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)  # brightness 0…1 per pixel
_PRESENT = 0.05  # share of the picture from which a colour counts


def resized(image: Image.Image) -> np.ndarray:
    """Picture as a uint8 array (H, W, 3) of about `PIXELS`, shape kept, no side below
    `LEAST_SIDE`; smaller pictures are enlarged. Lanczos."""
    width, height = image.size
    scale = np.sqrt(PIXELS / (width * height))
    sides = [np.clip(round(side * scale), LEAST_SIDE, PIXELS // LEAST_SIDE) for side in image.size]
    return np.asarray(image.convert("RGB").resize(sides, Image.Resampling.LANCZOS))


def _gradient(channel: np.ndarray) -> np.ndarray:
    """Sobel's gradient of (H, W) per pixel as complex numbers, x + iy."""
    return (cv2.Sobel(channel, cv2.CV_64F, 1, 0) + 1j * cv2.Sobel(channel, cv2.CV_64F, 0, 1)) / 8


def _around(values: np.ndarray) -> np.ndarray:
    """Gaussian mean over the neighbours of each pixel, of real or complex values."""
    if np.iscomplexobj(values):
        return _around(values.real.copy()) + 1j * _around(values.imag.copy())
    return cv2.GaussianBlur(values, (0, 0), _WINDOW)


def agreement(directions: np.ndarray) -> float:
    """How much neighbouring directions agree: 0 (every way) … 1 (one way).

    directions: complex (H, W), each with its weight 0…1 as its length. The length of the mean
    direction about each pixel over the mean length, each averaged over the picture; both are
    raised by 0.001, so that a picture without any direction has nothing that disagrees: 1.
    """
    among = np.abs(_around(directions)).mean() + 1e-3
    return float(among / (_around(np.abs(directions)).mean() + 1e-3))


def harmony(rgb: np.ndarray) -> np.ndarray:
    """Agreement of neighbouring hues and of neighbouring gradient orientations: 2 numbers, 0…1.

    rgb: uint8 (H, W, 3). Hues are those of HSV, weighted by chroma (the greatest minus the least
    of R, G, B); orientations (edges that differ by 180° agree) are of the gradient of brightness,
    weighted by its length. Neighbours lie under a Gaussian of σ = 3 pixels.
    """
    chroma = np.ptp(rgb, axis=2) / 255
    hue = rgb_to_hsv(rgb)[..., 0].astype(float)
    gradient = _gradient(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) / 255)
    length = np.abs(gradient)
    double = np.divide(gradient**2, length, out=np.zeros_like(gradient), where=length > 0)
    return np.array([agreement(chroma * np.exp(1j * np.radians(hue))), agreement(double)])


def color_variety(rgb: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Variety of colours: 12 numbers.

    rgb: uint8 (H, W, 3). table: `color_names.name_table(…)`. The number of the eleven basic
    colours whose share is at least 5 %, then the shares (`color_names.color_name_shares`).
    """
    shares = color_name_shares(rgb, table)
    return np.array([(shares >= _PRESENT).sum(), *shares])


def edge_variety(grey: np.ndarray) -> np.ndarray:
    """Shares of the pixels by direction and steepness of the gradient: 48 numbers, sum at most 1.

    grey: brightness, uint8 (H, W). 8 directions (0° to the right, then 45° down and right …,
    ± 22.5°; towards the brighter side) × 6 steepnesses (from 0.01, 0.02, 0.04, 0.08, 0.16, 0.32 of
    the range of brightness per pixel); flatter pixels are left out.
    """
    gradient = _gradient(grey / 255).ravel()
    steepness = np.searchsorted(_STEEPNESS, np.abs(gradient), side="right") - 1
    sector = np.rint(np.angle(gradient) / (2 * np.pi / _SECTORS)).astype(int) % _SECTORS
    cell = (sector * len(_STEEPNESS) + steepness)[steepness >= 0]
    return np.bincount(cell, minlength=_SECTORS * len(_STEEPNESS)) / gradient.size


def gradation(grey: np.ndarray) -> np.ndarray:
    """Windowed variation of brightness: 9 numbers.

    grey: brightness, uint8 (H, W). As in Xu et al. (2012), "Structure extraction from texture via
    relative total variation", with σ = 3 pixels and ε = 0.001: about each pixel the
    total variation D = Σ g |∂| of the window, its inherent variation L = |Σ g ∂| and D / (L + ε),
    each averaged over the picture, for ∂ along x, along y, and in both (where |∂| is the length of
    the gradient). Brightness 0…1, per pixel. A gradient has D = L, and a relative variation of
    about 1; in texture and noise L vanishes, and the relative variation is large.
    """
    values = grey / 255.0
    along_x = np.diff(values, axis=1, append=values[:, -1:])
    along_y = np.diff(values, axis=0, append=values[-1:])
    found = []
    for change in (along_x, along_y, along_x + 1j * along_y):
        total, inherent = _around(np.abs(change)), np.abs(_around(change))
        found += [total.mean(), inherent.mean(), (total / (inherent + 1e-3)).mean()]
    return np.array(found)


PRINCIPLE_NAMES = {
    "balance": [
        *(f"bilateral_{name}" for name in BILATERAL_NAMES),
        *(f"rotational_{name}" for name in ROTATIONAL_NAMES),
        *(f"radial_{name}" for name in RADIAL_NAMES),
    ],
    "emphasis": EMPHASIS_NAMES,
    "harmony": ["hue", "orientation"],
    "variety": [
        "colors",
        *(f"color_{name}" for name in COLOUR_NAMES),
        *(
            f"edge_direction{360 * sector // _SECTORS:03d}_steepness{steepness + 1}"
            for sector in range(_SECTORS)
            for steepness in range(len(_STEEPNESS))
        ),
    ],
    "gradation": [
        f"{which}_{what}"
        for which in ("x", "y", "both")
        for what in ("total", "inherent", "relative")
    ],
    "movement": MOVEMENT_NAMES,
}
"""Names of the numbers of each principle: 60, 18, 2, 60, 9, 16, together 165."""


def principles(rgb: np.ndarray, table: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of each of the principles, in the order of `PRINCIPLE_NAMES`.

    rgb: uint8 (H, W, 3) as from `resized`. table: `color_names.name_table(…)`.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    points = keypoints(grey)
    return {
        "balance": np.concatenate([bilateral(points), rotational(points), radial(grey)]),
        "emphasis": emphasis(rgb),
        "harmony": harmony(rgb),
        "variety": np.concatenate([color_variety(rgb, table), edge_variety(grey)]),
        "gradation": gradation(grey),
        "movement": movement(scan_path(rgb)),
    }


class ArtPrinciples(WithColorNames):
    """The principles of art, PAEF-style: 165 numbers, named `principle_meaning`.

    Principles and dimensions are those of Zhao et al. (2014), who published no code; the numbers
    are ours where their descriptions leave a choice. Every picture is first brought to 65,536
    pixels (`resized`), so that pixels mean the same in all; brightness is Y' = 0.299 R + 0.587 G +
    0.114 B.

    - balance 60: bilateral 12, rotational 12 (mirrored and turned SIFT keypoints), radial 36 (fast
      radial symmetry at four radii in 3 × 3 cells): `symmetry`
    - emphasis 18: Itten's contrasts 15, rate of focused attention 3: `emphasis`
    - harmony 2: agreement of neighbouring hues and of neighbouring edges: `harmony`
    - variety 60: names of colours 12, directions and steepnesses of edges 48: `color_variety`,
      `edge_variety`
    - gradation 9: total, inherent and relative variation along x, y and both: `gradation`
    - movement 16: the path of simulated fixations: `movement`

    Names of colours are read from `$EMOBOOK_DATA/color_names` where that is, otherwise from
    prototypes (`color_names.name_table`). Raises DatasetError where that table is damaged.
    """

    def _names(self):
        return [f"{block}_{name}" for block, names in PRINCIPLE_NAMES.items() for name in names]

    def _describe(self, image):
        found = principles(resized(image), name_table(self._folder))
        return np.concatenate(list(found.values()))
