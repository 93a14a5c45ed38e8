"""Figures of attention: what is drawn where."""

import numpy as np
import pandas as pd
import pytest
import skimage.data

from emobook.features.recipes import Recipe
from emobook.plots import attention

RECIPE = Recipe(48, 56, (0.5,) * 3, (0.5,) * 3, "bilinear")


def test_what_is_seen_is_the_square_in_its_own_colours():
    square = attention.seen(skimage.data.coffee(), RECIPE)
    assert square.shape == (48, 48, 3)
    assert 0 <= square.min() < square.max() <= 1
    red = attention.seen(np.full((60, 90, 3), (255, 0, 0), np.uint8), RECIPE)
    np.testing.assert_array_equal(red, np.broadcast_to([1.0, 0, 0], (48, 48, 3)))


def test_places_have_their_grid_and_their_numbers():
    numbers = np.arange(6).reshape(2, 3) / 4
    fig = attention.places(skimage.data.coffee(), {"one": numbers, "two": 20 * numbers}, RECIPE)
    left, one, two = fig.axes
    lines = [tuple(line.get_xdata()) + tuple(line.get_ydata()) for line in left.lines]
    assert lines == [(15.5, 15.5, 0, 1), (31.5, 31.5, 0, 1), (0, 1, 23.5, 23.5)]
    assert [text.get_text() for text in one.texts] == ["0.0", "0.2", "0.5", "0.8", "1.0", "1.2"]
    assert two.texts[5].get_text() == "25.0"
    assert [axis.get_title() for axis in (one, two)] == ["one", "two"]


def test_overlays_are_multiples_of_the_equal_share_on_one_scale():
    photos = {"cup": skimage.data.coffee(), "cat": skimage.data.chelsea()}
    equal = np.full((2, 3, 3), 1 / 9)
    sharp = np.zeros((2, 3, 3))
    sharp[0, 1, 2] = sharp[1, 0, 0] = 1
    fig = attention.overlays(
        photos, {"equal": equal, "sharp": sharp}, RECIPE, boxes={"cat": [(100, 50, 300, 250)]}
    )
    axes = np.reshape(fig.axes[:6], (3, 2))
    assert [axis.get_title() for axis in axes[0]] == ["cup", "cat"]
    assert [axis.get_ylabel() for axis in axes[1:, 0]] == ["equal", "sharp"]
    laid = [[axis.images[1] for axis in row] for row in axes[1:]]
    np.testing.assert_allclose(laid[0][0].get_array(), 1)
    assert laid[1][0].get_array()[1, 2] == pytest.approx(9)
    assert {image.get_clim() for row in laid for image in row} == {(0, 9)}
    assert all(image.get_extent() == [-0.5, 47.5, 47.5, -0.5] for row in laid for image in row)
    outlined = [[len(axis.collections) for axis in row] for row in axes]
    assert outlined == [[0, 1]] * 3


def test_losses_of_the_full_length_beside_chance():
    curves = {"long": np.ones((3, 5)), "short": np.ones((3, 2))}
    axis = attention.losses(curves).axes[0]
    labels = {line.get_label(): line for line in axis.lines}
    assert {"long", "eight alike"} <= set(labels) and "short" not in labels
    assert labels["eight alike"].get_ydata()[0] == pytest.approx(np.log(8))


def test_gains_in_points_with_the_first_row_on_top():
    found = pd.DataFrame(
        [("a", "one", 0.1, 0.05, 0.2), ("a", "two", 0.0, -0.1, 0.1), ("b", "one", 0.2, 0.1, 0.3)],
        columns=["dataset", "row", "value", "low", "high"],
    )
    left, right = attention.gains(found).axes
    assert (left.get_title(), right.get_title()) == ("a", "b")
    line, zero = left.lines[0], left.lines[-1]
    assert list(line.get_xdata()) == [0, 10] and list(zero.get_xdata()) == [0, 0]
    ticks = [text.get_text() for text in left.get_yticklabels()]
    assert ticks == ["two", "one"]
