"""What votes say: how far people agree, and which prior foresees where their other votes go.

A picture's votes are a row of eight counts in the order of `MIKELS8`. Its dominant emotion is the
one with most votes; the votes for the other seven are its *co-votes*. Rao et al. (2019, eq. 4)
spread the remainder 1 - p* over the seven by their closeness on Mikels' wheel; co-votes are where
real voters put it. Pictures whose first place is shared have no dominant emotion and are left out.

What is said about agreement holds for any number of classes, the rest for the eight.
"""

import itertools

import numpy as np
import pandas as pd

from emobook.emotions import MIKELS8, WHEEL, indices, wheel_distribution

N = len(MIKELS8)


def voter_agreement(votes) -> np.ndarray:
    """(N,) chance that one voter of an image, drawn at random, names the plurality of the others.

    votes: counts (N, C). The voter's own vote is taken out first: left in, it would help to make
    the plurality it is compared with. Where k classes tie among the others, each counts 1 / k.
    NaN for an image with fewer than two votes.
    """
    votes = _counted(votes)
    others = votes[:, None, :] - np.eye(votes.shape[1])  # [image, class of the voter, class]
    top = others == others.max(axis=2, keepdims=True)
    hit = np.einsum("ncc->nc", top) / top.sum(axis=2)
    total = votes.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(total > 1, (votes * hit).sum(axis=1) / total, np.nan)


def human_ceiling(votes) -> float:
    """Mean of `voter_agreement`: a person's accuracy at the task that is set to the methods.

    A method may exceed it, since it is judged by all voters' plurality, not by one voter. Pass
    `voter_agreement` to `bootstrap_interval` for its interval.
    """
    agreement = voter_agreement(votes)
    if np.isnan(agreement).all():
        raise ValueError("votes must have an image with at least two votes")
    return float(np.nanmean(agreement))


def split_half(votes, draws: int = 20, seed: int = 0) -> float:
    """Reliability of vote shares (N, C), at most 1: how far other voters would give them again.

    Each image's voters are split at random into halves; the halves' shares, minus each class's
    mean, are correlated over images and classes, averaged over draws, and stepped up to all voters
    by Spearman-Brown. Its square root bounds the correlation of any method with the shares.
    Images with fewer than two votes are left out.
    """
    votes = _counted(votes)
    votes = votes[votes.sum(axis=1) > 1]
    rng, found = np.random.default_rng(seed), []
    for _ in range(draws):
        half, rest = np.zeros_like(votes), votes.sum(axis=1)
        left = rest // 2
        for c, count in enumerate(votes.T):
            rest = rest - count
            half[:, c] = rng.hypergeometric(count, rest, left)
            left = left - half[:, c]
        shares = [part / part.sum(axis=1, keepdims=True) for part in (half, votes - half)]
        found.append(np.corrcoef(*((s - s.mean(axis=0)).ravel() for s in shares))[0, 1])
    r = float(np.mean(found))
    return 2 * r / (1 + r)


def rings() -> np.ndarray:
    """All 7!/2 = 2,520 circular orders of the eight, (2520, 8) indices into `MIKELS8`.

    Rotations and mirror images of an order are the same ring.
    """
    orders = (tail for tail in itertools.permutations(range(1, N)) if tail[0] < tail[-1])
    return np.array([(0, *tail) for tail in orders])


def ring_prior(ring=WHEEL, *, offset: float = 1) -> np.ndarray:
    """Where eq. 4 sends the remainder: (8, 8), row = dominant emotion, rows sum to 1."""
    half = wheel_distribution(np.arange(N), 0.5, offset=offset, ring=ring)
    return (half - 0.5 * np.eye(N)) * 2


def covotes(votes) -> tuple[np.ndarray, np.ndarray]:
    """Dominant emotion (M,) and co-votes (M, 8) of the M pictures with a single first place.

    The dominant emotion's own entry is 0. Raises ValueError where `votes` are not (n, 8) counts.
    """
    votes = _checked(votes)
    top = votes == votes.max(axis=1, keepdims=True)
    single = top.sum(axis=1) == 1
    dominant = top[single].argmax(axis=1)
    rest = votes[single].copy()
    rest[np.arange(len(rest)), dominant] = 0
    return dominant, rest


def _some_covotes(votes) -> tuple[np.ndarray, np.ndarray]:
    dominant, rest = covotes(votes)
    if not rest.sum():
        raise ValueError("votes must have a picture with a single first place and other votes")
    return dominant, rest


def covote_matrix(votes) -> np.ndarray:
    """Share of the co-votes that each emotion draws, (8, 8): row = dominant emotion.

    A row sums to 1, or is 0 where no picture is dominated by that emotion or none has co-votes.
    """
    counts = _counts(*covotes(votes), weights=None)[0]
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def compare_priors(votes, priors: dict, *, resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """How well each prior foresees co-votes, in bits per co-vote above an even spread.

    priors: name → (8, 8), row = dominant emotion, diagonal ignored. Two more rows are learned from
    one half of the pictures and judged on the other: "popularity" (one distribution, whatever the
    dominant emotion) and "measured co-votes" (one for each dominant emotion).

    Returns columns prior, value, low, high (95 %, pictures resampled). 0 is the uniform remainder.
    """
    dominant, rest = _some_covotes(votes)
    weights = _resampled(len(rest), resamples, seed)
    half = np.random.default_rng(seed).permutation(len(rest)) % 2
    gains = {name: _bits(dominant, rest, prior) for name, prior in priors.items()}
    gains["popularity"] = np.zeros(len(rest))
    gains["measured co-votes"] = np.zeros(len(rest))
    for part in (0, 1):
        fit, test = half != part, half == part
        counts = _counts(dominant[fit], rest[fit], weights=None)[0] + 1  # no emotion is impossible
        popular = np.tile(counts.sum(axis=0), (N, 1))
        gains["popularity"][test] = _bits(dominant[test], rest[test], popular)
        gains["measured co-votes"][test] = _bits(dominant[test], rest[test], counts)
    cast = rest.sum(axis=1)
    rows = []
    for name, gain in gains.items():
        low, high = np.quantile(weights @ gain / (weights @ cast), [0.025, 0.975])
        rows.append((name, gain.sum() / cast.sum(), low, high))
    return pd.DataFrame(rows, columns=["prior", "value", "low", "high"])


def ring_ranks(votes, *, offset: float = 1, resamples: int = 200, seed: int = 0) -> pd.DataFrame:
    """Every ring's gain over an even spread, best first; `rank` of each with its 95 % interval.

    Returns 2,520 rows: ring (tuple of names), bits, rank, low, high. Pictures are resampled.
    """
    orders = rings()
    dominant, rest = _some_covotes(votes)
    table = np.array([np.log2(_prior(ring_prior(order, offset=offset))) for order in orders])
    table = (table + np.log2(N - 1)).reshape(len(orders), -1)
    bits = _counts(dominant, rest, None).reshape(1, -1) @ table.T / rest.sum()
    weights = _resampled(len(rest), resamples, seed)
    drawn = _counts(dominant, rest, weights).reshape(resamples, -1) @ table.T
    ranks = (-drawn).argsort(axis=1).argsort(axis=1) + 1
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0)
    names = [tuple(MIKELS8[i] for i in order) for order in orders]
    result = pd.DataFrame({"ring": names, "bits": bits[0], "low": low, "high": high})
    result = result.sort_values("bits", ascending=False, kind="stable", ignore_index=True)
    result.insert(2, "rank", np.arange(len(result)) + 1)
    return result


def same_ring(first, second) -> bool:
    """Whether two orders are the same ring, up to rotation and mirror image."""
    return np.array_equal(ring_prior(first), ring_prior(second))


def voter_noise_null(votes, *, steps: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Fit "each picture has one emotion, and voters err": shares (8,) and confusion (8, 8).

    The fit is a mixture of multinomials by expectation-maximisation from a fixed start (a voter is
    right 7 times in 10). Row k of the confusion says how the voters of pictures of kind k vote. It
    is a generous null: an error that all pictures of a kind share counts as noise.
    """
    unique, counts = np.unique(_checked(votes), axis=0, return_counts=True)
    shares = np.full(N, 1 / N)
    confusion = np.eye(N) * 0.7 + (1 - np.eye(N)) * 0.3 / (N - 1)
    for _ in range(steps):
        belief = np.log(shares + 1e-12) + unique @ np.log(confusion).T
        belief = np.exp(belief - belief.max(axis=1, keepdims=True))
        belief *= counts[:, None] / belief.sum(axis=1, keepdims=True)
        shares = belief.sum(axis=0) / counts.sum()
        confusion = belief.T @ unique + 1e-3
        confusion /= confusion.sum(axis=1, keepdims=True)
    return shares, confusion


def simulate_votes(shares, confusion, voters, *, seed: int = 0) -> np.ndarray:
    """Votes under the null: one row for each entry of `voters` (votes per picture), (n, 8)."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(N, size=len(voters), p=np.asarray(shares) / np.sum(shares))
    return rng.multinomial(voters, np.asarray(confusion)[kinds])


def runner_up(votes) -> np.ndarray:
    """Votes for the second most chosen emotion, (n,)."""
    return np.sort(_checked(votes), axis=1)[:, -2]


def _counted(votes) -> np.ndarray:
    values = np.asarray(votes)
    numbers = values.ndim == 2 and values.dtype.kind in "iuf" and np.isfinite(values).all()
    if not numbers or not ((values >= 0) & (values == np.floor(values))).all():
        raise ValueError("votes must be whole counts of at least 0, of shape (N, C)")
    return values.astype(np.int64)


def _checked(votes) -> np.ndarray:
    votes = _counted(votes)
    if votes.shape[1] != N:
        raise ValueError(f"votes must have {N} columns, one an emotion, not {votes.shape[1]}")
    return votes.astype(float)


def _prior(prior) -> np.ndarray:
    """Rows without their diagonal, normalised; the diagonal 1, so that its logarithm is 0."""
    prior = np.where(np.eye(N, dtype=bool), 0, np.asarray(prior, dtype=float))
    return prior / prior.sum(axis=1, keepdims=True) + np.eye(N)


def _bits(dominant, rest, prior) -> np.ndarray:
    gain = np.log2(_prior(prior)) + np.log2(N - 1)
    return (rest * gain[dominant]).sum(axis=1)


def _counts(dominant, rest, weights) -> np.ndarray:
    """Co-votes summed over pictures, (draws, 8, 8), each picture counted `weights` times."""
    weights = np.ones((1, len(rest))) if weights is None else weights
    return np.stack([weights[:, dominant == k] @ rest[dominant == k] for k in indices(MIKELS8)], 1)


def _resampled(n: int, resamples: int, seed: int) -> np.ndarray:
    """How often each of n pictures is drawn in each bootstrap sample, (resamples, n)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float32)
