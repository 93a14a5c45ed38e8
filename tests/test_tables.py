"""Tables that are no sets of images: their forms, their ranges, what a damaged copy says."""

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from emobook.datasets import tables
from emobook.datasets.lists import DatasetError, DatasetMissing

WORDS = 13915
PARTS = [f"{rated}.{part}.Sum" for rated in "VAD" for part in ("Mean", "SD", "Rat")]


@pytest.fixture
def listed():
    """A list of the published length, with the words that are hard to read."""
    frame = pd.DataFrame({"Word": [f"word{i}" for i in range(WORDS)]})
    for k, column in enumerate(PARTS):
        frame[column] = 5.0 + 0.25 * (k // 3) if k % 3 == 0 else 1.5 if k % 3 == 1 else 20
    frame.loc[[3, 4, 5, 6], "Word"] = ["null", "coke", "Coke", "AIDS"]
    frame.loc[5, "V.Mean.Sum"] = 8.5
    frame["A.SD.H"] = "NA"
    return frame


@pytest.fixture
def norms(tmp_path, listed):
    def write(frame=listed):
        frame.to_csv(tmp_path / "Ratings_Warriner_et_al.csv")
        return tmp_path

    return write


@pytest.fixture
def names(tmp_path):
    def write(table, name="w2c"):
        savemat(tmp_path / "w2c.mat", {name: table})
        return tmp_path

    return write


def test_every_table_has_a_record_and_a_loader():
    for name, (info, loader) in tables.TABLES.items():
        assert info.name == name and info.images and callable(loader)
        assert info.lists and info.layout == info.lists[0] and info.faults
        assert all((info.title, info.labels, info.access, info.licence, info.source, info.paper))


def test_word_norms_are_indexed_by_word(norms):
    table = tables.word_norms(norms())
    assert table.shape == (WORDS, 9) and table.index.is_unique
    assert table.columns[:3].tolist() == ["valence", "valence_sd", "valence_n"]
    assert table.loc["null"].tolist() == [5, 1.5, 20, 5.25, 1.5, 20, 5.5, 1.5, 20]
    # of two spellings the common one keeps lower case; a word that is there once always has it
    assert table.loc["coke", "valence"] == 5 and table.loc["Coke", "valence"] == 8.5
    assert "aids" in table.index and "AIDS" not in table.index
    assert table["arousal_n"].dtype == np.int64 and table["dominance"].dtype == np.float64


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [(0, "V.Mean.Sum", 9.5), (7, "D.Mean.Sum", ""), (7, "A.SD.Sum", -1), (9, "A.Rat.Sum", "NA")],
)
def test_a_value_out_of_range_is_named_with_its_line(norms, listed, row, column, value):
    frame = listed.astype(object)
    frame.loc[row, column] = value
    with pytest.raises(DatasetError, match=rf"et_al\.csv, line {row + 2}: 'word{row}' needs means"):
        tables.word_norms(norms(frame))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame[:-1], "holds 13914 different words in 13914 rows, not 13915"),
        (lambda frame: frame.replace({"Word": "word9"}, "word8"), "holds 13914 different"),
        (lambda frame: frame.drop(columns="D.SD.Sum"), "no CSV table with the columns Word"),
        (lambda frame: frame[:0].drop(columns=frame.columns), "no CSV table"),
    ],
)
def test_another_list_of_words_is_refused(norms, listed, change, message):
    with pytest.raises(DatasetError, match=message):
        tables.word_norms(norms(change(listed)))


def test_colour_names_are_probabilities(names):
    shares = np.random.default_rng(0).dirichlet(np.ones(11), 32768)
    table = tables.color_names(names(shares))
    assert table.shape == (32768, 11) and table.columns.tolist() == list(tables.COLOUR_NAMES)
    np.testing.assert_array_equal(table.to_numpy(), shares)


@pytest.mark.parametrize(
    ("table", "name", "message"),
    [
        (np.full((32768, 10), 0.1), "w2c", r"\(32768, 10\), not \(32768, 11\)"),
        (np.full((32768, 11), 0.1), "w2c", "probabilities that sum to 1"),
        (np.full((32768, 11), np.nan), "w2c", "probabilities"),
        (np.full((32768, 11), 1 / 11), "other", "no MATLAB file"),
    ],
)
def test_another_table_of_colours_is_refused(names, table, name, message):
    with pytest.raises(DatasetError, match=message):
        tables.color_names(names(table, name))


@pytest.mark.parametrize("name", list(tables.TABLES))
def test_what_is_not_there_says_where_to_put_it(name, tmp_path, monkeypatch):
    info, loader = tables.TABLES[name]
    with pytest.raises(DatasetMissing, match=rf"{info.layout} into \$EMOBOOK_DATA/{info.folder}"):
        loader(tmp_path)
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    with pytest.raises(DatasetMissing, match="EMOBOOK_DATA is not set"):
        loader()


@pytest.mark.parametrize("name", list(tables.TABLES))
def test_real_tables(real_data, name):
    info, loader = tables.TABLES[name]
    table = loader(real_data / (info.folder or name))
    assert len(table) == table.shape[0] == info.images


def test_real_words(real_data):
    table = tables.word_norms(real_data / "word_norms")
    capitals = table.index[table.index != table.index.str.lower()]
    assert len(capitals) == 10 and {"AIDS", "Coke", "TV"} <= set(capitals)
    assert table.loc["aardvark", ["valence", "arousal", "dominance"]].tolist() == [6.26, 2.41, 4.27]
    assert table.loc["happiness", "valence"] > 8 and table.loc["null", "valence"] == 4.32


def test_real_colours(real_data):
    table = tables.color_names(real_data / "color_names")
    seen = {
        name: table.iloc[r // 8 + 32 * (g // 8) + 1024 * (b // 8)].idxmax()
        for name, (r, g, b) in {
            "black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128),
            "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255),
            "yellow": (255, 255, 0), "orange": (255, 165, 0), "pink": (255, 192, 203),
            "brown": (100, 50, 10), "purple": (128, 0, 128),
        }.items()
    }  # fmt: skip
    assert all(name == found for name, found in seen.items())
