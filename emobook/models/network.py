"""Classifiers of pictures: what the networks share that say which emotion a picture evokes.

A method of the papers is a `Top`, which turns maps of a backbone into class scores, and a subclass
of `NetworkClassifier`, which makes it. What no target matters to is in `picture_network`.
"""

import numpy as np
import torch.nn.functional as F
from sklearn.base import ClassifierMixin

from emobook.models import _targets, _validation
from emobook.models.picture_network import PictureNetwork, logits_of
from emobook.models.staged import Top

__all__ = ["NetworkClassifier", "Top"]


class NetworkClassifier(ClassifierMixin, PictureNetwork):
    """Base of classifiers that are trained by SGD with momentum on pictures.

    loss, lam, form, offset: as for `SoftmaxHead`.
    The other parameters are those of `PictureNetwork`; the best epoch is chosen by its
    cross-entropy.

    A subclass defines `_top`, and may add parameters of its own: `def __init__(self, mine=1,
    **options): super().__init__(**options); self.mine = mine`.

    After `fit`: `classes_`, `network_`, `recipe_`, `history_` (a `train.History`).
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        size=None,
        loss="cross_entropy",
        lam=0.4,
        form="temperature",
        offset=1,
        **options,
    ):
        super().__init__(backbone, pretrained, size, **options)
        self.loss = loss
        self.lam = lam
        self.form = form
        self.offset = offset

    def _outputs(self) -> int:
        return len(self.classes_)

    @classmethod
    def _of_training(cls):
        return NetworkClassifier._get_param_names()

    def _loss(self, targets: _targets.Targets):
        """What is minimised: loss(outputs of the network, *tensors of `targets`)."""
        return targets.loss

    def fit(self, X, y, distributions=None, p=None, validation=None):
        """Train on the pictures of X (see `features.base.images_of`) and labels y (N,).

        distributions, p: as for `SoftmaxHead.fit`. validation: (X, y) on which the best epoch is
        chosen, instead of a share of the training images.

        Raises ValueError that names the argument, ImageError for a picture that cannot be read.
        """
        self._check()
        targets = _targets.prepare(self, X, y, distributions, p)
        rows, held_out = self._split(X, targets.labels, validation)
        goes_on = self._goes_on() and np.array_equal(self.classes_, targets.classes)
        self.classes_, watched, truth = targets.classes, X, targets.labels[held_out]
        if validation is not None:
            watched, truth = validation
            truth = _targets.positions(truth, self.classes_, "validation labels")
            held_out = _validation.as_many(watched, truth)
        if not goes_on:
            self._begin()
        loss = self._loss(targets)
        return self._learn(X, targets.tensors, loss, rows, (watched, held_out), truth, _surprise)

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) float64 probabilities, columns in the order of `classes_`; of a table only the
        column `path` is read."""
        return self._each(X, lambda network, maps: logits_of(network(*maps)).double().softmax(1))

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def _surprise(logits, labels):
    return F.cross_entropy(logits, labels, reduction="sum")
