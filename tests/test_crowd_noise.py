"""Weak labels of known noise: what a crawl's labels are like, and labels drawn alike."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from emobook.datasets import crowd
from emobook.datasets.lists import DatasetError
from emobook.emotions import MIKELS8, uniform_distribution

EIGHT = np.arange(8)
FIXED = [0, 6, 4, 0, 6, 2, 6, 7]  # eight pictures under half of noise, seed 1


def posts(pairs, **more):
    """A crawl of (truth, query, how often)."""
    rows = [(truth, query) for truth, query, often in pairs for _ in range(often)]
    truth, query = zip(*rows, strict=True)
    columns = {"truth": truth, "query": [MIKELS8[q] for q in query], **more}
    return pl.DataFrame(columns, schema_overrides={n: crowd.SCHEMA[n] for n in ("truth", "query")})


def within_chance(count, n, share):
    """Whether a count lies where a binomial does but for one time in a million on either side."""
    return binom.ppf(1e-6, n, share) <= count <= binom.ppf(1 - 1e-6, n, share)


# confusion_of


def test_rows_are_shares_of_weak_labels_among_the_pictures_of_an_emotion():
    frame = posts([*((i, i, 3) for i in EIGHT), (6, 7, 1), (6, 0, 2), (crowd.NONE, 2, 50)])
    expected = np.eye(8)
    expected[6] = 0
    expected[6, [6, 7, 0]] = 3 / 6, 1 / 6, 2 / 6
    for crawl in (frame, frame.lazy(), frame.reverse()):
        found = crowd.confusion_of(crawl)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, atol=1e-15)


def test_a_simulated_crawl_has_the_confusion_that_its_purity_implies():
    """With as many posts for each query, P(weak | truth) follows from purity by Bayes."""
    purity = np.linspace(0.2, 0.9, 8)
    alike = {"shares": np.ones((2, 8)), "exact": 0, "near": 0}
    crawl = crowd.simulate_crawl(400_000, purity=purity, nothing=0.3, **alike)
    found = crowd.confusion_of(crawl)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    joint = np.where(np.eye(8), purity, 0.7 * (1 - purity) / 7)  # row: truth, column: query
    np.testing.assert_allclose(found, joint / joint.sum(axis=1, keepdims=True), atol=0.01)


def test_cleaning_shows_in_the_noise_that_is_measured_after_it():
    crawl = crowd.simulate_crawl(60_000, second_tag=(0.1, 0.6))
    before, after = crowd.confusion_of(crawl), crowd.confusion_of(crowd.clean(crawl)[0])
    assert (np.diag(after) > np.diag(before)).all()


def test_a_crawl_without_truth_or_without_an_emotion_is_refused():
    frame = posts([(i, i, 1) for i in EIGHT])
    with pytest.raises(DatasetError, match="lacks the column 'truth'"):
        crowd.confusion_of(frame.drop("truth"))
    with pytest.raises(DatasetError, match=r"'query' is of type String.*as_crawl"):
        crowd.confusion_of(frame.cast({"query": pl.String}))
    with pytest.raises(ValueError, match="no picture of the crawl evokes fear: take a larger"):
        crowd.confusion_of(frame.filter(pl.col("truth") != 6))


# weak_labels


def test_labels_fall_as_often_as_the_confusion_says():
    draw = np.random.default_rng(1)
    confusion = draw.dirichlet(np.ones(8) * 0.7, size=8)
    truth = draw.integers(8, size=40_000)
    weak = crowd.weak_labels(truth, confusion, seed=3)
    assert weak.dtype == np.int64 and weak.shape == truth.shape
    for row in EIGHT:
        drawn = np.bincount(weak[truth == row], minlength=8)
        for column in EIGHT:
            assert within_chance(drawn[column], drawn.sum(), confusion[row, column])


def test_uniform_noise_is_wrong_as_often_as_asked_and_evenly():
    truth = np.arange(30_000) % 5
    before = np.zeros(len(truth), bool)
    for rate in (0.1, 0.35, 0.6):
        weak = crowd.weak_labels(truth, uniform_distribution(np.arange(5), 1 - rate, 5))
        wrong = weak != truth
        assert within_chance(wrong.sum(), len(truth), rate)
        turns = np.bincount((weak - truth)[wrong] % 5, minlength=5)[1:]
        assert all(within_chance(turn, wrong.sum(), 1 / 4) for turn in turns)
        assert wrong[before].all(), "what is wrong at some noise is wrong at more"
        before = wrong


def test_without_noise_labels_are_the_truth_and_a_turned_table_turns_them():
    truth = np.random.default_rng(0).integers(8, size=500)
    np.testing.assert_array_equal(crowd.weak_labels(truth, np.eye(8)), truth)
    turned = np.roll(np.eye(8), 1, axis=1)
    np.testing.assert_array_equal(crowd.weak_labels(truth, turned), (truth + 1) % 8)
    assert crowd.weak_labels([], np.eye(8)).shape == (0,)
    assert set(crowd.weak_labels(np.zeros(200, int), [[0.5, 0.5], [0, 1]])) == {0, 1}


def test_labels_depend_on_place_and_seed_alone():
    truth = np.random.default_rng(0).integers(8, size=300)
    confusion = uniform_distribution(EIGHT, 0.5)
    weak = crowd.weak_labels(truth, confusion, seed=4)
    np.testing.assert_array_equal(crowd.weak_labels(truth[:70], confusion, seed=4), weak[:70])
    other = crowd.weak_labels(truth, confusion, seed=5)
    both = ((weak != truth) & (other != truth)).sum()
    assert within_chance(both, len(truth), 0.25), "two seeds err independently"
    named = crowd.weak_labels(np.array(MIKELS8)[truth], confusion, seed=4)
    np.testing.assert_array_equal(named, np.array(MIKELS8)[weak])
    fixed = crowd.weak_labels(EIGHT, confusion, seed=1)
    np.testing.assert_array_equal(fixed, FIXED)


def test_the_noise_of_a_cleaned_crawl_falls_on_other_pictures_and_five_votes_take_it_off():
    cleaned = crowd.clean(crowd.simulate_crawl(40_000))[0]
    sent = crowd.draw_for_labelling(cleaned, 100, {})
    confusion = crowd.confusion_of(crowd.draw_noisy_set(cleaned, sent, 1000))
    truth = np.arange(4000) % 8
    weak = crowd.weak_labels(truth, confusion)
    right = np.diag(confusion).mean()
    assert within_chance((weak == truth).sum(), len(truth), right)
    workers = crowd.simulate_workers(200, spammers=0)
    kept = crowd.keep(crowd.verify_labels(weak, truth, workers))["kept"].to_numpy()
    assert (weak == truth)[kept].mean() > right + 0.2
    assert 0.1 < kept.mean() < 0.9


@pytest.mark.parametrize(
    ("truth", "confusion", "reason"),
    [
        ([0, 8], np.eye(8), "truth must lie in 0..7, but contains 8"),
        (["joy"], np.eye(8), "truth"),
        (["awe"], np.eye(2), "names are known for the eight emotions only"),
        ([[0], [1]], np.eye(8), r"of shape \(N,\), not \(2, 1\)"),
        ([0], np.eye(8)[:7], "square table"),
        ([0], [[0.5, 0.4], [0, 1]], "rows that sum to 1"),
        ([0], [[1.5, -0.5], [0, 1]], "at least 0"),
        ([0], [[np.nan, 1], [0, 1]], "at least 0"),
        ([0], "noise", "square table of numbers"),
    ],
)
def test_what_is_no_truth_or_no_confusion_is_refused(truth, confusion, reason):
    with pytest.raises(ValueError, match=reason):
        crowd.weak_labels(truth, confusion)
