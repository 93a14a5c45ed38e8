"""Twitter II: 603 tweets with photos, positive or negative (Borth et al. 2013)."""

import numpy as np
import pandas as pd

from emobook.datasets.base import TWO, Dataset, with_files
from emobook.datasets.lists import folder_of, frozen_splits, list_file, sizes
from emobook.datasets.record import Info
from emobook.datasets.twitter1 import COLUMNS, read_labels

PARTITIONS = (1, 2, 3, 4, 5)
OWN, PUBLIC = "groundTruthLabel.txt", "twitter2_labels.csv"

INFO = Info(
    name="twitter2",
    title="Twitter II, the photo tweets of SentiBank",
    labels="positive or negative, by people who saw the tweet",
    access="from the authors' page",
    licence="research use; every photo belongs to who took it",
    source="http://www.ee.columbia.edu/ln/dvmm/vso/download/twitter_dataset.html; a list without "
    "photos is results/twitter2 in https://github.com/zeroQiaoba/gpt4v-emotion",
    paper="borth2013",
    layout=f"{OWN} (columns Image and Sentiment, with a tab) and the photos in partition1 to "
    f"partition5 (partition1/1.jpg, …), or {PUBLIC} (columns name, gt) there or in "
    "$EMOBOOK_DATA/lists",
    lists=(OWN,),
    classes=TWO,
    positive=("positive",),
    images=603,
    expected={"negative": 133, "positive": 470},
    expected_source="Borth et al. 2013, and the page of the set",
    partial="the label list names 810 tweets, 603 of them have a photo in the set",
    also_printed={f"{OWN}, with and without photos": {"negative": 150, "positive": 660}},
    faults=(
        "The label list has 810 lines where 603 photos are distributed; the numbers that the "
        "photos have for names run to 810, with gaps.",
        "What was labelled is a tweet: its words may have decided, not its photo.",
        "Tweets of one hashtag follow each other, and show much the same.",
        "78 per cent are positive, which a classifier reaches that looks at nothing.",
    ),
)


def load(root=None, keep_absent: bool = False) -> Dataset:
    """Twitter II: the listed tweets with a photo in `partition1` to `partition5`.

    The column `partition` (1 to 5, missing where there is no photo) is the authors' division for
    five-fold cross-validation; the split is `frozen_splits` of the names. `keep_absent` keeps
    every line of the list, also without a photo; the public list names the 603 only. A photo that
    is listed twice is in `.dropped`. Raises `DatasetError`, with file and line, for another list.
    """
    root = folder_of(INFO, root, may_lack=keep_absent)
    path = list_file(INFO, root, OWN, PUBLIC)
    columns = ("Image", "Sentiment") if path.name == OWN else COLUMNS
    listed, repeated = read_labels(path, INFO, columns)
    found = sizes(root, [f"partition{k}/{name}" for k in PARTITIONS for name in listed])
    files = {file.split("/")[1]: file for file in sorted(found, reverse=True)}
    partitions = [int(files[n].split("/")[0][-1]) if n in files else pd.NA for n in listed]
    table = pd.DataFrame(
        {
            "id": list(listed),
            "split": frozen_splits(listed),
            "group": list(listed),
            "partition": pd.array(partitions, dtype="Int64"),
        }
    )
    return with_files(
        INFO,
        root,
        table,
        [files.get(name, f"partition1/{name}") for name in listed],
        keep_absent=keep_absent,
        dropped=[(str(root / files.get(name, name)), reason) for name, reason in repeated],
        classes=TWO,
        labels=np.array(list(listed.values()), dtype=np.int64),
    )
