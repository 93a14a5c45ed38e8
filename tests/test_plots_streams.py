"""Figures of streams: bars in order, dots where the numbers say."""

import numpy as np
import pytest

from emobook.plots import streams


def test_each_stream_has_its_bars_the_most_probable_on_top():
    said = {"object": {"church": 0.1, "beach": 0.7, "dog": 0.2}, "category": {"Animal": 1.0}}
    fig = streams.what_streams_say(np.zeros((4, 4, 3), np.uint8), said)
    picture, *bars = fig.axes
    assert len(picture.images) == 1 and [axis.get_title() for axis in bars] == [*said]
    names = [label.get_text() for label in bars[0].get_yticklabels()]
    assert names == ["beach", "dog", "church"] and bars[0].yaxis_inverted()
    assert [bar.get_width() for bar in bars[0].patches] == [0.7, 0.2, 0.1]
    assert all(axis.get_xlim() == (0, 1) and axis.get_xlabel() for axis in bars)


@pytest.mark.parametrize("said", [{}, {"object": {}}])
def test_streams_that_say_nothing_are_refused(said):
    with pytest.raises(ValueError, match=r"^streams must hold at least one answer"):
        streams.what_streams_say(np.zeros((4, 4)), said)


def test_costs_stand_in_billions_and_millions():
    one, three = {"light": (4e6, 0.4e9), "heavy": (138e6, 15e9)}, {"three light": (12e6, 1.2e9)}
    (axis,) = streams.costs(one, three).axes
    dots, squares = (part.get_offsets().tolist() for part in axis.collections)
    assert dots == [[0.4, 4.0], [15.0, 138.0]] and squares == [[1.2, 12.0]]
    assert [text.get_text() for text in axis.texts] == ["light", "heavy", "three light"]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert len(streams.costs(one).axes[0].collections) == 1


def test_a_network_that_costs_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^parameters and multiply_adds must be above 0"):
        streams.costs({"nothing": (0, 1)})
