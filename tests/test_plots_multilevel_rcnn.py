"""The figure of what regions add holds the gains that were handed over, on one scale."""

import numpy as np

from emobook.plots import multilevel_rcnn as drawn


def test_gains_are_points_below_each_other_on_one_scale():
    choices = {"found": (0.04, 0.01, 0.09), "random": (-0.01, -0.03, 0.02)}
    fig = drawn.gains({"objects": choices, "palette": {k: (0, -0.01, 0.01) for k in choices}})
    assert [axis.get_title() for axis in fig.axes] == ["objects", "palette"]
    dots = [bar.lines[0].get_xydata()[0] for bar in fig.axes[0].containers]
    np.testing.assert_allclose(dots, [[4, 0], [-1, 1]])
    reach = [bar.lines[2][0].get_segments()[0][:, 0] for bar in fig.axes[0].containers]
    np.testing.assert_allclose(reach, [[1, 9], [-3, 2]])
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == list(choices)
    assert fig.axes[0].yaxis_inverted()
    left, right = fig.axes[0].get_xlim()
    assert fig.axes[1].get_xlim() == (left, right) and left < -3 and right > 9
    colors = {bar.lines[0].get_color() for bar in fig.axes[0].containers}
    assert len(colors) == 2
    assert fig.axes[0].get_xlabel() == "gain (points)"
