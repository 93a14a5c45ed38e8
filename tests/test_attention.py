"""Attention: the layer against a loop, the networks against every number of their description."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from emobook import results
from emobook.models.attention import FORMS, AlexNet, AttentionLayer, TwoStreamAlexNet


def seeded(make, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


@pytest.fixture
def maps():
    return torch.randn(3, 5, 4, 6, generator=torch.Generator().manual_seed(0))


def size(module) -> int:
    return sum(part.numel() for part in module.parameters())


# ---- the layer ----


@pytest.mark.parametrize("form", FORMS)
def test_the_layer_is_a_softmax_over_places(form, maps):
    layer = seeded(lambda: AttentionLayer(5, form))
    attended, weights = layer(maps)
    x, state = maps.numpy(), {k: v.numpy() for k, v in layer.state_dict().items()}
    for n in range(3):
        scores = np.empty((4, 6))
        for i in range(4):
            for j in range(6):
                place = x[n, :, i, j]
                if form == "context":
                    hidden = np.tanh(
                        state["score.0.weight"][..., 0, 0] @ place + state["score.0.bias"]
                    )
                    scores[i, j] = hidden @ state["score.2.weight"][0, :, 0, 0]
                else:
                    scores[i, j] = (
                        state["score.weight"][0, :, 0, 0] @ place + state["score.bias"][0]
                    )
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(weights[n].detach(), expected, rtol=1e-5)
        factor = 1 if form == "literal" else 24
        np.testing.assert_allclose(attended[n].detach(), factor * expected * x[n], atol=1e-5)
    np.testing.assert_allclose(weights.sum((1, 2)).detach(), 1, rtol=1e-6)


@pytest.mark.parametrize(("form", "left"), [("literal", 1 / 36), ("scaled", 1), ("context", 1)])
def test_without_scores_all_places_count_alike(form, left):
    layer, x = AttentionLayer(7, form), torch.rand(2, 7, 6, 6)
    nn.init.zeros_((layer.score[2] if form == "context" else layer.score).weight)
    attended, weights = layer(x)
    torch.testing.assert_close(weights, torch.full((2, 6, 6), 1 / 36))
    torch.testing.assert_close(attended, left * x)


def test_one_sharp_score_takes_all():
    layer, x = AttentionLayer(2, "scaled"), torch.zeros(1, 2, 3, 3)
    x[0, :, 1, 2] = torch.tensor([1.0, 3.0])
    nn.init.constant_(layer.score.weight, 50)
    attended, weights = layer(x)
    assert weights[0, 1, 2] > 0.999
    torch.testing.assert_close(attended.mean((2, 3)), torch.tensor([[1.0, 3.0]]))


def test_the_printed_bias_cancels(maps):
    layer = AttentionLayer(5, "literal")
    before = layer(maps)[0].detach()
    nn.init.constant_(layer.score.bias, 3)
    torch.testing.assert_close(layer(maps)[0], before)
    layer(maps)[0].square().sum().backward()
    assert layer.score.bias.grad.abs() < 1e-5 < layer.score.weight.grad.abs().max()


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_those_of_the_formula(form):
    layer = seeded(lambda: AttentionLayer(3, form)).double()
    x = torch.randn(2, 3, 2, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))


def test_another_form_is_refused():
    with pytest.raises(
        ValueError, match="form must be one of literal, scaled, context, not 'hard'"
    ):
        AttentionLayer(3, "hard")


# ---- the networks of the text ----


def test_shapes_and_kernels_are_the_printed_ones():
    """Every number of sections 2.1.1 to 2.2.1 that says something of AlexNet's layers."""
    table = results.reported("agarwal2019").set_index(["column", "row"])
    said = table["corrected"].fillna(table["printed"])["AlexNet"].astype(int)
    with torch.device("meta"):
        network, x = AlexNet(), torch.empty(2, 3, said["input side"], said["input side"])
    convolutions = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
    linear = [part for part in network.modules() if isinstance(part, nn.Linear)]
    pools = [part for part in network.modules() if isinstance(part, nn.MaxPool2d)]
    for number, part in enumerate(convolutions, 1):
        kernels, depth, height, width = part.weight.shape
        assert height == width == said[f"layer {number}, kernel side"]
        assert depth == said[f"layer {number}, kernel depth"]
        assert kernels == said[f"layer {number}, kernels"]
    assert convolutions[0].stride == (said["layer 1, stride"],) * 2
    assert convolutions[0](x).shape == (2, 96, 55, 55)
    assert (said["layer 1, output channels"], said["layer 1, output side"]) == (96, 55)
    assert len(convolutions) == said["convolutional layers"]
    assert len(linear) == said["fully connected layers"]
    assert {part.out_features for part in linear[:2]} == {
        said["neurons of each fully connected layer"]
    }
    assert {(part.kernel_size, part.stride) for part in pools} == {
        (said["pooling size z"], said["pooling stride s"])
    }
    assert linear[2].out_features == said["classes"]


def test_stage_by_stage():
    with torch.device("meta"):
        network, x = AlexNet(), torch.empty(2, 3, 227, 227)
    shapes = []
    for stage in network.stages:
        x = stage(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(96, 27, 27), (256, 13, 13), (384, 13, 13), (384, 13, 13), (256, 6, 6)]
    assert network.layers(x).shape == (2, 4096)
    assert network.head(network.layers(x)).shape == (2, 1000)
    assert [size(stage) for stage in network.stages] == [34_944, 307_456, 885_120, 663_936, 442_624]
    assert size(network) == 60_965_224


def test_two_streams_are_two_whole_networks():
    with torch.device("meta"):
        network = TwoStreamAlexNet()
        logits, weights = network(torch.empty(2, 3, 227, 227))
    assert (logits.shape, weights.shape) == ((2, 8), (2, 6, 6))
    assert network.head.in_features == 4096 + 4096
    assert size(network.attention) == 256 + 1
    without_output = 60_965_224 - (4096 + 1) * 1000
    assert size(network) == 2 * without_output + 257 + (8192 + 1) * 8 == 113_802_249
    assert not set(network.plain.parameters()) & set(network.attended.parameters())


def test_local_response_normalisation_is_krizhevskys():
    """b_i = a_i / (k + α Σ a_j²)^β over j from i - 2 to i + 2; k = 2, α = 1e-4, β = .75."""
    a = 40 * torch.rand(1, 9, 2, 2)
    normalised = AlexNet(neurons=1).stages[0][2](a)
    for i in range(9):
        total = sum(a[:, j] ** 2 for j in range(max(0, i - 2), min(9, i + 3)))
        torch.testing.assert_close(normalised[:, i], a[:, i] / (2 + 1e-4 * total) ** 0.75)


def test_groups_see_their_half_of_the_channels():
    network, x = seeded(lambda: AlexNet(neurons=1)).eval(), torch.rand(1, 96, 27, 27)
    convolution = network.stages[1][0]
    changed = x.clone()
    changed[:, 48:] += 1
    difference = (convolution(x) - convolution(changed)).abs().amax((0, 2, 3))
    assert difference[:128].max() == 0 < difference[128:].min()


@pytest.fixture(scope="module")
def batch():
    """Two pictures of one colour each, and their labels."""
    x = torch.rand(2, 3, 1, 1, generator=torch.Generator().manual_seed(1)) * 4 - 2
    return x.expand(2, 3, 227, 227) + 0, torch.tensor([0, 3])


@pytest.mark.parametrize("form", FORMS)
def test_a_gradient_reaches_every_parameter(form, batch):
    network = seeded(lambda: TwoStreamAlexNet(form=form, neurons=16)).eval()
    x, y = batch
    F.cross_entropy(network(x)[0], y).backward()
    for name, part in network.named_parameters():
        idle = name == "attention.score.bias"  # cancels in the softmax
        assert idle or part.grad.abs().max() > 0, name


def test_it_overfits_one_batch(batch):
    network = seeded(lambda: TwoStreamAlexNet(form="scaled", neurons=64)).eval()
    optimizer, (x, y) = torch.optim.Adam(network.parameters(), lr=0.004), batch
    for _ in range(12):
        loss = F.cross_entropy(network(x)[0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.05


def test_same_seed_same_weights():
    one, two, other = (
        seeded(lambda: TwoStreamAlexNet(neurons=8), seed).state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["attention.score.weight"], other["attention.score.weight"])
