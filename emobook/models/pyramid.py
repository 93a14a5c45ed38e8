"""A feature pyramid: maps of several scales, all of them with the meaning of the highest."""

from collections import OrderedDict

import torch
from torch import nn
from torchvision.ops import FeaturePyramidNetwork

from emobook.features.stages import Stages

STRIDES = (4, 8, 16, 32)  # pixels per place in C2 to C5, and so in P2 to P5


class FeaturePyramid(nn.Module):
    """P2 to P5 from C2 to C5 (Lin et al. 2017; Rao et al. 2019, section 3.1 and Fig. 3).

    C2 to C5 are the last four levels of a backbone, with 1/4, 1/8, 1/16 and 1/32 of the picture's
    side. Each passes a 1 × 1 convolution (the lateral connection); from the top down, what comes
    from above is enlarged to twice its side and added; a 3 × 3 convolution smooths each sum.

    single_level: one map instead, P4 from C4 alone, by the same two convolutions. Rao et al. set
        "single-level features" beside the pyramid in Fig. 7 and do not say which level; C4 is our
        choice, the map that Faster R-CNN takes from a ResNet.

    channels: d of each map that it gives. After construction: `names`, those of the maps, and
    `strides`, pixels per place in each.

    Raises ValueError for a backbone whose last four levels have other scales.
    """

    def __init__(self, parts: Stages, channels: int, single_level: bool = False):
        super().__init__()
        if len(parts.levels) < 4 or _strides(parts)[-4:] != STRIDES:
            raise ValueError(
                "a feature pyramid needs levels with 1/4, 1/8, 1/16 and 1/32 of the picture's "
                "side: choose an EfficientNet, VGG or ResNet as backbone"
            )
        self.taken = (2,) if single_level else (0, 1, 2, 3)
        self.names = tuple(f"P{level + 2}" for level in self.taken)
        self.strides = tuple(STRIDES[level] for level in self.taken)
        self.channels = channels
        below = [parts.channels[-4:][level] for level in self.taken]
        self.merge = FeaturePyramidNetwork(below, channels)

    def forward(self, maps) -> OrderedDict[str, torch.Tensor]:
        """C2 to C5, each (N, c, h, w) → by name, finest first, (N, d, h, w)."""
        taken = (maps[level] for level in self.taken)
        return self.merge(OrderedDict(zip(self.names, taken, strict=True)))


def _strides(parts: Stages) -> tuple[int, ...]:
    """Pixels per place in the map of each level."""
    training, device = parts.training, next(parts.parameters()).device
    with torch.no_grad():
        maps = parts.eval()(torch.zeros(1, 3, 64, 64, device=device))
    parts.train(training)
    return tuple(64 // level.shape[-1] for level in maps)
