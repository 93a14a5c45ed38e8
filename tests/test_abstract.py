"""Abstract paintings: votes, both readings of ties, the public list without votes."""

import csv

import numpy as np
import pytest

from emobook import datasets, results
from emobook.datasets import abstract, artphoto, iaps_subset
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.emotions import MIKELS8


@pytest.fixture
def root(layout, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    return layout("abstract")


@pytest.mark.parametrize(
    ("module", "row", "column"),
    [
        (artphoto, "ArtPhoto", "ArtPhoto"),
        (abstract, "Abstract Paintings", "AP"),
        (iaps_subset, "IAPS-Subset", None),
    ],
)
def test_the_records_hold_the_counts_of_the_printed_tables(module, row, column):
    def counts(paper, key, value, where):
        cells = results.reported(paper)
        cells = cells[(cells["item"] == "Table 1") & (cells[where] == value)]
        by_class = dict(zip(cells[key].str.lower(), cells["printed"], strict=True))
        return {c: by_class[c] for c in MIKELS8}

    assert dict(module.INFO.expected) == counts("you2016", "column", row, "row")
    for other in module.INFO.also_printed.values():
        assert dict(other) == counts("rapolu2023", "row", column, "column")
    assert bool(module.INFO.also_printed) == (column is not None)


def votes_file(root):
    return root / abstract.PHOTOS / abstract.VOTES


def test_one_winner_each_by_default(root):
    dataset = datasets.load("abstract", root=root)
    assert len(dataset) == 16 and dataset.counts().tolist() == [2] * 8
    assert "abstract_0017.jpg" not in set(dataset.table["id"]) and dataset.absent == ()
    assert dataset.table["unique"].all() and dataset.dropped == ()
    row = dataset.table["id"].tolist().index("abstract_0003.jpg")
    assert dataset.votes[row].tolist() == [0, 1, 0, 6, 0, 1, 0, 1]
    assert MIKELS8[dataset.labels[row]] == "contentment"
    assert dataset.table["p"].iloc[row] == pytest.approx(6 / 9)
    assert dataset.distributions.sum(axis=1) == pytest.approx(1)


def test_ties_to_the_first_class(root):
    dataset = datasets.load("abstract", root=root, ties="first")
    assert len(dataset) == 17 and dataset.counts().tolist() == [2, 2, 2, 3, 2, 2, 2, 2]
    tied = dataset.table["id"] == "abstract_0017.jpg"
    assert (~dataset.table["unique"]).equals(tied)
    assert MIKELS8[dataset.labels[tied.to_numpy()][0]] == "contentment"
    with pytest.raises(DatasetError, match=r"ties 'last' is unknown.*drop, first"):
        datasets.load("abstract", root=root, ties="last")


def test_columns_go_by_their_names(root):
    before = datasets.load("abstract", root=root)
    lines = [line.split(",") for line in votes_file(root).read_text().splitlines()]
    votes_file(root).write_text("\n".join(",".join([line[0], *line[:0:-1]]) for line in lines))
    after = datasets.load("abstract", root=root)
    assert (after.votes == before.votes).all() and (after.labels == before.labels).all()


def public_list(root):
    votes_file(root).unlink()
    (root / abstract.LABELS).write_text(
        "name,gt,gpt4v\nabstract_0001.jpg,Content,\nabstract_0002.jpg,Sad,\nabstract_0099.jpg,Awe,\n"
    )


def test_labels_without_votes_come_from_the_public_list(root):
    public_list(root)
    dataset = datasets.load("abstract", root=root)
    assert dataset.table["id"].tolist() == ["abstract_0001.jpg", "abstract_0002.jpg"]
    assert [MIKELS8[k] for k in dataset.labels] == ["contentment", "sadness"]
    assert dataset.votes is None and dataset.absent == ("abstract_0099.jpg",)
    assert len(datasets.load("abstract", root=root, keep_absent=True)) == 3
    with pytest.raises(DatasetError, match="holds no votes, which ties='first' needs"):
        datasets.load("abstract", root=root, ties="first")


def test_votes_win_over_the_public_list(root):
    (root / abstract.LABELS).write_text("name,gt\nabstract_0001.jpg,Content\n")
    assert datasets.load("abstract", root=root).votes is not None


def test_a_painting_that_is_listed_twice_is_dropped(root):
    with votes_file(root).open("a") as file:
        file.write("'abstract_0001.jpg',9,0,0,0,0,0,0,0\n")
    dataset = abstract.load(root)
    assert len(dataset) == 16 and dataset.labels[0] == 1
    assert dataset.dropped[0][0].endswith("abstract_0001.jpg")
    assert dataset.dropped[0][1] == "listed twice"


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, "'','Amusement','Anger','Awe','Joy','Disgust','Excitement','Fear','Sad'", "line 1"),
        (1, "'','Amusement','Anger','Awe','Content','Disgust','Excitement','Fear'", "line 1"),
        (3, "'abstract_0002.jpg',1,2,3", "line 3: expected a name and eight counts"),
        (3, "'abstract_0002.jpg',0,0,0,0,0,0,0,0", "line 3: .*not all of them 0"),
        (3, "'abstract_0002.jpg',1,0,0,-1,0,0,0,0", "line 3: expected"),
        (3, "'abstract_0002.jpg',1,0,0,0.5,0,0,0,0", "line 3: expected"),
        (3, "'abstract_0002.jpg',1,0,0,,0,0,0,0", "line 3: expected"),
        (4, "'../abstract_0003.jpg',1,0,0,0,0,0,0,0", "line 4: '../abstract_0003.jpg' is no name"),
    ],
)
def test_damaged_votes_are_refused_with_their_line(root, line, text, message):
    lines = votes_file(root).read_text().splitlines()
    lines[line - 1] = text
    votes_file(root).write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("abstract", root=root)
    assert abstract.VOTES in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\nabstract_0001.jpg,Awe", "line 1: expected the columns name and gt"),
        ("name,gt\nabstract_0001.jpg,Joy", "line 2: expected a name and one of eight"),
        ("name,gt\nabstract_0001.jpg", "line 2: expected a name and one of eight"),
        ("name,gt\nx.jpg,Awe", "line 2: 'x.jpg' is no name"),
        ("name,gt\n", "lists no painting"),
        ("", "lists no painting"),
    ],
)
def test_a_damaged_public_list_is_refused_with_its_line(root, text, message):
    votes_file(root).unlink()
    (root / abstract.LABELS).write_text(text)
    with pytest.raises(DatasetError, match=message):
        datasets.load("abstract", root=root)


def test_nothing_there_says_what_belongs_there(root, tmp_path):
    votes_file(root).unlink()
    with pytest.raises(DatasetMissing, match=r"ABSTRACT_groundTruth.csv or abstract_labels.csv in"):
        datasets.load("abstract", root=root)
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("abstract", root=tmp_path / "nowhere")


def test_both_readings_of_the_real_votes_against_the_printed_tables(real_data):
    shares = datasets.ldl.paintings(real_data / "ldl").distributions
    winners = shares == shares.max(axis=1, keepdims=True)
    unique = winners.sum(axis=1) == 1
    one_winner = np.bincount(shares[unique].argmax(axis=1), minlength=8)
    to_the_first = np.bincount(shares.argmax(axis=1), minlength=8)

    printed = np.array([abstract.INFO.expected[c] for c in MIKELS8])
    (other,) = abstract.INFO.also_printed.values()
    assert to_the_first.tolist() == [other[c] for c in MIKELS8] and to_the_first.sum() == 280
    assert printed.sum() == 228 and unique.sum() == 229
    assert dict(zip(MIKELS8, one_winner - printed, strict=True)) == {
        c: int(c == "contentment") for c in MIKELS8
    }
    assert (to_the_first - printed).tolist() == [8, 6, 13, 9, 11, 0, 5, 0]

    # the shares carry no names, but their winners come in the order of the 229 listed names
    dataset = datasets.load("abstract", root=real_data / "abstract", keep_absent=True)
    if dataset.votes is None:
        with (real_data / "lists" / abstract.LABELS).open() as file:
            assert len(list(csv.reader(file))) == 230
    assert dataset.labels.tolist() == shares[unique].argmax(axis=1).tolist()
    assert dataset.counts().tolist() == one_winner.tolist()
