"""The detector's network: its parts against slow references, its two steps of training."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import MultiScaleRoIAlign, box_iou, roi_align

from emobook._threads import one_thread
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _boxes, _local
from emobook.models._rois import RoIAlign
from emobook.models.detector import ANCHORS, RegionNetwork, emotion_score
from emobook.models.pyramid import FeaturePyramid

LITE, RESNET = (24, 40, 112, 1280), (256, 512, 1024, 2048)
SIDE = 64
SMALL = {"channels": 8, "anchors": (8, 16, 32, 64), "proposals": 20}
NAN = math.nan


@pytest.fixture(scope="module")
def lite():
    return stages(backbones.load(pretrained=False))


@pytest.fixture
def tiny():
    """A function: a small network, whose weights are always the same."""

    def make(**options):
        loaded = backbones.load("test_efficientnet", pretrained=False)
        torch.manual_seed(0)
        recipe = loaded.recipe
        return RegionNetwork(stages(loaded), recipe.mean, recipe.std, SIDE, **SMALL | options)

    return make


def count(module) -> int:
    return sum(part.numel() for part in module.parameters())


def maps_of(parts, side=SIDE, n=2, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return [
        torch.randn(n, c, side // s, side // s, generator=draw)
        for c, s in zip(parts.channels, (4, 8, 16, 32), strict=True)
    ]


def pixels_of(n=2, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, SIDE, SIDE), generator=draw, dtype=torch.uint8)


def some_boxes(n, side=SIDE, seed=0):
    draw = np.random.default_rng(seed)
    corners = draw.uniform(0, side * 0.7, size=(n, 2))
    sides = draw.uniform(2, side * 0.5, size=(n, 2))
    return torch.tensor(np.hstack([corners, corners + sides]), dtype=torch.float32)


def one_iou(a, b) -> float:
    wide = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    high = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)


# ---- the pyramid


@pytest.mark.parametrize(
    "name, below, d", [("tf_efficientnet_lite0", LITE, 64), ("resnet101", RESNET, 256)]
)
def test_shapes_and_counts_of_the_pyramid(name, below, d):
    """A 1 × 1 convolution for each of C2 to C5, a 3 × 3 one for each of P2 to P5, with biases."""
    parts = stages(backbones.load(name, pretrained=False))
    assert parts.channels == below
    pyramid = FeaturePyramid(parts, d)
    assert count(pyramid) == sum((c + 1) * d for c in below) + 4 * (9 * d + 1) * d
    found = pyramid(maps_of(parts))
    assert list(found) == ["P2", "P3", "P4", "P5"]
    assert [tuple(level.shape) for level in found.values()] == [
        (2, d, SIDE // s, SIDE // s) for s in (4, 8, 16, 32)
    ]


def test_the_pyramid_adds_from_the_top_down(lite):
    """Section 3.1: what comes from above is enlarged to twice its side and added."""
    pyramid = FeaturePyramid(lite, 8).double()
    maps = [level.double() for level in maps_of(lite)]
    lateral = [block[0] for block in pyramid.merge.inner_blocks]
    smooth = [block[0] for block in pyramid.merge.layer_blocks]
    merged = None
    for level in (3, 2, 1, 0):
        here = torch.einsum("oc,nchw->nohw", lateral[level].weight[..., 0, 0], maps[level])
        here = here + lateral[level].bias[:, None, None]
        if merged is not None:
            here = here + merged.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        merged = here
        expected = F.conv2d(here, smooth[level].weight, smooth[level].bias, padding=1)
        torch.testing.assert_close(pyramid(maps)[f"P{level + 2}"], expected)


def test_a_single_level_is_made_of_c4_alone(lite):
    pyramid, maps = FeaturePyramid(lite, 8, single_level=True), maps_of(lite)
    others = [torch.full_like(level, NAN) if i != 2 else level for i, level in enumerate(maps)]
    (found,) = pyramid(others).values()
    assert found.isfinite().all() and found.shape == (2, 8, SIDE // 16, SIDE // 16)
    assert count(pyramid) == (112 + 1) * 8 + (9 * 8 + 1) * 8


@pytest.mark.parametrize("name", ["alexnet", "densenet121"])
def test_levels_of_other_scales_are_refused(name):
    with pytest.raises(ValueError, match="choose an EfficientNet, VGG or ResNet"):
        FeaturePyramid(stages(backbones.load(name, pretrained=False)), 8)


# ---- boxes


@pytest.mark.parametrize("seed", range(5))
def test_labels_follow_the_rule_of_section_4_1(seed):
    """Above .7, or the best of a true box: positive; below .3 with all: negative; box by box."""
    boxes, truth = some_boxes(60, seed=seed), some_boxes(4, seed=100 + seed)
    boxes[:12] = truth.repeat(3, 1)  # some that fit well: each is wider, by up to four fifths
    boxes[:12, 2] += torch.linspace(0, 0.8, 12) * (boxes[:12, 2] - boxes[:12, 0])
    labels, nearest = _boxes.assign(boxes, truth)
    best = [max(one_iou(box, true) for box in boxes.tolist()) for true in truth.tolist()]
    fitting = 0
    for box, label, place in zip(boxes.tolist(), labels, nearest, strict=True):
        ious = [one_iou(box, true) for true in truth.tolist()]
        fits = max(ious) > 0.7 or any(math.isclose(i, b) for i, b in zip(ious, best, strict=True))
        assert label == (1 if fits else 0 if max(ious) < 0.3 else -1)
        assert ious[place] == pytest.approx(max(ious))
        fitting += max(ious) > 0.7
    assert set(labels.tolist()) == {-1, 0, 1} and fitting > len(truth)


def test_labels_without_true_boxes_and_of_one_that_nothing_touches():
    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    assert _boxes.assign(boxes, torch.empty(0, 4))[0].tolist() == [0, 0]
    assert _boxes.assign(boxes, torch.tensor([[40.0, 40, 50, 50]]))[0].tolist() == [0, 0]
    assert len(_boxes.assign(boxes[:0], boxes)[0]) == 0


def test_moves_by_hand_and_back():
    box, truth = torch.tensor([[10.0, 10, 30, 20]]), torch.tensor([[12.0, 9, 52, 19]])
    moves = _boxes.encode(truth, box)
    expected = [10 * 12 / 20, 10 * -1 / 10, 5 * math.log(2), 0]
    np.testing.assert_allclose(moves[0], expected, atol=1e-6)
    boxes, truth = some_boxes(50), some_boxes(50, seed=1)
    torch.testing.assert_close(_boxes.decode(_boxes.encode(truth, boxes), boxes), truth)
    wild = _boxes.decode(torch.full((1, 4), 1e4), box)
    assert wild.isfinite().all()


def test_samples_are_a_quarter_positive_at_most():
    labels = torch.tensor([1] * 30 + [0] * 100 + [-1] * 20)
    for positives, negatives, expected in (
        (30, 100, (16, 48)),
        (3, 100, (3, 61)),
        (30, 5, (16, 5)),
    ):
        here = torch.cat([labels[:positives], labels[30 : 30 + negatives], labels[130:]])
        some = _boxes.sample(here, 64, 0.25)
        assert ((here[some] == 1).sum(), (here[some] == 0).sum()) == expected
        assert len(set(some.tolist())) == len(some) and (here[some] >= 0).all()


def test_losses_are_those_of_the_closed_form():
    """Cross-entropy over two classes, and the robust loss of positive boxes, one by one."""
    draw = torch.Generator().manual_seed(0)
    logits, moves = torch.randn(12, 2, generator=draw), 2 * torch.randn(12, 4, generator=draw)
    targets, labels = torch.randn(12, 4, generator=draw), torch.arange(12) % 2
    classes, boxes = _boxes.losses(logits, moves, labels, targets)
    a, b = logits.double().numpy(), labels.numpy()
    expected = np.mean([np.log(np.exp(row).sum()) - row[k] for row, k in zip(a, b, strict=True)])
    assert classes.item() == pytest.approx(expected)
    total = 0.0
    for row in range(12):
        for d in (moves - targets)[row].tolist() if labels[row] else ():
            total += d * d / 2 if abs(d) < 1 else abs(d) - 0.5
    assert boxes.item() == pytest.approx(total / 12)
    assert _boxes.losses(logits[:0], moves[:0], labels[:0], targets[:0]).tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_best_after_suppression(seed):
    """Greedy suppression, box by box: the strongest stays, whoever overlaps it too much goes."""
    boxes = torch.stack([some_boxes(40, seed=seed), some_boxes(40, seed=seed + 9)])
    boxes[0, :3] += 20  # beyond the edge
    scores = torch.rand(2, 40, generator=torch.Generator().manual_seed(seed))
    valid = torch.arange(40) < 36
    found, places, there = _boxes.strongest(boxes, scores, valid.expand(2, 40), SIDE, 0.5, 10)
    for row in range(2):
        cut, kept = boxes[row].clamp(0, SIDE).tolist(), []
        for place in scores[row].argsort(descending=True).tolist():
            if valid[place] and all(one_iou(cut[place], cut[other]) <= 0.5 for other in kept):
                kept.append(place)
        assert places[row].tolist() == kept[:10] and there[row].all()
        np.testing.assert_allclose(found[row], np.array(cut)[kept[:10]])


def test_where_there_are_too_few_the_whole_picture_stands_in():
    boxes = torch.tensor([[[5.0, 5, 20, 20], [6, 5, 20, 20], [70, 3, 90, 20], [9, 9, 9.5, 30]]])
    scores, valid = torch.tensor([[0.2, 0.9, 0.8, 0.7]]), torch.ones(1, 4, dtype=torch.bool)
    found, places, there = _boxes.strongest(boxes, scores, valid, SIDE, 0.5, 3)
    assert there.tolist() == [[True, False, False]] and places[0, 0] == 1
    assert found.tolist() == [[[6, 5, 20, 20], [0, 0, 64, 64], [0, 0, 64, 64]]]


def test_the_emotion_score():
    """Eq. 3, and its end: 1 for an object without emotion, more than for .7 and .7."""
    assert emotion_score(0.6, 0.8) == pytest.approx(1)
    assert emotion_score(1, 1) == pytest.approx(math.sqrt(2))
    assert emotion_score(0, 1) > emotion_score(0.7, 0.7)


# ---- the network


def test_anchors_are_squares_one_for_each_place(lite):
    network = RegionNetwork(lite, [0.5] * 3, [0.5] * 3, 224, channels=8)
    levels = [torch.zeros(1, 8, 224 // s, 224 // s) for s in (4, 8, 16, 32)]
    images = ImageList(torch.empty(0, 3, 224, 224), [(224, 224)])
    (anchors,) = network.rpn.anchor_generator(images, levels)
    sides = torch.cat(
        [torch.full(((224 // s) ** 2,), a) for s, a in zip((4, 8, 16, 32), ANCHORS, strict=True)]
    )
    torch.testing.assert_close(anchors[:, 2] - anchors[:, 0], sides.float())
    torch.testing.assert_close(anchors[:, 3] - anchors[:, 1], sides.float())


@pytest.mark.parametrize("single_level", [False, True])
def test_shapes_and_counts_of_the_network(lite, single_level):
    network = RegionNetwork(
        lite, [0.5] * 3, [0.5] * 3, SIDE, channels=64, proposals=30, single_level=single_level
    )
    head = (64 * 49 + 1) * 256 + 257 * 256 + 257 * (2 + 4)
    assert count(network.object_head) == count(network.emotion_head) == head
    per_place = 4 if single_level else 1
    assert count(network.rpn) == (64 * 9 + 1) * 64 + 65 * per_place * (1 + 4)
    network.eval()
    maps = network.maps(pixels_of())
    assert [part.shape[1] for part in maps] == list(LITE)
    emotional, objects = network.detect(maps, 10)
    for found in (emotional, objects):
        assert found.boxes.shape == (2, 10, 4) and found.found.dtype == torch.bool
        assert (found.boxes >= 0).all() and (found.boxes <= SIDE).all()
        expected = (found.p_obj**2 + found.p_emo**2).sqrt()
        torch.testing.assert_close(found.s_emo, expected)
        for row in range(2):
            overlaps = box_iou(found.boxes[row], found.boxes[row])[found.found[row]][
                :, found.found[row]
            ]
            assert (overlaps.fill_diagonal_(0) <= 0.5).all()
    assert (emotional.s_emo.diff(dim=1) <= 0).all() and (objects.p_obj.diff(dim=1) <= 0).all()
    whole, *local = network.describe(maps, emotional.boxes, objects.boxes)
    assert whole.shape == (2, 1280) and [part.shape for part in local] == [(2, 10, 176)] * 2


def test_what_the_classifier_sees_of_a_region_are_its_means_in_three_levels(lite):
    network = RegionNetwork(lite, [0.5] * 3, [0.5] * 3, SIDE, channels=8).eval()
    maps = maps_of(lite)
    first, second = (some_boxes(n, seed=n).clamp(max=SIDE) for n in (10, 6))
    first, second = first.reshape(2, 5, 4), second.reshape(2, 3, 4)
    whole, *local = network.describe(maps, first, second)
    torch.testing.assert_close(whole, maps[-1].mean(dim=(2, 3)))
    for boxes, found in zip((first, second), local, strict=True):
        expected = [
            roi_align(part, list(boxes), 7, part.shape[-1] / SIDE, 2, aligned=True)
            for part in maps[:3]
        ]
        expected = torch.cat([part.mean(dim=(2, 3)) for part in expected], dim=1)
        torch.testing.assert_close(found.flatten(0, 1), expected, rtol=1e-4, atol=1e-5)


def test_the_mean_of_a_box_by_hand():
    """A ramp is worth what it is in the middle of the box; one without area, what it is there; and
    at an edge what lies beyond it is as the edge."""
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)  # the middle of column x is at x + .5
    boxes = torch.tensor([[[16.0, 0, 48, 16], [20, 8, 20, 8], [0, 0, 64, 64], [0, 0, 8, 64]]])
    found = _local.means(ramp, boxes, 64)[0, :, 0]
    at_edge = sum(max((i + 0.5) / 14 - 0.5, 0) for i in range(14)) / 14
    torch.testing.assert_close(found, torch.tensor([3.5, 2.0, 3.5, at_edge]))


@pytest.mark.parametrize("strides, canonical", [((4, 8, 16, 32), 224), ((16,), 90)])
def test_rois_are_those_of_torchvision(strides, canonical):
    """Values and gradients; boxes of all levels, at the edges, beyond them, and without area."""
    align, draw = RoIAlign(strides, canonical), torch.Generator().manual_seed(0)
    maps = {
        f"P{s}": torch.randn(2, 5, 224 // s, 224 // s, generator=draw, requires_grad=True)
        for s in strides
    }
    edges = [[0.0, 0, 224, 224], [223, 223, 224, 224], [-40, 30, 300, 400], [50, 50, 50, 50]]
    boxes = [some_boxes(40, side=224), torch.cat([some_boxes(9, 60), torch.tensor(edges)])]
    found = align(maps.values(), boxes)
    rival = MultiScaleRoIAlign(list(maps), 7, 2, canonical_scale=canonical)
    expected = rival(maps, boxes, [(224, 224)] * 2)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
    weights = torch.randn(found.shape, generator=draw)
    slopes = (
        torch.autograd.grad((one * weights).sum(), maps.values()) for one in (found, expected)
    )
    for some, same in zip(*slopes, strict=True):
        torch.testing.assert_close(some, same, rtol=0, atol=1e-3)
    assert align(maps.values(), [torch.empty(0, 4)] * 2).shape == (0, 5, 7, 7)


def test_more_proposals_are_taught_than_looked_at(tiny):
    network = tiny(proposals=6)
    levels = network._levels(network.maps(pixels_of()))
    taught, looked_at = (
        [len(some) for some in network.train(mode)._propose(levels, [truth_of()[0, :2]] * 2)[0]]
        for mode in (True, False)
    )
    assert min(taught) > 6 == max(looked_at)
    network.begin("emotion")
    assert max(len(some) for some in network.train()._propose(levels)[0]) == 6


def test_what_is_seen_in_a_picture_does_not_depend_on_the_others(tiny):
    network = tiny().eval()
    a, b, c = pixels_of(3)
    one, other = (network.detect(network.maps(torch.stack(some)), 5) for some in ((a, b), (c, b)))
    for found, again in zip(one, other, strict=True):
        for part, same in zip(found, again, strict=True):
            torch.testing.assert_close(part[1], same[1])


def test_each_kind_of_region_is_scored_and_moved_by_its_own_head(tiny):
    """Heads that say the same of every box: objects stay where they are proposed, with .2;
    emotional regions are half as wide and have .9."""
    network = tiny(proposals=6).eval()
    for head, p, width in ((network.object_head, 0.2, 1), (network.emotion_head, 0.9, 0.5)):
        for layer in (head.score, head.move):
            torch.nn.init.zeros_(layer.weight)
        head.score.bias.data = torch.tensor([1 - p, p]).log()
        head.move.bias.data = torch.tensor([0, 0, 5 * math.log(width), 0])
    maps = network.maps(pixels_of())
    proposals, _ = network._propose(network.pyramid(maps))
    emotional, objects = network.detect(maps, 6)
    for found in (emotional, objects):
        there = found.found
        torch.testing.assert_close(found.p_obj, torch.where(there, 0.2, 0.0))
        torch.testing.assert_close(found.p_emo, torch.where(there, 0.9, 0.0))
        torch.testing.assert_close(found.s_emo, torch.where(there, math.sqrt(0.85), 0.0))
    for row, boxes in enumerate(proposals):
        x0, y0, x1, y1 = boxes.unbind(1)
        middle, quarter = (x0 + x1) / 2, (x1 - x0) / 4
        narrow = torch.stack([middle - quarter, y0, middle + quarter, y1], dim=1)
        for found, expected in ((objects, boxes), (emotional, narrow)):
            some = found.boxes[row][found.found[row]]
            assert len(some) and (torch.cdist(some, expected).min(dim=1).values < 1e-3).all()


def truth_of(n=2):
    truth = torch.full((n, 3, 4), NAN)
    truth[0, 0], truth[0, 1] = torch.tensor([8.0, 8, 40, 40]), torch.tensor([30.0, 2, 60, 20])
    return truth  # nothing in the second


PARTS = {"pyramid.", "rpn.", "object_head."}


@pytest.mark.parametrize(
    "step, freeze, learning",
    [
        ("object", "trunk", PARTS),
        ("object", "lower", PARTS | {"levels.3."}),
        ("object", "none", PARTS | {f"levels.{i}." for i in range(4)}),
        ("emotion", "trunk", {"emotion_head."}),
        ("emotion", "none", {"emotion_head."}),
    ],
)
def test_gradients_reach_what_learns_and_nothing_else(tiny, step, freeze, learning):
    network = tiny(freeze=freeze)
    network.begin(step)
    network.train()
    found = network(pixels_of(), truth_of())
    assert found.shape == ((4,) if step == "object" else (2,)) and found.isfinite().all()
    found.sum().backward()
    for name, part in network.named_parameters():
        learns = any(name.startswith(one) for one in learning)
        assert part.requires_grad == learns, name
        # of the last level only places that a RoI or anchor looks at count; none is dead
        assert (part.grad is not None and part.grad.abs().sum() > 0) == learns, name


def test_maps_may_be_computed_before(tiny):
    network = tiny()
    network.train()
    losses = []
    for inputs in ((pixels_of(),), network.maps(pixels_of())):
        torch.manual_seed(3)
        losses.append(network(*inputs, truth_of()))
    torch.testing.assert_close(*losses)


def test_the_head_for_emotion_begins_as_a_copy_and_leaves_objects_as_they_are(tiny):
    network = tiny()
    network.begin("emotion")
    for own, other in zip(
        network.emotion_head.parameters(), network.object_head.parameters(), strict=True
    ):
        assert torch.equal(own, other) and own is not other
    before = {name: part.clone() for name, part in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    network.train()
    for _ in range(2):
        optimizer.zero_grad()
        network(pixels_of(), truth_of()).sum().backward()
        optimizer.step()
    changed = {
        name for name, part in network.state_dict().items() if not torch.equal(part, before[name])
    }
    assert changed and all(name.startswith("emotion_head.") for name in changed)


def test_a_picture_without_a_proposal(tiny):
    """All boxes of the RPN have no area: the whole picture stands in, with scores of 0."""
    network = tiny().eval()
    network.rpn.min_size = 1e6
    maps = network.maps(pixels_of())
    for found in network.detect(maps, 4):
        assert not found.found.any() and not found.s_emo.any() and not found.p_obj.any()
        assert (found.boxes == torch.tensor([0, 0, SIDE, SIDE])).all()
    network.begin("emotion")
    network.train()
    assert network(*maps, truth_of()).tolist() == [0, 0]


@one_thread()  # so short a training ends elsewhere with other roundings
def test_one_batch_can_be_learned_by_heart(tiny):
    """Two squares on noise, the red one emotional: both are objects, one is an emotional region."""
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randint(90, 130, (4, 3, SIDE, SIDE), generator=draw, dtype=torch.uint8)
    objects, regions = torch.full((4, 2, 4), NAN), torch.full((4, 1, 4), NAN)
    for i, (x, y) in enumerate(itertools.product((4, 36), (6, 34))):
        both = [(x, y, x + 20, y + 20), (40 - x, 40 - y, 60 - x, 60 - y)]
        for (x0, y0, x1, y1), colour in zip(both, ((230, 20, 20), (20, 20, 230)), strict=True):
            pixels[i, :, y0:y1, x0:x1] = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
        objects[i], regions[i] = torch.tensor(both), torch.tensor(both[:1])
    network = tiny(freeze="none", channels=16)
    for step, truth in (("object", objects), ("emotion", regions)):
        network.begin(step)
        optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 1e-3)
        network.train()
        for _ in range(60):
            optimizer.zero_grad()
            network(pixels, truth).sum().backward()
            optimizer.step()
    network.eval()
    maps = network.maps(pixels)
    with torch.no_grad():
        p_obj, p_emo, *_ = network.judge(network.pyramid(maps), objects)
    assert (p_obj > 0.6).all() and (p_emo[:, 0] > 0.7).all() and (p_emo[:, 1] < 0.5).all()
    emotional, found = network.detect(maps, 5)
    for i in range(4):
        assert box_iou(emotional.boxes[i, :1], regions[i]).item() > 0.6
        assert (box_iou(objects[i], found.boxes[i]).max(dim=1).values > 0.6).all()
