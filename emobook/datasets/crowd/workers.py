"""Simulated crowd workers whose ability is known, the test that they sit, and who sees what.

The rules are ours, since no paper says how its workers err; every number below that comes out of
them is a synthetic one. What the papers do say is how the work was organised: the qualification
test and five different workers for an image (You et al. 2016), at most 200 questions for a worker
and none about an image that he has seen before (Kim et al. 2018).
"""

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

from emobook.datasets.crowd import arguments
from emobook.emotions import MIKELS8

GUESS = 1 / len(MIKELS8)
"""The chance that a guesser names the right one of the eight."""


def simulate_workers(
    n: int,
    *,
    seed: int = 0,
    skill=(-0.75, 0.5),
    discrimination=(2.0, 0.7),
    leaning=(0.2, 0.4),
    correlation: float = 0.6,
    spammers: float = 0.1,
    earnest: float = 0.5,
    activity: float = 1.0,
) -> pd.DataFrame:
    """n workers: who they are, how well they name emotions, how well they answer yes or no.

    Every pair is (mean, standard deviation) of a normal distribution over the workers.

    skill: of the inverse normal (probit) of the share of images whose emotion a worker recognises;
        of the others one in eight is guessed right. With the default, about as many pass the
        qualification test as in the paper (225 of over 1000).
    discrimination, leaning: of d and c in the equal-variance model of signal detection theory:
        sensitivity Φ(d/2 − c) is the chance of a yes where yes is right, specificity Φ(d/2 + c)
        the chance of a no where no is right. A worker with c above 0 says no too often.
    correlation: of a worker's discrimination with his skill, -1 to 1; the leaning has none. It is
        what makes a test of naming tell anything about verifying.
    spammers: share who do not look at the images; half of them (up to one) always say yes, half
        toss a coin.
    earnest: share of the spammers who still sit the test as well as the others, so that it cannot
        keep them out; the rest of them guess in it too.
    activity: standard deviation of the logarithm of how much a worker takes on; 0: all alike.

    Returns columns worker (str), kind ("honest", "yes", "coin"), skill (share named right of the
    eight), sensitivity, specificity, activity (relative). Raises ValueError that names the
    argument.
    """
    arguments.whole("n", n, 1)
    for name, pair in (("skill", skill), ("discrimination", discrimination), ("leaning", leaning)):
        arguments.pair(name, pair)
    arguments.within("correlation", correlation, -1, 1)
    arguments.within("spammers", spammers, 0, 1)
    arguments.within("earnest", earnest, 0, 1)
    arguments.within("activity", activity, 0, 5)
    rng = np.random.default_rng(seed)
    ability, other, lean, volume = rng.standard_normal((4, n))
    known = norm.cdf(skill[0] + skill[1] * ability)
    named = known + (1 - known) * GUESS
    shared = correlation * ability + np.sqrt(1 - correlation**2) * other
    d = discrimination[0] + discrimination[1] * shared
    c = leaning[0] + leaning[1] * lean
    sensitivity, specificity = norm.cdf(d / 2 - c), norm.cdf(d / 2 + c)
    kind = np.full(n, "honest", dtype=object)
    spam = rng.permutation(n)[: round(spammers * n)]
    kind[spam[::2]], kind[spam[1::2]] = "yes", "coin"
    careless = rng.permutation(spam)[: round((1 - earnest) * len(spam))]
    named[careless] = GUESS
    sensitivity[kind == "yes"], specificity[kind == "yes"] = 1, 0
    sensitivity[kind == "coin"] = specificity[kind == "coin"] = 0.5
    width = len(str(n - 1))
    return pd.DataFrame(
        {
            "worker": [f"w{i:0{width}d}" for i in range(n)],
            "kind": kind.astype(str),
            "skill": named,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "activity": np.exp(activity * volume),
        }
    )


def qualification(
    workers: pd.DataFrame, *, questions: int = 20, needed: int = 10, seed: int = 0
) -> pd.DataFrame:
    """The workers who pass the test, with the column `right`: questions answered rightly.

    You et al. (2016) showed 20 images of ArtPhoto, whose emotion is taken as known, asked for one
    of the eight, and let in those who had at least half of them right: 225 of over 1000. Here
    every question is equally hard. needed=0 lets all pass, to see how they fare.

    workers: needs the column `skill`. Raises ValueError that names the argument.
    """
    skill = arguments.column(workers, "skill")
    _test(questions, needed)
    right = np.random.default_rng(seed).binomial(questions, skill)
    tested = workers.assign(right=right)
    return tested[right >= needed].reset_index(drop=True)


def chance_of_passing(skill, questions: int = 20, needed: int = 10):
    """Chance of at least `needed` right of `questions`, each right with chance `skill` (exact).

    skill: one or an array, 0 to 1. A float, or an array of that shape. Someone who guesses among
    the eight (skill 1/8) passes You's test about once in 19,000 tries; someone who is right half
    of the time in 59 of 100.
    """
    skill = arguments.share("skill", skill)
    _test(questions, needed)
    chance = binom.sf(needed - 1, questions, skill)
    return float(chance) if np.ndim(chance) == 0 else chance


def assign(activity, images: int, per_image: int, *, limit=None, seed: int = 0) -> np.ndarray:
    """Who sees what: (images, per_image) indices of different workers, drawn by their activity.

    activity: (W,) relative amount of work, above 0. limit: most images for one worker, or None.

    A worker's number of images is as near to his share of the activity as limits allow; which
    images they are is chance. An image takes its workers in proportion to what each has still to
    do, and at once whoever would otherwise run out of images: so it always comes out even.

    Raises ValueError where so many answers cannot be had of so many workers.
    """
    activity = np.asarray(activity, dtype=float)
    if activity.ndim != 1 or not (np.isfinite(activity) & (activity > 0)).all():
        raise ValueError("activity must be one finite number above 0 for each worker")
    arguments.whole("images", images, 1)
    arguments.whole("per_image", per_image, 1)
    if limit is not None:
        arguments.whole("limit", limit, 1)
    n, most = len(activity), images if limit is None else min(limit, images)
    total = images * per_image
    if per_image > n:
        raise ValueError(f"{per_image} different workers for an image cannot be had of {n}")
    if total > n * most:
        raise ValueError(
            f"{images} images × {per_image} answers are more than {n} workers × {most} can give: "
            f"take at least {-(-total // most)} workers, or a higher limit"
        )
    rng = np.random.default_rng(seed)
    left = _quotas(activity, total, most)
    chosen = np.empty((images, per_image), dtype=np.int64)
    for turn, image in enumerate(rng.permutation(images)):
        with np.errstate(divide="ignore"):
            key = np.log(left) + rng.gumbel(size=n)  # largest keys: drawn without replacement
        key[left == images - turn] = np.inf
        who = np.argpartition(-key, per_image - 1)[:per_image]
        chosen[image] = rng.permutation(who)
        left[who] -= 1
    return chosen


def _quotas(activity, total: int, most: int) -> np.ndarray:
    """Whole numbers that sum to `total`, at most `most` each, in proportion to `activity`."""
    share, full = np.zeros(len(activity)), np.zeros(len(activity), dtype=bool)
    while True:
        free = total - most * full.sum()
        share = np.where(full, most, free * activity / max(activity[~full].sum(), 1e-300))
        if not (share[~full] > most).any():
            break
        full |= share > most
    quota = np.floor(share).astype(np.int64)
    room = np.argsort(np.where(quota < most, quota - share, np.inf), kind="stable")
    quota[room[: total - quota.sum()]] += 1
    return quota


def _test(questions, needed) -> None:
    arguments.whole("questions", questions, 1)
    arguments.whole("needed", needed, 0)
    if needed > questions:
        raise ValueError(f"needed must be at most the number of questions, {questions}")
