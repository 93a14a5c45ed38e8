"""The inputs of Kim et al. (2018), section IV: 438 low-level values, 1000 objects, 150 regions.

Tables I and III say how many values there are, 1588 in all. Of the 438 the text names 512 for GIST
and 59 for local binary patterns, which is more than 438; with GIST of 320, as users of the released
features report, 59 are left for colour. The text lists 26 of these: the means of RGB and HSV (6),
the fullest bins of the HSV histogram with their numbers (6), eleven colour names, and pleasure,
arousal and dominance (3). The other 33 are our reading: the histogram itself, which the text says
is calculated, with 11 bins for each of its three channels.
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from emobook.datasets import DatasetError, DatasetMissing
from emobook.features.color import PAD, ColorMeans, HSVPeaks, hsv_histograms
from emobook.features.color_names import ColorNames
from emobook.features.color_spaces import pixels
from emobook.features.crafted import CraftedFeatures
from emobook.features.deep import DeepFeatures
from emobook.features.gist import GIST
from emobook.features.semantic import SemanticShares
from emobook.features.texture import LBP

BINS = 11
"""Bins for each channel of the HSV histogram: with them, colour has 59 values. Ours."""

ORIENTATIONS = {320: (8, 8, 4), 512: (8, 8, 8, 8)}
"""How many values GIST has, and how many orientations at each scale that means."""

ATTRIBUTES = 2000

LIMIT = 3.0
"""Deviations beyond which `standardised` cuts a feature. Ours."""


class HSVHistogram(CraftedFeatures):
    """Histograms of hue, saturation and value: 33 shares in [0, 1].

    11 equal bins for each channel; the shares are of all pixels. Greys have no hue: they are in
    none of its bins, while those of saturation and of value each sum to 1. `HSVPeaks(11)` gives
    their fullest bins.

    Source: Kim et al. (2018), section IV-A, "calculate the HSV histogram"; that it is an input, and
    its bins, are our reading (see the module).
    """

    def _names(self):
        return [f"{channel}_{i}" for channel in ("hue", "saturation", "value") for i in range(BINS)]

    def _describe(self, image):
        return hsv_histograms(pixels(image), BINS).ravel()


def colour() -> FeatureUnion:
    """The 59 values of colour; pleasure, arousal and dominance with the signs that are printed.

    Which signs makes no difference to what a network can learn: its first layer is linear, and
    brightness and saturation are in `ColorMeans` nearly as they are here.
    """
    return FeatureUnion(
        [
            ("means", ColorMeans()),
            ("peaks", HSVPeaks(BINS)),
            ("histogram", HSVHistogram()),
            ("names", ColorNames()),
            ("pad", PAD("as-printed")),
        ]
    )


def low_level(gist: int = 320) -> FeatureUnion:
    """Colour 59, GIST, local binary patterns 59: 438 values with a GIST of 320, 630 with 512.

    Raises ValueError for another `gist`.
    """
    if gist not in ORIENTATIONS:
        known = " or ".join(map(str, ORIENTATIONS))
        raise ValueError(f"gist must be {known}, not {gist!r}")
    return FeatureUnion([("colour", colour()), ("gist", GIST(ORIENTATIONS[gist])), ("lbp", LBP())])


def objects(backbone: str = "tf_efficientnet_lite0", **options) -> DeepFeatures:
    """Probabilities of the 1000 categories of ImageNet: "the result of the final output layer".

    backbone: Kim et al. take alexnet, vgg16 and a ResNet whose depth they do not say. options: of
    `DeepFeatures`.
    """
    return DeepFeatures(backbone, layer="probabilities", **options)


def semantic(segmenter="masks") -> SemanticShares:
    """Area shares of 150 classes; segmenter: as for `SemanticShares`, fitted once and for all."""
    if hasattr(segmenter, "get_params"):  # a copy made for a fold would not be fitted
        segmenter = FrozenEstimator(segmenter)
    return SemanticShares(segmenter)


class Attributes(TransformerMixin, BaseEstimator):
    """Category-level attributes: the 2000 values of row "O" of Table II, which a reader brings.

    file: a CSV table, its first column the `id` of each picture, then 2000 numbers; "" for none.
    X: a table with the column `id`. Their code (Yu et al. 2013) is not public, so they cannot be
    computed here.
    """

    def __init__(self, file=""):
        self.file = file

    def fit(self, X=None, y=None):
        """Read the file. Raises DatasetMissing where there is none, DatasetError for another."""
        if not self.file:
            raise DatasetMissing("category-level attributes are not here: name a file of them")
        try:
            table = pd.read_csv(self.file, index_col=0, dtype={0: str})
        except (OSError, ValueError):
            raise DatasetMissing(f"{self.file} cannot be read as a CSV table") from None
        twice = table.index[table.index.duplicated()]
        if len(twice):
            raise DatasetError(f"{self.file} has {twice[0]} more than once")
        values = table.apply(pd.to_numeric, errors="coerce")
        if values.shape[1] != ATTRIBUTES or values.isna().any(axis=None):
            raise DatasetError(f"{self.file} has to hold {ATTRIBUTES} numbers for each picture")
        self.values_ = values.set_axis(table.index.astype(str))
        return self

    def transform(self, X) -> np.ndarray:
        """float32 (N, 2000). Raises DatasetError where the file lacks a picture."""
        ids = X["id"].astype(str)
        lacking = ids[~ids.isin(self.values_.index)]
        if len(lacking):
            raise DatasetError(f"{self.file} lacks {lacking.iloc[0]}")
        return self.values_.loc[ids].to_numpy(np.float32)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """ "attribute_0" to "attribute_1999"."""
        return np.array([f"attribute_{i}" for i in range(ATTRIBUTES)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


def standardised(limit: float = LIMIT) -> Pipeline:
    """Each feature less its mean, by its deviation over the training images, within ± `limit`.

    The paper does not say how its inputs are scaled. Without a limit, the probability of a category
    that hardly occurs in the training images, whose deviation there is next to 0, comes out in the
    thousands for the one picture that shows it.
    """
    limited = FunctionTransformer(within, kw_args={"limit": limit}, feature_names_out="one-to-one")
    return make_pipeline(StandardScaler(), limited)


def within(values, limit: float) -> np.ndarray:
    """Values cut to ± limit; a function of its own, so that a fit that has it can be stored."""
    return np.clip(values, -limit, limit)


def blocks(objects="tf_efficientnet_lite0", segmenter=None, gist: int = 320) -> dict:
    """The families of features: "low", "object" and, where there is a segmenter, "semantic".

    objects: a backbone, or a transformer that takes its place (`Attributes`). segmenter: as for
    `semantic`; None leaves the block out. Transformers of X, by name.
    """
    if isinstance(objects, str):
        objects = DeepFeatures(objects, layer="probabilities")
    found = {"low": low_level(gist), "object": objects}
    return found if segmenter is None else {**found, "semantic": semantic(segmenter)}


def everything(families: dict) -> FeatureUnion:
    """All of `blocks` side by side: 1588 values, or 1438 without a segmenter."""
    return FeatureUnion(list(families.items()))
