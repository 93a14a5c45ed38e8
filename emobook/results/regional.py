"""Classifiers above the regions of one data set: all in the same folds, from several starts."""

import dataclasses
import itertools

import numpy as np
import pandas as pd

from emobook import _bar, evaluate, results
from emobook.emotions import wheel_distribution
from emobook.evaluate import Interval
from emobook.evaluate.detection import moved_at_random
from emobook.evaluate.folds import Fold, class_scores
from emobook.images import read
from emobook.models.known_regions import box_features
from emobook.models.region_classifier import RegionClassifier, fit_together
from emobook.models.regions import RegionDetector, region_features

PAPER = "rao2019"
CONFIGURATIONS = {
    "whole picture only": "global",
    "object regions only": "objects",
    "emotional regions only": "emotional",
    "Ours + object regions": "global+objects",
    "Ours + emotional regions": "global+emotional",
}
"""Rows in the manner of Table 1 → configurations of `RegionClassifier`."""
PAIRS = {
    "rao-object-regions": ("Ours + object regions", "whole picture only"),
    "rao-emotional-regions": ("Ours + emotional regions", "whole picture only"),
    "rao-emotional-over-object": ("Ours + emotional regions", "Ours + object regions"),
    "rao-emotional-over-object-alone": ("emotional regions only", "object regions only"),
    "rao-global-needed": ("Ours + emotional regions", "emotional regions only"),
}
"""Claims on Table 1 → the row that should win, and the other."""
ALONE = [("whole picture only", row) for row in ("emotional regions only", "object regions only")]
"""What the text says besides: regions alone lose to the whole picture."""
AGAINST = {
    "found over none": ("Ours + emotional regions", "whole picture only"),
    "true over none": ("Ours + true regions", "whole picture only"),
    "random over none": ("Ours + random regions", "whole picture only"),
    "found over random": ("Ours + emotional regions", "Ours + random regions"),
    "true over moved": ("Ours + true regions", "Ours + true regions, moved"),
}
"""What `Regional.mechanism` compares."""
LOSSES = {"L_cls": "cross_entropy", "L_p": "label_probability", "L_multi": "multi_task"}
LAM = 0.4  # section 5.4.4
ADDED = "What regions add"
COLUMNS = {"FI-8": 8, "FI-2": 2}  # of the tables → number of classes that are learned


@dataclasses.dataclass(frozen=True, eq=False)
class Regional:
    """What a detector saw in the pictures of a data set, and classifiers that learn from it.

    name: in the record. X: N rows of `region_features`. table: the pictures, with `id` and
    `group`. y (N,): positions among the eight. p: share of voters who chose the label, (N,).
    folds: of one repeat, or a single one. seeds: how many random starts. learning: options of
    `RegionClassifier`.

    Scores are (S, T, C): for each start and each picture of `tested`, by the classifiers of the
    other folds.
    """

    name: str
    X: pd.DataFrame
    table: pd.DataFrame
    y: np.ndarray
    p: np.ndarray
    folds: list[Fold]
    seeds: int = 3
    learning: dict = dataclasses.field(default_factory=dict)
    known: dict = dataclasses.field(default_factory=dict, init=False)

    @classmethod
    def of(cls, name, data, detector: RegionDetector, p=None, splits: int = 5, **options):
        """The data set as a fitted detector sees it. p: by default the table's own; splits: as for
        `folds_of`; options: seeds, learning."""
        table = data.table
        p = np.asarray(table["p"] if p is None else np.full(len(table), p), dtype=float)
        X = region_features(detector, table)
        return cls(name, X, table, data.labels, p, folds_of(data, splits), **options)

    @property
    def tested(self) -> np.ndarray:
        """(T,) positions of the pictures that are predicted."""
        return np.sort(np.concatenate([fold.test for fold in self.folds]))

    def truth(self, classes: int = 8) -> np.ndarray:
        """(T,) positions among the eight, or 0 for negative and 1 for positive."""
        y = self.y[self.tested]
        return y if classes == 8 else evaluate.polarity_labels(y)

    def scores(self, configuration: str, loss: str = "L_multi", lam: float = LAM, classes: int = 8):
        """(S, T, C) scores. configuration, loss: keys of the two tables above; lam: of L_multi,
        where 0 is L_cls. For two classes L_multi takes f summed over either polarity, and L_p the
        share of voters who chose the one label of eight. Asked again, it answers from memory."""
        loss = "L_cls" if loss == "L_multi" and lam == 0 else loss
        key = configuration, loss, lam if loss == "L_multi" else None, classes
        if key not in self.known:
            self.known[key] = self._learned(*key)
        return self.known[key]

    def _learned(self, configuration, loss, lam, classes) -> np.ndarray:
        y = self.y if classes == 8 else evaluate.polarity_labels(self.y)
        aimed = wheel_distribution(self.y, self.p)
        aimed = aimed if classes == 8 else evaluate.collapse_to_polarity(aimed)
        given = {"multi_task": {"distributions": aimed}, "label_probability": {"p": self.p}}
        kind = LOSSES[loss]
        found = np.empty((self.seeds, len(self.y), classes))
        for _, _, train, test in _bar.progress(self.folds, f"{configuration}, {loss}"):
            models = [
                RegionClassifier(
                    configuration=CONFIGURATIONS[configuration], loss=kind, lam=lam or LAM,
                    seed=seed, **self.learning,
                )
                for seed in range(self.seeds)
            ]  # fmt: skip
            targets = {name: part[train] for name, part in given.get(kind, {}).items()}
            fit_together(models, self.X.iloc[train], y[train], **targets)
            for seed, model in enumerate(models):
                found[seed, test] = class_scores(model, self.X.iloc[test], classes)
        return found[:, self.tested]

    def seeing(self, local) -> "Regional":
        """The same with (K, d) of `local` for each picture in place of its emotional regions."""
        local = pd.Series(list(local), index=self.X.index, dtype=object)
        return dataclasses.replace(self, X=self.X.assign(emotional=local))

    def record(self, item: str, row: str, column: str, scores, note: str = "") -> None:
        """Record scores (S, T, C) as one cell, a run for each start."""
        seen = self.table.iloc[self.tested]
        for seed, part in enumerate(scores):
            results.record_predictions(
                row, self.name, ids=seen["id"], truth=self.truth(part.shape[1]), scores=part,
                seed=seed, group=seen["group"], paper=PAPER, item=item, row=row, column=column,
                note=note,
            )  # fmt: skip

    def table_1(self, suffix: str, note: str = "") -> dict[str, np.ndarray]:
        """Record the five configurations, all with L_multi, for eight and for two classes; the
        scores for eight, by row. suffix: of the rows' names."""
        for row in CONFIGURATIONS:
            for column, classes in COLUMNS.items():
                scores = self.scores(row, classes=classes)
                self.record("Table 1", row + suffix, column, scores, note)
        return {row: self.scores(row) for row in CONFIGURATIONS}

    def table_2(self, suffix: str, note: str = "") -> None:
        """Record the three losses for the full model and for the whole picture."""
        rows = {"Ours": "Ours + emotional regions", "whole picture": "whole picture only"}
        for row, configuration in rows.items():
            for loss in LOSSES:
                for column, classes in COLUMNS.items():
                    scores = self.scores(configuration, loss, classes=classes)
                    self.record("Table 2", f"{row} + {loss}{suffix}", column, scores, note)

    def figure_8(self, lams, suffix: str, note: str = "") -> None:
        """Record the full model's accuracy for each λ of `lams`."""
        for lam, row in zip(lams, _points(lams, suffix), strict=True):
            scores = self.scores("Ours + emotional regions", lam=lam)
            self.record("Figure 8", row, "FI-8", scores, note)

    def mechanism(self, detector: RegionDetector, suffix: str, note: str = "") -> dict:
        """Record what regions add, and whether it is their place: item "What regions add", L_cls.
        Returns the gains of `AGAINST`, as far as the truth is known: name → (gain, low, high)."""
        rows = "whole picture only", "Ours + emotional regions"
        found = {row: self.scores(row, "L_cls") for row in rows}
        for kind, local in elsewhere(detector, self.table).items():
            found[f"Ours + {kind}"] = self.seeing(local).scores(rows[-1], "L_cls")
        for row, scores in found.items():
            self.record(ADDED, row + suffix, "8 classes", scores, note)
        return {
            name: self.gain(ADDED, *(row + suffix for row in pair), "8 classes")
            for name, pair in AGAINST.items()
            if pair[0] in found
        }

    def gain(self, item: str, better: str, worse: str, column: str) -> tuple[float, float, float]:
        """By how much one recorded row beats another, paired, with its interval; it is recorded."""
        cell = {"paper": PAPER, "item": item, "column": column, "metric": "accuracy"}
        gain = results.paired_gain(better, worse, dataset=self.name, **cell)
        row = f"{better} over {worse}"
        results.record_row(PAPER, f"{item} in pairs", row, column, self.name, "gain", *gain)
        return gain[:3]

    def pairs(self, suffix: str) -> None:
        """Record the gains of `PAIRS` and `ALONE`, after `table_1`."""
        for pair, column in itertools.product([*PAIRS.values(), *ALONE], COLUMNS):
            self.gain("Table 1", *(row + suffix for row in pair), column)

    def said(self, detector: RegionDetector, pictures, rows) -> dict[str, np.ndarray]:
        """row → (n, 8) probabilities for n other pictures, by classifiers (L_multi) that learned
        from all pictures of this set."""
        seen = region_features(detector, pictures)
        found = {}
        for row in rows:
            model = RegionClassifier(
                configuration=CONFIGURATIONS[row], loss="multi_task", lam=LAM, **self.learning
            )
            found[row] = model.fit(self.X, self.y, p=self.p).predict_proba(seen)
        return found


def folds_of(data, splits: int = 5) -> list[Fold]:
    """Cross-validation of a `Dataset` in `splits` parts; with 0, its own split, "test" against the
    rest, in one fold."""
    if splits:
        return evaluate.repeated_folds(data.labels, data.table["group"], splits, 1)
    test = (data.table["split"] == "test").to_numpy()
    return [Fold(0, 0, np.flatnonzero(~test), np.flatnonzero(test))]


def sides(suffix: str, lams) -> list[tuple[str, str, list[str]]]:
    """What the tables and the curve of a `Regional` say on the claims: (id, row that should win,
    rows that should lose)."""
    losses = {"rao-lmulti-ours": ("L_multi", "L_cls"), "rao-lp-ours": ("L_cls", "L_p")}
    losses = {claim: [f"Ours + {one}" for one in pair] for claim, pair in losses.items()}
    found = [
        (f"{claim}-{classes}", better + suffix, [worse + suffix])
        for claim, (better, worse) in {**PAIRS, **losses}.items()
        for classes in COLUMNS.values()
    ]
    curve = {
        "rise": (LAM, [0.0]),
        "best": (LAM, [x for x in lams if x != LAM]),
        "fall": (0.5, [1.0]),
    }
    return found + [
        (f"rao-lambda-{claim}-ours", *_points([best], suffix), _points(rest, suffix))
        for claim, (best, rest) in curve.items()
    ]


def _points(lams, suffix: str) -> list[str]:
    return [f"Ours, λ = {lam}{suffix}" for lam in lams]


def elsewhere(detector: RegionDetector, table: pd.DataFrame, seed: int = 0) -> dict[str, list]:
    """What the classifier would see of other regions than the emotional ones that were found:
    "random regions", as many and as large, each anywhere in its picture; and where the table has a
    column `regions`, the "true regions" and "true regions, moved", the same in like manner. Where
    nothing in any picture has a true region, since the emotion has no place, the true regions are
    those of the objects, the column `boxes`. Features as `Regional.seeing` takes them."""
    found = [
        [one[:4] for one in regions if one.found]
        for regions in detector.transform(table)["emotional_regions"]
    ]
    sizes = [read(path).size for path in table["path"]]
    chosen = {"random regions": moved_at_random(found, sizes, seed)}
    if "regions" in table:
        true = table["regions"] if table["regions"].map(len).any() else table["boxes"]
        true = [[box[-4:] for box in boxes] for boxes in true]
        chosen["true regions"] = true
        chosen["true regions, moved"] = moved_at_random(true, sizes, seed)
    return dict(zip(chosen, box_features(detector, table, *chosen.values()), strict=True))


def unevenness(truth, scores, n: int = 8) -> np.ndarray:
    """How uneven the recalls of the classes are: for each run of scores (S, T, C) their standard
    deviation over the classes that occur, (S,). Figure 6 as a number."""
    truth = np.asarray(truth)
    occur = np.unique(truth)
    recalls = [evaluate.per_class_recall(truth, part.argmax(axis=1), n)[occur] for part in scores]
    return np.std(recalls, axis=1)


def more_even(truth, better, worse, resamples: int = 1000, seed: int = 0) -> Interval:
    """By how much the recalls of `better` are more even than those of `worse` (`unevenness`), both
    (S, T, C), with the interval over pictures and runs. Above 0 speaks for `better`."""
    kinds, sides = np.eye(8)[np.asarray(truth)], (worse, better)
    right = [(part.argmax(axis=2) == truth).mean(axis=0) for part in sides]

    def gap(weights):
        with np.errstate(invalid="ignore"):  # a class that was not drawn has no recall
            recalls = [(weights * one) @ kinds / (weights @ kinds) for one in right]
        worst, best = (np.nanstd(part, axis=-1) for part in recalls)
        return worst - best

    n = len(kinds)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    low, high = np.quantile(gap(drawn), [0.025, 0.975])
    runs = unevenness(truth, worse) - unevenness(truth, better)
    return evaluate.over_runs(Interval(float(gap(np.ones(n))), float(low), float(high)), runs)
