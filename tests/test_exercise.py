"""An exercise tells right from wrong, and a missing answer from both."""

import numpy as np
import pytest

from emobook.exercise import check


@pytest.mark.parametrize(
    ("answer", "expected", "says"),
    [
        (..., 0.5, "No answer yet"),
        (0.5004, 0.5, "Right."),
        (0.51, 0.5, "Not yet. Think."),
        ([1, 2], np.array([1.0, 2.0]), "Right."),
        ([1, 2, 3], np.array([1.0, 2.0]), "Not yet. Think."),
        (" Fear", "fear", "Right."),
        (float("nan"), 0.5, "Not yet. Think."),
        (None, 0.5, "Not yet. Think."),
    ],
)
def test_check(answer, expected, says, capsys):
    check(answer, expected, hint="Think.")
    assert capsys.readouterr().out.startswith(says)
