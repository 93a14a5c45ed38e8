"""What labels are worth: accuracy over their number, clean ones against noisy ones; and recalls."""

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emobook._bootstrap import Interval
from emobook.datasets import crowd
from emobook.emotions import indices
from emobook.evaluate.folds import repeated_folds

PENALTY = 0.3  # C times the number of labels


def places(labels) -> np.ndarray:
    """(N,) the place of each image among those of its own class, from 0, in the order given."""
    labels = np.asarray(labels)
    found = np.zeros(len(labels), dtype=np.int64)
    for one in np.unique(labels):
        found[labels == one] = np.arange((labels == one).sum())
    return found


def quota(present, shares) -> np.ndarray:
    """(C,) how many images of each class to keep, so that they stand as `shares` to each other.

    present: (C,) images there are; shares: (C,) above 0, of any sum. As many as possible, rounded
    down, but never fewer than one.
    """
    present, shares = np.asarray(present), np.asarray(shares, dtype=float)
    return np.maximum(1, np.floor(shares * (present / shares).min() + 1e-9)).astype(np.int64)


def up_to(most):
    """A cut: labels (N,) → which images to keep, at most `most` (C,) of each class, the first."""
    return lambda labels: places(labels) < np.asarray(most)[labels]


def one_of(every: int):
    """A cut: labels (N,) → which images to keep, one of `every` of each class, and at least one."""
    return lambda labels: places(labels) % every == 0


def label_curve(features, labels, sizes, folds, seed: int = 0, classes: int = 8) -> np.ndarray:
    """Probabilities (K, N, classes) of linear heads that learned from `sizes` labels each (K,).

    features (N, D), of a frozen network; labels (N,) positions, perhaps wrong ones; folds: of one
    repeat of `repeated_folds`. In each fold the training images are shuffled by `seed`, and the
    first `size` of them teach a logistic regression with C = .3 / size, so that the mean over
    images counts as much against the penalty in all of them. Standardisation and principal
    components (all that there are) come from every training image, for which no label is needed.

    Raises ValueError where a fold has fewer training images than the largest size.
    """
    features, labels = np.asarray(features, dtype=np.float64), np.asarray(labels)
    least = min(len(fold.train) for fold in folds)
    if max(sizes) > least:
        raise ValueError(f"sizes must be at most {least}, the training images of a fold")
    found = np.full((len(sizes), len(labels), classes), np.nan)
    for _, _, train, test in folds:
        turn = make_pipeline(StandardScaler(), PCA(svd_solver="full")).fit(features[train])
        order = np.random.default_rng(seed).permutation(len(train))
        inputs, asked = turn.transform(features[train])[order], turn.transform(features[test])
        given = labels[train][order]
        found[:, test] = 0
        for k, size in enumerate(sizes):
            if len(set(given[:size])) == 1:
                found[k, test, given[0]] = 1
                continue
            head = LogisticRegression(C=PENALTY / size, max_iter=1000)
            head.fit(inputs[:size], given[:size])
            found[k, test[:, None], head.classes_] = head.predict_proba(asked)
    return found


def pipeline_noise(posts: int, per_query: int, seed: int = 0) -> dict[str, np.ndarray]:
    """How weak labels err (8, 8), see `datasets.crowd.confusion_of`, in a simulated crawl.

    "noisy, as many of each word": at most `per_query` cleaned pictures of each query, without those
    that were sent to the workers, as You et al. (2016) draw their noisy set (20,000 of each).
    "noisy, as found": all that is left after cleaning, where some queries found few.
    """
    crawl = crowd.clean(crowd.simulate_crawl(posts, seed=seed))[0]
    sent = crowd.draw_for_labelling(crawl, per_query // 2, {}, seed=seed)
    return {
        "noisy, as many of each word": crowd.confusion_of(
            crowd.draw_noisy_set(crawl, sent, per_query, seed=seed)
        ),
        "noisy, as found": crowd.confusion_of(crawl),
    }


def noise_curves(
    features, truth, noise: dict, sizes, groups=None, splits: int = 5, draws: int = 3
) -> dict[str, np.ndarray]:
    """Accuracies (draws, K) of `label_curve`, for each kind of noise.

    truth (N,) positions; noise: name → how labels are drawn (C, C), as in
    `datasets.crowd.weak_labels`; the identity is clean. Each draw has its own labels, folds and
    order of pictures, which are the same for all kinds.
    """
    found = {name: [] for name in noise}
    for draw in range(draws):
        folds = repeated_folds(truth, groups, splits=splits, repeats=1, seed=draw)
        for name, table in noise.items():
            given = crowd.weak_labels(truth, table, seed=draw)
            scores = label_curve(features, given, sizes, folds, draw, classes=len(table))
            found[name].append((scores.argmax(axis=2) == truth).mean(axis=1))
    return {name: np.array(rows) for name, rows in found.items()}


def worth(clean_sizes, clean, noisy) -> np.ndarray:
    """How many clean labels reach what noisy ones reach: one number for each value of `noisy`.

    clean_sizes: (K,) ascending; clean: (K,) accuracy with so many clean labels; noisy: accuracies.
    Between the sizes accuracy is taken as linear in the logarithm of the size, and a curve that
    falls is first made to rise (its running maximum). Below the first and above the last accuracy
    nothing is known: NaN.
    """
    sizes, noisy = np.asarray(clean_sizes, dtype=float), np.asarray(noisy, dtype=float)
    rising = np.maximum.accumulate(np.asarray(clean, dtype=float))
    if sizes.ndim != 1 or rising.shape != sizes.shape or (np.diff(sizes) <= 0).any():
        raise ValueError("clean_sizes must ascend, and clean hold one accuracy for each")
    steps = np.r_[True, np.diff(rising) > 0]  # of equal accuracies the least size
    found = np.exp(np.interp(noisy, rising[steps], np.log(sizes[steps])))
    return np.where((noisy >= rising[0]) & (noisy <= rising[-1]), found, np.nan)


def exchange_rates(sizes, clean, noisy) -> list[Interval | None]:
    """How many noisy labels one clean label is worth, at each number of noisy labels.

    sizes: (K,); clean, noisy: (S, K) accuracies of S draws. The mean noisy curve is read off the
    mean clean one (see `worth`); None where it lies outside. The 95 % interval is Student's over
    the logarithms of what single noisy draws give; its bounds are NaN where one of them lies
    outside, and for fewer than three draws.
    """
    sizes, noisy = np.asarray(sizes, dtype=float), np.asarray(noisy, dtype=float)
    curve, draws = np.mean(clean, axis=0), len(noisy)
    middle = np.log(sizes / worth(sizes, curve, noisy.mean(axis=0)))
    logs = np.log(sizes / [worth(sizes, curve, draw) for draw in noisy])
    half = np.full(len(sizes), np.nan)
    if draws > 2:
        half = stats.t.ppf(0.975, draws - 1) * logs.std(axis=0, ddof=1) / np.sqrt(draws)
    found = np.exp([middle, middle - half, middle + half]).T
    return [None if np.isnan(row[0]) else Interval(*row.tolist()) for row in found]


def rate_table(sizes, curves: dict, noise: dict, truth) -> dict:
    """Cells of a table of `exchange_rates`: (row, kind of noise) → arguments of a recorded row.

    curves: of `noise_curves`, with "clean"; noise: name → (C, C); truth (N,) positions. The last
    row of each kind is what `even_noise_rate` expects of as many wrong labels. Sizes are written
    with leading zeros, since tables are sorted by name. The arguments are value, low, high and
    note; a rate that cannot be read off has the value None and says so.
    """
    found, width = {}, len(str(max(sizes)))
    for name, table in noise.items():
        for size, rate in zip(
            sizes, exchange_rates(sizes, curves["clean"], curves[name]), strict=True
        ):
            cell = {"value": None, "note": "not run: outside the clean curve"}
            if rate is not None:
                cell = {k: v for k, v in rate._asdict().items() if np.isfinite(v)}
            found[f"{size:0{width}d} noisy labels", name] = cell
        expected = even_noise_rate(1 - np.diag(table)[truth].mean(), len(table))
        found["expected for even noise", name] = {"value": expected}
    return found


def even_noise_rate(wrong: float, classes: int = 8) -> float:
    """How many noisy labels one clean label should be worth where the share `wrong` is replaced by
    one of the other classes, all alike.

    The mean of such labels at a picture is s · p + constant, with p the true distribution and
    s = 1 - wrong · C / (C - 1): the signal shrinks to s, the noise of a label does not, and so a
    mean of 1 / s² as many is needed. Infinite where nothing of the signal is left.
    """
    signal = 1 - wrong * classes / (classes - 1)
    return 1 / signal**2 if signal > 0 else float("inf")


def resampled_recalls(truth, correct, classes: int = 8, resamples: int = 2000, seed: int = 0):
    """(1 + resamples, classes): the recall of each class, then those of bootstrap samples.

    truth (N,) positions; correct (N,) 0 … 1, such as the mean over seeds. Images are drawn within
    their class, so no recall is ever undefined but that of a class without images (NaN). With one
    seed the same images are drawn, so differences between methods are paired.
    """
    truth, correct = np.asarray(truth), np.asarray(correct, dtype=float)
    rng, found = np.random.default_rng(seed), np.full((1 + resamples, classes), np.nan)
    for k in range(classes):
        own = correct[truth == k]
        if len(own):
            drawn = rng.integers(len(own), size=(resamples, len(own)))
            found[0, k], found[1:, k] = own.mean(), own[drawn].mean(axis=1)
    return found


def recalls_of(truth, scores: dict) -> dict[str, np.ndarray]:
    """`resampled_recalls` of each method; scores: method → (S, N, C), averaged over S seeds."""
    return {
        name: resampled_recalls(truth, (part.argmax(axis=2) == truth).mean(axis=0), part.shape[2])
        for name, part in scores.items()
    }


def recall_table(recalls: dict, classes) -> pd.DataFrame:
    """Recalls by method and class, as `plots.art.class_rates` takes them: class, method, value,
    low, high in percent. recalls: method → what `resampled_recalls` gives."""
    return pd.DataFrame(
        {"class": name, "method": method, **measured(100 * rows[:, k])._asdict()}
        for method, rows in recalls.items()
        for k, name in enumerate(classes)
    )


def measured(values) -> Interval:
    """A value and its 95 % interval, of (1 + resamples,) values as above."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Interval(float(values[0]), float(low), float(high))


def evener(recalls, others, without: int) -> np.ndarray:
    """By how much the recalls (R, C) of one method spread less than those of each other method.

    The spread is the standard deviation over the classes but `without`; what counts is the least
    uneven of `others`. (R,)
    """
    own, *rest = (np.delete(part, without, axis=1).std(axis=1) for part in (recalls, *others))
    return np.min(rest, axis=0) - own


def readings(plain, noisy, clean, skewed, shares) -> tuple[Interval, Interval, Interval]:
    """What You et al. (2016) read off their Figure 3, above 0 where it holds here, too.

    plain, noisy, clean: `resampled_recalls` of their three methods; skewed: of one that learned
    from numbers in the proportion of `shares`. Returns the rank correlation of `shares` with
    `skewed`; by how much `noisy` is evener than the others, contentment apart; by how much fear is
    found more often by `plain` than by `clean`.
    """
    contentment, fear = indices(["contentment", "fear"])
    return (
        measured(rank_correlation(shares, skewed)),
        measured(evener(noisy, (plain, clean), contentment)),
        measured((plain - clean)[:, fear]),
    )


def rank_correlation(counts, recalls) -> np.ndarray:
    """Spearman's correlation of counts (C,) with each row of recalls (R, C): (R,).

    0 where either side is constant: then nothing follows anything.
    """
    ranks = stats.rankdata(recalls, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    count = stats.rankdata(counts)
    count -= count.mean()
    size = np.linalg.norm(ranks, axis=1) * np.linalg.norm(count)
    return np.where(size > 0, ranks @ count / np.where(size > 0, size, 1), 0)
