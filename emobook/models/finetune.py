"""A pretrained network, trained further on the emotions that pictures evoke."""

from torch import nn

from emobook.features.stages import Stages, stages
from emobook.models.network import NetworkClassifier, Top


class LinearTop(Top):
    """The backbone's own pool, then one linear layer: last map (N, c, h, w) → logits (N, C)."""

    def __init__(self, parts, classes: int):
        super().__init__()
        self.pool, self.head = parts.pool, nn.Linear(parts.feature_dim, classes)

    def features(self, last):
        return self.pool(last)


class FineTunedClassifier(NetworkClassifier):
    """A backbone with a new softmax layer, both trained: You et al. (2016), section on
    fine-tuning; the networks of Rao et al. (2019), section 5.3. See `NetworkClassifier`.

    Any backbone with one linear layer at its end will do; one without convolutional levels, such
    as a vision transformer, is one level, and has no lower ones to freeze.
    """

    def _stages(self, loaded):
        try:
            return stages(loaded)
        except ValueError:
            width = loaded.feature_dim
            return Stages([loaded.module.body], nn.Identity(), [width], width)

    def _top(self, parts, classes):
        return LinearTop(parts, classes)
