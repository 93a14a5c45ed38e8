"""How features are judged on a small set, and in which cells of You et al. that is recorded."""

import itertools

import numpy as np
import pandas as pd

from emobook.emotions import MIKELS8
from emobook.evaluate import (
    Interval,
    bootstrap_interval,
    collapse_to_polarity,
    cross_predict,
    one_vs_all_gain,
    one_vs_all_predict,
    polarity_labels,
    repeated_folds,
)
from emobook.models.small_sets import pca_svm
from emobook.results import record_predictions, record_row

FIGURES = {
    "iaps_subset": ("Figure 5", "IAPS-Subset"),
    "abstract": ("Figure 6", "Abstract Paintings"),
    "artphoto": ("Figure 7", "ArtPhoto"),
}
"""Set → the figure that shows it, and its name there."""
IN_FORM = "Figures 5 to 7, small sets"  # other sets, in the same form
FOUR = "Small sets"
GAINS = "Small sets, gains"
COMPONENTS = "Principal components"
_MEANS = {
    "tpr": "true-positive rate",
    "tnr": "true-negative rate",
    "balanced accuracy": "mean of the two rates",
}
_TITLES = {"iaps_subset": "IAPSsubset", "artphoto": "ArtPhoto", "abstract": "Abstract"}
_SIDES = ("negative", "positive")


def judged(
    features, y, splits: int = 5, seed: int = 0, components: int = 20, standardise: bool = False
) -> dict[str, pd.DataFrame]:
    """Predictions from features (N, D) for labels (N,) of Mikels' eight, all in the same folds.

    "strict": one machine per emotion on `components` components, found in the training fold;
    "90 %": on as many as keep 90 % of the variance; "as printed": on components of the whole set.
    They are results of `evaluate.one_vs_all_predict`. "two": one machine for positive against
    negative, as "strict"; a result of `evaluate.cross_predict`. The column `repeat` is the seed.
    """
    y, found = np.asarray(y), {}
    folds = repeated_folds(y, None, splits, 1, seed)
    ways = {"strict": (components, "strict"), "90 %": (0.9, "strict")}
    ways["as printed"] = components, "as-printed"
    for way, (number, protocol) in ways.items():
        given, machine = pca_svm(features, number, protocol, standardise)
        found[way] = one_vs_all_predict(machine, given, y, folds, progress=False)
    given, machine = pca_svm(features, components, standardise=standardise)
    found["two"] = cross_predict(machine, given, polarity_labels(y), folds, progress=False)
    return {way: run.assign(repeat=seed) for way, run in found.items()}


def weaker(run: pd.DataFrame, emotions) -> Interval:
    """By how much the true-positive rate of some emotions lies below that of the others.

    run: result of `evaluate.one_vs_all_predict`; emotions: names. Means over emotions, those that
    were left out apart; the interval resamples images.
    """
    scores, truth = np.stack(run["scores"]), run["truth"].to_numpy()
    judged, weak = ~np.isnan(scores).all(axis=0), np.isin(MIKELS8, emotions)
    each = pd.DataFrame({"y": truth, "hit": scores[np.arange(len(truth)), truth] > 0})
    each = each.groupby(run["index"].to_numpy()).mean()
    y, size = each["y"].to_numpy(int), np.bincount(each["y"].astype(int), minlength=8)
    share = judged * np.where(weak, -1 / (judged & weak).sum(), 1 / (judged & ~weak).sum())
    return bootstrap_interval(len(y) * share[y] / size[y] * each["hit"].to_numpy())


def record_rates(dataset: str, row: str, rates: pd.DataFrame) -> None:
    """Record the true-positive rates of a method in the figure of the set, and its means.

    rates: result of `evaluate.one_vs_all_rates` with the classes' names. Each class that was not
    left out has a column of the figure; the mean stands in the column that the paper names. The
    mean rates go to the item `FOUR`, beside what always giving the commoner answer reaches.
    """
    item, title = FIGURES.get(dataset.partition(",")[0], (IN_FORM, dataset))
    found = rates.dropna(subset="value").rename(columns={"class": "name"})
    for cell in found[found["metric"].isin(_MEANS)].itertuples():
        numbers = (cell.value, cell.low, cell.high, cell.images, cell.baseline)
        if cell.metric == "tpr":
            column = f"true positive rates on {title}" if cell.name == "mean" else cell.name
            metric = "accuracy, true-positive rate"
            record_row("you2016", item, row, column, dataset, metric, *numbers)
        if cell.name == "mean":
            metric = f"accuracy, {cell.metric}"
            record_row("you2016", FOUR, row, _MEANS[cell.metric], dataset, metric, *numbers)


def record_answers(dataset: str, row: str, eight: pd.DataFrame, two: pd.DataFrame, ids) -> None:
    """Record which of eight emotions, and which of two sides, a method answers, image by image.

    eight: result of `evaluate.one_vs_all_predict`; the highest of its scores is the answer, and
    images of a class that was left out are not asked about. two: result of
    `evaluate.cross_predict` for the two sides; "eight collapsed" is the side of the first answer.
    ids: names of all images of the set. The columns of item `FOUR` are "FI-8", "FI-2" and "FI-2,
    eight collapsed", with the small sets' own names in place of FI.
    """
    ids, title = np.asarray(ids), _TITLES.get(dataset.partition(",")[0], "FI")
    scores = np.nan_to_num(np.stack(eight["scores"]), nan=-np.inf)
    judged = np.isin(eight["truth"], np.flatnonzero(np.isfinite(scores).any(axis=0)))
    answer = collapse_to_polarity(np.eye(8)[scores.argmax(axis=1)])
    cells = {
        f"{title}-8": (eight[judged], eight["truth"][judged], scores[judged], None),
        f"{title}-2": (two, two["truth"], np.stack(two["scores"]), _SIDES),
        f"{title}-2, eight collapsed": (eight, polarity_labels(eight["truth"]), answer, _SIDES),
    }
    for column, (table, truth, values, classes) in cells.items():
        for seed in sorted(table["repeat"].unique()):
            run = (table["repeat"] == seed).to_numpy()
            record_predictions(
                row, dataset, paper="you2016", item=FOUR, row=row, column=column, seed=seed,
                ids=ids[table["index"][run]], truth=np.asarray(truth)[run], scores=values[run],
                classes=classes,
            )  # fmt: skip


def record_variance(dataset: str, row: str, kept, components: int = 20) -> None:
    """Record how much of the variance `components` keep, and how many 90 % need, in item
    `COMPONENTS`. kept: as of `models.small_sets.variance_kept`."""
    place, n = ("you2016", COMPONENTS, row), len(kept) + 1
    share, needed = kept[:components][-1], int(np.searchsorted(kept, 0.9)) + 1
    record_row(*place, f"kept by {components}", dataset, "share", float(share), n=n)
    record_row(*place, "needed for 90 %", dataset, "components", needed, n=n)


def record_gains(dataset: str, row: str, runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Record in item `GAINS` what each other way of `judged` gains over "strict", in pairs.

    runs: way → predictions, as of `judged`. Returns a DataFrame with columns set, method, way,
    metric, value, low, high in points, for the true-positive rate, the mean of the two rates and
    8-way accuracy.
    """
    found, metrics = [], {**_MEANS, "accuracy": "8-way accuracy"}
    for way, metric in itertools.product(("as printed", "90 %"), metrics):
        if metric == "tnr":
            continue
        gain, n = one_vs_all_gain(runs[way], runs["strict"], metric), runs[way]["index"].nunique()
        place = ("you2016", GAINS, row, f"{way}, {metrics[metric]}", dataset)
        record_row(*place, "accuracy gain", *gain, n)
        found.append((dataset, row, way, metrics[metric], *(100 * bound for bound in gain)))
    return pd.DataFrame(found, columns=["set", "method", "way", "metric", "value", "low", "high"])
