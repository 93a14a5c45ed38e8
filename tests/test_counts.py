"""Images per emotion, printed and found, and where they are recorded."""

import json

import numpy as np
import pandas as pd
import pytest

from emobook import datasets, results
from emobook.datasets import Dataset, DatasetError
from emobook.emotions import MIKELS8
from emobook.results import counts

SIX = ("anger", "disgust", "fear", "joy", "sadness", "surprise")


@pytest.fixture(autouse=True)
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "data"))
    for name in ("EMOBOOK_PROFILE", "EMOBOOK_READS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data" / "lists").mkdir(parents=True)
    yield tmp_path / "data"
    results.forget()


def recorded() -> pd.Series:
    return results.rows().set_index(["paper", "item", "row", "column", "dataset"])["value"]


def test_printed_counts_add_up_to_the_printed_sums():
    cells = results.reported().query("unit == 'images'").set_index(["paper", "item"])
    for name, ((paper, item, title), *_) in counts.PLACES.items():
        part = cells.loc[(paper, item)]
        total = part[part["row"].isin([title, "Total"]) & part["column"].isin([title, "Sum"])]
        assert counts.printed(name).sum() == total["printed"].item(), name
    assert list(counts.printed("rapolu5").index) == [
        "contentment", "disgust", "excitement", "fear", "sadness",
    ]  # fmt: skip


def test_printed_counts_stand_in_the_records_of_the_sets():
    """What a paper prints is written down twice, for the tables and for the loaders."""
    from emobook.datasets import info

    for name in ("iaps_subset", "artphoto", "abstract", "fi", "rapolu5"):
        assert counts.printed(name).to_dict() == dict(info(name).expected), name


def test_a_list_alone_is_enough_and_what_is_absent_is_none(book):
    entries = [[f"{c.title()}/{k}.jpg", i] for i, c in enumerate(MIKELS8) for k in range(i + 1)]
    for part, listed in (("train", entries[::2]), ("test", entries[1::2])):
        (book / "lists" / f"fi_ser30k_{part}.json").write_text(json.dumps(listed))
    found = counts.record_all(["fi, split_list ser30k", "artphoto"])
    assert list(found["fi, split_list ser30k"]) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found["artphoto"] is None
    rows = recorded()
    assert rows["you2016", "Table 2", "Labeled", "Sadness", "fi, public list"] == 8
    assert rows["you2016", "Table 2", "Labeled", "Sum", "fi, public list"] == 36
    assert rows["rapolu2023", "Table 1", "Anger", "IE", "found here"] == 2
    assert rows["rapolu2023", "Table 1", "Total", "IE", "found here"] == 36
    notes = results.rows().query("row == 'ArtPhoto' or column == 'ArtPhoto'")
    assert len(notes) == 18
    assert set(notes["note"]) == {"not run: not found"}


def test_the_readings_of_a_set_are_options():
    assert len(counts.find("synthetic, n 3")) == 3
    with pytest.raises(DatasetError, match="option 'm' is unknown"):
        counts.find("synthetic, m 3")


def test_emotionroi_is_recorded_as_it_is_printed():
    six = pd.Series(330, list(SIX))
    counts.record("emotionroi", six)
    rows = recorded()["rapolu2023", "Table 1"]
    assert rows["Awe", "E-ROI", "found here"] == 330
    assert rows["Total", "E-ROI", "found here"] == 1650
    assert len(rows) == 6


@pytest.mark.parametrize(("absent", "total"), [(None, 24), ("abstract", None)])
def test_the_three_small_sets_are_summed_only_together(monkeypatch, absent, total):
    ids = [f"{k}" for k in range(8)]
    table = pd.DataFrame({"path": None, "id": ids, "split": "train", "group": ids})
    info = datasets.info("artphoto")
    found = Dataset(info, table, classes=MIKELS8, labels=np.arange(8))
    monkeypatch.setattr(counts, "find", lambda name: None if name == absent else found)
    counts.record_all(counts.SMALL)
    rows = recorded()
    assert rows["", "counts", "all", "list", "artphoto"] == 8
    assert rows["", "counts", "fear", "list", "artphoto"] == 1
    value = rows["you2016", "Table 1", "In Total", "Sum", "found here"]
    assert value == total if total else pd.isna(value)


def test_the_lists_at_hand_have_the_counts_that_are_known(real_data, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(real_data))
    found = counts.record_all(["artphoto", "abstract", "fi, split_list ser30k"])
    assert found["artphoto"].to_dict() == counts.printed("artphoto").to_dict()
    more = found["abstract"] - counts.printed("abstract")
    assert more[more != 0].to_dict() == {"contentment": 1}
    assert (found["fi, split_list ser30k"] < counts.printed("fi")).all()


def test_majorities_are_shares_of_the_printed_counts():
    sets = {("printed", "FI"): counts.printed("fi"), ("printed", "six"): pd.Series(10, list(SIX))}
    found = counts.record_majorities(sets, resamples=20)
    assert found["printed", "FI", "all classes"] == pytest.approx(5374 / 23308)
    assert found["printed", "FI", "two classes"] == pytest.approx(16430 / 23308)
    assert found["printed", "six", "two classes"] == pytest.approx(2 / 3)
    row = results.rows().query("row == 'FI' and column == 'two classes'").iloc[0]
    assert row.low < row.value < row.high
    assert (row.n, row.dataset, row["item"]) == (23308, "printed", counts.MAJORITY)


def test_nine_of_fifteen_methods_lie_below_the_majority():
    table = results.reported("rao2019").query("item == 'Table 3' and column == 'FI-2'")
    best = table["corrected"].fillna(table["printed"])
    assert (len(best), (best < 100 * 16430 / 23308).sum()) == (15, 9)


def test_an_even_draw_is_not_called_uneven():
    rng = np.random.default_rng(1)
    above = []
    for _ in range(40):
        part = pd.Series(rng.multinomial(400, [1 / 8] * 8), MIKELS8)
        above.append(counts.above_even(part, resamples=200))
    assert sum(gain.low > 0 for gain in above) <= 4
    assert np.mean([gain.value for gain in above]) == pytest.approx(0, abs=0.005)
    assert counts.above_even(counts.printed("artphoto")).low > 0
