"""Which of the training images the best epoch is chosen on."""

import warnings

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold


def held_out(y, groups, share: float, seed: int):
    """Positions (two arrays) of a training part and a validation part of N images.

    y (N,) of whole numbers is stratified, floats (N,) or (N, K) are not. groups (N,): images of
    one group stay together. share: of the images that are held out, above 0 to 0.5.

    Raises ValueError for other shares and for too few images.
    """
    y = np.asarray(y)
    if not 0 < share <= 0.5:
        raise ValueError(f"validation_share must lie in 0..0.5, not {share}")
    parts, classes = round(1 / share), y.dtype.kind in "iu"
    if len(set(groups)) < parts or (classes and np.bincount(y).max() < parts):
        raise ValueError(
            f"{len(y)} images are too few for validation_share={share}: pass validation=…, or "
            "validation_share=0"
        )
    kind = StratifiedGroupKFold if classes else GroupKFold
    with warnings.catch_warnings():  # of classes with fewer images than parts
        warnings.simplefilter("ignore", UserWarning)
        folds = kind(parts, shuffle=True, random_state=seed)
        return next(folds.split(np.arange(len(y)), y, groups))


def as_many(X, truth) -> np.ndarray:
    """Positions of given validation images. Raises ValueError unless there is a truth for each."""
    if len(truth) != len(X):
        raise ValueError(f"validation must be equally long, not {len(X)} and {len(truth)}")
    return np.arange(len(truth))
