"""Figures of training on wrong labels: what is drawn where."""

import numpy as np
import pytest

from emobook.plots import noise as drawn


def test_the_rule_and_the_path_of_a_picture():
    path = np.array([[0.6, 0.3, 0.1], [0.45, 0.45, 0.1], [0.1, 0.85, 0.05]])
    rule, picture = drawn.torn([1, 2, 4], path, truth=0, weak=1).axes
    margin, chance = rule.lines[0].get_data()
    np.testing.assert_allclose(chance, np.maximum(0, 2 - np.exp(margin)), atol=1e-12)
    shown, weak, out = (line.get_ydata() for line in picture.lines)
    np.testing.assert_array_equal(shown, path[:, 0])
    np.testing.assert_array_equal(weak, path[:, 1])
    np.testing.assert_allclose(out, [2 - np.exp(0.3), 1, 0], atol=1e-12)
    assert list(picture.lines[0].get_xdata()) == [1, 2, 4]
    for pair in ((1, 1), (0, 3), (-1, 0)):
        with pytest.raises(ValueError, match="two different positions"):
            drawn.torn([1, 2, 4], path, *pair)


def test_shares_are_drawn_over_epochs_with_their_bands_and_gaps():
    part = np.array([[0.5, 0.4, 0.6], [0.1, 0.05, 0.2]])
    nobody = np.array([[0.8, 0.7, 0.9], [np.nan] * 3])
    fig = drawn.left_out([2, 20], {"none": (part, nobody, part), "even": (part, part, part)})
    assert [axis.get_title() for axis in fig.axes] == ["none", "even"]
    first = [line.get_ydata() for line in fig.axes[0].lines]
    np.testing.assert_array_equal(first, [[0.5, 0.1], [0.8, np.nan], [0.5, 0.1]])
    band = fig.axes[1].collections[0].get_paths()[0].vertices
    assert {0.4, 0.6, 0.05, 0.2} <= {round(y, 6) for y in band[:, 1]}
    assert list(fig.axes[0].get_xticks()) == [2, 20]


def test_gains_are_points_below_each_other():
    ways = {"PCNN": (0.02, -0.01, 0.05), "label smoothing": (-0.01, -0.03, 0.01)}
    fig = drawn.gains({"even": ways, "pipeline": ways})
    for axis in fig.axes:
        dots = [bar.lines[0].get_xydata()[0] for bar in axis.containers]
        np.testing.assert_allclose(dots, [[2, 0], [-1, 1]])
        reach = [bar.lines[2][0].get_segments()[0][:, 0] for bar in axis.containers]
        np.testing.assert_allclose(reach, [[-1, 5], [-3, 1]])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == list(ways)
    assert fig.axes[0].yaxis_inverted()
    assert fig.axes[0].get_xlim() == fig.axes[1].get_xlim() == (-6, 6)
