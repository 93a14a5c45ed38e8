"""What votes say about people: how often they agree, and how reliable their shares are."""

import numpy as np


def voter_agreement(votes) -> np.ndarray:
    """(N,) chance that one voter of an image, drawn at random, names the plurality of the others.

    votes: counts (N, C). The voter's own vote is taken out first: left in, it would help to make
    the plurality it is compared with. Where k classes tie among the others, each counts 1 / k.
    NaN for an image with fewer than two votes.
    """
    votes = _votes(votes)
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
    votes = _votes(votes)
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


def _votes(votes) -> np.ndarray:
    values = np.asarray(votes)
    if values.ndim != 2 or not (values >= 0).all() or not (values == np.floor(values)).all():
        raise ValueError("votes must be whole counts of at least 0, of shape (N, C)")
    return values.astype(np.int64)
