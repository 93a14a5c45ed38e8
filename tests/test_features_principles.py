"""The principles of art: 165 numbers that follow what was put into a picture."""

import cv2
import numpy as np
import pytest
from PIL import Image

from emobook.datasets.tables import COLOUR_NAMES
from emobook.features.color_names import (
    color_name_shares,
    name_table,
    table_folder,
    table_identity,
)
from emobook.features.principles import (
    LEAST_SIDE,
    PIXELS,
    PRINCIPLE_NAMES,
    ArtPrinciples,
    agreement,
    color_variety,
    edge_variety,
    gradation,
    harmony,
    principles,
    resized,
)

TABLE = name_table(None)
DIMENSIONS = {
    "balance": 60,
    "emphasis": 18,
    "harmony": 2,
    "variety": 60,
    "gradation": 9,
    "movement": 16,
}
SIDE = 256


def noise(seed: int = 0, sigma: float = 0, shape=(SIDE, SIDE, 3)) -> np.ndarray:
    values = np.random.default_rng(seed).random(shape)
    if sigma:
        values = cv2.GaussianBlur(values, (0, 0), sigma)
    return cv2.normalize(values, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.fixture
def describe(clean_cache, monkeypatch):
    """Features of pictures as dictionaries by name, with the prototypes' names of colours."""
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)

    def of(*pictures):
        features = ArtPrinciples(cache=False, progress=False)
        names = features.get_feature_names_out()
        rows = features.transform(list(pictures))
        return [dict(zip(names, row, strict=True)) for row in rows]

    return of


def test_dimensions_are_those_of_the_paper():
    assert {name: len(names) for name, names in PRINCIPLE_NAMES.items()} == DIMENSIONS
    found = principles(noise(sigma=2), TABLE)
    assert {name: len(values) for name, values in found.items()} == DIMENSIONS
    names = list(ArtPrinciples().get_feature_names_out())
    assert len(names) == len(set(names)) == 165 == ArtPrinciples().n_features_out_
    parts = [name.split("_")[:2] for name in names]
    for kind, count in (("bilateral", 12), ("rotational", 12), ("radial", 36)):
        assert parts.count(["balance", kind]) == count
    assert parts.count(["emphasis", "contrast"]) == 15
    assert parts.count(["emphasis", "attention"]) == 3
    edges = sum(name.startswith("variety_edge_") for name in names)
    assert edges == 48 and sum(name.startswith("variety_color") for name in names) == 12


def test_each_principle_answers_what_it_is_about(describe):
    plain = noise(3, sigma=3)
    mirror = np.hstack([plain[:, :128], plain[:, :128][:, ::-1]])
    turned = np.vstack([plain[:128], plain[:128][::-1, ::-1]])
    rings = np.uint8(128 + 100 * np.cos(np.hypot(*(np.indices((SIDE, SIDE)) - 127.5)) / 3))
    plain, mirror, turned, rings = describe(plain, mirror, turned, rings)
    strength = "balance_bilateral_axis1_strength"
    assert mirror[strength] > 0.7 > 0.1 > plain[strength]
    strength = "balance_rotational_centre1_strength"
    assert turned[strength] > 0.7 > 0.1 > plain[strength]
    assert turned["balance_rotational_centre1_order"] == 2
    middle = "balance_radial_radius16_cell11"
    assert rings[middle] > 3 * max(plain[middle], rings["balance_radial_radius16_cell00"])


def test_a_flip_leaves_what_it_should_and_mirrors_the_rest(describe):
    rgb = noise(9, sigma=4)
    found, flipped = describe(rgb, np.ascontiguousarray(rgb[:, ::-1]))
    for name, value in found.items():
        if name.startswith(("variety_color", "emphasis_", "harmony_", "gradation_")):
            assert flipped[name] == pytest.approx(value, rel=0.02, abs=0.01), name
    for here, there in (("000", "180"), ("045", "135"), ("090", "090"), ("315", "225")):
        for k in range(1, 7):
            one = found[f"variety_edge_direction{here}_steepness{k}"]
            other = flipped[f"variety_edge_direction{there}_steepness{k}"]
            assert one == pytest.approx(other, abs=1e-6)
        name = "movement_direction"
        assert found[name + here] == pytest.approx(flipped[name + there], abs=1e-5)
    for name in ("mean_length", "straightness", "mean_turn", "spread"):
        assert found[f"movement_{name}"] == pytest.approx(flipped[f"movement_{name}"], abs=1e-5)


def test_agreement_of_directions():
    one_way = np.full((64, 64), 0.5 * np.exp(0.7j))
    assert agreement(one_way) == pytest.approx(1)
    every_way = np.exp(2j * np.pi * np.random.default_rng(0).random((64, 64)))
    assert agreement(every_way) < 0.2
    halves = np.where(np.arange(64) < 32, 1, -1) * np.ones((64, 1), complex)
    assert 0.9 < agreement(halves) < 1  # neighbours disagree only along the border
    assert agreement(np.zeros((64, 64), complex)) == 1


def test_agreement_against_a_slow_mean_over_windows():
    rng = np.random.default_rng(4)
    directions = rng.random((24, 30)) * np.exp(2j * np.pi * rng.random((24, 30)))
    weights = np.exp(-(np.arange(-12, 13) ** 2) / (2 * 3**2))
    weights = np.outer(weights, weights) / weights.sum() ** 2
    padded = np.pad(directions, 12, mode="reflect")
    among = around = 0
    for y in range(24):
        for x in range(30):
            window = padded[y : y + 25, x : x + 25]
            among += abs((weights * window).sum()) / 720
            around += (weights * abs(window)).sum() / 720
    assert agreement(directions) == pytest.approx((among + 1e-3) / (around + 1e-3), abs=1e-5)


def test_hues_and_edges_that_agree_are_in_harmony():
    calm = np.zeros((96, 96, 3), np.uint8)
    calm[...] = 200, 60, 40
    calm[:, ::8] = 220, 70, 45  # stripes of the same hue
    wild = noise(2, shape=(96, 96, 3))
    hue, orientation = harmony(calm)
    assert hue > 0.95 > 0.5 > harmony(wild)[0]
    assert orientation > 0.95 > 0.5 > harmony(wild)[1]
    grey = np.repeat(noise(2, shape=(96, 96))[..., None], 3, axis=2)
    assert harmony(grey)[0] == 1


def test_many_colours_are_more_variety_than_one():
    colours = [(0, 0, 0), (255, 255, 255), (200, 20, 30), (20, 70, 200), (40, 150, 50)]
    many = np.repeat(np.uint8(colours), 20, axis=0)[None].repeat(80, 0)
    one = np.full((80, 100, 3), colours[2], np.uint8)
    surest = np.eye(11)[TABLE.argmax(axis=1)]  # every colour has one name
    assert color_variety(many, surest)[0] == 5 and color_variety(one, surest)[0] == 1
    assert color_variety(many, TABLE)[0] > color_variety(one, TABLE)[0]
    found = color_variety(many, TABLE)
    np.testing.assert_array_equal(found[1:], color_name_shares(many, TABLE))
    assert found[1:].sum() == pytest.approx(1)


@pytest.mark.parametrize("sector", range(8))
def test_a_ramp_is_in_the_cell_of_its_direction_and_steepness(sector):
    angle = np.radians(45 * sector)
    y, x = np.indices((60, 60)) - 29.5
    ramp = np.uint8(np.rint(127 + 3 * (x * np.cos(angle) + y * np.sin(angle))))
    found = edge_variety(ramp).reshape(8, 6)
    # 3 of 255 per pixel is between 0.01 and 0.02; at the border Sobel sees a reflection.
    assert found[sector, 0] > 0.75
    assert found.sum() <= 1
    assert not edge_variety(np.full((60, 60), 9, np.uint8)).any()
    assert (edge_variety(noise()[..., 0]).reshape(8, 6).sum(axis=1) > 0.1).all()


def test_a_gradient_varies_smoothly_and_noise_does_not():
    ramp = np.uint8(np.linspace(0, 255, 128))[None].repeat(128, 0)
    rough = noise(6, shape=(128, 128))
    total, inherent, relative = gradation(ramp).reshape(3, 3).T
    # The values rise by 1/127 per pixel along x and nowhere along y; the last column, which has
    # no successor, lowers the mean by a hundredth.
    assert total[0] == pytest.approx(1 / 127, rel=0.03) == inherent[0]
    assert total[1] == inherent[1] == relative[1] == 0
    assert total[2] == pytest.approx(total[0]) and relative[2] == pytest.approx(relative[0])
    noisy = gradation(rough).reshape(3, 3)
    assert (noisy[:, 2] > 5 * relative[0]).all() and (noisy[:, 0] > 5 * noisy[:, 1]).all()
    across = gradation(np.ascontiguousarray(ramp.T)).reshape(3, 3)
    np.testing.assert_allclose(across[1], [total[0], inherent[0], relative[0]])
    assert not gradation(np.full((40, 40), 100, np.uint8)).any()


def test_gradation_against_a_slow_loop():
    grey = noise(7, shape=(20, 24))
    values = grey / 255
    weights = np.exp(-(np.arange(-12, 13) ** 2) / (2 * 3**2))
    weights = np.outer(weights, weights) / weights.sum() ** 2
    change = np.zeros((20, 24))
    change[:, :-1] = values[:, 1:] - values[:, :-1]
    padded = np.pad(change, 12, mode="reflect")
    rows = []
    for y in range(20):
        for x in range(24):
            window = padded[y : y + 25, x : x + 25]
            d, i = (weights * abs(window)).sum(), abs((weights * window).sum())
            rows.append((d, i, d / (i + 1e-3)))
    np.testing.assert_allclose(gradation(grey)[:3], np.mean(rows, axis=0), rtol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (30, 20), (100_000, 1), (3, 5000), (17, 17)])
def test_every_picture_is_brought_to_one_size(size):
    height, width = resized(Image.new("RGB", size, (10, 200, 30))).shape[:2]
    assert min(height, width) >= LEAST_SIDE
    assert height * width == pytest.approx(PIXELS, rel=0.02) or min(height, width) == LEAST_SIDE
    if min(size) * 30 > max(size):
        assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_smaller_copy_has_nearly_the_same_features(describe):
    rgb = noise(12, sigma=6, shape=(512, 640, 3))
    small = cv2.resize(rgb, (320, 256), interpolation=cv2.INTER_AREA)
    found, copy = describe(rgb, small)
    for name, value in found.items():
        if name.startswith(("harmony_", "variety_", "gradation_")):  # the others seek maxima
            assert copy[name] == pytest.approx(value, rel=0.1, abs=0.02), name


def test_odd_pictures_have_finite_features(describe):
    pictures = [
        np.zeros((1, 1, 3), np.uint8),
        np.full((50, 40, 3), 255, np.uint8),
        noise(1, shape=(60, 60)),
        noise(1, shape=(30, 40, 4)),
        noise(1, shape=(2, 900, 3)),
        np.uint8(np.indices((90, 90)).sum(axis=0) % 2 * 255),
        np.uint8(np.arange(256))[None].repeat(64, 0),
    ]
    rows = np.array([list(found.values()) for found in describe(*pictures)])
    assert rows.shape == (len(pictures), 165) and np.isfinite(rows).all()
    assert np.abs(rows).max() < 2000
    again = np.array([list(found.values()) for found in describe(*pictures)])
    np.testing.assert_array_equal(again, rows)


def test_values_do_not_depend_on_the_number_of_threads(describe):
    rgb = noise(5, sigma=2)
    before = cv2.getNumThreads()
    rows = []
    try:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            rows.append(list(describe(rgb)[0].values()))
            assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)
    assert rows[0] == rows[1]


def test_names_of_colours_come_from_the_learned_table_where_it_is(real_data, clean_cache):
    rgb = noise(2, sigma=5)
    features = ArtPrinciples(progress=False)
    row = dict(zip(features.get_feature_names_out(), features.transform([rgb])[0], strict=True))
    shares = color_name_shares(resized(Image.fromarray(rgb)), name_table(table_folder()))
    assert row["variety_color_green"] == pytest.approx(shares[COLOUR_NAMES.index("green")])
    assert features._identity() != table_identity(None)
