"""Split-conformal bounds: the exact order statistic, coverage, and what too few images give."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from emobook.evaluate import conformal


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_order_statistic_is_the_exact_rank(level):
    for n in (1, 5, 8, 9, 10, 19, 20, 69, 99, 200):
        scores = np.random.default_rng(n).permutation(n).astype(float)  # the k-th smallest is k - 1
        numerator = (n + 1) * round(100 * level)  # whole numbers: no rounding
        rank = -(-numerator // 100)
        wanted = rank - 1 if rank <= n else math.inf
        assert conformal.order_statistic(scores, level) == wanted
        assert (rank <= n) == (n >= conformal.least_images(level))


def test_columns_are_apart():
    truth = np.random.default_rng(0).normal(size=(30, 2)) * [1, 5]
    both = conformal.half_width(truth, np.zeros((30, 2)))
    assert both.shape == (2,)
    for k in (0, 1):
        assert both[k] == sorted(abs(truth[:, k]))[27]  # 31 · .9 = 27.9, so the 28th
        assert both[k] == conformal.half_width(truth[:, k], np.zeros(30))


def test_new_images_are_covered_as_often_as_promised():
    generator, n, trials = np.random.default_rng(1), 30, 4000
    scores = generator.exponential(size=(trials, n + 1))
    widths = np.array([conformal.order_statistic(row[:n], 0.9) for row in scores])
    share = (scores[:, n] <= widths).mean()
    exact = 28 / 31  # rank / (n + 1), for scores without ties
    assert abs(share - exact) < 3 * math.sqrt(exact * (1 - exact) / trials)


def test_sets_of_labels_cover_and_are_never_empty():
    generator = np.random.default_rng(2)
    chances = generator.dirichlet(np.full(8, 0.4), size=6000)
    labels = np.array([generator.choice(8, p=row) for row in chances])
    threshold = conformal.label_threshold(chances[:500], labels[:500])
    sets = conformal.label_sets(chances[500:], threshold)
    assert sets[np.arange(5500), labels[500:]].mean() > 0.88
    assert sets.any(axis=1).all() and sets.sum(axis=1).mean() < 6
    sharp = np.eye(8)[labels]
    assert (conformal.label_sets(sharp, conformal.label_threshold(sharp, labels)) == sharp).all()
    # two sure mistakes of ten: what is covered then has a probability of 0 or more
    wrong = np.eye(2)[[0] * 10]
    assert conformal.label_threshold(wrong, [0] * 8 + [1] * 2) == 0


def test_a_probability_that_all_images_share_reaches_its_own_threshold():
    for p in np.arange(1, 50) / 100:
        alike = np.tile([p, 1 - p], (20, 1))
        threshold = conformal.label_threshold(alike, np.zeros(20, int))
        assert conformal.label_sets(alike, threshold)[:, 0].all()


def test_too_few_images_bound_nothing():
    assert conformal.least_images() == 9
    assert conformal.half_width(np.arange(8), np.zeros(8)) == math.inf
    assert conformal.half_width(np.arange(9), np.zeros(9)) == 8
    threshold = conformal.label_threshold(np.full((8, 3), 1 / 3), [0] * 8)
    assert threshold == -math.inf
    assert conformal.label_sets([[0.9, 0.1, 0.0]], threshold).all()


@pytest.mark.parametrize("scores", [[], [1.0, math.nan]])
def test_scores_that_are_none_are_refused(scores):
    with pytest.raises(ValueError, match="scores must hold"):
        conformal.order_statistic(scores)
    with pytest.raises(ValueError, match="level"):
        conformal.order_statistic([1.0], 1)


def test_calibration_takes_whole_groups():
    groups = np.repeat([f"theme {i}" for i in range(25)], 4)
    rows, held_out = conformal.calibration_split(np.zeros((100, 2)), groups)
    assert sorted([*rows, *held_out]) == list(range(100)) and len(held_out) == 20
    assert not set(groups[rows]) & set(groups[held_out])
    with pytest.raises(ValueError, match="groups"):
        conformal.calibration_split(np.zeros(8), ["a", "b"] * 4)


def test_residuals_of_training_images_flatter():
    generator = np.random.default_rng(3)
    X = generator.normal(size=(900, 3))
    y = X.sum(axis=1) + generator.normal(size=900)
    levels = [0.5, 0.8, 0.9]
    by_heart = conformal.coverage_path(KNeighborsRegressor(1), X, y, levels, draws=5)
    assert by_heart["training residuals"].max() < 0.05  # it knows them by heart
    assert by_heart["held-out residuals"].shape == (5, 3)
    for path in (by_heart, conformal.coverage_path(LinearRegression(), X, y, levels, draws=5)):
        held_out = path["held-out residuals"].mean(axis=0)
        assert np.allclose(held_out, levels, atol=0.06)
        assert (np.diff(path["held-out residuals"], axis=1) >= 0).all()
