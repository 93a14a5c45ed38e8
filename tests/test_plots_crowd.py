"""Figures of how a set is built: what is drawn where."""

import numpy as np
import pytest

from emobook.datasets import crowd
from emobook.emotions import MIKELS8
from emobook.plots import crowd as drawn


def test_the_vote_curve_goes_through_its_examples():
    axes = drawn.vote_curve(right=0.8, wrong=0.25).axes[0]
    points = {tuple(line.get_xydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1}
    ten_of = {p: sum(c * p**k * (1 - p) ** (5 - k) for c, k in ((10, 3), (5, 4), (1, 5)))
              for p in (0.8, 0.25)}  # fmt: skip
    assert sorted(points) == [pytest.approx((p, ten_of[p])) for p in (0.25, 0.8)]
    curve = axes.lines[0].get_xydata()
    assert dict(curve.tolist())[0.8] == pytest.approx(ten_of[0.8])


def test_a_crawl_is_drawn_by_platform_from_first_to_last_step():
    _, funnel = crowd.clean(crowd.simulate_crawl(2000, seed=1))
    fig = drawn.crawled(funnel)
    for axis, platform in zip(fig.axes, crowd.PLATFORMS, strict=True):
        assert axis.get_title() == platform.title()
        first, last = axis.containers
        table = funnel.to_pandas().query("platform == @platform").set_index(["step", "query"])
        steps = list(dict.fromkeys(funnel["step"]))
        for bars, step in ((first, steps[0]), (last, steps[-1])):
            expected = [table.loc[(step, name), "images"] / 1000 for name in MIKELS8]
            assert [bar.get_width() for bar in bars] == pytest.approx(expected)


def test_distances_have_a_row_each_and_a_line_after_the_limit():
    axes = drawn.distances({"same": np.array([0, 2]), "other": np.array([30])}, limit=6).axes[0]
    rows = [line for line in axes.lines if line.get_marker() == "."]
    assert [list(line.get_xdata()) for line in rows] == [[0, 2], [30]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["same", "other"]
    assert axes.lines[-1].get_xdata()[0] == 6.5


def test_every_worker_is_drawn_once():
    workers = crowd.simulate_workers(50)
    passed = crowd.qualification(workers)
    _, right, chance = drawn.qualified(workers, passed).axes
    failed, came_through = (len(line.get_xdata()) for line in right.lines)
    assert (failed, came_through) == (50 - len(passed), len(passed)) and came_through
    assert chance.lines[0].get_ydata()[[0, -1]] == pytest.approx([0, 1])


def test_purity_bars_reach_from_before_to_after_and_may_be_impossible():
    rates = np.array([0.5] * 7 + [0.01])  # such workers accept more than 1 % whatever is shown
    fig = drawn.purities(rates, {"lenient": (0.9, 0.8)})
    bars = fig.axes[0].containers[0]
    before = crowd.purity_from_acceptance(0.5, 0.9, 0.8)
    noise = crowd.after_vote(before, 0.9, 0.8)["noise"]
    assert bars[0].get_x() == pytest.approx(before)
    assert bars[0].get_x() + bars[0].get_width() == pytest.approx(1 - noise)
    assert bars[7].get_width() == 0
