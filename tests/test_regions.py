"""The detector as a transformer: what it learns from, what it adds, what it reads and keeps."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from torchvision.ops import box_iou

from emobook import datasets, train
from emobook.datasets.regions import boxes_from_map
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _looks, _squares
from emobook.models.regions import STEEPEST, Region, RegionDetector, region_features

TINY = {
    "backbone": "test_efficientnet", "pretrained": False, "size": 64, "channels": 8, "keep": 4,
    "anchors": (8, 16, 32, 64), "proposals": 20, "batch_size": 4, "epochs": 1,
}  # fmt: skip
BOTH = ("emotional_regions", "object_regions")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return datasets.load("synthetic", n=12, root=tmp_path_factory.mktemp("scenes")).table


@pytest.fixture(scope="module")
def fitted(scenes):
    return RegionDetector(**TINY).fit(scenes)


@pytest.fixture(autouse=True)
def forget():
    _looks._remembered.clear()


def weights(detector):
    return {name: part.clone() for name, part in detector.network_.state_dict().items()}


def numbers(table):
    return np.array([table[name].tolist() for name in BOTH], dtype=float)


def test_it_adds_two_columns_and_reads_the_path_alone(fitted, scenes):
    table = fitted.transform(scenes)
    pd.testing.assert_frame_equal(table[list(scenes)], scenes)
    assert [name for name in table if name not in scenes] == list(BOTH)
    alone = fitted.transform(scenes[["path"]])
    for name in BOTH:
        assert alone[name].tolist() == table[name].tolist()
        for regions in table[name]:
            assert len(regions) == 4 and all(isinstance(one, Region) for one in regions)
            for x0, y0, x1, y1, p_obj, p_emo, s_emo, found in regions:
                assert 0 <= x0 < x1 <= 192 and 0 <= y0 < y1 <= 192  # in pixels of the picture
                assert s_emo == pytest.approx(np.hypot(p_obj, p_emo)) and isinstance(found, bool)
    by_score = [[one.s_emo for one in regions] for regions in table.emotional_regions]
    by_object = [[one.p_obj for one in regions] for regions in table.object_regions]
    assert all(row == sorted(row, reverse=True) for row in by_score + by_object)


def test_pictures_that_are_no_files_and_an_index_of_any_kind(fitted, scenes):
    pictures = [Image.open(path) for path in scenes.path[:3]]
    expected = fitted.transform(scenes[:3])
    assert fitted.transform(pictures)[list(BOTH)].equals(expected[list(BOTH)])
    turned = fitted.transform(scenes[:3][::-1])
    assert turned.loc[0, "object_regions"] == expected.loc[0, "object_regions"]


def test_boxes_come_back_in_pixels_of_their_own_picture(fitted):
    """Of one colour at twice the width: the square is the same, its boxes are twice as wide."""
    narrow, wide = (Image.new("RGB", size, (90, 60, 200)) for size in ((64, 64), (128, 64)))
    one, other = fitted.transform([narrow, wide]).emotional_regions
    for a, b in zip(one, other, strict=True):
        assert (2 * a.x0, a.y0, 2 * a.x1, a.y1) == pytest.approx(b[:4], rel=1e-4)


def test_the_same_seed_gives_the_same_weights_and_another_one_others(scenes):
    one, same, other = (RegionDetector(**TINY | {"seed": s}).fit(scenes) for s in (0, 0, 1))
    assert one.weights_id_ == same.weights_id_ != other.weights_id_
    for name, part in weights(one).items():
        assert torch.equal(part, weights(same)[name]), name


@pytest.mark.parametrize("options", [{}, {"single_level": True}])
def test_stored_and_read_back_it_finds_the_same(scenes, clean_cache, options, recwarn):
    detector = RegionDetector(**TINY | options)
    first = train.fitted(detector, scenes)
    expected = numbers(first.transform(scenes))
    _looks._remembered.clear()
    again = train.fitted(detector, scenes)
    assert again is not first
    np.testing.assert_array_equal(numbers(again.transform(scenes)), expected)
    assert again.history_["object"].losses.shape == (1,)
    assert not [one for one in recwarn if "not shared" in str(one.message)]
    assert clone(again).get_params() == detector.get_params()


def stored_size(freeze: str) -> int:
    detector = RegionDetector(**TINY | {"freeze": freeze})
    detector._load(pretrained=False)
    return len(pickle.dumps(detector))


def test_only_what_training_can_change_is_stored():
    """A frozen trunk stays with its backbone; of one that learns everything is kept."""
    trunk, last, whole = map(stored_size, ("trunk", "lower", "none"))
    levels = stages(backbones.load("test_efficientnet", pretrained=False)).levels
    own = [4 * sum(part.numel() for part in level.state_dict().values()) for level in levels]
    assert last - trunk == pytest.approx(own[-1], rel=0.1)
    assert whole - last == pytest.approx(sum(own[:-1]), rel=0.1)


def test_a_frozen_trunk_with_other_weights_is_refused(fitted, monkeypatch):
    stored, load = pickle.dumps(fitted), backbones.load
    monkeypatch.setattr(backbones, "load", lambda *given, seed: load(*given, seed=seed + 1))
    with pytest.raises(ValueError, match="frozen levels had other weights"):
        pickle.loads(stored)


def test_the_object_part_is_as_the_first_step_left_it(scenes):
    """Where objects are learned from other pictures than emotion: each step takes its own."""
    table = scenes.copy()
    half = np.arange(len(table)) < 6
    table["boxes"] = [
        boxes if first else None for boxes, first in zip(table.boxes, half, strict=True)
    ]
    table["regions"] = [
        None if first else boxes for boxes, first in zip(table.regions, half, strict=True)
    ]
    one = RegionDetector(**TINY).fit(table)
    table["regions"] = pd.Series([[(0, 0, 60, 60)]] * len(table), dtype=object).where(~half, None)
    other = RegionDetector(**TINY).fit(table)
    for name, part in weights(one).items():
        same = torch.equal(part, weights(other)[name])
        assert same == (not name.startswith("emotion_head.")), name


@pytest.mark.parametrize("augment", [False, True])
def test_kept_maps_change_nothing(scenes, augment, monkeypatch):
    options = TINY | {"augment": augment}
    kept = RegionDetector(**options).fit(scenes)
    monkeypatch.setattr(_squares, "ROOM", 0)
    anew = RegionDetector(**options).fit(scenes)
    for name, part in weights(kept).items():
        torch.testing.assert_close(part, weights(anew)[name], rtol=1e-3, atol=1e-5)


def test_a_mirrored_picture_comes_with_mirrored_boxes():
    """White pixels where the boxes are: wherever a picture is turned, they still are there."""
    pixels = torch.zeros(6, 3, 32, 32, dtype=torch.uint8)
    truth = torch.full((6, 2, 4), np.nan)
    for i in range(6):
        pixels[i, :, 4:9, i : i + 8], truth[i, 0] = 255, torch.tensor([i, 4, i + 8, 9])
    training = _squares.Training(
        None, pixels, None, frozen=False, augment=True, batch_size=4, seed=0
    )
    turned, sizes = [], []
    for ((batch, boxes),) in [*training.batches(np.arange(6), truth)(0)]:
        sizes.append(len(batch))
        for picture, (box, none) in zip(batch, boxes, strict=True):
            x0, y0, x1, y1 = map(int, box)
            assert (picture[:, y0:y1, x0:x1] == 255).all() and (picture > 0).sum() == 3 * 8 * 5
            assert none.isnan().all()
            turned.append(x0 > 8)
    assert sizes == [4, 2] and 0 < sum(turned) < 6


def test_only_what_is_not_frozen_learns(scenes):
    before = {}
    for freeze, still in (("trunk", range(4)), ("lower", range(3)), ("none", ())):
        detector = RegionDetector(**TINY | {"freeze": freeze, "epochs": 2})
        detector._load(pretrained=False)
        before = weights(detector)
        after = weights(detector.fit(scenes))
        for level in range(4):
            ends = ("weight", "running_mean")  # a random trunk estimates its own
            names = [n for n in before if n.startswith(f"levels.{level}.") and n.endswith(ends)]
            moved = [not torch.equal(before[name], after[name]) for name in names]
            assert not any(moved) if level in still else all(moved)


def test_long_gradients_are_cut():
    detector = RegionDetector(**TINY | {"lr": 0.01, "head_lr_factor": 1, "weight_decay": 0})
    detector._load(pretrained=False)
    for length in (0.5, 4):  # times the longest that is followed
        learning = {n: p for n, p in detector.network_.named_parameters() if p.requires_grad}
        count = sum(part.numel() for part in learning.values())
        for part in learning.values():
            part.grad = torch.full_like(part, length * STEEPEST / count**0.5)
        before = weights(detector)
        detector._optimizer().step()
        moved = sum(((p - before[n]) ** 2).sum() for n, p in learning.items()).sqrt()
        assert moved.item() == pytest.approx(0.01 * min(length, 1) * STEEPEST, rel=1e-3)


def test_a_training_that_diverges_is_no_detector(scenes):
    with pytest.raises(FloatingPointError, match="lower lr"):
        RegionDetector(**TINY | {"lr": 1e30, "epochs": 2}).fit(scenes)


def test_it_finds_the_regions_of_scenes_that_it_knows(tmp_path):
    """On EfficientNet-Lite0 as ImageNet made it, four scenes by heart."""
    table = datasets.load("synthetic", n=4, root=tmp_path).table
    detector = RegionDetector(
        size=96, channels=32, anchors=(16, 32, 64, 96), epochs=20, batch_size=4, augment=False
    )
    found = detector.fit(table).transform(table)
    for truth, kind in (("boxes", "object_regions"), ("regions", "emotional_regions")):
        hits = []
        for boxes, regions in zip(table[truth], found[kind], strict=True):
            true = torch.tensor([box[-4:] for box in boxes], dtype=torch.float32).reshape(-1, 4)
            some = torch.tensor([one[:4] for one in regions])
            hits += (box_iou(true, some).max(dim=1).values > 0.5).tolist()
        assert np.mean(hits) > 0.9


def test_features_are_computed_once(fitted, scenes, monkeypatch):
    features = region_features(fitted, scenes)
    assert features.index.equals(scenes.index)
    for name in ("emotional", "objects"):
        assert (
            np.stack(features[name]).shape == (12, 4, 104) and features[name][0].dtype == np.float32
        )
    monkeypatch.setattr(_looks, "_seen", None)
    again = region_features(fitted, scenes[["path"]][::-1])
    for name in features:
        np.testing.assert_array_equal(np.stack(features[name])[::-1], np.stack(again[name]))


def test_features_of_a_region_that_is_missing_are_those_of_the_whole_picture(fitted, scenes):
    fitted.network_.rpn.min_size, before = 1e6, fitted.network_.rpn.min_size
    try:
        table, features = fitted.transform(scenes[:2]), region_features(fitted, scenes[:2])
    finally:
        fitted.network_.rpn.min_size = before
        _looks._remembered.clear()
    for name in BOTH:
        for regions in table[name]:
            assert set(regions) == {Region(0, 0, 192, 192, 0, 0, 0, False)}
    for local in features.emotional:
        assert (local == local[0]).all() and local.any()


# ---- what comes in


def test_boxes_beyond_the_picture_and_without_area():
    """Cut at the edges; what has no area then is left out, with a warning that counts it."""
    column = pd.Series(
        [
            [("dog", -20, 10, 50, 300), (120, 10, 160, 20), (9, 9, 9, 30)],
            None,
            [],
            [(40, 30, 20, 60), (30, 30, 30.000001, 90)],  # a width that single precision loses
        ],
        name="boxes",
    )
    with pytest.warns(UserWarning, match="4 of the boxes have no area"):
        rows, truth = _squares.true_boxes(column, np.full((4, 2), (100.0, 200.0)), 64)
    assert rows.tolist() == [0, 2, 3] and truth.shape == (3, 1, 4)
    np.testing.assert_allclose(truth[0, 0], [0, 3.2, 32, 64], rtol=1e-6)
    assert truth[1:].isnan().all()


def test_tables_of_two_sets_can_be_joined(scenes):
    """One has boxes of objects, the other emotional regions; what a set lacks is left out."""
    objects, emotions = scenes[["path", "boxes"]][:6], scenes[["path", "regions"]][6:]
    joined = pd.concat([objects, emotions])
    apart = scenes.assign(
        boxes=[*scenes.boxes[:6], *[None] * 6], regions=[*[None] * 6, *scenes.regions[6:]]
    )
    one, same = (RegionDetector(**TINY).fit(table).weights_id_ for table in (joined, apart))
    assert one == same


def test_a_map_of_zeros_is_a_picture_without_emotional_regions(scenes):
    table = scenes.copy()
    empty = boxes_from_map(np.zeros((192, 192))).tolist()
    table["regions"] = [empty if i % 2 else boxes for i, boxes in enumerate(table.regions)]
    detector = RegionDetector(**TINY).fit(table)
    assert np.isfinite(detector.history_["emotion"].losses).all()
    table["regions"] = [empty] * len(table)
    with pytest.raises(ValueError, match="regions holds no box"):
        RegionDetector(**TINY).fit(table)


@pytest.mark.parametrize(
    "boxes, said",
    [
        ([[(1, 2, 3)]], "regions must hold lists of boxes"),
        ([[(1, 2, 3, np.nan)]], "row 0 does not"),
        (["dog"], "regions must hold"),
        ([7], "regions must hold"),
    ],
)
def test_what_is_no_box_is_refused(scenes, boxes, said):
    table = scenes.copy()
    table["regions"] = pd.Series(boxes + [[(0, 0, 9, 9)]] * 11, dtype=object)
    with pytest.raises(ValueError, match=said):
        RegionDetector(**TINY).fit(table)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"size": 100}, "size must be a multiple of 32"),
        ({"size": -32}, "size must be a whole number"),
        ({"anchors": (8, 16, 32)}, "anchors must be four"),
        ({"anchors": (8, 8, 32, 64)}, "anchors must be four"),
        ({"keep": 0}, "keep must be a whole number"),
        ({"proposals": 2.5}, "proposals must be a whole number"),
        ({"freeze": "all"}, "freeze must be one of"),
        ({"backend": "jax"}, "backend must be one of torchvision"),
        ({"epochs": 0}, "epochs must be"),
    ],
)
def test_parameters_out_of_range_are_named(scenes, options, said):
    with pytest.raises(ValueError, match=said):
        RegionDetector(**TINY | options).fit(scenes)


def test_a_table_without_truth_is_refused(scenes):
    for given in (scenes[["path", "boxes"]], scenes.path.tolist()):
        with pytest.raises(ValueError, match=r"boxes and regions; it lacks .*regions"):
            RegionDetector(**TINY).fit(given)
