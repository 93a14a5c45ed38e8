"""The one-against-all protocol of the small sets: what its printed numbers are, and are not.

Machajdik & Hanbury (2010) train a binary classifier for each emotion, in five folds, and print the
mean of the two true-positive rates, that of the emotion and that of all others: chance is 50 %. You
et al. (2016, Figs 5-7) follow with the per-class true-positive rate, Rao et al. (2019, Table 3)
under the heading "8 classes". Neither is the share of images that get the right one of eight
labels, where chance is 12.5 %; `one_vs_all` gives all of them from the same scores.
"""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from emobook import _bar, _bootstrap
from emobook._bootstrap import Interval
from emobook.evaluate.folds import take
from emobook.evaluate.intervals import over_runs
from emobook.evaluate.metrics import majority_baseline

_METRICS = ("tpr", "tnr", "balanced accuracy", "one-vs-all accuracy")


def one_vs_all(
    estimator,
    X,
    y,
    folds,
    *,
    classes=None,
    groups=None,
    balanced=True,
    least=None,
    level=0.95,
    resamples=2000,
    seed=0,
    progress=True,
    **fit_params,
) -> pd.DataFrame:
    """Binary classifiers for every class, judged as the papers do and as eight-way accuracy.

    `one_vs_all_predict` and `one_vs_all_rates` say what the arguments are, and what comes back.
    """
    predictions = one_vs_all_predict(
        estimator, X, y, folds, balanced=balanced, least=least, progress=progress, **fit_params
    )
    return one_vs_all_rates(predictions, classes, groups, level, resamples, seed)


def one_vs_all_predict(
    estimator, X, y, folds, *, balanced=True, least=None, progress=True, **fit_params
) -> pd.DataFrame:
    """The scores of one binary clone of `estimator` for each class and fold.

    X, y, folds, fit_params: as for `cross_predict`, y labels 0..C-1. balanced: weight both sides
    of each binary problem alike, by the estimator's `class_weight` (of whichever step has one),
    else by the `sample_weight` of its last step. least: images that a class needs; by default two
    for each fold, which leaves out anger in the IAPS subset (8) and in Abstract (3), as You et al.
    do. The images of a class that is left out stay, as examples of "all others".

    Returns a DataFrame with columns index, repeat, fold, truth, scores; scores (C,) are above 0
    where the classifier of the class says yes: its decision values, else log-odds. They are NaN
    for a class that is left out.

    Raises ValueError that names the argument.
    """
    y, folds = np.asarray(y), list(folds)
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise ValueError(f"y must hold labels 0..C-1, not {y.dtype} of shape {y.shape}")
    if not folds:
        raise ValueError("folds must hold at least one fold")
    if least is None:
        least = 2 * len({fold.fold for fold in folds})
    counts = np.bincount(y)
    judged = np.flatnonzero(counts >= least)
    if len(judged) < 2:
        raise ValueError(f"y must hold two classes of at least {least} images: lower least")
    rows = []
    for repeat, fold, train, test in _bar.progress(folds, "one against all", show=progress):
        scores = np.full((len(test), len(counts)), np.nan)
        inputs, unseen = take(X, train), take(X, test)
        kept = {name: take(value, train) for name, value in fit_params.items()}
        for label in judged:
            wanted = (y[train] == label).astype(int)
            if not 0 < wanted.sum() < len(train):
                raise ValueError(
                    f"folds must train on every class and on others, but fold {fold} of repeat "
                    f"{repeat} does not for class {label}: use repeated_folds, or raise least"
                )
            model, weights = _balanced(estimator, wanted) if balanced else (clone(estimator), {})
            scores[:, label] = _decision(model.fit(inputs, wanted, **kept, **weights), unseen)
        rows += [(i, repeat, fold, y[i], s) for i, s in zip(test, scores, strict=True)]
    return pd.DataFrame(rows, columns=["index", "repeat", "fold", "truth", "scores"])


def one_vs_all_rates(
    predictions, classes=None, groups=None, level=0.95, resamples=2000, seed=0
) -> pd.DataFrame:
    """What the predictions of `one_vs_all_predict` are worth, with intervals over images.

    classes: names (C,); groups: as for `bootstrap_interval`, one for each row of X.

    Returns a DataFrame with columns class, metric, value, low, high, baseline, images, note:

    - for each class, "tpr" (the share of its images that its classifier accepts), "tnr" (the share
      of all others that it rejects), "balanced accuracy" (the mean of the two, which Machajdik &
      Hanbury print; 50 % by chance) and "one-vs-all accuracy" (the share of all images that are
      accepted or rejected rightly: 87.5 % by chance for an eighth of the images);
    - for the class "mean", the means of these over the classes;
    - for the class "all", "accuracy": the share of images for which the classifier of the true
      class has the highest score, over the images of the classes that are judged.

    `baseline` is what always giving the commoner answer scores. A class that was left out has
    rows without values, and a note. Where a resample holds no image of a class, the rate of the
    whole set stands in.
    """
    index, truth, judged, columns = _per_image(predictions)
    known, own = columns[1], columns[3 : 3 + len(judged)]
    whole = _whole(columns)
    groups = None if groups is None else np.asarray(groups)[index]
    found = _bootstrap.intervals(
        columns,
        lambda sums: _values(sums, whole),
        groups,
        level,
        resamples,
        seed,
    )

    share = np.mean(own, axis=1)
    yes = (share > 0.5).astype(float)
    baseline = np.stack([yes, 1 - yes, np.full(len(share), 0.5), np.maximum(share, 1 - share)], 1)
    baseline = [*baseline.ravel(), *baseline.mean(axis=0), majority_baseline(truth[known > 0])]
    size = len(predictions["scores"].iloc[0])
    names = np.arange(size) if classes is None else classes
    keys = [(names[label], metric) for label in judged for metric in _METRICS]
    keys += [*(("mean", metric) for metric in _METRICS), ("all", "accuracy")]
    images = np.full((len(judged), len(_METRICS)), len(truth))
    images[:, 0] = np.sum(own, axis=1)
    images[:, 1] -= images[:, 0]
    images = [*images.ravel(), *[len(truth)] * len(_METRICS), int(known.sum())]
    rows = [
        (*key, *interval, base, n, "")
        for key, interval, base, n in zip(keys, found, baseline, images, strict=True)
    ]
    for label in np.setdiff1d(np.arange(size), judged):
        n = int((truth == label).sum())
        note = f"left out: {n} images are too few"
        rows += [(names[label], metric, *[np.nan] * 4, n, note) for metric in _METRICS]
    header = ["class", "metric", "value", "low", "high", "baseline", "images", "note"]
    return pd.DataFrame(rows, columns=header)


def one_vs_all_gain(
    better, worse, metric="balanced accuracy", groups=None, level=0.95, resamples=2000, seed=0
) -> Interval:
    """By how much one series of `one_vs_all_predict` beats another on the same images, in pairs.

    metric: one of those of `one_vs_all_rates`, as the mean over classes, or "accuracy" of eight
    ways; or "evenness", by how much less the true-positive rates of `better` differ from class to
    class (their standard deviation). Both series are judged on each resample together; with three
    or more repeats the spread of their gains joins the interval as in `over_runs`. groups: one for
    each row of X.

    Raises ValueError for another metric, and for series of other images, repeats or classes.
    """
    if metric not in (*_METRICS, "accuracy", "evenness"):
        known = ", ".join(_METRICS)
        raise ValueError(f"metric must be one of {known}, accuracy, evenness, not {metric!r}")
    sides = [part.sort_values(["repeat", "index"]) for part in (better, worse)]
    pairs = [part[["repeat", "index", "truth"]].to_numpy() for part in sides]
    (index, _, judged, a), (_, _, others, b) = (_per_image(part) for part in sides)
    if not (np.array_equal(*pairs) and np.array_equal(judged, others)):
        raise ValueError("better and worse must judge the same images, repeats and classes")

    def gain(sums, wholes):
        parts = np.split(np.asarray(sums), 2, axis=-1)
        first, second = (_one(_values(*both), metric) for both in zip(parts, wholes, strict=True))
        return first - second

    groups = None if groups is None else np.asarray(groups)[index]
    wholes = _whole(a), _whole(b)
    found = _bootstrap.interval(
        [*a, *b], lambda sums: gain(sums, wholes), groups, level, resamples, seed
    )
    runs = [[_per_image(run)[3] for _, run in part.groupby("repeat")] for part in sides]
    per_run = [
        gain(np.sum([*x, *y], axis=1), (_whole(x), _whole(y))) for x, y in zip(*runs, strict=True)
    ]
    return over_runs(found, per_run)


def _one(values, metric):
    """(…) one metric of `_values`; of the evenness, the larger the more even."""
    if metric == "evenness":
        return -values[..., : -len(_METRICS) - 1 : len(_METRICS)].std(axis=-1)
    return values[..., (*_METRICS, "accuracy").index(metric) - len(_METRICS) - 1]


def _per_image(predictions):
    """Positions of the images, truth (N,), the classes that are judged (J,), and what `_values`
    takes the sums of: ones, known, eight-way right, then J each of own, hits, rightly answered."""
    truth, scores = predictions["truth"].to_numpy(), np.stack(predictions["scores"])
    judged = np.flatnonzero(~np.isnan(scores).all(axis=0))
    best = judged[scores[:, judged].argmax(axis=1)]
    known = np.isin(truth, judged)
    right = (scores[:, judged] > 0) == (truth[:, None] == judged)
    each = pd.DataFrame(np.column_stack([truth, right, known, best == truth]))
    each = each.groupby(predictions["index"].to_numpy()).mean()
    index, (truth, *right, known, plain) = each.index.to_numpy(), each.to_numpy().T
    own = [(truth == label).astype(float) for label in judged]
    hits = [a * b for a, b in zip(own, right, strict=True)]
    return index, truth, judged, [np.ones(len(truth)), known, plain, *own, *hits, *right]


def _whole(columns) -> np.ndarray:
    """The values of the whole set, which stand in where a resample has 0 / 0."""
    sums = np.sum(columns, axis=1)
    return _values(sums, np.full(len(_METRICS) * (len(sums) // 3) + 1, np.nan))


def _values(sums, instead) -> np.ndarray:
    """(…, 4 J + 5) the metrics of J classes, their means, and accuracy; `instead` of 0 / 0."""
    images, known, plain = sums[..., :1], sums[..., 1:2], sums[..., 2:3]
    own, hits, right = np.split(sums[..., 3:], 3, axis=-1)
    each = instead[:-5].reshape(-1, len(_METRICS))
    tpr = _share(hits, own, each[:, 0])
    tnr = _share(right - hits, images - own, each[:, 1])
    rates = np.stack([tpr, tnr, (tpr + tnr) / 2, right / images], axis=-1)
    flat = rates.reshape(*rates.shape[:-2], -1)
    return np.concatenate([flat, rates.mean(axis=-2), _share(plain, known, instead[-1:])], axis=-1)


def _share(part, of, instead):
    return np.divide(part, of, out=np.broadcast_to(instead, part.shape).copy(), where=of > 0)


def _balanced(estimator, wanted):
    """A clone that weights both answers alike, and the arguments of `fit` that it needs for it."""
    model = clone(estimator)
    named = [name for name in model.get_params() if name.split("__")[-1] == "class_weight"]
    if named:
        return model.set_params(**dict.fromkeys(named, "balanced")), {}
    prefix, last = "", model
    while isinstance(last, Pipeline):
        prefix, last = f"{prefix}{last.steps[-1][0]}__", last.steps[-1][1]
    if not has_fit_parameter(last, "sample_weight"):
        raise ValueError(
            f"estimator takes neither class_weight nor sample_weight ({type(last).__name__}): "
            "pass balanced=False"
        )
    return model, {f"{prefix}sample_weight": compute_sample_weight("balanced", wanted)}


def _decision(model, X) -> np.ndarray:
    """(N,) above 0 where a binary classifier says 1; log-odds keep the order where probabilities
    of naive Bayes are all 1."""
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    if hasattr(model, "predict_log_proba"):
        with np.errstate(divide="ignore"):  # a forest may be certain
            no, yes = model.predict_log_proba(X).T
        return yes - no
    return model.predict_proba(X)[:, 1] - 0.5
