"""Texture features against slow loops, libraries, closed forms and made patterns."""

import math

import numpy as np
import pytest
import pywt
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.signal import convolve2d
from scipy.stats import weibull_min
from skimage import data
from skimage.color import rgb2gray
from skimage.feature import hog, local_binary_pattern
from skimage.filters import gabor_kernel
from skimage.util import img_as_ubyte

from emobook.features import (
    GLCM,
    HOG,
    LBP,
    GaborEnergies,
    Tamura,
    WaveletTexture,
    Wiccest,
    _tamura,
    holistic,
    texture,
)
from emobook.features.color_spaces import rgb_to_ihls
from emobook.features.weibull import weibull_fit

ALL = (LBP, HOG, Tamura, GLCM, WaveletTexture, GaborEnergies, Wiccest)
DIMENSIONS = (59, 1764, 3, 12, 12, 48, 12)


def made(transformer, *pictures) -> np.ndarray:
    return transformer.set_params(cache=False).transform(list(pictures))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.astronaut()[:190, 150:400]


def noise(height, width, seed=0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def checkerboard(cell: int, side: int = 256) -> np.ndarray:
    rows, columns = np.indices((side, side)) // cell
    return (255 * ((rows + columns) % 2)).astype(np.uint8)


def grating(degrees: float, cycles_per_pixel: float = 0.05, side: int = 128) -> np.ndarray:
    """A wave that changes along a line turned by `degrees` from the rows."""
    y, x = np.indices((side, side))
    along = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    return np.rint(127.5 + 127 * np.cos(2 * np.pi * cycles_per_pixel * along)).astype(np.uint8)


# All of them


@pytest.mark.parametrize(("kind", "dimension"), zip(ALL, DIMENSIONS, strict=True))
def test_dimensions_names_and_odd_pictures(kind, dimension):
    pictures = [
        np.zeros((1, 1, 3), np.uint8),
        np.full((40, 30, 3), 255, np.uint8),
        noise(1, 50),
        noise(33, 1),
        noise(2, 3),
        noise(20, 25),
        np.stack([noise(9, 14, seed) for seed in range(4)], axis=-1),
    ]
    found = made(kind(), *pictures)
    assert found.shape == (len(pictures), dimension) and np.isfinite(found).all()
    names = kind().get_feature_names_out()
    assert len(set(names)) == kind().n_features_out_ == dimension
    assert made(kind(n_jobs=2), *pictures).tobytes() == found.tobytes()


@pytest.mark.parametrize("kind", [Tamura, GLCM, WaveletTexture, Wiccest])
def test_a_large_picture_is_reduced_to_the_stated_pixels(kind, photo):
    small = np.asarray(Image.fromarray(photo).resize((125, 95), Image.Resampling.BOX))
    assert np.array_equal(made(kind(pixels=125 * 95), photo), made(kind(), small))
    with pytest.raises(ValueError, match="pixels must be a whole number of at least 1"):
        kind(pixels=0).fit()


@pytest.mark.parametrize(
    ("transformer", "said"),
    [
        (HOG(size=16), "size must be at least cell · block = 32"),
        (HOG(orientations=0), "orientations must be"),
        (GLCM(levels=1), "levels must be a whole number of at least 2"),
        (GLCM(levels=300), "levels must be at most 256"),
        (WaveletTexture(wavelet="db"), "wavelet must be a discrete one of PyWavelets, not 'db'"),
        (GaborEnergies(scales=5), "scales must be at most 4"),
        (GaborEnergies(orientations=2.0), "orientations must be a whole number"),
        (Wiccest(grid=0), "grid must be"),
        (Wiccest(sigma=0), "sigma must be 0.5 to 100 pixels"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(transformer, said):
    with pytest.raises(ValueError, match=said):
        transformer.fit()


# LBP and HOG


def test_lbp_equals_the_histogram_of_scikit_image(photo):
    codes = local_binary_pattern(img_as_ubyte(rgb2gray(photo)), 8, 1, method="nri_uniform")
    shares = [np.mean(codes == code) for code in range(59)]
    assert np.array_equal(made(LBP(), photo)[0], np.float32(shares))


def test_lbp_by_the_definition_on_a_pattern_that_needs_no_interpolation():
    """Vertical stripes of two pixels: of every pixel's 8 neighbours, 3 lie on the far side."""
    stripes = np.tile(np.uint8([0, 0, 200, 200]), (30, 8))
    shares = np.sort(texture.lbp(stripes)[texture.lbp(stripes) > 0.01])[::-1]
    # Dark pixels have all neighbours at least as bright (one code); bright ones lack the dark
    # three, to the left or to the right (two codes).
    assert np.allclose(shares[:3], [0.5, 0.25, 0.25], atol=0.04)


def test_hog_is_that_of_scikit_image_and_has_the_stated_dimension(photo):
    square = np.asarray(Image.fromarray(photo).resize((64, 64), Image.Resampling.BILINEAR))
    expected = hog(square, 6, (8, 8), (3, 3), "L2-Hys", channel_axis=-1)
    transformer = HOG(size=64, cell=8, block=3, orientations=6)
    assert transformer.n_features_out_ == (8 - 3 + 1) ** 2 * 9 * 6 == expected.size
    assert np.array_equal(made(transformer, photo)[0], expected.astype(np.float32))


# Tamura


def slow_coarseness(grey) -> float:
    height, width = grey.shape
    grey = grey.astype(float)
    sizes = []
    for y in range(height + 1):
        for x in range(width + 1):
            best, size = 0.0, 0
            for k in range(1, 6):
                n, half = 2**k, 2 ** (k - 1)
                if half <= y <= height - half and n <= x <= width - n:
                    right = grey[y - half : y + half, x : x + n].mean()
                    left = grey[y - half : y + half, x - n : x].mean()
                    if abs(right - left) >= best:
                        best, size = abs(right - left), n
                if half <= x <= width - half and n <= y <= height - n:
                    below = grey[y : y + n, x - half : x + half].mean()
                    above = grey[y - n : y, x - half : x + half].mean()
                    if abs(below - above) >= best:
                        best, size = abs(below - above), n
            if best:
                sizes.append(size)
    return float(np.mean(sizes)) if sizes else 1.0


def slow_directionality(grey) -> float:
    height, width = grey.shape
    grey = grey.astype(float)
    counts = [0] * 16
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            h = sum(grey[y + d, x + 1] - grey[y + d, x - 1] for d in (-1, 0, 1))
            v = sum(grey[y - 1, x + d] - grey[y + 1, x + d] for d in (-1, 0, 1))
            if (abs(h) + abs(v)) / 2 >= 12:
                turn = (math.atan(v / h) if h else math.pi / 2) + math.pi / 2
                counts[math.floor(16 * turn / math.pi + 0.5) % 16] += 1
    if not sum(counts):
        return 0.0
    share = [count / sum(counts) for count in counts]
    highest = max(range(16), key=lambda k: share[k])
    peaks = [highest]
    for k in range(16):  # a peak stands out against the lowest bins that separate it from higher
        if k == highest or not (share[k - 1] < share[k] > share[(k + 1) % 16]):
            continue
        valleys = []
        for step in (-1, 1):
            j, lowest = k, share[k]
            while share[j] <= share[k]:
                j = (j + step) % 16
                lowest = min(lowest, share[j])
            valleys.append(lowest)
        if share[k] >= 2 * max(valleys):
            peaks.append(k)
    moment = 0.0
    for k in range(16):  # climb to the peak on this side of the valley
        if len(peaks) == 1:
            own = highest
        else:
            after = next((k + s) % 16 for s in range(16) if (k + s) % 16 in peaks)
            before = next((k - s) % 16 for s in range(16) if (k - s) % 16 in peaks)
            path = [(before + s) % 16 for s in range((after - before) % 16 + 1)]
            valley = min(range(len(path)), key=lambda s: share[path[s]])
            own = before if path.index(k) <= valley else after
        steps = abs(k - own)
        moment += (min(steps, 16 - steps) * math.pi / 16) ** 2 * share[k]
    return 1 - 4 / math.pi**2 * len(peaks) * moment


@pytest.mark.parametrize("case", ["photo", "noise", "narrow", "grating", "cross", "constant"])
def test_tamura_equals_slow_loops(case, photo):
    grey = {
        "photo": texture.grey_8(photo)[60:130, 40:115],
        "noise": noise(40, 50),
        "narrow": noise(90, 5),
        "grating": grating(35, side=50),
        "cross": np.hstack([grating(20, side=50), grating(110, side=50)[:, :30]]),
        "constant": np.full((20, 30), 7, np.uint8),
    }[case]
    values = grey.astype(float).ravel()
    deviation = values.std()
    kurtosis = ((values - values.mean()) ** 4).mean() / deviation**4 if deviation else 1.0
    expected = [slow_coarseness(grey), deviation / kurtosis**0.25, slow_directionality(grey)]
    assert np.allclose(texture.tamura(grey), expected, rtol=1e-9)


def test_coarseness_grows_with_the_cells_of_a_checkerboard():
    found = [_tamura.coarseness(checkerboard(cell)) for cell in (2, 4, 8, 16, 32)]
    assert found == sorted(set(found))
    assert found[0] == 2 and found[-1] > 12
    grey = noise(30, 40)
    assert _tamura.coarseness(grey / 10 + 3.0) == pytest.approx(_tamura.coarseness(grey))


def test_contrast_of_two_equal_halves_is_half_their_difference():
    assert _tamura.contrast(checkerboard(8)) == pytest.approx(127.5)
    assert _tamura.contrast(checkerboard(8) // 5) == pytest.approx(25.5)
    assert _tamura.contrast(np.full((4, 4), 9, np.uint8)) == 0


def test_directionality_is_high_for_gratings_and_two_thirds_for_noise():
    for degrees in range(0, 180, 15):
        wave = grating(degrees)
        assert _tamura.directionality(wave) > 0.98
        assert np.argmax(_tamura.direction_histogram(wave)) == round((90 - degrees) / 11.25) % 16
    assert _tamura.directionality(noise(300, 300)) == pytest.approx(2 / 3, abs=0.03)
    both = np.hstack([grating(0), grating(90)])
    assert _tamura.directionality(both) > 0.95  # two sharp peaks agree each with itself
    assert _tamura.directionality(np.full((9, 9), 3, np.uint8)) == 0


def test_tamura_is_the_same_after_a_half_turn_and_a_quarter_turn(photo):
    grey = texture.grey_8(photo)
    for turns in (1, 2):
        assert np.allclose(texture.tamura(np.rot90(grey, turns)), texture.tamura(grey), rtol=2e-3)


# Co-occurrence


def slow_glcm(bins, levels) -> list[float]:
    pairs = []
    height, width = bins.shape
    for y in range(height):
        for x in range(width):
            for dy, dx in ((0, 1), (-1, 1), (-1, 0), (-1, -1)):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    a, b = int(bins[y, x]), int(bins[y + dy, x + dx])
                    pairs += [(a, b), (b, a)]
    first, second = np.array(pairs).T
    shares = np.zeros((levels, levels))
    for a, b in pairs:
        shares[a, b] += 1 / len(pairs)
    return [
        np.mean((first - second) ** 2),
        np.corrcoef(first, second)[0, 1],
        np.sqrt((shares**2).sum()),
        np.mean(1 / (1 + (first - second) ** 2)),
    ]


def test_glcm_equals_slow_loops(photo):
    ihls = rgb_to_ihls(photo[::7, ::7])
    expected = []
    for channel, top in zip(np.moveaxis(ihls, 2, 0), (360, 1, 1), strict=True):
        bins = np.minimum(np.floor(channel.astype(float) / top * 7), 6).astype(int)
        expected += slow_glcm(bins, 7)
    assert np.allclose(texture.glcm(ihls, 7), expected, atol=1e-6)
    assert list(GLCM().get_feature_names_out()[:5]) == [
        "glcm_hue_contrast",
        "glcm_hue_correlation",
        "glcm_hue_energy",
        "glcm_hue_homogeneity",
        "glcm_luminance_contrast",
    ]


def test_glcm_of_what_does_not_vary_is_defined():
    for picture in (np.full((5, 8, 3), 90, np.uint8), np.full((1, 1, 3), 255, np.uint8)):
        assert made(GLCM(), picture)[0].tolist() == [0, 1, 1, 1] * 3


# Wavelets


def test_wavelets_equal_the_whole_transform_of_pywavelets(photo):
    ihls = rgb_to_ihls(photo)
    found = texture.wavelet_texture(ihls, "db2").reshape(3, 4)
    turn = np.radians(ihls[..., 0])
    for row, channel in zip(found, (None, ihls[..., 1], ihls[..., 2]), strict=True):
        if channel is None:  # a complex coefficient has the size of its two parts
            parts = [pywt.wavedec2(f(turn), "db2", level=3)[1:] for f in (np.cos, np.sin)]
            levels = [
                np.mean([np.hypot(*pair) for pair in zip(*both, strict=True)])
                for both in zip(*parts, strict=True)
            ]
        else:
            levels = [np.mean(np.abs(d)) for d in pywt.wavedec2(channel, "db2", level=3)[1:]]
        assert np.allclose(row, [*levels[::-1], sum(levels)], rtol=1e-4)


def test_haar_of_a_checkerboard_is_in_its_finest_diagonal():
    """Of a board of single pixels, 0 and 1, each 2 × 2 square has one detail, (1 − 0 − 0 + 1)/2."""
    board = np.repeat(checkerboard(1, 16)[..., None], 3, axis=2)
    found = made(WaveletTexture(wavelet="haar"), board)[0]
    assert np.allclose(found, [0, 0, 0, 0, 1 / 3, 0, 0, 1 / 3, 0, 0, 0, 0], atol=1e-6)


def test_hue_has_no_edge_where_it_wraps():
    """Two reds that are 2 degrees apart, on either side of 0, are as near as any such two."""
    across, within = np.zeros((2, 16, 16, 3), np.float32)
    across[:, :7, 0], across[:, 7:, 0] = 359, 1
    within[:, :7, 0], within[:, 7:, 0] = 100, 102
    found = [texture.wavelet_texture(ihls)[:4] for ihls in (across, within)]
    assert np.allclose(*found, atol=1e-6) and found[0][3] > 0


# Gabor


def test_gabor_energies_equal_a_direct_convolution(photo):
    grey = texture.grey_8(photo)[:60, :75] / 255
    found = holistic.gabor_energies(grey, scales=3, orientations=4).reshape(3, 4, 2)
    centred = grey - grey.mean()
    for scale in range(3):
        for turn in range(4):
            kernel = gabor_kernel(0.4 / 2**scale, np.pi * turn / 4)
            rows, columns = (n // 2 for n in kernel.shape)
            padded = np.pad(centred, ((rows, rows), (columns, columns)), "symmetric")
            response = np.abs(convolve2d(padded, kernel, mode="valid"))
            expected = [response.mean(), response.std()]
            assert np.allclose(found[scale, turn], expected, rtol=1e-3, atol=1e-6)


def test_a_wave_is_strongest_in_the_filter_of_its_frequency_and_angle():
    for scale, frequency in enumerate((0.4, 0.2, 0.1, 0.05)):
        for turn in range(6):
            wave = grating(30 * turn, frequency, side=200) / 255
            means = holistic.gabor_energies(wave).reshape(4, 6, 2)[..., 0]
            assert np.unravel_index(means.argmax(), means.shape) == (scale, turn)
            assert means.max() == pytest.approx(127 / 255 / 2, rel=0.1)  # mirrored at the border
    assert made(GaborEnergies(), np.full((50, 40, 3), 200, np.uint8)).max() < 1e-6


def test_gabor_energies_take_a_large_picture_at_256_pixels(photo):
    large = np.asarray(Image.fromarray(photo).resize((1000, 760), Image.Resampling.BICUBIC))
    small = np.asarray(Image.fromarray(large).resize((256, 195), Image.Resampling.LANCZOS))
    assert np.allclose(made(GaborEnergies(), large), made(GaborEnergies(), small), rtol=0.02)
    with pytest.raises(ValueError, match="a side may have 256 pixels, not 760 × 1000"):
        holistic.gabor_energies(large[..., 0])


# Weibull


@pytest.mark.parametrize("shape", [0.3, 0.8, 1.0, 2.5, 9.0])
def test_the_weibull_fit_is_that_of_scipy_and_finds_the_truth(shape):
    sample = weibull_min.rvs(shape, scale=0.03, size=4000, random_state=1)
    beta, gamma = weibull_fit(sample)
    expected_gamma, _, expected_beta = weibull_min.fit(sample, floc=0)
    assert gamma == pytest.approx(expected_gamma, rel=1e-3)
    assert beta == pytest.approx(expected_beta, rel=1e-3)
    at_least = weibull_min.logpdf(sample, expected_gamma, scale=expected_beta).sum()
    assert weibull_min.logpdf(sample, gamma, scale=beta).sum() >= at_least - 1e-6
    assert gamma == pytest.approx(shape, rel=0.05)  # four standard errors
    # Exact quantiles instead of a draw: only the number of points is left as an error.
    exact = weibull_min.ppf((np.arange(20_000) + 0.5) / 20_000, shape, scale=0.03)
    beta, gamma = weibull_fit(exact)
    assert gamma == pytest.approx(shape, rel=1e-3) and beta == pytest.approx(0.03, rel=1e-3)


def test_the_weibull_fit_solves_its_equations_row_by_row():
    rows = np.random.default_rng(3).gamma(0.7, size=(2, 3, 500)) + 1e-6
    rows[1, 2] = 4.0
    beta, gamma = weibull_fit(rows)
    assert beta.shape == gamma.shape == (2, 3)
    assert beta[1, 2] == 4.0 and gamma[1, 2] == np.inf
    for index in list(np.ndindex(2, 3))[:-1]:
        x, g = rows[index], gamma[index]
        score = (x**g * np.log(x)).sum() / (x**g).sum() - 1 / g - np.log(x).mean()
        assert abs(score) < 1e-8 and beta[index] ** g == pytest.approx((x**g).mean())
        assert np.allclose(weibull_fit(x), (beta[index], g), rtol=1e-8)
        assert np.allclose(weibull_fit(x * 1e6), (beta[index] * 1e6, g), rtol=1e-8)


@pytest.mark.parametrize("values", [[1.0, 0.0], [1.0, -2.0], [1.0, np.nan], [np.inf, 1.0]])
def test_the_weibull_fit_refuses_what_has_no_density(values):
    with pytest.raises(ValueError, match="only positive, finite values"):
        weibull_fit(values)


def test_the_weibull_fit_wants_values_and_survives_extremes():
    for empty in (np.empty((3, 0)), np.float64(2.0)):
        with pytest.raises(ValueError, match="at least one value"):
            weibull_fit(empty)
    nearly = np.full(1000, 0.001)
    nearly[0] = 1.0
    wide = np.geomspace(1e-300, 1e300, 50)
    for beta, gamma in (weibull_fit(nearly), weibull_fit(wide), weibull_fit([1.0, 1 + 1e-15])):
        assert np.isfinite(beta) and beta > 0 and gamma > 0


# Wiccest


def test_edges_are_gaussian_derivatives_divided_by_intensity(photo):
    red, green, blue = np.moveaxis(photo / 255, 2, 0)
    intensity = 0.06 * red + 0.63 * green + 0.27 * blue
    yellow = 0.30 * red + 0.04 * green - 0.35 * blue
    green_red = 0.34 * red - 0.60 * green + 0.17 * blue
    found = holistic.colour_invariant_edges(photo, 1.5)
    below = np.maximum(gaussian_filter(intensity, 1.5, mode="nearest"), 1 / 255)
    for row, channel in zip(found, (intensity, yellow, green_red), strict=True):
        for edges, order in zip(row, ((0, 1), (1, 0)), strict=True):
            expected = gaussian_filter(channel, 1.5, order, mode="nearest") / below
            assert np.allclose(edges, expected, atol=2e-5)


def test_wiccest_does_not_change_with_the_strength_of_the_light(photo):
    dark = made(Wiccest(), photo // 2)[0].reshape(6, 2)
    light = made(Wiccest(), 2 * (photo // 2))[0].reshape(6, 2)
    assert np.allclose(dark, light, rtol=0.03)  # black pixels are as they were


def test_wiccest_regions_are_those_of_the_picture_row_by_row(photo):
    found = made(Wiccest(grid=2), photo)[0].reshape(2, 2, 3, 2, 2)
    edges = np.abs(holistic.colour_invariant_edges(photo))
    height, width = (n // 2 for n in photo.shape[:2])
    lower_left = np.maximum(edges[1, 0, height:, :width], 1e-3).ravel()
    gamma, _, beta = weibull_min.fit(lower_left, floc=0)
    assert np.allclose(found[1, 0, 1, 0], [beta, gamma], rtol=2e-3)
    assert Wiccest(grid=2).get_feature_names_out()[28] == "wiccest_1_0_Wl_x_beta"


def test_a_region_without_edges_is_defined(photo):
    half = photo.copy()
    half[:, :125] = (40, 80, 120)
    left, right = made(Wiccest(grid=2), half)[0].reshape(2, 2, 6, 2)[0]
    # Some columns of the flat half see the edge to the photo; this picture has no edge at all.
    flat = made(Wiccest(), np.full((30, 30, 3), 77, np.uint8))[0].reshape(6, 2)
    assert np.allclose(flat, [0.001, 10])
    pixel = made(Wiccest(grid=3), np.full((1, 1, 3), 77, np.uint8))[0].reshape(9, 6, 2)
    assert np.allclose(pixel, [0.001, 10])
    assert np.all(left[:, 0] < right[:, 0])


def test_grain_tells_even_texture_from_few_strong_edges():
    even = np.repeat(noise(100, 100)[..., None], 3, axis=2)
    few = np.full((100, 100, 3), 60, np.uint8)
    few[:, 50:] = 200
    fine, coarse = (made(Wiccest(), picture)[0].reshape(6, 2)[0] for picture in (even, few))
    assert fine[0] > 20 * coarse[0] and fine[1] > 2 * coarse[1]
