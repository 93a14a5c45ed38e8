"""Figures of levels: the right maps, rows and pairs, on the right scales."""

import numpy as np
import pandas as pd
import pytest

from emobook.plots import levels


def test_the_liveliest_maps_of_each_level_are_shown():
    draw = np.random.default_rng(0)
    low = draw.normal(size=(4, 6, 6)) * np.array([1, 9, 3, 5])[:, None, None]
    high = draw.normal(size=(3, 2, 2)) * np.array([2, 1, 7])[:, None, None]
    fig = levels.activations(np.zeros((8, 8, 3), np.uint8), [low, high], each=2)
    first, one, two, empty, below_one, below_two = fig.axes
    assert first.get_title() == "photo" and not empty.images
    assert one.get_title() == "level 1\n4 × 6 × 6" and two.get_title() == "level 2\n3 × 2 × 2"
    for axis, shown in ((one, low[1]), (below_one, low[3]), (two, high[2]), (below_two, high[0])):
        assert np.allclose(axis.images[0].get_array(), shown)


@pytest.mark.parametrize("maps", [[], [np.zeros((1, 4, 4))], [np.zeros((4, 4))]])
def test_what_is_no_map_is_refused(maps):
    with pytest.raises(ValueError, match=r"^maps must be arrays \(c, h, w\)"):
        levels.activations(np.zeros((8, 8, 3), np.uint8), maps, each=2)


def test_rows_stand_in_their_order_with_their_intervals():
    rows = pd.DataFrame(
        {
            "dataset": ["a, one", "a, one", "b"],
            "row": ["level 1", "level 2", "level 2"],
            "value": [0.2, 0.4, 0.5], "low": [0.1, 0.3, 0.4], "high": [0.35, 0.5, 0.6],
            "baseline": [0.125, 0.125, 0.25],
        }
    )  # fmt: skip
    left, right = levels.accuracies(rows).axes
    assert (left.get_title(), right.get_title()) == ("a,\none", "b")
    heights = {
        t.get_text(): y for t, y in zip(left.get_yticklabels(), left.get_yticks(), strict=True)
    }
    assert heights["level 1"] > heights["level 2"]  # the first on top
    points, majority = left.lines[0], left.lines[-1]
    assert np.allclose(points.get_xdata(), [20, 40])
    assert list(points.get_ydata()) == [heights["level 1"], heights["level 2"]]
    assert np.allclose(majority.get_xdata(), 12.5)
    (bars,) = left.collections
    assert np.allclose([segment[:, 0] for segment in bars.get_segments()], [[10, 35], [30, 50]])
    assert np.allclose(right.lines[-1].get_xdata(), 25)


def test_shares_of_pairs_sum_to_a_hundred():
    near, far = np.array([0.1, 0.2, 0.2]), np.array([0.9, 1.2, 0.3, 1.0])
    fig = levels.pairs_by_distance({"λ = 0": (near, far), "λ = 1": (near, far)}, margin=1)
    assert [axis.get_title() for axis in fig.axes] == ["λ = 0", "λ = 1"]
    for axis in fig.axes:
        one, two = axis.containers
        assert sum(bar.get_height() for bar in one) == pytest.approx(100)
        assert sum(bar.get_height() for bar in two) == pytest.approx(100)
        assert max(bar.get_x() for bar in one if bar.get_height()) < 0.3
        assert np.allclose(axis.lines[0].get_xdata(), 1)


def test_changes_keep_what_they_should():
    photo = np.random.default_rng(1).integers(0, 256, (14, 18, 3)).astype(np.uint8)
    plain = levels.grey(photo)
    assert plain.shape == photo.shape and plain.dtype == np.uint8
    assert (plain == plain[..., :1]).all() and np.allclose(plain[..., 0], photo.mean(2), atol=1)
    cut = levels.shuffled_tiles(photo)
    kept = photo[:12, :16]  # 3 × 4 pixels for each of 4 × 4 tiles
    assert cut.shape == kept.shape and not np.array_equal(cut, kept)

    def tiles(of):
        return sorted(
            of[r : r + 3, c : c + 4].tobytes() for r in range(0, 12, 3) for c in range(0, 16, 4)
        )

    assert tiles(cut) == tiles(kept)
