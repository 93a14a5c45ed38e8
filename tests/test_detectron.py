"""The detector made of detectron2's parts, against the default one with the same weights."""

import ast
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from sklearn.base import clone
from torchvision.ops import box_iou

from emobook import datasets, train
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _boxes, _looks, _rois, detector
from emobook.models.detector import RegionNetwork
from emobook.models.regions import RegionDetector

EMOBOOK = Path(detector.__file__).parents[1]
SIDE = 64
SMALL = {"channels": 8, "anchors": (8, 16, 32, 64), "proposals": 20}
TINY = SMALL | {
    "backbone": "test_efficientnet", "pretrained": False, "size": SIDE, "keep": 4,
    "batch_size": 4, "epochs": 1, "backend": "detectron2",
}  # fmt: skip
NAN = math.nan


def made(network, seed=0, side=SIDE, **options):
    loaded = backbones.load("test_efficientnet", pretrained=False)
    torch.manual_seed(seed)
    recipe = loaded.recipe
    return network(stages(loaded), recipe.mean, recipe.std, side, **SMALL | options)


@pytest.fixture(scope="module")
def detectron():
    """The module; without detectron2 a test that asks for it reads "not run"."""
    pytest.importorskip("detectron2", reason="not run: detectron2 is not installed")
    from emobook.models import detectron

    return detectron


@pytest.fixture
def pair(detectron):
    """A function: both networks with equal weights, large enough for scores that differ."""

    def make(**options):
        ours = made(RegionNetwork, **options)
        for part in (ours.rpn, ours.object_head, ours.emotion_head):
            for weights in part.parameters():
                torch.nn.init.normal_(weights, std=0.05 if weights.ndim == 4 else 0.2)
        theirs = made(detectron.DetectronNetwork, seed=1, **options)
        theirs.load_state_dict(detectron.translated(ours.state_dict()), strict=True)
        return ours.eval(), theirs.eval()

    return make


def pixels_of(n=3, side=SIDE):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 3, side, side), generator=draw, dtype=torch.uint8)


def truth_of():
    """The second picture holds nothing; of the third, a box that no proposal may touch."""
    truth = torch.full((3, 3, 4), NAN)
    truth[0, 0], truth[0, 1] = torch.tensor([8.0, 8, 40, 40]), torch.tensor([30.0, 2, 60, 20])
    truth[2, 0] = torch.tensor([0.0, 0, 1, 1])
    return truth


# ---- with detectron2 or without


def test_the_settings_are_those_of_the_default_backend():
    model = yaml.safe_load((EMOBOOK / "models/detectron.yaml").read_text())["MODEL"]
    rpn, heads, box = model["RPN"], model["ROI_HEADS"], model["ROI_BOX_HEAD"]
    ours = made(RegionNetwork, anchors=detector.ANCHORS, proposals=50)
    generator, matcher = ours.rpn.anchor_generator, ours.rpn.proposal_matcher
    assert model["ANCHOR_GENERATOR"]["SIZES"] == [list(sides) for sides in generator.sizes]
    assert [tuple(ratios) for ratios in model["ANCHOR_GENERATOR"]["ASPECT_RATIOS"]] * 4 == list(
        generator.aspect_ratios
    )
    for thresholds in (rpn["IOU_THRESHOLDS"], heads["IOU_THRESHOLDS"]):
        assert thresholds == [matcher.low_threshold, matcher.high_threshold]
        assert thresholds[::-1] == list(_boxes.assign.__defaults__)
    assert rpn["IOU_LABELS"] == heads["IOU_LABELS"] == [0, -1, 1]
    sampler = ours.rpn.fg_bg_sampler
    assert rpn["BATCH_SIZE_PER_IMAGE"] == sampler.batch_size_per_image
    assert rpn["POSITIVE_FRACTION"] == sampler.positive_fraction
    assert rpn["NMS_THRESH"] == ours.rpn.nms_thresh
    for phase, name in (("training", "TRAIN"), ("testing", "TEST")):
        assert rpn[f"PRE_NMS_TOPK_{name}"] == ours.rpn._pre_nms_top_n[phase]
        assert rpn[f"POST_NMS_TOPK_{name}"] == ours.rpn._post_nms_top_n[phase]
    assert rpn["IN_FEATURES"] == heads["IN_FEATURES"] == list(ours.pyramid.names)
    assert heads["BATCH_SIZE_PER_IMAGE"] == detector._DRAWN
    assert heads["POSITIVE_FRACTION"] == detector._SHARE
    assert not heads["PROPOSAL_APPEND_GT"] and heads["NUM_CLASSES"] == 1
    assert box["POOLER_RESOLUTION"] == _rois.PLACES
    assert box["POOLER_SAMPLING_RATIO"] == _rois.SAMPLES
    assert tuple(box["BBOX_REG_WEIGHTS"]) == _boxes._SCALE
    assert box["FC_DIM"] == 4 * model["FPN"]["OUT_CHANNELS"]
    assert ours.object_head.score.in_features == 4 * SMALL["channels"]


def test_only_its_own_module_imports_detectron2_and_none_imports_that():
    for path in EMOBOOK.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        found = {alias.name for one in nodes if isinstance(one, ast.Import) for alias in one.names}
        for one in nodes:
            if isinstance(one, ast.ImportFrom) and one.module:
                found |= {one.module, *(f"{one.module}.{alias.name}" for alias in one.names)}
        asks = any(name.split(".")[0] == "detectron2" for name in found)
        assert asks == (path.name == "detectron.py"), path
        assert "emobook.models.detectron" not in found, path


def test_without_detectron2_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "detectron2", None)
    monkeypatch.setitem(sys.modules, "detectron2.config", None)
    monkeypatch.delitem(sys.modules, "emobook.models.detectron", raising=False)
    table = pd.DataFrame({"path": ["none.png"], "boxes": [[]], "regions": [[]]})
    with pytest.raises(ImportError, match=r"detectron2 cannot be imported.*environment\.yml"):
        RegionDetector(**TINY).fit(table)


# ---- the same results from the same weights


@pytest.mark.parametrize(
    "options", [{}, {"single_level": True}, {"proposals": 150}, {"anchors": (16, 32, 64, 128)}]
)
def test_equal_weights_find_the_same(pair, options):
    ours, theirs = pair(**options)
    maps = ours.maps(pixels_of())
    with torch.no_grad():
        proposals, expected = (
            network._propose(network._levels(maps))[0] for network in (theirs, ours)
        )
        assert sum(map(len, expected)) > 30
        for some, same in zip(proposals, expected, strict=True):
            torch.testing.assert_close(some, same, rtol=0, atol=1e-4)
        boxes = torch.stack([some[:10] for some in expected])
        for some, same in zip(
            theirs.judge(theirs._levels(maps), boxes),
            ours.judge(ours._levels(maps), boxes),
            strict=True,
        ):
            torch.testing.assert_close(some, same, rtol=0, atol=1e-4)
    found, expected = theirs.detect(theirs.maps(pixels_of()), 5), ours.detect(maps, 5)
    for some, same in zip(found, expected, strict=True):
        assert same.found.all() and same.s_emo.std() > 0.01
        for part, again in zip(some, same, strict=True):
            torch.testing.assert_close(part, again, rtol=0, atol=1e-4)
    seen = (
        network.describe(maps, *(some.boxes for some in expected)) for network in (theirs, ours)
    )
    for some, same in zip(*seen, strict=True):
        torch.testing.assert_close(some, same, rtol=0, atol=1e-4)


def losses_and_gradients(network, step):
    network.begin(step)
    network.train()
    torch.manual_seed(3)
    losses = network(pixels_of(side=network.side), truth_of())
    losses.sum().backward()
    slopes = {
        name: torch.zeros_like(part) if part.grad is None else part.grad
        for name, part in network.named_parameters()
    }
    return losses.detach(), slopes


@pytest.mark.parametrize("options", [{}, {"single_level": True, "side": 192}])
@pytest.mark.parametrize("step", ["object", "emotion"])
def test_equal_weights_and_random_numbers_give_the_same_losses_and_gradients(
    pair, detectron, step, options
):
    (expected, slopes), (losses, others) = (
        losses_and_gradients(network, step) for network in pair(**options)
    )
    assert len(losses) == (4 if step == "object" else 2) and losses.min() > 0
    torch.testing.assert_close(losses, expected, rtol=0, atol=1e-4)
    for name, slope in detectron.translated(slopes).items():
        torch.testing.assert_close(others[name], slope, rtol=1e-3, atol=1e-4, msg=name)


def test_where_a_picture_has_few_anchors_the_losses_of_the_rpn_are_smaller(pair):
    """4 · 4 places with four anchors, some of them ignored, of 256 that should be drawn."""
    (expected, _), (losses, _) = (
        losses_and_gradients(network, "object") for network in pair(single_level=True)
    )
    drawn = losses[:2] / expected[:2] * 3 * 256
    assert drawn[0] == pytest.approx(drawn[1].item(), rel=1e-4) and 100 < drawn[0] < 3 * 64
    torch.testing.assert_close(losses[2:], expected[2:], rtol=0, atol=1e-4)


def test_every_weight_has_its_place(pair, detectron):
    ours, theirs = pair()
    translated = detectron.translated(ours.state_dict())
    assert (
        list(map(len, (translated, ours.state_dict(), theirs.state_dict())))
        == [len(translated)] * 3
    )
    back = ours.object_head.score.weight.flip(0)
    assert torch.equal(theirs.object_head.predict.cls_score.weight, back)
    assert not torch.equal(ours.object_head.score.weight, back)


def test_labels_are_those_of_the_default(detectron):
    """Also where nothing touches a true box, and without true boxes."""
    draw = np.random.default_rng(0)
    settings = detectron.config()
    heads = settings.MODEL.ROI_HEADS
    matcher = detectron.TouchingMatcher(heads.IOU_THRESHOLDS, heads.IOU_LABELS, True)
    for true in (0, 1, 4):
        for _ in range(5):
            corners = draw.uniform(0, 40, size=(60 + true, 2))
            ends = corners + draw.uniform(5, 24, size=corners.shape)
            boxes = torch.tensor(np.hstack([corners, ends]), dtype=torch.float32)
            boxes, truth = boxes[true:], boxes[:true]
            if true == 4:
                truth[3] = torch.tensor([90.0, 90, 99, 99])
                boxes[:3] = truth[:3] + 1
            nearest, labels = matcher(box_iou(truth, boxes))
            expected = _boxes.assign(boxes, truth)
            assert labels.tolist() == expected[0].tolist()
            assert nearest.tolist() == expected[1].tolist()


def test_anchors_with_odd_sides_differ(detectron):
    """torchvision rounds half of a side to a whole number, here 4.5 to 4."""
    network = made(detectron.DetectronNetwork, anchors=(9, 16, 32, 64))
    sides = [part[0, 2] - part[0, 0] for part in network.rpn.anchor_generator.cell_anchors]
    assert sides == [9, 16, 32, 64]
    ours = made(RegionNetwork, anchors=(9, 16, 32, 64)).rpn.anchor_generator.cell_anchors
    assert [part[0, 2] - part[0, 0] for part in ours] == [8, 16, 32, 64]


# ---- the network by itself


def test_heads_are_registered_and_settings_follow_the_arguments(detectron):
    from detectron2.modeling import ROI_HEADS_REGISTRY

    assert ROI_HEADS_REGISTRY.get("EmotionROIHeads") is detectron.EmotionROIHeads
    network = made(detectron.DetectronNetwork, proposals=7)
    assert isinstance(network.roi_heads, detectron.EmotionROIHeads)
    model = detectron.config(channels=8, anchors=(8, 16, 32, 64), proposals=7).MODEL
    assert model.ANCHOR_GENERATOR.SIZES == [[8], [16], [32], [64]]
    assert (model.ROI_BOX_HEAD.FC_DIM, model.RPN.POST_NMS_TOPK_TEST) == (32, 7)
    assert network.roi_heads.pooler.canonical_box_size == 56  # 224 · 8 / 32
    single = detectron.config(single_level=True).MODEL
    assert single.ANCHOR_GENERATOR.SIZES == [[32, 64, 128, 256]]
    assert single.RPN.IN_FEATURES == single.ROI_HEADS.IN_FEATURES == ["P4"]


@pytest.mark.parametrize("single_level", [False, True])
def test_counts_and_the_same_seed(detectron, single_level):
    one, same, ours = (
        made(network, single_level=single_level)
        for network in (detectron.DetectronNetwork,) * 2 + (RegionNetwork,)
    )
    for part, again in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(part, again)
    sizes = [sum(part.numel() for part in net.parameters()) for net in (one, ours)]
    assert sizes[0] == sizes[1]
    assert one.trunk == ours.trunk and one.trunk


PARTS = {"pyramid.", "rpn.", "roi_heads.heads.object."}


@pytest.mark.parametrize(
    "step, freeze, learning",
    [
        ("object", "trunk", PARTS),
        ("object", "lower", PARTS | {"levels.3."}),
        ("object", "none", PARTS | {f"levels.{i}." for i in range(4)}),
        ("emotion", "none", {"roi_heads.heads.emotion."}),
    ],
)
def test_gradients_reach_what_learns_and_nothing_else(detectron, step, freeze, learning):
    network = made(detectron.DetectronNetwork, freeze=freeze)
    network.begin(step)
    network.train()
    network(pixels_of(), truth_of()).sum().backward()
    for name, part in network.named_parameters():
        learns = any(name.startswith(one) for one in learning)
        assert part.requires_grad == learns, name
        assert (part.grad is not None and part.grad.abs().sum() > 0) == learns, name


def test_a_picture_without_a_proposal(detectron):
    network = made(detectron.DetectronNetwork).eval()
    network.rpn.min_box_size = 1e6
    maps = network.maps(pixels_of())
    for found in network.detect(maps, 4):
        assert not found.found.any() and not found.s_emo.any() and not found.p_obj.any()
        assert (found.boxes == torch.tensor([0, 0, SIDE, SIDE])).all()
    network.begin("emotion")
    network.train()
    assert network(*maps, truth_of()).tolist() == [0, 0]


def test_one_batch_can_be_learned_by_heart(detectron):
    """A red square on noise is an object and an emotional region."""
    pixels = pixels_of(2) // 8 + 100
    truth = torch.full((2, 1, 4), NAN)
    for i, (x, y) in enumerate([(6, 30), (34, 10)]):
        truth[i] = torch.tensor([[x, y, x + 22, y + 22]])
        pixels[i, :, y : y + 22, x : x + 22] = torch.tensor([230, 20, 20])[:, None, None]
    network = made(detectron.DetectronNetwork, freeze="none", channels=16)
    for step, steps in (("object", 50), ("emotion", 20)):
        network.begin(step)
        optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 3e-3)
        network.train()
        for _ in range(steps):
            optimizer.zero_grad()
            network(pixels, truth).sum().backward()
            optimizer.step()
    for found in network.eval().detect(network.maps(pixels), 3):
        assert (found.s_emo[:, 0] > 1).all()
        for i in range(2):
            assert box_iou(found.boxes[i, :1], truth[i]).item() > 0.6


# ---- the transformer


def test_fitted_stored_and_read_back(detectron, tmp_path, clean_cache):
    scenes = datasets.load("synthetic", n=8, root=tmp_path).table
    own = RegionDetector(**TINY)
    first = train.fitted(own, scenes)
    expected = first.transform(scenes)
    _looks._remembered.clear()
    again = train.fitted(own, scenes)
    assert again is not first and isinstance(again.network_, detectron.DetectronNetwork)
    for name in ("emotional_regions", "object_regions"):
        assert again.transform(scenes)[name].tolist() == expected[name].tolist()
        assert all(len(regions) == 4 for regions in expected[name])
    assert again.history_["emotion"].losses.shape == (1,)
    assert clone(again).get_params() == own.get_params()
