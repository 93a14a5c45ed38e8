"""Local features against the formula of SIFT, slow loops over patches and blocks, and pLSA's EM."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from emobook import images
from emobook.features import Blocks, SIFTWords
from emobook.features.local import color_and_words
from emobook.features.sift import block_maps, patches
from emobook.images import ImageError
from emobook.models.instances import MultipleInstanceClassifier

QUIET = {"progress": False}
EMPTY = {
    "1 pixel": Image.new("RGB", (1, 1), "red"),
    "1 row": Image.new("RGB", (200, 1), "red"),
    "one colour": Image.new("RGB", (90, 70), (200, 10, 30)),
    "smaller than a patch": np.random.default_rng(0).integers(0, 256, (15, 15, 3), np.uint8),
}


def scene(seed, size=(96, 128)):
    """Smooth noise, as a uint8 picture."""
    noise = np.random.default_rng(seed).normal(size=(*size, 3))
    smooth = gaussian_filter(noise, (1.5, 1.5, 0))
    return np.uint8(np.clip(128 + 200 * smooth, 0, 255))


def stripes(seed, upright, width=96):
    """Stripes with a little noise, across or upright."""
    dice = np.random.default_rng(seed)
    wave = 90 * np.sin(np.arange(width) * dice.uniform(0.5, 0.9))
    grey = 128 + (wave[None, :] if upright else wave[:, None]) + dice.normal(0, 3, (width, width))
    return np.uint8(np.clip(grey, 0, 255))


@pytest.fixture(scope="module")
def pictures():
    return [scene(i, size) for i, size in enumerate([(96, 128), (128, 96), (64, 64), (80, 120)])]


@pytest.fixture
def words(clean_cache, pictures):
    return SIFTWords(words=12, sample=2000, **QUIET).fit(pictures)


# ---- patches ----


def slow_sift(grey, x, y, width):
    """Lowe (2004), §6.1, pixel by pixel: one upright patch of a picture smoothed to σ = 1.6."""
    cell, found = width / 4, np.zeros((6, 6, 8))
    reach = round(cell * 2**0.5 * 5 / 2)
    for v in range(max(1, y - reach), min(grey.shape[0] - 1, y + reach + 1)):
        for u in range(max(1, x - reach), min(grey.shape[1] - 1, x + reach + 1)):
            dx, dy = grey[v, u + 1] - grey[v, u - 1], grey[v - 1, u] - grey[v + 1, u]
            row, column = (v - y) / cell, (u - x) / cell
            amount = np.hypot(dx, dy) * np.exp(-(row**2 + column**2) / 8)
            turn = np.degrees(np.arctan2(dy, dx)) % 360 / 45
            rows = np.maximum(0, 1 - abs(row + 1.5 - np.arange(-1, 5)))
            columns = np.maximum(0, 1 - abs(column + 1.5 - np.arange(-1, 5)))
            away = (turn - np.arange(8)) % 8
            turns = np.maximum(0, 1 - np.minimum(away, 8 - away))
            found += amount * rows[:, None, None] * columns[:, None] * turns
    found = found[1:5, 1:5].ravel()
    found = np.minimum(found, 0.2 * np.linalg.norm(found))
    return 512 * found / np.linalg.norm(found)


def test_a_dense_patch_is_lowes_descriptor():
    pixels = scene(0, (48, 48))
    found = patches(pixels, scales=(16,))
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    smooth = gaussian_filter(np.round(grey), np.sqrt(1.6**2 - 0.5**2), mode="mirror")
    for i in (0, 7, 12, 24):
        expected = slow_sift(smooth, int(found.x[i]), int(found.y[i]), 16)
        np.testing.assert_allclose(found.descriptors[i], expected, atol=4)


def test_patches_lie_on_a_centred_grid_inside_the_picture():
    found = patches(scene(1, (100, 131)), scales=(16, 24, 64), step=0.5)
    assert set(found.width) == {16, 24, 64}
    for width in (16, 24, 64):
        at = found.width == width
        for centres, side in ((found.x[at], 131), (found.y[at], 100)):
            places = np.unique(centres)
            before, after = places[0] - width / 2, side - places[-1] - width / 2
            assert (np.diff(places) == width // 2).all() and before >= 0 and 0 <= after - before < 2
        expected = [(side - width) // (width // 2) + 1 for side in (131, 100)]
        assert at.sum() == np.prod(expected)


def test_a_patch_twice_as_wide_sees_in_a_picture_twice_as_large_what_the_small_one_sees():
    small = scene(2, (64, 96))
    large = np.asarray(Image.fromarray(small).resize((192, 128), Image.Resampling.BICUBIC))
    a, b = patches(small, scales=(16,)), patches(large, scales=(32,))
    assert np.array_equal(2 * a.x, b.x) and np.array_equal(2 * a.y, b.y)
    found = [np.corrcoef(p, q)[0, 1] for p, q in zip(a.descriptors, b.descriptors, strict=True)]
    assert np.median(found) > 0.95


@pytest.mark.parametrize("sampling", ["dense", "keypoints"])
def test_light_and_contrast_do_not_matter(sampling):
    bright = patches(scene(3), sampling=sampling)
    dark = patches(scene(3) // 2 + 20, sampling=sampling)
    assert len(bright.x) > 20
    if sampling == "dense":
        assert np.abs(bright.descriptors.astype(int) - dark.descriptors).mean() < 3
    else:  # weaker extrema fall below Lowe's threshold; what remains is where it was
        places = {(round(x), round(y)) for x, y in zip(bright.x, bright.y, strict=True)}
        again = [(round(x), round(y)) in places for x, y in zip(dark.x, dark.y, strict=True)]
        assert len(again) > 10 and np.mean(again) > 0.7


def test_a_flat_patch_has_no_descriptor():
    half = scene(4, (64, 128))
    half[:, 64:] = (200, 10, 30)
    found = patches(half, scales=(16,), step=1)
    assert found.x.max() == 56 and len(found.x) == 16


# ---- words of a picture ----


def slow_histogram(image, vocabulary):
    counts = np.zeros(len(vocabulary))
    for descriptor in patches(image).descriptors:
        counts[((vocabulary - descriptor) ** 2).sum(axis=1).argmin()] += 1
    return counts / counts.sum()


def test_histograms_are_shares_of_the_nearest_words(words, pictures):
    found = words.transform(pictures)
    assert found.dtype == np.float32 and found.shape == (4, 12) == (4, words.n_features_out_)
    for row, image in zip(found, pictures, strict=True):
        np.testing.assert_allclose(row, slow_histogram(image, words.vocabulary_), atol=1e-6)
    assert list(words.get_feature_names_out()[:2]) == ["word 0", "word 1"]
    assert words.transform([]).shape == (0, 12)


def test_words_tell_textures_apart(clean_cache):
    X = [stripes(i, upright=i % 2) for i in range(24)]
    model = make_pipeline(SIFTWords(words=16, sample=4000, **QUIET), LogisticRegression(C=100))
    model.fit(X[:12], np.arange(12) % 2)
    assert model.score(X[12:], np.arange(12) % 2) == 1


def test_no_number_depends_on_the_cache_or_the_other_pictures(words, pictures):
    """`words` was fitted on an empty cache; here it is full, then not used."""
    expected = words.transform(pictures)
    for change in ({}, {"cache": False}):
        again = clone(words).set_params(**change).fit(pictures)
        assert again.vocabulary_.tobytes() == words.vocabulary_.tobytes()
        assert again.transform(pictures[::-1]).tobytes() == expected[::-1].tobytes()
    assert not np.array_equal(clone(words).set_params(seed=1).fit(pictures).vocabulary_[0],
                              words.vocabulary_[0])  # fmt: skip


def test_another_vocabulary_costs_no_descriptor(words, pictures, monkeypatch):
    monkeypatch.setattr("emobook.features.sift._described", None)
    clone(words).set_params(words=5).fit(pictures).transform(pictures)


@pytest.mark.parametrize("name", EMPTY)
def test_a_picture_without_descriptors_is_a_row_of_zeros(words, name):
    assert not words.transform([EMPTY[name]]).any()
    assert not words.set_params(sampling="keypoints").transform([EMPTY[name]]).any()


def test_grey_and_transparent_pictures(words, pictures):
    grey = Image.fromarray(pictures[0]).convert("L")
    four = np.dstack([pictures[0], np.full((96, 128), 255, np.uint8)])
    found = words.transform([pictures[0], grey, four])
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_allclose(found[0], found[1], atol=0.02)  # rounded by another library


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"words": 1}, "words must be whole numbers of at least 2, not 1"),
        ({"sample": 100}, "sample must be whole numbers of at least 200, not 100"),
        ({"sampling": "random"}, "sampling must be one of"),
        ({"scales": (16, 2)}, "scales must be whole numbers of at least 4, not 2"),
        ({"step": 0}, "step must be a number above 0"),
        ({"max_side": 0}, "max_side must be whole numbers of at least 1"),
        ({"words": 30_000}, "sample must be"),
        ({"scales": (64,)}, "words must be at most .*, the number of descriptors in these 4"),
    ],
)
def test_bad_parameters_are_named(pictures, options, sentence):
    sample = {"sample": 20_000} | options
    with pytest.raises(ValueError, match=sentence):
        SIFTWords(cache=False, **sample, **QUIET).fit(pictures)


def test_not_fitted_and_unreadable(words, pictures, tmp_path):
    with pytest.raises(NotFittedError):
        SIFTWords().transform(pictures)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    for method in (words.transform, clone(words).fit):
        with pytest.raises(ImageError, match=r"broken\.jpg"):
            method([pictures[0], tmp_path / "broken.jpg"])


@pytest.mark.parametrize(("grid", "d"), [(1, 64), (4, 1024)])
def test_colour_and_words_side_by_side(words, pictures, grid, d):
    both = color_and_words(grid, words=12, sample=2000, **QUIET).fit(pictures)
    found = both.transform(pictures)
    assert found.shape == (4, d + 12) and len(both.get_feature_names_out()) == d + 12
    np.testing.assert_array_equal(found[:, d:], words.transform(pictures))


# ---- blocks ----


def test_every_map_cuts_the_picture_into_numbered_blocks():
    smooth = gaussian_filter(scene(5), (9, 9, 0)) * 4
    maps = block_maps(smooth, grids=(1, 2, 3), segments=(9,))
    assert maps.shape == (4, 96, 128)
    whole, halves, thirds, segments = (set(np.unique(one)) for one in maps)
    assert whole == {0} and halves == {1, 2, 3, 4} and thirds == set(range(5, 14))
    assert segments == set(range(14, 14 + len(segments))) and len(segments) > 3
    assert (maps[1] == 4).sum() == 48 * 64 and (maps[1, 48:, 64:] == 4).all()


def test_blocks_hold_the_words_of_the_patches_centred_in_them(clean_cache, pictures):
    model = Blocks(words=10, segments=(8,), sample=2000, **QUIET).fit(pictures)
    for image, rows in zip(pictures, model.transform(pictures), strict=True):
        found, maps = patches(image), block_maps(image, segments=(8,))
        expected = np.zeros((maps.max() + 1, 10))
        for x, y, descriptor in zip(found.x, found.y, found.descriptors, strict=True):
            word = ((model.vocabulary_ - descriptor) ** 2).sum(axis=1).argmin()
            for one in maps:
                expected[one[int(y), int(x)], word] += 1
        expected /= np.maximum(1, expected.sum(axis=1, keepdims=True))
        np.testing.assert_allclose(rows, expected, atol=1e-6)
        whole = SIFTWords(words=10, sample=2000, **QUIET).fit(pictures).transform([image])
        np.testing.assert_allclose(rows[:1], whole, atol=1e-6)


def test_topics_are_those_of_plsa(clean_cache, pictures):
    """P(topic | block) against EM for pLSA with the same topics, as Hofmann (1999) folds in."""
    plain = Blocks(words=10, sample=2000, **QUIET).fit(pictures)
    model = Blocks(words=10, topics=3, sample=2000, **QUIET).fit(pictures)
    topics = model.topics_.components_ / model.topics_.components_.sum(axis=1, keepdims=True)
    for rows, shares in zip(model.transform(pictures), plain.transform(pictures), strict=True):
        some = shares.any(axis=1)
        np.testing.assert_allclose(rows[some].sum(axis=1), 1, atol=1e-5)
        assert not rows[~some].any()
        folded = np.full((some.sum(), 3), 1 / 3)
        for _ in range(500):
            folded *= (shares[some] / (folded @ topics)) @ topics.T
        loss = [-(shares[some] * np.log(theta @ topics + 1e-12)).sum() / some.sum()
                for theta in (rows[some], folded)]  # fmt: skip
        assert abs(loss[0] - loss[1]) < 2e-3
        assert np.median(np.abs(rows[some] - folded)) < 0.02


@pytest.mark.parametrize("topics", [None, 3])
@pytest.mark.parametrize("name", EMPTY)
def test_a_picture_without_descriptors_is_a_bag_of_zeros(clean_cache, pictures, name, topics):
    model = Blocks(words=6, topics=topics, segments=(8,), sample=2000, **QUIET).fit(pictures)
    (rows,) = model.transform([EMPTY[name]])
    assert len(rows) > 21 and rows.shape[1] == (topics or 6) and not rows.any()
    assert rows.dtype == np.float32


def test_blocks_refuse_what_cannot_be_cut(pictures):
    for options, sentence in (
        ({"grids": (), "segments": ()}, "must not both be empty"),
        ({"topics": 1}, "topics must be whole numbers of at least 2"),
        ({"grids": (0,)}, "grids must be whole numbers of at least 1"),
        ({"segments": (1,)}, "segments must be whole numbers of at least 2"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Blocks(cache=False, **options, **QUIET).fit(pictures)


def test_the_block_that_differs_gives_the_picture_away(clean_cache):
    """One corner of a scene holds stripes, across or upright; bags find it, at the size of the
    block, and say where it is."""
    X, y = [scene(i, (128, 128)) for i in range(48)], np.arange(48) % 2
    corners = np.random.default_rng(0).integers(2, size=(48, 2)) * 80
    for image, label, seed, (top, left) in zip(X, y, range(48), corners, strict=True):
        image[top : top + 48, left : left + 48] = stripes(seed, label, width=48)[:, :, None]
    blocks = Blocks(words=24, grids=(4,), segments=(), sample=8000, **QUIET)
    model = MultipleInstanceClassifier(blocks, C=0.1).fit(X[:32], y[:32])
    assert model.score(X[32:], y[32:]) >= 0.85
    right = 0
    for image, label, (top, left) in zip(X[32:], y[32:], corners[32:], strict=True):
        (instances,) = model.instance_proba([image])
        row, column = divmod(int(instances[:, label].argmax()), 4)
        right += (row // 2, column // 2) == (top // 80, left // 80)
    assert right >= 12


def test_read_like_every_other_feature(words, tmp_path):
    """A file, its bytes and its pixels are one picture."""
    path = tmp_path / "a.png"
    Image.fromarray(scene(6)).save(path)
    found = words.transform([path, path.read_bytes(), images.read(path)])
    assert (found == found[0]).all() and found[0].any()
