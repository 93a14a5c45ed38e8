"""Ratings on one scale as ratings on another.

OASIS asks for 1 to 7, the self-assessment manikin of Kim et al. (2018) and IAPS for 1 to 9, and
some sets store shares in [0, 1]. A squared error says nothing without its scale: one of 1 on 1 to 7
is one of (8 / 6)² = 1.78 on 1 to 9.
"""

import numpy as np

KIM = (1, 9)
"""The scale of Kim et al. (2018), and of IAPS."""


def rescale(values, source=(1, 7), target=(1, 9)) -> np.ndarray:
    """Ratings from one scale to another, end to end and linearly: float64, of the same shape.

    source, target: (lowest, highest) rating that can be given. Values beyond `source`, such as a
    model's predictions, stay as far beyond. r and Spearman's ρ are the same on both scales; so is
    Lin's concordance, as long as truth and predictions are both moved.

    Raises ValueError for a scale whose highest rating is not above its lowest.
    """
    stretch = factor(source, target)
    return target[0] + stretch * (np.asarray(values, dtype=np.float64) - source[0])


def rescale_error(mse, source=(1, 7), target=(1, 9)) -> np.ndarray:
    """A mean squared error, or a variance, from one scale to another: times the squared factor."""
    return np.asarray(mse, dtype=np.float64) * factor(source, target) ** 2


def factor(source, target) -> float:
    """How much longer the scale `target` is than `source`, both (lowest, highest)."""
    for name, scale in (("source", source), ("target", target)):
        if len(scale) != 2 or not scale[0] < scale[1]:
            raise ValueError(f"{name} must be (lowest, highest), not {scale!r}")
    return (target[1] - target[0]) / (source[1] - source[0])
