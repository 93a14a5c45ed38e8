"""Label distributions: what eight or eleven people voted for one image, and tables of shares.

The two vote files (Yang, Sun and Sun 2017) are data sets of their own, `flickr_ldl` and
`twitter_ldl`; `paintings` and `emotion6_features` are ready-made feature tables, which come
without images.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, is_safe, read_text
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8

COLUMNS = ("amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness")
"""The order of the eight numbers in a line of a vote file."""

EKMAN7 = ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")

PAINTINGS = Info(
    name="paintings",
    title="280 abstract paintings, features and vote shares",
    labels="shares of votes for eight emotions",
    access="open",
    licence="none is stated; taken for research use",
    source="http://www.imageemotion.org; the table goes round with label-distribution learning",
    paper="machajdik2010",
    layout="Painting.mat",
    lists=("Painting.mat",),
    folder="ldl",
    classes=MIKELS8,
    images=280,
    expected_source="rows of the table; Machajdik and Hanbury 2010",
    faults=(
        "Features and shares only: the paintings are not there, nor their names.",
        "229 paintings have one winner, 228 in print (You et al. 2016, Table 1); the one too many "
        "evokes contentment.",
    ),
)
EMOTION6 = Info(
    name="emotion6_features",
    title="Emotion6, features and vote shares",
    labels="shares of votes for six emotions and neutral",
    access="open",
    licence="academic research only, says the set's readme; the photos belong to their owners",
    source="http://chenlab.ece.cornell.edu/people/kuanchuan/; the table goes round with "
    "label-distribution learning",
    paper="peng2015",
    layout="emotion6.mat",
    lists=("emotion6.mat",),
    folder="ldl",
    classes=EKMAN7,
    images=1980,
    expected_source="rows of the table; Peng et al. 2015",
    faults=(
        "Features and shares only: which row is which photo is not said.",
        "The shares have few digits, so their sums are a little off 1.",
    ),
)


def votes_info(name: str, title: str, voters: int, images: int, ties: int) -> Info:
    """The record of a vote file: `voters` people looked at each of its `images`, and for `ties`
    of these no emotion had most votes alone."""
    return Info(
        name=name,
        title=title,
        labels=f"votes of {voters} people for eight emotions",
        access="on request from the authors",
        licence="none is stated; taken for research use, not to be passed on",
        source="Yang, Sun and Sun, AAAI 2017, https://ojs.aaai.org/index.php/AAAI/article/view/10485",
        paper="yang2017ldl",
        layout=f"{name}_votes.txt and, where you have the photos, the folder {name}_images",
        lists=(f"{name}_votes.txt",),
        folder="ldl",
        classes=MIKELS8,
        images=images,
        expected_source="lines of the vote file",
        partial="the votes go round without the photos",
        faults=(
            "The order of the eight counts is not in the file: amusement, awe, contentment, "
            "excitement, anger, disgust, fear, sadness.",
            "flickr_ldl and twitter_ldl number their photos from 1 alike: keep the folders apart.",
            f"{ties:,} of the {images:,} photos have no single winner; their label is the first of "
            "the winners in the order of the classes.",
            "No split was published.",
        ),
    )


def load_votes(source: Info, root=None) -> Dataset:
    """The data set of a vote file: every line, with or without its photo.

    A line is a file name and eight counts in the order of `COLUMNS`; `.votes` has them in the
    order of `MIKELS8`. `.labels` is the emotion with most votes, of several the first in that
    order; the column `unique` says whether there was one winner. Photos are looked for in
    `<name>_images`, since both sets number theirs from 1. There is no published split; this one
    is `frozen_splits` of the file names.
    """
    root = folder_of(source, root)
    path = root / source.lists[0]
    names, counts, lines = [], [], {}
    for number, line in enumerate(read_text(path, source).splitlines(), 1):
        if not line.strip():
            continue
        name, *votes = line.split()
        if len(votes) != len(COLUMNS) or not all(v.isascii() and v.isdigit() for v in votes):
            raise DatasetError(
                f"{path}, line {number}: expected a file name and eight counts: get the file again"
            )
        if not is_safe(name) or "/" in name:
            raise DatasetError(
                f"{path}, line {number}: {name[:80]!r} is no file name: get the file again"
            )
        if len(max(votes, key=len)) > 6 or not any(map(int, votes)):
            raise DatasetError(
                f"{path}, line {number}: the counts of {name[:80]} are all 0, or beyond 999999: "
                "get the file again"
            )
        if lines.setdefault(name, number) != number:
            raise DatasetError(
                f"{path}, line {number}: {name[:80]} is in line {lines[name]} already: "
                "get the file again"
            )
        names.append(name)
        counts.append(votes)
    if not names:
        raise DatasetError(f"{path} is empty: get it again")
    votes = np.array(counts, dtype=np.int64)[:, [COLUMNS.index(c) for c in MIKELS8]]
    winners = votes == votes.max(axis=1, keepdims=True)
    table = pd.DataFrame(
        {
            "id": names,
            "split": frozen_splits(names),
            "group": names,
            "unique": winners.sum(axis=1) == 1,
        }
    )
    return with_files(
        source,
        root,
        table,
        [f"{source.name}_images/{name}" for name in names],
        keep_absent=True,
        classes=MIKELS8,
        labels=votes.argmax(axis=1),
        votes=votes,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Features and label distributions of images that are not there.

    features : float64 (N, d), as published. distributions : float64 (N, C), rows sum to 1, in
    the order of `classes`. note : what was done to the file's numbers, empty where nothing was.
    """

    name: str
    features: np.ndarray
    distributions: np.ndarray
    classes: tuple[str, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.features)

    @property
    def shape(self) -> tuple[int, int]:
        """Images and features."""
        return self.features.shape


def paintings(root=None) -> Table:
    """The 280 abstract paintings: 142 features, vote shares of the eight emotions.

    All 280; 229 of them have one winner, where You et al. (2016, Table 1) print 228. `root`
    defaults to `$EMOBOOK_DATA/ldl`. Raises `DatasetError` where the file is absent or other.
    """
    return _table(PAINTINGS, root, 142)


def emotion6_features(root=None) -> Table:
    """The 1,980 images of Emotion6: 168 features, vote shares of six emotions and neutral.

    The shares are printed with few digits, so they are divided by their sums. `root` defaults to
    `$EMOBOOK_DATA/ldl`. Raises `DatasetError` where the file is absent or other.
    """
    return _table(EMOTION6, root, 168)


def read_mat(path: Path, source: Info, *names: str) -> list[np.ndarray]:
    """The variables `names` of a MATLAB file (version 5), float64.

    Raises `DatasetMissing` where it is absent, `DatasetError` where it is no such file.
    """
    if not path.is_file():
        raise source.missing(f"there is no file {path}")
    try:
        content = loadmat(path, variable_names=names)
        return [np.asarray(content[name], dtype=np.float64) for name in names]
    except Exception:  # the reader fails in many ways on a damaged file
        raise DatasetError(
            f"{path} is no MATLAB file (version 5) with {' and '.join(names)}: get it again"
        ) from None


def _table(source: Info, root, width: int) -> Table:
    path = folder_of(source, root) / source.lists[0]
    features, shares = read_mat(path, source, "features", "labels")
    expected = ((source.images, width), (source.images, len(source.classes)))
    if (features.shape, shares.shape) != expected:
        raise DatasetError(
            f"{path} holds features {features.shape} and labels {shares.shape}, "
            f"not {expected[0]} and {expected[1]}: get it again"
        )
    sums = shares.sum(axis=1, keepdims=True)
    off = np.abs(sums - 1).max()
    if not (np.isfinite(features).all() and (shares >= 0).all() and off < 1e-3):
        raise DatasetError(f"{path}: features have to be finite, label rows to sum to 1")
    note = f"shares divided by their sums, which were up to {off:.1g} off 1" if off > 1e-9 else ""
    return Table(source.name, features, shares / sums, source.classes, note)
