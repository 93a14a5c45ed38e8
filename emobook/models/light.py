"""LiteEmo: light networks for emotion, objects and the category of a picture, side by side."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from emobook.features import DeepFeatures
from emobook.models.streams import CS, StreamsClassifier

STREAMS = "EOC"

# The 1000 classes follow WordNet: each kind of thing is a run of them, given by where it begins.
IMAGENET_GROUPS = {
    "animals": (0, 398),
    "things and buildings": (398, 924),
    "food": (924, 970),
    "landscapes": (970, 981),
    "people": (981, 984),
    "plants and fungi": (984, 999),
}


class LiteEmoClassifier(StreamsClassifier):
    """LiteEmo-style: features of emotion, object scores and category scores, then softmax.

    network: learns the eight emotions; its features are the stream E. The stream O is what the
        same backbone, as ImageNet made it, says: 1000 probabilities.
    streams: which ones to use, some of "EOC".
    category: a fitted classifier of pictures whose probabilities are the stream C, inside of
        `sklearn.frozen.FrozenEstimator` (else a clone of this estimator loses the fit); None adds
        up the 1000 probabilities over `IMAGENET_GROUPS` (toilet tissue belongs to none of them).
    Cs: as for `StreamsClassifier`, which says how the networks and the softmax layer are trained.

    Source: Chew et al., "LiteEmo: lightweight deep neural networks for image emotion recognition"
    (MMSP 2019). Its abstract tells of several MobileNets, "the core emotion recognition, object
    recognition and image category recognition models", that are concatenated. What the categories
    are, which layers are joined, and whether all streams are trained together, is not public;
    the choices here are ours.
    """

    def __init__(self, network=None, streams=STREAMS, category=None, Cs=CS):
        super().__init__(network, Cs)
        self.streams = streams
        self.category = category

    def _streams(self, network, learn):
        wanted = set(self.streams)
        if not wanted or not wanted <= set(STREAMS) or len(wanted) < len(self.streams):
            raise ValueError(f'streams must be some of "EOC", not {self.streams!r}')
        options = {"backbone": network.backbone, "pretrained": network.pretrained}
        makers = {
            "E": lambda: (learn(network, np.arange(len(self.classes_))), "transform"),
            "O": lambda: (DeepFeatures(layer="probabilities", **options), "transform"),
            "C": lambda: (
                (ImageNetGroups(**options), "transform")
                if self.category is None
                else (self.category, "predict_proba")
            ),
        }
        return {name: makers[name] for name in STREAMS if name in wanted}


class ImageNetGroups(TransformerMixin, BaseEstimator):
    """What kind of thing a picture shows, by a network that was trained on ImageNet.

    backbone, pretrained: as for `DeepFeatures`. There is nothing to fit.
    """

    def __init__(self, backbone="tf_efficientnet_lite0", pretrained=True):
        self.backbone = backbone
        self.pretrained = pretrained

    def fit(self, X, y=None):
        return self

    def transform(self, X) -> np.ndarray:
        """(N, 6) sums of the 1000 probabilities over `IMAGENET_GROUPS`."""
        options = {"backbone": self.backbone, "pretrained": self.pretrained}
        values = DeepFeatures(layer="probabilities", **options).transform(X)
        if values.shape[1] != 1000:
            raise ValueError(f"{self.backbone} has {values.shape[1]} classes, not ImageNet's 1000")
        sums = [values[:, start:end].sum(axis=1) for start, end in IMAGENET_GROUPS.values()]
        return np.stack(sums, axis=1)

    def __sklearn_is_fitted__(self):
        return True
