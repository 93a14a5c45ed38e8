"""Methods side by side on one rated set: Tables II and IV of Kim et al. (2018)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import clone

from emobook import datasets, evaluate, results
from emobook.evaluate import repeated_folds
from emobook.evaluate.scales import KIM, rescale_error
from emobook.features.backbones import WeightsError
from emobook.results.rated import RATINGS, Predicted, Rated, not_run
from emobook.results.record import current
from emobook.results.tagged import noise_of

PAPER = "kim2018"
METHODS = "Methods"
"""Item with a row for each method and a column for each rating, so that they can be paired."""


@dataclass(frozen=True, eq=False)
class RatedMethods:
    """One rated set, on which every method is judged in the same folds.

    All errors are recorded on Kim's scale of 1 to 9.
    """

    rated: Rated

    def judge(
        self,
        row: str,
        estimator,
        *,
        inputs=None,
        repeats: int | None = None,
        cells=(),
        training: bool = False,
        metrics=("mse", "pearson", "ccc"),
        note: str = "",
    ) -> Predicted | None:
        """Fit and record one method; what it predicts out of fold, (R, N, 2).

        estimator: an unfitted regressor for both ratings. Where it has a seed (or, as `PerRating`,
        what it is made of has one), that of repeat r is r: the runs differ in folds and seeds.
        inputs: as for `Rated.predicted`. repeats: only the first so many. cells: further places for
        the errors, (item, row without its rating, column), as in ("Table IV", "conv-frozen",
        "VGG19") for "Valence conv-frozen". training: errors on the training images, too, which
        `table_two` takes. Without the weights that it needs all cells are recorded as not run, and
        it returns None.
        """
        rated, found = self.rated, []
        for repeat in range(rated.repeats if repeats is None else repeats):
            own = [f._replace(repeat=0) for f in rated.folds if f.repeat == repeat]
            once = replace(rated, folds=own)
            label = f"{row}, repeat {repeat + 1}"
            try:
                made = once.predicted(
                    _seeded(estimator, repeat), inputs, training=training, label=label
                )
            except WeightsError as reason:
                self.missing(row, reason, cells)
                return None
            found.append(made)
        said = Predicted(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
        for k, rating in enumerate(RATINGS):
            part, title = said.test[..., k], rating.title()
            rated.record(
                PAPER, METHODS, row, title, rating, part, metrics=metrics, scale=KIM, note=note
            )
            for item, rest, column in cells:
                rated.record(
                    PAPER, item, f"{title} {rest}".strip(), column, rating, part,
                    metrics=("mse",), scale=KIM, note=note,
                )  # fmt: skip
        return said

    def table_two(self, letter: str, said: Predicted, note: str = "") -> None:
        """Record Table II: training and test errors of each fold, and their means.

        letter: of the network of objects, "A", "V" or "R", or another name. said: of `judge` with
        training=True; the errors of a fold are means over repeats, whose folds differ: their
        number is all that they share.
        """
        rated = self.rated
        truth = rated.ratings.to_numpy(float)
        repeats, splits = said.training.shape[:2]
        held = {(f.repeat, f.fold): f.test for f in rated.folds if f.repeat < repeats}
        for k, rating in enumerate(RATINGS):
            trained = rescale_error(said.training[..., k], rated.scale, KIM)
            tested = np.array(
                [
                    [evaluate.mse(truth[test, k], said.test[r, test, k]) for test in
                     (held[r, fold] for fold in range(splits))]
                    for r in range(repeats)
                ]
            )  # fmt: skip
            tested = rescale_error(tested, rated.scale, KIM)
            spread = float(rescale_error(truth[:, k].var(), rated.scale, KIM))
            for part, errors in (("training", trained), ("test", tested)):
                row = f"{rating.title()} {part} {letter}"
                each = {f"g{fold + 1}": value for fold, value in enumerate(errors.mean(axis=0))}
                if part == "training":
                    each["Avg"] = errors.mean()
                for column, value in each.items():
                    results.record_row(
                        PAPER, "Table II", row, column, rated.name, "mse", float(value),
                        baseline=spread, note=f"{note}; on 1 to 9" if note else "on 1 to 9",
                    )  # fmt: skip
            rated.record(  # with its interval
                PAPER, "Table II", f"{rating.title()} test {letter}", "Avg", rating,
                said.test[..., k], metrics=("mse",), scale=KIM, note=note,
            )  # fmt: skip

    @classmethod
    def of(cls, sets: dict, **folds) -> dict[str, "RatedMethods"]:
        """Those of the sets that are here; of the others all of Kim's cells are recorded as not
        run.

        sets: name → options of `datasets.load`; what follows a comma is no part of the set's own
        name, and in a set whose name ends in "shuffled" each rating belongs to another picture.
        folds: splits and repeats, as for `Rated.of`.
        """
        found = {}
        for name, options in sets.items():
            try:
                data = datasets.load(name.partition(",")[0], on_error="drop", **options)
            except datasets.DatasetMissing:
                absent(name)
                continue
            one = Rated.of(data, name=name, noise=noise_of(data), **folds)
            if name.endswith("shuffled"):
                order = np.random.default_rng(0).permutation(len(one.X))
                mixed = one.ratings.iloc[order].reset_index(drop=True)
                one = replace(one, ratings=mixed, noise={})
            found[name] = cls(one)
        return found

    def leakage(self, row: str, estimator, inputs=None) -> None:
        """Record in item "Leakage" what one method gains where related pictures may lie on both
        sides of a fold.

        row: of the method. The gain of folds that do not mind groups is the fall of the error,
        paired by picture. Without the weights that it needs the gain is recorded as not run.
        """
        ratings, repeats = self.rated.ratings.to_numpy(float), self.rated.repeats
        apart = repeated_folds(ratings, None, len(self.rated.folds) // repeats, repeats)
        as_printed = replace(self.rated, folds=apart)
        ways = {f"{row}, grouped by theme": self.rated, f"{row}, as printed": as_printed}
        gained = f"{row}, gain of the folds as printed"
        for way, rated in ways.items():
            try:
                said = rated.predicted(estimator, inputs, label=way).test
            except WeightsError as reason:
                not_run(
                    PAPER, rated.name, [("Leakage", gained, r.title()) for r in RATINGS], reason
                )
                return
            for k, rating in enumerate(RATINGS):
                title = rating.title()
                rated.record(PAPER, "Leakage", way, title, rating, said[..., k], scale=KIM)
        self.gain("Leakage", gained, *list(ways)[::-1])

    def gain(self, item: str, row: str, better: str, worse: str) -> None:
        """Record in `row` of an item by how much the error falls from its row `worse` to its row
        `better`, paired by picture."""
        for title in map(str.title, RATINGS):
            cell = {"column": title, "dataset": self.rated.name, "metric": "mse", "paper": PAPER}
            gain = results.paired_gain(better, worse, item=item, **cell)
            what = PAPER, item, row, title, self.rated.name
            results.record_row(*what, "mse gain", *gain, note="on 1 to 9")

    def missing(self, row: str, reason, cells=()) -> None:
        """Record a method as not run: in `METHODS`, and in the places `cells` as of `judge`."""
        for title in map(str.title, RATINGS):
            places = [(METHODS, row, title)]
            places += [(item, f"{title} {rest}".strip(), column) for item, rest, column in cells]
            not_run(PAPER, self.rated.name, places, reason)

    def bars(self) -> dict[str, list[tuple[float, float, float]]]:
        """Error of each judged method with its bounds, for each rating; the best of valence first.
        NaN where it was not run."""
        frame = current().frame().query("paper == @PAPER and item == @METHODS and metric == 'mse'")
        frame = frame[frame["dataset"] == self.rated.name].set_index(["column", "row"])
        order = frame.loc["Valence"].sort_values("value", kind="stable").index
        cells = frame[["value", "low", "high"]]
        return {row: [tuple(cells.loc[(r.title(), row)]) for r in RATINGS] for row in order}

    def compared(self, ours: str, other_objects, transfer, notes: dict[str, str]):
        """Yield (claim, better row, worse rows, column, note) for those of `pairs` whose rows were
        all run.

        notes: row → what a reader of a verdict on it must know.
        """
        run = {row for row, ((value, *_), _) in self.bars().items() if value == value}
        for claim, (better, worse) in pairs(ours, other_objects, transfer).items():
            if {better, *worse} <= run:
                said = [notes[row] for row in (better, *worse) if row in notes]
                if claim.endswith("-over-transfer") and "VGG19" not in transfer:
                    said.append(f"{list(transfer)[-1]} stands for VGG19")
                note = "; ".join(said)
                for rating in RATINGS:
                    yield f"{claim}-{rating}", better, worse, rating.title(), note

    def limits(self) -> tuple[list[float], list[float] | None]:
        """Of each rating the error of the mean, and that which the raters' noise leaves, or None
        where that is not known."""
        rated = self.rated
        variances = rated.ratings[list(RATINGS)].var(ddof=0)
        noise = [rated.noise[r] for r in RATINGS] if rated.noise else None
        mean, least = (
            part if part is None else rescale_error(part, rated.scale, KIM).tolist()
            for part in (variances, noise)
        )  # fmt: skip
        return mean, least


def pairs(ours: str, other_objects, transfer) -> dict[str, tuple[str, list[str]]]:
    """What the claims set against each other: claim without its rating → (better, worse rows).

    ours: row of the network on features. other_objects: rows of it with other networks of objects
    than VGG16. transfer: names of the networks that were fine-tuned; the last one is VGG19, or
    stands for it where features are set against pixels.
    """
    cnn = f"{list(transfer)[-1]}, conv-train"
    found = {
        "kim-features-over-transfer": (ours, [cnn]),
        "kim-svr-over-transfer": ("SVR", [cnn]),
        "kim-linear-over-transfer": ("Linear", [cnn]),
        "kim-network-over-svr": (ours, ["SVR"]),
    }
    for name in ("AlexNet", "VGG19"):
        if name in transfer:
            both = f"{name}, conv-train", [f"{name}, conv-frozen"]
            found[f"kim-train-all-{name.lower()}"] = both
    if {"AlexNet", "VGG19"} <= set(transfer):
        found["kim-vgg-over-alexnet"] = "VGG19, conv-train", ["AlexNet, conv-train"]
    if ours.startswith("network, V") and other_objects:
        found["kim-vgg-best"] = ours, list(other_objects)
    return found


def printed_lead() -> pd.DataFrame:
    """By how much the errors of VGG16 lie below those of ResNet in the five folds of Table II as
    printed, and p of a paired t-test: a row for each rating."""
    printed = results.reported(PAPER).query("item == 'Table II' and column != 'Avg'")
    printed, found = printed.set_index("row")["printed"], {}
    for rating in map(str.title, RATINGS):
        vgg, resnet = (printed[f"{rating} test {net}"].to_numpy() for net in "VR")
        found[rating] = (resnet - vgg).mean(), stats.ttest_rel(resnet, vgg).pvalue
    return pd.DataFrame(found, index=["lead", "p"]).T


def training_of(network) -> str:
    """What a fine-tuned network was trained with, for the note of its rows: the size of its
    pictures, epochs and rate."""
    size = f"{network.size} px" if network.size else "its own size"
    return f"trained at {size}, {network.epochs} epochs, rate {network.lr:g}"


def _seeded(estimator, seed: int):
    known = estimator.get_params()
    return clone(estimator).set_params(
        **{name: seed for name in ("seed", "regressor__seed") if name in known}
    )


def absent(dataset: str) -> None:
    """Record all of Tables II and IV as not run on a set that is not here."""
    cells = results.reported(PAPER).query("item in ('Table II', 'Table IV')")
    not_run(PAPER, dataset, cells[["item", "row", "column"]].to_numpy(), "the set is not here")
