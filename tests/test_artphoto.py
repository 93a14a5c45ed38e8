"""ArtPhoto: the list, the folder without a list, labels against names, two classes."""

import pytest

from emobook import datasets
from emobook.datasets import artphoto
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket
from emobook.emotions import MIKELS8


@pytest.fixture
def root(layout, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    return layout("artphoto")


def rewrite(path, change):
    path.write_text("\n".join(change(path.read_text().splitlines())))


def test_a_copy_is_read_as_listed(root):
    dataset = datasets.load("artphoto", root=root)
    assert dataset.classes == MIKELS8 and dataset.counts().tolist() == [3] * 8
    assert dataset.table["id"].iloc[-1] == "sad_0489.jpg" and dataset.labels[-1] == 7
    assert dataset.paths[0] == str(root / "testImages_artphoto" / "amusement_0487.jpg")
    assert dataset.votes is None and dataset.dropped == () and dataset.absent == ()
    for name, split in zip(dataset.table["id"], dataset.table["split"], strict=True):
        assert split == ("test" if (n := bucket(name, 20)) < 3 else "val" if n == 3 else "train")


def test_the_archive_alone_is_read_by_its_names(root):
    listed = datasets.load("artphoto", root=root)
    for name in (artphoto.LIST, artphoto.LABELS):
        (root / name).unlink()
    (root / artphoto.PHOTOS / "ReadMe.rtf").write_text("no photo")
    (root / artphoto.PHOTOS / "joy_0001.jpg").write_bytes(b"of another set")
    found = datasets.load("artphoto", root=root)
    assert found.table["id"].tolist() == listed.table["id"].tolist()
    assert found.labels.tolist() == listed.labels.tolist() and found.dropped == ()


def test_two_classes_are_the_printed_ones(root):
    two = datasets.load("artphoto", root=root).two_class()
    assert two.classes == ("negative", "positive") and two.counts().tolist() == [12, 12]
    positive = {name.split("_")[0] for name in two.table["id"][two.labels == 1]}
    assert positive == {"amusement", "awe", "contentment", "excitement"}


def test_listed_photos_without_a_file_are_absent_or_kept(root, tmp_path):
    (root / artphoto.PHOTOS / "awe_0488.jpg").unlink()
    dataset = datasets.load("artphoto", root=root)
    assert dataset.absent == ("awe_0488.jpg",) and len(dataset) == 23
    kept = datasets.load("artphoto", root=root, keep_absent=True)
    assert len(kept) == 24 and kept.absent == dataset.absent
    assert kept.paths[kept.table["id"].tolist().index("awe_0488.jpg")] is None
    with pytest.raises(DatasetMissing, match="testImages_artphoto of the archive"):
        datasets.load("artphoto", root=tmp_path / "nowhere", keep_absent=True)


def test_public_lists_do_without_the_photos(root, tmp_path, monkeypatch):
    (tmp_path / "lists").mkdir()
    for name in (artphoto.LIST, artphoto.LABELS):
        (root / name).rename(tmp_path / "lists" / name)
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    assert len(datasets.load("artphoto")) == 24
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("artphoto")
    kept = datasets.load("artphoto", keep_absent=True)
    assert len(kept) == 24 and len(kept.absent) == 24 and set(kept.paths) == {None}


def test_label_against_name_and_repeats_are_dropped(root):
    rewrite(root / artphoto.LABELS, lambda labels: ["fear", *labels[1:]])
    rewrite(root / artphoto.LIST, lambda names: [*names[:4], names[3], *names[5:]])
    dataset = artphoto.load(root)
    assert len(dataset) == 22
    (first, why), (second, again) = dataset.dropped
    assert (
        first.endswith("amusement_0487.jpg") and why == "its label is fear, its name says amusement"
    )
    assert second.endswith("anger_0487.jpg") and again == "listed twice"
    with pytest.raises(DatasetError, match="2 listed images cannot be used"):
        datasets.load("artphoto", root=root)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (artphoto.LABELS, lambda lines: lines[:-1], "has 24 lines and .* has 23"),
        (artphoto.LABELS, lambda lines: [*lines[:4], "joy", *lines[5:]], "line 5: 'joy' is none"),
        (artphoto.LIST, lambda lines: [*lines[:2], "../x.jpg", *lines[3:]], "line 3: expected"),
        (artphoto.LIST, lambda lines: ["photos/awe_0001.jpg", *lines[1:]], "line 1: expected"),
        (artphoto.LIST, lambda lines: ["testImages_artphoto/awe.jpg", *lines[1:]], "line 1: exp"),
    ],
)
def test_a_damaged_list_is_refused_with_its_line(root, file, change, message):
    rewrite(root / file, change)
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("artphoto", root=root)
    assert file in str(error.value) and "\n" not in str(error.value)


def test_empty_lists_and_a_lone_list(root):
    (root / artphoto.LABELS).unlink()
    with pytest.raises(DatasetMissing, match=r"labels_testImages_artphoto\.txt cannot be read"):
        datasets.load("artphoto", root=root)
    for name in (artphoto.LIST, artphoto.LABELS):
        (root / name).write_text("")
    with pytest.raises(DatasetError, match="lists no photo"):
        datasets.load("artphoto", root=root)


def test_the_public_list_has_the_printed_counts(real_data):
    dataset = datasets.load("artphoto", root=real_data / "artphoto", keep_absent=True)
    assert len(dataset) == 806 and dataset.dropped == ()
    assert dataset.counts().to_dict() == dict(artphoto.INFO.expected)
    two = dataset.two_class().counts()
    assert two.to_dict() == {"negative": 428, "positive": 378}
