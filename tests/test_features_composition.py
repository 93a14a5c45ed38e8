"""Composition: segments, depth of field, lines and the inner third, on pictures made for it."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage
from skimage.data import astronaut, coffee

from emobook.features import composition
from emobook.features.color_spaces import rgb_to_ihls

SIDE = 200


def flat(colour, height=SIDE, width=SIDE):
    return np.full((height, width, 3), colour, np.uint8)


def drawn(*strokes, side=SIDE):
    """Smooth black lines, 3 pixels wide, on white."""
    image = Image.new("L", (4 * side, 4 * side), "white")
    for stroke in strokes:
        ImageDraw.Draw(image).line([4 * x for x in stroke], fill="black", width=12)
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC).convert("RGB"))


@pytest.mark.parametrize("pieces", [1, 2, 3, 5])
def test_level_of_detail_counts_the_colours_of_a_striped_picture(pieces):
    colours = [(250, 30, 30), (30, 250, 30), (30, 30, 250), (240, 240, 240), (10, 10, 10)]
    stripes = np.vstack([flat(c, height=40) for c in colours[:pieces]])
    labels = composition.segments(stripes)
    assert composition.level_of_detail(stripes) == pieces
    assert labels.shape == stripes.shape[:2] and set(np.unique(labels)) == {*range(1, pieces + 1)}
    for i in range(pieces):  # away from the edges every stripe is one segment
        assert len(np.unique(labels[40 * i + 5 : 40 * i + 35])) == 1


def test_faint_noise_makes_no_segments_and_a_turn_changes_nothing():
    noise = np.random.default_rng(0).integers(-4, 5, (SIDE, SIDE, 3))
    two = np.hstack([flat(60, width=100), flat(190, width=100)])
    assert composition.level_of_detail((two + noise).astype(np.uint8)) == 2
    photo = coffee()[::2, ::2]
    assert composition.level_of_detail(np.rot90(photo).copy()) == pytest.approx(
        composition.level_of_detail(photo), rel=0.02
    )
    blurred = np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(3)))
    assert 1 < composition.level_of_detail(blurred) < composition.level_of_detail(photo) / 2


def depths(gradient):
    """Depth of every minimum of a grey picture: water rises from all, and lakes that meet join."""
    lowest, lake, found = {}, {}, []

    def root(place):
        while lake[place] != place:
            place = lake[place]
        return place

    for place in sorted(np.ndindex(gradient.shape), key=lambda place: gradient[place]):
        level = int(gradient[place])
        lake[place], lowest[place] = place, level
        for step in np.ndindex(3, 3):
            near = (place[0] + step[0] - 1, place[1] + step[1] - 1)
            if near in lake and (a := root(place)) != (b := root(near)):
                shallow, deep = sorted((a, b), key=lambda lake: -lowest[lake])
                found.append(level - lowest[shallow])
                lake[shallow] = deep
    return [*found, 255]  # the deepest stays


@pytest.mark.parametrize("seed", range(6))
def test_a_segment_grows_from_every_valley_of_the_stated_depth(seed):
    noise = np.random.default_rng(seed).integers(0, 256, (30, 24), dtype=np.uint8)
    pixels = (noise // 64 * 64)[..., None].repeat(3, 2)
    smooth = cv2.GaussianBlur(pixels[..., 0], (0, 0), 1, borderType=cv2.BORDER_REPLICATE)
    gradient = ndimage.morphological_gradient(smooth, (3, 3), mode="nearest")
    expected = sum(depth > 20 for depth in depths(gradient))
    assert expected > 5
    assert composition.level_of_detail(pixels) == expected


def test_a_sharp_centre_in_a_blurred_picture_raises_the_central_detail():
    photo = Image.fromarray(astronaut()).resize((440, 440))
    blurred = photo.filter(ImageFilter.GaussianBlur(8))
    sharp_centre = blurred.copy()
    sharp_centre.paste(photo.crop((110, 110, 330, 330)), (110, 110))
    sharp_rim = photo.copy()
    sharp_rim.paste(blurred.crop((110, 110, 330, 330)), (110, 110))

    def share(image):
        return composition.central_detail(np.asarray(image.convert("L"), float))

    assert share(sharp_rim) < 0.1 < share(photo) < 0.5 < share(sharp_centre) < 1


def test_central_detail_is_the_share_of_the_noise_that_lies_in_the_centre():
    rng = np.random.default_rng(2)
    everywhere = rng.normal(size=(512, 512))
    assert composition.central_detail(everywhere) == pytest.approx(0.25, abs=0.02)
    outside = everywhere.copy()
    outside[100:412, 100:412] = 0
    assert composition.central_detail(outside) < 0.005
    inside = np.zeros((512, 512))
    inside[160:352, 160:352] = everywhere[160:352, 160:352]
    assert composition.central_detail(inside) == pytest.approx(1, abs=0.005)
    for changed in (everywhere * 7 + 3, everywhere.T):  # units and a flip do not matter
        assert composition.central_detail(changed) == pytest.approx(
            composition.central_detail(everywhere), abs=0.01
        )


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9])
def test_half_of_a_row_of_cells_is_inner(n):
    inner = composition._inner_half(n)
    fine = np.arange(12000 * n) / 12000
    expected = [
        ((0.25 * n <= x) & (x < 0.75 * n)).mean() for x in np.split(fine, n)
    ]  # counted on a fine grid
    assert np.allclose(inner, expected, atol=1e-3)


def test_hue_that_wraps_shows_no_detail():
    ihls = np.zeros((64, 64, 3))
    ihls[..., 0] = np.random.default_rng(3).uniform(-1, 1, (64, 64))
    found = composition.depth_of_field(ihls)
    assert found[1:].tolist() == [0.25, 0.25]  # channels without any detail
    for turn in (360, 180, 5.5):  # reds on both sides of the wrap, and other hues
        turned = np.dstack([(ihls[..., 0] + turn) % 360, ihls[..., 1:]])
        assert composition.depth_of_field(turned) == pytest.approx(found)


def test_horizontal_and_vertical_lines_are_static_and_others_slanted():
    static = drawn((20, 50, 180, 50), (20, 120, 180, 135), (100, 10, 100, 190))
    slanted = drawn((20, 20, 180, 180), (20, 180, 150, 60))
    none, one, both = (composition.dynamics(x) for x in (flat(255), static, slanted))
    assert none.tolist() == [0] * 6
    assert one[0] >= 3 and one[1] == 0 and one[4:].tolist() == [1, 0]
    assert both[1] >= 2 and both[0] == 0 and both[4:].tolist() == [0, 1]


@pytest.mark.parametrize("angle", range(0, 180, 10))
def test_the_length_of_a_line_counts_on_both_of_its_edges(angle):
    direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    bar = drawn((*(150 - 100 * direction), *(150 + 100 * direction)), side=300)
    found = composition.dynamics(bar)
    is_static = min(angle % 90, 90 - angle % 90) <= 15
    kind, other = (0, 1) if is_static else (1, 0)
    assert 0.95 * 400 < found[2 + kind] * np.hypot(300, 300) < 1.55 * 400  # one edge perhaps twice
    assert found[2 + other] == 0 and found[4:].sum() == pytest.approx(1)


def test_lines_are_the_same_every_time_and_a_turn_by_a_right_angle_keeps_their_kind():
    photo = coffee()[:365, :548]
    assert np.array_equal(composition.lines(photo), composition.lines(photo))
    turned = composition.dynamics(np.ascontiguousarray(np.rot90(photo)))
    assert turned[4:] == pytest.approx(composition.dynamics(photo)[4:], abs=0.1)


def test_the_inner_third_is_where_it_is_counted():
    channel = np.zeros((90, 60))
    channel[30:60, 20:40] = 1
    third = composition.inner_third(channel)
    assert third.shape == (30, 20) and (third == 1).all()
    for height in range(1, 40):
        rows = composition.inner_third(np.arange(height)[:, None]).ravel()
        assert 1 <= len(rows) <= height and abs(len(rows) - height / 3) <= 1
        assert rows.mean() == pytest.approx((height - 1) / 2, abs=0.5)  # in the middle


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 3), (5, 4), (3, 5000), (5000, 3)])
def test_any_shape_gives_finite_numbers(shape):
    for pixels in (
        np.full((*shape, 3), 130, np.uint8),
        np.random.default_rng(4).integers(0, 256, (*shape, 3), dtype=np.uint8),
    ):
        found = [
            [composition.level_of_detail(pixels)],
            composition.depth_of_field(rgb_to_ihls(pixels)),
            composition.dynamics(pixels),
        ]
        assert [len(x) for x in found] == [1, 3, 6]
        assert np.isfinite(np.concatenate(found)).all()
        assert found[0][0] >= 1 and composition.segments(pixels).min() == 1
