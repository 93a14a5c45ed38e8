"""Valence and arousal on self-assessment manikins (SAM): the protocol of Kim et al. (2018).

A worker rates one image at a time on two rows of nine manikins (Bradley and Lang 1994), with the
image before it and his own rating of that one beside it; he rates no image twice and at most 200.
An image gets the mean of at least five ratings. `simulate_ratings` does so with a known truth;
the other functions take anybody's ratings, a long table with one row for each:

- `worker`, `image`: who rated what; `valence`, `arousal`: how (missing values are not allowed);
- `previous`: the image rated just before by the same worker, missing for his first. Only
  `carry_over` needs it.
"""

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsqr
from scipy.stats import f as f_distribution

from emobook.datasets.crowd import arguments
from emobook.datasets.crowd.aggregation import checked
from emobook.datasets.crowd.workers import assign

SCALES = ("valence", "arousal")
CORRECTIONS = (None, "centre", "additive")
LOW, HIGH, MIDDLE = 1, 9, 5


def simulate_ratings(
    truth,
    *,
    raters: int = 1339,
    per_image: int = 5,
    limit: int | None = 200,
    seed: int = 0,
    bias_sd: float = 0.7,
    scale_sd: float = 0.2,
    noise_sd: float = 1.0,
    anchoring: float = 0.0,
    activity: float = 1.0,
) -> pd.DataFrame:
    """Ratings of N images by workers of whom each has his own level and spread.

    A worker feels 5 + s (truth − 5) + b + noise and rates felt + anchoring · (his rating of the
    image before − felt), as the nearest whole number from 1 to 9. The rule and its defaults are
    ours; the numbers of raters, ratings and the limit are Kim's.

    truth: (N, 2) valence and arousal, 1 to 9.
    raters, per_image, limit: workers at hand, ratings of an image, most ratings of a worker.
    bias_sd, scale_sd: standard deviations over workers of b and of the logarithm of s, each drawn
        for valence and for arousal. noise_sd: of the noise of a single rating.
    anchoring: -1 to 1; above 0 a rating is drawn to the one shown beside it, at 1 it repeats it;
        below 0 it is pushed away from it.
    activity: standard deviation of the logarithm of how much a worker takes on; 0: all alike.

    Returns N · per_image rows in the order in which each worker rated: worker (str), order (from
    0), image (0 to N - 1), valence, arousal (int), previous (Int64). A worker to whom nothing
    fell does not occur. Raises ValueError that names the argument, or says how many raters the
    images need.
    """
    truth = np.asarray(truth, dtype=float)
    if truth.ndim != 2 or truth.shape[1] != 2 or not len(truth):
        raise ValueError(f"truth must hold valence and arousal, (N, 2), not {truth.shape}")
    if not ((truth >= LOW) & (truth <= HIGH)).all():
        raise ValueError(f"truth must lie from {LOW} to {HIGH}")
    arguments.whole("raters", raters, 1)
    for name, value in (("bias_sd", bias_sd), ("scale_sd", scale_sd), ("noise_sd", noise_sd),
                        ("activity", activity)):  # fmt: skip
        arguments.within(name, value, 0, 8)
    arguments.within("anchoring", anchoring, -1, 1)
    rng = np.random.default_rng((seed, 1))  # other dice than those of `assign`
    bias = bias_sd * rng.standard_normal((raters, 2))
    spread = np.exp(scale_sd * rng.standard_normal((raters, 2)))
    amount = np.exp(activity * rng.standard_normal(raters))
    who = assign(amount, len(truth), per_image, limit=limit, seed=seed).ravel()
    image = np.repeat(np.arange(len(truth)), per_image)
    rows = np.lexsort((rng.random(len(who)), who))
    who, image = who[rows], image[rows]
    noise = noise_sd * rng.standard_normal((len(who), 2))
    felt = MIDDLE + spread[who] * (truth[image] - MIDDLE) + bias[who] + noise
    first = np.append(True, who[1:] != who[:-1])
    order = np.arange(len(who)) - np.flatnonzero(first)[np.cumsum(first) - 1]
    rated = np.empty(felt.shape)
    for turn in range(order.max() + 1):  # all workers at once, each at his turn-th image
        now = np.flatnonzero(order == turn)
        wish = felt[now]
        if turn:
            wish = wish + anchoring * (rated[now - 1] - wish)
        rated[now] = np.clip(np.rint(wish), LOW, HIGH)
    before = pd.Series(image).shift().mask(first).astype("Int64")
    width = len(str(raters - 1))
    return pd.DataFrame(
        {
            "worker": [f"r{i:0{width}d}" for i in who],
            "order": order,
            "image": image,
            "valence": rated[:, 0].astype(np.int64),
            "arousal": rated[:, 1].astype(np.int64),
            "previous": before,
        }
    )


def draw_ratings(means, spreads, *, scale=(1, 9), per_image: int = 5, seed: int = 0):
    """Ratings of `per_image` people an image, drawn from its published mean and spread.

    means, spreads: (N, 2) mean and standard deviation of valence and arousal over people. Drawn
    from a normal distribution, to the nearest whole number on `scale` (at its ends the mean
    moves inwards a little). Every rating has a worker of its own, so his level is part of the
    spread. Returns worker, image, valence, arousal. Raises ValueError for other shapes, NaN, or a
    negative spread.
    """
    means, spreads = np.asarray(means, dtype=float), np.asarray(spreads, dtype=float)
    if means.ndim != 2 or means.shape[1] != 2 or spreads.shape != means.shape:
        raise ValueError(f"means and spreads must be (N, 2), not {means.shape}, {spreads.shape}")
    if not (np.isfinite(means).all() and (spreads >= 0).all()):
        raise ValueError("means must be finite, and spreads at least 0")
    felt = np.random.default_rng(seed).normal(means, spreads, (per_image, *means.shape))
    given = felt.round().clip(*scale).transpose(1, 0, 2).reshape(-1, 2).astype(np.int64)
    table = pd.DataFrame(given, columns=list(SCALES))
    table.insert(0, "image", np.repeat(np.arange(len(means)), per_image))
    table.insert(0, "worker", [f"w{i}" for i in range(len(table))])
    return table


def adjust(ratings: pd.DataFrame, correct: str | None = None) -> pd.DataFrame:
    """The same rows, freed of their workers' levels; the mean of all ratings stays as it is.

    correct: None leaves them. "centre" takes each worker's mean off his ratings: right if he saw
    a fair sample of the images, wrong for one who saw five of them. "additive" takes off the
    worker's part of the least squares fit rating = image + worker, which knows what he saw; his
    parts are 0 on average over the ratings. Neither touches how widely a worker spreads.

    The additive fit is unbiased, and pays for it: where workers rate little, or hardly differ, the
    parts it takes off are mostly noise and the plain mean is nearer to the truth.

    Results may leave the scale and are not clipped. Raises ValueError for an unknown `correct`,
    unusable ratings, and, for "additive", where groups of images share no worker, since nothing
    then tells their levels apart from their workers'.
    """
    if correct not in CORRECTIONS:
        raise ValueError(f"correct must be None, 'centre' or 'additive', not {correct!r}")
    ratings = _checked(ratings)
    values = ratings[list(SCALES)].astype(float)
    if correct == "centre":
        values += values.mean() - values.groupby(ratings["worker"].to_numpy()).transform("mean")
    elif correct == "additive":
        worker, workers = pd.factorize(ratings["worker"])
        image, images = pd.factorize(ratings["image"])
        design = _design(image, len(images), worker, len(workers))
        groups = connected_components(design.T @ design, directed=False)[0]
        if groups > 1:
            raise ValueError(
                f"ratings fall into {groups} groups of images without a common worker, whose "
                "levels cannot be compared: use 'centre', or None"
            )
        for scale in SCALES:
            fit = lsqr(design, values[scale].to_numpy(), atol=1e-12, btol=1e-12, iter_lim=10_000)
            part = fit[0][len(images) :][worker]
            values[scale] -= part - part.mean()
    return ratings.assign(**{scale: values[scale] for scale in SCALES})


def mean_ratings(ratings: pd.DataFrame, correct: str | None = None) -> pd.DataFrame:
    """One rating for each image: image (sorted), valence, arousal, raters (how many).

    correct: None is the plain mean, as Kim et al. (2018) have it; else see `adjust`.
    """
    groups = adjust(ratings, correct).groupby("image")
    return groups[list(SCALES)].mean().assign(raters=groups.size()).reset_index()


def squared_errors(ratings: pd.DataFrame, truth, correct: str | None = None) -> np.ndarray:
    """(N,) squared distance of each image's rating from the truth, mean of valence and arousal.

    truth: (N, 2), the row of image i at i, 1 to 9. correct: as of `adjust`. Raises ValueError as
    `adjust` does, and where an image of the ratings has no row.
    """
    means, truth = mean_ratings(ratings, correct), np.asarray(truth, dtype=float)
    rows = means["image"].to_numpy()
    if truth.ndim != 2 or truth.shape[1] != 2 or rows.max() >= len(truth):
        raise ValueError("truth must hold valence and arousal for every image that was rated")
    return ((means[list(SCALES)].to_numpy() - truth[rows]) ** 2).mean(axis=1)


def reliability(ratings: pd.DataFrame) -> pd.DataFrame:
    """How far other raters would give the same values: the limit of every predictor.

    One-way analysis of variance over images, since each has raters of its own (Shrout and Fleiss
    1979, case 1): with the mean squares B between and W within images and k ratings an image,

    - single, ICC(1,1) = (B − W) / (B + (k − 1) W): of one rating;
    - mean, ICC(1,k) = (B − W) / B: of the mean of k (Spearman-Brown of the former); low and high
      are its 95 % interval, for normal ratings;
    - ceiling = √mean, 0 where that is negative: no predictor correlates more with the means, in
      expectation, as it cannot foresee who will rate;
    - floor = √(W / k): nor does any have a smaller root mean squared error against them.

    With unequal numbers k is (n − Σ nᵢ² / n) / (N − 1), n ratings of N images. Levels of workers
    count as noise, as they are in the plain mean. Returns a row for valence and for arousal:
    scale, raters (k), single, mean, low, high, ceiling, floor. Of adjusted ratings (`adjust`) the
    result flatters a little, since the fit has used up some of the noise.

    Raises ValueError where there are fewer than two images, or none rated twice.
    """
    ratings = _checked(ratings)
    count = ratings.groupby("image").size().to_numpy()
    n, images = count.sum(), len(count)
    if images < 2 or n == images:
        raise ValueError("ratings must have at least two images, and one of them rated twice")
    k = (n - (count**2).sum() / n) / (images - 1)
    rows = []
    for scale in SCALES:
        values = ratings[scale].astype(float)
        means = values.groupby(ratings["image"].to_numpy()).transform("mean")
        between = ((means - values.mean()) ** 2).sum() / (images - 1)
        within = ((values - means) ** 2).sum() / (n - images)
        ratio = between / within if within else np.inf
        upper = f_distribution.ppf(0.975, images - 1, n - images)
        lower = f_distribution.ppf(0.025, images - 1, n - images)
        mean = 1 - 1 / ratio if ratio else -np.inf
        rows.append(
            {
                "scale": scale,
                "raters": k,
                "single": 1.0 if np.isinf(ratio) else (ratio - 1) / (ratio + k - 1),
                "mean": mean,
                "low": 1 - upper / ratio if ratio else -np.inf,
                "high": 1 - lower / ratio if ratio else -np.inf,
                "ceiling": np.sqrt(max(mean, 0)),
                "floor": np.sqrt(within / k),
            }
        )
    return pd.DataFrame(rows)


def carry_over(ratings: pd.DataFrame) -> pd.Series:
    """Whether the image before shows in a rating: one correlation for valence, one for arousal.

    A rating minus what the others gave the image is correlated with what the others gave the image
    before. Images come in random order, so that without carry-over it is 0, whatever the levels of
    the workers, with a standard error of 1 / √(rows used). Above 0 ratings are drawn to the image
    before, below 0 pushed away from it. Rows whose image, or the one before, has no other rater
    are left out.

    Needs the column previous. Raises ValueError where fewer than three rows can be used.
    """
    ratings = _checked(ratings)
    if "previous" not in ratings:
        raise ValueError("ratings must have the column 'previous', the image rated before")
    same = pd.MultiIndex.from_frame(ratings[["worker", "image"]])
    back = pd.MultiIndex.from_arrays([ratings["worker"], ratings["previous"]])
    found = {}
    for scale in SCALES:
        group = ratings.groupby("image")[scale]
        rest = group.transform("size") - 1
        others = (group.transform("sum") - ratings[scale]) / rest.where(rest > 0)
        before = pd.Series(others.to_numpy(dtype=float), index=same).reindex(back).to_numpy()
        surplus = (ratings[scale] - others).to_numpy(dtype=float)
        usable = np.isfinite(surplus) & np.isfinite(before)
        if usable.sum() < 3:
            raise ValueError("ratings must have three rows with a previous image that others rated")
        found[scale] = np.corrcoef(surplus[usable], before[usable])[0, 1]
    return pd.Series(found, name="carry-over")


def _checked(ratings) -> pd.DataFrame:
    """`ratings`, if they are a usable long table; else ValueError that says what to mend."""
    ratings = checked(ratings, "ratings", ("image", "worker", *SCALES), "rates")
    for column in SCALES:
        if ratings[column].dtype.kind not in "iuf":
            raise ValueError(f"ratings: {column} must hold numbers, not {ratings[column].dtype}")
    return ratings


def _design(image, images: int, worker, workers: int):
    rows = np.arange(len(image))
    columns = np.append(image, images + worker)
    shape = (len(image), images + workers)
    return sparse.csr_matrix((np.ones(len(columns)), (np.append(rows, rows), columns)), shape=shape)
