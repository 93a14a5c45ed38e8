"""Methods side by side on one rated set: Tables II and IV of Kim et al. (2018)."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import clone

from emobook import evaluate, results
from emobook.evaluate.scales import KIM, rescale_error
from emobook.features.backbones import WeightsError
from emobook.results.rated import RATINGS, Predicted, Rated
from emobook.results.record import current

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
                for title in map(str.title, RATINGS):
                    places = [(METHODS, row, title)]
                    places += [(item, f"{title} {rest}".strip(), col) for item, rest, col in cells]
                    not_run(rated.name, places, reason)
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

    def leakage(self, row: str, estimator, inputs, as_printed: Rated) -> None:
        """Record in item "Leakage" what one method gains where related pictures may lie on both
        sides of a fold.

        row: of the method. as_printed: the same set with folds that do not mind groups. The gain
        is the fall of the error, paired by picture.
        """
        ways = {f"{row}, grouped by theme": self.rated, f"{row}, as printed": as_printed}
        for way, rated in ways.items():
            said = rated.predicted(estimator, inputs, label=way).test
            for k, rating in enumerate(RATINGS):
                title = rating.title()
                rated.record(PAPER, "Leakage", way, title, rating, said[..., k], scale=KIM)
        for title in map(str.title, RATINGS):
            cell = {"column": title, "dataset": self.rated.name, "metric": "mse", "paper": PAPER}
            gain = results.paired_gain(*list(ways)[::-1], item="Leakage", **cell)
            what = PAPER, "Leakage", f"{row}, gain of the folds as printed", title, self.rated.name
            results.record_row(*what, "mse gain", *gain, note="on 1 to 9")

    def bars(self) -> dict[str, list[tuple[float, float, float]]]:
        """Error of each judged method with its bounds, for each rating; the best of valence first.
        NaN where it was not run."""
        frame = current().frame().query("paper == @PAPER and item == @METHODS and metric == 'mse'")
        frame = frame[frame["dataset"] == self.rated.name].set_index(["column", "row"])
        order = frame.loc["Valence"].sort_values("value", kind="stable").index
        cells = frame[["value", "low", "high"]]
        return {row: [tuple(cells.loc[(r.title(), row)]) for r in RATINGS] for row in order}

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
    stands for it.
    """
    cnn = f"{list(transfer)[-1]}, conv-train"
    found = {
        "kim-features-over-transfer": (ours, [cnn]),
        "kim-train-all-vgg19": (cnn, [cnn.replace("conv-train", "conv-frozen")]),
        "kim-svr-over-transfer": ("SVR", [cnn]),
        "kim-linear-over-transfer": ("Linear", [cnn]),
        "kim-network-over-svr": (ours, ["SVR"]),
    }
    if "AlexNet" in transfer:
        found["kim-train-all-alexnet"] = "AlexNet, conv-train", ["AlexNet, conv-frozen"]
        if "VGG19" in transfer:
            found["kim-vgg-over-alexnet"] = cnn, ["AlexNet, conv-train"]
    if ours.startswith("network, V") and other_objects:
        found["kim-vgg-best"] = ours, list(other_objects)
    return found


def _seeded(estimator, seed: int):
    known = estimator.get_params()
    return clone(estimator).set_params(
        **{name: seed for name in ("seed", "regressor__seed") if name in known}
    )


def absent(dataset: str) -> None:
    """Record all of Tables II and IV as not run on a set that is not here."""
    cells = results.reported(PAPER).query("item in ('Table II', 'Table IV')")
    not_run(dataset, cells[["item", "row", "column"]].to_numpy(), "the set is not here")


def not_run(dataset: str, cells, reason) -> None:
    """Record cells (item, row, column) as not run on a set, for a reason."""
    for item, row, column in cells:
        results.record_row(
            PAPER, item, row, column, dataset, "mse", None, note=f"not run: {reason}"
        )
