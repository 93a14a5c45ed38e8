"""WikiArt Emotions: shares and their question, the commonest emotion, bad tables."""

import numpy as np
import pytest

from emobook import datasets
from emobook.datasets import wikiart
from emobook.datasets.lists import DatasetError, DatasetMissing

TABLE = "WikiArt-Emotions-All.tsv"


@pytest.fixture(autouse=True)
def _apart_from_public_lists(monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)


def edit(root, line, old, new):
    """Put `new` for `old`, once, in a line of the table (counted from 1)."""
    lines = (root / TABLE).read_text(encoding="utf-8").splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    (root / TABLE).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_shares_become_a_distribution_and_the_commonest_emotion(layout):
    dataset = datasets.load("wikiart", root=layout("wikiart"))
    assert [dataset.classes[label] for label in dataset.labels] == [
        "happiness", "sadness", "fear", "neutral",
    ]  # fmt: skip
    np.testing.assert_allclose(dataset.distributions.sum(axis=1), 1)
    first = dict(zip(dataset.classes, dataset.distributions[0], strict=True))
    assert first["happiness"] == pytest.approx(5 / 8) and first["love"] == pytest.approx(3 / 8)
    assert dataset.table["p"].tolist() == [0.5, 0.6, 0.4, 1.0]
    assert dataset.table["unique"].tolist() == [True, True, False, True]
    assert dataset.votes is None and dataset.absent == ()


def test_other_columns_are_those_of_the_file(layout):
    table = datasets.load("wikiart", root=layout("wikiart")).table
    assert table["title"].tolist() == ['A "blue" day', '"Untitled', "Twelve trees", "Null"]
    assert table["category"].tolist() == ["Cubism,Pop Art"] * 4
    assert table["liked"].tolist() == [0.8] * 4
    assert table["group"].tolist() == ["Ann Arbor", "Ann Arbor", "Bo Berg", "Cy Cole"]


@pytest.mark.parametrize(
    ("shown", "emotion", "p"), [("title", "humility", 0.2), ("both", "trust", 0.7)]
)
def test_the_question_can_be_chosen(layout, shown, emotion, p):
    dataset = datasets.load("wikiart", root=layout("wikiart"), shown=shown)
    assert {dataset.classes[label] for label in dataset.labels} == {emotion}
    assert dataset.table["p"].tolist() == [p] * 4


def test_an_unknown_question_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"wikiart: shown 'titel' is unknown.* 'title'"):
        datasets.load("wikiart", root=tmp_path, shown="titel")


def test_two_classes_leave_out_what_is_neither(layout):
    two = datasets.load("wikiart", root=layout("wikiart")).two_class()
    assert two.labels.tolist() == [1, 0, 0]
    np.testing.assert_allclose(two.distributions, [[0, 1], [1, 0], [1, 0]])
    sides = {*wikiart.INFO.positive, *wikiart.INFO.neutral}
    assert len(set(wikiart.EMOTIONS) - sides) == 8 and len(sides) == 12


def test_the_table_alone_will_do_where_absent_images_are_kept(layout, tmp_path, monkeypatch):
    root = layout("wikiart")
    for image in (root / "images").iterdir():
        image.unlink()
    with pytest.raises(DatasetMissing, match="none of the 4 images"):
        datasets.load("wikiart", root=root)
    (tmp_path / "data" / "lists").mkdir(parents=True)
    (root / TABLE).rename(tmp_path / "data" / "lists" / TABLE)
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "data"))
    dataset = datasets.load("wikiart", keep_absent=True)
    assert len(dataset) == 4 == len(dataset.absent) and dataset.paths.tolist() == [None] * 4


def test_a_work_listed_twice_or_felt_by_nobody_is_left_out(layout):
    root = layout("wikiart")
    text = (root / TABLE).read_text(encoding="utf-8").splitlines()
    (root / TABLE).write_text("\n".join([*text, text[1]]) + "\n", encoding="utf-8")
    edit(root, 5, "\t1.0\t", "\t0.0\t")
    with pytest.raises(DatasetError, match="listed twice, in line 6"):
        datasets.load("wikiart", root=root)
    with pytest.warns(UserWarning, match="2 images left out"):
        dataset = datasets.load("wikiart", root=root, on_error="drop")
    assert len(dataset) == 3
    assert "nobody named an emotion, in line 5" in dataset.dropped[1][1]


@pytest.mark.parametrize(
    ("line", "old", "new", "message"),
    [
        (1, "ImageOnly: fear", "ImageOnly: fright", "line 1: the column 'ImageOnly: fear' is miss"),
        (1, "Artist\t", "Painter\t", "line 1: the column 'Artist' is missing"),
        (3, "\t0.6\t", "\t6\t", "line 3: 'ImageOnly: sadness' is '6', not a share"),
        (3, "\t0.6\t", "\t\t", "line 3: 'ImageOnly: sadness' is '', not a share"),
        (3, "\t0.6\t", "\tx\t", "line 3: 'ImageOnly: sadness' is 'x', not a share"),
        (4, "5772716cedc2cb3880c1907f", "../etc", r"line 4: '\.\./etc' is no ID"),
        (4, "5772716cedc2cb3880c1907f", "a/b", "line 4: 'a/b' is no ID"),
        (4, "1911", "1911\t1912", "no table of columns .*line 4"),
    ],
)
def test_a_bad_table_is_refused_in_one_sentence(layout, line, old, new, message):
    root = layout("wikiart")
    edit(root, line, old, new)
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("wikiart", root=root)
    told = str(error.value)
    assert TABLE in told and len(told) < 400 and "\n" not in told


def test_an_empty_table_is_refused(layout):
    root = layout("wikiart")
    head = (root / TABLE).read_text(encoding="utf-8").splitlines()[0]
    for text, message in (("", "no table of columns"), (f"{head}\n\n", "lists no work")):
        (root / TABLE).write_text(text)
        with pytest.raises(DatasetError, match=message):
            datasets.load("wikiart", root=root)


def test_blank_lines_at_the_end_are_no_works(layout):
    root = layout("wikiart")
    with (root / TABLE).open("a") as file:
        file.write("\n\n")
    assert len(datasets.load("wikiart", root=root)) == 4
