"""Figures of single pictures: what is drawn is what was given."""

import numpy as np
import pandas as pd
import pytest
import skimage.data

from emobook.emotions import MIKELS8
from emobook.features import PAD
from emobook.features.recipes import Recipe
from emobook.models.regions import Region
from emobook.plots import own_image, png
from emobook.plots.color_texture import name_colors, small

RECIPE = Recipe(32, 36, (0.5,) * 3, (0.5,) * 3, "bilinear")


@pytest.fixture(scope="module")
def pictures():
    return {"cat": skimage.data.chelsea()[::4, ::4], "cup": skimage.data.coffee()[::4, ::4]}


def test_the_plane_has_every_picture_at_its_place_with_its_bounds(pictures):
    values = np.array([[6.0, 3.0], [2.0, 4.5]])
    bounds = np.stack([values - (1, 0.5), np.minimum(values + np.array([1.5, 0.5]), 7)], axis=-1)
    fig = own_image.plane(pictures, values, bounds, (1, 7))
    axes = fig.axes[0]
    assert axes.get_xlim() == (1, 7) and "1 (unpleasant) to 7 (pleasant)" in axes.get_xlabel()
    assert [text.get_text() for text in axes.texts] == ["cat", "cup"]
    drawn = [bars.lines for bars in axes.containers]
    for k, (_, _, (horizontal, vertical)) in enumerate(drawn):
        assert horizontal.get_segments()[0][:, 0].tolist() == pytest.approx(bounds[k, 0].tolist())
        assert vertical.get_segments()[0][:, 1].tolist() == pytest.approx(bounds[k, 1].tolist())
    assert png(fig).startswith(b"\x89PNG")


def test_answers_fill_the_labels_of_the_set(pictures):
    chances = np.random.default_rng(0).dirichlet(np.ones(8), size=2)
    sets = chances > 0.1
    fig = own_image.answers(pictures, {"one": chances}, {"one": sets}, "from synthetic scenes")
    assert fig.get_suptitle() == "from synthetic scenes"
    for k, axis in enumerate(fig.axes[1::2]):
        assert [bar.get_width() for bar in axis.patches] == pytest.approx(chances[k].tolist())
        empty = [bar.get_facecolor()[:3] == (1, 1, 1) for bar in axis.patches]
        assert empty == (~sets[k]).tolist()
    assert [text.get_text() for text in fig.axes[1].get_yticklabels()] == list(MIKELS8)
    assert fig.axes[1].get_title() == "one" and fig.axes[3].get_title() == ""


def test_explanations_have_a_panel_for_each_view(pictures):
    there, none = Region(2, 3, 40, 50, 0.9, 0.8, 1.2, True), Region(0, 0, 9, 9, 0, 0, 0, False)
    regions = pd.DataFrame(
        {
            "emotional_regions": [[there, there, there], [none]],
            "object_regions": [[there, none], [none]],
        }
    )
    maps = np.random.default_rng(1).random((2, 3, 3))
    maps[0, 2, 1] = 3  # row 2, column 1
    parts = (maps / 9, RECIPE), (maps - 0.5, RECIPE), ["awe", "fear"]
    fig = own_image.explanations(pictures, regions, *parts)
    axes = np.reshape(fig.axes, (2, 5))
    assert [len(axis.patches) for axis in axes[:, 0]] == [3, 0]  # two emotional, one object
    drawn = axes[0, 1].images[1].get_array()
    assert drawn.shape == (32, 32) and 0.7 < drawn.max() <= 1 + 1e-6
    peak = np.unravel_index(drawn.argmax(), drawn.shape)
    assert tuple(3 * k // 32 for k in peak) == (2, 1)
    assert axes[1, 2].get_xlabel() == "for fear"
    assert axes[0, 2].images[1].get_clim() == (-1, 1)
    assert np.sign(axes[0, 2].images[1].get_array()[0, 0]) == np.sign(maps[0, 0, 0] - 0.5)
    assert np.array_equal(axes[1, 3].images[0].get_array(), name_colors(small(pictures["cup"])))
    mood = PAD().transform([pictures["cat"]])[0]
    assert axes[0, 4].get_xlabel() == f"P {mood[0]:.2f}, A {mood[1]:.2f}, D {mood[2]:.2f}"
    assert axes[0, 0].get_ylabel() == "cat"
