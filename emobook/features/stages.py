"""A convolutional backbone, cut where the scale of its maps changes."""

import torch
from torch import nn

from emobook.features.backbones import Backbone


class Stages(nn.Module):
    """The parts of a backbone, to be applied one after the other.

    levels: L parts, lowest first. The first takes pixels (N, 3, S, S), normalised as the
        backbone's recipe says, and each gives a map (N, c, h, w) for the next.
    pool: the last map → (N, D), the features that the backbone's own last layer sees: the mean
        over all places, or in AlexNet and VGG the fully connected layers fc6 and fc7.
    channels: c of each level. feature_dim: D.
    """

    def __init__(self, levels, pool: nn.Module, channels, feature_dim: int):
        super().__init__()
        self.levels, self.pool = nn.ModuleList(levels), pool
        self.channels, self.feature_dim = tuple(channels), feature_dim

    def forward(self, x) -> list[torch.Tensor]:
        """The map of every level."""
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        return maps


def stages(backbone: Backbone) -> Stages:
    """Cut a backbone; its weights are shared, not copied, and `pool` of the last map is its body.

    The levels of a picture with side S:

    - EfficientNet: S/4, S/8, S/16 and S/32, the last with the layer that widens it (24, 40, 112
      and 1280 channels in Lite0);
    - AlexNet: its five convolutional layers, each with the pooling that follows;
    - VGG: its five blocks, each with the pooling that ends it;
    - ResNet: its four groups of blocks, the first with the stem;
    - DenseNet: its four dense blocks, all but the last with the transition that follows.

    Raises ValueError for a network that has no such levels, such as a vision transformer.
    """
    cut = _CUTS.get(type(backbone.module.body).__name__)
    if cut is None:
        raise ValueError(
            f"backbone {backbone.name!r} has no convolutional levels that are known here: choose "
            "an EfficientNet, AlexNet, VGG, ResNet or DenseNet"
        )
    levels, pool = cut(backbone.module.body)
    training = backbone.module.training
    with torch.no_grad():
        x, channels = torch.zeros(1, 3, 64, 64), []
        for level in levels:
            x = level.eval()(x)
            channels.append(x.shape[1])
    for level in levels:
        level.train(training)
    return Stages(levels, pool, channels, backbone.feature_dim)


def _efficientnet(body):
    ends = {info["reduction"]: int(info["module"].rpartition(".")[2]) for info in body.feature_info}
    blocks, levels, start = list(body.blocks), [], 0
    for reduction in (4, 8, 16):
        levels.append(nn.Sequential(*blocks[start : ends[reduction] + 1]))
        start = ends[reduction] + 1
    levels[0] = nn.Sequential(body.conv_stem, body.bn1, *levels[0])
    levels.append(nn.Sequential(*blocks[start:], body.conv_head, body.bn2))
    return levels, body.global_pool


def _sequential(body, starts):
    """AlexNet and VGG: `features` from each start to the next; the rest is the pool."""
    layers, ends = list(body.features), [*starts[1:], len(body.features)]
    levels = [nn.Sequential(*layers[a:b]) for a, b in zip(starts, ends, strict=True)]
    return levels, nn.Sequential(body.avgpool, nn.Flatten(), body.classifier)


def _alexnet(body):
    convolutions = [i for i, part in enumerate(body.features) if isinstance(part, nn.Conv2d)]
    return _sequential(body, convolutions)


def _vgg(body):
    pools = [i + 1 for i, part in enumerate(body.features) if isinstance(part, nn.MaxPool2d)]
    return _sequential(body, [0, *pools[:-1]])


def _resnet(body):
    if hasattr(body, "global_pool"):  # timm's, which flattens
        activation, pool = body.act1, body.global_pool
    else:
        activation, pool = body.relu, nn.Sequential(body.avgpool, nn.Flatten())
    stem = nn.Sequential(body.conv1, body.bn1, activation, body.maxpool, body.layer1)
    return [stem, body.layer2, body.layer3, body.layer4], pool


def _densenet(body):
    parts, levels = dict(body.features.named_children()), [[]]
    for name, part in parts.items():
        levels[-1].append(part)
        if name.startswith("transition"):
            levels.append([])
    levels[-1].append(nn.ReLU())  # of its own `forward`; not in place, since maps are kept
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return [nn.Sequential(*level) for level in levels], pool


_CUTS = {
    "EfficientNet": _efficientnet,
    "AlexNet": _alexnet,
    "VGG": _vgg,
    "ResNet": _resnet,
    "DenseNet": _densenet,
}
