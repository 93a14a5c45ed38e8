"""Exercises that check themselves."""

import numpy as np


def check(answer, expected, *, hint: str, tolerance: float = 0.005) -> None:
    """Print whether `answer` is right, and `hint` where it is not; `...` is no answer yet.

    answer, expected: numbers, arrays of equal shape (each entry within `tolerance`), or text and
    other values (equal).
    """
    if answer is ...:
        print("No answer yet: put yours in place of the three dots, and run the cell again.")
    elif _equal(answer, expected, tolerance):
        print("Right.")
    else:
        print(f"Not yet. {hint}")


def _equal(answer, expected, tolerance: float) -> bool:
    if isinstance(expected, str) or isinstance(answer, str):
        return str(answer).strip().lower() == str(expected).strip().lower()
    try:
        answer, expected = np.asarray(answer, dtype=float), np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return answer == expected
    return answer.shape == expected.shape and bool((np.abs(answer - expected) <= tolerance).all())
