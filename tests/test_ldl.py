"""Vote files and tables of vote shares."""

import numpy as np
import pytest
from scipy.io import savemat

from emobook import datasets
from emobook.datasets import ldl
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.emotions import MIKELS8

# amusement, awe, contentment, excitement, anger, disgust, fear, sadness
LINES = "1853.jpg 6 0 3 0 0 1 1 0 \n\n11059.jpg 0 0 4 0 1 4 1 1 \n7.jpg 0 5 0 0 5 0 0 1\n"


@pytest.fixture
def ldl_folder(tmp_path):
    (tmp_path / "flickr_ldl_votes.txt").write_text(LINES)
    (tmp_path / "twitter_ldl_votes.txt").write_text("7.jpg 0 0 0 0 0 0 8 0\n")
    return tmp_path


def test_votes_are_put_into_the_order_of_the_eight(ldl_folder):
    dataset = datasets.load("flickr_ldl", root=ldl_folder)
    first = dict(zip(MIKELS8, dataset.votes[0].tolist(), strict=True))
    assert {k: v for k, v in first.items() if v} == {
        "amusement": 6, "contentment": 3, "disgust": 1, "fear": 1,
    }  # fmt: skip
    np.testing.assert_allclose(dataset.distributions, dataset.votes / 11)
    assert [MIKELS8[label] for label in dataset.labels] == ["amusement", "contentment", "anger"]
    assert dataset.table["unique"].tolist() == [True, False, False]
    assert dataset.table["p"].tolist() == pytest.approx([6 / 11, 4 / 11, 5 / 11])


def test_votes_do_without_photos(ldl_folder):
    dataset = datasets.load("flickr_ldl", root=ldl_folder, on_error="drop")
    assert dataset.absent == ("1853.jpg", "11059.jpg", "7.jpg")
    assert dataset.paths.tolist() == [None] * 3 and len(dataset) == 3
    with pytest.raises(DatasetError, match=r"1853\.jpg is listed without a file.*_images"):
        dataset.image(0)


def test_photos_of_the_two_sets_are_kept_apart(ldl_folder, write_photo):
    write_photo(ldl_folder / "flickr_ldl_images" / "7.jpg", seed=0)
    flickr = datasets.load("flickr_ldl", root=ldl_folder)
    twitter = datasets.load("twitter_ldl", root=ldl_folder)
    assert flickr.absent == ("1853.jpg", "11059.jpg") and flickr.image(2).mode == "RGB"
    assert twitter.absent == ("7.jpg",) and twitter.votes.sum() == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.jpg 1 2 3\n", "line 1: expected a file name and eight counts"),
        (LINES + "a.jpg 1 0 0 0 0 0 0 -1\n", "line 5: expected"),
        ("a.jpg 1 0 0 0 0 0 0 0.5\n", "line 1: expected"),
        ("a.jpg 1 0 0 0 0 0 0 9999999999999999999999\n", "line 1: the counts of a.jpg are"),
        ("../a.jpg 1 0 0 0 0 0 0 0\n", "line 1: '../a.jpg' is no file name"),
        ("a.jpg 1 0 0 0 0 0 0 0\na.jpg 1 0 0 0 0 0 0 0\n", "line 2: a.jpg is in line 1 already"),
        ("a.jpg 0 0 0 0 0 0 0 0\n", "line 1: the counts of a.jpg are all 0"),
        ("", "is empty"),
    ],
)
def test_a_damaged_vote_file_is_refused_in_one_sentence(tmp_path, text, message):
    (tmp_path / "flickr_ldl_votes.txt").write_text(text)
    with pytest.raises(DatasetError, match=message):
        datasets.load("flickr_ldl", root=tmp_path)


def test_tables_are_checked(tmp_path):
    with pytest.raises(DatasetMissing, match=r"no file .*Painting\.mat"):
        ldl.paintings(tmp_path)
    path = tmp_path / "Painting.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file" + b" " * 200)
    with pytest.raises(DatasetError, match="is no MATLAB file"):
        ldl.paintings(tmp_path)
    shares = np.full((280, 8), 1 / 8)
    savemat(path, {"features": np.zeros((280, 141)), "labels": shares})
    with pytest.raises(DatasetError, match=r"\(280, 141\).*\(280, 142\)"):
        ldl.paintings(tmp_path)
    savemat(path, {"features": np.zeros((280, 142)), "labels": shares * 2})
    with pytest.raises(DatasetError, match="sum to 1"):
        ldl.paintings(tmp_path)
    savemat(path, {"features": np.zeros((280, 142)), "labels": shares * 1.0001})
    table = ldl.paintings(tmp_path)
    np.testing.assert_allclose(table.distributions.sum(axis=1), 1, atol=1e-12)
    assert "divided by their sums" in table.note


@pytest.mark.parametrize(
    ("name", "images", "voters"), [("flickr", 11150, 11), ("twitter", 10032, 8)]
)
def test_real_votes(real_data, name, images, voters):
    dataset = datasets.load(f"{name}_ldl", root=real_data / "ldl")
    assert len(dataset) == len(dataset.absent) == images
    assert (dataset.votes.sum(axis=1) == voters).all() and dataset.votes.dtype == np.int64
    np.testing.assert_allclose(dataset.distributions.sum(axis=1), 1)
    assert f"votes of {voters} people" in dataset.info.labels
    assert set(dataset.table["split"]) == {"train", "val", "test"}
    assert any(
        f"{(~dataset.table['unique']).sum():,} of the" in fault for fault in dataset.info.faults
    )


def test_real_votes_in_all(real_data):
    both = [datasets.load(n, root=real_data / "ldl") for n in ("flickr_ldl", "twitter_ldl")]
    assert sum(map(len, both)) == 21182
    # most pictures please; read in the order of the file this would be awe
    assert all(d.votes.sum(axis=0).argmax() == MIKELS8.index("contentment") for d in both)


def test_real_tables(real_data):
    paintings = ldl.paintings(real_data / "ldl")
    assert paintings.features.shape == (280, 142) and paintings.classes == MIKELS8
    top = np.sort(paintings.distributions, axis=1)
    unique = top[:, -1] - top[:, -2] > 1e-9
    assert unique.sum() == 229 and paintings.note == ""
    winners = np.bincount(paintings.distributions[unique].argmax(axis=1), minlength=8)
    # You et al. (2016), Table 1, but for one painting of contentment
    assert winners.tolist() == [25, 3, 15, 64, 18, 36, 36, 32]
    emotion6 = ldl.emotion6_features(real_data / "ldl")
    assert emotion6.features.shape == (1980, 168) and emotion6.features.dtype == np.float64
    assert emotion6.distributions.shape == (1980, 7) and emotion6.classes == ldl.EKMAN7
    np.testing.assert_allclose(emotion6.distributions.sum(axis=1), 1, atol=1e-12)
