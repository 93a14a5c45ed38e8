"""CGnA10766: lines are photos, ratings are from 1 to 9, the two files belong together."""

import pytest

from emobook import datasets
from emobook.datasets import cgna
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.results import reported


def test_line_n_rates_the_photo_n(layout):
    root = layout("cgna")
    dataset = datasets.load("cgna", root=root)
    assert dataset.table["id"].tolist() == [f"{n}.jpg" for n in range(1, 7)]
    assert dataset.paths[2] == str(root / "data" / "cgna" / "3.jpg")
    assert dataset.ratings["valence"].tolist() == [8.12, 4.31, 5.92, 5.47, 4.93, 1.0]
    assert dataset.ratings["arousal"].tolist() == [2.84, 5.13, 3.8, 5.32, 5.23, 9.0]
    assert dataset.scale == (1, 9) and dataset.labels is None and dataset.votes is None


def test_a_photo_that_is_gone_shifts_no_rating(layout):
    root = layout("cgna")
    (root / "data" / "cgna" / "2.jpg").unlink()
    dataset = datasets.load("cgna", root=root)
    assert dataset.absent == ("2.jpg",) and dataset.table["id"][1] == "3.jpg"
    assert dataset.ratings["valence"].tolist() == [8.12, 5.92, 5.47, 4.93, 1.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5\n\n5\n", "line 2: '' is no rating from 1 to 9"),
        ("5\n9.01\n", "line 2: '9.01' is no rating"),
        ("0.5\n", "line 1: '0.5' is no rating"),
        ("5\nnan\n", "line 2: 'nan' is no rating"),
        ("5 6\n", "line 1: '5 6' is no rating"),
        ("5\n6\n", "arousal_avg_10766_v2.txt 2: get both again"),
        ("", "arousal_avg_10766_v2.txt 0: get both again"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_a_bad_file_of_ratings_is_refused_in_one_sentence(layout, text, message):
    root = layout("cgna")
    path = root / "arousal_avg_10766_v2.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("cgna", root=root)
    assert path.name in str(error.value) and len(str(error.value)) < 400


def test_both_files_are_needed(layout, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    root = layout("cgna")
    (root / "valence_avg_10766_v2.txt").unlink()
    with pytest.raises(DatasetMissing, match=r"no valence_avg_10766_v2\.txt .* put data/cgna/1"):
        datasets.load("cgna", root=root)


def test_the_sources_do_not_add_up_to_the_set():
    table = reported("kim2018")
    flickr = int(table.loc[table["item"] == "keywords", "printed"].sum())
    assert cgna.INFO.images - flickr - 3236 == 686
    assert f"{flickr:,} + 3,236" in cgna.INFO.faults[0] and "686" in cgna.INFO.faults[0]
