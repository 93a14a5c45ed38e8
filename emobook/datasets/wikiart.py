"""WikiArt Emotions: 4,105 works of art, twenty emotions (Mohammad and Kiritchenko 2018)."""

import csv
import io

import numpy as np
import pandas as pd

from emobook.datasets.base import Dataset, with_files
from emobook.datasets.lists import (
    DatasetError,
    folder_of,
    frozen_splits,
    is_safe,
    list_file,
    one_of,
    read_text,
)
from emobook.datasets.record import Info

EMOTIONS = (
    "agreeableness", "anger", "anticipation", "arrogance", "disagreeableness", "disgust", "fear",
    "gratitude", "happiness", "humility", "love", "optimism", "pessimism", "regret", "sadness",
    "shame", "shyness", "surprise", "trust", "neutral",
)  # fmt: skip
SHOWN = {"image": "ImageOnly", "title": "TitleOnly", "both": "Art (image+title)"}
"""What people were shown → the beginning of the names of its twenty columns."""
KEPT = {
    "Style": "style", "Category": "category", "Artist": "artist", "Title": "title",
    "Face/body": "face", "Ave. art rating": "liked",
}  # fmt: skip

INFO = Info(
    name="wikiart",
    title="WikiArt Emotions",
    labels="share of at least ten people who named each of twenty emotions",
    access="open; the images, which are not part of it, by links to wikiart.org",
    licence="cite the paper and do not pass the file on; every image under its own terms",
    source="http://saifmohammad.com/WebPages/wikiartemotions.html",
    paper="mohammad2018",
    layout="WikiArt-Emotions-All.tsv and, where you have the images, images/<ID>.jpg",
    lists=("WikiArt-Emotions-All.tsv",),
    classes=EMOTIONS,
    positive=("gratitude", "happiness", "humility", "love", "optimism", "trust"),
    neutral=(
        "agreeableness", "anticipation", "disagreeableness", "surprise", "shyness", "neutral",
    ),
    images=4105,
    expected_source="Mohammad and Kiritchenko 2018, abstract and section 3",
    partial="the shares go round without the images, and many links are dead",
    faults=(
        "People could name several emotions, so the shares of an image do not sum to 1; as a "
        "distribution they are divided by their sum, and the commonest emotion may be one that "
        "few people named.",
        "Six of the twenty are neither positive nor negative in the authors' table "
        "(anticipation, surprise, …); two-class views leave them out.",
        "An image can belong to several styles, and the 22 styles were sampled, about 200 each: "
        "the set does not mirror what was painted.",
        "Works of one artist look alike; a split that ignores artists lets them leak.",
    ),
)  # fmt: skip


def load(root=None, shown: str = "image", keep_absent: bool = False) -> Dataset:
    """WikiArt Emotions: what people felt who were shown the `image`, the `title` or `both`.

    `.distributions` are the shares of the file divided by their sum, in the order of `EMOTIONS`;
    `.labels` is the emotion that most people named, of several the first in that order, and the
    column `unique` says whether there was one; `p` is the share of people who named it, in (0, 1],
    as in the file. Columns `style`, `category`, `artist`, `title`, `face` (face, body or none) and
    `liked` (mean, -3 to 3) are those of the file.

    Images are looked for as `images/<ID>.jpg`, which is our assumption: the set has none, only
    links. `keep_absent` keeps every work, also without an image; then the file alone will do,
    in `root` or `$EMOBOOK_DATA/lists`. There is no published split; this one is `frozen_splits`
    of the artists (`group`). A work that is listed twice, or for which nobody named any emotion,
    is in `.dropped`. Raises `DatasetError`, with the line, for a file of another form.
    """
    one_of("wikiart: shown", shown, SHOWN)
    root = folder_of(INFO, root, may_lack=keep_absent)
    path = list_file(INFO, root, *INFO.lists)
    listed, shares = _read(path, [f"{SHOWN[shown]}: {emotion}" for emotion in EMOTIONS])
    unusable = {
        "listed twice": listed["ID"].duplicated().to_numpy(),
        "nobody named an emotion": shares.sum(axis=1) == 0,
    }
    dropped = [
        (str(root / f"images/{listed['ID'][i]}.jpg"), f"{reason}, in line {i + 2} of {path.name}")
        for reason, rows in unusable.items()
        for i in np.flatnonzero(rows)
    ]
    kept = ~np.logical_or.reduce(list(unusable.values()))
    listed, shares = listed[kept].reset_index(drop=True), shares[kept]
    most = shares.max(axis=1, keepdims=True)
    groups = listed["Artist"].where(listed["Artist"].str.strip() != "", listed["ID"])
    table = pd.DataFrame(
        {
            "id": listed["ID"],
            "split": frozen_splits(groups),
            "group": groups,
            "p": most[:, 0],
            "unique": (shares == most).sum(axis=1) == 1,
            **{ours: listed[theirs] for theirs, ours in KEPT.items()},
        }
    )
    table["liked"] = pd.to_numeric(table["liked"], errors="coerce")
    return with_files(
        INFO,
        root,
        table,
        [f"images/{work}.jpg" for work in table["id"]],
        keep_absent=keep_absent,
        dropped=dropped,
        classes=EMOTIONS,
        labels=shares.argmax(axis=1),
        distributions=shares / shares.sum(axis=1, keepdims=True),
    )


def _read(path, columns: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of text, a row per line, and the numbers of `columns`: float64 (N, 20)."""
    try:
        # a title may hold a single quotation mark, which is no quoting; a line is a row
        listed = pd.read_csv(
            io.StringIO(read_text(path, INFO).rstrip("\n")),
            sep="\t",
            dtype=str,
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            skip_blank_lines=False,
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DatasetError(
            f"{path} is no table of columns with tabs between them "
            f"({' '.join(str(error).split())}): get it again"
        ) from None
    lacking = [column for column in ("ID", *KEPT, *columns) if column not in listed]
    if lacking:
        raise DatasetError(f"{path}, line 1: the column {lacking[0]!r} is missing: get it again")
    if listed.empty:
        raise DatasetError(f"{path} lists no work: get it again")
    shares = listed[columns].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    good = listed["ID"].map(is_safe) & ~listed["ID"].str.contains("/", regex=False)
    bad = np.flatnonzero(~good.to_numpy())
    if len(bad):
        row = bad[0]
        raise DatasetError(
            f"{path}, line {row + 2}: {listed['ID'][row][:80]!r} is no ID of a work: get it again"
        )
    rows, places = np.nonzero(~((shares >= 0) & (shares <= 1)))
    if len(rows):
        row, column = rows[0], columns[places[0]]
        raise DatasetError(
            f"{path}, line {row + 2}: {column!r} is {listed[column][row][:80]!r}, not a share "
            "from 0 to 1: get the file again"
        )
    return listed, shares
