"""Fuzzy sets of colours, their histograms and Itten's contrasts, against loops and closed forms."""

import itertools

import numpy as np
import pytest
from scipy import ndimage
from skimage import color as skcolor
from skimage import data

from emobook.features.color_contrast import CONTRAST_NAMES, color_regions, itten_contrasts
from emobook.features.color_fuzzy import (
    WangHistograms,
    luminance_memberships,
    saturation_memberships,
    temperature_memberships,
    wang_histograms,
)
from emobook.features.color_spaces import rgb_to_lch

RED, YELLOW, GREEN, CYAN, BLUE = (255, 0, 0), (255, 255, 0), (0, 160, 0), (0, 255, 255), (0, 0, 255)


def rgb(lightness, chroma, hue):
    """The sRGB colour nearest to L*, C*, h in degrees, which has to be in the gamut."""
    angle = np.radians(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    found = skcolor.lab2rgb(lab)
    assert ((found > 0) & (found < 1)).all()
    return np.rint(found * 255).astype(np.uint8)


def panels(*colours, widths=None):
    """Upright panels 12 pixels high, and their labels."""
    widths = widths or [6] * len(colours)
    image = np.concatenate(
        [np.full((12, w, 3), c, np.uint8) for c, w in zip(colours, widths, strict=True)], axis=1
    )
    labels = np.repeat(np.arange(1, len(widths) + 1), widths)
    return image, np.tile(labels, (12, 1))


def contrasts(*colours, widths=None):
    return dict(zip(CONTRAST_NAMES, itten_contrasts(*panels(*colours, widths=widths)), strict=True))


def lch(colour):
    return rgb_to_lch(np.array([[colour]], np.uint8))[0, 0]


def test_fuzzy_sets_share_every_value_out_and_peak_where_they_should():
    for memberships, top in ((luminance_memberships, 100), (saturation_memberships, 130)):
        sets = memberships(np.linspace(0, top, 400))
        assert (sets >= 0).all()
        np.testing.assert_allclose(sets.sum(axis=1), 1)
        assert (np.diff(sets.argmax(axis=1)) >= 0).all()
    np.testing.assert_allclose(luminance_memberships(np.arange(1, 6) * 100 / 6), np.eye(5))
    np.testing.assert_allclose(saturation_memberships([10, 27, 51]), np.eye(3))
    np.testing.assert_allclose(saturation_memberships([18.5, 39]), [[0.5, 0.5, 0], [0, 0.5, 0.5]])
    found = temperature_memberships(np.array([50, 140, 230, 320, 110]))
    expected = [[1, 0], [0, 0], [0, 1], [0, 0], [0.5, 0]]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_wang_histograms_are_those_of_a_loop():
    image = data.coffee()[::20, ::20]
    luminance, saturation = np.zeros((5, 2)), np.zeros((3, 2))
    lab = skcolor.rgb2lab(image).reshape(-1, 3)
    for lightness, a, b in lab:
        chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
        warm = 0.5 if chroma < 1 else float(hue <= 140 or hue >= 320)
        for k in range(5):
            level = 1 - abs(lightness - (k + 1) * 100 / 6) / (100 / 6)
            if (k == 0 and lightness < 100 / 6) or (k == 4 and lightness > 500 / 6):
                level = 1
            luminance[k] += max(level, 0) * np.array([warm, 1 - warm]) / len(lab)
        low = 1 if chroma < 10 else max(0, (27 - chroma) / 17)
        high = 1 if chroma > 51 else max(0, (chroma - 27) / 24)
        for k, level in enumerate((low, 1 - low - high, high)):
            saturation[k] += level * np.array([warm, 1 - warm]) / len(lab)
    mean = lab.mean(axis=0)
    grey = skcolor.rgb2gray(image)
    across, down = (ndimage.sobel(grey, axis, mode="reflect") / 4 for axis in (1, 0))
    steepest = sorted(np.hypot(across, down).ravel() / np.sqrt(2), reverse=True)
    expected = [
        *luminance.ravel(),
        *saturation.ravel(),
        np.sqrt(np.mean(np.sum((lab - mean)[:, 1:] ** 2, axis=1))),
        np.sqrt(np.mean((lab - mean)[:, 0] ** 2)),
        np.mean(steepest[: int(np.ceil(0.005 * len(lab)))]),
    ]
    found = wang_histograms(image)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose([found[:10].sum(), found[10:16].sum()], 1)


def test_wang_histograms_of_plain_pictures():
    names = WangHistograms().get_feature_names_out()

    def full(colour):
        found = wang_histograms(np.full((4, 5, 3), colour, np.uint8))
        np.testing.assert_allclose(found[16:], 0, atol=1e-12)
        return {names[i]: found[i] for i in np.flatnonzero(found[:16] > 1e-9)}

    assert full((0, 0, 0)) == {
        "very_dark_luminance_warm": 0.5,
        "very_dark_luminance_cool": 0.5,
        "low_saturation_warm": 0.5,
        "low_saturation_cool": 0.5,
    }
    assert full(BLUE)["high_saturation_cool"] == pytest.approx(1)
    assert full(RED)["high_saturation_warm"] == pytest.approx(1)
    edge = np.zeros((20, 20, 3), np.uint8)
    edge[:, 10:] = 255
    found = dict(zip(names, wang_histograms(edge), strict=True))
    assert found["luminance_contrast"] == pytest.approx(50, rel=1e-4)
    assert found["sharpness"] == pytest.approx(1 / np.sqrt(2), rel=1e-6)


def test_regions_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (9, 11, 3), dtype=np.uint8)
    labels = rng.permutation(np.arange(99) % 5).reshape(9, 11) + 1
    regions = color_regions(image, labels)
    lab = skcolor.rgb2lab(image)
    for k in range(5):
        inside = labels == k + 1
        lightness, a, b = lab[inside].mean(axis=0)
        expected = lightness, np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
        np.testing.assert_allclose(regions.lch[k], expected)
        assert regions.area[k] == pytest.approx(inside.mean())
        assert regions.mean_chroma[k] == pytest.approx(np.hypot(*lab[inside][:, 1:].T).mean())
    border = np.zeros((5, 5))
    for y, x in np.ndindex(9, 11):
        for other in ((y + 1, x), (y, x + 1)):
            if other[0] < 9 and other[1] < 11 and labels[y, x] != labels[other]:
                border[labels[y, x] - 1, labels[other] - 1] += 1
    np.testing.assert_array_equal(regions.border, border + border.T)


def test_of_very_many_regions_the_largest_count():
    image, labels = panels(*[RED, BLUE] * 2, widths=[3, 3, 2, 2])
    grown = np.concatenate([np.zeros((60, 10, 3), np.uint8), image])
    specks = 5 + np.arange(600).reshape(60, 10)
    every = np.concatenate([specks, labels])
    regions = color_regions(grown, every)
    assert len(regions.area) == 500 and regions.area.sum() == pytest.approx(1)
    assert regions.area[0] == pytest.approx(36 / (120 + 496))
    assert np.isfinite(itten_contrasts(grown, every)).all()


@pytest.mark.parametrize("grey", [0, 77, 255])
def test_one_grey_has_no_contrast(grey):
    assert not itten_contrasts(np.full((8, 8, 3), grey, np.uint8)).any()


def test_one_colour_has_no_contrast_but_is_coloured_and_warm():
    found = contrasts(RED)
    _, _, hue = lch(RED)
    assert {name for name, value in found.items() if value} == {
        "colored_area",
        "hue_count",
        "warm_area",
    }
    assert (found["colored_area"], found["hue_count"]) == (1, 1)
    assert found["warm_area"] == pytest.approx(np.cos(np.radians(hue - 50)))


def test_black_and_white_is_the_strongest_contrast_of_light_and_dark():
    found = contrasts((0, 0, 0), (255, 255, 255))
    assert (found["light_dark"], found["light_dark_max"]) == (0.5, 1)
    assert not any(value for name, value in found.items() if not name.startswith("light_dark"))
    quarter = contrasts((0, 0, 0), (255, 255, 255), widths=[3, 9])
    assert quarter["light_dark"] == pytest.approx(np.sqrt(3) / 4)  # of a coin with p = 1/4


def test_grey_beside_pure_colour_is_contrast_of_saturation_and_simultaneous():
    lightness, _, _ = lch(RED)
    grey = rgb(lightness, 0, 0)
    found = contrasts(RED, grey)
    assert (found["saturation"], found["saturation_max"]) == (0.5, 1)
    assert found["simultaneous"] == pytest.approx(1, abs=0.01)
    assert found["colored_area"] == pytest.approx(0.5)
    assert found["complements"] == found["complements_max"] == found["hue_spread"] == 0
    against_black = contrasts(RED, (0, 0, 0))
    assert against_black["simultaneous"] == pytest.approx(1 - lightness / 100)
    apart = contrasts(RED, grey, (0, 0, 0), RED)  # borders red-grey, grey-black, black-red
    expected = (found["simultaneous"] + 0 + against_black["simultaneous"]) / 3
    assert apart["simultaneous"] == pytest.approx(expected)
    assert apart["simultaneous_max"] == found["simultaneous_max"]


def test_complements_are_opposite_hues():
    near, far = rgb(60, 32, 20), rgb(60, 32, 200)
    found = contrasts(near, far)
    assert found["complements"] == pytest.approx(1, abs=0.01)
    strength = saturation_memberships(np.array([lch(near)[1], lch(far)[1]]))[:, 0]
    assert found["complements_max"] == pytest.approx(
        found["complements"] * np.prod(1 - strength), rel=1e-6
    )
    assert found["hue_spread"] == pytest.approx(1, abs=0.02)
    assert found["hue_count"] == 2
    assert found["harmony"] == found["harmony_max"] == 0  # 0° and 180° of the wheel
    assert contrasts(rgb(60, 40, 20), rgb(60, 40, 65))["complements"] == pytest.approx(
        45 / 180, abs=0.01
    )


def test_warm_beside_cold():
    warm, cold = rgb(60, 55, 50), rgb(60, 30, 230)
    found = contrasts(warm, cold, widths=[9, 3])
    colored = 1 - saturation_memberships(np.array([lch(warm)[1], lch(cold)[1]]))[:, 0]
    assert found["warm_area"] == pytest.approx(0.75 * colored[0], abs=0.01)
    assert found["cold_area"] == pytest.approx(0.25 * colored[1], abs=0.01)
    full = contrasts(RED, CYAN)
    assert full["warm_cold"] == full["warm_cold_max"] > 0.9
    assert contrasts(RED, RED)["warm_cold"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("hues", "mean", "largest"),
    [
        ((15, 135, 255), 0, 0),
        ((15, 105, 195, 285), 0, 0),
        ((15, 45), 150 / 180, 150 / 180),
        ((15, 105, 195), (30 + 30 + 60) / 3 / 180, 60 / 180),
    ],
)
def test_harmony_is_a_regular_polygon_of_hues(hues, mean, largest):
    found = contrasts(*(rgb(60, 35, hue) for hue in hues))
    assert found["hue_count"] == len(hues)
    assert (found["harmony"], found["harmony_max"]) == (
        pytest.approx(mean, abs=1e-9),
        pytest.approx(largest, abs=1e-9),
    )


def test_extension_is_least_where_areas_balance():
    colours = rgb(75, 60, 100), rgb(45, 60, 315)  # yellow and violet, 3 : 9
    assert contrasts(*colours, widths=[3, 9])["extension"] == pytest.approx(0, abs=1e-9)
    assert contrasts(*colours, widths=[6, 6])["extension"] == pytest.approx(0.25, abs=1e-9)
    assert contrasts(*colours, widths=[9, 3])["extension"] == pytest.approx(0.5, abs=1e-9)


def test_a_hue_of_less_than_a_twentieth_does_not_count():
    colours = rgb(60, 60, 20), rgb(60, 60, 140)
    assert contrasts(*colours, widths=[96, 4])["hue_count"] == 1
    assert contrasts(*colours, widths=[94, 6])["hue_count"] == 2


def test_hues_that_cancel_within_a_region():
    image, labels = panels(rgb(60, 40, 20), rgb(60, 40, 110))
    found = dict(zip(CONTRAST_NAMES, itten_contrasts(image, np.ones_like(labels)), strict=True))
    assert found["hue_within"] == pytest.approx(1 - 1 / np.sqrt(2), abs=0.01)
    assert found["hue_within"] == pytest.approx(found["hue_within_max"])


def test_means_over_pairs_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    widths = [4, 7, 2, 5, 9]
    colours = rng.integers(0, 256, (5, 3), dtype=np.uint8)
    found = contrasts(*colours, widths=widths)
    area = np.array(widths) / sum(widths)
    cones = np.array([lch(colour) for colour in colours])
    colored = 1 - saturation_memberships(cones[:, 1])[:, 0]
    sets = []
    for (_, _, hue), degree in zip(cones, colored, strict=True):
        warm, cold = (degree * max(0, np.cos(np.radians(hue - t))) for t in (50, 230))
        sets.append([warm, cold, 1 - warm - cold])
    opposite, weights, warmth, areas = [], [], [], []
    for i, j in itertools.combinations(range(5), 2):
        gap = abs(cones[i, 2] - cones[j, 2])
        opposite.append(min(gap, 360 - gap) / 180)
        weights.append(area[i] * colored[i] * area[j] * colored[j])
        one, other = sets[i], sets[j]
        warmth.append(1 - np.dot(one, other) / np.sqrt(np.dot(one, one) * np.dot(other, other)))
        areas.append(area[i] * area[j])
    assert found["complements"] == pytest.approx(np.average(opposite, weights=weights))
    assert found["warm_cold"] == pytest.approx(np.average(warmth, weights=areas))
    assert found["warm_cold_max"] == pytest.approx(max(warmth))
    hues = np.exp(1j * np.radians(cones[:, 2]))
    share = area * colored / (area @ colored)
    assert found["hue_spread"] == pytest.approx(1 - abs(share @ hues))


def test_contrasts_do_not_mind_a_mirror_and_stay_in_range():
    image = data.chelsea()[::3, :450:3]
    labels = np.arange(1, 26).reshape(5, 5).repeat(20, axis=0).repeat(30, axis=1)
    found = itten_contrasts(image, labels)
    np.testing.assert_allclose(itten_contrasts(image[:, ::-1], labels[:, ::-1]), found)
    own = dict(zip(CONTRAST_NAMES, itten_contrasts(image), strict=True))
    assert 0 <= own.pop("hue_count") <= 12
    assert all(0 <= value <= 1 for value in own.values())
