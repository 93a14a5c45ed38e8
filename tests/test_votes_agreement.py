"""The human level against brute force, and reliability against a second crowd."""

import numpy as np
import pytest

from emobook.votes import human_ceiling, split_half, voter_agreement


def by_brute_force(votes):
    """Take out every single vote and ask the rest."""
    ballots = np.repeat(np.arange(len(votes)), votes)
    hits = []
    for i, own in enumerate(ballots):
        others = np.bincount(np.delete(ballots, i), minlength=len(votes))
        winners = np.flatnonzero(others == others.max())
        hits.append((own in winners) / len(winners))
    return np.mean(hits)


def test_against_brute_force():
    votes = np.random.default_rng(0).multinomial(7, np.full(5, 0.2), size=60)
    assert voter_agreement(votes) == pytest.approx([by_brute_force(row) for row in votes])


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([9, 0, 0], 1),
        ([1, 1, 0], 0),  # the other one always disagrees
        ([2, 1, 0], 1 / 3),  # each of the two sees a tie of two, the third sees the two
        ([1, 1, 1], 0),
        ([3, 1, 1], 3 / 5),
        ([2, 2, 0], 0),  # once the own vote is out, the others lead
    ],
)
def test_small_crowds(votes, expected):
    assert voter_agreement([votes])[0] == pytest.approx(expected)


def test_leaving_the_own_vote_in_would_flatter():
    """Voters who guess among eight agree with the others at chance, not above it."""
    votes = np.random.default_rng(0).multinomial(5, np.full(8, 1 / 8), size=4000)
    assert human_ceiling(votes) == pytest.approx(1 / 8, abs=0.01)
    naive = (votes.max(1) / votes.sum(1)).mean()
    assert naive > 0.35


def test_images_without_two_votes_do_not_count():
    votes = [[4, 0], [1, 0], [0, 0]]
    assert np.isnan(voter_agreement(votes)).tolist() == [False, True, True]
    assert human_ceiling(votes) == 1
    with pytest.raises(ValueError, match=r"^votes must"):
        human_ceiling([[1, 0]])


@pytest.mark.parametrize(
    "votes", [[[0.5, 0.5]], [[-1, 2]], [1, 2], [[np.nan, 1]], [[np.inf, 1]], [["a", "b"]]]
)
def test_shares_are_no_votes(votes):
    with pytest.raises(ValueError, match=r"^votes must"):
        voter_agreement(votes)


def test_reliability_foretells_a_second_crowd():
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.ones(8), size=3000)
    first, second = rng.multinomial(10, truth), rng.multinomial(10, truth)
    shares = [v / 10 - (v / 10).mean(0) for v in (first, second)]
    between = np.corrcoef(shares[0].ravel(), shares[1].ravel())[0, 1]
    assert split_half(first) == pytest.approx(between, abs=0.02)
    assert split_half(first) == split_half(first)
    alike = rng.multinomial(10, np.full(8, 1 / 8), size=3000)
    assert split_half(alike) == pytest.approx(0, abs=0.03)
    assert split_half(9 * np.eye(8, dtype=int)) == pytest.approx(1)


def test_real_votes(real_data):
    """One voter agrees with the plurality of the other ten (or seven) in half of the cases."""
    for name, expected in (("flickr", 0.504), ("twitter", 0.598)):
        path = real_data / "ldl" / f"{name}_ldl_votes.txt"
        if not path.is_file():
            pytest.skip(f"not run: {path.name} is not in EMOBOOK_DATA")
        lines = path.read_text().splitlines()
        votes = np.array([line.split()[1:] for line in lines if line.strip()], dtype=int)
        assert human_ceiling(votes) == pytest.approx(expected, abs=5e-4)
