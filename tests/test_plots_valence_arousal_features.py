"""Figures of objects and emotion: points, bars and boxes where the numbers say."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import FancyBboxPatch

from emobook.models.valence_arousal import HIDDEN, layers
from emobook.plots import valence_arousal_features as figures
from emobook.results.tagged import RATINGS, Tagged


@pytest.fixture
def tagged():
    rng = np.random.default_rng(0)
    pictures = pd.DataFrame(
        {
            "id": range(40), "tag": np.repeat(list("abcdefgh"), 5), "word": "w",
            "category": np.repeat(["Animal", "Object"], 20),
            "step": ["as it is"] * 20 + ["lemma"] * 15 + ["no match"] * 5,
        }
    )  # fmt: skip
    for rating in RATINGS:
        word = np.repeat(rng.uniform(1, 9, 8), 5)
        pictures[rating], pictures[f"{rating}_word"] = word + rng.normal(size=40), word
        for end, value in (("sd", 1.0), ("n", 50)):
            pictures[f"{rating}_{end}"] = pictures[f"{rating}_word_{end}"] = value
    return Tagged("made", pictures)


def texts(axis) -> str:
    return " ".join(text.get_text() for text in axis.texts)


def test_largest_are_named_in_order_and_zeros_left_out():
    assert figures.largest([0.1, 0, 0.7, 0.2], list("abcd"), 3) == {"c": 0.7, "d": 0.2, "a": 0.1}
    assert figures.largest([0, 0, 1.0], list("abc")) == {"c": 1.0}
    one = np.zeros(1000)
    one[967] = 1
    assert figures.largest(one) == {"espresso": 1.0}


def test_seen_has_a_panel_for_each_family_and_says_what_is_not_run():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 255
    fig = figures.seen(picture, {"a very long name of a dog, hound": 0.8, "cup": 0.1})
    photo, names, _, _, things, regions = fig.axes
    assert photo.images[0].get_array().shape == (40, 60, 3)
    widths = [bar.get_width() for bar in names.patches]
    assert sum(widths) == pytest.approx(1, abs=1e-6) and len(widths) == 11
    assert [bar.get_width() for bar in things.patches] == [0.8, 0.1]
    assert "not run" in texts(regions)
    fig = figures.seen(picture, {"cup": 1.0}, {"sky": 0.6, "sea": 0.3})
    assert [bar.get_width() for bar in fig.axes[-1].patches] == [0.6, 0.3]


def test_every_matched_picture_is_a_point_and_the_line_is_least_squares(tagged):
    valence, arousal = figures.words_and_pictures([tagged]).axes
    for axis, rating in ((valence, "valence"), (arousal, "arousal")):
        points = np.concatenate([part.get_offsets() for part in axis.collections])
        expected = tagged.matched[[f"{rating}_word", rating]].to_numpy()
        assert sorted(map(tuple, points)) == sorted(map(tuple, expected))
        x, y = axis.lines[0].get_data()
        slope = np.polyfit(*expected.T, 1)[0]
        assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(slope)
        assert f"r = {np.corrcoef(*expected.T)[0, 1]:.2f}" in axis.get_title()
    hollow = [part for part in valence.collections if not len(part.get_facecolor())]
    assert sum(len(part.get_offsets()) for part in hollow) == 15  # found by their lemma only


def test_correlations_stand_where_they_are():
    index = pd.MultiIndex.from_product([["all", "Animal"], RATINGS])
    values = np.array([0.7, 0.5, 0.6, -0.4])
    table = pd.DataFrame(
        {"value": values, "low": values - 0.1, "high": values + 0.2, "ceiling": 0.9}, index
    )
    (axis,) = figures.correlations({"made": table}).axes
    valence, arousal = (part.lines[0].get_xdata().astype(float) for part in axis.containers)
    np.testing.assert_allclose(valence, [0.7, 0.6])
    np.testing.assert_allclose(arousal, [0.5, -0.4])
    assert axis.get_xlim()[0] < -0.5
    assert [label.get_text() for label in axis.get_yticklabels()] == ["all", "Animal"]


def test_parts_fill_the_bar(tagged):
    (axis,) = figures.variance_parts([tagged]).axes
    widths = np.array([bar.get_width() for bar in axis.patches]).reshape(3, 2)
    expected = [100 * tagged.parts(rating)["share"] for rating in RATINGS]
    np.testing.assert_allclose(widths.T, np.clip(expected, 0, None))


def test_families_are_points_beside_the_error_of_the_mean():
    rows = pd.DataFrame(
        [
            (family, f"{rating}{head}", "made", k + len(head), k - 0.1, k + 0.2, 9.0)
            for head in ("", ", ridge")
            for k, family in enumerate(["low", "object", "all"])
            for rating in ("Valence", "Arousal")
        ],
        columns=["row", "column", "dataset", "value", "low", "high", "baseline"],
    )
    rows.loc[len(rows)] = ["semantic", "Valence", "made", np.nan, np.nan, np.nan, np.nan]
    rows["low"], rows["high"] = rows["value"] - 0.1, rows["value"] + 0.2
    fig = figures.families(rows)
    valence, arousal = fig.axes
    network, ridge = (part.lines[0].get_xdata().astype(float) for part in valence.containers)
    np.testing.assert_allclose(network, [0, 1, 2])
    np.testing.assert_allclose(ridge, [7, 8, 9])
    assert [label.get_text() for label in valence.get_yticklabels()] == ["low", "object", "all"]
    assert valence.lines[-1].get_xdata() == [9.0, 9.0] and "arousal" in arousal.get_title()
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert set(names) == {"network", "ridge", "always the mean"}


def test_families_that_were_not_run_are_not_drawn():
    columns = ["row", "column", "dataset", "value", "low", "high", "baseline"]
    fig = figures.families(pd.DataFrame(columns=columns))
    (axis,) = fig.axes
    assert "not run" in axis.texts[0].get_text() and not axis.lines


def test_the_network_has_the_sizes_and_weights_that_it_has():
    blocks = {"low-level": 438, "object": 1000, "semantic": 150}
    (axis,) = figures.network(blocks, HIDDEN["all"]).axes
    boxes = [patch for patch in axis.patches if isinstance(patch, FancyBboxPatch)]
    heights = [box.get_height() for box in boxes]
    inputs, hidden = heights[:3], heights[3:6]
    np.testing.assert_allclose(np.array(inputs) / sum(inputs), np.array([438, 1000, 150]) / 1588)
    np.testing.assert_allclose(np.square([sum(inputs), *hidden]) * 3000, [1588, 3000, 1000, 500])
    shown = [text.get_text() for text in axis.texts]
    weights = sum(
        int(text.split("\n")[0].replace(",", "")) for text in shown if text.endswith("weights")
    )
    assert weights == sum(part.numel() for part in layers(1588, HIDDEN["all"]).parameters())
    assert "input\n1588" in shown and "H3, ReLU\n500" in shown
