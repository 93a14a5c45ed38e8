"""The record of a data set: what is known of it before any file is read."""

import dataclasses
from collections.abc import Mapping

from emobook.datasets.lists import DatasetMissing
from emobook.emotions import POSITIVE

SPLITS = ("train", "val", "test")


@dataclasses.dataclass(frozen=True)
class Info:
    """What is known of a data set before any file is read.

    `images` and `expected` (images per class) are the counts that `expected_source` prints; None
    and empty where nothing was printed. `folder` is the place below `$EMOBOOK_DATA` (the name,
    where it is not given); `layout` says in words what has to lie there. `partial` is the reason
    why a good copy may list images without files; empty where it may not. `lists` are the files
    that hold the labels. `embedded` sets come with the package and need no folder. `paper` is a
    key of book/references.bib. `positive` and `neutral` are the classes that `Dataset.two_class`
    takes for positive, and leaves out. `also_printed` holds other counts in print (source → class
    → images), `faults` what a user of the set has to know, a sentence each.
    """

    name: str
    title: str
    labels: str
    access: str
    licence: str
    source: str
    paper: str
    layout: str = ""
    classes: tuple[str, ...] | None = None
    scale: tuple[float, float] | None = None
    images: int | None = None
    expected: Mapping[str, int] = dataclasses.field(default_factory=dict)
    expected_source: str = ""
    splits: tuple[str, ...] = SPLITS
    folder: str = ""
    partial: str = ""
    lists: tuple[str, ...] = ()
    embedded: bool = False
    positive: tuple[str, ...] = POSITIVE
    neutral: tuple[str, ...] = ()
    also_printed: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    faults: tuple[str, ...] = ()

    def missing(self, where: str) -> DatasetMissing:
        """The error for a copy that is not there; `where` says what was looked for, and found."""
        folder = self.folder or self.name
        return DatasetMissing(
            f"{self.name} is not here: {where}; access to {self.title}: {self.access} "
            f"({self.source}); put {self.layout} into $EMOBOOK_DATA/{folder}, or pass root=…"
        )
