"""Emotion6: two labels, shares, ratings, and lists that cannot be trusted."""

import re

import numpy as np
import pytest

from emobook import datasets
from emobook.datasets import ldl
from emobook.datasets.lists import DatasetError, DatasetMissing

HEAD = "\t".join(["[image_filename]", "[valence]", "[arousal]"]) + "".join(
    f"\t[prob. {name}]" for name in ldl.EKMAN7
)
LINE = "joy/1.jpg\t7.5\t3.8\t0\t0\t0\t0.9\t0\t0\t0.1"


def write(root, *lines):
    root.mkdir(exist_ok=True)
    (root / "ground_truth.txt").write_text("\n".join(lines) + "\n")
    return root


def test_votes_and_folders_are_different_labels(layout):
    root = layout("emotion6")
    by_votes, by_folder = (
        datasets.load("emotion6", root=root, label=label) for label in ("votes", "folder")
    )
    assert by_votes.classes == by_folder.classes == ldl.EKMAN7
    # number 1 is voted as searched for, number 2 neutral, number 3 tied with the next word
    assert by_folder.counts().tolist() == [3] * 6 + [0]
    assert by_votes.counts().tolist() == [3, 2, 2, 2, 2, 1, 6]
    table = by_votes.table
    assert np.array_equal(table["differ"], by_votes.labels != by_folder.labels)
    assert [ldl.EKMAN7[i] for i in by_votes.labels] == table["voted"].tolist()
    assert [ldl.EKMAN7[i] for i in by_folder.labels] == table["folder"].tolist()
    third = table["id"].str.endswith("/3.jpg")
    assert (table["unique"] == ~third).all()
    row = table.set_index("id").loc["surprise/3.jpg"]
    assert row["voted"] == "anger" and row["differ"], "of two leaders the first class counts"
    assert table["p"].round(2).unique().tolist() == [0.73, 0.7, 0.47]
    assert by_folder.table["p"].round(2).unique().tolist() == [0.73, 0.3, 0.47], "of the folder"
    assert by_folder.table.drop(columns="p").equals(table.drop(columns="p"))


def test_shares_and_ratings_are_those_of_the_list(layout):
    dataset = datasets.load("emotion6", root=layout("emotion6"))
    assert dataset.distributions.shape == (18, 7) and dataset.votes is None
    np.testing.assert_allclose(dataset.distributions.sum(axis=1), 1, atol=1e-15)
    first = dataset.table["id"].tolist().index("fear/1.jpg")
    np.testing.assert_allclose(dataset.distributions[first], [0, 0, 0.733333, 0, 0, 0, 0.266667])
    assert dataset.ratings.iloc[first].tolist() == [4.5, 3.8] and dataset.scale == (1, 9)
    assert dataset.paths[first].endswith("images/fear/1.jpg")


def test_two_classes_leave_the_neutral_out(layout):
    two = datasets.load("emotion6", root=layout("emotion6"), label="folder").two_class()
    assert two.counts().to_dict() == {"negative": 12, "positive": 6}
    sad = two.table["id"].tolist().index("sadness/3.jpg")  # half sadness, half surprise
    np.testing.assert_allclose(two.distributions[sad], [0.5, 0.5])
    by_votes = datasets.load("emotion6", root=two.table["path"][0].split("/images")[0])
    assert len(by_votes.two_class()) == 12, "six photos are voted neutral"


def test_columns_are_found_by_their_names(tmp_path):
    heads, fields = HEAD.split("\t"), LINE.split("\t")
    swapped = [0, 2, 1, *range(9, 2, -1)]
    lines = ("\t".join(row[i] for i in swapped) for row in (heads, fields))
    dataset = datasets.load("emotion6", root=write(tmp_path, *lines), keep_absent=True)
    assert dataset.ratings.iloc[0].tolist() == [7.5, 3.8]
    assert dataset.table["voted"].tolist() == ["joy"] and dataset.paths[0] is None


def test_a_list_without_photos(tmp_path):
    root = write(tmp_path, HEAD, LINE)
    with pytest.raises(DatasetMissing, match="none of the 1 images"):
        datasets.load("emotion6", root=root)
    assert datasets.load("emotion6", root=root, keep_absent=True).absent == ("joy/1.jpg",)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEAD.replace("\t[prob. fear]", ""), LINE], "line 1: there is no column fear"),
        ([LINE], "line 1: there is no column image_filename"),
        ([HEAD, "", LINE.replace("\t0.1", "")], "line 3: 9 fields, not 10"),
        ([HEAD, LINE.replace("joy/", "neutral/")], "line 2: 'neutral/1.jpg' is no photo"),
        ([HEAD, LINE.replace("joy/", "../")], "line 2: '../1.jpg' is no photo"),
        ([HEAD, LINE.replace("3.8", "much")], "line 2: a rating or a share is no number"),
        ([HEAD, LINE.replace("7.5", "9.5")], "line 2: valence and arousal"),
        ([HEAD, LINE.replace("7.5", "nan")], "line 2: valence and arousal"),
        ([HEAD, LINE.replace("0.9", "0.5")], "line 2: the seven shares have to sum to 1"),
        ([HEAD, LINE.replace("0.9", "nan")], "line 2: the seven shares have to sum to 1"),
        ([HEAD], "lists no photo"),
    ],
)
def test_a_line_that_is_otherwise_is_named(tmp_path, lines, said):
    with pytest.raises(DatasetError, match=re.escape(said)) as error:
        datasets.load("emotion6", root=write(tmp_path, *lines), keep_absent=True)
    assert "ground_truth.txt" in str(error.value)


def test_a_photo_listed_twice_is_dropped_and_told(tmp_path, write_photo):
    write_photo(tmp_path / "images" / "joy" / "1.jpg", 0)
    root = write(tmp_path, HEAD, LINE, LINE.replace("7.5", "2"))
    with pytest.raises(DatasetError, match="listed twice, in lines 2 and 3"):
        datasets.load("emotion6", root=root)
    with pytest.warns(UserWarning, match="1 images left out"):
        dataset = datasets.load("emotion6", root=root, on_error="drop")
    assert dataset.ratings["valence"].tolist() == [7.5]


def test_another_label_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="did you mean 'votes'"):
        datasets.load("emotion6", root=tmp_path, label="vote")


def test_the_whole_list_is_read_and_the_printed_faults_hold(real_data, tmp_path):
    """Names and valence, and the shares, go round apart; together they make a list of full size.

    Which shares are whose is not known, so only the counts of each mean anything.
    """
    table = ldl.emotion6_features(real_data / "ldl")
    lines = [HEAD]
    for part in ("train", "test"):
        text = (real_data / "ldl" / f"em6_valence_{part}.txt").read_text()
        for line in text.splitlines():
            path, valence = line.split()
            shares = "\t".join(f"{share:.6g}" for share in table.distributions[len(lines) - 1])
            lines.append(f"{path.partition('/images/')[2]}\t{valence}\t5\t{shares}")
    root = write(tmp_path, *lines)
    dataset = datasets.load("emotion6", root=root, keep_absent=True)
    assert len(dataset) == 1980 and not dataset.dropped
    numbers = dataset.table["id"].str.extract(r"^(\w+)/(\d+)\.jpg$").astype({1: int})
    for _, of_word in numbers.groupby(0)[1]:
        assert sorted(of_word) == list(range(1, 331))
    voted = np.bincount(table.distributions.argmax(axis=1), minlength=7)
    assert dataset.counts().tolist() == voted.tolist()
    np.testing.assert_allclose(dataset.distributions, table.distributions, atol=1e-5)
    by_folder = datasets.load("emotion6", root=root, keep_absent=True, label="folder")
    assert by_folder.counts().tolist() == [330] * 6 + [0]
    # what the datasheet says
    faults = " ".join(dataset.info.faults)
    most_alike = np.minimum(dataset.counts(), by_folder.counts()).sum()
    assert f"{1980 - most_alike} of the" in faults
    found = dataset.counts()
    said = f"joy leads {found['joy']} times, neutral {found['neutral']}, anger {found['anger']}"
    assert said in faults
    assert f"In {(~dataset.table['unique']).sum()} photos" in faults
