"""What every feature shares: the pictures in X, and how a picture is known again."""

import hashlib
import os

import numpy as np
import pandas as pd
from PIL import Image

from emobook import images
from emobook._files import digest, file_digest
from emobook.images import ImageError

_NAMED = 20  # pictures that an error names besides the first


def images_of(X) -> list:
    """The pictures of `X`, one per row, each as something that `emobook.images.read` takes.

    X: a DataFrame with a column `path` (its other columns are not looked at), a Series, list,
    tuple or array of paths, or a list of PIL images, of uint8 arrays (H, W, 3) or of the bytes of
    image files; also one uint8 array (N, H, W, 3).

    Raises ValueError for anything else, a single picture included.
    """
    if isinstance(X, pd.DataFrame):
        if "path" not in X.columns:
            raise ValueError(
                f"X has no column 'path' (its columns: {', '.join(map(str, X.columns))}): "
                "name the column that holds the image files so"
            )
        X = X["path"]
    if isinstance(X, (str, bytes, os.PathLike, Image.Image)) or (
        isinstance(X, np.ndarray) and X.dtype != object and X.ndim in (2, 3)
    ):
        raise ValueError("X must be a list of images, not a single one: write [image]")
    try:
        sources = list(X)
    except TypeError:
        raise ValueError(
            f"X must be a table with a column 'path' or a list of images, not {type(X).__name__}"
        ) from None
    for row, source in enumerate(sources):
        if not isinstance(source, (str, bytes, os.PathLike, Image.Image, np.ndarray)):
            raise ValueError(
                f"X holds {source!r} in row {row}: give paths, PIL images, arrays or bytes"
            )
    return sources


def content_key(source) -> str:
    """SHA-256 by which a picture is known again, whatever its name.

    Of a file: its bytes; of a PIL image or array: its size and RGB pixels. Raises ImageError.
    """
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        try:
            return file_digest(source)
        except OSError:
            pass  # the reader below says why
    image = images.read(source)
    return digest("pixels", str(image.size), image.tobytes())


def unreadable(errors: list[ImageError]) -> ImageError:
    """One error that names all pictures that could not be read, the first with its reason."""
    first, *others = errors
    if not others:
        return first
    named = ", ".join(error.path for error in others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return ImageError(
        first.path, f"{first.reason}; nor can {len(others)} others be read: {named}{more}"
    )
