"""Both versions of MldrNet: shapes and counts, each formula one number at a time, and learning."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from emobook import images, models
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _pictures
from emobook.models.multilevel import (
    FUSIONS,
    Branches,
    MldrNetClassifier,
    MldrPatchesClassifier,
    MldrTop,
    PatchesTop,
    level_maps,
    level_means,
)

LITE = 24, 40, 112, 1280  # channels of EfficientNet-Lite0
SMALL = {"size": 64, "augment": False, "validation_share": 0, "batch_size": 8}
KINDS = (MldrNetClassifier, MldrPatchesClassifier)


@pytest.fixture(scope="module")
def lite():
    return stages(backbones.load(pretrained=False))


@pytest.fixture(scope="module")
def alexnet():
    return stages(backbones.load("alexnet", pretrained=False))


def maps_of(parts, n=3, side=8, seed=0):
    """Random maps with the shapes of the levels for pictures of 16 × side pixels and less."""
    draw = torch.Generator().manual_seed(seed)
    sides = [max(side >> k, 1) for k in range(len(parts.channels))]
    return [
        torch.randn(n, c, s, s, generator=draw) for c, s in zip(parts.channels, sides, strict=True)
    ]


def count(module) -> int:
    return sum(part.numel() for part in module.parameters())


def pictures(n=8):
    """Squares of one colour with some noise, each colour a class."""
    draw = np.random.default_rng(0)
    colors = [(220, 30, 30), (30, 200, 30), (40, 40, 230), (230, 220, 40)]
    labels = np.arange(n) % 4
    noise = draw.integers(-25, 25, size=(n, 72, 72, 3))
    return [
        np.clip(np.array(colors[k]) + noise[i], 0, 255).astype(np.uint8)
        for i, k in enumerate(labels)
    ], labels


# ---- the second version


@pytest.mark.parametrize("fusion", FUSIONS)
def test_shapes_and_counts_of_the_branches(fusion, lite):
    top = MldrTop(lite, (0, 1, 2, 3), 512, fusion, 8)
    seen = 4 * 512 if fusion == "concat" else 512
    maps = maps_of(lite)
    assert top.features(*maps).shape == (3, seen) and top(*maps).shape == (3, 8)
    assert count(top) == sum((c + 1) * 512 for c in LITE) + (seen + 1) * 8


def test_alexnet_has_four_side_branches_and_its_own_trunk(alexnet):
    """Side branches on conv1 to conv4; conv5 goes on through the network's own fc6 and fc7."""
    top = MldrTop(alexnet, range(5), 512, "mean", 8)
    assert alexnet.channels == (64, 192, 384, 256, 256)
    trunk = (256 * 6 * 6 + 1) * 4096 + (4096 + 1) * 4096  # fc6 and fc7, not new
    new = sum((c + 1) * 512 for c in (64, 192, 384, 256, 4096)) + 513 * 8
    assert count(top) == trunk + new
    with torch.no_grad():
        maps = alexnet(torch.zeros(2, 3, 224, 224))
        assert [tuple(x.shape[1:]) for x in maps] == [
            (64, 27, 27), (192, 13, 13), (384, 13, 13), (256, 13, 13), (256, 6, 6)
        ]  # fmt: skip
        assert top(*maps).shape == (2, 8)


def branch_by_hand(layer, values):
    """What a branch makes of one level's values of one picture, in float64."""
    values = (values - values.mean()) / np.sqrt(values.var() + 1e-5)
    weight, bias = (part.detach().double().numpy() for part in layer[1].parameters())
    return np.maximum(weight @ values + bias, 0)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_fusion_one_number_at_a_time(fusion, lite):
    torch.manual_seed(1)
    top = MldrTop(lite, (0, 2, 3), 5, fusion, 4)
    maps = [maps_of(lite)[k] for k in (0, 2, 3)]
    for i in range(3):
        vectors = [
            branch_by_hand(layer, x[i].double().flatten(1).mean(1).numpy())
            for layer, x in zip(top.branches.layers, maps, strict=True)
        ]
        if fusion == "concat":
            fused = [value for vector in vectors for value in vector]
        else:
            kind = {"min": min, "max": max, "mean": lambda of: sum(of) / len(of)}[fusion]
            fused = [kind([vector[u] for vector in vectors]) for u in range(5)]
        assert np.allclose(top.features(*maps)[i].detach(), fused, atol=1e-5)
        weight, bias = (part.detach().numpy() for part in top.head.parameters())
        assert np.allclose(top(*maps)[i].detach(), weight @ fused + bias, atol=1e-5)


def test_a_branch_does_not_care_how_large_its_map_is(lite):
    """So a level whose values are ten times as large does not drown the others."""
    branches, maps = Branches(lite, (0, 3), 6), maps_of(lite)
    before = branches(maps[0], maps[3])
    after = branches(10 * maps[0], maps[3])
    assert torch.allclose(before, after, atol=1e-3)


def test_with_one_level_all_fusions_are_the_same(lite):
    found = []
    for fusion in FUSIONS:
        torch.manual_seed(0)
        found.append(MldrTop(lite, (1,), 7, fusion, 3)(maps_of(lite)[1]))
    assert all(torch.equal(found[0], other) for other in found)


# ---- the first version


def test_shapes_and_counts_of_the_patches(lite):
    top = PatchesTop(lite, (3, 2, 1), (1, 2, 4), 512, 8)
    deep, middle, low = maps_of(lite)[3], maps_of(lite)[2], maps_of(lite)[1]
    scores = top.patches(deep, middle, low)
    assert [tuple(s.shape) for s in scores] == [(3, 1, 8), (3, 4, 8), (3, 16, 8)]
    assert top.features(deep, middle, low).shape == (3, 3 * 8)
    assert top(deep, middle, low).shape == (3, 8)
    assert count(top) == sum((c + 1) * 512 + 513 * 8 for c in (1280, 112, 40))


def test_patches_one_at_a_time(lite):
    torch.manual_seed(2)
    top, draw = PatchesTop(lite, (3, 2, 1), (1, 2, 4), 6, 5), torch.Generator().manual_seed(3)
    maps = [torch.randn(2, c, s, s, generator=draw) for c, s in ((1280, 2), (112, 4), (40, 8))]
    for i in range(2):
        outputs = []
        for network, side, x in zip(top.networks, (1, 2, 4), maps, strict=True):
            cell, weights = x.shape[2] // side, list(network[1].parameters())
            weight, bias = (part.detach().double().numpy() for part in weights)
            scores = []
            for r in range(side):
                for c in range(side):
                    patch = x[i, :, r * cell : (r + 1) * cell, c * cell : (c + 1) * cell]
                    hidden = branch_by_hand(network[0], patch.double().mean((1, 2)).numpy())
                    scores.append(weight @ hidden + bias)
            outputs.append(np.max(scores, axis=0))  # the strongest patch, for each class
        assert np.allclose(top(*maps)[i].detach(), np.mean(outputs, axis=0), atol=1e-5)


def test_where_a_patch_lies_makes_no_difference(lite):
    """A bag of instances has no order: mirroring a map moves patches, and changes no score."""
    top = PatchesTop(lite, (3, 2, 1), (1, 2, 4), 6, 5)
    maps = [maps_of(lite)[k] for k in (3, 2, 1)]
    mirrored = [x.flip(-1) for x in maps]
    assert torch.allclose(top(*maps), top(*mirrored), atol=1e-5)


# ---- what is in a network before any training


def test_maps_and_means_of_pictures():
    X, _ = pictures(3)
    maps = list(level_maps(X, size=64))
    assert [[level.shape for level in one] for one in maps] == [
        [(24, 16, 16), (40, 8, 8), (112, 4, 4), (1280, 2, 2)]
    ] * 3
    means = level_means(X, size=64)
    assert [part.shape for part in means] == [(3, 24), (3, 40), (3, 112), (3, 1280)]
    for k in range(4):
        expected = [[channel.mean() for channel in one[k]] for one in maps]
        assert np.allclose(means[k], expected, atol=1e-4)
    pooled = backbones.load().module.body  # what the network's own last layer sees
    recipe = _pictures.sized(backbones.load().recipe, 64)
    pixels = backbones.prepare(images.read(X[0]), recipe)
    with torch.no_grad():
        whole = pooled(torch.from_numpy(pixels)[None])[0].numpy()
    assert np.allclose(means[3][0], whole, atol=1e-4)


# ---- the classifiers


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_reaches_every_parameter(kind):
    network, _ = kind(pretrained=False)._build(8, pretrained=False)
    network.train()
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(4, 3, 64, 64, generator=draw), torch.arange(4)
    torch.nn.functional.cross_entropy(network(*network.lower(x)), y).backward()
    for name, value in network.named_parameters():
        assert value.grad is not None and value.grad.abs().max() > 0, name


@pytest.mark.parametrize("kind", KINDS)
def test_overfits_one_batch(kind):
    X, y = pictures()
    model = kind(width=32, epochs=12, lr=0.006, **SMALL).fit(X, y)
    assert model.history_.losses[-1] < 0.1 * model.history_.losses[0]
    assert (model.predict(X) == y).all()


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_weights(kind):
    X, y = pictures()
    options = {"width": 8, "epochs": 1, "freeze": "trunk", **SMALL}
    one, again, other = (
        kind(seed=seed, **options).fit(X, y).network_.top.state_dict() for seed in (3, 3, 4)
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_parameters_are_those_of_both_classes():
    model = MldrNetClassifier("max", (0, -1), width=9, backbone="alexnet", lr=0.1)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert (twin.fusion, twin.levels, twin.width, twin.backbone, twin.lr) == (
        "max", (0, -1), 9, "alexnet", 0.1
    )  # fmt: skip
    assert isinstance(models.create("mldrnet", fusion="concat"), MldrNetClassifier)
    assert isinstance(models.create("mldrnet-patches"), MldrPatchesClassifier)


def test_only_the_levels_that_are_needed_are_computed():
    X, y = pictures()
    options = {"width": 8, "epochs": 1, "freeze": "trunk", **SMALL}
    low = MldrNetClassifier(levels=(0,), **options).fit(X, y)
    assert len(low.network_.levels) == 1 and low.transform(X).shape == (8, 8)
    both = MldrPatchesClassifier(**options).fit(X, y)
    assert both.transform(X).shape == (8, 3 * 4)  # the strongest score of each scale and class


@pytest.mark.parametrize(
    ("kind", "options", "name"),
    [
        (MldrNetClassifier, {"fusion": "sum"}, "fusion"),
        (MldrNetClassifier, {"levels": (4,)}, "levels"),
        (MldrNetClassifier, {"levels": ()}, "levels"),
        (MldrNetClassifier, {"levels": 2}, "levels"),
        (MldrNetClassifier, {"width": 0}, "width"),
        (MldrPatchesClassifier, {"sides": (1, 2)}, "sides"),
        (MldrPatchesClassifier, {"sides": (1, 0, 2)}, "sides"),
        (MldrPatchesClassifier, {"levels": (-5, 0, 1)}, "levels"),
        (MldrPatchesClassifier, {"width": 2.5}, "width"),
    ],
)
def test_bad_parameters(kind, options, name):
    X, y = pictures()
    with pytest.raises(ValueError, match=f"^{name} must"):
        kind(**options, **SMALL).fit(X, y)
