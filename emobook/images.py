"""The one image reader: whatever a picture comes as, out comes RGB.

- EXIF orientation is applied; alpha, in whatever form, is laid over white; CMYK, palette, grey
  and 1-bit pictures become RGB; 16-bit grey is scaled (65535 becomes 255), never clipped; of an
  animation the first frame counts. Embedded colour profiles are ignored.
- A picture has at most `MAX_PIXELS`, which is checked before any pixel is decoded.
- Whatever cannot be read raises `ImageError` with the path and one reason.
"""

import contextlib
import functools
import io
import os
import stat
import threading
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 200_000_000
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""Endings by which a folder's pictures are found; what is in a file decides how it is read."""

# Formats of photos and paintings. Others stay closed: some (EPS) start an external program, some
# (TGA) have no signature, so that any file could pass for them.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "MPO", "AVIF", "JPEG2000", "PPM", "ICO")

# What undoes each EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112


class ImageError(ValueError):
    """A picture that cannot be read. Attributes: `path` (str), `reason` (one clause)."""

    def __init__(self, path, reason: str):
        self.path, self.reason = str(path), reason
        super().__init__(self.path, reason)  # the arguments that unpickling calls again

    def __str__(self):
        return f"cannot read {self.path}: {self.reason}"


def read(source, *, max_side: int | None = None) -> Image.Image:
    """Read a picture as a loaded PIL image of mode RGB that holds no file open.

    source: a path (str or Path), the bytes of an image file, a binary file object (left open),
    a PIL image (left as it is), or an array: uint8 or uint16, (H, W), (H, W, 1), (H, W, 3) RGB or
    (H, W, 4) RGBA. Arrays of floats are refused, since their range is anyone's guess.

    max_side: longest side of the result in pixels; a larger picture is reduced (Lanczos, after a
    box filter that never goes below twice the result), a smaller one is never enlarged. A JPEG is
    then decoded at the smallest of 1/1, 1/2, 1/4, 1/8 that is at least twice the result, which is
    faster and gives the same size.

    Raises ImageError for what cannot be read and ValueError for an unfit max_side.
    """
    if max_side is not None and (
        isinstance(max_side, bool) or not isinstance(max_side, (int, np.integer)) or max_side < 1
    ):
        raise ValueError(f"max_side must be a whole number of at least 1, not {max_side!r}")
    name = _name(source)
    # Decoders raise whatever comes to hand (OSError, SyntaxError, struct.error, EOFError, …).
    try:
        with _own_limit(), _opened(source) as image:
            return _rgb(image, max_side, may_draft=image is not source)
    except ImageError as error:
        raise ImageError(name, error.reason) from None
    except MemoryError:
        raise ImageError(name, "it does not fit into memory") from None
    except UnidentifiedImageError:
        raise ImageError(name, f"it is none of {', '.join(FORMATS)}, or damaged") from None
    except Exception as error:
        detail = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        kind = "truncated" if "truncated" in detail.lower() else "damaged or of an unusual kind"
        raise ImageError(name, f"it is {kind} ({detail})") from error


def _refuse(reason: str):
    raise ImageError("", reason)


@contextlib.contextmanager
def _opened(source):
    """Yield `source` as a PIL image whose pixels are perhaps not decoded yet."""
    if isinstance(source, Image.Image):
        yield source
    elif isinstance(source, np.ndarray):
        yield Image.fromarray(_eight_bits(source))
    elif isinstance(source, (str, os.PathLike)):
        with _open_file(Path(source)) as file, _open_image(file) as image:
            yield image
    elif isinstance(source, (bytes, bytearray, memoryview)):
        with _open_image(io.BytesIO(source)) as image:
            yield image
    elif hasattr(source, "read"):
        file = source
        if not (hasattr(source, "seekable") and source.seekable()):
            file = io.BytesIO(source.read())
        with _open_image(file) as image:  # Pillow closes only files that it has opened itself
            yield image
    else:
        _refuse("give a path, bytes, a binary file, a PIL image or an array")


def _open_file(path: Path):
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            _refuse("it is a folder, not a file")
        if not stat.S_ISREG(kind):  # to read a pipe or a device might never end
            _refuse("it is not a regular file")
        return path.open("rb")
    except ImageError:
        raise
    except FileNotFoundError:
        _refuse("there is no such file")
    except (OSError, ValueError) as error:
        _refuse(f"it cannot be opened ({getattr(error, 'strerror', error)})")


def _open_image(file) -> Image.Image:
    """Read the header only."""
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        file.seek(0)
        if not file.read(1):
            _refuse("it is empty")
        raise


@functools.cache
def _formats() -> tuple[str, ...]:
    """Those of FORMATS that this build of Pillow knows."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _rgb(image: Image.Image, max_side: int | None, may_draft: bool) -> Image.Image:
    width, height = image.size
    if width * height > MAX_PIXELS:
        _refuse(f"its {width} × {height} pixels are more than {MAX_PIXELS // 10**6} million")
    longest = max(width, height)
    target, box = (width, height), None
    if max_side is not None and longest > max_side:
        target = tuple(max(1, round(side * max_side / longest)) for side in (width, height))
        if may_draft and (draft := image.draft(None, (2 * target[0], 2 * target[1]))):
            box = draft[1]
    image.load()
    orientation = _orientation(image)
    result = _without_alpha(image)
    if target != (width, height):
        result = result.resize(target, Image.Resampling.LANCZOS, box, reducing_gap=2.0)
    if orientation in _TURNS:
        result = result.transpose(_TURNS[orientation])
    if result is image:
        result = image.copy()
    result.info = {}  # else the orientation would be applied again by whoever reads the result
    return result


def _without_alpha(image: Image.Image) -> Image.Image:
    """RGB, in full size. Gives the image itself back where nothing is to be done."""
    if image.mode.startswith(("I", "F")):
        grey = _grey_8(image)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image.convert("RGB") if image.mode != "RGB" else image


def _grey_8(image: Image.Image) -> np.ndarray:
    """8-bit grey of a picture whose pixels are 16-bit numbers (modes I;16…, or I, from PNM)."""
    values = np.asarray(image)
    if values.dtype.kind not in "iu" or values.min() < 0 or values.max() > 65535:
        _refuse("its pixels are floats or have 32 bits: save it with 8 or 16 bits per channel")
    grey = _eight_bits(values.astype(np.uint16))
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return grey


def _eight_bits(array: np.ndarray) -> np.ndarray:
    """uint8 of a uint8 or uint16 picture; 16 bits are divided by 257 and rounded."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)) or not array.size:
        _refuse(f"an array must be (H, W), (H, W, 3) or (H, W, 4), not {array.shape}")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)
    _refuse(f"an array must hold uint8 or uint16, not {array.dtype}: scale it to 0..255 first")


def _orientation(image: Image.Image) -> int:
    # Damaged EXIF data say nothing about the pixels, so the picture is taken as it stands. (A
    # TIFF's pixels are turned by Pillow itself, which then drops the tag.)
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:
        return 1


def _name(source) -> str:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "<bytes>"
    named = getattr(source, "filename", None) or getattr(source, "name", None)
    return str(named or f"<{type(source).__name__}>")


# Pillow warns at 89 million pixels and refuses at 179 million, by a global variable. It is out of
# the way while this module reads, in however many threads, and restored afterwards.
_lock = threading.Lock()
_readers = 0
_outer_limit = None


@contextlib.contextmanager
def _own_limit():
    global _readers, _outer_limit
    with _lock:
        if _readers == 0:
            _outer_limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0:
                Image.MAX_IMAGE_PIXELS = _outer_limit
