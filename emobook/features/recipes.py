"""From a picture to the input of a network."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Recipe:
    """How a picture becomes the input of a network.

    The shorter side is resized to `resize` pixels (Pillow's `interpolation`, antialiased), the
    longer in proportion (fractions dropped); the middle `size` × `size` pixels are cut out, scaled
    to 0..1, and normalised with `mean` and `std` (red, green, blue).
    """

    size: int
    resize: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str


def prepare(image: Image.Image, recipe: Recipe) -> np.ndarray:
    """One RGB picture as the float32 input (3, S, S) that `recipe` describes."""
    short, long = sorted(image.size)
    if long > 10 * short:  # a strip: only its middle counts, and all of it might fill the memory
        image = _centre(image, min(image.width, 10 * short), min(image.height, 10 * short))
        short, long = sorted(image.size)
    longer = int(recipe.resize * long / short)
    upright = image.width < image.height
    image = image.resize(
        (recipe.resize, longer) if upright else (longer, recipe.resize),
        Image.Resampling[recipe.interpolation.upper()],
    )
    pixels = np.asarray(_centre(image, recipe.size, recipe.size)).transpose(2, 0, 1)
    values = np.ascontiguousarray(pixels, np.float32)
    values /= 255
    values -= np.array(recipe.mean, np.float32)[:, None, None]
    values /= np.array(recipe.std, np.float32)[:, None, None]
    return values


def preprocess(images: Iterable[Image.Image], recipe: Recipe) -> np.ndarray:
    """RGB pictures as float32 (N, 3, S, S)."""
    rows = [prepare(image, recipe) for image in images]
    return np.stack(rows) if rows else np.empty((0, 3, recipe.size, recipe.size), np.float32)


def _centre(image, width, height):
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
