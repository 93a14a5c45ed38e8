"""Figures of local features: what is drawn where."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from emobook.features import Blocks, SIFTWords
from emobook.features.sift import block_maps, patches
from emobook.models.instances import MultipleInstanceClassifier
from emobook.plots import local

SMALL = {"scales": (16,), "max_side": 64, "cache": False, "progress": False}


@pytest.fixture(scope="module")
def photos():
    """Two photos of 64 pixels."""
    return [
        np.asarray(Image.fromarray(photo()).resize((64, 48)))
        for photo in (skimage.data.coffee, skimage.data.chelsea)
    ]


def test_every_keypoint_has_its_circle_and_every_scale_its_patch():
    photo = skimage.data.coffee()
    left, middle, right = local.sampled(photo, scales=(16, 64)).axes
    points = patches(photo, sampling="keypoints")
    assert len(left.lines) == len(points.x) > 20
    reach = [np.ptp(line.get_xdata()) for line in left.lines]
    np.testing.assert_allclose(reach, points.width, rtol=0.01)
    assert [patch.get_width() for patch in middle.patches] == pytest.approx([16, 64])
    assert len(right.collections[0].U) == 128


@pytest.mark.parametrize(("axis", "part", "other"), [(0, "V", "U"), (1, "U", "V")])
def test_arrows_point_towards_the_brighter_side(axis, part, other):
    ramp = (2 * np.indices((64, 64))[axis]).astype(np.uint8)
    arrows = local.sampled(ramp, scales=(32,)).axes[2].collections[0]
    along, across = getattr(arrows, part), getattr(arrows, other)
    assert along.sum() > 3 and abs(across.sum()) < 0.2 * along.sum()


def test_rows_of_words_hold_their_own_patches(photos):
    words = SIFTWords(4, sample=100, **SMALL).fit(photos)
    fig = local.visual_words(photos, words, [2, 0], each=3)
    assert [axis.get_ylabel() for axis in fig.axes[::3]] == ["word 2", "word 0"]
    first = fig.axes[0].images[0].get_array()
    assert first.shape == (16, 16, 3)
    # The patch is one of the photos' own, and described anew it is a patch of that word.
    described = patches(np.asarray(first), scales=(16,)).descriptors
    assert words._words(described)[0] == 2


def test_a_one_colour_picture_without_patches_has_empty_places(photos):
    words = SIFTWords(4, sample=100, **SMALL).fit(photos)
    fig = local.visual_words([np.zeros((40, 40, 3), np.uint8)], words, [1], each=2)
    assert not any(axis.images for axis in fig.axes)


def test_blocks_take_their_probability_to_their_pixels(photos):
    many = [np.roll(photo, 5 * k, axis=1) for k in range(4) for photo in photos]
    blocks = Blocks(words=4, grids=(1, 2), segments=(), sample=100, **SMALL)
    model = MultipleInstanceClassifier(blocks).fit(many, [3, 5] * 4)
    maps = local.block_probabilities(model, photos[0], 5)
    numbers = block_maps(photos[0], grids=(1, 2), segments=(), max_side=64)
    expected = model.instance_proba([photos[0]])[0][:, 1]
    for block, value in enumerate(expected):
        assert (maps[numbers == block] == value).all()
    pictures = {"one": (photos[0], 5), "two": (photos[1], 3)}
    fig = local.deciding_blocks(model, pictures, boxes={"two": [(2, 3, 10, 20)]})
    assert [len(axis.patches) for axis in fig.axes[:2]] == [0, 1]
    np.testing.assert_allclose(fig.axes[2].images[0].get_array(), maps.mean(axis=0))
