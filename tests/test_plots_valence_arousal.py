"""Figures of predicted valence and arousal."""

import numpy as np
import pytest
from matplotlib.offsetbox import AnnotationBbox

from emobook.plots import valence_arousal as plots
from emobook.plots.figure import png

PICTURES = [np.full((40, 60, 3), 40 * i, np.uint8) for i in range(5)]
RATED = np.array([[2, 3], [6, 5], [4, 4], [3, 6], [5, 2]], float)
SAID = RATED + np.array([[0.5, 0.2], [-1, 0.5], [0, 0], [9, 0], [-0.3, 1]])


def test_chosen_values_run_from_the_lowest_to_the_highest_at_equal_ranks():
    values = np.random.default_rng(0).exponential(size=101)
    found = plots.spread_out(values, 5)
    np.testing.assert_array_equal(values[found], np.sort(values)[[0, 25, 50, 75, 100]])
    assert sorted(plots.spread_out(values[:3], 5)) == [0, 1, 2]


def test_scattered_points_are_far_from_each_other():
    draw = np.random.default_rng(0)
    corners = np.array([[0, 0], [0, 6], [6, 0], [6, 6]], float)
    points = np.concatenate([draw.normal(3, 0.1, (50, 2)), corners])
    found = plots.scattered(points, 5)
    assert set(found[1:]) == {50, 51, 52, 53} and found[0] < 50
    assert len(set(plots.scattered(points, 100))) == len(points)


def test_rows_are_sorted_where_the_other_rating_is_low_or_high():
    draw = np.random.default_rng(0)
    ratings, said = draw.uniform(1, 7, (80, 2)), draw.uniform(1, 7, (80, 2))
    rows = plots.sorted_rows(ratings, said, 5)
    assert list(rows) == [
        "valence, low arousal", "valence, high arousal",
        "arousal, low valence", "arousal, high valence",
    ]  # fmt: skip
    for (chosen, model, people), (k, end) in zip(
        rows.values(), [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True
    ):
        other = ratings[:, 1 - k]
        edge = np.sort(other)[[20, 59]][end]
        quarter = np.flatnonzero(other < edge) if end == 0 else np.flatnonzero(other > edge)
        assert set(chosen) <= set(quarter) and len(chosen) == 5
        assert chosen[0] == quarter[ratings[quarter, k].argmin()]
        assert chosen[-1] == quarter[ratings[quarter, k].argmax()]
        assert (np.diff(people) > 0).all()
        np.testing.assert_array_equal(people, ratings[chosen, k])
        np.testing.assert_array_equal(model, said[chosen, k])


def test_pictures_lie_where_the_model_puts_them_and_dots_where_people_do():
    fig = plots.on_plane(PICTURES, RATED, SAID)
    (axis,) = fig.axes
    boxes = [part for part in axis.get_children() if isinstance(part, AnnotationBbox)]
    np.testing.assert_allclose([box.xy for box in boxes], SAID.clip(1, 7))
    for box, picture in zip(boxes, PICTURES, strict=True):
        shown = box.offsetbox.get_data()
        assert shown[5, 5, 0] == pytest.approx(picture[0, 0, 0], abs=2)
    dots = next(line for line in axis.lines if line.get_label() == "where people put it")
    np.testing.assert_allclose(dots.get_xydata(), RATED)
    ties = [line for line in axis.lines if len(line.get_xdata()) == 2 and line.get_zorder() == 1]
    np.testing.assert_allclose(ties[3].get_xydata(), [RATED[3], SAID[3].clip(1, 7)])
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("valence", "arousal")
    assert len(png(fig)) > 1000


def test_strips_hold_the_pictures_in_order_with_both_values():
    order = plots.spread_out(RATED[:, 0], 4)
    rows = {
        "low arousal": ([PICTURES[i] for i in order], SAID[order, 0], RATED[order, 0]),
        "high arousal": (PICTURES[:2], [1.234, 5], [2, 3]),
    }
    fig = plots.strips(rows)
    axes = np.array(fig.axes).reshape(2, 4)
    for axis, i in zip(axes[0], order, strict=True):
        assert axis.images[0].get_array()[3, 3, 0] == pytest.approx(40 * i, abs=2)
        assert axis.texts[0].get_text() == f"{SAID[i, 0]:.2f} / {RATED[i, 0]:.2f}"
    assert axes[1][0].texts[0].get_text() == "1.23 / 2.00"
    assert [bool(axis.images) for axis in axes[1]] == [True, True, False, False]
    titles = [axis.get_title(loc="left") for axis in axes[:, 0]]
    assert titles == ["low arousal", "high arousal"]


def test_errors_show_values_intervals_baseline_and_ceiling():
    nan = float("nan")
    rows = {
        "good": [(1.0, 0.8, 1.3), (0.5, nan, nan)],
        "bad": [(99.0, 90.0, 120.0), (1.5, 1.2, 1.8)],
        "not here": [(nan, nan, nan)] * 2,
    }
    fig = plots.errors(rows, (2.0, 1.0), (0.2, 0.1))
    left, right = fig.axes
    assert [bar.get_width() for bar in left.patches] == [1.0, 4.0]
    assert [bar.get_width() for bar in right.patches] == [0.5, 1.5]
    assert left.patches[0].get_facecolor() != left.patches[1].get_facecolor()  # worse than the mean
    assert right.patches[1].get_facecolor() == left.patches[1].get_facecolor()
    assert [text.get_text() for text in left.texts] == ["99 →", "not run"]
    ends = [line.get_xdata() for line in left.lines]
    assert [0.8, 1.3] in [list(end) for end in ends]
    assert {line.get_label(): line.get_xdata()[0] for line in right.lines[-2:]} == {
        "always the mean": 1.0,
        "raters' own noise": 0.1,
    }
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels == list(rows) and left.yaxis_inverted()
    assert len(plots.errors(rows, (2.0, 1.0)).axes) == 2
