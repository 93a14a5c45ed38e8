"""What a network costs: its parameters, and its multiply-adds for one picture."""

from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from emobook.features import _weights, backbones


class Cost(NamedTuple):
    """parameters: numbers that a network holds; multiply_adds: those of its convolutions and
    linear layers for one picture; size: the side of that picture, in pixels."""

    parameters: int
    multiply_adds: int
    size: int


def cost(backbone: str = "tf_efficientnet_lite0", size: int | None = None) -> Cost:
    """Count a backbone with its ImageNet layer, on a picture of its recipe's size (or `size`).

    Nothing is computed and no weight is drawn: torch counts from the shapes alone. Raises
    ValueError for a name that nobody knows.
    """
    hub = backbones._TORCHVISION.fullmatch(backbone)
    with torch.device("meta"):
        body, head, recipe = (_weights.torchvision if hub else _weights.timm)(backbone, False)
    size, network = size or recipe.size, backbones.Network(body, head)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.empty(1, 3, size, size, device="meta"))
    parameters = sum(value.numel() for value in network.parameters())
    return Cost(parameters, counter.get_total_flops() // 2, size)
