"""The wheel and eq. 4, against numbers worked out by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emobook.emotions import (
    MIKELS8,
    POSITIVE,
    WHEEL,
    polarity,
    spread,
    uniform_distribution,
    wheel_distribution,
    wheel_steps,
)

RING = ["fear", "sadness", "disgust", "anger", "amusement", "contentment", "awe", "excitement"]


def test_the_eight():
    assert MIKELS8 == tuple(sorted(MIKELS8)) == tuple(sorted(RING)) and len(set(MIKELS8)) == len(
        WHEEL
    )
    assert {name for name in MIKELS8 if polarity(name) == "positive"} == set(POSITIVE)
    assert set(POSITIVE) == {"amusement", "awe", "contentment", "excitement"}
    assert polarity(6) == "negative" and type(polarity("awe")) is str
    assert polarity(["fear", "awe"]).tolist() == ["negative", "positive"]


def test_steps_around_the_published_ring():
    assert list(WHEEL) == RING
    for i, a in enumerate(RING):
        assert wheel_steps(a, a) == 0
        assert wheel_steps(a, RING[i - 1]) == wheel_steps(RING[i - 1], a) == 1
        assert wheel_steps(a, RING[i - 4]) == 4
    assert wheel_steps("fear", "excitement") == wheel_steps("fear", "sadness") == 1
    assert wheel_steps("amusement", "anger") == 1  # no extra for crossing polarity
    assert wheel_steps(6, "amusement") == 4 and type(wheel_steps(0, 1)) is int


def test_steps_of_arrays_are_a_metric():
    table = wheel_steps(np.arange(8)[:, None], np.arange(8))
    assert table.shape == (8, 8) and (table == table.T).all()
    assert sorted(table[0]) == [0, 1, 1, 2, 2, 3, 3, 4]
    for a, b, c in itertools.product(range(8), repeat=3):
        assert table[a, c] <= table[a, b] + table[b, c]
    assert wheel_steps(pd.Series(["awe", "fear"]), "excitement").tolist() == [1, 1]


@pytest.mark.parametrize(
    ("offset", "shares"),
    [
        (1, [0.2113, 0.2113, 0.1408, 0.1408, 0.1056, 0.1056, 0.0845]),
        (0, [0.2553, 0.2553, 0.1277, 0.1277, 0.0851, 0.0851, 0.0638]),
    ],
)
def test_shares_of_the_remainder(offset, shares):
    f = wheel_distribution("excitement", 0.6, offset=offset)
    assert f.dtype == np.float64 and f.shape == (8,) and f[MIKELS8.index("excitement")] == 0.6
    assert np.sort(f)[:-1] / 0.4 == pytest.approx(sorted(shares), abs=5e-5)


def test_excitement_at_six_tenths():
    f = dict(zip(MIKELS8, wheel_distribution("excitement", 0.6), strict=True))
    expected = {
        "fear": 0.085, "awe": 0.085, "sadness": 0.056, "contentment": 0.056,
        "disgust": 0.042, "amusement": 0.042, "anger": 0.034, "excitement": 0.6,
    }  # fmt: skip
    assert f == {name: pytest.approx(value, abs=5e-4) for name, value in expected.items()}


def test_every_cell_against_eq_4_written_out():
    for j, p, offset in itertools.product(range(8), (0.05, 0.6, 1.0), (0, 0.5, 1, 3)):
        weights = [0 if i == j else 1 / (wheel_steps(i, j) + offset) for i in range(8)]
        by_hand = [p if i == j else (1 - p) * weights[i] / sum(weights) for i in range(8)]
        np.testing.assert_allclose(wheel_distribution(j, p, offset=offset), by_hand, rtol=1e-14)


@given(st.integers(0, 7), st.floats(1e-9, 1), st.floats(0, 50))
def test_rows_sum_to_one(label, p, offset):
    f = wheel_distribution(label, p, offset=offset)
    assert f.sum() == pytest.approx(1, abs=1e-15) and (f >= 0).all() and f[label] == p


def test_names_indices_and_arrays_agree():
    labels, p = np.array([5, 0, 7]), np.array([0.6, 0.8, 1.0])
    rows = wheel_distribution(labels, p)
    assert rows.shape == (3, 8)
    for row, label, share in zip(rows, labels, p, strict=True):
        np.testing.assert_array_equal(row, wheel_distribution(MIKELS8[label], share))
    np.testing.assert_array_equal(rows, wheel_distribution([MIKELS8[i] for i in labels], list(p)))
    assert wheel_distribution(5, p).shape == wheel_distribution(labels, 0.6).shape == (3, 8)
    assert wheel_distribution([], 0.6).shape == uniform_distribution([], []).shape == (0, 8)
    np.testing.assert_array_equal(rows[2], np.eye(8)[7])


def test_another_ring_permutes_the_shares():
    ring = [*RING[::2], *RING[1::2]]
    f, shuffled = wheel_distribution("fear", 0.6), wheel_distribution("fear", 0.6, ring=ring)
    assert sorted(f) == pytest.approx(sorted(shuffled)) and not np.allclose(f, shuffled)
    assert wheel_steps("fear", ring[1], ring=ring) == 1
    turned = [*RING[3:], *RING[:3]][::-1]  # turning or mirroring a ring changes nothing
    np.testing.assert_array_equal(f, wheel_distribution("fear", 0.6, ring=turned))


def test_uniform_is_label_smoothing():
    np.testing.assert_allclose(uniform_distribution("awe", 0.3), [0.1] * 2 + [0.3] + [0.1] * 5)
    np.testing.assert_allclose(
        uniform_distribution([1, 0], [0.4, 1], n=3), [[0.3, 0.4, 0.3], [1, 0, 0]]
    )
    assert uniform_distribution(range(7), 0.5, n=7).sum(axis=1) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: wheel_distribution(8, 0.5), "label"),
        (lambda: wheel_distribution(-1, 0.5), "label"),
        (lambda: wheel_distribution("joy", 0.5), "label"),
        (lambda: wheel_distribution("Awe", 0.5), "label"),
        (lambda: wheel_distribution(2.0, 0.5), "label"),
        (lambda: wheel_distribution(True, 0.5), "label"),
        (lambda: wheel_distribution([["awe"]], 0.5), "label"),
        (lambda: wheel_distribution(["awe", None], 0.5), "label"),
        (lambda: wheel_distribution(2, 0), "p"),
        (lambda: wheel_distribution(2, 1.01), "p"),
        (lambda: wheel_distribution(2, -0.1), "p"),
        (lambda: wheel_distribution(2, float("nan")), "p"),
        (lambda: wheel_distribution(2, "half"), "p"),
        (lambda: wheel_distribution([2, 3], [0.5] * 3), "p"),
        (lambda: wheel_distribution(2, [[0.5]]), "p"),
        (lambda: wheel_distribution(2, 0.5, offset=-0.1), "offset"),
        (lambda: wheel_distribution(2, 0.5, offset=float("nan")), "offset"),
        (lambda: wheel_distribution(2, 0.5, offset=float("inf")), "offset"),
        (lambda: wheel_distribution(2, 0.5, offset="1"), "offset"),
        (lambda: wheel_distribution(2, 0.5, ring=WHEEL[:7]), "ring"),
        (lambda: wheel_distribution(2, 0.5, ring=[*WHEEL[:7], "fear"]), "ring"),
        (lambda: uniform_distribution(3, 0.5, n=3), "label"),
        (lambda: uniform_distribution("awe", 0.5, n=7), "label"),
        (lambda: uniform_distribution(0, 0.5, n=1), "n"),
        (lambda: wheel_steps("awe", "joy"), "b"),
        (lambda: wheel_steps([0, 1], [0, 1, 2]), "a and b"),
        (lambda: polarity("joy"), "label"),
        (lambda: polarity([0, [1]]), "label"),
        (lambda: polarity(2**70), "label"),
        (lambda: polarity(np.array([2**63], np.uint64)), "label"),
    ],
)
def test_bad_input_names_the_argument(call, argument):
    with pytest.raises(ValueError, match=rf"^{argument} must"):
        call()


def test_spread_follows_any_table():
    table = [[9, 1, 3], [0, 5, 1], [2, 2, 0]]
    found = spread([0, 1, 2], [0.6, 0.5, 1.0], table)
    assert found == pytest.approx(np.array([[0.6, 0.1, 0.3], [0, 0.5, 0.5], [0, 0, 1]]))


@pytest.mark.parametrize(
    "table", [[[1, 2]], [[0, 0], [1, 0]], [[0, -1], [1, 0]], [[1]], 3, [[0], 1], "x"]
)
def test_spread_names_a_bad_table(table):
    with pytest.raises(ValueError, match="weights must"):
        spread(0, 0.5, table)
