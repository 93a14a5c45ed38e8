"""The five classes of Rapolu et al. (2023): their own 2,146 photos, a folder per class."""

from emobook.datasets.base import Dataset
from emobook.datasets.folder import as_listed, pictures
from emobook.datasets.lists import DatasetError, folder_of
from emobook.datasets.record import Info

CLASSES = ("contentment", "disgust", "excitement", "fear", "sadness")
INFO = Info(
    name="rapolu5",
    title="five classes by Rapolu et al.",
    labels="one of five emotions, as the authors judged",
    access="not published; only the authors have it",
    licence="unknown",
    source="Rapolu et al., ICIP 2023",
    paper="rapolu2023",
    layout="a folder of photos per class (contentment, disgust, excitement, fear, sadness)",
    classes=CLASSES,
    images=2146,
    expected=dict(zip(CLASSES, (407, 471, 430, 418, 420), strict=True)),
    expected_source='Rapolu et al. 2023, Table 1, "Ours"',
    faults=(
        "The set was never published. The layout is our assumption: any photos in five folders of "
        "these names will do, such as a selection of your own.",
        "The authors collected and labelled the photos themselves; there are no votes, and no "
        "measure of agreement.",
        "Photos were found by keywords such as cold drinks for excitement or trash for disgust, "
        "so a model may learn the object rather than the emotion.",
        "Amusement, anger and awe are left out, because they were hard to find or to tell apart.",
        "No split is published; this one is by a hash of the file name, equal files together.",
    ),
)


def load(root=None) -> Dataset:
    """The photos in five folders, whose names may have capitals.

    `id` is the name below `root`; `group` joins files with equal bytes; the split is
    `frozen_splits` of the groups. Raises `DatasetError` for a folder of another name.
    """
    root = folder_of(INFO, root)
    names, dropped = pictures(INFO, root)
    folders = [name.rpartition("/")[0] for name in names]
    if "" in folders:
        raise DatasetError(
            f"{root} holds photos and no folder of photos: put them into the folders "
            f"{', '.join(CLASSES)}"
        )
    for folder in folders:
        if folder.lower() not in CLASSES:
            raise DatasetError(
                f"{root / folder} holds photos, but is none of the folders {', '.join(CLASSES)}: "
                "rename or remove it"
            )
    labels = [CLASSES.index(folder.lower()) for folder in folders]
    return as_listed(INFO, root, names, dropped, CLASSES, labels)
