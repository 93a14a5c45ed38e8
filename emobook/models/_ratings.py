"""Ratings that a network learns: checked, and compared with what it says."""

import numpy as np
import torch


def ratings(X, y) -> np.ndarray:
    """Ratings of the images of X, (N,) or (N, K), as float32 (N, K). Raises ValueError for other
    shapes and for what is no finite number."""
    try:
        values = np.asarray(y, dtype=np.float32)
    except (TypeError, ValueError):
        raise ValueError("y must hold numbers") from None
    if values.ndim not in (1, 2) or not values.size or not np.isfinite(values).all():
        raise ValueError("y must be finite ratings of shape (N,) or (N, K)")
    if len(values) != len(X):
        raise ValueError(f"y must be as long as X, {len(X)}, not {len(values)}")
    return values.reshape(len(values), -1)


def squared_error(outputs, truth) -> torch.Tensor:
    """Sum of squared errors over images and ratings: both tensors (N, K) → scalar."""
    return (outputs.float() - truth).square().sum()


def check_converged(module, lr: float) -> None:
    """Raise ValueError where training has diverged."""
    if not all(bool(torch.isfinite(part).all()) for part in module.parameters()):
        raise ValueError(f"training diverged with lr={lr}: take a smaller one")
