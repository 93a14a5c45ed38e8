"""Counted costs, against sums by hand."""

import pytest

from emobook.features import backbones
from emobook.features.cost import cost


def test_alexnet_by_hand():
    """Kernel × channels in × channels out × places of each layer, on a square of 224 pixels."""
    convolutions = [
        (11, 3, 64, 55), (5, 64, 192, 27), (3, 192, 384, 13), (3, 384, 256, 13), (3, 256, 256, 13),
    ]  # fmt: skip
    linear = [(256 * 6 * 6, 4096), (4096, 4096), (4096, 1000)]
    weights = sum(k * k * a * b + b for k, a, b, _ in convolutions) + sum(
        a * b + b for a, b in linear
    )
    products = sum(k * k * a * b * side**2 for k, a, b, side in convolutions)
    found = cost("alexnet")
    assert found == (weights, products + sum(a * b for a, b in linear), 224)


def test_it_counts_what_is_loaded():
    network = backbones.load("tf_efficientnet_lite0").module
    assert cost().parameters == sum(part.numel() for part in network.parameters())


def test_a_smaller_picture_costs_less_and_weighs_the_same():
    small, large = cost(size=224), cost(size=448)
    assert small.parameters == large.parameters and cost().size == 224
    assert small.multiply_adds == pytest.approx(large.multiply_adds / 4, rel=0.02)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="unknown"):
        cost("no-such-network")
