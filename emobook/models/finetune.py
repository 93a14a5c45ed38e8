"""A pretrained network, trained further on the emotions that pictures evoke."""

import numpy as np
import torch
from sklearn.base import RegressorMixin
from torch import nn

from emobook.features.stages import Stages, stages
from emobook.models import _ratings, _validation
from emobook.models.network import NetworkClassifier
from emobook.models.picture_network import PictureNetwork, logits_of
from emobook.models.staged import Top


class LinearTop(Top):
    """The backbone's own pool, then one linear layer: last map (N, c, h, w) → outputs (N, C)."""

    def __init__(self, parts, outputs: int):
        super().__init__()
        self.pool, self.head = parts.pool, nn.Linear(parts.feature_dim, outputs)

    def features(self, last):
        return self.pool(last)


class _FineTuned:
    """A backbone with a new last layer.

    Any backbone with one linear layer at its end will do; one without convolutional levels, such
    as a vision transformer, is one level, and has no lower ones to freeze.
    """

    def _stages(self, loaded):
        try:
            return stages(loaded)
        except ValueError:
            width = loaded.feature_dim
            return Stages([loaded.module.body], nn.Identity(), [width], width)

    def _top(self, parts, outputs):
        return LinearTop(parts, outputs)


class FineTunedClassifier(_FineTuned, NetworkClassifier):
    """A backbone with a new softmax layer, both trained: You et al. (2016), section on
    fine-tuning; the networks of Rao et al. (2019), section 5.3. See `NetworkClassifier`.

    Any backbone with one linear layer at its end will do; one without convolutional levels, such
    as a vision transformer, is one level, and has no lower ones to freeze.
    """


class FineTunedRegressor(_FineTuned, RegressorMixin, PictureNetwork):
    """Transfer learning of Kim et al. (2018), section VI-C: a network that knew objects learns
    ratings. Its last layer is replaced by one of as many outputs as there are ratings.

    backbone: "alexnet" and "vgg19" in the paper. freeze="convolutions" is the paper's
        "conv-frozen", freeze="none" its "conv-train". A network that has no fully connected layer
        but its last, such as an EfficientNet, then learns only that one while its convolutions are
        frozen.
    lr, batch_size: "0.5 × 10⁻⁴" and 50 in the paper, whose loss is the sum of squared errors over
        the batch; here it is the mean, with a rate 50 times as high, which is the same step.
    The other parameters are those of `PictureNetwork`. The paper names neither a decay of the
    weights nor augmentation nor other rates for new layers: the defaults have none.

    Ours: with several ratings their squared errors are added up; the new layer begins with the
    training images' mean ratings as its bias; the epoch with the smallest error on a share of the
    training images is kept.

    After `fit`: `mean_` (K,), `network_`, `recipe_`, `history_`.
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        size=None,
        lr=0.0025,
        head_lr_factor=1,
        weight_decay=0.0,
        batch_size=50,
        augment=False,
        **options,
    ):
        super().__init__(
            backbone,
            pretrained,
            size,
            lr=lr,
            head_lr_factor=head_lr_factor,
            weight_decay=weight_decay,
            batch_size=batch_size,
            augment=augment,
            **options,
        )

    def _outputs(self) -> int:
        return len(self.mean_)

    def fit(self, X, y, validation=None):
        """Train on the pictures of X (see `features.base.images_of`) and ratings y (N,) or (N, K).

        validation: (X, y) on which the best epoch is chosen, instead of a share of the training
        images. Raises ValueError that names the argument, also where training diverges; ImageError
        for a picture that cannot be read.
        """
        self._check()
        values = _ratings.ratings(X, y)
        rows, held_out = self._split(X, values, validation)
        goes_on = self._goes_on() and len(self.mean_) == values.shape[1]
        self.single_, watched, truth = np.ndim(y) == 1, X, values[held_out]
        if validation is not None:
            watched, truth = validation[0], _ratings.ratings(*validation)
            held_out = _validation.as_many(watched, truth)
        if not goes_on:
            self.mean_ = values[rows].mean(axis=0)
            self._begin()
            with torch.no_grad():
                self.network_.top.head.bias.copy_(torch.from_numpy(self.mean_))
        targets = [torch.from_numpy(values)]
        self._learn(
            X, targets, _mean_error, rows, (watched, held_out), truth, _ratings.squared_error
        )
        _ratings.check_converged(self.network_, self.lr)
        return self

    def predict(self, X) -> np.ndarray:
        """Float64 ratings, (N,) or (N, K) as in `fit`; of a table only `path` is read."""
        found = self._each(X, lambda network, maps: logits_of(network(*maps)).double())
        return found[:, 0] if self.single_ else found


def _mean_error(outputs, truth):
    return _ratings.squared_error(outputs, truth) / len(truth)
