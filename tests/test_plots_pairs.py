"""The strongest responses of a bank: the right bars, in the right order."""

import numpy as np
import pytest

from emobook.plots import pairs

NAMES = ["calm_sea", "happy_dog", "sad_hot-air_balloon"]


def test_the_strongest_pairs_stand_on_top():
    pictures = {"one": np.zeros((4, 4, 3), np.uint8), "two": np.ones((4, 4, 3), np.uint8)}
    fig = pairs.strongest(pictures, NAMES, [[0.1, 0.9, 0.5], [0.3, 0.2, 0.3]], most=2)
    shown = {}
    for image, bars in zip(fig.axes[::2], fig.axes[1::2], strict=True):
        words = [label.get_text() for label in bars.get_yticklabels()]
        shown[image.get_title()] = words, [bar.get_width() for bar in bars.patches]
        assert bars.yaxis_inverted() and bars.get_xlim() == (0, 1)
    assert shown == {
        "one": (["happy dog", "sad hot-air balloon"], [0.9, 0.5]),
        "two": (["calm sea", "sad hot-air balloon"], [0.3, 0.3]),
    }


def test_responses_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"^responses must be of shape \(1, 3\)"):
        pairs.strongest({"one": np.zeros((4, 4))}, NAMES, [[0.1, 0.2]])
