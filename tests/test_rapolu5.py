"""The five classes of Rapolu et al.: folders by name, and counts as printed."""

import pytest

from emobook import datasets, results
from emobook.datasets.lists import DatasetError


def test_five_folders_give_five_classes(layout):
    root = layout("rapolu5")
    (root / "fear").rename(root / "Fear")
    dataset = datasets.load("rapolu5", root=root)
    assert dataset.counts().to_dict() == dict.fromkeys(dataset.classes, 3)
    assert dataset.two_class().counts().to_dict() == {"negative": 9, "positive": 6}
    assert "Fear/fear photo 0.jpg" in set(dataset.table["id"])


def test_a_class_may_be_absent_but_no_other_may_be_there(layout):
    root = layout("rapolu5")
    for photo in (root / "fear").iterdir():
        photo.unlink()
    (root / "fear").rmdir()
    assert datasets.load("rapolu5", root=root).counts()["fear"] == 0
    (root / "sadness").rename(root / "anger")
    with pytest.raises(DatasetError, match="anger holds photos, but is none of the folders"):
        datasets.load("rapolu5", root=root)


def test_photos_without_folders_are_refused(tmp_path, write_photo):
    write_photo(tmp_path / "1.jpg", 0)
    with pytest.raises(DatasetError, match="put them into the folders contentment"):
        datasets.load("rapolu5", root=tmp_path)


def test_the_expected_counts_are_the_printed_ones():
    info = datasets.info("rapolu5")
    table = results.reported("rapolu2023")
    ours = table[(table["item"] == "Table 1") & (table["column"] == "Ours")]
    printed = ours.dropna(subset="printed").set_index("row")["printed"].astype(int)
    assert printed.drop("Total").rename(str.lower).to_dict() == dict(info.expected)
    assert printed["Total"] == info.images
