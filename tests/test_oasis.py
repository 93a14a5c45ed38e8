"""OASIS: line ends, blanks, groups, ratings, photos that are left out."""

import pytest
from PIL import Image

from emobook import datasets
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket

HEAD = ",Theme,Category,Source,Valence_mean,Valence_SD,Valence_N,Arousal_mean,Arousal_SD,Arousal_N"
ROWS = {
    "Acorns 1": "4.7,0.9,102,2.3,1.6,101",
    "Acorns 2": "4.5,0.8,102,2.2,1.4,101",
    "War 2 ": "1.5,0.7,99,5.5,1.2,98",
    "Route 66 1": "6,1,100,3,1,100",
    "Lake": "7,0.5,100,1,0.5,100",
    "Nude man 1": "4,1,100,4,1,100",
}


@pytest.fixture
def oasis_folder(tmp_path, write_photo):
    root = tmp_path / "oasis"
    for seed, theme in enumerate(list(ROWS)[:-1]):
        write_photo(root / "images" / f"{theme.strip()}.jpg", seed)
    Image.new("RGBA", (8, 6), (255, 0, 0, 0)).save(root / "images" / "Lake.jpg", format="PNG")
    write_rows(root, ROWS)
    return root


def write_rows(root, rows, head=HEAD):
    lines = [
        head,
        *(f"I{i},{theme},Scenery,x,{rest}" for i, (theme, rest) in enumerate(rows.items())),
    ]
    (root / "OASIS.csv").write_bytes("\r".join(lines).encode())


def test_a_copy_is_read_as_listed(oasis_folder):
    dataset = datasets.load("oasis", root=oasis_folder)
    table = dataset.table
    assert table["id"].tolist() == ["Acorns 1", "Acorns 2", "War 2", "Route 66 1", "Lake"]
    assert table["group"].tolist() == ["Acorns", "Acorns", "War", "Route 66", "Lake"]
    assert dataset.absent == ("Nude man 1",)
    assert dataset.ratings.columns.tolist() == ["valence", "arousal"]
    assert dataset.ratings.iloc[2].tolist() == [1.5, 5.5] and dataset.scale == (1, 7)
    assert table["valence_sd"].iloc[2] == 0.7 and table["arousal_n"].iloc[2] == 98
    assert dataset.labels is None and dataset.classes is None
    assert table["theme"].equals(table["id"]) and set(table["category"]) == {"Scenery"}


def test_a_transparent_picture_lies_on_white(oasis_folder):
    assert datasets.load("oasis", root=oasis_folder).image(4).getpixel((0, 0)) == (255, 255, 255)


def test_a_theme_stays_on_one_side(oasis_folder):
    table = datasets.load("oasis", root=oasis_folder).table
    for group, split in zip(table["group"], table["split"], strict=True):
        place = bucket(group, 20)
        assert split == ("test" if place < 3 else "val" if place == 3 else "train")


@pytest.mark.parametrize(
    ("rows", "head", "message"),
    [
        ({"Acorns 1": "8,1,9,2,1,9"}, HEAD, "line 2: 'Acorns 1' lacks a rating between 1 and 7"),
        ({"Acorns 1": ",1,9,2,1,9"}, HEAD, "lacks a rating"),
        ({"Acorns 1": "x,1,9,2,1,9"}, HEAD, "lacks a rating"),
        ({"Acorns 1": "4,1,9,2,1,9", "../x": "4,1,9,2,1,9"}, HEAD, "line 3: the Theme .*x' is no"),
        ({"": "4,1,9,2,1,9"}, HEAD, "file name of its own"),
        ({"A": "4,1,9,2,1,9", "A ": "4,1,9,2,1,9"}, HEAD, "line 3: .*file name of its own"),
        (ROWS, HEAD.replace("Valence_SD", "SD"), "lacks the columns Valence_SD"),
        ({"Acorns 1": '4,1,9,2,1,9,7,7,"'}, HEAD, "not a CSV table .*EOF"),
        ({}, "", "not a CSV table"),
        ({}, HEAD, "lists no photo"),
    ],
)
def test_a_damaged_list_is_refused_in_one_sentence(oasis_folder, rows, head, message):
    write_rows(oasis_folder, rows, head)
    with pytest.raises(DatasetError, match=message):
        datasets.load("oasis", root=oasis_folder)


def test_a_folder_without_photos_is_missing(oasis_folder):
    for photo in (oasis_folder / "images").iterdir():
        photo.unlink()
    with pytest.raises(DatasetMissing, match="none of the 6 images"):
        datasets.load("oasis", root=oasis_folder)


def test_real_photos(real_data):
    dataset = datasets.load("oasis", root=real_data / "oasis")
    assert len(dataset) == 838 and len(dataset.absent) == 62
    assert {name.rsplit(" ", 1)[0] for name in dataset.absent} == {
        "BDSM", "Nude couple", "Nude man", "Nude woman",
    }  # fmt: skip
    assert dataset.table["group"].nunique() == 244
    assert {"Crosswalk 1", "War 2"} <= set(dataset.table["id"])
    acorns = dataset.table["id"].tolist().index("Acorns 1")
    assert dataset.ratings.iloc[acorns].tolist() == pytest.approx([4.68627451, 2.346534653])
    assert dataset.table.groupby("group")["split"].nunique().max() == 1
    assert set(dataset.table["split"]) == {"train", "val", "test"}
