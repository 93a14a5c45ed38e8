"""Shares of the eleven basic colour names in a picture."""

import functools
import os

import numpy as np
from skimage import color

from emobook._files import file_digest
from emobook.datasets import DatasetMissing
from emobook.datasets.lists import folder_of
from emobook.datasets.tables import COLOR_NAMES, COLOUR_NAMES, color_names
from emobook.features.color_spaces import pixels
from emobook.features.crafted import CraftedFeatures

PROTOTYPES = {
    "black": (0, 0, 0),
    "blue": (20, 70, 200),
    "brown": (110, 65, 30),
    "grey": (128, 128, 128),
    "green": (40, 150, 50),
    "orange": (245, 135, 20),
    "pink": (245, 145, 180),
    "purple": (125, 40, 150),
    "red": (200, 20, 30),
    "white": (255, 255, 255),
    "yellow": (245, 225, 40),
}
"""A typical colour for each name, in sRGB: ours, for want of the learned table."""

WIDTH = 25
"""CIELAB distance at which a prototype's say has fallen to exp(-1/2): near the learned table."""


def table_folder() -> str | None:
    """Folder of the learned table, `$EMOBOOK_DATA/color_names`, or None where it is absent."""
    try:
        folder = folder_of(COLOR_NAMES)
    except DatasetMissing:
        return None
    return str(folder) if (folder / COLOR_NAMES.lists[0]).is_file() else None


def table_identity(folder: str | None) -> str:
    """What `name_table(folder)` holds: the digest of the learned table's file, or "prototypes"."""
    return "prototypes" if folder is None else file_digest(f"{folder}/{COLOR_NAMES.lists[0]}")


def name_table(folder: str | None) -> np.ndarray:
    """Probabilities of the names `COLOUR_NAMES` for 32 × 32 × 32 colours: (32768, 11).

    A pixel (r, g, b) has the row r // 8 + 32 (g // 8) + 1024 (b // 8). From `folder` the table
    that van de Weijer et al. (2009) learned from the web; of None one of ours, in which a colour
    at the CIELAB distances d from `PROTOTYPES` has probabilities proportional to
    exp(-d² / (2 · 25²)). Raises DatasetError where the file is damaged.
    """
    if folder is None:
        return _made()
    state = os.stat(f"{folder}/{COLOR_NAMES.lists[0]}")
    return _read(folder, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=1)
def _read(folder: str, *state) -> np.ndarray:  # a file that was replaced is read again
    return color_names(folder).to_numpy()


@functools.cache
def _made() -> np.ndarray:
    blue, green, red = np.indices((32, 32, 32)).reshape(3, -1) * 8 + 3.5
    cells = color.rgb2lab(np.stack([red, green, blue], axis=-1) / 255)
    centres = color.rgb2lab(np.array([PROTOTYPES[name] for name in COLOUR_NAMES]) / 255)
    square = np.sum((cells[:, None] - centres) ** 2, axis=-1)
    nearness = np.exp((square.min(axis=1, keepdims=True) - square) / (2 * WIDTH**2))
    return nearness / nearness.sum(axis=1, keepdims=True)


def color_name_shares(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Mean probabilities of the names over RGB pixels, uint8 (H, W, 3): (11,), sum 1.

    table: `name_table(…)`.
    """
    red, green, blue = np.moveaxis(image >> 3, -1, 0).astype(np.uint16)
    code = red + 32 * green + 1024 * blue
    return np.bincount(code.ravel(), minlength=len(table)) @ table / code.size


class WithColorNames(CraftedFeatures):
    """Base of features whose values depend on the table of colour names that is at hand."""

    def _check(self):
        # noted here for worker processes, which may have begun with another environment
        self._folder = table_folder()
        name_table(self._folder)

    def _identity(self):
        return table_identity(self._folder)


class ColorNames(WithColorNames):
    """Shares of black, blue, brown, grey, green, orange, pink, purple, red, white, yellow: 11.

    Each is the mean over the pixels of the probability that the pixel's colour is called so, in
    [0, 1]; they sum to 1. Kim et al. (2018), section IV-A; Machajdik and Hanbury (2010). The
    probabilities are those of van de Weijer et al. (2009) where `$EMOBOOK_DATA/color_names` has
    their table, otherwise ours (`name_table`); `source` says which. A picture of more than a
    million pixels is reduced to that first. Raises DatasetError where the table is damaged.
    """

    @property
    def source(self) -> str:
        """Whose probabilities `transform` takes now: "w2c" (the learned table) or "prototypes"."""
        return "prototypes" if table_folder() is None else "w2c"

    def _names(self):
        return list(COLOUR_NAMES)

    def _describe(self, image):
        return color_name_shares(pixels(image), name_table(self._folder))
