"""Detectors that chapters share: what they learn from, and what their regions are worth."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from torchvision.ops import box_iou

from emobook import datasets
from emobook.datasets import DatasetError, DatasetMissing
from emobook.evaluate import repeated_folds
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
    seen = detectors.inside(model, picture, [("dog", 0, 0, 48, 24), (96, 0, 192, 96)])
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


def test_a_covered_box_has_the_mean_colour_and_the_rest_stays():
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[:, :5] = 200
    hidden = np.asarray(detectors.covered(picture, (2.2, 0, 6.4, 4.6)))
    assert (hidden[:5, 2:6] == 50).all()
    hidden = hidden.copy()
    hidden[:5, 2:6] = picture[:5, 2:6]
    assert np.array_equal(hidden, picture)
    given = Image.fromarray(picture)
    detectors.covered(given, (0, 0, 20, 10))
    assert np.array_equal(np.asarray(given), picture), "the picture itself must stay as it is"


class Bright(ClassifierMixin, BaseEstimator):
    """Says class 1 with the share of pixels that are white, whatever it learned."""

    def fit(self, X, y):
        assert {np.shape(one) for one in X} == {(40, 40, 3)}
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        light = np.array([(np.asarray(one).min(axis=2) == 255).mean() for one in X])
        return np.column_stack([1 - light, light])


def test_covering_what_matters_costs_what_it_should():
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[10:20, 10:20] = 255  # a sixteenth of the picture
    y, boxes = np.arange(60) % 2, {"square": [(10, 10, 20, 20)] * 60, "all": [(0, 0, 40, 40)] * 60}
    folds = repeated_folds(y, None, 3, 1)
    found = detectors.falls(Bright(), [picture] * 60, y, folds, boxes)
    truth = np.concatenate([y[fold.test] for fold in folds])
    square, everything = found["square"], found["all"]
    assert square.shape == everything.shape == (60, 2)
    assert square[truth == 1, 0] == pytest.approx(1 / 16)
    assert square[truth == 0, 0] == pytest.approx(-1 / 16)  # without the square 0 is surer
    assert 0 <= square[truth == 1, 1].mean() < 0.5 / 16  # chance hides a tenth of it on average
    assert np.array_equal(everything[:, 0], everything[:, 1])
    part = {"square": boxes["square"][: len(folds[1].test)]}
    some = detectors.falls(Bright(), [picture] * 60, y, folds[1:2], part)["square"]
    assert np.array_equal(some[:, 0], square[len(folds[0].test) :][: len(some), 0])


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


def test_how_much_larger_is_the_geometric_mean_over_pictures():
    small, large = np.array([[0, 0, 10, 10, 0.9]]), np.array([[0, 0, 20, 20, 0.9]])
    none = np.empty((0, 5))
    found = detectors.larger([large, small, none, large], [small, large, small, small])
    assert found.value == pytest.approx(4 ** (1 / 3) - 1) and found.low < 0 < found.high
    assert detectors.larger([large] * 3, [small] * 3) == pytest.approx((3, 3, 3))
