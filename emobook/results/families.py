"""Each family of features by itself, and all together: Table III of Kim et al. (2018)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from emobook.results import record_row
from emobook.results.rated import RATINGS, Rated

PAPER = "kim2018"
SCALE = (1, 9)
TABLE, PAIRS = "Table III", "Families"
ALL, NO_SEMANTIC, SWAPPED = "all", "all, no semantic", "all, attributes for objects"
_CLAIMS = {
    "kim-object-best": ("object", ("low", "semantic")),
    "kim-semantic-over-low": ("semantic", ("low",)),
    "kim-all-best": (ALL, ("low", "object", "semantic")),
    "kim-objects-over-attributes": (ALL, (SWAPPED,)),
}
"""Claim without its rating → the family that should be better, and those it should beat."""


@dataclass(frozen=True, eq=False)
class Families:
    """The features of one rated set, by family, all judged in the same folds.

    rated: the set. blocks: family → (N, D); "low" and "object", and where they are to be had
    "semantic" and "attributes", which are judged in place of the objects, as in row O of Table II.
    names: family → its column of Table III ("Low", "VGG16", …); where
    somebody else than in the paper says what is where, the name says who. first: False for a
    second network of objects on the same set, with which only "object" and all together are new.
    """

    rated: Rated
    blocks: dict[str, np.ndarray]
    names: dict[str, str]
    first: bool = True

    @property
    def together(self) -> str:
        """Family of all features: "all", or "all, no semantic"."""
        return ALL if "semantic" in self.blocks else NO_SEMANTIC

    def inputs(self) -> dict[str, np.ndarray]:
        """Each family, and all of them side by side: family → (N, D)."""
        found = {name: block for name, block in self.blocks.items() if name != "attributes"}
        found[self.together] = np.hstack(list(found.values()))
        if "attributes" in self.blocks:
            swapped = {**self.blocks, "object": self.blocks["attributes"]}
            swapped.pop("attributes")
            found[SWAPPED] = np.hstack(list(swapped.values()))
        new = ("object", self.together)
        return found if self.first else {family: found[family] for family in new}

    def column(self, family: str) -> str:
        """Its column of Table III; "All" is that with VGG16, as in the paper."""
        if family in self.names:
            return self.names[family]
        objects = "" if self.names["object"] == "VGG16" else f", {self.names['object']}"
        return family.replace("all", "All") + objects

    def judge(
        self, head: str, make: Callable, repeats: int | None = None, note: str = ""
    ) -> dict[str, np.ndarray]:
        """Fit and record one kind of model on each family; predictions (R, N, 2) by family.

        head: "" for the network of the paper, else the name of what stands in its place. make: of
        a family ("low", "object", "semantic", "attributes", "all") makes an unfitted regressor on
        (N, D). repeats: only the first so many repeats of the folds.

        Errors are recorded twice, on the paper's scale of 1 to 9: in Table III in its form, and,
        with the first network of objects, in item "Families" with a row per family, so that they
        can be compared in pairs; r and CCC stand there only. The baseline is the error of always
        answering the mean.
        """
        rated, found = self.rated, {}
        if repeats is not None:
            rated = replace(rated, folds=[f for f in rated.folds if f.repeat < repeats])
        for family, block in self.inputs().items():
            model = make(family.partition(",")[0])
            found[family] = rated.predicted(model, block, label=family).test
            for k, rating in enumerate(RATINGS):
                title = self._title(rating, head)
                cells = [(TABLE, title, self.column(family)), (PAIRS, family, title)]
                for cell in cells[: 1 + self.first]:
                    rated.record(
                        PAPER, *cell, rating, found[family][..., k], scale=SCALE, note=note,
                        **({"metrics": ("mse",)} if cell[0] == TABLE else {}),
                    )  # fmt: skip
        return found

    def pairs(self, head: str = "") -> list[tuple[str, str, list[str], str]]:
        """What the claims set against each other here: (id, better, worse, column) for each claim
        both sides of which `judge` has recorded."""
        here, found = self.inputs(), []
        for rating in RATINGS:
            for claim, (better, worse) in _CLAIMS.items():
                better = self.together if better == ALL else better
                worse = [family for family in worse if family in here]
                if better in here and worse:
                    found.append((f"{claim}-{rating}", better, worse, self._title(rating, head)))
        return found

    @staticmethod
    def _title(rating: str, head: str) -> str:
        return rating.title() + (f", {head}" if head else "")


def not_run(dataset: str, columns, reason, heads=("",)) -> None:
    """Record columns of Table III, both ratings, as not run on a set, for a reason."""
    for rating in RATINGS:
        for head in heads:
            row, note = Families._title(rating, head), f"not run: {reason}"
            for column in columns:
                record_row(PAPER, TABLE, row, column, dataset, "mse", None, note=note)
