"""The table, the splits, the errors: what every data set has in common."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emobook import datasets
from emobook.datasets import base, lists
from emobook.datasets.base import Dataset
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.datasets.record import Info
from emobook.emotions import MIKELS8
from emobook.images import ImageError


def small_set(**parts):
    table = pd.DataFrame(
        {
            "path": ["a.jpg", None, "c.jpg", "d.jpg"],
            "id": list("abcd"),
            "split": ["train", "train", "val", "test"],
            "group": list("aacd"),
        }
    )
    info = Info("small", "Small", "", "", "", "", "", classes=("x", "y", "z"))
    parts = {"classes": info.classes, "labels": [2, 0, 2, 1]} | parts
    return Dataset(info, table, **parts)


def test_registry_knows_every_set_and_suggests_near_names():
    assert set(datasets.names()) >= {"synthetic", "fi", "oasis", "flickr_ldl", "twitter_ldl"}
    for name in set(datasets.names()) - {"synthetic"}:
        record = base.info(name)
        assert record.name == name
        for part in ("title", "labels", "access", "licence", "source", "layout"):
            assert getattr(record, part), (name, part)
        assert sum(record.expected.values()) in (0, record.images)
    with pytest.raises(DatasetError, match="did you mean 'flickr_ldl'"):
        datasets.load("flicker_ldl")


def test_listing_the_sets_does_not_import_torch():
    code = (
        "import sys; from emobook import datasets; datasets.names(); "
        "[datasets.info(n) for n in ('fi', 'oasis', 'flickr_ldl')]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_unknown_split_policy_and_option_say_what_there_is(fi_folder):
    with pytest.raises(DatasetError, match="did you mean 'test'"):
        datasets.load("fi", root=fi_folder, split="tset")
    with pytest.raises(DatasetError, match=r"on_error 'ignore' .* raise, drop"):
        datasets.load("fi", root=fi_folder, on_error="ignore")
    with pytest.raises(DatasetError, match="fi: option 'tie'"):
        datasets.load("fi", root=fi_folder, tie="first")


def test_a_missing_set_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    for name in ("fi", "oasis", "flickr_ldl", "twitter_ldl"):
        with pytest.raises(DatasetMissing, match="EMOBOOK_DATA is not set") as error:
            datasets.load(name)
        assert base.info(name).source in str(error.value)
        assert base.info(name).layout in str(error.value)
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("oasis")


def test_root_defaults_to_the_data_folder(fi_folder, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(fi_folder.parent))
    assert len(datasets.load("fi")) == 24


def test_votes_give_shares_and_the_dominant_share():
    votes = [[1, 0, 3], [5, 0, 0], [1, 1, 2], [0, 2, 1]]
    dataset = small_set(votes=votes)
    np.testing.assert_allclose(dataset.distributions[0], [0.25, 0, 0.75])
    np.testing.assert_allclose(dataset.table["p"], [0.75, 1, 0.5, 2 / 3])
    assert dataset.table["votes"].iloc[3].tolist() == [0, 2, 1]
    with pytest.raises(DatasetError, match="every image needs votes"):
        small_set(votes=[[0, 0, 0], *votes[1:]])
    with pytest.raises(DatasetError, match="votes has 3 rows, the table has 4"):
        small_set(votes=votes[1:])


def test_what_a_set_lacks_is_none():
    dataset = small_set(labels=None, classes=None)
    for part in ("labels", "classes", "votes", "distributions", "ratings", "scale", "truth"):
        assert getattr(dataset, part) is None


def test_subset_keeps_the_rows_of_all_parts_together():
    ratings = pd.DataFrame({"valence": [1.0, 2, 3, 4], "arousal": [4.0, 3, 2, 1]})
    dataset = small_set(ratings=ratings, votes=np.eye(4, 3, dtype=int) + 1)
    mask = np.array([False, True, False, True])
    for selection in (mask, [1, 3], pd.Series(mask)):
        part = dataset.subset(selection)
        assert part.table["id"].tolist() == ["b", "d"]
        assert part.table.index.tolist() == [0, 1] == part.ratings.index.tolist()
        assert part.labels.tolist() == [0, 1]
        assert part.ratings["valence"].tolist() == [2, 4]
        np.testing.assert_array_equal(part.votes, dataset.votes[[1, 3]])
        np.testing.assert_array_equal(part.distributions, dataset.distributions[[1, 3]])
    assert dataset.subset("val").table["id"].tolist() == ["c"]
    assert len(dataset.subset([])) == 0
    words = pd.Series(mask, dtype="boolean").astype(object)
    for wrong in ([True, False], [0.5], [len(mask)], words):
        with pytest.raises(ValueError, match="selection"):
            dataset.subset(wrong)


def test_repr_and_counts():
    dataset = small_set(absent=("b",))
    assert dataset.counts().to_dict() == {"x": 1, "y": 1, "z": 2}
    text = repr(dataset)
    for part in ("small: 4 images", "train 2, val 1, test 1", "z 2", "1 listed without a file"):
        assert part in text


def test_image_of_a_row(fi_folder):
    dataset = datasets.load("fi", root=fi_folder)
    assert dataset.image(-1).mode == "RGB" and dataset.image(0).size == (16, 12)
    with pytest.raises(DatasetError, match="b is listed without a file"):
        small_set().image(1)


def test_drop_leaves_bad_files_out_and_says_so_once(fi_folder):
    (fi_folder / "Awe" / "awe0.jpg").write_bytes(b"no image")
    (fi_folder / "Fear" / "fear1.jpg").write_bytes(b"")
    whole = (fi_folder / "Anger" / "anger0.jpg").read_bytes()
    (fi_folder / "Anger" / "anger0.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"1 listed images.*fear1\.jpg \(an empty file\)"):
        datasets.load("fi", root=fi_folder)
    with pytest.warns(UserWarning, match="3 images left out") as record:
        dataset = datasets.load("fi", root=fi_folder, on_error="drop")
    assert len(record) == 1 and record[0].filename == __file__
    names = {path.rsplit("/", 1)[1] for path, _ in dataset.dropped}
    assert names == {"awe0.jpg", "fear1.jpg", "anger0.jpg"}
    assert all(reason for _, reason in dataset.dropped)
    assert len(dataset) == 21 and "3 left out" in repr(dataset)
    assert not set(dataset.paths) & {path for path, _ in dataset.dropped}


def test_an_undecodable_file_is_met_when_it_is_read(fi_folder):
    (fi_folder / "Awe" / "awe0.jpg").write_bytes(b"no image")
    dataset = datasets.load("fi", root=fi_folder)
    row = dataset.table["id"].tolist().index("Awe/awe0.jpg")
    with pytest.raises(ImageError, match=r"awe0\.jpg"):
        dataset.image(row)


def test_splits_by_hash_are_frozen():
    # written down once: a change of the rule would move images between the parts
    assert [lists.bucket(key, 17) for key in ("a", "b", "Awe/awe1.jpg")] == [15, 10, 11]
    keys = [f"image{i}.jpg" for i in range(20000)]
    carved = lists.carve_validation(["train"] * 10000 + ["test"] * 10000, keys)
    assert set(carved[10000:]) == {"test"}
    assert np.mean(carved[:10000] == "val") == pytest.approx(1 / 17, abs=0.01)
    again = lists.carve_validation(["train"] * 100, keys[:100][::-1])
    assert again[::-1].tolist() == carved[:100].tolist(), "the order of a list changes nothing"
    shares = pd.Series(lists.frozen_splits(keys)).value_counts(normalize=True)
    for split, share in {"train": 0.8, "val": 0.05, "test": 0.15}.items():
        assert shares[split] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../x", "C:/x", "a\\x", "a//x", "", ".", "a\0x", "a\nx", "\ud800", 3]
)
def test_unsafe_names(name):
    assert not lists.is_safe(name)


def test_safe_names():
    assert all(lists.is_safe(n) for n in ("a.jpg", "Awe/été 1.jpg", "..a/b..jpg"))


def test_same_bytes_finds_groups_only(tmp_path):
    contents = {"a": b"x" * 2000, "b": b"x" * 2000, "c": b"y" + b"x" * 1999, "d": b"x", "e": b"z"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    groups = lists.same_bytes(str(tmp_path / name) for name in contents)
    assert groups == [[str(tmp_path / "a"), str(tmp_path / "b")]]


def test_same_bytes_passes_over_what_cannot_be_opened(tmp_path, monkeypatch):
    paths = [str(tmp_path / name) for name in "abc"]
    for path in paths:
        Path(path).write_bytes(b"equal")

    def digest(path):
        if path == paths[1]:
            raise PermissionError
        return "same"

    monkeypatch.setattr(lists, "file_digest", digest)
    assert lists.same_bytes(paths) == [[paths[0], paths[2]]]


def test_info_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        base.info("fi").name = "x"


def test_two_classes_add_up_votes_and_leave_the_neutral_out():
    table = pd.DataFrame(
        {"path": None, "id": list("abcd"), "split": "train", "group": list("abcd")}
    )
    votes = [[3, 1, 0], [1, 2, 2], [0, 1, 4], [0, 0, 5]]  # sad, glad, neither
    info = Info(
        "small", "", "", "", "", "", "", classes=("sad", "glad", "neither"),
        positive=("glad",), neutral=("neither",),
    )  # fmt: skip
    dataset = Dataset(info, table, classes=info.classes, labels=[0, 1, 0, 0], votes=votes)
    two = dataset.two_class()
    assert two.classes == ("negative", "positive")
    assert list(two.table["id"]) == ["a", "b", "c"]  # nobody took a side on d
    assert two.labels.tolist() == [0, 1, 0]
    assert two.votes.tolist() == [[3, 1], [1, 2], [0, 1]]
    assert two.distributions[1].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert two.table["p"].tolist() == pytest.approx([3 / 4, 2 / 3, 0])
    assert two.table["votes"][1].tolist() == [1, 2]
    assert small_set().two_class().counts().sum() == 4
    neutral = dataclasses.replace(dataset, labels=[0, 2, 0, 2]).two_class()
    assert list(neutral.table["id"]) == ["a", "c"]
    with pytest.raises(DatasetError, match="has no classes"):
        small_set(labels=None, classes=None).two_class()


def test_p_is_the_share_of_the_label_on_two_sides_too():
    table = pd.DataFrame({"path": None, "id": ["a"], "split": "train", "group": ["a"]})
    votes = np.zeros((1, 8), dtype=int)
    votes[0, [0, 1, 7]] = 4, 3, 3  # most for amusement, yet six of ten are negative
    dataset = Dataset(base.info("flickr_ldl"), table, classes=MIKELS8, labels=[0], votes=votes)
    assert dataset.table["p"].tolist() == [0.4]
    two = dataset.two_class()
    assert two.labels.tolist() == [1] and two.votes.tolist() == [[6, 4]]
    assert two.table["p"].tolist() == [0.4]
