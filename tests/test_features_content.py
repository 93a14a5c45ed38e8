"""Content: faces and skin, on two well-known photos and made pictures."""

import cv2
import numpy as np
import pytest
from skimage.color import ycbcr2rgb
from skimage.data import astronaut, coffee
from skimage.transform import rescale

from emobook.features import content

SKIN, SKY = (224, 172, 138), (90, 150, 230)


def test_an_astronaut_has_one_face_and_a_cup_none():
    x, y, width, height = content.faces(astronaut())[0]
    assert len(content.faces(astronaut())) == 1
    assert x < 225 < x + width and y < 110 < y + height  # the nose
    assert content.faces(coffee()).shape == (0, 4)
    number, largest, skin, per_face = content.content(astronaut())
    assert number == 1 and largest == pytest.approx(width * height / 512**2)
    assert per_face * largest == pytest.approx(skin)
    assert content.content(coffee())[[0, 1, 3]].tolist() == [0, 0, 0]


def test_two_faces_are_counted_and_the_larger_is_measured():
    large = astronaut()[:256, 100:356]
    small = (255 * rescale(large, 0.5, channel_axis=2, anti_aliasing=True)).astype(np.uint8)
    pair = np.full((256, 400, 3), 128, np.uint8)
    pair[:, :256], pair[64:192, 264:392] = large, small
    found = content.faces(pair)
    assert len(found) == 2 and found[0][0] < found[1][0]
    assert found[0][2] == pytest.approx(2 * found[1][2], rel=0.3)
    assert content.content(pair)[1] == pytest.approx(found[0][2] * found[0][3] / pair[..., 0].size)


def test_faces_do_not_depend_on_the_number_of_threads():
    before = cv2.getNumThreads()
    try:
        found = []
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            found.append(content.faces(astronaut()).tolist())
    finally:
        cv2.setNumThreads(before)
    assert found[0] == found[1]


@pytest.mark.parametrize("rows", [0, 5, 20, 40])
def test_the_share_of_skin_is_that_of_the_patch(rows):
    pixels = np.full((40, 30, 3), SKY, np.uint8)
    pixels[:rows] = SKIN
    assert content.content(pixels)[2] == rows / 40


def test_skin_is_a_box_in_the_plane_of_chroma_whatever_the_luma():
    luma, cb, cr = np.meshgrid([90.0, 120, 150], np.arange(60, 146), np.arange(115, 191))
    rgb = 255 * ycbcr2rgb(np.stack([luma, cb, cr], axis=-1))
    shown = ((rgb >= 0) & (rgb <= 255)).all(axis=-1)  # colours that a screen has
    found = content.skin_mask(
        np.rint(rgb.clip(0, 255)).astype(np.uint8).reshape(luma.shape[0], -1, 3)
    )
    found = found.reshape(luma.shape)
    inside = (cb > 77) & (cb < 127) & (cr > 133) & (cr < 173)
    outside = (cb < 76) | (cb > 128) | (cr < 132) | (cr > 174)
    assert (inside & shown).sum() > 1000 and (outside & shown).sum() > 1000
    deeper = (cb > 78) & (cb < 126) & (cr > 134) & (cr < 172)  # rounding moves by less than 1
    assert found[deeper & shown].all() and not found[outside & shown].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (4, 30), (300, 2)])
def test_any_shape_gives_finite_numbers(shape):
    for colour in (SKIN, SKY, (0, 0, 0), (255, 255, 255)):
        found = content.content(np.full((*shape, 3), colour, np.uint8))
        assert found.tolist() == [0, 0, float(colour == SKIN), 0]
