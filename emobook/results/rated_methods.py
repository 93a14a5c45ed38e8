"""Methods side by side on one rated set: Tables II and IV of Kim et al. (2018)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from emobook import evaluate, results
from emobook.evaluate.scales import KIM, rescale_error
from emobook.features.backbones import WeightsError
from emobook.results.rated import RATINGS, Predicted, Rated

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
        make: Callable,
        *,
        inputs=None,
        repeats: int | None = None,
        cells=(),
        training: bool = False,
        metrics=("mse", "pearson", "ccc"),
        note: str = "",
    ) -> Predicted | None:
        """Fit and record one method; what it predicts out of fold, (R, N, 2).

        make(seed) → an unfitted regressor for both ratings; repeat r of the folds has seed r, so
        that the runs differ in both. inputs: as for `Rated.predicted`. repeats: only the first so
        many. cells: further places for the errors, (item, row without its rating, column), as in
        ("Table IV", "conv-frozen", "VGG19") for "Valence conv-frozen". training: errors on the
        training images, too, which `table_two` takes. Without the weights that it needs all cells
        are recorded as not run, and it returns None.
        """
        rated, found = self.rated, []
        for repeat in range(rated.repeats if repeats is None else repeats):
            own = [f._replace(repeat=0) for f in rated.folds if f.repeat == repeat]
            once = replace(rated, folds=own)
            label = f"{row}, repeat {repeat + 1}"
            try:
                made = once.predicted(make(repeat), inputs, training=training, label=label)
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


def not_run(dataset: str, cells, reason) -> None:
    """Record cells (item, row, column) as not run on a set, for a reason."""
    for item, row, column in cells:
        results.record_row(
            PAPER, item, row, column, dataset, "mse", None, note=f"not run: {reason}"
        )
