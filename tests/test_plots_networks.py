"""Figures of what a network learned."""

import itertools

import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from emobook import models
from emobook.emotions import MIKELS8
from emobook.evaluate import repeated_folds
from emobook.plots import networks
from emobook.plots.figure import png

DRAW = np.random.default_rng(0)


# ---- filters ----


def test_filters_are_scaled_one_by_one_around_grey():
    first = nn.Conv2d(3, 5, 4)
    found = networks.first_filters(nn.Sequential(nn.Identity(), first, nn.Conv2d(5, 2, 1)))
    assert found.shape == (5, 4, 4, 3)
    weights = first.weight.detach().numpy()
    for k, y, x, c in itertools.product(range(5), range(4), range(4), range(3)):
        expected = 0.5 + weights[k, c, y, x] / np.abs(weights[k]).max() / 2
        assert found[k, y, x, c] == pytest.approx(expected, abs=1e-6)
    with torch.no_grad():
        first.weight[0] *= 100
        first.weight[1] = 0
    scaled = networks.first_filters(first)
    np.testing.assert_allclose(scaled[0], found[0], atol=1e-6)
    assert (scaled[1] == 0.5).all()


def test_a_network_that_sees_no_colours_is_refused():
    with pytest.raises(ValueError, match="no convolution of three channels"):
        networks.first_filters(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Linear(3, 3)))


def test_filters_stand_in_order_on_the_sheet():
    filters = np.arange(10)[:, None, None, None] / 10 * np.ones((10, 8, 8, 3))
    page = networks.sheet(filters, columns=4)
    assert page.shape == (3 * 8 + 2, 4 * 8 + 3, 3)
    assert page[9 + 3, 2 * 9 + 3, 0] == pytest.approx(0.6)  # second row, third column
    assert (page[8] == 1).all() and (page[-1, -1] == 1).all()


def test_sheets_of_two_networks_stand_side_by_side():
    part = nn.Conv2d(3, 16, 3)
    fig = networks.filter_sheets({"before": networks.first_filters(part), "after": part})
    before, after = (axis.images[0].get_array() for axis in fig.axes)
    assert [axis.get_title() for axis in fig.axes] == ["before", "after"]
    np.testing.assert_array_equal(before, after)


# ---- embeddings ----


def test_clusters_stay_apart_and_a_seed_repeats():
    labels = np.repeat(np.arange(3), 15)
    features = DRAW.normal(size=(45, 20)) + 12 * np.eye(3, 20)[labels]
    places = networks.embed(features, perplexity=5)
    np.testing.assert_array_equal(places, networks.embed(features, perplexity=5))
    apart = np.linalg.norm(places[:, None] - places, axis=-1) + 1e9 * np.eye(45)
    assert (labels[apart.argmin(axis=1)] == labels).mean() > 0.9


def test_few_images_and_constant_features_are_embedded_all_the_same():
    features = np.c_[DRAW.normal(size=(6, 2)), np.ones((6, 3))]
    assert networks.embed(features).shape == (6, 2)
    with pytest.raises(ValueError, match="N of at least 5"):
        networks.embed(features[:4])


def test_every_class_has_its_own_colour_and_marker_in_every_panel():
    labels = np.repeat(np.arange(8), 3)
    places = {name: DRAW.normal(size=(24, 2)) for name in ("frozen", "fine-tuned")}
    fig = networks.embeddings(places, labels)
    colors = set()
    for axis, (title, points) in zip(fig.axes, places.items(), strict=True):
        assert axis.get_title() == title and len(axis.collections) == 8
        for k, dots in enumerate(axis.collections):
            np.testing.assert_allclose(dots.get_offsets(), points[labels == k])
            colors.add(matplotlib.colors.to_hex(dots.get_facecolor()[0]))
    assert len(colors) == 8 and len(set(networks.MARKERS.values())) == 8
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(MIKELS8)
    assert png(fig).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"must be of shape \(24, 2\)"):
        networks.embeddings({"frozen": np.zeros((23, 2))}, labels)


def cosine_of(points, i, j):
    return points[i] @ points[j] / np.linalg.norm(points[i]) / np.linalg.norm(points[j])


def test_neighbours_are_counted_as_a_slow_loop_does():
    features, labels = DRAW.normal(size=(12, 4)), DRAW.integers(3, size=12)
    centred = features - features.mean(axis=0)
    for i, share in enumerate(networks.neighbour_agreement(features, labels, 3)):
        cosine = {j: cosine_of(centred, i, j) for j in range(12) if j != i}
        near = sorted(cosine, key=cosine.get)[-3:]
        assert share == pytest.approx(np.mean([labels[j] == labels[i] for j in near]))
    similar = DRAW.random((12, 12))
    found = networks.neighbour_agreement(features, similar, 1)
    nearest = [max(set(range(12)) - {i}, key=lambda j: cosine_of(centred, i, j)) for i in range(12)]
    np.testing.assert_allclose(found, similar[range(12), nearest])
    with pytest.raises(ValueError, match="neighbours must be from 1 to N - 1"):
        networks.neighbour_agreement(features, labels, 12)


# ---- class-activation maps ----


def pictures(count=3, side=40):
    return [DRAW.integers(0, 256, (side, side + 8, 3), dtype=np.uint8) for _ in range(count)]


def trained(backbone, **options):
    options = {"pretrained": False, "size": 64, "max_steps": 1, "validation_share": 0} | options
    model = models.create("fine-tuned", backbone=backbone, batch_size=4, augment=False, **options)
    return model.fit(pictures(4), [0, 1, 2, 0])


def test_maps_are_weighted_sums():
    maps, weights = torch.randn(2, 4, 3, 5), torch.randn(6, 4)
    found = networks.class_maps(maps, weights)
    assert found.shape == (2, 6, 3, 5)
    for n, c, y, x in itertools.product(range(2), range(6), range(3), range(5)):
        slow = sum(weights[c, k] * maps[n, k, y, x] for k in range(4))
        assert found[n, c, y, x].item() == pytest.approx(slow.item(), abs=1e-5)


@pytest.mark.parametrize("freeze", ["none", "lower", "trunk"])
def test_the_mean_of_a_map_and_the_bias_are_the_logit(freeze):
    model, photos = trained("tf_efficientnet_lite0", freeze=freeze), pictures()
    maps = networks.activation_maps(model, photos)
    assert maps.shape == (3, 3, 2, 2)
    logits = maps.mean(axis=(2, 3)) + model.network_.top.head.bias.detach().numpy()
    expected = model.predict_proba(photos)
    found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_half_precision_is_exact_enough():
    model = trained("tf_efficientnet_lite0", freeze="trunk", precision="bf16-mixed")
    assert networks.activation_maps(model, pictures()).shape == (3, 3, 2, 2)


def test_a_network_whose_head_sees_no_mean_is_refused():
    with pytest.raises(ValueError, match="'alexnet' does not see the mean of the last map"):
        networks.activation_maps(trained("alexnet", freeze="trunk"), pictures())


def test_overlays_have_scales_of_their_own_and_lie_on_their_picture():
    maps = np.zeros((2, 4, 4))
    maps[0, 0, 0], maps[1, 3, 3] = 2.0, -0.5
    fig = networks.activation_overlays(np.full((2, 32, 32, 3), 0.5), maps, ["a", "b"])
    shown = [axis.images[1] for axis in fig.axes if len(axis.images) == 2]
    assert len(shown) == 2 and all(one.get_clim() == (-1, 1) for one in shown)
    first, second = (np.asarray(one.get_array()) for one in shown)
    assert first.max() == pytest.approx(1) and second.min() == pytest.approx(-1)
    assert np.unravel_index(first.argmax(), first.shape) < (12, 12)
    assert np.unravel_index(second.argmin(), second.shape) > (20, 20)
    with pytest.raises(ValueError, match="equally long"):
        networks.activation_overlays(np.zeros((2, 8, 8, 3)), maps, ["a"])


def test_what_the_network_sees_is_the_middle_in_colour():
    from emobook.features.recipes import Recipe

    photo = np.zeros((40, 80, 3), np.uint8)
    photo[:, 30:50] = (255, 0, 0)
    found = networks.seen([photo], Recipe(20, 40, (0.5,) * 3, (0.5,) * 3, "bicubic"))
    assert found.shape == (1, 20, 20, 3)
    np.testing.assert_allclose(found[0, 5, 10], [1, 0, 0])


def test_the_map_of_the_named_class_is_taken():
    model, photos = trained("tf_efficientnet_lite0", freeze="trunk"), pictures()
    named, maps = networks.named_maps(model, photos)
    assert model.classes_[named].tolist() == model.predict(photos).tolist()
    every = networks.activation_maps(model, photos)
    for n, k in enumerate(named):
        np.testing.assert_array_equal(maps[n], every[n, k])


def test_neighbours_of_a_fold_are_sought_in_that_fold():
    labels, features = DRAW.integers(3, size=20), DRAW.normal(size=(20, 4))
    folds = repeated_folds(labels, splits=2, repeats=1)
    parts, alike = [features[fold.test] for fold in folds], labels[:, None] == labels
    found = networks.neighbours_in_folds(parts, alike, folds, 3)
    for fold in folds:
        own = networks.neighbour_agreement(features[fold.test], labels[fold.test], 3)
        np.testing.assert_array_equal(found[fold.test], own)


def test_scenes_are_alike_where_their_backdrop_is():
    table = pd.DataFrame({"background": ["beach", "room", "beach"]})
    expected = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    assert networks.likeness_of_scenes(table).tolist() == expected


def test_objects_of_photos_are_alike_on_the_diagonal():
    found = networks.likeness_of_scenes(pd.DataFrame({"path": pictures()}))
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-5)
    assert (found > 0).all() and (found < 1 + 1e-5).all()


def test_curves_have_a_tick_for_each_number_of_labels():
    fig = networks.label_curves([10, 40], {"clean": [[0.2, 0.4], [0.3, 0.5]]}, 0.125)
    axis = fig.axes[0]
    assert axis.get_xscale() == "log"
    assert [text.get_text() for text in axis.get_xticklabels()] == ["10", "40"]
    np.testing.assert_allclose(axis.lines[0].get_ydata(), [25, 45])
    np.testing.assert_allclose(axis.lines[1].get_ydata(), 12.5)
