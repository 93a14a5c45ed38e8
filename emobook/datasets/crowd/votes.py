"""Yes or no: five workers verify the label by which an image was found (You et al. 2016).

`keep` and `acceptance` take anybody's answers (`amt.read_amt` reads those of Mechanical Turk);
`verify_labels` simulates them where the truth is known. `purity_from_acceptance` and `after_vote`
say what the vote leaves of wrong labels. Answers are a long table, one row for each:

- `task`: what was asked about, an image with its query; `worker`: who answered, once a task;
- `label`: the answer, 1 for yes and 0 for no here, anything for `aggregation.aggregate`;
- `query`: the emotion asked for, where `acceptance` is to count by it.
"""

import numpy as np
import pandas as pd
from scipy.stats import beta, binom, norm

from emobook.datasets.crowd import arguments
from emobook.datasets.crowd.aggregation import checked, native
from emobook.datasets.crowd.workers import assign
from emobook.emotions import MIKELS8, indices

_NEVER = 1e-15  # a sensitivity of 1 is taken for 1 minus this, for the normal scale to be finite


def verify_labels(
    labels,
    truth,
    workers: pd.DataFrame,
    *,
    voters: int = 5,
    seed: int = 0,
    limit: int | None = None,
    ease=None,
    tasks=None,
) -> pd.DataFrame:
    """Ask `voters` different workers about each image: "Do you feel <label> seeing this image?".

    labels: the queries that found the images, (N,), names of Mikels' eight or indices.
    truth: what the images evoke, (N,) likewise, or 8 among indices for an image that evokes none
        of the eight: yes is right where it equals the label.
    workers: columns worker, sensitivity, specificity as of `simulate_workers`; who sees what is
        drawn by the column activity where there is one (`workers.assign`).
    limit: most images for one worker, or None.
    ease: (N,) at least 0, or None (1 everywhere). It multiplies what a worker can tell apart: at
        1 his error rates are those of the table, at 0 he answers as for an image he cannot see,
        above 1 the image is easier. The voters of a hard image err together, which no error rate
        of a worker tells.
    tasks: names of the images, (N,); default 0 to N - 1.

    Returns N · voters rows: task, query (name), worker, label (1 yes, 0 no). Raises ValueError
    that names the argument.
    """
    truth = np.asarray(truth)
    kinds = 9 if truth.dtype.kind in "iu" else 8  # the ninth: none of the eight
    labels, truth = indices(labels, argument="labels"), indices(truth, n=kinds, argument="truth")
    if labels.ndim != 1 or labels.shape != truth.shape or not len(labels):
        raise ValueError(
            f"labels and truth must be of one length and at least one image, not {labels.shape} "
            f"and {truth.shape}"
        )
    n = len(labels)
    ease = np.ones(n) if ease is None else np.asarray(ease, dtype=float)
    if ease.shape != (n,) or not ((ease >= 0) & np.isfinite(ease)).all():
        raise ValueError(f"ease must hold a finite number of at least 0 for each of {n} images")
    names = np.arange(n) if tasks is None else np.asarray(tasks)
    if names.shape != (n,) or len(pd.unique(names)) < n:
        raise ValueError(f"tasks must hold a different name for each of {n} images")
    yes = norm.ppf(np.clip(arguments.column(workers, "sensitivity"), _NEVER, 1 - _NEVER))
    no = norm.ppf(np.clip(1 - arguments.column(workers, "specificity"), _NEVER, 1 - _NEVER))
    activity = workers.get("activity", pd.Series(np.ones(len(workers))))
    who = assign(activity, n, voters, limit=limit, seed=seed)
    rng = np.random.default_rng((seed, 1))  # other dice than those of `assign`
    side = np.where(labels == truth, 1, -1)[:, None]
    tends = (yes + no)[who] / 2 + side * ease[:, None] * (yes - no)[who] / 2
    said = rng.random(who.shape) < norm.cdf(tends)
    return pd.DataFrame(
        {
            "task": np.repeat(names, voters),
            "query": np.repeat(np.array(MIKELS8)[labels], voters),
            "worker": workers["worker"].to_numpy()[who.ravel()],
            "label": said.ravel().astype(np.int64),
        }
    )


def keep(answers: pd.DataFrame, *, needed: int = 3) -> pd.DataFrame:
    """Count the yeses of every task; kept is what has at least `needed` of them.

    You et al. (2016) keep an image with three yeses of five. Returns one row for each task, in
    their first order: task, query (where the answers have it), yes, voters, kept (bool) and p, the
    share of yeses, which with five voters is .6, .8 or 1 for whatever is kept.

    Raises ValueError where answers are not 0 or 1, a worker answers a task twice, or no task has
    `needed` voters.
    """
    answers = checked(answers)
    arguments.whole("needed", needed, 1)
    if not answers["label"].isin([0, 1]).all():
        odd = native(answers["label"][~answers["label"].isin([0, 1])].iloc[0])
        raise ValueError(f"answers: label must be 1 (yes) or 0 (no), not {odd!r}")
    groups = answers.assign(label=answers["label"].astype(np.int64)).groupby("task", sort=False)
    wanted = {"yes": ("label", "sum"), "voters": ("label", "size")}
    if "query" in answers:
        if (groups["query"].nunique(dropna=False) > 1).any():
            raise ValueError("answers: a task must have one query: name it by image and query")
        wanted = {"query": ("query", "first"), **wanted}
    counts = groups.agg(**wanted).reset_index()
    if needed > counts["voters"].max():
        raise ValueError(f"needed must be at most the voters of a task, {counts['voters'].max()}")
    counts["kept"] = counts["yes"] >= needed
    counts["p"] = counts["yes"] / counts["voters"]
    return counts


def acceptance(counts: pd.DataFrame) -> pd.DataFrame:
    """How many images of each emotion were submitted and labelled: You's Table 2, upright.

    counts: as of `keep`, with the column query. Returns emotion, submitted, labelled, rate; the
    eight in their order (other queries after them, by name), then "sum".
    """
    if not isinstance(counts, pd.DataFrame) or not {"query", "kept"} <= set(counts):
        raise ValueError("counts must be what keep returns for answers with the column query")
    table = counts.groupby("query")["kept"].agg(submitted="size", labelled="sum")
    order = [name for name in MIKELS8 if name in table.index]
    table = table.loc[order + sorted(set(table.index) - set(order))]
    table.loc["sum"] = table.sum()
    table["rate"] = table["labelled"] / table["submitted"]
    return table.rename_axis("emotion").reset_index()


def purity_from_acceptance(rate, sensitivity, specificity, *, voters: int = 5, needed: int = 3):
    """Share of labels that were right before the vote, given the share that it accepted.

    A right label gets its yeses with chance A = P(Binomial(voters, sensitivity) ≥ needed), a wrong
    one with chance F, of 1 − specificity likewise; from rate = π A + (1 − π) F follows
    π = (rate − F) / (A − F). Where many workers are drawn at random for each image, their mean
    sensitivity and specificity (weighted by what they do) are right, however they differ. Where
    some images are harder than others, the votes on an image hang together and π is off.

    Arguments are shares, single or arrays. NaN where the rate is not between F and A: such workers
    cannot have accepted so much, or so little. Raises ValueError where sensitivity is not above
    1 − specificity, since their yeses then tell nothing.
    """
    rate = arguments.share("rate", rate)
    right, wrong = _tails(sensitivity, specificity, voters, needed)
    if not (right > wrong).all():
        raise ValueError("sensitivity must be above 1 - specificity: else a yes tells nothing")
    share = (rate - wrong) / (right - wrong)
    return _plain(np.where((share >= -1e-12) & (share <= 1 + 1e-12), share.clip(0, 1), np.nan))


def after_vote(purity, sensitivity, specificity, *, voters: int = 5, needed: int = 3) -> dict:
    """What the vote makes of labels of which the share `purity` is right.

    Returns floats, or arrays of the arguments' shape: rate (share accepted), noise (share of the
    accepted whose label is wrong; NaN where nothing is accepted) and lost (share of the right
    labels that are thrown away). NaN as purity, of a rate that could not be, gives NaN. It holds
    under the same conditions as `purity_from_acceptance`.
    """
    unknown = np.isnan(np.asarray(purity, dtype=float))
    purity = np.where(unknown, np.nan, arguments.share("purity", np.where(unknown, 0, purity)))
    right, wrong = _tails(sensitivity, specificity, voters, needed)
    rate = purity * right + (1 - purity) * wrong
    with np.errstate(invalid="ignore"):
        noise = (1 - purity) * wrong / rate
    return {"rate": _plain(rate), "noise": _plain(noise), "lost": _plain(1 - right + 0 * purity)}


def single_yes(rate, *, voters: int = 5, needed: int = 3):
    """Chance of a single yes at which the share `rate` of all images is accepted.

    It bounds the workers whatever the truth is: were every submitted label wrong, this would be
    their 1 − specificity. So 1 − specificity is at most `single_yes` of the lowest printed rate,
    and sensitivity at least that of the highest, if both are the same for all emotions.
    """
    rate = arguments.share("rate", rate)
    _vote(voters, needed)
    return _plain(beta.ppf(rate, needed, voters - needed + 1))


def _tails(sensitivity, specificity, voters, needed):
    """Chance that a right and that a wrong label is accepted."""
    _vote(voters, needed)
    sensitivity = arguments.share("sensitivity", sensitivity)
    specificity = arguments.share("specificity", specificity)
    return (
        np.asarray(binom.sf(needed - 1, voters, sensitivity)),
        np.asarray(binom.sf(needed - 1, voters, 1 - specificity)),
    )


def _vote(voters, needed) -> None:
    arguments.whole("voters", voters, 1)
    arguments.whole("needed", needed, 1)
    if needed > voters:
        raise ValueError(f"needed must be at most the number of voters, {voters}")


def _plain(value):
    return float(value) if np.ndim(value) == 0 else value
