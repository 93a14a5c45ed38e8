"""Figures of the features from the theory of art."""

import cv2
import numpy as np
import pandas as pd
import pytest
import skimage.data
from sklearn.datasets import load_sample_image

from emobook.features import principles, symmetry
from emobook.plots import art as figures
from emobook.plots.figure import png


def grey_noise(height=200, width=150):
    noise = np.random.default_rng(3).integers(0, 256, (height, width)).astype(np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize(("added", "side"), [("right", -1), ("left", 1)])
def test_the_axis_is_on_the_side_where_the_picture_is_mirrored(added, side):
    half = grey_noise()
    whole = np.concatenate([half, half[:, ::-1]], axis=1)
    blank = np.full((200, 100), 128, np.uint8)
    parts = [whole, blank] if added == "right" else [blank, whole]
    angle, r, near = figures.mirror_axis(symmetry.keypoints(np.concatenate(parts, axis=1)))
    assert abs(np.cos(angle)) < 0.05  # upright
    # across is (-sin angle, cos angle): r counts from the middle in half diagonals
    assert -np.sin(angle) * r == pytest.approx(side * 50 / (np.hypot(200, 400) / 2), abs=0.03)
    assert near.sum() > 50


def test_a_flat_picture_has_no_axis_and_the_figures_are_drawn_all_the_same():
    flat = np.full((60, 90, 3), 120, np.uint8)
    assert figures.mirror_axis(symmetry.keypoints(flat[..., 0])) is None
    assert figures.principles_views(flat, flat, flat).axes[0].get_title() == "balance: no axis"
    views = figures.machajdik_views(flat, flat, flat, flat)
    assert "1 segments" in views.axes[0].get_title()
    assert png(views).startswith(b"\x89PNG")


def test_views_count_what_the_features_count():
    china, astronaut = load_sample_image("china.jpg"), skimage.data.astronaut()
    views = figures.machajdik_views(china, china, china, astronaut)
    lines = views.axes[1]
    assert lines.get_title().startswith("dynamics: ") and len(lines.lines) > 50
    colors = [line.get_color() for line in lines.lines]
    static = int(lines.get_title().split()[1])
    assert colors.count("#00e5ff") == static
    assert views.axes[3].get_title().startswith("content: 1 face")
    assert len(views.axes[3].patches) == 1


def test_the_path_has_as_many_numbers_as_fixations():
    views = figures.principles_views(*[skimage.data.rocket()] * 3)
    assert [text.get_text() for text in views.axes[3].texts] == [f"{i}" for i in range(1, 11)]


def test_eight_way_accuracy_agrees_with_a_draw_of_scores():
    rng, apart = np.random.default_rng(0), 1.2
    scores = rng.normal(size=(200_000, 8))
    scores[:, 0] += apart
    rate = ((scores[:, 0] > apart / 2).mean() + (scores[:, 1:] < apart / 2).mean()) / 2
    assert figures.eight_way(rate) == pytest.approx((scores.argmax(axis=1) == 0).mean(), abs=0.005)


def test_chance_and_certainty_are_the_same_on_both_scales():
    assert figures.eight_way([0.5, 1 - 1e-9]) == pytest.approx([1 / 8, 1], abs=1e-4)
    assert figures.eight_way(0.7, classes=2) == pytest.approx(0.771, abs=0.005)  # Φ(√2 Φ⁻¹(.7))


def test_rates_of_a_class_that_was_left_out_are_not_drawn():
    rates = pd.DataFrame(
        [("awe", "a", 60, 50, 70), ("anger", "a", *[np.nan] * 3), ("awe", "b", 40, 30, 50)],
        columns=["class", "method", "value", "low", "high"],
    )
    axis = figures.class_rates(rates).axes[0]
    assert [t.get_text() for t in axis.get_xticklabels()] == ["awe", "anger"]
    points, _, _ = axis.containers[0]
    assert np.isnan(points.get_ydata()[1]) and points.get_ydata()[0] == 60


def test_scales_are_drawn_where_they_belong():
    rates = pd.DataFrame(
        [("a", "mean", "balanced accuracy", 60.0), ("a", "all", "accuracy", 25.0),
         ("a", "awe", "balanced accuracy", 90.0)],
        columns=["method", "class", "metric", "value"],
    )  # fmt: skip
    axis = figures.two_scales(rates, {"printed": 66.37}).axes[0]
    printed, mine = axis.lines[2:4]
    assert printed.get_ydata()[0] == pytest.approx(33.6, abs=0.1)
    assert mine.get_xydata().tolist() == [[60, 25]]


def test_groups_follow_the_whole_lists_and_leave_one_out_has_its_own_panel():
    rows = pd.DataFrame(
        [("a: one", "8 classes", 0.2, 0.1, 0.3, 0.125), ("a: one", "lost without it", 0.05, 0, 0.1),
         ("a without one", "8 classes", 0.2, 0.1, 0.3, 0.125), ("b", "8 classes", 0.4, 0.3, 0.5)],
        columns=["row", "column", "value", "low", "high", "baseline"],
    )  # fmt: skip
    rows["baseline"] = 0.125
    alone, lost = figures.group_panels(rows).axes
    assert [text.get_text() for text in alone.get_yticklabels()] == ["b", "a: one"]
    assert alone.lines[0].get_xdata().tolist() == [40, 20]
    assert lost.lines[0].get_xdata().tolist() == [5]
    assert alone.lines[-1].get_xdata()[0] == 12.5


def test_every_photo_of_the_page_has_what_is_said_of_it():
    photo = principles.resized(figures.Image.fromarray(load_sample_image("china.jpg")))
    angle, r, _ = figures.mirror_axis(symmetry.keypoints(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)))
    assert abs(np.cos(angle)) < 0.1 and -np.sin(angle) * r < 0  # upright, left of the middle
