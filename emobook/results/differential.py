"""The experiments of Rapolu et al. (2023) on two networks and an object vector.

Sweeps over α and β in folds, what α changes, two networks against one network twice, and how these
are recorded and compared. `results.fused` makes the blocks X1, X2 and S.
"""

import itertools

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from emobook import _bootstrap, results
from emobook.emotions import MIKELS8
from emobook.evaluate import Interval, over_runs
from emobook.models.fusion import convex, join
from emobook.models.fusion_path import ALPHAS, fusion_path, fusion_softmax_path
from emobook.results.seeded import Runs

PAPER = "rapolu2023"
MODELS = {"convex": "α = {:g}", "caption": "β = {:g}", "text": "β = {:g}, text"}
"""Model → its row of Table 2; by the caption or the text β is read in two ways."""


# ---- sweeps ----


def sweep(starts, y, folds, model: str, grid, **options) -> np.ndarray:
    """(A, S, N, 8) probabilities of softmax layers for A weights and S random starts.

    starts: for each start the blocks, as `fusion_softmax_path` takes them; start s has a layer of
    its own, drawn from s. y: (N,) positions in `MIKELS8`. folds: of `evaluate.repeated_folds`.
    model: a key of `MODELS`; grid: (A,) values of α or β. options: of `fusion_softmax_path`.
    NaN for images that no fold tests.
    """
    given = {"alphas": grid} if model == "convex" else {"betas": grid, "form": model}
    cv = [(fold.train, fold.test) for fold in folds]
    parts = [
        fusion_softmax_path(blocks, y, cv=cv, seeds=(seed,), **given, **options)
        for seed, blocks in enumerate(starts)
    ]
    parts = np.concatenate(parts, axis=1)
    found = np.zeros((*parts.shape[:-1], 8))
    found[..., np.unique(y)] = parts
    return found


def choices(scores, blocks, y, folds, grid, splits: int = 3, **options) -> dict:
    """α chosen on inner folds, and on the images that are judged: row → scores (S, N, 8).

    scores (A, S, N, 8): of `sweep` for α. "α chosen in inner folds" is for each fold the α with
    most right answers in inner folds of its training images, of equals the smallest. "α chosen on
    test, as-printed" is the α with most right answers in the table itself.
    blocks: (N, Dk) arrays, the same in all folds: networks that learned from the training images
    would know these by heart.
    """
    inside = np.empty_like(scores[0])
    seeds = range(scores.shape[1])
    for fold in folds:
        known, truth = [block[fold.train] for block in blocks], y[fold.train]
        inner = fusion_softmax_path(known, truth, grid, splits, seeds=seeds, **options)
        right = np.unique(truth)[inner.argmax(axis=-1)] == truth
        inside[:, fold.test] = scores[right.mean(axis=(1, 2)).argmax()][:, fold.test]
    best = (scores.argmax(axis=-1) == y).mean(axis=(1, 2)).argmax()
    return {"α chosen in inner folds": inside, "α chosen on test, as-printed": scores[best]}


def rows(scores: dict, grid, ending: str = "") -> dict:
    """Row of Table 2 → scores (S, N, 8), at the paper's α and β; scores: model → of `sweep`."""
    grid = np.asarray(grid)
    return {
        MODELS[model].format(at) + ending: found[np.abs(grid - at).argmin()]
        for model, found in scores.items()
        for at in ALPHAS
    }


def printed(column: str = "IE") -> dict:
    """ "α" and "β" → value → accuracy as a fraction, in a column of Table 2."""
    table = results.reported(PAPER).query("item == 'Table 2' and column == @column")
    table = table.dropna(subset="printed")
    return {
        sign: {
            float(row[4:]): number / 100
            for row, number in zip(table["row"], table["printed"], strict=True)
            if row[0] == sign
        }
        for sign in "αβ"
    }


def rivals(starts) -> dict:
    """Row → for each start two blocks: "two networks", and each network twice from two starts.

    starts: for each random start a function of a fold's number that gives X1, X2 and perhaps S.
    One network twice joins the starts in a ring, the first with the second, the last with the
    first, so that it costs no training.
    """

    def pair(one, first, other, second):
        return lambda number: (one(number)[first], other(number)[second])

    ring = list(zip(starts, [*starts[1:], starts[0]], strict=True))
    found = {"two networks": [pair(one, 0, one, 1) for one in starts]}
    for k in (0, 1):
        found[f"network {k + 1} twice"] = [pair(one, k, other, k) for one, other in ring]
    return found


# ---- what α changes ----


def changes(runs: Runs, blocks, components: int, alphas) -> dict:
    """Classifier → α → share of images whose prediction differs from that at α = 0.5, an Interval.

    Recorded as well, for the smallest and the largest α, as item "What α changes".
    blocks: X1, X2 and S, (N, Dk) each, cut down to their first `components` principal components
    in the training images, so that a layer without penalty has an optimum and reaches it.
    alphas: in (0, 1), with 0.5 among them. Four classifiers learn from the joined components: a
    multinomial logistic regression without and with a penalty, a softmax layer that ends after five
    epochs of SGD, and a support vector machine with a radial kernel.
    """
    alphas, y = np.asarray(alphas, dtype=float), runs.y
    cv = [(fold.train, fold.test) for fold in runs.folds]
    few = [
        [PCA(components).fit(block[train]).transform(block) for block in blocks] for train, _ in cv
    ]
    said = {}
    for name, C in {"converged, no penalty": np.inf, "converged, with a penalty": 0.01}.items():
        machine = LogisticRegression(C=C, solver="newton-cg", tol=1e-8, max_iter=1000)
        said[name] = np.empty((len(alphas), len(y)), int)
        for (at, weights), (number, (train, test)) in itertools.product(
            enumerate(convex(alphas)), enumerate(cv)
        ):
            X = join(few[number], weights)
            said[name][at, test] = machine.fit(X[train], y[train]).predict(X[test])
    layers = fusion_softmax_path(few.__getitem__, y, alphas, cv, seeds=(0,), epochs=5)
    said["a few steps of SGD"] = layers[:, 0].argmax(axis=-1)
    said["radial kernel"] = fusion_path(few.__getitem__, y, alphas, [1.5], cv=cv).predictions[:, 0]
    middle = np.flatnonzero(alphas == 0.5)[0]
    found = {name: curve(labels != labels[middle], alphas) for name, labels in said.items()}
    for name, at in itertools.product(found, (alphas.min(), alphas.max())):
        cell = PAPER, "What α changes", name, f"α = {at:g} against 0.5", runs.name, "share"
        results.record_row(*cell, *found[name][at], len(y))
    return found


# ---- records and intervals ----


def record(name, ids, truth, item, row, column, scores, words=MIKELS8, note="") -> None:
    """Record scores (S, N, C) as one cell of the paper, a run for each random start."""
    for seed, part in enumerate(scores):
        results.record_predictions(
            row, name, ids=ids, truth=truth, scores=part, classes=words, seed=seed, paper=PAPER,
            item=item, row=row, column=column, note=note,
        )  # fmt: skip


def record_gains(name: str, item: str, column: str, pairs) -> dict:
    """Pair recorded rows image by image: "better over worse" → (gain, low, high) in points.

    pairs: (better, worse) rows of the cell; recorded as well, under the item "…, in pairs".
    """
    found = {}
    for better, worse in pairs:
        cell = {"paper": PAPER, "item": item, "column": column, "metric": "accuracy"}
        gain = results.paired_gain(better, worse, dataset=name, **cell)
        title = f"{better} over {worse}"
        results.record_row(PAPER, f"{item}, in pairs", title, column, name, "gain", *gain)
        found[title] = 100 * np.array(gain[:3])
    return found


def record_class_gains(name: str, item: str, better, worse, truth) -> list[Interval]:
    """Record what one method gains over another on the images of each emotion; see `class_gains`.

    An emotion without images is not recorded.
    """
    found, sizes = class_gains(better, worse, truth), np.bincount(truth, minlength=8)
    for word, gain, size in zip(MIKELS8, found, sizes.tolist(), strict=True):
        if size:
            results.record_row(PAPER, item, word, "gain", name, "gain", *gain, size)
    return found


def curve(right, grid) -> dict:
    """Value of α or β → the share of images that are right, an Interval in [0, 1].

    right: (A, R, N) ones and zeros of R runs, or (A, N) of one. All points are judged on the same
    resamples of the images; the spread of three or more runs joins as in `evaluate.over_runs`.
    """
    right = np.asarray(right, dtype=float)
    right = right.reshape(len(grid), -1, right.shape[-1])
    columns = [np.ones(right.shape[2]), *right.mean(axis=1)]
    found = _bootstrap.intervals(
        columns, lambda sums: sums[..., 1:] / sums[..., :1], None, 0.95, 2000, 0
    )
    points = {}
    for at, one, runs in zip(np.asarray(grid).tolist(), found, right.mean(axis=2), strict=True):
        value, low, high = over_runs(one, runs)
        points[at] = Interval(value, max(low, 0.0), min(high, 1.0))
    return points


def class_gains(better, worse, truth, classes: int = 8) -> list[Interval]:
    """What one method gains over another on the images of each class, in pairs.

    better, worse: (R, N) ones and zeros of R runs; truth: (N,) positions of the classes. Images
    are resampled; the spread of three or more runs joins as in `evaluate.over_runs`. In a resample
    without images of a class its gain is 0; NaN for a class that has none at all.
    """
    gain = np.asarray(better, dtype=float) - np.asarray(worse, dtype=float)
    present, truth = np.unique(truth, return_inverse=True)
    own = np.eye(len(present))[truth].T  # (P, N)

    def means(sums):
        images, gained = np.split(sums, 2, axis=-1)
        return gained / np.maximum(images, 1)

    found = _bootstrap.intervals([*own, *(own * gain.mean(axis=0))], means, None, 0.95, 2000, 0)
    per_run = own @ gain.T / own.sum(axis=1, keepdims=True)
    gains = [Interval(np.nan, np.nan, np.nan)] * classes
    for k, one, runs in zip(present, found, per_run, strict=True):
        gains[k] = over_runs(one, runs)
    return gains
