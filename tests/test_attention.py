"""Attention: the layer against a loop, the networks against every number of their description."""

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.base import clone
from torch import nn

from emobook import models, results, train
from emobook.features.recipes import Recipe, prepare
from emobook.models.attention import (
    FORMS,
    STREAMS,
    AlexNet,
    AttentionClassifier,
    AttentionLayer,
    TwoStreamAlexNet,
    covered,
    looked,
    numbers,
)


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
    """Every number of sections 2.0.1 to 2.2.1 that says something of a layer, and no other."""
    table = results.reported("agarwal2019").set_index(["column", "row"])
    said = table["corrected"].fillna(table["printed"])
    built = numbers()
    ours = {(column, row) for column, row in built if (column, row) not in said.index}
    assert ours == {
        ("proposed network", "parameters"),
        ("proposed network", "values before the last layer"),
    }
    assert built[("AlexNet", "parameters")] == 60_965_224  # "60 million"
    for place in built.keys() - ours - {("AlexNet", "parameters")}:
        assert built[place] == said[place], place
    training = {"batch size", "epochs", "dropout rate, second example"}
    left = {row for column, row in said.index if column in ("AlexNet", "proposed network")}
    left -= training | {row for _, row in built}
    assert left == {"output factor for that rate"}


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
    for _ in range(9):
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


# ---- the classifier ----

COLOURS = {"anger": (220, 30, 30), "contentment": (40, 190, 60), "sadness": (30, 40, 200)}
TINY = {"backbone": "test_efficientnet", "pretrained": False, "size": 96, "augment": False}
TINY |= {"batch_size": 8, "lr": 0.02, "head_lr_factor": 1, "validation_share": 0, "epochs": 1}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """24 pictures: noise, and in one corner a square whose colour tells the class."""
    folder, draw, rows = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0), []
    for i in range(24):
        name, corner = list(COLOURS)[i % 3], i % 4
        pixels = draw.normal(128, 20, (96, 96, 3))
        x, y = 56 * (corner % 2), 56 * (corner // 2)
        pixels[y : y + 40, x : x + 40] = COLOURS[name]
        path = folder / f"{i}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        rows.append({"path": str(path), "label": name, "regions": [(x, y, x + 40, y + 40)]})
    return pd.DataFrame(rows)


def test_one_attention_over_one_map_per_picture(table):
    model = AttentionClassifier(**TINY).fit(table, table["label"])
    weights = model.attention_maps(table)
    assert weights.shape == (24, 3, 3) and weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum((1, 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.attention_maps(table[["path"]].iloc[[7]]), weights[[7]])


def test_streams_lie_side_by_side(table):
    """With equal weights the scaled stream repeats the plain one, the literal one is a ninth."""
    for form, left in (("scaled", 1), ("literal", 1 / 9)):
        model = AttentionClassifier(form, **TINY, max_steps=1).fit(table, table["label"])
        nn.init.zeros_(model.network_.top.layer.score.weight)
        features = model.transform(table)
        attended, plain = np.split(features, 2, axis=1)
        assert model.network_.top.head.in_features == features.shape[1]
        np.testing.assert_allclose(attended, left * plain, rtol=1e-4, atol=1e-6)


def test_the_attended_stream_is_the_weighted_mean(table):
    model = AttentionClassifier("context", "attention", **TINY, max_steps=1)
    model.fit(table, table["label"])
    maps = model._each(table, lambda network, maps: network.levels[-1](_below(network, maps)))
    weights = model.attention_maps(table)
    expected = (weights[:, None] * maps).sum((2, 3))
    np.testing.assert_allclose(model.transform(table), expected, rtol=1e-3, atol=1e-5)


def _below(network, maps):
    x = maps[0]
    for level in network.levels[:-1]:
        x = level(x)
    return x


@pytest.mark.parametrize("streams", STREAMS)
def test_each_choice_of_streams_overfits(streams, table):
    options = TINY | {"epochs": 10, "batch_size": 24, "lr": 0.1}
    model = AttentionClassifier(streams=streams, **options).fit(table, table["label"])
    assert model.history_.losses[-1] < 0.1 < model.history_.losses[0]
    ways = {"both": 2, "attention": 1, "plain": 1}[streams]
    assert model.transform(table).shape == (24, 256 * ways)
    if streams == "plain":
        with pytest.raises(ValueError, match="there is no attention"):
            model.attention_maps(table)


def test_same_seed_same_bits(table):
    def fit(seed=0):
        model = AttentionClassifier(**TINY, seed=seed).fit(table, table["label"])
        return model.predict_proba(table)

    first = fit()
    np.testing.assert_array_equal(fit(), first)
    assert not np.array_equal(fit(1), first)


def test_a_frozen_trunk_leaves_attention_and_head_to_learn(table):
    model = AttentionClassifier(**TINY, freeze="trunk", max_steps=2)
    start = model._build(table["label"].nunique(), False)[0].state_dict()
    model.fit(table, table["label"])
    moved = {
        name
        for name, value in model.network_.state_dict().items()
        if not torch.equal(value, start[name])
    }
    assert moved >= {"top.layer.score.weight", "top.head.weight", "top.head.bias"}
    assert all(name.startswith(("top.layer.", "top.head.")) for name in moved)


@pytest.mark.parametrize(("freeze", "copies"), [("none", 2), ("trunk", 1)])
def test_an_alexnet_has_fully_connected_layers_of_its_own_in_each_stream(freeze, copies):
    model = AttentionClassifier(backbone="alexnet", pretrained=False, freeze=freeze)
    network, recipe = model._build(8, False)
    top = network.top
    linear = {part for part in top.modules() if isinstance(part, nn.Linear)} - {top.head}
    assert len(linear) == 2 * copies
    assert recipe.size == 224 and top.head.in_features == 4096 + 4096
    assert set(network.new) == {
        "top.layer.score.weight", "top.layer.score.bias", "top.head.weight", "top.head.bias"
    }  # fmt: skip
    with torch.no_grad():
        last = network.levels[4](torch.rand(1, 256, 13, 13))
        assert last.shape == (1, 256, 6, 6)
        assert top.layer(last)[1].shape == (1, 6, 6)
        attended, plain = top.features(last).split(4096, 1)
    assert not torch.equal(attended, plain)


def test_fitted_stores_it_and_clone_knows_all_parameters(table, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path))
    model = models.create("attention", attention="context", streams="attention", **TINY)
    assert clone(model).get_params() == model.get_params()
    first = train.fitted(model, table, table["label"])
    monkeypatch.setattr(AttentionClassifier, "fit", None)
    second = train.fitted(model, table, table["label"])
    np.testing.assert_array_equal(first.predict_proba(table), second.predict_proba(table))
    np.testing.assert_array_equal(first.attention_maps(table), second.attention_maps(table))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"attention": "soft"}, "attention must be one of literal, scaled, context, not 'soft'"),
        ({"streams": "two"}, "streams must be one of both, attention, plain, not 'two'"),
    ],
)
def test_fit_refuses(options, sentence, table):
    with pytest.raises(ValueError, match=sentence):
        AttentionClassifier(**(TINY | options)).fit(table, table["label"])


# ---- boxes on the map ----


def test_boxes_cover_the_places_that_the_network_sees():
    square = Recipe(8, 8, (0,) * 3, (1,) * 3, "bilinear")
    whole = covered([(0, 0, 16, 16)], 16, 16, square, (2, 2))
    np.testing.assert_array_equal(whole, np.ones((2, 2)))
    part = covered([(0, 0, 8, 8), (4, 0, 8, 8), (8, 8, 12, 16)], 16, 16, square, (2, 2))
    np.testing.assert_array_equal(part, [[1, 0], [0, 0.5]])
    assert covered([], 16, 16, square, (3, 3)).sum() == 0


def test_boxes_follow_the_cut():
    """A picture of 40 × 20 is made 16 × 8, of which the middle 4 × 4 are seen: x from 15 to 25."""
    recipe = Recipe(4, 8, (0,) * 3, (1,) * 3, "bilinear")
    seen = covered([(15, 0, 20, 20)], 40, 20, recipe, (4, 4))
    np.testing.assert_array_equal(seen, [[1, 1, 0, 0]] * 4)
    assert covered([(0, 0, 14, 20)], 40, 20, recipe, (4, 4)).sum() == 0


def test_the_mask_is_where_prepare_puts_the_pixels():
    recipe = Recipe(48, 64, (0,) * 3, (1,) * 3, "bilinear")
    picture = np.zeros((90, 150, 3), np.uint8)
    picture[30:60, 60:90] = 255
    seen = prepare(Image.fromarray(picture), recipe)[0]
    mask = covered([(60, 30, 90, 60)], 150, 90, recipe, (48, 48))
    assert abs(mask - seen).mean() < 0.03 < mask.mean()


def test_attention_on_boxes_beside_their_area():
    square = Recipe(8, 8, (0,) * 3, (1,) * 3, "bilinear")
    attention = np.array([[[0.7, 0.1], [0.1, 0.1]]] * 3)
    boxes = [[(0, 0, 8, 8)], [], [("dog", 8, 0, 16, 16)]]
    inside, area = looked(attention, boxes, square, 16, 16)
    np.testing.assert_allclose(inside, [0.7, 0.2])
    np.testing.assert_allclose(area, [0.25, 0.5])
