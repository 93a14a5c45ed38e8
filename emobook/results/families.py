"""Each family of features by itself, and all together: Table III of Kim et al. (2018)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.utils.validation import has_fit_parameter

from emobook.evaluate.scales import KIM
from emobook.features.backbones import WeightsError
from emobook.results import rated as sets
from emobook.results.rated import RATINGS, Rated

PAPER = "kim2018"
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

    rated: the set. blocks: family → (N, D); "low", and where they are to be had "object",
    "semantic" and "attributes", which are judged in place of the objects, as in row O of Table II.
    names: family → its column of Table III ("Low", "VGG16", …); where somebody else than in the
    paper says what is where, the name says who after a comma ("semantic, true masks"). first: False
    for a second network of objects on the same set, with which only "object" and all together are
    new.
    """

    rated: Rated
    blocks: dict[str, np.ndarray]
    names: dict[str, str]
    first: bool = True

    @classmethod
    def described(cls, rated: Rated, objects: dict, others: dict, names: dict) -> list["Families"]:
        """A set described with every network of objects whose weights are here, one after another.

        objects: column of Table III → transformer of the set's table; others: family → transformer.
        names: as above, without the objects. Networks without weights are recorded as not run,
        and so are "semantic" and "All" where `others` has nobody who segments. Without any network
        of objects the other families are there by themselves.
        """
        values = {family: block.fit_transform(rated.X) for family, block in others.items()}
        if "semantic" not in others:
            not_run(rated.name, ["semantic", "All"], "nobody here segments pictures")
        found = []
        for title, block in objects.items():
            try:
                seen = {"object": block.fit_transform(rated.X)}
            except WeightsError as reason:
                not_run(rated.name, [title], reason)
                continue
            blocks = {"low": values["low"], **seen, **values}
            found.append(cls(rated, blocks, names | {"object": title}, first=not found))
        return found or [cls(rated, values, names)]

    @property
    def together(self) -> str:
        """Family of all features: "all", or "all, no semantic"."""
        return ALL if "semantic" in self.blocks else NO_SEMANTIC

    def inputs(self) -> dict[str, np.ndarray]:
        """Each family, and with objects all of them side by side: family → (N, D)."""
        found = {name: block for name, block in self.blocks.items() if name != "attributes"}
        if "object" in found:
            found[self.together] = np.hstack(list(found.values()))
        if "attributes" in self.blocks:
            swapped = {**self.blocks, "object": self.blocks["attributes"]}
            swapped.pop("attributes")
            found[SWAPPED] = np.hstack(list(swapped.values()))
        new = ("object", self.together)
        return found if self.first else {family: found[family] for family in new}

    def column(self, family: str) -> str:
        """Its column of Table III; "All" is that with VGG16 and the paper's segmenter."""
        if family in self.names:
            return self.names[family]
        parts = [family.replace("all", "All")]
        if family != SWAPPED and self.names["object"] != "VGG16":
            parts.append(self.names["object"])
        return ", ".join([*parts, *filter(None, [self._segmenter])])

    @property
    def _segmenter(self) -> str:
        """Who stands in for the paper's segmenter, or ""."""
        return self.names["semantic"].partition(", ")[2] if "semantic" in self.blocks else ""

    def made_by(self, *families: str) -> str:
        """Who describes the objects and the areas in these families; "" where neither is in."""
        alls = {ALL, NO_SEMANTIC, SWAPPED} & set(families)
        parts = []
        if {"object", ALL, NO_SEMANTIC} & set(families):
            parts.append(f"objects by {self.names['object']}")
        if self._segmenter and (alls or "semantic" in families):
            parts.append(f"areas by {self._segmenter}")
        elif alls and "semantic" not in self.blocks:
            parts.append("no semantic")
        return "; ".join(parts)

    def judge(
        self, head: str, make: Callable, repeats: int | None = None, note: str = ""
    ) -> dict[str, np.ndarray]:
        """Fit and record one kind of model on each family; predictions (R, N, 2) by family.

        head: "" for the network of the paper, else the name of what stands in its place. make: of
        a family ("low", "object", "semantic", "all") and the number of a repeat, its seed, makes
        an unfitted regressor on (N, D). One whose `fit` takes groups gets a table with the column
        `group` beside the numbers, so that it can hold out whole groups itself. repeats: only the
        first so many repeats of the folds.

        Errors are recorded twice, on the paper's scale of 1 to 9: in Table III in its form, and,
        with the first network of objects, in item "Families" with a row per family, so that they
        can be compared in pairs; r and CCC stand there only. The baseline is the error of always
        answering the mean. Notes say who describes objects and areas.
        """
        rated, found = self.rated, {}
        for family, block in self.inputs().items():
            said = []
            for repeat in range(rated.repeats if repeats is None else repeats):
                model = make(family.partition(",")[0], repeat)
                own = [fold._replace(repeat=0) for fold in rated.folds if fold.repeat == repeat]
                given, label = self._given(model, block), f"{family}, repeat {repeat + 1}"
                said.append(replace(rated, folds=own).predicted(model, given, label=label).test)
            found[family] = np.concatenate(said)
            told = "; ".join(filter(None, [self.made_by(family), note]))
            for k, rating in enumerate(RATINGS):
                title = self._title(rating, head)
                cells = [(TABLE, title, self.column(family)), (PAIRS, family, title)]
                for cell in cells[: 1 + self.first]:
                    rated.record(
                        PAPER, *cell, rating, found[family][..., k], scale=KIM, note=told,
                        **({"metrics": ("mse",)} if cell[0] == TABLE else {}),
                    )  # fmt: skip
        return found

    def _given(self, model, block):
        if self.rated.groups is None or not has_fit_parameter(model, "groups"):
            return block
        return pd.DataFrame(block).assign(group=self.rated.groups)

    def pairs(self, head: str = "") -> list[tuple[str, str, list[str], str, str]]:
        """What the claims set against each other here: (id, better, worse, column, note) for each
        claim both sides of which `judge` has recorded; the note says who describes what."""
        here, found = self.inputs(), []
        for rating in RATINGS:
            for claim, (better, worse) in _CLAIMS.items():
                better = self.together if better == ALL else better
                worse = [family for family in worse if family in here]
                if better in here and worse:
                    column, note = self._title(rating, head), self.made_by(better, *worse)
                    if worse == ["low"] and "semantic" not in self.blocks:
                        note += "; against low alone, nobody segments"
                    found.append((f"{claim}-{rating}", better, worse, column, note))
        return found

    @staticmethod
    def _title(rating: str, head: str) -> str:
        return rating.title() + (f", {head}" if head else "")


def not_run(dataset: str, columns, reason, heads=("",)) -> None:
    """Record columns of Table III, both ratings, as not run on a set, for a reason."""
    rows = [Families._title(rating, head) for rating in RATINGS for head in heads]
    sets.not_run(
        PAPER, dataset, [(TABLE, row, column) for row in rows for column in columns], reason
    )
