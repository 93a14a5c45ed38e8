"""Balance: symmetries put into pictures are found, at their place, and others are not."""

import cv2
import numpy as np
import pytest

from emobook.features import symmetry
from emobook.features.symmetry import (
    BILATERAL_NAMES,
    RADIAL_NAMES,
    RADII,
    ROTATIONAL_NAMES,
    bilateral,
    keypoints,
    mirrored,
    radial,
    radial_symmetry,
    rotational,
)


def blobs(seed: int, height: int = 256, width: int = 256) -> np.ndarray:
    """A picture with features everywhere and no symmetry."""
    noise = np.random.default_rng(seed).random((height, width))
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def named(names, values) -> dict:
    assert len(names) == len(values)
    return dict(zip(names, values, strict=True))


def mirror_of(grey: np.ndarray) -> dict:
    return named(BILATERAL_NAMES, bilateral(keypoints(grey)))


def turn_of(grey: np.ndarray) -> dict:
    return named(ROTATIONAL_NAMES, rotational(keypoints(grey)))


def test_the_mirrored_descriptor_is_that_of_the_mirrored_picture():
    """Reference: OpenCV's own descriptor of the same point in the flipped picture."""
    grey = blobs(0)
    sift = cv2.SIFT_create(enable_precise_upscale=True)
    points, found = sift.detectAndCompute(grey, None)
    flipped = [
        cv2.KeyPoint(grey.shape[1] - 1 - p.pt[0], p.pt[1], p.size, (180 - p.angle) % 360,
                     p.response, p.octave, p.class_id)
        for p in points
    ]  # fmt: skip
    _, expected = sift.compute(np.ascontiguousarray(grey[:, ::-1]), flipped)
    length = np.linalg.norm(expected, axis=1)
    like = (mirrored(found) * expected).sum(axis=1) / length**2
    unlike = (found * expected).sum(axis=1) / length**2
    assert np.median(like) > 0.99 and np.mean(like > 0.95) > 0.95
    assert np.median(unlike) < 0.8


@pytest.mark.parametrize("seed", range(3))
def test_a_mirrored_picture_has_an_axis_where_the_mirror_stands(seed):
    grey = blobs(seed)
    left = grey[:, :128]
    upright = mirror_of(np.hstack([left, left[:, ::-1]]))
    assert upright["axis1_strength"] > 0.8 and upright["share"] > 0.8
    assert upright["axis1_distance"] < 0.01
    assert upright["axis1_cos2angle"] == pytest.approx(-1, abs=0.01)
    level = mirror_of(np.vstack([grey[:100], grey[:100][::-1], blobs(seed + 50)[:56]]))
    assert level["axis1_cos2angle"] == pytest.approx(1, abs=0.01)
    # The mirror stands at row 100 of 256, 28 pixels above the middle.
    assert level["axis1_distance"] == pytest.approx(28 / (np.hypot(256, 256) / 2), abs=0.01)
    assert mirror_of(grey)["axis1_strength"] < 0.1


def test_two_mirrors_are_two_axes_and_a_half_turn():
    quarter = blobs(7)[:128, :128]
    half = np.hstack([quarter, quarter[:, ::-1]])
    grey = np.vstack([half, half[::-1]])
    found = mirror_of(grey)
    assert found["axis1_strength"] > 0.7 and found["axis2_strength"] > 0.7
    assert found["axis1_cos2angle"] * found["axis2_cos2angle"] == pytest.approx(-1, abs=0.02)
    assert turn_of(grey)["centre1_order"] == 2


def test_an_oblique_axis_leans_the_other_way_in_the_flipped_picture():
    grey = blobs(3)
    turned = cv2.warpAffine(
        np.hstack([grey[:, :128], grey[:, :128][:, ::-1]]),
        cv2.getRotationMatrix2D((127.5, 127.5), 30, 1),
        (256, 256),
    )
    found, flipped = mirror_of(turned), mirror_of(np.ascontiguousarray(turned[:, ::-1]))
    # getRotationMatrix2D turns counter-clockwise: the upright axis (90°) is at 60° from x towards
    # y, which points down.
    assert found["axis1_cos2angle"] == pytest.approx(np.cos(np.radians(120)), abs=0.02)
    assert found["axis1_sin2angle"] == pytest.approx(np.sin(np.radians(120)), abs=0.02)
    assert flipped["axis1_sin2angle"] == pytest.approx(-found["axis1_sin2angle"], abs=0.02)
    assert flipped["axis1_cos2angle"] == pytest.approx(found["axis1_cos2angle"], abs=0.02)
    assert flipped["axis1_strength"] == pytest.approx(found["axis1_strength"], abs=0.1)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_a_turned_pattern_has_its_centre_and_order(order):
    size = 257
    grey = blobs(11, size, size).astype(float)
    middle = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - middle
    total = np.zeros((size, size))
    for k in range(order):
        matrix = cv2.getRotationMatrix2D((middle, middle), 360 * k / order, 1)
        total += cv2.warpAffine(grey, matrix, (size, size), flags=cv2.INTER_CUBIC)
    inside = np.hypot(x, y) < middle
    pattern = cv2.normalize(np.where(inside, total, total[inside].mean()), None, 0, 255,
                            cv2.NORM_MINMAX).astype(np.uint8)  # fmt: skip
    found = turn_of(pattern)
    assert found["centre1_strength"] > 0.5
    assert found["centre1_order"] == order
    assert abs(found["centre1_x"]) < 0.02 and abs(found["centre1_y"]) < 0.02
    assert turn_of(blobs(11, size, size))["centre1_strength"] < 0.1


def slow_radial_symmetry(grey, radius, strictness=2):
    """Loy & Zelinsky's equations, pixel by pixel."""
    height, width = grey.shape
    padded = np.pad(grey.astype(float) / 255, 1, mode="reflect")
    orientation, magnitude = np.zeros(grey.shape), np.zeros(grey.shape)
    for y in range(height):
        for x in range(width):
            around = padded[y : y + 3, x : x + 3]
            g = np.array([(around[:, 2] - around[:, 0]) @ [1, 2, 1],
                          (around[2] - around[0]) @ [1, 2, 1]]) / 8  # fmt: skip
            norm = np.linalg.norm(g)
            if norm < 0.02:
                continue
            for sign in (1, -1):
                px, py = (x, y) + sign * np.round(g / norm * radius).astype(int)
                if 0 <= px < width and 0 <= py < height:
                    orientation[py, px] += sign
                    magnitude[py, px] += sign * norm
    k = 9.9 if radius > 1 else 8
    clipped = np.minimum(np.abs(orientation), k)
    return radius * cv2.GaussianBlur(
        magnitude / k * (clipped / k) ** strictness, (0, 0), radius / 4
    )


def test_the_radial_transform_is_that_of_the_slow_loop():
    grey = cv2.circle(blobs(5, 40, 50), (20, 15), 8, 255, 2)
    for radius in (1, 4, 8):
        expected = slow_radial_symmetry(grey, radius)
        np.testing.assert_allclose(radial_symmetry(grey, radius), expected, atol=1e-9)


def test_a_disc_is_symmetric_about_its_centre_at_its_radius():
    grey = cv2.circle(np.zeros((200, 300), np.uint8), (220, 60), 16, 255, -1)
    found = {radius: radial_symmetry(grey, radius) for radius in RADII}
    assert max(found, key=lambda radius: found[radius].max()) == 16
    peak = np.unravel_index(np.argmax(found[16]), grey.shape)
    assert np.hypot(peak[0] - 60, peak[1] - 220) < 2
    np.testing.assert_allclose(radial_symmetry(255 - grey, 16), -found[16], atol=1e-9)


def test_rings_count_in_their_cell_and_move_with_a_flip():
    y, x = np.mgrid[:240, :240]
    rings = np.uint8(127.5 + 127.5 * np.cos(np.hypot(y - 40, x - 200) * 2 * np.pi / 16))
    window = np.exp(-(((y - 40) ** 2 + (x - 200) ** 2) / (2 * 30**2)))
    rings = np.uint8(128 + (rings - 128.0) * window)
    found = radial(rings)
    cells = found.reshape(len(RADII), 3, 3)
    for size in cells:
        assert np.unravel_index(np.argmax(size), (3, 3)) == (0, 2)
    stripes = np.uint8(127.5 + 127.5 * np.cos(x * 2 * np.pi / 16))
    assert radial(stripes).max() < found.max() / 5
    flipped = radial(np.ascontiguousarray(rings[:, ::-1])).reshape(cells.shape)
    np.testing.assert_allclose(flipped[:, :, ::-1], cells, rtol=0.05, atol=0.01)
    assert RADIAL_NAMES[2] == "radius4_cell02"


def test_nothing_to_see_is_zeros():
    for grey in (np.full((64, 64), 200, np.uint8), np.zeros((16, 4096), np.uint8)):
        points = keypoints(grey)
        assert not bilateral(points).any() and len(bilateral(points)) == 12
        assert not rotational(points).any() and len(rotational(points)) == 12
        assert not radial(grey).any() and len(radial(grey)) == 36


def test_one_feature_alone_has_no_partner():
    grey = np.zeros((64, 64), np.uint8)
    cv2.circle(grey, (20, 30), 3, 255, -1)
    points = keypoints(grey)
    assert 0 < len(points.size) <= symmetry.KEYPOINTS
    assert np.isfinite(bilateral(points)).all() and np.isfinite(rotational(points)).all()
