"""Classifiers on top of the networks of a fusion: every one in the same repeated folds."""

import dataclasses
import functools

import numpy as np
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from emobook import evaluate, models, results
from emobook.datasets import Dataset
from emobook.evaluate.folds import Fold
from emobook.evaluate.nested import Settings, nested
from emobook.models.fusion import join
from emobook.models.fusion_path import fusion_path, fusion_softmax_path
from emobook.models.light import LiteEmoClassifier
from emobook.models.streams import HiddenLayerClassifier

PAPER = "rapolu2023"


@dataclasses.dataclass(frozen=True, eq=False)
class Heads:
    """A data set, the blocks of a fusion of frozen networks, and its repeated folds.

    name: of the set, in the record. blocks: X1, X2 and, where there is one, S: (N, D) each. splits,
    repeats and seed: as for `evaluate.repeated_folds`. inner: how many folds each training part is
    cut into where settings are chosen.

    Every method gives scores (repeats, N, C), columns in the order of the labels that occur.
    """

    name: str
    data: Dataset
    blocks: list[np.ndarray]
    splits: int = 5
    repeats: int = 1
    inner: int = 5
    seed: int = 0

    @functools.cached_property
    def folds(self) -> list[Fold]:
        groups = self.data.table["group"]
        return evaluate.repeated_folds(
            self.data.labels, groups, self.splits, self.repeats, self.seed
        )

    def softmax(self, **weights) -> np.ndarray:
        """The paper's softmax layer; weights: of `fusion_softmax_path`, the first one counts. The
        number of the repeat is the seed."""
        return np.concatenate(
            [
                fusion_softmax_path(
                    self.blocks,
                    self.data.labels,
                    cv=[(f.train, f.test) for f in self.folds if f.repeat == repeat],
                    seeds=[repeat],
                    **weights,
                )[0]
                for repeat in range(self.repeats)
            ]
        )

    def machines(self, Cs, times=(1,), **weights) -> Settings:
        """The grid of machines with a radial kernel, judged in the folds and in inner folds.

        weights: of `fusion_path`. times: what γ is, in multiples of scikit-learn's "scale". The
        axes of the grid are weights, Cs, times.
        """
        gammas = [("scale", one) for one in times]

        def path(pairs):
            return fusion_path(
                self.blocks, self.data.labels, Cs=Cs, gamma=gammas, cv=pairs, **weights
            )

        y, groups = self.data.labels, self.data.table["group"]
        return nested(path, y, self.folds, groups, self.inner)

    def linear(self, head, penalties, weights) -> np.ndarray:
        """A linear classifier on the joined vectors, its C chosen on inner folds.

        head: an unfitted classifier that penalises squared weights by C, and that predicts what
        scores most (so a machine needs break_ties). weights: of the blocks, as `join` takes them.
        The vectors are turned onto their principal axes first, as many as there are training
        images: nothing is lost, and a fit takes less time by far. Inner folds know no groups here.
        """
        model = make_pipeline(PCA(), GridSearchCV(head, {"C": penalties}, cv=self.inner))
        joined = join(self.blocks, weights[: len(self.blocks)])
        found = evaluate.cross_predict(model, joined, self.data.labels, self.folds)
        return _in_runs(found)[..., np.unique(self.data.labels)]

    @property
    def first(self) -> list[Fold]:
        """The folds of the first repeat, in which networks learn anew."""
        return [fold for fold in self.folds if fold.repeat == 0]

    def on_tuned(self, starts, Cs, **weights) -> tuple[np.ndarray, np.ndarray]:
        """Softmax layers and machines on networks that learned anew in each fold of `first`.

        starts: for each random start a function of the fold's number that gives the blocks.
        weights: of `fusion_path`, the first one counts. Returns the layers' scores (starts, N, C)
        and the machines' (starts, Cs, N, C); here, settings cannot be chosen on inner folds.
        """
        y, cv = self.data.labels, [(fold.train, fold.test) for fold in self.first]
        layers = [
            fusion_softmax_path(blocks, y, cv=cv, seeds=[start], **weights)[0, 0]
            for start, blocks in enumerate(starts)
        ]
        paths = [fusion_path(blocks, y, Cs=Cs, cv=cv, **weights) for blocks in starts]
        return np.stack(layers), np.stack([path.decisions[0] for path in paths])

    def inner_and_test(self, blocks, Cs, alpha: float = 0.75) -> np.ndarray:
        """(2, 3, Cs) accuracy in the inner folds, and in the test folds, of the folds of `first`.

        blocks: a function of the fold's number. The three are the mean, the lowest and the highest
        fold. The two are alike where inner folds are blind.
        """
        y, groups, found = self.data.labels, self.data.table["group"], []
        for number, fold in enumerate(self.first):
            path = functools.partial(fusion_path, blocks(number), y, [alpha], Cs, "scale")
            judged = nested(path, y, [fold], groups, self.inner)
            found.append([judged.inner[0, :, 0], judged.scores[0, :, 0]])
        return np.stack([part(found, axis=0) for part in (np.mean, np.min, np.max)], axis=1)

    def lite_emo(self, kinds, labels, seeds: int, **network) -> np.ndarray:
        """(seeds, N, C) scores of LiteEmo (chapter 35) in the folds of `first`.

        kinds, labels: a table of pictures with their categories, which its stream C learns.
        network: options of its `HiddenLayerClassifier`.
        """
        category = FrozenEstimator(models.create("frozen-linear").fit(kinds, labels))
        found = []
        for seed in range(seeds):
            learns = HiddenLayerClassifier(**network, seed=seed)
            method = LiteEmoClassifier(learns, "EOC", category)
            predicted = evaluate.cross_predict(
                method, self.data.table, self.data.labels, self.first
            )
            found.append(_in_runs(predicted)[0])
        return np.stack(found)[..., np.unique(self.data.labels)]

    def shuffled(self, seed: int) -> "Heads":
        """The same pictures with each other's labels, one repeat of folds drawn with `seed`: there
        is nothing to learn, and what looks learned comes of the choice."""
        order = np.random.default_rng(seed).permutation(len(self.data))
        blocks = [block[order] for block in self.blocks]
        name = f"{self.name}, shuffled"
        return dataclasses.replace(self, name=name, blocks=blocks, repeats=1, seed=seed)

    def record(self, item: str, row: str, column: str, scores, note: str = "") -> None:
        """Record scores (runs, N, C), columns in the order of the labels that occur."""
        for run, part in enumerate(scores):
            wide = np.full((len(part), len(self.data.classes)), -np.inf)
            wide[:, np.unique(self.data.labels)] = part
            results.record_predictions(
                row, self.name, ids=self.data.table["id"], truth=self.data.labels, scores=wide,
                seed=run, group=self.data.table["group"], paper=PAPER, item=item, row=row,
                column=column, note=note,
            )  # fmt: skip

    def each(self, item: str, rows, column: str, scores, ahead: int) -> tuple:
        """Record a row for each of scores (rows, runs, N, C), and by how much the one at position
        `ahead` beats each other one in pairs.

        Returns two arrays (3, rows) of value, low, high: the accuracies, and the gains (0 for the
        row itself).
        """
        for row, part in zip(rows, scores, strict=True):
            self.record(item, row, column, part)
        here = results.rows()
        here = here[(here["item"] == item) & (here["column"] == column)]
        here = here[here["dataset"] == self.name].set_index("row")
        gains = [
            self.gain(item, rows[ahead], row, column) if row != rows[ahead] else (0, 0, 0)
            for row in rows
        ]
        return here.loc[list(rows), ["value", "low", "high"]].to_numpy().T, np.array(gains).T

    def gain(self, item: str, better: str, worse: str, column: str) -> tuple[float, float, float]:
        """By how much one recorded row beats another, paired, with its interval; it is recorded."""
        cell = {"paper": PAPER, "item": item, "column": column, "metric": "accuracy"}
        gain = results.paired_gain(better, worse, dataset=self.name, **cell)
        row = f"{better} over {worse}"
        results.record_row(PAPER, f"{item} in pairs", row, column, self.name, "gain", *gain)
        return gain[:3]


def _in_runs(found) -> np.ndarray:
    """What `cross_predict` found, as (repeats, N, C)."""
    ordered = found.sort_values(["repeat", "index"])
    scores = np.stack(ordered["scores"])
    return scores.reshape(found["repeat"].nunique(), -1, scores.shape[1])
