"""Figure 7 in form: rows, baselines, pairs."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emobook import results
from emobook.datasets import DatasetError
from emobook.models.regions import Region
from emobook.results import found

OBJECT, EMOTIONAL = (10, 10, 30, 30), (5, 8, 35, 34)


class Detector:
    """Knows the object; takes `emotional` for the region, with another object as false alarm."""

    def __init__(self, emotional=EMOTIONAL):
        self.emotional = emotional

    def transform(self, X):
        regions = [
            Region(50, 50, 70, 70, 0.9, 0.1, 0.906, True),
            Region(*self.emotional, 0.5, 0.7, 0.86, True),
            Region(0, 0, 100, 80, 0, 0, 0, False),
        ]
        objects = [Region(*OBJECT, 0.8, 0.1, 0.806, True)]
        count = len(X)
        return X.assign(
            emotional_regions=pd.Series([regions] * count, index=X.index, dtype=object),
            object_regions=pd.Series([objects] * count, index=X.index, dtype=object),
        )


@pytest.fixture
def table(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for path in paths:
        Image.new("RGB", (100, 80)).save(path)
    lists = {"boxes": [("dog", *OBJECT)], "regions": [EMOTIONAL]}
    columns = {n: pd.Series([boxes] * 6, dtype=object) for n, boxes in lists.items()}
    return pd.DataFrame({"path": list(map(str, paths)), **columns})


@pytest.fixture(autouse=True)
def empty_record(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    results.forget()
    yield
    results.forget()


RUNS = {"multi-level": [Detector()], "single level": [Detector((60, 40, 90, 70))]}


def test_rows_truths_and_baselines(table):
    got = found.matched(table, RUNS, ious=(0.5,))
    values = {
        (truth, row): (found.detection.recall(runs[0]), found.detection.average_precision(runs[0]))
        for (truth, row, _), runs in got.items()
    }
    assert values["objects", "object regions, multi-level"] == (1, 1)
    assert values["emotional regions", "emotional regions, multi-level"] == (1, 0.5)
    assert values["emotional regions", "emotional regions, single level"] == (0, 0)
    assert values["emotional regions", "object regions, multi-level"] == pytest.approx((1, 1))
    assert values["objects", "whole picture"] == (0, 0)
    assert values["objects", "object regions, moved at random"][0] < 1
    assert ("objects", "emotional regions, multi-level") not in values
    assert set(values) == {
        *(("objects", f"object regions, {n}") for n in (*RUNS, "moved at random")),
        *(("emotional regions", f"{k}, {n}") for k in found.KINDS for n in RUNS),
        ("emotional regions", "emotional regions, moved at random"),
        ("objects", "whole picture"),
        ("emotional regions", "whole picture"),
    }


def test_a_set_without_emotional_regions_judges_objects_alone(table):
    got = found.matched(table.drop(columns="regions"), RUNS)
    assert {truth for truth, *_ in got} == {"objects"}


def test_what_is_recorded(table):
    got = found.matched(table, RUNS)
    found.record_found("synthetic", got, resamples=20)
    found.record_absent("emotionroi", "emotional regions", ["emotional regions, x"], "no files")
    rows = results.rows().query("item == 'Figure 7'").set_index(["row", "column"])
    cell = rows.loc[("emotional regions, multi-level", "emotional regions: recall, IoU 0.5")]
    assert (cell["value"], cell["low"], cell["high"], cell["n"]) == (1, 1, 1, 6)
    cell = rows.loc[("emotional regions, x", "emotional regions: average precision, IoU 0.7")]
    assert np.isnan(cell["value"]) and cell["note"] == "not run: no files"
    shown = results.compare("rao2019", "Figure 7", columns=["objects: recall, IoU 0.5"])
    assert len(shown) == 4  # two levels and two baselines


@pytest.mark.parametrize(
    "better, worse, said",
    [
        ("a, one, lite", "b, one, lite", "a over b, one, lite"),
        ("a, one, lite", "a, two, lite", "a, one over a, two, lite"),
        ("a", "b", "a over b"),
        ("a", "a", "a over a"),
    ],
)
def test_what_both_rows_end_with_is_said_once(better, worse, said):
    assert found.over(better, worse) == said


def test_gains_are_paired_and_recorded(table):
    judged = {"synthetic": (table, found.matched(table, RUNS))}
    judged["coco128"] = table, found.matched(table.drop(columns="regions"), RUNS)
    names = [f"emotional regions, {name}" for name in RUNS]
    gained = found.gains(judged, "emotional regions", *names, resamples=20)
    assert gained == {"synthetic": (0.5, 0.5, 0.5)}
    (row,) = results.rows().query("item == 'Figure 7 in pairs'").to_dict("records")
    assert row["row"] == found.over(*names) and row["value"] == 0.5 and row["n"] == 6


def test_the_same_boxes_in_three_orders(table):
    judged = {"synthetic": (table, {}), "coco128": (table.drop(columns="regions"), {})}
    assert found.rank(judged, Detector(), resamples=20) == {"synthetic": (-0.5, -0.5, -0.5)}
    rows = results.rows().query("item == 'Equation 3'")
    values = dict(zip(rows["row"], rows["value"], strict=True))
    assert values == {"ranked by S_emo": 0.5, "ranked by p_emo": 1, "ranked by p_obj": 0.5}


def test_sets_that_are_not_here_read_not_run(table, monkeypatch):
    def at_hand(sets):
        (name,) = sets
        if name == "emotionroi":
            raise DatasetError("there is no folder /home/someone/emotionroi")
        return name, table.assign(split=["train"] * 2 + ["test"] * 4)

    monkeypatch.setattr(found.detectors, "at_hand", at_hand)
    judged = found.judge({"synthetic": {}, "emotionroi": {}}, RUNS, 20)
    assert list(judged) == ["synthetic"] and len(judged["synthetic"][0]) == 4
    rows = results.rows().query("item == 'Figure 7'")
    absent = rows[rows["dataset"] == "emotionroi"]
    assert (
        set(absent["note"]) == {"not run: emotionroi is not at hand"}
        and absent["value"].isna().all()
    )
    assert set(rows[rows["dataset"] == "synthetic"]["n"]) == {4}


def test_what_the_threshold_changes(table):
    maps = found.by_threshold("synthetic", table, Detector(), [0.3, 0.7], resamples=20)
    assert len(maps) == 6 and maps[0].shape == (80, 100)
    rows = results.rows().query("item == 'Ground truth by threshold'")
    rows = rows.set_index(["row", "column"])["value"]
    assert rows["τ = 0.3", "boxes per picture"] == 1
    assert rows["τ = 0.3", "area"] > rows["τ = 0.7", "area"]
    drawn = Image.fromarray((255 * (maps[0] >= 0.5)).astype(np.uint8))
    path = table["path"].iloc[0].replace("0.png", "map.png")
    drawn.save(path)
    again = found.by_threshold("emotionroi", table.assign(map_path=path), Detector(), [0.5], 20)
    assert np.array_equal(again[0], maps[0] >= 0.5)


def test_a_single_picture_has_no_bounds(table):
    found.record_found("synthetic", found.matched(table[:1], RUNS, (0.5,)), resamples=20)
    rows = results.rows().query("item == 'Figure 7'")
    assert rows["value"].notna().all() and rows[["low", "high"]].isna().all(axis=None)
