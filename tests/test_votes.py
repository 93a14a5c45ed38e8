"""Priors over co-votes are judged on votes whose prior is known."""

import numpy as np
import pytest

from emobook.emotions import MIKELS8, WHEEL
from emobook.votes import (
    compare_priors,
    covote_matrix,
    covotes,
    ring_prior,
    ring_ranks,
    rings,
    runner_up,
    same_ring,
    simulate_votes,
    voter_noise_null,
)

SHUFFLED = ("fear", "awe", "anger", "sadness", "amusement", "excitement", "disgust", "contentment")


def draw(prior, n=3000, voters=11, right=0.6, seed=0):
    rng = np.random.default_rng(seed)
    confusion = right * np.eye(8) + (1 - right) * prior
    return rng.multinomial(voters, confusion[rng.integers(0, 8, n)])


def test_there_are_2520_rings_and_each_is_there_once():
    orders = rings()
    assert orders.shape == (2520, 8)
    assert len({ring_prior(order).tobytes() for order in orders}) == 2520


def test_a_ring_is_itself_when_turned_or_mirrored():
    assert same_ring(WHEEL, WHEEL[3:] + WHEEL[:3]) and same_ring(WHEEL, WHEEL[::-1])
    assert not same_ring(WHEEL, SHUFFLED)


def test_ring_prior_has_the_shares_of_equation_4():
    row = ring_prior()[MIKELS8.index("excitement")]
    assert row.sum() == pytest.approx(1)
    assert row[MIKELS8.index("fear")] == pytest.approx(0.2113, abs=1e-4)
    assert row[MIKELS8.index("anger")] == pytest.approx(0.0845, abs=1e-4)


def test_covotes_leave_out_ties_and_the_winner():
    votes = np.array([[5, 0, 2, 0, 0, 0, 0, 1], [3, 3, 0, 0, 0, 0, 0, 0]])
    dominant, rest = covotes(votes)
    assert dominant.tolist() == [0]
    assert rest.tolist() == [[0, 0, 2, 0, 0, 0, 0, 1]]
    assert covote_matrix(votes)[0].tolist() == pytest.approx([0, 0, 2 / 3, 0, 0, 0, 0, 1 / 3])
    assert runner_up(votes).tolist() == [2, 3]


@pytest.mark.parametrize("ring", [WHEEL, SHUFFLED])
def test_the_ring_that_made_the_votes_comes_first(ring):
    ranks = ring_ranks(draw(ring_prior(ring)), resamples=20)
    assert same_ring(ranks.ring[0], ring)
    assert ranks.low[0] <= 1 <= ranks.high[0] and ranks["rank"].tolist()[:3] == [1, 2, 3]


def test_the_true_prior_gains_and_a_wrong_one_loses():
    priors = {"wheel": ring_prior(), "shuffled": ring_prior(SHUFFLED)}
    gain = compare_priors(draw(ring_prior()), priors, resamples=100).set_index("prior")
    assert gain.low["wheel"] > 0 > gain.high["shuffled"]
    assert gain.value["measured co-votes"] == pytest.approx(gain.value["wheel"], abs=0.01)
    # Under an even spread no prior gains, and what is learned is learned on the other half.
    even = compare_priors(draw(np.ones((8, 8)) / 8), priors, resamples=100).set_index("prior")
    assert (even.value < 0.005).all() and even.high["wheel"] < 0


def test_the_null_finds_the_confusion_that_made_the_votes():
    confusion = 0.65 * np.eye(8) + 0.35 * ring_prior()
    votes = simulate_votes(np.full(8, 1 / 8), confusion, np.full(4000, 11), seed=3)
    shares, found = voter_noise_null(votes)
    assert np.abs(found - confusion).max() < 0.03 and np.abs(shares - 1 / 8).max() < 0.02
    again = simulate_votes(shares, found, votes.sum(axis=1), seed=4)
    assert abs((runner_up(votes) >= 3).mean() - (runner_up(again) >= 3).mean()) < 0.03


def test_two_emotions_in_a_picture_show_against_the_null():
    """Half of the pictures have two emotions of equal strength, in every pairing alike."""
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 8, 3000), rng.integers(0, 8, 3000)
    second = np.where(rng.random(3000) < 0.5, first, second)
    chance = 0.9 * (np.eye(8)[first] + np.eye(8)[second]) / 2 + 0.1 / 8
    votes = rng.multinomial(11, chance)
    shares, confusion = voter_noise_null(votes)
    null = simulate_votes(shares, confusion, votes.sum(axis=1))
    assert (runner_up(votes) >= 4).mean() - (runner_up(null) >= 4).mean() > 0.1


@pytest.mark.parametrize("votes", [np.ones(8), np.ones((3, 7)), -np.ones((2, 8))])
def test_bad_votes_are_named(votes):
    with pytest.raises(ValueError, match="votes must"):
        covotes(votes)


@pytest.mark.parametrize("function", [ring_ranks, lambda votes: compare_priors(votes, {})])
def test_votes_without_a_co_vote_are_refused(function):
    with pytest.raises(ValueError, match="votes must have a picture with"):
        function(5 * np.eye(8))
