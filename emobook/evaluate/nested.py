"""Settings of a classifier chosen on inner folds, beside those chosen on the test images."""

import dataclasses

import numpy as np

from emobook.evaluate.folds import Fold, repeated_folds

CHOICES = ("inner folds", "all test images", "each test fold")


@dataclasses.dataclass(frozen=True, eq=False)
class Settings:
    """A grid of settings of any number of axes (*grid), judged twice over for N images.

    folds: F folds of R repeats. decisions (R, *grid, N, C): of each image by the fold that did not
    train on it. scores (*grid, F): accuracy in each fold's test images. inner (*grid, F): mean
    accuracy in the inner folds of each fold's training images.
    """

    folds: list[Fold]
    decisions: np.ndarray
    scores: np.ndarray
    inner: np.ndarray

    def fixed(self, position: int) -> "Settings":
        """The same with one value of the first axis of the grid, which falls away."""
        return Settings(
            self.folds, self.decisions[:, position], self.scores[position], self.inner[position]
        )

    def cells(self, on: str = "inner folds") -> np.ndarray:
        """(F, axes) the position in the grid that is taken for each fold: of equals the first.

        on: where its accuracy, the mean over folds, is best. "inner folds": of the fold's training
        images, an honest choice. "all test images": of the whole repeat, as papers do that have
        one test set and no other images to choose on. "each test fold": the same for a small test
        set, the fold's own. The last two look at what they are judged by.
        """
        if on not in CHOICES:
            raise ValueError(f"on must be one of {', '.join(CHOICES)}, not {on!r}")
        judged = self.inner if on == "inner folds" else self.scores
        judged = judged.reshape(-1, len(self.folds))
        if on == "all test images":
            repeats = np.array([fold.repeat for fold in self.folds])
            judged = np.stack([judged[:, repeats == r].mean(axis=1) for r in repeats], axis=1)
        # Sums of equal shares may differ in their last bit: what is that close is equal.
        best = (judged >= judged.max(axis=0) - 1e-9).argmax(axis=0)
        return np.stack(np.unravel_index(best, self.scores.shape[:-1]), axis=1)

    def chosen(self, on: str = "inner folds") -> np.ndarray:
        """(R, N, C) decisions of the settings that `cells` takes for the image's fold."""
        found = np.full(self.decisions.shape[:1] + self.decisions.shape[-2:], np.nan)
        first = self.folds[0].repeat
        for fold, cell in zip(self.folds, self.cells(on), strict=True):
            run = fold.repeat - first
            found[run, fold.test] = self.decisions[(run, *cell, fold.test)]
        return found


def nested(path, y, folds, groups=None, splits: int = 5, seed: int = 0) -> Settings:
    """Judge a grid of settings in `folds`, and in `splits` inner folds of each one's training part.

    path: a function of pairs (train, test) of row positions that gives an object with `decisions`
        (*grid, N, C) and `fold_scores` (*grid, pairs), such as `fusion_path` for fixed features.
        Nothing in it may have learned from a test image's label. Features of a network that was
        trained on the fold's training images have seen the inner test images too, so for them an
        inner fold is not blind.
    y (N,), groups: as for `repeated_folds`, whose result `folds` is, repeats in a row.
    """
    y, groups = np.asarray(y), None if groups is None else np.asarray(groups)
    inside = [path(inner_folds(y, f.train, groups, splits, seed)).fold_scores for f in folds]
    outer = [
        path([(f.train, f.test) for f in folds if f.repeat == repeat])
        for repeat in dict.fromkeys(f.repeat for f in folds)
    ]
    return Settings(
        folds=list(folds),
        decisions=np.stack([part.decisions for part in outer]),
        scores=np.concatenate([part.fold_scores for part in outer], axis=-1),
        inner=np.stack([np.mean(scores, axis=-1) for scores in inside], axis=-1),
    )


def inner_folds(y, train, groups=None, splits: int = 5, seed: int = 0) -> list[tuple]:
    """Pairs (train, test) of row positions that cut the rows `train` (n,) into `splits` folds."""
    parts = repeated_folds(
        np.asarray(y)[train], None if groups is None else np.asarray(groups)[train], splits, 1, seed
    )
    return [(train[part.train], train[part.test]) for part in parts]
