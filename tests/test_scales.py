"""Ratings on other scales."""

import numpy as np
import pytest

from emobook import evaluate
from emobook.evaluate.scales import KIM, factor, rescale, rescale_error

SCALES = [(1, 7), (1, 9), (0, 1), (-1, 1)]
DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("source", SCALES)
@pytest.mark.parametrize("target", SCALES)
def test_ends_and_middle_meet_and_the_way_back_leads_back(source, target):
    values = np.array([source[0], sum(source) / 2, source[1]])
    moved = rescale(values, source, target)
    np.testing.assert_allclose(moved, [target[0], sum(target) / 2, target[1]])
    np.testing.assert_allclose(rescale(moved, target, source), values)


def test_by_hand():
    np.testing.assert_allclose(rescale([1, 2.5, 4, 7]), [1, 3, 5, 9])  # 1-7 → 1-9
    np.testing.assert_allclose(rescale([[0.25, 1]], (0, 1), KIM), [[3, 9]])
    assert factor((1, 7), (1, 9)) == pytest.approx(4 / 3)
    assert rescale(8) == pytest.approx(1 + 7 * 8 / 6)  # beyond the end stays beyond it


def test_errors_are_those_of_moved_ratings_and_correlations_stay():
    truth, said = DRAW.uniform(1, 7, 50), DRAW.uniform(1, 7, 50)
    moved = rescale(truth), rescale(said)
    assert rescale_error(evaluate.mse(truth, said)) == pytest.approx(evaluate.mse(*moved))
    assert rescale_error(truth.var()) == pytest.approx(moved[0].var())
    assert evaluate.pearson(*moved) == pytest.approx(evaluate.pearson(truth, said))
    assert evaluate.ccc(*moved) == pytest.approx(evaluate.ccc(truth, said))


@pytest.mark.parametrize("scale", [(7, 1), (1, 1), (1,), (1, 5, 9)])
def test_no_scale_is_refused(scale):
    with pytest.raises(ValueError, match="source must be"):
        rescale([1], source=scale)
    with pytest.raises(ValueError, match="target must be"):
        rescale_error(1, target=scale)
