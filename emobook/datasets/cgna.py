"""CGnA10766: photos of Flickr and of FI, rated for valence and arousal (Kim et al. 2018)."""

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import DatasetError, folder_of, frozen_splits, list_file, read_text
from emobook.datasets.record import Info

RATED = ("valence", "arousal")
PHOTOS = "data/cgna"

INFO = Info(
    name="cgna",
    title="CGnA10766",
    labels="mean valence and arousal of at least five people each, 1 to 9",
    access="open",
    licence="that of its page at Figshare; every photo under the terms of its own source",
    source="https://figshare.com/articles/dataset/CGnA10766_Dataset/5383105",
    paper="kim2018",
    layout=f"{PHOTOS}/1.jpg to {PHOTOS}/10766.jpg, valence_avg_10766_v2.txt and "
    "arousal_avg_10766_v2.txt (line n is the rating of n.jpg)",
    lists=tuple(f"{rated}_avg_10766_v2.txt" for rated in RATED),
    scale=(1, 9),
    images=10766,
    expected_source="Kim et al. 2018, section on the data set",
    faults=(
        "The two sources add up to 6,844 + 3,236 = 10,080 in print, where the set has 10,766: "
        "686 images are unexplained.",
        "3,236 images are said to be an even number per class of FI, but 3,236 / 8 = 404.5.",
        "Those 3,236 are photos of FI: whoever trains on one set and tests on the other tests on "
        "training images.",
        "The five groups have 8,600 + 2,166 images in print, where a fifth is 2,153.2; a mirror "
        "has 8,612 + 2,154. Which image was in which group is not published.",
        "Neither the number of raters of an image nor how far they differed is distributed, so "
        "that its noise is unknown; nor is the word that an image was found by.",
        "The folder of photos holds a file pic.jpg that belongs to no line.",
    ),
)


def load(root=None) -> Dataset:
    """CGnA10766: line n of the two rating files is the photo `n.jpg`.

    Files, their lines and the photos' names are those that public code reads; that both files lie
    beside `data` is our assumption, as the archive is not described anywhere. A search word per
    image is not among the files that are known. There is no published split; this one is
    `frozen_splits` of the file names. Raises `DatasetError` with the line for what is no rating
    from 1 to 9, and where the two files differ in length.
    """
    root = folder_of(INFO, root)
    ratings = {r: _read(root, file) for r, file in zip(RATED, INFO.lists, strict=True)}
    valence, arousal = (len(ratings[r]) for r in RATED)
    if valence != arousal:
        raise DatasetError(
            f"{root}: {INFO.lists[0]} has {valence} lines, {INFO.lists[1]} {arousal}: get both "
            "again, from one version"
        )
    names = [f"{n}.jpg" for n in range(1, valence + 1)]
    table = pd.DataFrame({"id": names, "split": frozen_splits(names), "group": names})
    return with_files(
        INFO,
        root,
        table,
        [f"{PHOTOS}/{name}" for name in names],
        ratings=pd.DataFrame(ratings),
        scale=INFO.scale,
    )


def _read(root, file: str) -> np.ndarray:
    path = list_file(INFO, root, file)
    low, high = INFO.scale
    ratings = []
    for number, line in enumerate(read_text(path, INFO).rstrip().splitlines(), 1):
        try:
            rating = float(line)
        except ValueError:
            rating = np.nan
        if not low <= rating <= high:
            raise DatasetError(
                f"{path}, line {number}: {line.strip()[:80]!r} is no rating from {low} to {high}: "
                "get the file again, as its line numbers name the photos"
            )
        ratings.append(rating)
    return np.array(ratings, dtype=np.float64)
