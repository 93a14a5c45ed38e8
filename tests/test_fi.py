"""FI: the two lists, labels against folders, hostile lists, repeated photos."""

import json
import shutil

import pytest

from emobook import datasets
from emobook.datasets import fi
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket
from emobook.emotions import MIKELS8
from emobook.results import reported


def edit(root, split, change):
    path = root / f"{split}.json"
    entries = json.loads(path.read_text())
    path.write_text(json.dumps(change(entries)))


def test_a_copy_is_read_as_listed(fi_folder):
    dataset = datasets.load("fi", root=fi_folder)
    assert dataset.classes == MIKELS8 and dataset.counts().tolist() == [3] * 8
    for path, name, label in zip(dataset.paths, dataset.table["id"], dataset.labels, strict=True):
        assert path == str(fi_folder / name)
        assert name.startswith(MIKELS8[label].title() + "/")
    assert dataset.absent == () and dataset.dropped == () and dataset.votes is None
    test = datasets.load("fi", root=fi_folder, split="test")
    assert sorted(test.table["id"]) == sorted(f"{n.title()}/{n}2.jpg" for n in MIKELS8)


def test_validation_is_carved_from_train_by_name(fi_folder):
    dataset = datasets.load("fi", root=fi_folder)
    rest = dataset.table[dataset.table["split"] != "test"]
    for name, split in zip(rest["id"], rest["split"], strict=True):
        assert split == ("val" if bucket(name, 17) == 0 else "train")
    edit(fi_folder, "train", lambda entries: entries[::-2])
    fewer = datasets.load("fi", root=fi_folder).table.set_index("id")["split"]
    assert fewer.equals(dataset.table.set_index("id")["split"][fewer.index])


def test_equal_files_are_not_divided_between_train_and_validation(fi_folder, monkeypatch):
    shutil.copy(fi_folder / "Awe" / "awe1.jpg", fi_folder / "Fear" / "fear0.jpg")
    monkeypatch.setattr("emobook.datasets.lists.bucket", lambda key, _: "awe1" not in key)
    splits = datasets.load("fi", root=fi_folder).table.set_index("id")["split"]
    assert sorted(splits.index[splits == "val"]) == ["Awe/awe1.jpg", "Fear/fear0.jpg"]


def test_listed_photos_without_a_file_are_absent(fi_folder):
    (fi_folder / "Awe" / "awe1.jpg").unlink()
    shutil.rmtree(fi_folder / "Fear")
    dataset = datasets.load("fi", root=fi_folder)
    assert sorted(dataset.absent) == [
        "Awe/awe1.jpg", "Fear/fear0.jpg", "Fear/fear1.jpg", "Fear/fear2.jpg",
    ]  # fmt: skip
    assert len(dataset) == 20 and dataset.counts()["fear"] == 0
    for name in MIKELS8:
        shutil.rmtree(fi_folder / name.title(), ignore_errors=True)
    with pytest.raises(DatasetMissing, match="none of the 24 images"):
        datasets.load("fi", root=fi_folder)


def test_links_in_a_circle_and_folders_are_no_photos(fi_folder):
    circle, folder = fi_folder / "Awe" / "awe1.jpg", fi_folder / "Fear" / "fear0.jpg"
    for path in (circle, folder):
        path.unlink()
    circle.symlink_to(circle)
    folder.mkdir()
    assert datasets.load("fi", root=fi_folder).absent == ("Awe/awe1.jpg", "Fear/fear0.jpg")


def test_equal_files_share_a_group(fi_folder):
    shutil.copy(fi_folder / "Awe" / "awe2.jpg", fi_folder / "Anger" / "anger1.jpg")
    table = datasets.load("fi", root=fi_folder).table.set_index("id")
    assert table["group"]["Awe/awe2.jpg"] == table["group"]["Anger/anger1.jpg"]
    assert table["group"].nunique() == 23 and not table["placeholder"].any()


def test_placeholders_are_marked_and_can_be_dropped(fi_folder):
    for name in ("Awe/awe0.jpg", "Fear/fear1.jpg", "Sadness/sadness2.jpg"):
        shutil.copy(fi_folder / "Anger" / "anger1.jpg", fi_folder / name)
    dataset = datasets.load("fi", root=fi_folder)
    assert dataset.table["placeholder"].sum() == 4
    with pytest.warns(UserWarning, match="4 images left out"):
        kept = datasets.load("fi", root=fi_folder, on_error="drop")
    assert len(kept) == 20 and not kept.table["placeholder"].any()


def test_a_label_against_its_folder_is_an_error_that_drop_leaves_out(fi_folder):
    edit(fi_folder, "train", lambda entries: [["Awe/awe0.jpg", 6], *entries[1:]])
    with pytest.raises(DatasetError, match=r"awe0\.jpg \(label 6 is fear, its folder is Awe\)"):
        datasets.load("fi", root=fi_folder)
    with pytest.warns(UserWarning, match="left out"):
        dataset = datasets.load("fi", root=fi_folder, on_error="drop")
    assert "label 6 is fear" in dataset.dropped[0][1]


def test_a_photo_in_both_lists_is_used_once(fi_folder):
    edit(fi_folder, "test", lambda entries: [*entries, ["Awe/awe0.jpg", 2]])
    with pytest.raises(DatasetError, match="listed twice, in train and test"):
        datasets.load("fi", root=fi_folder)
    with pytest.warns(UserWarning):
        dataset = datasets.load("fi", root=fi_folder, on_error="drop")
    assert len(dataset) == 24 and dataset.table["id"].is_unique


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[\n{", "test.json, line 2, is not JSON"),
        ("[]", "has to be a list such as"),
        ("[" * 100_000, "is not JSON"),
        ('{"Awe/a.jpg": 2}', "has to be a list"),
        ("3", "has to be a list"),
        ('["Awe/a.jpg"]', "entry 0 is 'Awe/a.jpg', not"),
        ('[["Awe/a.jpg", 2], ["Awe/a.jpg"]]', "entry 1 is"),
        ("[[2, 2]]", "entry 0 is"),
        ('[["../awe/a.jpg", 2]]', "not a photo in a class folder"),
        ('[["Awe/../../a.jpg", 2]]', "not a photo in a class folder"),
        ('[["/etc/passwd", 2]]', "not a photo in a class folder"),
        ('[["C:/a.jpg", 2]]', "not a photo in a class folder"),
        ('[["a.jpg", 2]]', "not a photo in a class folder"),
        ('[["Awe/a\\u0000.jpg", 2]]', "not a photo in a class folder"),
        ('[["Awe/a.jpg", 8]]', "its label is none of 0 to 7"),
        ('[["Awe/a.jpg", -1]]', "its label is none of 0 to 7"),
        ('[["Awe/a.jpg", true]]', "its label is none of 0 to 7"),
        ('[["Awe/a.jpg", 2.0]]', "its label is none of 0 to 7"),
        ('[["Awe/a.jpg", NaN]]', "its label is none of 0 to 7"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_hostile_list_is_refused_in_one_sentence(fi_folder, content, message):
    path = fi_folder / "test.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for on_error in ("raise", "drop"):
        with pytest.raises(DatasetError, match=message) as error:
            datasets.load("fi", root=fi_folder, on_error=on_error)
        assert "test.json" in str(error.value) and len(str(error.value)) < 400


def test_a_copy_without_a_list_says_what_belongs_there(fi_folder):
    (fi_folder / "test.json").unlink()
    with pytest.raises(DatasetMissing, match=r"test\.json cannot be read .* train\.json"):
        datasets.load("fi", root=fi_folder)


def test_the_expected_counts_are_those_of_the_paper():
    assert fi.INFO.expected["amusement"] == 4942 and fi.INFO.expected["sadness"] == 2922
    positive = ("amusement", "awe", "contentment", "excitement")
    assert sum(fi.INFO.expected[name] for name in positive) == 16430


def test_real_photos(real_data):
    dataset = datasets.load("fi", root=real_data / "fi")
    assert len(dataset) == 374 and dataset.absent == ()
    assert dataset.counts().tolist() == [48, 50, 47, 43, 42, 48, 46, 50]
    assert dataset.table["split"].value_counts().to_dict() == {"train": 280, "test": 75, "val": 19}
    assert dataset.image(0).mode == "RGB"


@pytest.fixture
def public_lists(fi_folder, monkeypatch):
    """SER30K's lists apart from the photos, which they name all but one; train has one more."""
    places = fi_folder.parent / "data"
    (places / "lists").mkdir(parents=True)
    for split in ("train", "test"):
        listed = json.loads((fi_folder / f"{split}.json").read_text())
        if split == "train":
            listed = [*listed[1:], ["Awe/gone.jpg", 2]]
        (places / "lists" / f"fi_ser30k_{split}.json").write_text(json.dumps(listed))
    monkeypatch.setenv("EMOBOOK_DATA", str(places))
    return places / "lists"


def test_the_public_lists_divide_the_photos_that_are_there(fi_folder, public_lists):
    dataset = datasets.load("fi", root=fi_folder, split_list="ser30k")
    assert dataset.absent == ("Awe/gone.jpg",) and len(dataset) == 23
    assert "Amusement/amusement0.jpg" not in set(dataset.table["id"])
    assert "Amusement/amusement0.jpg" in set(datasets.load("fi", root=fi_folder).table["id"])
    (fi_folder / "fi_ser30k_test.json").write_text('[["Awe/awe2.jpg", 2]]')  # the nearer one wins
    nearer = datasets.load("fi", root=fi_folder, split_list="ser30k", split="test")
    assert nearer.table["id"].tolist() == ["Awe/awe2.jpg"]


def test_a_list_alone_will_do_where_absent_photos_are_kept(public_lists, tmp_path):
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("fi", split_list="ser30k")
    dataset = datasets.load("fi", split_list="ser30k", keep_absent=True)
    assert len(dataset) == 24 == len(dataset.absent)
    assert dataset.paths.tolist() == [None] * 24 and not dataset.table["placeholder"].any()
    assert dataset.counts().tolist() == [2, 3, 4, 3, 3, 3, 3, 3]
    (public_lists / "fi_ser30k_train.json").unlink()
    with pytest.raises(DatasetMissing, match=r"there is no fi_ser30k_train\.json"):
        datasets.load("fi", split_list="ser30k", keep_absent=True)


def test_an_unknown_list_is_refused(fi_folder):
    with pytest.raises(DatasetError, match="did you mean 'ser30k'"):
        datasets.load("fi", root=fi_folder, split_list="ser30")


def test_the_seven_sizes_agree_with_the_counts_in_the_record():
    sizes = [size.images for size in fi.SIZES]
    assert len(sizes) == 7 and sizes == sorted(sizes, reverse=True)
    printed = [sum(counts.values()) for counts in fi.INFO.also_printed.values()]
    assert set(printed) | {fi.INFO.images} <= set(sizes)
    assert all(size.who and size.reason for size in fi.SIZES)


def test_counts_of_rapolu_are_those_of_the_reported_table():
    table = reported("rapolu2023")
    rows = table[(table["item"] == "Table 1") & (table["column"] == "IE")].set_index("row")
    counts = fi.INFO.also_printed["Rapolu et al. 2023, Table 1, IE"]
    assert {name: int(rows["printed"][name.title()]) for name in MIKELS8} == counts


def test_real_public_lists(real_data, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(real_data))
    dataset = datasets.load("fi", split_list="ser30k", keep_absent=True)
    counts = dataset.counts().to_dict()
    assert counts == fi.INFO.also_printed["SER30K's public split list"] and len(dataset) == 22697
    assert dataset.counts().tolist() == [4859, 1236, 3054, 5291, 1616, 2826, 1000, 2815]
    test = dataset.subset("test").counts().tolist()
    assert test == [728, 186, 459, 794, 243, 424, 150, 423]
    parts = dataset.table["split"].value_counts()
    assert parts["train"] + parts["val"] == 19290 and abs(parts["val"] / 19290 - 1 / 17) < 0.005
