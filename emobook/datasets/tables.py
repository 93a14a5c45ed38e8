"""Auxiliary tables that are no sets of images: word norms, colour names, ready-made features.

They are records and loaders as the data sets are, so that a copy can be listed and checked: every
name of `TABLES` has its `Info` and a function of `root` (default: `$EMOBOOK_DATA/<folder>`), which
raises `DatasetMissing` where the file is absent, and `DatasetError` where its shape or its
numbers are not those that were published. `Info.images` counts the rows.
"""

import io
from collections.abc import Callable

import numpy as np
import pandas as pd

from emobook.datasets import ldl
from emobook.datasets.lists import DatasetError, folder_of, read_text
from emobook.datasets.record import Info

COLOUR_NAMES = (
    "black", "blue", "brown", "grey", "green", "orange", "pink", "purple", "red", "white", "yellow",
)  # fmt: skip

WORD_NORMS = Info(
    name="word_norms",
    title="Norms of valence, arousal and dominance for English words",
    labels="mean, standard deviation and number of ratings of 13,915 lemmas, 1 to 9",
    access="open",
    licence="CC BY-NC-ND 3.0",
    source="http://crr.ugent.be/archives/1003 and https://doi.org/10.3758/s13428-012-0314-x",
    paper="warriner2013",
    layout="Ratings_Warriner_et_al.csv",
    lists=("Ratings_Warriner_et_al.csv",),
    scale=(1, 9),
    images=13915,
    expected_source="Warriner et al. 2013, title",
    faults=(
        "The word null is in the list: readers that take it for a gap lose it.",
        "Ten words are listed twice but for capitals (coke and Coke, aids and AIDS), and are "
        "rated differently.",
    ),
)
COLOR_NAMES = Info(
    name="color_names",
    title="Colour names learned from the web",
    labels="probabilities of eleven colour names for 32 x 32 x 32 colours",
    access="open",
    licence="none is known to us: not to be passed on",
    source="http://lear.inrialpes.fr/people/vandeweijer/color_names.html",
    paper="vandeweijer2009",
    layout="w2c.mat",
    lists=("w2c.mat",),
    classes=COLOUR_NAMES,
    images=32768,
    expected_source="32 levels each of red, green and blue",
    faults=(
        "Learnt from what a search engine showed for each name, not from people's judgements.",
        "Eight neighbouring levels of a channel share a row.",
    ),
)


def word_norms(root=None) -> pd.DataFrame:
    """What 13,915 English words are felt to be: one row per word, indexed by it in lower case.

    Columns `valence`, `arousal`, `dominance` (means, 1 to 9), each also with `_sd` and `_n` (how
    many people rated it). Ten words are listed in lower case and as a name or abbreviation as
    well (coke and Coke, aids and AIDS): there the second keeps its capitals, so the index is
    unique and `norms.loc["coke"]` is the common noun. From Warriner, Kuperman and Brysbaert
    (2013); the columns by sex, age and education are left out.
    """
    path = folder_of(WORD_NORMS, root) / WORD_NORMS.lists[0]
    parts = {"": "Mean", "_sd": "SD", "_n": "Rat"}
    columns = {
        f"{rated[0].upper()}.{part}.Sum": rated + ending
        for rated in ("valence", "arousal", "dominance")
        for ending, part in parts.items()
    }
    text = read_text(path, WORD_NORMS)
    try:
        # "null" is a word of the list, not a missing one
        listed = pd.read_csv(
            io.StringIO(text),
            usecols=["Word", *columns],
            dtype=str,
            keep_default_na=False,
        )
    except ValueError:  # no table, or columns are lacking
        raise DatasetError(
            f"{path} is no CSV table with the columns Word, V.Mean.Sum, …: get it again"
        ) from None
    words = listed.pop("Word").str.strip()
    norms = listed[list(columns)].rename(columns=columns).apply(pd.to_numeric, errors="coerce")
    low, high = WORD_NORMS.scale
    means, others = norms.iloc[:, ::3], norms.drop(columns=norms.columns[::3])
    good = ((means >= low) & (means <= high)).all(axis=1) & (others > 0).all(axis=1)
    if not good.all():
        row = int(np.argmin(good))
        raise DatasetError(
            f"{path}, line {row + 2}: {words[row]!r} needs means from {low} to {high}, with "
            "standard deviations and numbers of ratings above 0"
        )
    lower = words.str.lower()
    clash = lower.isin(words[words == lower]) & (words != lower)
    norms.index = pd.Index(lower.mask(clash, words), name="word")
    if len(norms) != WORD_NORMS.images or not norms.index.is_unique:
        raise DatasetError(
            f"{path} holds {norms.index.nunique()} different words in {len(norms)} rows, not "
            f"{WORD_NORMS.images}: get it again"
        )
    return norms.astype(dict.fromkeys(norms.columns[2::3], np.int64))


def color_names(root=None) -> pd.DataFrame:
    """How probable each of eleven colour names is for each of 32 x 32 x 32 colours.

    float64, 32,768 rows that sum to 1, the columns `COLOUR_NAMES`; a pixel (r, g, b) of 0 to 255
    has the row r // 8 + 32 * (g // 8) + 1024 * (b // 8). From van de Weijer, Schmid, Verbeek and
    Larlus (2009).
    """
    path = folder_of(COLOR_NAMES, root) / COLOR_NAMES.lists[0]
    (table,) = ldl.read_mat(path, COLOR_NAMES, "w2c")
    expected = (COLOR_NAMES.images, len(COLOUR_NAMES))
    if table.shape != expected:
        raise DatasetError(f"{path} holds a table {table.shape}, not {expected}: get it again")
    if not ((table >= 0).all() and np.abs(table.sum(axis=1) - 1).max() < 1e-9):
        raise DatasetError(f"{path}: every row has to be probabilities that sum to 1")
    return pd.DataFrame(table, columns=COLOUR_NAMES)


TABLES: dict[str, tuple[Info, Callable]] = {
    "word_norms": (WORD_NORMS, word_norms),
    "color_names": (COLOR_NAMES, color_names),
    "paintings": (ldl.PAINTINGS, ldl.paintings),
    "emotion6_features": (ldl.EMOTION6, ldl.emotion6_features),
}
"""Name → its record, and its loader, whose result has a length and a `shape` (rows, columns)."""
