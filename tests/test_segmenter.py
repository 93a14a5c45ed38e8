"""The small segmenter: its classes, its network, what it learns, its scores and its picture."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from emobook import train
from emobook.evaluate import segmentation
from emobook.features import backbones
from emobook.features.semantic import SemanticShares
from emobook.features.stages import stages
from emobook.models import segmenter
from emobook.models.segmenter import GROUPS, PlaceClassifier, Segmenter, true_maps
from emobook.plots.segments import segments

C = len(GROUPS)
SKY, GRASS, PERSON = (list(GROUPS).index(name) for name in ("sky", "grass", "person"))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Ten pictures, blue above green, whose border lies elsewhere each time, and their masks."""
    folder, draw, rows = tmp_path_factory.mktemp("scenes"), np.random.default_rng(0), []
    for i in range(10):
        height, width = (48, 64) if i % 2 else (64, 40)
        border = draw.integers(height // 4, 3 * height // 4)
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[:border], pixels[border:] = (80, 140, 240), (40, 160, 40)
        pixels = np.clip(pixels + draw.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)
        mask = np.full((height, width), 187, np.uint8)
        mask[border:], mask[:, :2] = 193, 0
        for kind, part in (("photo", pixels), ("mask", mask)):
            Image.fromarray(part).save(folder / f"{kind}{i}.png")
        rows.append((str(folder / f"photo{i}.png"), str(folder / f"mask{i}.png")))
    return pd.DataFrame(rows, columns=["path", "mask_path"])


@pytest.fixture(scope="module")
def tiny():
    options = {"backbone": "test_efficientnet", "pretrained": False, "size": 64}
    return Segmenter(**options, epochs=15, lr=0.02, batch_size=4)


@pytest.fixture(scope="module")
def known(scenes, tiny):
    return tiny.fit(scenes)


# ---- classes


def test_no_category_has_two_classes():
    """COCO's panoptic numbers lie in 1..200; those of things have gaps, which mean nothing."""
    numbers = list(itertools.chain(*GROUPS.values()))
    assert len(numbers) == len(set(numbers)) and min(numbers) == 1 and max(numbers) == 200


def test_masks_become_positions(tmp_path):
    file = tmp_path / "mask.png"
    Image.fromarray(np.array([[0, 1, 187], [193, 12 + 1, 255]], np.uint8)).save(file)
    (found,) = true_maps(pd.DataFrame({"mask_path": [str(file)]}))
    thing = list(GROUPS).index("thing")
    assert found.tolist() == [[-1, PERSON, SKY], [GRASS, thing, -1]]
    with pytest.raises(ValueError, match="mask_path"):
        true_maps(pd.DataFrame({"path": ["a.jpg"]}))
    with pytest.raises(ValueError, match="mask_path"):
        true_maps(pd.DataFrame({"mask_path": [str(file), None]}))


def test_every_category_of_the_masks_has_a_class():
    """A slip in a number would lose a category, or give one to the wrong class."""
    position = segmenter._positions()
    things = {*range(1, 91)} - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}  # numbers that COCO skips
    assert (position[sorted(things)] >= 0).all()
    stuffs = [
        92, 93, 95, 100, 107, 109, 112, 118, 119, 122, 125, 128, 130, 133, 138, 141, 144, 145, 147,
        148, 149, 151, 154, 155, 156, 159, 161, 166, 168, 171, 175, 176, 177, 178, 180, 181,
        *range(184, 201),
    ]  # fmt: skip
    assert (position[stuffs] >= 0).all() and position[0] == -1


def test_shares_of_cells_are_means_over_their_pixels():
    classes = np.random.default_rng(0).integers(-1, C, size=(8, 12))
    found = segmenter.shares_of_cells(classes, 4).numpy()
    for c, row, column in itertools.product(range(C), range(4), range(4)):
        part = classes[2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
        assert found[c, row, column] == pytest.approx((part == c).mean())


# ---- the network


def network_of(name="test_efficientnet"):
    loaded = backbones.load(name, pretrained=False)
    recipe = loaded.recipe
    return PlaceClassifier(stages(loaded), recipe.mean, recipe.std, C, loaded.weights_id)


def pixels_of(n=2, side=64, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, side, side), generator=draw, dtype=torch.uint8)


def test_shapes_and_counts():
    """A 1 × 1 convolution for C3, C4 and C5, and one bias for each class."""
    network = network_of("tf_efficientnet_lite0").eval()
    maps = network.maps(pixels_of())
    assert [tuple(part.shape[1:]) for part in maps] == [(40, 8, 8), (112, 4, 4), (1280, 2, 2)]
    assert network(*maps).shape == (2, C, 8, 8)
    assert sum(part.numel() for part in network.scores.parameters()) == (40 + 112 + 1280 + 1) * C


def test_scores_are_a_linear_function_of_standardised_maps():
    network = network_of().eval()
    maps = network.maps(pixels_of(3))
    network.standardise(maps)
    torch.manual_seed(0)
    for value in network.scores.parameters():
        torch.nn.init.normal_(value)
    side, expected = maps[0].shape[-1], 0
    for part, layer in zip(maps, network.scores, strict=True):
        flat = part.movedim(1, -1).reshape(-1, part.shape[1]).double()
        flat = (flat - flat.mean(0)) / flat.std(0, correction=0).clamp(min=1e-6)
        places = flat.reshape(len(part), *part.shape[2:], -1).movedim(-1, 1)
        # to enlarge the map first gives the same, since both are linear
        large = F.interpolate(places, (side, side), mode="bilinear", align_corners=False)
        expected = expected + torch.einsum("kc,nchw->nkhw", layer.weight[..., 0, 0].double(), large)
    expected = expected + network.scores[0].bias.double()[:, None, None]
    torch.testing.assert_close(network(*maps).double(), expected, rtol=1e-3, atol=1e-3)


def test_a_gradient_reaches_what_learns_and_nothing_else():
    network = network_of().train()
    shares = torch.full((2, C, 8, 8), 1 / C)
    shares[:, SKY] += 0.5
    segmenter.cross_entropy(network(*network.maps(pixels_of())), shares).backward()
    learning = {name for name, value in network.named_parameters() if value.requires_grad}
    reached = {name for name, value in network.named_parameters() if value.grad is not None}
    assert learning == reached and all(name.startswith("scores.") for name in reached)
    assert all(value.grad.abs().sum() > 0 for value in network.scores.parameters())
    assert not any(part.training for part in network.levels.modules())


def test_what_nobody_labelled_does_not_count():
    logits = torch.randn(1, C, 2, 2, generator=torch.Generator().manual_seed(0))
    shares = torch.zeros(1, C, 2, 2)
    shares[0, SKY, 0, 0], shares[0, GRASS, 0, 1] = 1, 0.5
    each = F.cross_entropy(logits, torch.tensor([[[SKY, GRASS], [0, 0]]]), reduction="none")[0]
    expected = (each[0, 0] + 0.5 * each[0, 1]) / 4
    torch.testing.assert_close(segmenter.cross_entropy(logits, shares), expected)


# ---- the estimator


def test_it_learns_where_sky_ends(known, scenes):
    truth, found = true_maps(scenes), known.segment(scenes)
    assert [one.shape for one in found] == [one.shape for one in truth]
    assert {one.dtype for one in found} == {np.dtype(np.int8)}
    scores = segmentation.scores(segmentation.confusions(truth, found, C))
    assert scores["pixel accuracy"].value > 0.9 and scores["mean IoU"].value > 0.8
    assert known.history_.losses[-1] < known.history_.losses[0] / 3


def test_a_large_picture_gets_a_map_of_its_own_size(known, scenes):
    large = Image.open(scenes["path"][0]).resize((700, 1100))
    (found,) = known.segment([large])
    (small,) = known.segment(scenes["path"][:1])
    assert found.shape == (1100, 700)
    assert (found == SKY).mean() == pytest.approx((small == SKY).mean(), abs=0.1)


def test_one_picture_is_seen_as_among_others(known, scenes):
    alone, together = known.segment(scenes["path"][2:3]), known.segment(scenes)
    np.testing.assert_array_equal(alone[0], together[2])


def test_it_is_stored_without_its_backbone_and_a_refit_gives_the_same_bytes(
    tiny, known, scenes, tmp_path, monkeypatch
):
    files = []
    for run in ("a", "b"):
        monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path / run))
        stored = train.fitted(tiny, scenes)
        (file,) = (tmp_path / run / "models").glob("*.safetensors")
        files.append(file.read_bytes())
    assert files[0] == files[1]
    learned = sum(part.numel() for part in known.network_.scores.parameters())
    assert len(files[0]) < 4 * 2 * learned
    for ours, theirs in zip(known.segment(scenes), stored.segment(scenes), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_its_shares_are_150_columns(known, scenes):
    found = SemanticShares(known).transform(scenes)
    names = SemanticShares(known).get_feature_names_out()
    assert found.shape == (10, 150) and names[SKY] == "sky" and names[C] == f"unused_{C + 1}"
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert not found[:, C:].any()


@pytest.mark.parametrize("size", [0, 100, True, 64.0])
def test_a_size_that_cannot_be_halved_is_refused(tiny, scenes, size):
    with pytest.raises(ValueError, match="size must be a multiple of 32"):
        Segmenter(**tiny.get_params() | {"size": size}).fit(scenes)


# ---- how good it is


def test_confusions_count_pixels():
    truth, found = np.array([[0, 1, -1], [1, 1, 0]]), np.array([[0, 0, 1], [1, 2, 2]])
    (counts,) = segmentation.confusions([truth], [found], 3)
    assert counts.tolist() == [[1, 0, 1], [1, 1, 1], [0, 0, 0]]
    np.testing.assert_allclose(segmentation.class_iou(counts), [1 / 3, 1 / 3, 0])
    scores = segmentation.scores([counts])
    assert scores["mean IoU"].value == pytest.approx(2 / 9)
    assert scores["pixel accuracy"].value == pytest.approx(2 / 5)
    with pytest.raises(ValueError, match="map 0"):
        segmentation.confusions([truth], [found[:1]], 3)
    with pytest.raises(ValueError, match="not one of 0 to 1"):
        segmentation.confusions([truth], [found], 2)


def test_scores_agree_with_sets_of_pixels():
    """IoU as intersection over union of sets, over all pictures; absent classes do not count."""
    draw = np.random.default_rng(1)
    truth, found = ([draw.integers(0, 4, (6, 5)) for _ in range(7)] for _ in range(2))
    pixels = [
        {(i, *place) for i, one in enumerate(maps) for place in np.argwhere(one == c).tolist()}
        for maps in (truth, found)
        for c in range(4)
    ]
    pixels = [{tuple(one) for one in some} for some in pixels]
    expected = np.mean(
        [len(a & b) / len(a | b) for a, b in zip(pixels[:4], pixels[4:], strict=True)]
    )
    scores = segmentation.scores(segmentation.confusions(truth, found, 6))
    value, low, high = scores["mean IoU"]
    assert value == pytest.approx(expected) and low < value < high
    right = np.mean([a == b for a, b in zip(truth, found, strict=True)])
    assert scores["pixel accuracy"].value == pytest.approx(right)


def test_held_out_pictures_against_the_commonest_class(tiny, scenes, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path))
    found = segmentation.held_out(tiny, scenes, splits=2)
    assert list(found) == ["coco128 segmenter", "commonest class"]
    ours, baseline = found.values()
    np.testing.assert_array_equal(ours.sum(axis=2), baseline.sum(axis=2))
    assert (ours.sum(axis=(1, 2)) > 0).all()
    assert (baseline.sum(axis=1) > 0).sum(axis=1).tolist() == [1] * 10
    table = segmentation.table(found)
    accuracy = table["pixel accuracy"]
    assert accuracy["coco128 segmenter"].low > accuracy["commonest class"].high


# ---- its picture


def test_the_figure_names_what_covers_most(scenes):
    truth = true_maps(scenes.iloc[:2])
    pictures = {"one": scenes["path"][0], "two": scenes["path"][1]}
    fig = segments(pictures, {"truth": truth, "again": truth}, tuple(GROUPS), named=2)
    assert {text.get_text() for text in fig.legends[0].get_texts()} == {"sky", "grass"}
    area = (truth[0] == SKY).mean()
    label = fig.axes[2].get_xlabel()
    assert f"sky {area:.0%}".replace("%", " %") in label and "grass" in label
    shown = fig.axes[2].images[0]
    colours = shown.to_rgba(shown.get_array())
    assert (colours[truth[0] == -1] == 1).all()
    assert len(np.unique(colours[truth[0] == SKY], axis=0)) == 1
