"""Movement: the simulated gaze visits what stands out, and its path is described as it runs."""

import cv2
import numpy as np
import pytest
from scipy.stats import kurtosis

from emobook.features.movement import (
    FIXATIONS,
    MOVEMENT_NAMES,
    PATCH,
    _component,
    _whitened,
    movement,
    scan_path,
)


def photo(seed: int = 0, height: int = 200, width: int = 300) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width, 3))
    blurred = cv2.GaussianBlur(noise, (0, 0), 4)
    return cv2.normalize(blurred, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def described(*points) -> dict:
    return dict(zip(MOVEMENT_NAMES, movement(np.array(points, float)), strict=True))


def test_the_first_fixation_is_on_what_stands_out():
    rgb = np.uint8(120 + photo() * 0.05)
    cv2.circle(rgb, (230, 60), 8, (250, 240, 20), -1)
    x, y = scan_path(rgb)[0] * np.hypot(300, 200) / 2 + (150, 100)
    assert np.hypot(x - 230, y - 60) < 25


def test_the_eye_does_not_go_back_and_stays_in_the_picture():
    path = scan_path(photo())
    assert path.shape == (FIXATIONS, 2)
    small = path * np.hypot(78, 52) / 2  # 300 × 200 pixels at 4096
    apart = np.abs(small[:, None] - small).max(axis=2) + 100 * np.eye(len(path))
    assert apart.min() >= PATCH - 1e-9
    assert np.hypot(*path.T).max() < 1


def test_a_flipped_picture_has_the_flipped_path():
    rgb = photo(3)
    path = scan_path(rgb)
    np.testing.assert_allclose(scan_path(np.ascontiguousarray(rgb[:, ::-1])), path * (-1, 1))
    np.testing.assert_allclose(scan_path(np.ascontiguousarray(rgb[::-1])), path * (1, -1))


def test_directions_are_white_and_the_iteration_raises_kurtosis():
    """Reference: SciPy's kurtosis of the responses."""
    z, (rows, columns) = _whitened(cv2.resize(photo(5), (78, 52)))
    assert z.shape[0] == rows * columns == (78 - PATCH + 1) * (52 - PATCH + 1)
    np.testing.assert_allclose(z.T @ z / len(z), np.eye(z.shape[1]), atol=1e-6)
    start = int(np.argmax((z**2).sum(axis=1)))
    w = _component(z, start)
    assert np.linalg.norm(w) == pytest.approx(1)
    random = np.random.default_rng(0).normal(size=(z.shape[1], 200))
    random /= np.linalg.norm(random, axis=0)
    assert kurtosis(z @ w) > np.max(kurtosis(z @ random))
    assert kurtosis(z @ w) >= kurtosis(z @ (z[start] / np.linalg.norm(z[start])))


def test_a_straight_path_to_the_right():
    found = described((-0.6, 0), (-0.2, 0), (0.2, 0), (0.6, 0))
    assert found["direction000"] == 1 and found["length2"] == 1
    assert found["mean_length"] == pytest.approx(0.2)
    assert found["straightness"] == pytest.approx(1) and found["mean_turn"] == pytest.approx(0)
    assert found["spread"] == pytest.approx(np.std([-0.3, -0.1, 0.1, 0.3]))


def test_a_path_down_and_back():
    found = described((0, -0.5), (0, 0.5), (0, -0.5))
    assert found["direction090"] == found["direction270"] == 0.5  # y points down
    assert found["length4"] == 1 and found["straightness"] == 0 and found["mean_turn"] == 1


def test_a_square_path_turns_by_right_angles():
    found = described((0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1), (0, 0))
    for direction in ("000", "090", "180", "270"):
        assert found[f"direction{direction}"] == pytest.approx(0.25)
    assert found["mean_turn"] == pytest.approx(0.5) and found["length1"] == 1
    diagonal = described((0, 0), (0.1, 0.1))
    assert diagonal["direction045"] == 1 and diagonal["mean_turn"] == 0


def test_shares_sum_to_one():
    found = movement(scan_path(photo(8)))
    assert len(found) == 16
    assert found[:8].sum() == pytest.approx(1) and found[8:12].sum() == pytest.approx(1)


def test_one_colour_has_no_path():
    path = scan_path(np.full((256, 256, 3), 90, np.uint8))
    assert path.shape == (0, 2) and not movement(path).any()
    assert not described((0.1, 0.2))["spread"]
