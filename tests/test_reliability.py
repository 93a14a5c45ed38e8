"""Raters' noise and parts of the variance, against simulation, SciPy and closed forms."""

import numpy as np
import pytest
from scipy import stats

from emobook.evaluate import reliability
from emobook.evaluate.reliability import PARTS


def rated(groups=400, size=5, raters=20, between=1.0, within=0.5, person=2.0, seed=0):
    """Means, group names, sd and n of pictures whose parts of the variance are known."""
    rng = np.random.default_rng(seed)
    names = np.repeat(np.arange(groups), size)
    true = rng.normal(0, between**0.5, groups)[names] + rng.normal(0, within**0.5, len(names))
    said = true[:, None] + rng.normal(0, person**0.5, (len(names), raters))
    return true, said.mean(axis=1), names, said.std(axis=1, ddof=1), np.full(len(names), raters)


def test_noise_is_the_variance_of_a_mean():
    assert reliability.noise_variance([2, 1], [4, 1]) == (4 / 4 + 1 / 1) / 2
    np.testing.assert_array_equal(reliability.errors([2, 1], [4, 1]), [1, 1])


def test_reliability_is_what_other_raters_would_agree_to():
    true, means, _, sd, n = rated()
    _, others, *_ = rated(seed=0)
    rng = np.random.default_rng(1)
    others = (true[:, None] + rng.normal(0, 2**0.5, (len(true), 20))).mean(axis=1)
    assert reliability.reliability(means, sd, n) == pytest.approx(
        np.corrcoef(means, others)[0, 1], abs=0.01
    )
    assert reliability.ceiling(means, sd, n) == pytest.approx(
        np.corrcoef(means, true)[0, 1], abs=0.01
    )
    assert reliability.noise_variance(sd, n) == pytest.approx(
        np.mean((means - true) ** 2), rel=0.05
    )


def test_without_differences_nothing_is_reliable():
    assert np.isnan(reliability.reliability([3, 3], [1, 1], [5, 5]))
    assert reliability.ceiling([3.0, 3.1], [2, 2], [2, 2]) == 0


def test_parts_are_found_again():
    _, means, names, sd, n = rated()
    found = reliability.parts(means, names, sd, n)
    assert list(found.index) == list(PARTS)
    expected = np.array([1.0, 0.5, 0.1])
    np.testing.assert_allclose(found["variance"], expected, rtol=0.15)
    assert found["share"].sum() == pytest.approx(1)
    share = expected / expected.sum()
    assert ((found["low"] < share) & (share < found["high"])).all()
    assert (found["high"] - found["low"] < 0.12).all()


def test_parts_without_bias_where_sizes_differ():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 12, 60)
    names = np.repeat(np.arange(60), sizes)
    sd, n = rng.uniform(0.5, 3, len(names)), np.full(len(names), 4)
    found = []
    for _ in range(200):
        x = rng.normal(0, 1, 60)[names] + rng.normal(0, 0.7, len(names)) + rng.normal(0, sd / 2)
        found.append(reliability.parts(x, names, sd, n, resamples=2)["variance"])
    np.testing.assert_allclose(np.mean(found, axis=0)[:2], [1, 0.49], rtol=0.06)
    assert found[0].iloc[2] == pytest.approx(np.mean(sd**2 / 4))


def test_balanced_and_noiseless_it_is_the_textbook_one():
    rng = np.random.default_rng(2)
    samples = rng.normal(size=(8, 1)) + rng.normal(size=(8, 6))
    names = np.repeat(list("abcdefgh"), 6)
    found = reliability.parts(samples.ravel() + 100, names, np.zeros(48), np.ones(48))["variance"]
    within = samples.var(axis=1, ddof=1).mean()
    ratio = stats.f_oneway(*samples).statistic
    np.testing.assert_allclose(found, [(ratio - 1) * within / 6, within, 0], rtol=1e-9, atol=1e-9)


def test_where_groups_do_not_matter_the_interval_holds_0():
    _, means, names, sd, n = rated(groups=60, between=0)
    found = reliability.parts(means, names, sd, n)
    assert found.loc["between groups", "low"] < 0.02
    _, means, names, sd, n = rated(groups=60, within=0)
    found = reliability.parts(means, names, sd, n)
    assert abs(found.loc["within groups", "share"]) < 0.03


def test_what_cannot_be_split_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        reliability.parts([1, 2], ["a", "a"], [1, 1], [2, 2])
    with pytest.raises(ValueError, match="several pictures"):
        reliability.parts([1, 2], ["a", "b"], [1, 1], [2, 2])
    with pytest.raises(ValueError, match="one value for each"):
        reliability.parts([1, 2, 3], ["a", "b"], [1, 1], [2, 2])
    with pytest.raises(ValueError, match="sd must"):
        reliability.noise_variance([-1], [3])
    with pytest.raises(ValueError, match="sd must"):
        reliability.noise_variance([1], [0])
