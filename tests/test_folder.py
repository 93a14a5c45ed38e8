"""The reader's own pictures: classes by folder, what is passed over, what is refused."""

import os
import shutil
import warnings

import pytest

from emobook import datasets
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket
from emobook.emotions import MIKELS8


@pytest.fixture
def make(tmp_path, write_photo):
    """A function: names of pictures → folder with them."""

    def written(*names):
        for seed, name in enumerate(names):
            write_photo(tmp_path / "mine" / name, seed)
        return tmp_path / "mine"

    return written


def test_a_folder_per_class(layout):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a hidden file is no reason to warn
        dataset = datasets.load("folder", root=layout("folder"))
    assert dataset.classes == ("awe", "boredom", "sadness")
    assert dataset.counts().tolist() == [3, 3, 3]
    ids = dataset.table["id"].tolist()
    assert ids[0] == "Sadness/IMG_0.JPG" and ids == sorted(ids)
    assert dataset.classes[dataset.labels[0]] == "sadness"
    for name, split in zip(ids, dataset.table["split"], strict=True):
        place = bucket(name, 20)
        assert split == ("test" if place < 3 else "val" if place == 3 else "train")


def test_mikels_eight_in_any_spelling_come_in_their_order(make):
    root = make(*(f"{name.upper() if i % 2 else name}/x.png" for i, name in enumerate(MIKELS8)))
    dataset = datasets.load("folder", root=root)
    assert dataset.classes == MIKELS8
    assert dataset.two_class().counts().tolist() == [4, 4]


def test_names_in_two_spellings_are_one_class(make):
    dataset = datasets.load("folder", root=make("Joy/1.png", "joy/2.png", "Zebra/3.png"))
    if len(os.listdir(dataset.paths[0].rsplit("/", 2)[0])) == 3:  # capitals matter on this disk
        assert dataset.counts().to_dict() == {"joy": 2, "Zebra": 1}


def test_only_known_names_have_a_side(make):
    root = make("awe/1.png", "fear/2.png", "Boredom/3.png", "Positive/4.png")
    two = datasets.load("folder", root=root).two_class()
    assert dict(zip(two.table["id"], two.labels.tolist(), strict=True)) == {
        "Positive/4.png": 1, "awe/1.png": 1, "fear/2.png": 0,
    }  # fmt: skip
    shutil.rmtree(root)
    with pytest.raises(DatasetError, match="none of cats, dogs is known as positive or negative"):
        datasets.load("folder", root=make("cats/1.png", "dogs/2.png")).two_class()


def test_pictures_without_classes(make):
    root = make("b.png", "a.jpg")
    (root / "empty").mkdir()
    dataset = datasets.load("folder", root=root)
    assert dataset.table["id"].tolist() == ["a.jpg", "b.png"]
    assert dataset.labels is None and dataset.classes is None
    assert dataset.image(0).size == (16, 12)
    with pytest.raises(DatasetError, match="no classes"):
        dataset.two_class()


def test_equal_files_stay_on_one_side(make):
    root = make("awe/1.png", "awe/2.png", "fear/3.png")
    for number in range(30):
        shutil.copy(root / "awe" / "2.png", root / "fear" / f"copy{number}.png")
    table = datasets.load("folder", root=root).table.set_index("id")
    copies = table[table["group"] == "awe/2.png"]
    assert len(copies) == 31 and copies["split"].nunique() == 1
    assert table.loc["fear/3.png", "group"] == "fear/3.png"


def test_pictures_in_odd_places_are_told_and_never_mislabelled(make):
    root = make("awe/1.png", "fear/2.png", "awe/old/3.png", "extra/deep/4.png", "5.png")
    (root / "awe" / ".trash").mkdir()
    shutil.copy(root / "5.png", root / "awe" / ".trash" / "6.png")
    with pytest.raises(DatasetError, match="3 listed images cannot be used"):
        datasets.load("folder", root=root)
    with pytest.warns(UserWarning, match="3 images left out"):
        dataset = datasets.load("folder", root=root, on_error="drop")
    assert dataset.table["id"].tolist() == ["awe/1.png", "fear/2.png"]
    told = {os.path.relpath(path, root): reason for path, reason in dataset.dropped}
    assert told == {
        "awe/old/3.png": "it lies in a folder within a folder",
        "extra/deep/4.png": "it lies in a folder within a folder",
        "5.png": "it lies beside the folders of the classes",
    }


def test_other_files_are_passed_over_with_a_warning(make):
    root = make("awe/1.png", "fear/2.png")
    (root / "notes.txt").write_text("mine")
    (root / "awe" / "2.HEIC").write_bytes(b"ftypheic")
    (root / "awe" / ".hidden.png").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"2 files in .* are no pictures .*\.heic, \.txt"):
        dataset = datasets.load("folder", root=root)
    assert len(dataset) == 2 and not dataset.dropped


def test_an_empty_file_and_a_strange_name_are_told(make):
    root = make("awe/1.png", "fear/2.png")
    (root / "awe" / "3.png").write_bytes(b"")
    try:
        shutil.copy(root / "awe" / "1.png", os.fsencode(root) + b"/fear/\xff.png")
    except OSError:
        pytest.skip("not run: this disk takes no such name")
    with pytest.warns(UserWarning, match="2 images left out"):
        dataset = datasets.load("folder", root=root, on_error="drop")
    reasons = [reason for _, reason in dataset.dropped]
    assert reasons == ["its name holds characters that no name should", "an empty file"]
    assert all(path.encode() for path, _ in dataset.dropped)


def test_folders_without_pictures_are_refused(make, tmp_path):
    root = make("awe/1.png")
    (root / "fear").mkdir()
    (root / "fear" / "x.heic").write_bytes(b"ftypheic")
    with pytest.raises(DatasetError, match="fear holds no picture"):
        datasets.load("folder", root=root)
    (root / "awe" / "1.png").unlink()
    with pytest.raises(DatasetMissing, match=r"mine holds no picture \(the endings are \.heic\)"):
        datasets.load("folder", root=root)
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("folder", root=tmp_path / "gone")


def test_a_level_too_high_is_refused(make):
    root = make("train/awe/1.png", "test/awe/2.png")
    with pytest.raises(DatasetError, match=r"folders within folders .*test/awe/2\.png"):
        datasets.load("folder", root=root)
    assert len(datasets.load("folder", root=root / "train")) == 1


def test_links_in_circles_do_not_matter(make):
    root = make("awe/1.png", "fear/2.png")
    (root / "awe" / "self.png").symlink_to("self.png")
    (root / "awe" / "up").symlink_to(root, target_is_directory=True)
    with pytest.warns(UserWarning, match="left out"):
        dataset = datasets.load("folder", root=root, on_error="drop")
    assert len(dataset) == 2
