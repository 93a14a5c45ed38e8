"""What a fitted detector sees in pictures, computed once and remembered."""

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from emobook._bar import progress
from emobook.features.base import content_key, images_of
from emobook.models import _squares
from emobook.models._pictures import AT_ONCE

_ROOM = 1 << 30  # bytes that a process remembers
_remembered: dict[tuple, dict[str, np.ndarray]] = {}


def look(detector, X) -> list[dict[str, np.ndarray]]:
    """For each picture of X what the fitted `detector`, a `RegionDetector`, sees.

    size (2,), width and height in pixels; of emotional regions and of objects boxes (2, K, 4), in
    pixels of the square, and scores (2, K, 4), p_obj, p_emo, S_emo and whether there is one; whole
    (D,) and local (2, K, d), X_global and X_local of both kinds. Raises ImageError.
    """
    check_is_fitted(detector)
    sources = images_of(X)
    keys = [(detector.weights_id_, detector.keep, content_key(source)) for source in sources]
    missing = list({key: i for i, key in enumerate(keys) if key not in _remembered}.values())
    fabric = detector._fabric()
    network = detector.network_.to(fabric.device).eval()
    for start in progress(range(0, len(missing), AT_ONCE), f"{detector.backbone} looks"):
        rows = missing[start : start + AT_ONCE]
        pixels, sizes = _squares.squares(
            [sources[row] for row in rows], detector.size_, detector.recipe_.interpolation
        )
        filled = torch.zeros(AT_ONCE, *pixels.shape[1:], dtype=torch.uint8)
        filled[: len(rows)] = pixels  # other numbers of pictures round differently
        with torch.no_grad(), fabric.autocast():
            parts = _seen(network, fabric.to_device(filled), detector.keep)
        for place, row in enumerate(rows):
            one = {name: part[place].copy() for name, part in parts.items()}
            _remembered[keys[row]] = one | {"size": sizes[place]}
    seen = [_remembered[key] for key in keys]
    _forget(keys)
    return seen


def _seen(network, pixels, keep: int) -> dict[str, np.ndarray]:
    maps = network.maps(pixels)
    both = network.detect(maps, keep)
    whole, *local = network.describe(maps, *(found.boxes for found in both))
    scores = [torch.stack([*found[1:4], found.found.float()], dim=-1) for found in both]
    parts = {
        "boxes": torch.stack([found.boxes for found in both], dim=1),
        "scores": torch.stack(scores, dim=1),
        "whole": whole,
        "local": torch.stack(local, dim=1),
    }
    return {name: part.float().cpu().numpy() for name, part in parts.items()}


def _forget(needed) -> None:
    """Drop what is not needed now, oldest first, until the rest fits."""
    held, needed = sum(map(_bytes, _remembered.values())), set(needed)
    for key in [key for key in _remembered if key not in needed]:
        if held <= _ROOM:
            break
        held -= _bytes(_remembered.pop(key))


def _bytes(one) -> int:
    return sum(part.nbytes for part in one.values())
