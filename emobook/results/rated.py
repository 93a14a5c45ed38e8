"""Valence and arousal predicted out of fold, and recorded on the scale that a table needs."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from emobook import results
from emobook._bar import progress
from emobook.evaluate import repeated_folds
from emobook.evaluate.folds import Fold, take
from emobook.evaluate.scales import factor, rescale
from emobook.train import fitted

RATINGS = ("valence", "arousal")
METRICS = ("mse", "pearson", "ccc")


class Predicted(NamedTuple):
    """What models of other folds say, and how well they fit what they learned from.

    test (R, N, K): of R repeats, N images and K ratings, in the set's own scale. training
    (R, splits, K): mean squared error of each fold's model on its training images; NaN where it
    was not asked for.
    """

    test: np.ndarray
    training: np.ndarray


@dataclass(frozen=True)
class Rated:
    """One rated set, cut into folds once; every model sees the same folds.

    name: of the set, in the record. X: its table. ratings: (N, 2), valence and arousal on `scale`,
    the lowest and the highest rating that can be given. folds: of `evaluate.repeated_folds`.
    groups: (N,) names of related images, which intervals resample whole, or None. noise: rating →
    variance of the raters' error in its mean, in squared units of the scale; where it is known it
    bounds what any model can reach, and is recorded as the ceiling.
    """

    name: str
    X: pd.DataFrame
    ratings: pd.DataFrame
    scale: tuple[float, float]
    folds: list[Fold]
    groups: np.ndarray | None = None
    noise: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset, *, splits=5, repeats=5, grouped=True, name=None, noise=None) -> "Rated":
        """The images of a `datasets.Dataset` that have a file.

        grouped: keep the groups of the table, such as OASIS' themes, on one side of each fold.
        Without it folds are cut as if images were unrelated, as the papers do; intervals resample
        whole groups all the same. Raises ValueError for a set without ratings.
        """
        if dataset.ratings is None:
            raise ValueError(f"{dataset.name} has no ratings of valence and arousal: take oasis")
        here = dataset.table["path"].notna().to_numpy()
        X = dataset.table[here].reset_index(drop=True)
        ratings = dataset.ratings[list(RATINGS)][here].reset_index(drop=True)
        groups = X["group"].to_numpy() if "group" in X else None
        cut = groups if grouped else None
        folds = repeated_folds(ratings.to_numpy(float), cut, splits, repeats)
        return cls(
            name or dataset.name, X, ratings, tuple(dataset.scale), folds, groups, noise or {}
        )

    @property
    def repeats(self) -> int:
        return 1 + max(fold.repeat for fold in self.folds)

    def predicted(
        self, estimator, inputs=None, *, which=RATINGS, training=False, shared=False, label="folds"
    ) -> Predicted:
        """Fit a clone of a regressor in each fold, predict the rest.

        inputs: (N, D) or anything with a row per image that the estimator takes, else the table.
        which: the ratings that it learns, together where there are several. training: also the
        error on what it learned from. shared: keep each fit, and take it where it was done before
        (`train.fitted`).
        """
        X, y = self.X if inputs is None else inputs, self.ratings[list(which)].to_numpy(float)
        splits = len(self.folds) // self.repeats
        test = np.full((self.repeats, *y.shape), np.nan)
        errors = np.full((self.repeats, splits, y.shape[1]), np.nan)
        target = y if y.shape[1] > 1 else y[:, 0]
        for repeat, fold, learned, held_out in progress(self.folds, label):
            given, truth = take(X, learned), target[learned]
            if shared:
                model = fitted(estimator, given, truth)
            else:
                model = clone(estimator).fit(given, truth)
            test[repeat, held_out] = model.predict(take(X, held_out)).reshape(-1, y.shape[1])
            if training:
                apart = model.predict(given).reshape(-1, y.shape[1]) - y[learned]
                errors[repeat, fold] = (apart**2).mean(axis=0)
        return Predicted(test, errors)

    def record(
        self, paper, item, row, column, rating, predictions, *, metrics=METRICS, scale=None, note=""
    ) -> None:
        """Record predictions (R, N) of one rating as one cell, a run for each repeat.

        scale: that of the table, such as (1, 9) beside Kim's numbers; predictions and truth are
        moved there and the note says so. The baseline is the mean predictor: of the squared error
        the ratings' variance, of both correlations 0.
        """
        scales = self.scale, self.scale if scale is None else scale
        if scales[0] != scales[1]:
            said = "on {:g} to {:g}".format(*scales[1])
            note = f"{note}; {said}" if note else said
        truth = rescale(self.ratings[rating], *scales)
        ceilings = self._ceilings(rating, truth.var(), factor(*scales))
        for metric in metrics:
            for run, part in enumerate(predictions):
                results.record_predictions(
                    row, self.name, ids=self.X["id"], truth=truth,
                    scores=rescale(part, *scales), seed=run, group=self.groups, paper=paper,
                    item=item, row=row, column=column, metric=metric, note=note,
                    baseline=None if metric == "mse" else 0.0, ceiling=ceilings.get(metric),
                )  # fmt: skip

    def _ceilings(self, rating: str, variance: float, stretch: float) -> dict[str, float]:
        """What a model would reach that knows what all people would say on average.

        With the share ρ of the variance that is not the raters' error: MSE (1 - ρ) variance,
        r √ρ, CCC 2ρ / (1 + ρ).
        """
        if rating not in self.noise:
            return {}
        noise = self.noise[rating] * stretch**2
        reliable = max(1 - noise / variance, 0.0)
        return {"mse": noise, "pearson": math.sqrt(reliable), "ccc": 2 * reliable / (1 + reliable)}


def not_run(paper: str, dataset: str, cells, reason) -> None:
    """Record the error of cells (item, row, column) as not run on a set, for a reason."""
    for cell in cells:
        results.record_row(paper, *cell, dataset, "mse", None, note=f"not run: {reason}")
