"""Figures of regions: what is drawn where, and that nothing relies on colour alone."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from emobook.models.regions import Region
from emobook.plots import png
from emobook.plots import regions as figures

PHOTO = np.full((40, 60, 3), 90, np.uint8)


def drawn(axis, **looks):
    """Boxes drawn on an axis in these looks, as (x0, y0, x1, y1)."""
    wanted = to_rgb(looks["color"])
    patches = [p for p in axis.patches if isinstance(p, Rectangle) and not p.get_fill()]
    return [
        tuple(
            float(end)
            for end in (*p.get_xy(), *np.add(p.get_xy(), (p.get_width(), p.get_height())))
        )
        for p in patches
        if to_rgb(p.get_edgecolor()) == wanted
    ]


def test_the_two_kinds_differ_in_dashes_and_lightness():
    light = [
        np.dot(to_rgb(looks["color"]), (0.2126, 0.7152, 0.0722))
        for looks in (figures.OBJECT, figures.EMOTIONAL)
    ]
    assert abs(light[0] - light[1]) > 0.4
    assert figures.OBJECT["linestyle"] != figures.EMOTIONAL["linestyle"]


def test_a_pyramid_shows_the_liveliest_channel_of_each_level():
    flat, lively = np.zeros((4, 4)), np.arange(16.0).reshape(4, 4)
    below = {"C2": np.stack([flat, lively]), "C3": np.stack([lively[:2, :2], flat[:2, :2]])}
    fig = figures.pyramid(PHOTO, below, {name.replace("C", "P"): m for name, m in below.items()})
    shown = [axis.images[0].get_array() for axis in fig.axes if axis.images]
    assert np.array_equal(shown[1], lively) and np.array_equal(shown[2], lively[:2, :2])
    assert [axis.get_title() for axis in fig.axes][:3] == [
        "photo",
        "C2\n2 × 4 × 4",
        "C3\n2 × 2 × 2",
    ]


def test_labels_of_boxes_say_how_many_there_are():
    boxes = np.array([[i, 0, i + 10, 10] for i in range(30)])
    labels = np.array([1, -1, -1] + [0] * 27)
    fig = figures.labels_of_boxes(PHOTO, {"anchors": (boxes, labels)}, [(1, 1, 9, 9)])
    texts = [text.get_text() for text in fig.axes[0].get_legend().get_texts()]
    assert texts == ["negative (27)", "ignored (2)", "positive (1)"]
    assert drawn(fig.axes[0], color="white") == [(1, 1, 9, 9)]
    assert len(drawn(fig.axes[0], color=figures._LABELS[0][1]["color"])) == 8
    assert png(fig)


def test_scores_leave_out_stand_ins():
    regions = [
        Region(0, 0, 20, 20, 0.6, 0.8, 1.0, True),
        Region(5, 5, 30, 30, 0.3, 0.4, 0.5, True),
        Region(0, 0, 60, 40, 0, 0, 0, False),
    ]
    fig = figures.scores(PHOTO, regions)
    assert drawn(fig.axes[0], **figures.EMOTIONAL) == [(0, 0, 20, 20), (5, 5, 30, 30)]
    points = fig.axes[1].collections[0].get_offsets()
    assert np.allclose(points, [(0.6, 0.8), (0.3, 0.4)])
    for line in fig.axes[1].lines:  # on an arc the distance from the corner is S_emo
        assert np.ptp(np.hypot(*line.get_data())) < 1e-9


def test_found_regions_in_their_colours():
    titles = [f"photo {i}" for i in range(5)]
    boxes = {title: [(1, 2, 11, 12, 0.5)] for title in titles}
    fig = figures.found_regions(dict.fromkeys(titles, PHOTO), boxes, {titles[0]: [(0, 0, 9, 9)]})
    assert drawn(fig.axes[0], **figures.OBJECT) == [(1, 2, 11, 12)]
    assert drawn(fig.axes[0], **figures.EMOTIONAL) == [(0, 0, 9, 9)]
    assert drawn(fig.axes[1], **figures.EMOTIONAL) == []
    assert [t.get_text() for t in fig.legends[0].get_texts()] == [
        "object region",
        "emotional region",
    ]
    fig = figures.found_regions({"a": PHOTO}, {}, {}, {"a": [(1, 1, 5, 5)]})
    assert drawn(fig.axes[0], color="white") == [(1, 1, 5, 5)]


def test_map_boxes_counts_them():
    stimuli = np.zeros((40, 60))
    fig = figures.map_boxes(PHOTO, stimuli, {"τ = 0.5": [(1, 1, 5, 5)], "τ = 0.7": []})
    titles = [axis.get_title() for axis in fig.axes]
    assert titles[2:4] == ["τ = 0.5: 1 box", "τ = 0.7: 0 boxes"]
    assert png(fig)


def test_bars_stand_in_panels_of_truths_and_measures():
    cells = [
        ("whole picture", "objects: recall", 0.1),
        ("object regions, single level", "objects: recall", 0.25),
        ("object regions, multi-level", "objects: recall", 0.5),
        ("whole picture", "objects: AP", 0.2),
        ("object regions, multi-level", "regions: AP", 0.75),
    ]
    rows = pd.DataFrame(cells, columns=["row", "column", "value"])
    fig = figures.bars(rows.assign(low=rows["value"] - 0.1, high=rows["value"] + 0.1))
    titles = [axis.get_title() for axis in fig.axes]
    assert titles == [f"{t}:\n{m}" for t in ("objects", "regions") for m in ("recall", "AP")]
    recall = fig.axes[0]
    assert [bar.get_width() for bar in recall.patches] == [0.25, 0.5, 0.1]
    assert [bar.get_hatch() for bar in recall.patches] == ["//", "", ""]
    names = [text.get_text() for text in recall.get_yticklabels()]
    assert names == ["object regions, single level", "object regions, multi-level", "whole picture"]
    ends = recall.collections[0].get_segments()
    assert np.allclose([end[:, 0] for end in ends], [(0.15, 0.35), (0.4, 0.6), (0, 0.2)])
    assert png(fig)


@pytest.mark.parametrize(
    "detectors, said, beside",
    [
        (
            ["a, multi, lite, frozen", "b, single, lite, frozen"],
            "lite, frozen",
            ["a, multi", "b, single"],
        ),
        (["a, multi", "b, multi"], "multi", ["a", "b"]),
        (["a, multi", "b, single"], "", ["a, multi", "b, single"]),
        (["a, multi"], "", ["a, multi"]),
    ],
)
def test_what_all_names_end_with_stands_above(detectors, said, beside):
    """Baselines are not asked, and keep their names."""
    names = [*detectors, "a, moved at random"]
    rows = pd.DataFrame({"row": names, "column": "objects: AP", "value": 0.5, "low": 0, "high": 1})
    fig = figures.bars(rows, title="some set")
    assert fig.get_suptitle() == f"some set\n{said}".strip()
    shown = [text.get_text() for text in fig.axes[0].get_yticklabels()]
    assert shown == [*beside, "a, moved at random"]


@pytest.mark.parametrize("kind", ["OBJECT", "EMOTIONAL", "TRUE"])
def test_every_box_has_a_halo(kind):
    fig = figures.found_regions({"a": PHOTO}, {"a": [(1, 1, 5, 5)]}, {"a": [(2, 2, 6, 6)]})
    assert all(len(p.get_path_effects()) == 2 for p in fig.axes[0].patches)
    assert getattr(figures, kind)["color"]
