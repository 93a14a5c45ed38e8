"""IAPS: the report in rich text, slides rated twice, dominance, and the labels of Mikels."""

import math

import numpy as np
import pytest

from emobook import datasets
from emobook.datasets import iaps, iaps_subset
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket
from emobook.emotions import MIKELS8


@pytest.fixture
def root(layout, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    return layout("iaps")


@pytest.fixture
def subset(layout, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    return layout("iaps_subset")


def test_one_row_per_picture_in_the_order_of_the_report(root):
    dataset = datasets.load("iaps", root=root)
    table = dataset.table.set_index("id")
    assert list(table.index) == ["1050", "1051", "2055.1", "2055.2", "6570", "7004"]
    assert table["tag"].tolist() == ["Cup", "Kite", "Lamp", "Lamp", "Storm", "TwoTrees"]
    assert dataset.scale == (1, 9) and dataset.ratings.columns.tolist() == ["valence", "arousal"]
    assert dataset.ratings.iloc[4].tolist() == [2.0, 6.9]
    assert table.loc["6570", "valence_sd"] == pytest.approx(1.4)
    assert table.loc["6570", "path"].endswith("6570.JPG")
    assert dataset.labels is None and dataset.absent == () and dataset.image(4).size == (32, 24)


def test_dominance_is_in_the_column_of_its_form(root):
    table = datasets.load("iaps", root=root).table.set_index("id")
    assert table.loc["1051", ["dominance1", "dominance1_sd"]].tolist() == pytest.approx([6.4, 1.6])
    assert table.loc["2055.1", ["dominance2", "dominance2_sd"]].tolist() == pytest.approx(
        [5.5, 1.7]
    )
    assert table.loc["1051", ["dominance2", "dominance2_sd"]].isna().all()
    assert table.loc["2055.1", ["dominance1", "dominance1_sd"]].isna().all()


def test_a_picture_that_two_sets_rated_is_one_row(root):
    dataset = datasets.load("iaps", root=root)
    cup = dataset.table.iloc[0]
    assert dataset.ratings.iloc[0].tolist() == [5.5, 3.5] and cup["sets"] == (1, 12)
    assert dataset.table["sets"].iloc[1] == (1,)
    # two groups of equal size, each of sd 1, whose means are 1 apart
    assert cup["valence_sd"] == pytest.approx(math.sqrt(1 + 0.25))
    assert cup["dominance1"] == 6.5 and math.isnan(cup["dominance2"])


def test_variants_of_a_picture_stay_on_one_side(root):
    table = datasets.load("iaps", root=root).table
    assert table["group"].tolist() == ["1050", "1051", "2055", "2055", "6570", "7004"]
    for group, split in zip(table["group"], table["split"], strict=True):
        assert split == ("test" if (n := bucket(group, 20)) < 3 else "val" if n == 3 else "train")


def test_the_ratings_do_without_the_pictures(root):
    for picture in (root / iaps.PICTURES).iterdir():
        picture.unlink()
    (root / iaps.PICTURES).rmdir()
    with pytest.raises(DatasetMissing, match="none of the 6 images"):
        datasets.load("iaps", root=root)
    kept = datasets.load("iaps", root=root, keep_absent=True)
    assert len(kept) == 6 and len(kept.absent) == 6 and kept.ratings["valence"].iloc[1] == 7.5
    (root / iaps.REPORT).unlink()
    with pytest.raises(DatasetMissing, match=r"AllSubjects_1-20\.txt cannot be read"):
        datasets.load("iaps", root=root, keep_absent=True)


def edit_line(path, number, change):
    lines = path.read_text().split("\n")
    lines[number - 1] = change(lines[number - 1])
    path.write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("number", "change", "message"),
    [
        (7, lambda line: line.replace("valmn", "mean"), "no heading with desc, IAPS, valmn"),
        (8, lambda line: line.replace("5.00", "9.50"), "line 8: valence and arousal have to be"),
        (8, lambda line: line.replace("5.00", "."), "line 8: valence and arousal have to be"),
        (8, lambda line: line.replace("5.00", "nan"), "line 8: valence and arousal have to be"),
        (9, lambda line: line.replace("2.10", "-1"), "line 9: valence and arousal have to be"),
        (9, lambda line: line.replace("6.40", "0.00"), "line 9: dominance has to be rated"),
        (9, lambda line: line.replace("1.60", "."), "line 9: dominance has to be rated"),
        (10, lambda line: line.replace("2055.1", "../x"), "line 10: '../x' is no number"),
        (10, lambda line: line.replace("4.80", "four"), "line 10: expected numbers"),
        (11, lambda line: line.replace("\t", " "), "line 11: expected 11 values, found 1"),
    ],
)
def test_a_damaged_report_is_refused_with_its_line(root, number, change, message):
    edit_line(root / iaps.REPORT, number, change)
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("iaps", root=root)
    assert "AllSubjects_1-20.txt" in str(error.value) and "\n" not in str(error.value)


def test_a_report_without_pictures_is_refused(root):
    text = (root / iaps.REPORT).read_text()
    (root / iaps.REPORT).write_text("\n".join(text.split("\n")[:7]))
    with pytest.raises(DatasetError, match="lists no picture"):
        datasets.load("iaps", root=root)


def test_the_datasheets_say_that_nothing_may_be_passed_on():
    for info in (iaps.INFO, iaps_subset.INFO):
        assert "never pass the pictures on" in info.licence and info.access.count("on request")


def test_the_label_of_the_subset_is_the_strongest_emotion(subset):
    dataset = datasets.load("iaps_subset", root=subset)
    assert dataset.classes == MIKELS8 and dataset.counts().tolist() == [2] * 8
    table = dataset.table.set_index("id")
    labels = dict(zip(table.index, dataset.labels, strict=True))
    assert MIKELS8[labels["1050"]] == "anger" and MIKELS8[labels["5600.1"]] == "awe"
    assert table.loc["1050", "anger_mean"] == 3.5 and table.loc["1050", "sadness_sd"] == 1.5
    assert math.isnan(table.loc["1050", "awe_mean"]) and table["unique"].all()
    assert table.loc["1051.1", "genders_differ"] and table["genders_differ"].sum() == 2
    assert table.loc["1050", "category"] == "A" and table.loc["1050.1", "group"] == "1050"
    assert dataset.votes is None and dataset.distributions is None


def test_a_tie_of_means_goes_to_the_first_and_is_marked(subset):
    edit_line(subset / iaps_subset.NORMS[0], 3, lambda line: line.replace("1.25", "3.50"))
    dataset = datasets.load("iaps_subset", root=subset)
    row = dataset.table["id"].tolist().index("1050.1")
    assert MIKELS8[dataset.labels[row]] == "anger" and not dataset.table["unique"].iloc[row]
    assert dataset.table["unique"].sum() == 15


def test_the_subset_takes_its_pictures_from_the_folder_of_iaps(subset, tmp_path, monkeypatch):
    expected = datasets.load("iaps_subset", root=subset)
    (tmp_path / "lists").mkdir()
    for name in iaps_subset.NORMS:
        (subset / name).rename(tmp_path / "lists" / name)
    subset.rename(tmp_path / "iaps")
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    found = datasets.load("iaps_subset")
    assert found.labels.tolist() == expected.labels.tolist()
    assert found.paths[0] == str(tmp_path / "iaps" / iaps.PICTURES / "1050.jpg")
    (tmp_path / "iaps").rename(tmp_path / "gone")
    kept = datasets.load("iaps_subset", keep_absent=True)
    assert len(kept) == len(kept.absent) == 16


def test_commas_between_the_columns_will_do(subset):
    expected = datasets.load("iaps_subset", root=subset).labels
    for name in iaps_subset.NORMS:
        (subset / name).write_text((subset / name).read_text().replace("\t", ","))
    assert (datasets.load("iaps_subset", root=subset).labels == expected).all()


def test_a_picture_in_both_norms_is_dropped(subset):
    edit_line(subset / iaps_subset.NORMS[1], 2, lambda line: line.replace("5600", "1050.0"))
    dataset = iaps_subset.load(subset)
    assert len(dataset) == 15 and MIKELS8[dataset.labels[0]] == "anger"
    ((path, reason),) = dataset.dropped
    assert path.endswith("1050.jpg") and reason == f"listed again in {iaps_subset.NORMS[1]}"


@pytest.mark.parametrize(
    ("number", "change", "message"),
    [
        (1, lambda line: line.replace("DiscMean", "").replace("DisgMean", "x"), "lacks.*DisgMean"),
        (2, lambda line: line.replace("1050", "baby"), "line 2: expected a number of a picture"),
        (3, lambda line: line.replace("3.50", ""), "line 3: expected"),
        (3, lambda line: line.replace("3.50", "inf"), "line 3: expected"),
        (4, lambda line: line.rsplit("\t", 1)[0], "line 4: expected"),
    ],
)
def test_damaged_norms_are_refused_with_their_line(subset, number, change, message):
    edit_line(subset / iaps_subset.NORMS[0], number, change)
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("iaps_subset", root=subset)
    assert iaps_subset.NORMS[0] in str(error.value) and "\n" not in str(error.value)


def test_norms_that_are_empty_or_not_there(subset):
    (subset / iaps_subset.NORMS[1]).write_text("")
    with pytest.raises(DatasetError, match="line 1 lacks the columns"):
        datasets.load("iaps_subset", root=subset)
    head = (subset / iaps_subset.NORMS[0]).read_text().splitlines()[0]
    (subset / iaps_subset.NORMS[0]).write_text(head + "\n\n")
    with pytest.raises(DatasetError, match="lists no picture"):
        datasets.load("iaps_subset", root=subset)
    (subset / iaps_subset.NORMS[0]).unlink()
    with pytest.raises(DatasetMissing, match=r"there is no mikels2005negativenorms\.txt in"):
        datasets.load("iaps_subset", root=subset)


def test_the_printed_share_of_the_larger_class_follows_from_the_printed_counts():
    positive = sum(iaps_subset.INFO.expected[c] for c in iaps_subset.INFO.positive)
    assert positive == 209 and np.round(100 * positive / 395, 1) == 52.9
