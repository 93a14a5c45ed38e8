"""Colour of a whole picture, against loops, scikit-image, SciPy and closed forms."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from scipy.optimize import linprog
from scipy.stats import circmean, circvar
from skimage import color as skcolor
from skimage import data

from emobook.datasets import DatasetError
from emobook.datasets.tables import COLOUR_NAMES
from emobook.features import (
    PAD,
    Colorfulness,
    ColorHistogram,
    ColorMeans,
    ColorNames,
    HSVPeaks,
    HueStatistics,
    IttenContrasts,
    WangHistograms,
)
from emobook.features.color import (
    color_histogram,
    color_means,
    colorfulness,
    earth_movers_distance,
    hsv_peaks,
    hue_statistics,
    mean_saturation_brightness,
    pleasure_arousal_dominance,
)
from emobook.features.color_names import PROTOTYPES, color_name_shares, name_table
from emobook.features.color_spaces import pixels, rgb_to_hsv, rgb_to_ihls, rgb_to_lch

FEATURES = (
    (ColorHistogram(), 64),
    (ColorHistogram(bins=4, grid=4), 1024),
    (ColorMeans(), 6),
    (HSVPeaks(), 6),
    (PAD(), 3),
    (HueStatistics(), 4),
    (Colorfulness(), 1),
    (ColorNames(), 11),
    (IttenContrasts(), 20),
    (WangHistograms(), 19),
)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8)


def two_colours(first, second, share=0.5):
    """20 × 10 pixels, the upper rows in the first colour."""
    image = np.empty((20, 10, 3), np.uint8)
    image[: round(20 * share)], image[round(20 * share) :] = first, second
    return image


@pytest.mark.parametrize(("feature", "size"), FEATURES, ids=lambda v: getattr(v, "bins", None))
def test_any_picture_gives_finite_numbers(feature, size, noise):
    grey = np.random.default_rng(1).integers(0, 256, (9, 8), dtype=np.uint8)
    rgba = np.dstack([noise, noise[..., 0]])
    pictures = [
        *(Image.new("RGB", (1, 1), c) for c in (RED, (0, 0, 0), (255, 255, 255), (9, 9, 9))),
        *(Image.new("RGB", side, (40, 160, 90)) for side in ((1, 30), (30, 1), (3, 3), (64, 48))),
        *(Image.fromarray(a) for a in (grey, rgba, noise)),
    ]
    feature.set_params(cache=False, progress=False)
    rows = feature.transform(pictures)
    assert rows.shape == (len(pictures), size) and np.isfinite(rows).all()
    assert len(set(feature.get_feature_names_out())) == size
    assert (feature.transform(pictures) == rows).all()


def test_histogram_counts_as_a_loop_does(noise):
    expected = np.zeros((4, 4, 4))
    for red, green, blue in noise.reshape(-1, 3):
        expected[red // 64, green // 64, blue // 64] += 1 / (13 * 17)
    np.testing.assert_allclose(color_histogram(noise), expected.ravel())
    thirds = np.zeros((3, 3, 3))
    for pixel in noise.reshape(-1, 3):
        thirds[tuple(int(value * 3 / 256) for value in pixel.tolist())] += 1 / (13 * 17)
    np.testing.assert_allclose(color_histogram(noise, bins=3), thirds.ravel())


def test_histogram_counts_red_slowest_and_blue_fastest():
    assert color_histogram(np.full((1, 1, 3), RED, np.uint8)).argmax() == 48
    assert color_histogram(np.full((1, 1, 3), BLUE, np.uint8)).argmax() == 3
    names = ColorHistogram().get_feature_names_out()
    assert (names[48], names[3]) == ("red3_green0_blue0", "red0_green0_blue3")


def test_local_histogram_is_the_histogram_of_every_block():
    image = np.random.default_rng(2).integers(0, 256, (24, 36, 3), dtype=np.uint8)
    found = color_histogram(image, grid=4).reshape(16, 64)
    blocks = [block for row in np.split(image, 4, axis=0) for block in np.split(row, 4, axis=1)]
    for row, block in zip(found, blocks, strict=True):
        np.testing.assert_allclose(row, color_histogram(block))
    np.testing.assert_allclose(found.mean(axis=0), color_histogram(image))


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 50), (5, 7)])
def test_every_block_of_a_small_picture_sums_to_one(shape):
    image = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    np.testing.assert_allclose(color_histogram(image, grid=4).reshape(16, 64).sum(axis=1), 1)


def test_what_counts_colours_does_not_mind_their_places(noise):
    shuffled = np.random.default_rng(4).permutation(noise.reshape(-1, 3)).reshape(noise.shape)
    table = name_table(None)
    for feature in (
        color_histogram,
        color_means,
        hsv_peaks,
        mean_saturation_brightness,
        hue_statistics,
        colorfulness,
        lambda image: color_name_shares(image, table),
    ):
        np.testing.assert_allclose(feature(shuffled), feature(noise), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("feature", "problem"),
    [
        (ColorHistogram(bins=0), "bins must be a whole number from 1 to 32, not 0"),
        (ColorHistogram(bins=4.0), "bins must be"),
        (ColorHistogram(grid=True), "grid must be a whole number from 1 to 64, not True"),
        (HSVPeaks(bins=1), "bins must be a whole number from 2 to 256"),
        (PAD(signs="kim"), "signs must be one of valdez, as-printed, not 'kim'"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(feature, problem):
    with pytest.raises(ValueError, match=problem):
        feature.fit()


def test_a_large_picture_is_reduced_by_areas_and_a_small_one_is_left_alone(noise):
    assert (pixels(Image.fromarray(noise)) == noise).all()
    assert pixels(Image.new("RGB", (2000, 1000)), 500_000).shape == (500, 1000, 3)
    assert pixels(Image.new("RGB", (4_000_000, 1), RED)).shape[0] == 1
    stripes = np.tile(np.array([[0], [200]], np.uint8), (4, 8))[..., None].repeat(3, axis=2)
    assert (pixels(Image.fromarray(stripes), 16) == 100).all()
    doubled = noise.repeat(4, axis=0).repeat(4, axis=1)
    assert (pixels(Image.fromarray(doubled), noise[..., 0].size) == noise).all()


def test_hsv_is_that_of_scikit_image(noise):
    expected = skcolor.rgb2hsv(noise) * (360, 1, 1)
    np.testing.assert_allclose(rgb_to_hsv(noise), expected, atol=1e-2)


def test_ihls_is_the_published_formula(noise):
    found = rgb_to_ihls(noise)
    for (red, green, blue), (hue, luminance, saturation) in zip(
        noise.reshape(-1, 3) / 255, found.reshape(-1, 3), strict=True
    ):
        chroma = red**2 + green**2 + blue**2 - red * green - red * blue - green * blue
        angle = np.degrees(np.arccos((red - green / 2 - blue / 2) / np.sqrt(chroma)))
        assert abs(hue - (360 - angle if blue > green else angle)) < 0.02
        assert luminance == pytest.approx(0.2126 * red + 0.7152 * green + 0.0722 * blue, abs=1e-6)
        assert saturation == pytest.approx(max(red, green, blue) - min(red, green, blue), abs=1e-6)
    corners = np.array([[RED, (255, 255, 0), GREEN, (0, 255, 255), BLUE, (255, 0, 255)]], np.uint8)
    np.testing.assert_allclose(rgb_to_ihls(corners)[0, :, 0], np.arange(0, 360, 60), atol=1e-4)
    greys = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    assert (rgb_to_ihls(greys)[..., [0, 2]] == 0).all()


def test_lch_is_that_of_scikit_image(noise):
    expected = skcolor.lab2lch(skcolor.rgb2lab(noise))
    expected[..., 2] = np.degrees(expected[..., 2])
    np.testing.assert_allclose(rgb_to_lch(noise), expected)


def test_means_are_those_of_a_loop_and_hue_goes_round_the_circle(noise):
    hsv = skcolor.rgb2hsv(noise)
    expected = [*noise.mean(axis=(0, 1)) / 255, circmean(hsv[..., 0], high=1) * 360]
    np.testing.assert_allclose(
        color_means(noise), [*expected, *hsv[..., 1:].mean(axis=(0, 1))], rtol=1e-4
    )
    reds = two_colours((255, 0, 40), (255, 40, 0))
    assert min(color_means(reds)[3], 360 - color_means(reds)[3]) < 1e-3
    with_grey = two_colours((0, 100, 0), (77, 77, 77))
    np.testing.assert_allclose(color_means(with_grey)[3:5], [120, 0.5], atol=1e-4)
    assert color_means(np.full((3, 3, 3), 128, np.uint8)).tolist() == [128 / 255] * 3 + [
        0,
        0,
        pytest.approx(128 / 255),
    ]


@pytest.mark.parametrize("bins", [7, 16])
def test_peaks_are_those_of_a_loop(bins):
    image = data.astronaut()[:120, :90]
    hsv = skcolor.rgb2hsv(image).reshape(-1, 3)
    expected = []
    for channel in range(3):
        counts = [0] * bins
        for value, saturation in hsv[:, [channel, 1]]:
            if channel or saturation > 0:
                counts[min(int(value * bins + 1e-4), bins - 1)] += 1
        expected += [counts.index(max(counts)), max(counts) / len(hsv)]
    np.testing.assert_allclose(hsv_peaks(image, bins), expected)


def test_peaks_of_one_colour_and_of_grey():
    assert hsv_peaks(np.full((4, 4, 3), (0, 255, 255), np.uint8), 16).tolist() == [
        8,
        1,
        15,
        1,
        15,
        1,
    ]
    assert hsv_peaks(np.full((4, 4, 3), 255, np.uint8), 16).tolist() == [0, 0, 0, 1, 15, 1]


def test_pad_is_the_printed_equations():
    grey = Image.new("RGB", (5, 4), (51, 51, 51))
    red = Image.new("RGB", (5, 4), RED)
    quiet = {"cache": False, "progress": False}
    valdez, printed = PAD(**quiet), PAD("as-printed", **quiet)
    np.testing.assert_allclose(
        valdez.transform([grey]), [[0.69 / 5, -0.31 / 5, -0.76 / 5]], rtol=1e-5
    )
    np.testing.assert_allclose(
        printed.transform([grey]), [[0.69 / 5, 0.31 / 5, 0.76 / 5]], rtol=1e-5
    )
    light = 0.2126
    expected = [0.69 * light + 0.22, -0.31 * light + 0.60, -0.76 * light + 0.32]
    np.testing.assert_allclose(valdez.transform([red]), [expected], rtol=1e-5)


def test_brighter_is_more_pleasant_less_arousing_less_dominant():
    greys = [Image.new("RGB", (2, 2), (v, v, v)) for v in range(0, 256, 15)]
    pleasure, arousal, dominance = PAD(cache=False, progress=False).transform(greys).T
    assert (np.diff(pleasure) > 0).all()
    assert (np.diff(arousal) < 0).all() and (np.diff(dominance) < 0).all()
    saturated = pleasure_arousal_dominance(np.full(5, 0.4), np.linspace(0, 1, 5))
    assert (np.diff(saturated, axis=0) > 0).all()


def test_hue_statistics_are_those_of_scipy(noise):
    hue, _, saturation = np.moveaxis(rgb_to_ihls(noise).astype(float), -1, 0)
    angle = np.radians(hue)
    mean, spread, weighted_mean, weighted_spread = hue_statistics(noise)
    assert mean == pytest.approx(np.degrees(circmean(angle)))
    assert spread == pytest.approx(circvar(angle))
    # a weight is a number of copies
    copies = np.repeat(angle, np.rint(saturation * 255).astype(int).ravel())
    assert weighted_mean == pytest.approx(np.degrees(circmean(copies)))
    assert weighted_spread == pytest.approx(circvar(copies))


def test_hue_statistics_of_two_colours():
    np.testing.assert_allclose(
        hue_statistics(two_colours(RED, GREEN)), [60, 0.5, 60, 0.5], atol=1e-4
    )
    dull = two_colours(RED, (0, 51, 0))  # a fifth of the saturation
    mean, spread, weighted_mean, weighted_spread = hue_statistics(dull)
    assert (mean, spread) == (pytest.approx(60), pytest.approx(0.5))
    vector = 1 + 0.2 * np.exp(2j * np.pi / 3)
    assert weighted_mean == pytest.approx(np.degrees(np.angle(vector)), abs=1e-4)
    assert weighted_spread == pytest.approx(1 - abs(vector) / 1.2, abs=1e-6)
    for without_direction in (two_colours(RED, (0, 255, 255)), np.full((3, 3, 3), 80, np.uint8)):
        assert hue_statistics(without_direction).tolist() == [0, 1, 0, 1]


def least_work(shares, other, distances):
    """The transport problem as it is written down, for a general solver."""
    n = len(shares)
    rows = [np.eye(n)[i][:, None] * np.ones(n) for i in range(n)]
    columns = [np.ones((n, 1)) * np.eye(n)[j] for j in range(n)]
    equal = np.array([block.ravel() for block in rows + columns])
    return linprog(
        distances.ravel(), A_eq=equal[:-1], b_eq=[*shares, *other[:-1]]
    ).fun  # one follows


@pytest.mark.parametrize("seed", range(8))
def test_earth_movers_distance_is_the_optimum_of_the_linear_programme(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(12, 3))
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    shares, other = rng.dirichlet(np.full(12, 0.3), 2)
    found = earth_movers_distance(shares, other, distances)
    assert found == pytest.approx(least_work(shares, other, distances), rel=1e-5)


def test_earth_movers_distance_on_a_line_is_the_area_between_cumulative_shares():
    rng = np.random.default_rng(9)
    shares, other = rng.dirichlet(np.ones(30), 2)
    line = np.abs(np.subtract.outer(np.arange(30), np.arange(30)))
    expected = np.abs(np.cumsum(shares - other)).sum()
    assert earth_movers_distance(shares, other, line) == pytest.approx(expected, rel=1e-5)
    assert earth_movers_distance(shares, shares, line) == 0
    shares[3], shares[8] = shares[3] - 1e-4, shares[8] + 1e-4
    moved = earth_movers_distance(shares, shares - 1e-4 * (np.eye(30)[8] - np.eye(30)[3]), line)
    assert moved == pytest.approx(5e-4, rel=1e-5)


def test_colorfulness_of_all_colours_and_of_one():
    levels = np.array([20, 80, 150, 230], np.uint8)
    every = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(8, 8, 3)
    assert colorfulness(every) == 0
    middles = np.array(
        [
            [r, g, b]
            for r in (32, 96, 160, 224)
            for g in (32, 96, 160, 224)
            for b in (32, 96, 160, 224)
        ]
    )
    luv = skcolor.rgb2luv(middles[None] / 256)[0]
    for cell, colour in ((0, (0, 0, 0)), (48, RED), (63, (255, 255, 255))):
        expected = np.linalg.norm(luv - luv[cell], axis=1).mean()
        assert colorfulness(np.full((2, 3, 3), colour, np.uint8)) == pytest.approx(
            expected, rel=1e-5
        )
    assert colorfulness(two_colours(RED, BLUE)) < colorfulness(two_colours(RED, RED))


def test_colorfulness_of_a_photo_is_the_optimum_of_the_linear_programme():
    image = data.coffee()[::4, ::4]
    middles = (np.stack(np.unravel_index(np.arange(64), (4, 4, 4)), axis=-1) + 0.5) / 4
    luv = skcolor.rgb2luv(middles[None])[0]
    distances = np.sqrt(((luv[:, None] - luv[None]) ** 2).sum(axis=-1))
    expected = least_work(color_histogram(image), np.full(64, 1 / 64), distances)
    assert colorfulness(image) == pytest.approx(expected, rel=1e-5)


@pytest.fixture
def without_table(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "nothing"))


@pytest.fixture
def learned(monkeypatch, tmp_path):
    """A function: write a table as the learned one is kept, and return it."""

    def write(seed):
        table = np.random.default_rng(seed).dirichlet(np.ones(11), 32**3)
        (tmp_path / "color_names").mkdir(exist_ok=True)
        savemat(tmp_path / "color_names" / "w2c.mat", {"w2c": table})
        return table

    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    return write


def test_names_are_those_of_the_learned_table(learned, noise, clean_cache):
    for seed in (0, 1):  # a changed table is not answered from the cache
        table = learned(seed)
        expected = np.zeros(11)
        for red, green, blue in noise.astype(int).reshape(-1, 3):
            expected += table[red // 8 + 32 * (green // 8) + 1024 * (blue // 8)] / (13 * 17)
        names = ColorNames(progress=False)
        assert names.source == "w2c"
        np.testing.assert_allclose(names.transform([noise])[0], expected, rtol=1e-5)
        workers = ColorNames(progress=False, cache=False, n_jobs=2)
        np.testing.assert_allclose(workers.transform([noise, noise[:2]])[0], expected, rtol=1e-5)


def test_a_damaged_table_is_not_passed_over(learned, noise, tmp_path):
    learned(0)
    savemat(tmp_path / "color_names" / "w2c.mat", {"w2c": np.ones((5, 11))})
    with pytest.raises(DatasetError, match="get it again"):
        ColorNames(progress=False).transform([noise])


def test_names_without_the_learned_table_are_those_of_the_nearest_prototypes(without_table):
    names = ColorNames(cache=False, progress=False)
    assert names.source == "prototypes"
    assert list(names.get_feature_names_out()) == list(COLOUR_NAMES)
    swatches = [Image.new("RGB", (3, 2), PROTOTYPES[name]) for name in COLOUR_NAMES]
    shares = names.transform(swatches)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    assert shares.argmax(axis=1).tolist() == list(range(11))
    table = name_table(None)
    for red, green, blue in ((3, 30, 17), (31, 0, 0), (12, 12, 13)):
        middle = skcolor.rgb2lab((np.array([red, green, blue]) * 8 + 3.5) / 255)
        distance = [
            np.linalg.norm(middle - skcolor.rgb2lab(np.array(PROTOTYPES[name]) / 255))
            for name in COLOUR_NAMES
        ]
        nearness = np.exp(-np.square(distance) / (2 * 25**2))
        row = table[red + 32 * green + 1024 * blue]
        np.testing.assert_allclose(row, nearness / nearness.sum(), rtol=1e-6)


def test_real_table_names_plain_colours_as_people_do(real_data):
    if not (real_data / "color_names" / "w2c.mat").is_file():
        pytest.skip("not run: the table of colour names is not there")
    swatches = [Image.new("RGB", (3, 2), PROTOTYPES[name]) for name in COLOUR_NAMES]
    names = ColorNames(cache=False, progress=False)
    assert names.source == "w2c"
    assert names.transform(swatches).argmax(axis=1).tolist() == list(range(11))
