"""Detectors that chapters share: what they learn from, and what their regions are worth."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torchvision.ops import box_iou

from emobook import datasets
from emobook.datasets import DatasetError, DatasetMissing
from emobook.features.backbones import WeightsError
from emobook.models.inside import inside
from emobook.models.regions import Region, RegionDetector
from emobook.results import detectors

SCENES = {"n": 12, "seed": 5}
TINY = {
    "pretrained": False, "size": 64, "channels": 4, "anchors": (8, 16, 32, 64), "proposals": 4,
    "keep": 2, "max_steps": 1, "batch_size": 2, "augment": False,
}  # fmt: skip


def photos(tmp_path, count=6):
    """A table of photos with boxes, as a set of photos without emotions would give it."""
    paths = [tmp_path / f"{i}.png" for i in range(count)]
    for i, path in enumerate(paths):
        Image.new("RGB", (20, 10), (40 * i, 0, 0)).save(path)
    split = ["train", "test"] * (count // 2)
    boxes = pd.Series([[("cup", 0.0, 0.0, 5.0, 5.0)] for _ in paths], dtype=object)
    return pd.DataFrame({"path": list(map(str, paths)), "split": split, "boxes": boxes})


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """Three sets: one of photos with objects, one that is not here, and the simulator."""

    class Photos:
        table = photos(tmp_path)

    def load(name, **options):
        if name == "emotionroi":
            raise DatasetMissing("not here")
        return Photos if name == "coco128" else real(name, **options)

    real = datasets.load
    monkeypatch.setattr(datasets, "load", load)


def test_the_first_set_that_is_here_counts(shelf):
    name, table = detectors.at_hand({"emotionroi": {}, "synthetic, any words": SCENES})
    assert name == "synthetic, any words" and len(table) == 12
    with pytest.raises(DatasetError, match="not here"):
        detectors.at_hand({"emotionroi": {}})
    with pytest.raises(ValueError, match="at least one"):
        detectors.at_hand({})


def test_of_a_set_with_maps_the_regions_are_boxes_of_the_maps(monkeypatch, tmp_path):
    from emobook.datasets import base

    Image.new("RGB", (40, 20)).save(tmp_path / "a.png")
    grey = np.zeros((20, 40), np.uint8)
    grey[5:15, 10:30], grey[8:12, 15:20] = 120, 255
    Image.fromarray(grey).save(tmp_path / "map.png")
    table = pd.DataFrame(
        {
            "path": [str(tmp_path / "a.png"), None],
            "map_path": pd.Series([str(tmp_path / "map.png"), None], dtype=object),
            **{name: ["a", "b"] for name in ("id", "split", "group")},
        }
    )
    data = base.Dataset(datasets.info("emotionroi"), table)
    monkeypatch.setattr(datasets, "load", lambda name: data)
    for threshold, box in ((0.3, (10, 5, 30, 15)), (0.7, (15, 8, 20, 12))):
        _, found = detectors.at_hand({"emotionroi": {"threshold": threshold}})
        assert found["regions"].tolist() == [[box]]


def test_one_set_that_teaches_both_is_there_once():
    both = {"synthetic": SCENES}
    table, data = detectors.lessons(both, both), datasets.load("synthetic", **SCENES).table
    known = data[data["split"] != "test"]
    assert list(table) == ["path", "boxes", "regions"] and len(table) == len(known) < 12
    assert table["path"].tolist() == known["path"].tolist()
    assert table["boxes"].tolist() == known["boxes"].tolist()
    assert table["regions"].tolist() == known["regions"].tolist()


def test_two_sets_leave_open_what_they_do_not_teach(shelf):
    table = detectors.lessons({"coco128": {}}, {"emotionroi": {}, "synthetic": SCENES})
    assert [boxes is None for boxes in table["boxes"]] == [False] * 3 + [True] * (len(table) - 3)
    assert [regions is None for regions in table["regions"]] == [True] * 3 + [False] * (
        len(table) - 3
    )
    with pytest.raises(ValueError, match="coco128 has no regions"):
        detectors.lessons({"coco128": {}}, {"coco128": {}})


def test_the_detector_is_kept_and_the_same_for_whoever_asks(shelf, monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path / "cache"))
    sets = {"coco128": {}}, {"synthetic": SCENES}
    first = detectors.detector(*sets, **TINY)
    again = detectors.detector(*sets, **TINY)
    assert first.weights_id_ == again.weights_id_
    assert len(list((tmp_path / "cache" / "models").glob("*.safetensors"))) == 1


def test_inside_are_maps_anchors_and_what_they_count_as(shelf):
    table = detectors.lessons({"synthetic": SCENES}, {"synthetic": SCENES})
    model = RegionDetector(**TINY).fit(table)
    picture = Image.new("RGB", (192, 96), (200, 40, 40))
    seen = inside(model, picture, [("dog", 0, 0, 48, 24), (96, 0, 192, 96)])
    assert seen.square.size == (64, 64)
    assert [part.shape[1:] for part in seen.below.values()] == [
        (16,) * 2,
        (8,) * 2,
        (4,) * 2,
        (2,) * 2,
    ]
    assert [part.shape for part in seen.above.values()] == [(4, n, n) for n in (16, 8, 4, 2)]
    assert list(seen.below) + list(seen.above) == [f"{k}{n}" for k in "CP" for n in (2, 3, 4, 5)]
    assert seen.truth.tolist() == [[0, 0, 16, 16], [32, 0, 64, 64]]
    assert len(seen.anchors) == len(seen.anchor_labels) == 16**2 + 8**2 + 4**2 + 2**2
    sides = seen.anchors[:, 2:] - seen.anchors[:, :2]
    assert sorted(set(sides.ravel())) == [8, 16, 32, 64]
    overlap = box_iou(torch.from_numpy(seen.anchors), torch.from_numpy(seen.truth)).numpy()
    assert (seen.anchor_labels[overlap.max(axis=1) > 0.7] == 1).all()
    assert (seen.anchor_labels[overlap.argmax(axis=0)] == 1).all()
    assert (overlap[seen.anchor_labels == 0] < 0.3).all()
    assert len(seen.proposals) == len(seen.proposal_labels) <= 4


def region(*box, p_obj=0.1, p_emo=0.2, s_emo=0.3, found=True):
    return Region(*box, p_obj, p_emo, s_emo, found)


def test_scores_leave_out_the_stand_ins():
    column = [[region(1, 2, 3, 4), region(0, 0, 9, 9, found=False)], []]
    first, second = detectors.scored(column, "p_emo")
    assert first.tolist() == [[1, 2, 3, 4, 0.2]] and second.shape == (0, 5)


def test_a_map_is_the_share_of_people_who_marked_a_place():
    drawn = detectors.drawn_map([(20, 10, 60, 50)], (100, 80), people=400, seed=3)
    assert drawn.shape == (80, 100) and drawn[30, 40] == pytest.approx(0.75, abs=0.06)
    assert drawn[:, 95].max() == drawn[75].max() == 0
    assert drawn[30, 20] == pytest.approx(0.75 / 2, abs=0.06)  # an edge is off to either side
    inside = (drawn >= 0.5 * drawn.max()).nonzero()
    assert [part.min() for part in inside] == pytest.approx([10, 20], abs=2)
    assert [part.max() for part in inside] == pytest.approx([50, 60], abs=2)
    assert not detectors.drawn_map([], (10, 10)).any()
    assert np.array_equal(detectors.drawn_map([(0, 0, 5, 5)], (9, 9)) * 15 % 1, np.zeros((9, 9)))


class Says:
    """A detector that has its answer ready."""

    def __init__(self, emotional, objects):
        self.answer = {"emotional_regions": emotional, "object_regions": objects}

    def transform(self, X):
        return X.assign(**{k: pd.Series(v, dtype=object) for k, v in self.answer.items()})


def test_how_much_larger_is_the_geometric_mean_over_pictures():
    small, large = [region(0, 0, 10, 10)], [region(0, 0, 20, 20)]
    none, X = [region(0, 0, 9, 9, found=False)], pd.DataFrame({"path": list("abcd")})
    found = detectors.larger(Says([large, small, none, large], [small, large, small, small]), X)
    assert found.value == pytest.approx(4 ** (1 / 3) - 1) and found.low < 0 < found.high
    assert detectors.larger(Says([large] * 4, [small] * 4), X) == pytest.approx((3, 3, 3))
    assert detectors.larger(Says([none] * 4, [small] * 4), X) is None


def test_both_levels_differ_in_nothing_else(shelf, monkeypatch):
    asked = []

    def fitted(estimator, X):
        if estimator.backbone == "resnet101":
            raise WeightsError("no weights here")
        asked.append(estimator.get_params())
        return estimator

    monkeypatch.setattr(detectors, "fitted", fitted)
    networks = {"": {"backbone": "resnet101"}, ", small": TINY}
    sets = {"synthetic": SCENES}
    found = detectors.both_levels(sets, sets, networks, seeds=2)
    assert {name: len(several) for name, several in found.items()} == {
        "multi-level, small": 2,
        "single level, small": 2,
    }
    differing = {k for k in asked[0] if len({str(one[k]) for one in asked}) > 1}
    assert differing == {"single_level", "seed"}
    with pytest.raises(WeightsError):
        detectors.both_levels(sets, sets, {"": {"backbone": "resnet101"}})
