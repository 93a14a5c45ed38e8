"""Figures of machines on joined features: bars add up and are in order, marks are where C is."""

import numpy as np
import pytest

from emobook.plots import heads

PHOTOS = [np.full((20, 30, 3), shade, np.uint8) for shade in (10, 90, 200)]


def test_bars_add_up_and_the_nearest_is_on_top():
    parts = {"as printed": [[4, 1, 0.5], [1, 1, 0], [9, 9, 9]], "even": [[1, 0, 0]] * 3}
    fig = heads.nearest(PHOTOS[0], PHOTOS, parts, most=2)
    picture, first, second = fig.axes
    assert len(picture.images) == 1 and first.get_title() == "as printed"
    widths = np.reshape([bar.get_width() for bar in first.patches], (3, 2))
    assert widths.tolist() == [[1, 4], [1, 1], [0, 0.5]]  # blocks down, neighbours across
    starts = np.reshape([bar.get_x() for bar in first.patches], (3, 2))
    assert starts.tolist() == [[0, 0], [1, 4], [2, 5]]
    assert first.yaxis_inverted() and len(second.patches) == 6
    assert [text.get_text() for text in fig.legends[0].get_texts()] == [*heads.BLOCKS]


def test_two_blocks_have_two_colours():
    fig = heads.nearest(PHOTOS[0], PHOTOS, {"no objects": np.ones((3, 2))})
    assert len(fig.axes[1].patches) == 6 and len(fig.legends[0].get_texts()) == 2


def test_a_missing_neighbour_is_refused():
    with pytest.raises(ValueError, match=r"^parts must hold a line for each of 3 other pictures"):
        heads.nearest(PHOTOS[0], PHOTOS, {"as printed": np.ones((2, 3))})


def test_curves_are_in_percent_over_a_logarithmic_axis_with_the_papers_C():
    Cs = [0.1, 1, 1.5, 10]
    band = np.array([[0.2, 0.5, 0.6, 0.5], [0.1, 0.4, 0.5, 0.4], [0.3, 0.6, 0.7, 0.6]])
    found = {"frozen": {"α": band, "β": band / 2}, "fine-tuned": {"α": band}}
    fig = heads.over_penalty(Cs, found, mark=1.5, lines={"chance": 0.125})
    left, right = fig.axes
    assert left.get_xscale() == "log" and left.get_title() == "frozen"
    lines = {line.get_label(): line for line in left.lines}
    assert lines["α"].get_ydata().tolist() == [20, 50, 60, 50]
    assert lines["β"].get_ydata().tolist() == [10, 25, 30, 25]
    assert set(lines["the paper's 1.5"].get_xdata()) == {1.5}
    assert set(lines["chance"].get_ydata()) == {12.5}
    low = left.collections[0].get_paths()[0].get_extents()
    assert (low.ymin, low.ymax) == pytest.approx((10, 70))
    assert [line.get_label() for line in right.lines] == ["α", "the paper's 1.5", "chance"]
    assert len(fig.legends[0].get_texts()) == 4


def test_the_plane_shows_scores_the_papers_cell_and_how_often_each_was_chosen():
    scores = np.arange(12).reshape(2, 3, 2) / 100
    chosen = np.array([[1, 2, 0], [1, 2, 0], [0, 0, 1]])
    fig = heads.plane(scores, [0.5, 1], [1, 1.5, 2], ["γ", "4γ"], mark=(1, 1, 0), chosen=chosen)
    left, right, bar = fig.axes
    text = {text.get_position(): text.get_text() for text in left.texts}
    assert text[2, 1] == "10.0\n2×" and text[1, 1] == "8.0"
    assert {t.get_position(): t.get_text() for t in right.texts}[0, 0] == "1.0\n1×"
    assert left.patches[0].get_xy() == (0.5, 0.5) and not right.patches
    assert [t.get_text() for t in left.get_xticklabels()] == ["1", "1.5", "2"]
    assert [t.get_text() for t in left.get_yticklabels()] == ["0.5", "1"]
    assert bar.get_ylabel() == "accuracy (%)"
    assert (left.images[0].norm.vmin, right.images[0].norm.vmax) == (0, 11)
