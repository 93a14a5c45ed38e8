"""Means of boxes of maps: RoIAlign, and then the mean over all that it took.

Bilinear interpolation weighs rows and columns apart, and a mean of it does so, too. So the mean of
a box is one weighted sum over the places of the map, with the product of two short vectors as
weights; RoIs, with hundreds of channels and 49 places each, need not be made.
"""

import torch

SAMPLES = 14  # along each side of a box, as 7 places with 2 samples each


def means(level, boxes, side: int) -> torch.Tensor:
    """Map (N, c, h, w) of squares with `side` pixels, boxes (N, K, 4) in these pixels → (N, K, c).

    As the mean of `torchvision.ops.roi_align` over its 7 × 7 places of 2 × 2 samples, with
    aligned=True: the value of a place stands at its middle.
    """
    columns, rows = (
        _weights(boxes[..., axis::2] * (count / side), count)
        for axis, count in ((0, level.shape[3]), (1, level.shape[2]))
    )
    shares = rows[..., :, None] * columns[..., None, :]
    return shares.flatten(2) @ level.flatten(2).transpose(1, 2)


def _weights(ends, count: int) -> torch.Tensor:
    """What each of `count` lines of a map has to say on boxes with these ends (N, K, 2), in lines:
    (N, K, count), sums of 1."""
    steps = (torch.arange(SAMPLES, device=ends.device) + 0.5) / SAMPLES
    at = ends[..., :1] + (ends[..., 1:] - ends[..., :1]) * steps - 0.5
    away = at.clamp(0, count - 1)[..., None] - torch.arange(count, device=ends.device)
    return (1 - away.abs()).clamp(min=0).mean(dim=-2)
