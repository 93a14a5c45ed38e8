"""How much of a picture each kind of background covers: Kim et al. (2018), section IV-D.

They segment every picture with the network of Wu et al. (2016), which knows the 150 classes of
ADE20K. "As a result, a 150-dimensional vector is obtained": that its values are the shares of the
area is our reading. Who segments is a parameter.
"""

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from emobook.datasets import DatasetError
from emobook.datasets.ade20k import CLASSES, area_shares
from emobook.datasets.synthetic import MAP_LABELS
from emobook.features.base import images_of

MASKS = {"masks": 1, "synthetic masks": 0}
"""What can be read from the column `mask_path`, and the pixel value of its first class."""


def shares(classes) -> np.ndarray:
    """Area shares of a map (H, W) of whole numbers, -1 for none and else 0 to 149: (150,)."""
    return area_shares(np.asarray(classes, dtype=np.int64) + 1)


def read_mask(path) -> np.ndarray:
    """Pixel values of a mask's file: int64 (H, W). Raises DatasetError where it is no mask."""
    try:
        with Image.open(path) as image:
            values = np.asarray(image)
    except Exception:  # the reader fails in many ways on a damaged file
        raise DatasetError(f"{path} cannot be read as an image: get it again") from None
    if values.ndim != 2 or values.dtype.kind not in "iu":
        raise DatasetError(f"{path} is no mask (H, W) of whole numbers: get it again")
    return values.astype(np.int64)


class SemanticShares(TransformerMixin, BaseEstimator):
    """Shares of the area that 150 classes cover: float32 (N, 150) in [0, 1], sum at most 1.

    segmenter: who says what is where.
        "masks" reads the column `mask_path` as ADE20K counts, 1 to 150, and 0 for what nobody
        labelled. "synthetic masks" reads those of the simulator, which count through `MAP_LABELS`
        from 0 on; columns beyond these stay 0. Otherwise a fitted segmenter with a `name`, its
        `classes` (at most 150, the columns beyond stay 0) and `segment(pictures)`, which gives for
        each picture of a list an array (H, W) of positions in `classes`, -1 where there is none.

    The transformer learns nothing. What a segmenter says is not kept: where folds share pictures,
    transform all of them once.
    """

    def __init__(self, segmenter="masks"):
        self.segmenter = segmenter

    def fit(self, X=None, y=None):
        """Check the segmenter. Raises ValueError where it is none, or knows too many classes."""
        self._classes()
        return self

    def transform(self, X) -> np.ndarray:
        """Shares of the pictures in X, for masks a table. Raises ValueError, DatasetError."""
        self._classes()
        if isinstance(self.segmenter, str):
            rows = self._read(X)
        else:
            rows = [shares(part) for part in self.segmenter.segment(images_of(X))]
        return np.array(rows, np.float32).reshape(len(rows), CLASSES)

    def _read(self, X) -> list[np.ndarray]:
        if "mask_path" not in getattr(X, "columns", ()):
            raise ValueError(f"segmenter {self.segmenter!r} needs a table with a column mask_path")
        bare = np.flatnonzero(X["mask_path"].isna())
        if len(bare):
            raise DatasetError(f"row {bare[0]} of the table has no mask: take only rows that do")
        first = MASKS[self.segmenter]
        return [shares(read_mask(path) - first) for path in X["mask_path"]]

    def _classes(self) -> tuple[str, ...]:
        if isinstance(self.segmenter, str):
            if self.segmenter not in MASKS:
                known = ", ".join(map(repr, MASKS))
                raise ValueError(f"segmenter must be {known} or one of its own, not a word")
            if MASKS[self.segmenter]:
                return tuple(f"ade20k_{number}" for number in range(1, CLASSES + 1))
            found = MAP_LABELS
        else:
            found = tuple(getattr(self.segmenter, "classes", ()))
            if not found or not hasattr(self.segmenter, "segment"):
                raise ValueError("segmenter must be fitted, with classes and segment(pictures)")
            if len(found) > CLASSES:
                raise ValueError(f"segmenter knows {len(found)} classes, not at most {CLASSES}")
        return (*found, *(f"unused_{number}" for number in range(len(found) + 1, CLASSES + 1)))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the 150 classes; "unused_51" and so on where there are fewer."""
        return np.array(self._classes(), dtype=object)

    @property
    def n_features_out_(self) -> int:
        """150."""
        return CLASSES

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags
