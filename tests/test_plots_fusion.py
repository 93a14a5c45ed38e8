"""Figures of fused networks: shares that add up, curves and lines where the numbers say."""

import numpy as np
import pytest

from emobook.evaluate import Interval
from emobook.models.fusion import convex
from emobook.plots import fusion


def test_shares_are_those_of_the_mean_squared_distance():
    rng = np.random.default_rng(0)
    blocks = [scale * rng.normal(size=(9, width)) for scale, width in ((3, 4), (2, 5), (0.1, 6))]
    weights = convex([0.2, 0.75, 1])
    expected = np.zeros((3, 3))
    for a, row in enumerate(weights):
        for k, (weight, block) in enumerate(zip(row, blocks, strict=True)):
            pairs = [(weight * (x - y)) @ (weight * (x - y)) for x in block for y in block]
            expected[a, k] = np.mean(pairs)
    expected /= expected.sum(axis=1, keepdims=True)
    assert fusion.distance_shares(blocks, weights) == pytest.approx(expected)
    assert fusion.distance_shares(blocks, weights[0]).shape == (1, 3)


def test_one_picture_stacks_the_blocks_on_one_scale_and_their_shares_to_the_whole():
    blocks = [np.array([1.0, 5, 3]), np.array([2.0, 4]), np.array([0.1])]
    shares = {"α = 0.5": (0.5, 0.4, 0.1), "α = 1": (0.9, 0.0, 0.1)}
    picture, values, bars = fusion.one_picture(np.zeros((4, 4, 3), np.uint8), blocks, shares).axes
    assert len(picture.images) == 1
    starts = [area.get_paths()[0].vertices[:, 0].min() for area in values.collections]
    assert starts == [0, 3, 5]
    heights = [area.get_paths()[0].vertices[:, 1].max() for area in values.collections]
    assert heights == pytest.approx([5, 4, 0.1])
    widths = np.array([bar.get_width() for bar in bars.patches]).reshape(3, 2)
    assert widths == pytest.approx(np.array([[50, 90], [40, 0], [10, 10]]))
    assert np.array([bar.get_x() for bar in bars.patches]).reshape(3, 2)[2] == pytest.approx(90)
    with pytest.raises(ValueError, match="not 2 blocks"):
        fusion.one_picture(np.zeros((4, 4, 3)), blocks[:2], shares)


def test_panels_share_their_axis_their_looks_and_one_legend():
    curve = {0.0: Interval(0.2, 0.1, 0.4), 1.0: Interval(0.6, 0.5, 0.7)}
    panels = {
        "α": {"curves": {"a": curve, "b": curve}, "lines": {"chance": 0.125}},
        "β": {"curves": {"b": curve}, "marks": {"printed": {0.5: 0.66}}, "lines": {"other": 0.2}},
    }
    fig = fusion.weight_panels(panels, "αβ")
    first, second = fig.axes
    assert [first.get_title(), second.get_xlabel()] == ["α", "β"]
    a, b, chance = first.lines
    assert a.get_xdata() == pytest.approx([0, 1]) and a.get_ydata() == pytest.approx([20, 60])
    assert chance.get_ydata() == pytest.approx([12.5, 12.5])
    band = first.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((10, 70))
    again, other = second.lines
    assert (again.get_color(), again.get_marker()) == (b.get_color(), b.get_marker())
    assert a.get_color() != b.get_color() and other.get_linestyle() != chance.get_linestyle()
    assert second.collections[-1].get_offsets().tolist() == [pytest.approx([0.5, 66])]
    names = [text.get_text() for text in fig.legends[0].get_texts()]
    assert names == ["a", "b", "chance", "printed", "other"]
    assert first.get_ylim()[0] == 0 and first.get_ylim() == second.get_ylim()


def test_confusion_matrices_have_shares_of_the_true_class():
    truth = np.array([0, 0, 0, 0, 1, 1])
    said = {"one": [0, 0, 0, 1, 1, 1], "two": np.eye(3)[[2, 2, 2, 2, 1, 1]], "three": truth}
    fig = fusion.confusion_matrices(truth, said, ("a", "b", "c"))
    one, two, three, empty = fig.axes
    cells = np.asarray(one.collections[0].get_array()).reshape(3, 3).tolist()
    assert cells == [[75, 25, 0], [0, 100, 0], [0, 0, 0]]
    assert two.collections[0].get_array().reshape(3, 3)[0].tolist() == [0, 0, 100]
    assert [text.get_text() for text in one.texts if text.get_text()] == ["75", "25", "100"]
    assert one.get_title() == "one (right: 83 %)" and three.get_title() == "three (right: 100 %)"
    assert not empty.axison
