"""A backbone in levels does what the backbone does."""

import pytest
import torch
from torch import nn

from emobook.features import backbones
from emobook.features.stages import Stages, stages
from emobook.models.staged import StagedNetwork, Top

# side of the input, then (channels, side) of each level: Tan and Le (2019) in its Lite form,
# Krizhevsky (2014) without padding of the input in torchvision, Simonyan and Zisserman (2015),
# He et al. (2016), Huang et al. (2017)
LEVELS = {
    "tf_efficientnet_lite0": (224, [(24, 56), (40, 28), (112, 14), (1280, 7)]),
    "alexnet": (224, [(64, 27), (192, 13), (384, 13), (256, 13), (256, 6)]),
    "vgg16": (224, [(64, 112), (128, 56), (256, 28), (512, 14), (512, 7)]),
    "resnet101": (224, [(256, 56), (512, 28), (1024, 14), (2048, 7)]),
    "densenet201": (224, [(128, 28), (256, 14), (896, 7), (1920, 7)]),
}


@pytest.mark.parametrize("name", LEVELS)
def test_levels_are_those_of_the_literature_and_end_in_the_body(name):
    side, expected = LEVELS[name]
    backbone = backbones.load(name, pretrained=False)
    parts = stages(backbone).eval()
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        maps = parts(x)
        pooled, body = parts.pool(maps[-1]), backbone.module.body(x)
    assert [(m.shape[1], m.shape[2]) for m in maps] == expected
    assert parts.channels == tuple(c for c, _ in expected)
    assert pooled.shape == (1, parts.feature_dim)
    torch.testing.assert_close(pooled, body)
    assert {id(p) for p in parts.parameters()} == {id(p) for p in backbone.module.body.parameters()}


@pytest.mark.parametrize("name", ["test_resnet", "resnet18.tv_in1k"])
def test_residual_networks_of_either_source_end_in_the_body(name):
    backbone = backbones.load(name, pretrained=False)
    parts, x = stages(backbone).eval(), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(parts.pool(parts(x)[-1]), backbone.module.body(x))


def test_a_map_is_not_changed_by_the_level_that_follows():
    parts = stages(backbones.load("densenet121", pretrained=False)).eval()
    with torch.no_grad():
        first = parts.levels[0](torch.randn(1, 3, 64, 64))
        before = first.clone()
        parts.levels[1](first)
    assert torch.equal(first, before)


def test_a_network_without_levels_is_refused():
    with pytest.raises(ValueError, match="'vit_tiny_patch16_224' has no convolutional levels"):
        stages(backbones.load("vit_tiny_patch16_224", pretrained=False))


class Means(Top):
    """The means of some maps, side by side."""

    def __init__(self, parts, levels):
        super().__init__()
        self.levels = levels
        self.head = nn.Linear(sum(parts.channels[level] for level in levels), 2)

    def features(self, *maps):
        return torch.cat([m.mean((2, 3)) for m in maps], dim=1)


@pytest.mark.parametrize("levels", [(-1,), (0, 3), (3, 0), (1,), (0, 1, 2, 3)])
@pytest.mark.parametrize("freeze", ["none", "lower", "trunk"])
def test_lower_then_forward_is_the_whole_network(levels, freeze):
    parts = stages(backbones.load("test_efficientnet", pretrained=False))
    network = StagedNetwork(parts, Means(parts, levels), freeze).eval()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        maps = parts(x)
        expected = network.top(*(maps[level] for level in levels))
        torch.testing.assert_close(network(*network.lower(x)), expected)


@pytest.mark.parametrize("freeze", ["none", "lower", "trunk"])
def test_a_gradient_reaches_what_is_not_frozen_and_nothing_else(freeze):
    parts = stages(backbones.load("test_efficientnet", pretrained=False))
    network = StagedNetwork(parts, Means(parts, (0, 3)), freeze).train()
    network(*network.lower(torch.randn(2, 3, 64, 64))).square().sum().backward()
    learned = {name for name, value in network.named_parameters() if value.grad is not None}
    allowed = {"none": ("levels.", "top."), "lower": ("levels.3.", "top."), "trunk": ("top.",)}
    expected = {n for n, _ in network.named_parameters() if n.startswith(allowed[freeze])}
    assert learned == expected
    assert network.new == ["top.head.weight", "top.head.bias"]


def test_levels_above_the_last_wanted_one_are_no_part_of_the_network():
    parts = stages(backbones.load("test_efficientnet", pretrained=False))
    network = StagedNetwork(parts, Means(parts, (1,)))
    assert len(network.levels) == 2


class Twice(Top):
    """The pool of the backbone, which has weights of its own, under two names."""

    def __init__(self, parts):
        super().__init__()
        self.plain = self.attended = parts.pool
        self.head = nn.Linear(10, 2)

    def features(self, last):
        return torch.cat([self.plain(last), self.attended(2 * last)], dim=1)


def small(freeze, seed=0, weights_id="a"):
    """Two levels and a pool, always the same, below a last layer drawn from `seed`."""
    torch.manual_seed(0)
    levels = [nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), nn.Conv2d(4, 4, 3)]
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
    parts = Stages(levels, pool, [4, 4], 5)
    torch.manual_seed(seed)
    return StagedNetwork(parts, Twice(parts), freeze, weights_id)


@pytest.mark.parametrize(
    ("freeze", "kept"),
    [
        ("none", {"levels.0", "levels.1", "top.plain", "top.attended", "top.head"}),
        ("lower", {"levels.1", "top.plain", "top.attended", "top.head"}),
        ("trunk", {"top.head"}),
    ],
)
def test_stored_is_what_training_can_change_and_restores_the_network(freeze, kept):
    trained = small(freeze).train()
    learning = [value for value in trained.parameters() if value.requires_grad]
    rate = torch.optim.SGD(learning, lr=0.1, momentum=0.9, weight_decay=0.1)
    for _ in range(3):
        rate.zero_grad()
        trained(*trained.lower(torch.randn(4, 3, 8, 8))).square().sum().backward()
        rate.step()
    stored, state = trained.stored(), trained.state_dict()
    assert {".".join(name.split(".")[:2]) for name in stored["weights"]} == kept
    other = small(freeze, seed=1)
    assert not other.state_dict()["top.head.weight"].equal(state["top.head.weight"])
    other.restore(stored)
    assert all(value.equal(state[name]) for name, value in other.state_dict().items())
    stranger = small(freeze, weights_id="b")
    if freeze == "none":
        stranger.restore(stored)  # it has all of its weights
    else:
        with pytest.raises(ValueError, match="other weights than the backbone has now"):
            stranger.restore(stored)
