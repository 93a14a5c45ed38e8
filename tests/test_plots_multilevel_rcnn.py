"""The figure of what regions add holds the gains that were handed over, each kind on one scale."""

import numpy as np

from emobook.plots import multilevel_rcnn as drawn


def test_gains_are_points_below_each_other_each_kind_on_one_scale():
    choices = {
        "found over none": (0.4, 0.1, 0.9),
        "random over none": (-0.1, -0.3, 0.2),
        "found over random": (0.04, 0.01, 0.09),
    }
    fig = drawn.gains({"a world, objects": choices, "none": {k: (0, 0, 0.01) for k in choices}})
    above, other, below, _ = fig.axes
    assert [axis.get_title() for axis in (above, other)] == ["a world,\nobjects", "none"]
    dots = [bar.lines[0].get_xydata()[0] for bar in above.containers]
    np.testing.assert_allclose(dots, [[40, 0], [-10, 1]])
    reach = [bar.lines[2][0].get_segments()[0][:, 0] for bar in above.containers]
    np.testing.assert_allclose(reach, [[10, 90], [-30, 20]])
    (place,) = below.containers
    np.testing.assert_allclose(place.lines[0].get_xydata(), [[4, 0]])
    labels = [label.get_text() for axis in (above, below) for label in axis.get_yticklabels()]
    assert labels == list(choices)
    assert above.yaxis_inverted() and below.yaxis_inverted()
    assert above.get_xlim() == other.get_xlim()
    assert above.get_xlim()[1] > 90 and 9 < below.get_xlim()[1] < 20
    assert len({bar.lines[0].get_color() for bar in above.containers}) == 2
    assert below.get_xlabel() == "gain (points)"
