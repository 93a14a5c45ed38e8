"""EmotionROI: 1,980 photos with maps of what evokes the emotion (Peng et al. 2016)."""

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.emotion6 import WORDS
from emobook.datasets.lists import (
    DatasetError,
    carve_validation,
    folder_of,
    is_safe,
    read_text,
    sizes,
)
from emobook.datasets.record import Info

INFO = Info(
    name="emotionroi",
    title="EmotionROI",
    labels="one of six search words, and a map of what evokes the emotion, drawn by 15 people",
    access="from the authors' page, or on request",
    licence="research use",
    source="http://chenlab.ece.cornell.edu/downloads.html",
    paper="peng2016",
    layout="images/<class>/<number>.jpg, ground_truth/<class>/<number>.jpg (the maps) and "
    "training_testing_split/training.txt and testing.txt (lines like joy/1.jpg)",
    lists=("training_testing_split/training.txt", "training_testing_split/testing.txt"),
    classes=WORDS,
    images=1980,
    expected=dict.fromkeys(WORDS, 330),
    expected_source="1,980 in Rao et al. 2019, section 5.1; 330 per search word as in Emotion6",
    positive=("joy", "surprise"),
    also_printed={
        "Rapolu et al. 2023, Table 1 (surprise is printed as awe, joy is left out)": {
            word: 330 for word in WORDS if word != "joy"
        }
    },
    faults=(
        "The class is the word that was searched for, not what people saw in the photo; Emotion6, "
        "which is reported to hold the same photos, has shares of votes.",
        "The published split is 1,386 to 594 without a validation part, and published code picks "
        "the best epoch on the test photos. Here one in 17 training photos is for validation, by "
        "a hash of its name.",
        "Rapolu et al. (2023) count 1,650 photos in five classes: joy is left out, and surprise "
        "is filed under awe.",
        "Rao et al. (2019) use two classes: joy and surprise are 660 photos, the other four words "
        "1,320, so that always saying negative is right two times in three.",
        "Maps are published, boxes are not, and Rao et al. give no rule; `boxes_from_map` in "
        "`emobook.datasets.regions` is ours, and its threshold is a choice.",
        "EmoSet's paper prints results for EmotionROI under the name Emotion6.",
    ),
)
MAPS = (".jpg", ".bmp", ".png")


def load(root=None) -> Dataset:
    """EmotionROI in its published split; validation is carved from its training part.

    `id` is the listed name, "joy/1.jpg"; the label is its folder. The column `map_path` is the
    stimuli map: grey, as large as the photo, brighter where more people marked a place; None where
    it is absent. Maps have the photo's name below `ground_truth`; other endings (.bmp, .png) are
    accepted too. `emobook.datasets.regions.with_regions` turns them into boxes.

    A line that names no photo of the six folders raises `DatasetError`; a photo that is listed
    twice is in `.dropped`.
    """
    root = folder_of(INFO, root)
    listed, dropped = {}, []
    for split, file in zip(("train", "test"), INFO.lists, strict=True):
        path = root / file
        text = read_text(path, INFO)
        if not text.strip():
            raise DatasetError(f"{path} lists no photo: get the list again")
        for number, line in enumerate(text.splitlines(), 1):
            name = line.strip()
            if not name:
                continue
            if not is_safe(name) or name.count("/") != 1 or name.split("/")[0] not in WORDS:
                raise DatasetError(
                    f"{path}, line {number}: {name[:80]!r} is no photo in a folder "
                    f"{', '.join(WORDS)}: get the list again"
                )
            if name in listed:
                reason = f"listed twice, in {listed[name]} and {split}"
                dropped.append((str(root / "images" / name), reason))
            listed.setdefault(name, split)
    names = list(listed)
    stems = [f"ground_truth/{name.rpartition('.')[0]}" for name in names]
    there = sizes(root, (stem + ending for stem in stems for ending in MAPS))
    maps = [next((stem + e for e in MAPS if stem + e in there), None) for stem in stems]
    table = pd.DataFrame(
        {
            "id": names,
            "split": carve_validation(listed.values(), names),
            "group": names,
            "map_path": pd.Series([name and str(root / name) for name in maps], dtype=object),
        }
    )
    return with_files(
        INFO,
        root,
        table,
        [f"images/{name}" for name in names],
        dropped=dropped,
        classes=WORDS,
        labels=np.array([WORDS.index(name.split("/")[0]) for name in names]),
    )
