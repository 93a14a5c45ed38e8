"""Figures of the small sets' protocol."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.container import BarContainer

from emobook.plots import small_sets as figures
from emobook.plots.figure import png

CLASSES = ("anger", "awe", "fear")


def table(sets=("a", "b"), methods=("x", "y")):
    rows = [
        (s, c, m, metric, 60.0 + 10 * k, 50.0 + 10 * k, 80.0 + 10 * k)
        for s in sets
        for k, c in enumerate(CLASSES)
        for m in methods
        for metric in ("tpr", "tnr", "balanced accuracy")
    ]
    return pd.DataFrame(rows, columns=["set", "class", "method", "metric", "value", "low", "high"])


def test_bars_are_true_positive_rates_with_their_intervals_and_diamonds_the_other_rate():
    rates = table()
    rates.loc[rates["metric"] == "tnr", "value"] = 42.0
    fig = figures.rate_bars(rates, CLASSES)
    assert [axis.get_title() for axis in fig.axes] == ["a", "b"]
    groups = [c for c in fig.axes[0].containers if isinstance(c, BarContainer)]
    assert [[bar.get_height() for bar in group] for group in groups] == [[60, 70, 80]] * 2
    segments = np.array(groups[0].errorbar.lines[2][0].get_segments())[..., 1]
    np.testing.assert_allclose(segments, [[50, 80], [60, 90], [70, 100]])
    marks = [line.get_ydata() for line in fig.axes[0].lines if line.get_marker() == "D"]
    assert all((y == 42).all() for y in marks if len(y)) and sum(len(y) > 0 for y in marks) == 2
    assert png(fig).startswith(b"\x89PNG")


def test_a_class_that_was_left_out_says_so():
    rates = table()
    rates.loc[(rates["class"] == "anger") & (rates["set"] == "b"), ["value", "low", "high"]] = (
        np.nan
    )
    rates = pd.concat([rates[rates["class"] != "anger"], rates[rates["class"] == "anger"]])
    first, second = figures.rate_bars(rates, CLASSES).axes
    assert not first.texts and [text.get_text() for text in second.texts] == ["left out"]
    assert second.texts[0].get_position()[0] == 0  # in the order of the classes, not of the rows
    assert [label.get_text() for label in second.get_xticklabels()] == [*CLASSES]


def test_answers_have_a_bar_for_each_machine_and_name_the_true_class_in_bold():
    scores = [[0.5, -1, np.nan], [-2, 1, 0.1]]
    fig = figures.answers(np.zeros((2, 8, 8, 3), np.uint8), scores, [1, 2], ["a", "b"], CLASSES)
    first, second = fig.axes[2:]
    assert [bar.get_width() for bar in first.patches] == [0.5, -1, 0]
    assert [text.get_text().strip() for text in first.texts] == ["left out"] and not second.texts
    bold = [t.get_text() for t in first.get_yticklabels() if t.get_fontweight() == "bold"]
    assert bold == ["awe"] and [t.get_text() for t in second.get_yticklabels()] == ["fear"]
    colors = {tuple(bar.get_facecolor()) for bar in second.patches}
    assert len(colors) == 2  # yes and no


def test_curves_of_the_variance_are_in_percent_and_the_marks_where_they_belong():
    curve = np.array([0.5, 0.8, 1.0])
    axis = figures.variance_curves({"features": curve}, components=2, share=0.75).axes[0]
    line, upright, level = axis.lines
    np.testing.assert_allclose(line.get_ydata(), 100 * curve)
    np.testing.assert_allclose(line.get_xdata(), [1, 2, 3])
    assert upright.get_xdata()[0] == 2 and level.get_ydata()[0] == 75


def test_rates_are_traded_along_the_curve_and_the_mark_is_the_threshold_at_zero():
    draw = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 300)
    scores = draw.normal(size=(900, 3)) + 2.0 * np.eye(3)[truth] - 1
    scores[:, 2] = np.nan  # left out, but its images stay among the others
    found = pd.DataFrame({"truth": truth, "scores": list(scores)})
    blind = found.assign(scores=list(draw.normal(size=(900, 3))))
    axis = figures.traded({"good": found, "blind": blind}).axes[0]
    curve, mark, chance, _, line = axis.lines
    own = [scores[truth == c, c] > 0 for c in (0, 1)]
    other = [scores[truth != c, c] <= 0 for c in (0, 1)]
    assert mark.get_ydata()[0] == pytest.approx(100 * np.mean(own))
    assert mark.get_xdata()[0] == pytest.approx(100 * np.mean(other))
    x, y = curve.get_xdata(), curve.get_ydata()
    assert (np.diff(y) >= 0).all() and y[0] < 35
    assert np.interp(mark.get_xdata()[0], x[::-1], y[::-1]) == pytest.approx(
        mark.get_ydata()[0], abs=3
    )
    assert np.abs(chance.get_ydata() + chance.get_xdata() - 100).max() < 12
    np.testing.assert_allclose(line.get_ydata(), [100, 0])


def test_gains_have_a_panel_for_each_metric_and_a_mark_for_each_set():
    rows = [
        (s, m, metric, 10.0 * i + j, 10.0 * i + j - 2, 10.0 * i + j + 3)
        for i, s in enumerate("ab")
        for j, m in enumerate(("x", "y, z"))
        for metric in ("rate", "accuracy")
    ]
    gains = pd.DataFrame(rows, columns=["set", "method", "metric", "value", "low", "high"])
    fig = figures.gain_panels(gains)
    assert [axis.get_title() for axis in fig.axes] == ["rate", "accuracy"]
    for axis in fig.axes:
        marks = [c.lines[0].get_xdata().tolist() for c in axis.containers]
        assert marks == [[0, 1], [10, 11]]
        ends = np.array(axis.containers[1].lines[2][0].get_segments())[..., 0]
        np.testing.assert_allclose(ends, [[8, 13], [9, 14]])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["x", "y,\nz"]
    assert fig.axes[0].get_ylim() == (1.5, -0.5)
