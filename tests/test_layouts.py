"""Every data set, on a small copy in its own layout: it loads, verifies and fails alike."""

from pathlib import Path

import pytest

from emobook import datasets
from emobook.datasets.lists import DatasetMissing
from emobook.datasets.verify import verify

MADE = sorted(p.stem for p in (Path(__file__).parent / "layouts").glob("[a-z]*.py"))
BIBLIOGRAPHY = (Path(__file__).parents[1] / "book" / "references.bib").read_text()
ELSEWHERE = {"synthetic", "oasis", "flickr_ldl", "twitter_ldl"}  # tested on fixtures of their own


def test_every_set_has_a_layout():
    assert set(MADE) == set(datasets.names()) - ELSEWHERE


@pytest.mark.parametrize("name", sorted(set(datasets.names()) - {"synthetic"}))
def test_the_record_says_what_a_datasheet_needs(name):
    info = datasets.info(name)
    for part in ("title", "labels", "access", "licence", "source", "layout"):
        assert getattr(info, part), part
    assert name == "folder" or f"{{{info.paper}," in BIBLIOGRAPHY
    for counts in (info.expected, *info.also_printed.values()):
        assert set(counts) <= set(info.classes or ())
    assert sum(info.expected.values()) in (0, info.images)
    assert bool(info.expected) <= bool(info.expected_source)
    assert set(info.neutral) <= set(info.classes or ()) - set(info.positive)


@pytest.mark.parametrize("name", MADE)
def test_a_copy_in_the_layout_loads_and_has_no_fault(name, layout):
    root = layout(name)
    dataset = datasets.load(name, root=root)
    table = dataset.table
    assert len(dataset) >= 4 and table["id"].is_unique and table["path"].is_unique
    assert all(Path(path).is_file() for path in dataset.paths)
    assert not dataset.dropped and not dataset.absent
    assert table.groupby("group")["split"].nunique().max() == 1
    assert set(table["split"]) <= set(dataset.info.splits)
    assert dataset.image(0).mode == "RGB"
    report = verify(name, root=root, progress=False)
    assert report.ok, report.to_text()
    assert len(report.manifest) >= len(dataset)
    again = datasets.load(name, root=root)
    assert again.table["id"].tolist() == table["id"].tolist()


@pytest.mark.parametrize("name", MADE)
def test_a_damaged_photo_is_reported_and_left_out_on_request(name, layout):
    root = layout(name)
    first, *_ = datasets.load(name, root=root).paths
    whole = Path(first).read_bytes()
    Path(first).write_bytes(whole[: len(whole) // 2])
    assert not verify(name, root=root, progress=False).ok
    with pytest.warns(UserWarning, match="1 images left out"):
        kept = datasets.load(name, root=root, on_error="drop")
    assert first not in set(kept.paths) and kept.dropped[0][0] == first


@pytest.mark.parametrize("name", MADE)
def test_a_photo_that_is_gone_is_no_crash(name, layout):
    root = layout(name)
    before = datasets.load(name, root=root)
    Path(before.paths[0]).unlink()
    after = datasets.load(name, root=root)
    assert len(after) == len(before) - 1
    assert before.paths[0] not in set(after.paths)


@pytest.mark.parametrize("name", sorted(set(datasets.names()) - {"synthetic"}))
def test_an_empty_folder_says_what_belongs_there(name, tmp_path, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    with pytest.raises(DatasetMissing) as error:
        datasets.load(name, root=tmp_path)
    told = str(error.value)
    assert datasets.info(name).layout in told and "\n" not in told
