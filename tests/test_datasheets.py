"""The page of datasheets: every set, what is printed of it, and what was counted."""

import pandas as pd
import pytest

from emobook import datasets
from emobook.build import datasheets as made
from emobook.datasets.tables import TABLES


@pytest.fixture
def counted(monkeypatch):
    """What a run with data has recorded: two photos of fear in FI, and a list with three."""
    rows = [
        ("fear", "photos", "fi", 2), ("all", "photos", "fi", 2),
        ("fear", "list, split_list ser30k", "fi", 3), ("all", "list, split_list ser30k", "fi", 3),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["row", "column", "dataset", "value"])
    table = table.assign(item="counts", metric="images", date="2026-01-31")
    monkeypatch.setattr(made, "recorded", lambda profile: table)


def test_every_set_and_table_has_a_sheet_and_an_entry(counted):
    page = made.datasheets()
    for name in (*(n for n in datasets.names() if n != "synthetic"), *TABLES):
        assert page.count(f"(sheet-{name.replace('_', '-')})=\n") == 1
    for name in (n for n in datasets.names() if n != "synthetic"):
        info = datasets.info(name)
        assert f"[{name}](#sheet-{name.replace('_', '-')})" in page
        assert made._plain(info.access) in page and made._plain(info.licence) in page
        assert all(made._plain(fault) in page for fault in info.faults)


def test_printed_and_counted_stand_side_by_side(counted):
    sheet = made.datasheets().split("(sheet-fi)=")[1].split("(sheet-")[0]
    head = next(line for line in sheet.splitlines() if line.startswith("| pictures |"))
    fear = next(line for line in sheet.splitlines() if line.startswith("| fear |"))
    awe = next(line for line in sheet.splitlines() if line.startswith("| awe |"))
    cells = dict(zip(*([c.strip() for c in line.split("|")] for line in (head, fear)), strict=True))
    assert cells["You et al. 2016, Table 2"] == "1,032"
    assert (cells["counted: photos"], cells["counted: list, split_list ser30k"]) == ("2", "3")
    assert awe.rstrip("| ").endswith("–")  # a recorded set has no such class
    assert "2026-01-31" in sheet


def test_what_was_not_counted_says_so(counted):
    sheet = made.datasheets().split("(sheet-artphoto)=")[1].split("(sheet-")[0]
    fear = next(line for line in sheet.splitlines() if line.startswith("| fear |"))
    assert fear.endswith("| not run |") and "115" in fear


def test_neutral_classes_are_named():
    sheet = made.datasheets().split("(sheet-emotion6)=")[1].split("(sheet-")[0]
    assert "joy, surprise are positive, neutral left out" in sheet


def test_text_is_no_markup_and_addresses_are_links():
    text = 'a_b [["x.jpg", 0]] at $5 <i> (see https://example.org/a_b.html), https://example.org.'
    assert made._plain(text) == (
        r'a\_b \[\["x.jpg", 0\]\] at \$5 \<i\> '
        "(see <https://example.org/a_b.html>), <https://example.org>."
    )
