"""Methods that are trained in folds, for several seeds and on labels of one's own choice."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from emobook import evaluate, models, results
from emobook.evaluate.folds import Fold, class_scores
from emobook.features import backbones
from emobook.features.backbones import WeightsError
from emobook.train import fitted

WAYS = ("FI-2", "FI-2, eight collapsed")


def first_at_hand(networks: dict, pretrained: bool = True) -> str:
    """The first key of `networks` (key → backbone) whose weights can be had.

    Raises WeightsError where there are none for any.
    """
    for key, backbone in networks.items():
        try:
            backbones.load(backbone, pretrained)
        except WeightsError as error:
            reason = error
        else:
            return key
    raise reason


@dataclass(frozen=True)
class Runs:
    """One data set, cut into folds once; every method sees the same folds.

    name: of the data set, in the record. X: its table; y (N,): positions of its classes. folds: of
    one repeat of `evaluate.repeated_folds`. seeds: how many random starts.
    """

    name: str
    X: pd.DataFrame
    y: np.ndarray
    folds: list[Fold]
    seeds: int = 1

    def scores(self, method: str, labels=None, cut=None, **options) -> np.ndarray:
        """(S, N, C) scores of each image by classifiers of the other folds, for each seed.

        method, options: as for `models.create`; "fine-tuned" gets the seed besides. labels: what
        is learned instead of y, (N,) or (S, N). cut: labels of a fold's training images → a mask
        or positions of those to learn from. Fits are shared and kept (`train.fitted`), so that
        the same call costs nothing the next time.
        """
        labels = np.broadcast_to(self.y if labels is None else labels, (self.seeds, len(self.y)))
        found = np.empty((self.seeds, len(self.y), labels.max() + 1))
        for seed, given in enumerate(labels):
            for fold in range(len(self.folds)):
                test = self.folds[fold].test
                model = self.fitted(fold, method, given, cut, seed, **options)
                found[seed, test] = class_scores(model, self.X.iloc[test], found.shape[2])
        return found

    def fitted(self, fold: int, method: str, labels=None, cut=None, seed: int = 0, **options):
        """The classifier of one fold and seed; arguments as in `scores`, labels (N,)."""
        train = self.folds[fold].train
        labels = self.y if labels is None else np.asarray(labels)
        rows = train if cut is None else train[cut(labels[train])]
        own = {"seed": seed} if method == "fine-tuned" else {}
        return fitted(models.create(method, **options, **own), self.X.iloc[rows], labels[rows])

    def features(self, method: str, **options) -> list[np.ndarray]:
        """For each fold the features (n, D) of its test images by the fold's own classifier."""
        return [
            self.fitted(number, method, **options).transform(self.X.iloc[fold.test])
            for number, fold in enumerate(self.folds)
        ]

    def record(self, paper: str, item: str, row: str, column: str, scores, truth=None) -> None:
        """Record scores (S, N, C) as one cell, a run for each seed; truth: y unless given."""
        truth = self.y if truth is None else truth
        for seed, part in enumerate(scores):
            results.record_predictions(
                row, self.name, ids=self.X["id"], truth=truth, scores=part, seed=seed,
                paper=paper, item=item, row=row, column=column,
            )  # fmt: skip

    def both_ways(self, title: str, method: str, **options) -> bool:
        """Eight classes, and two classes both ways, in Rao's Table 3: whether it could be run.

        "FI-2" is trained on two classes; "FI-2, eight collapsed" adds up eight probabilities. Item
        "Two classes" pairs the two and has the gain of the second over the first. Without weights
        the cells say "not run".
        """
        place = ("rao2019", "Table 3", title)
        two = evaluate.polarity_labels(self.y)
        try:
            eight, direct = (self.scores(method, labels, **options) for labels in (self.y, two))
        except WeightsError:
            for column in ("FI-8", *WAYS):
                note = "not run: its weights are not at hand"
                results.record_row(*place, column, self.name, "accuracy", None, note=note)
            return False
        summed = np.stack([evaluate.collapse_to_polarity(part) for part in eight])
        self.record(*place, "FI-8", eight)
        for way, scores in zip(WAYS, (direct, summed), strict=True):
            self.record(*place, way, scores, two)
            self.record("rao2019", "Two classes", way, title, scores, two)
        cell = {"paper": "rao2019", "item": "Two classes", "column": title}
        gain = results.paired_gain(*WAYS[::-1], dataset=self.name, metric="accuracy", **cell)
        what = ("rao2019", "Two classes", "gain of eight collapsed", title, self.name)
        results.record_row(*what, "accuracy gain", *gain)
        return True
