"""The inputs of Kim et al.: how many there are, and that each is what its name says."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage import data
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emobook import datasets
from emobook.datasets import DatasetError, DatasetMissing
from emobook.datasets.synthetic import MAP_LABELS
from emobook.features import kim, semantic
from emobook.features.color import hsv_histograms, hsv_peaks
from emobook.features.color_spaces import rgb_to_hsv

PHOTO = Image.fromarray(data.astronaut()[:200, 60:260])


class HalfAndHalf(BaseEstimator):
    """Says of every picture: the left half is a lawn, a tenth nothing, the rest the sky."""

    name = "half and half"

    def fit(self, X, y=None):
        self.classes = ("sky", "lawn")
        return self

    def segment(self, pictures):
        found = np.zeros((10, 20), int)
        found[:, :10], found[:1] = 1, -1
        return [found for _ in pictures]


def scenes(n=3):
    return datasets.load("synthetic", n=n).table


def test_how_many_values_there_are():
    low, objects = kim.low_level(), kim.objects()
    families = kim.blocks(segmenter=HalfAndHalf().fit(None))
    assert kim.colour().transform([PHOTO]).shape == (1, 59)
    assert low.transform([PHOTO]).shape == (1, 438)
    assert kim.low_level(gist=512).transform([PHOTO]).shape == (1, 630)
    assert objects.transform([PHOTO]).shape == (1, 1000)
    assert kim.everything(families).fit_transform([PHOTO]).shape == (1, 1588)
    assert kim.everything(kim.blocks()).fit_transform([PHOTO]).shape == (1, 1438)
    with pytest.raises(ValueError, match="320 or 512"):
        kim.low_level(gist=960)


def test_every_value_has_a_name_of_its_own():
    families = kim.blocks(segmenter="synthetic masks")
    names = kim.everything(families).get_feature_names_out()
    assert len(names) == len(set(names)) == 1588
    assert names[0] == "low__colour__means__red" and names[438].startswith("object__")
    assert names[1438] == "semantic__sky" and names[-1] == "semantic__unused_150"


def test_everything_is_the_families_side_by_side():
    table = scenes()
    families = kim.blocks(segmenter="synthetic masks")
    together = kim.everything(families).fit_transform(table)
    start = 0
    for family in families.values():
        values = family.fit_transform(table)
        np.testing.assert_array_equal(together[:, start : start + values.shape[1]], values)
        start += values.shape[1]
    assert start == together.shape[1]
    np.testing.assert_allclose(families["object"].transform(table).sum(axis=1), 1, rtol=1e-5)


def test_attributes_take_the_place_of_objects(tmp_path):
    table = scenes()
    values = np.random.default_rng(0).normal(size=(3, 2000)).astype(np.float32)
    file = tmp_path / "attributes.csv"
    pd.DataFrame(values[::-1], index=table["id"][::-1]).to_csv(file)
    families = kim.blocks(objects=kim.Attributes(str(file)), segmenter="synthetic masks")
    found = kim.everything(families).fit_transform(table)
    assert found.shape == (3, 2588)
    np.testing.assert_allclose(found[:, 438:2438], values, rtol=1e-6)
    with pytest.raises(DatasetError, match="lacks"):
        families["object"].transform(scenes(4))
    with pytest.raises(DatasetMissing, match="not here"):
        kim.Attributes().fit(table)
    with pytest.raises(DatasetMissing, match="cannot be read"):
        kim.Attributes(str(tmp_path / "none.csv")).fit(table)
    pd.DataFrame(values[[0, 0]], index=table["id"][[0, 0]]).to_csv(file)
    with pytest.raises(DatasetError, match="more than once"):
        kim.Attributes(str(file)).fit(table)
    pd.DataFrame(values[:, :5], index=table["id"]).to_csv(file)
    with pytest.raises(DatasetError, match="2000 numbers"):
        kim.Attributes(str(file)).fit(table)


def test_histogram_counts_each_pixel_once_and_knows_its_peaks():
    image = np.asarray(PHOTO)[::4, ::4]
    counts = np.zeros((3, 11))
    for hue, saturation, value in rgb_to_hsv(image).reshape(-1, 3):
        if saturation > 0:
            counts[0, min(int(hue / 360 * 11 + 1e-4), 10)] += 1
        counts[1, min(int(saturation * 11 + 1e-4), 10)] += 1
        counts[2, min(int(value * 11 + 1e-4), 10)] += 1
    expected = counts / (image.shape[0] * image.shape[1])
    found = kim.HSVHistogram(cache=False).transform([Image.fromarray(image)])[0].reshape(3, 11)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    peaks = hsv_peaks(image, 11).reshape(3, 2)
    np.testing.assert_array_equal(peaks[:, 0], expected.argmax(axis=1))
    np.testing.assert_allclose(peaks[:, 1], expected.max(axis=1))


def test_a_grey_picture_has_no_hue():
    shares = hsv_histograms(np.full((4, 5, 3), 128, np.uint8), 11)
    assert shares[0].sum() == 0
    np.testing.assert_array_equal(shares[1:].sum(axis=1), [1, 1])
    assert shares[1, 0] == 1 and shares[2, 5] == 1


def test_a_category_that_hardly_occurs_does_not_explode():
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 2, (50, 3)), rng.normal(5, 2, (4, 3))
    train[:, 1], test[0, 1] = rng.uniform(0, 1e-7, 50), 0.9
    scaler = kim.standardised().fit(train)
    expected = (test - train.mean(axis=0)) / train.std(axis=0)
    assert expected.max() > 1e6
    np.testing.assert_allclose(scaler.transform(test), expected.clip(-3, 3))
    np.testing.assert_allclose(kim.standardised(1).fit(train).transform(test), expected.clip(-1, 1))


def test_shares_are_counted_pixels():
    classes = np.array([[0, 0, 149], [7, -1, -1]])
    found = semantic.shares(classes)
    expected = np.zeros(150)
    expected[[0, 149, 7]] = 2 / 6, 1 / 6, 1 / 6
    np.testing.assert_allclose(found, expected)


def test_masks_of_ade20k_begin_at_1_and_synthetic_ones_at_0(tmp_path):
    mask = np.zeros((2, 5), np.uint8)
    mask[0, :3], mask[1] = 1, 4
    file = tmp_path / "mask.png"
    Image.fromarray(mask).save(file)
    table = pd.DataFrame({"path": ["a.jpg"], "mask_path": [str(file)]})
    ade = semantic.SemanticShares().transform(table)[0]
    assert ade[0] == pytest.approx(0.3) and ade[3] == pytest.approx(0.5)
    assert ade.sum() == pytest.approx(0.8)  # nobody labelled the rest
    drawn = semantic.SemanticShares("synthetic masks").transform(table)[0]
    assert drawn[[0, 1, 4]] == pytest.approx([0.2, 0.3, 0.5])


def test_synthetic_shares_are_those_of_the_scene():
    table = scenes(6)
    shares = kim.semantic("synthetic masks").fit(table)
    found = shares.transform(table)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    names = list(shares.get_feature_names_out())
    assert names[: len(MAP_LABELS)] == list(MAP_LABELS)
    for row, kinds in zip(found, table["objects"], strict=True):
        drawn = {name for name in names if row[names.index(name)] > 0}
        assert set(kinds) & drawn  # a small one may be hidden behind another, not all


def test_a_fitted_segmenter_stays_fitted_in_folds():
    families = kim.blocks(segmenter=HalfAndHalf().fit(None))
    copy = clone(make_pipeline(families["semantic"], StandardScaler()))[0]
    found = copy.transform([PHOTO, PHOTO])
    assert found.shape == (2, 150) and found.dtype == np.float32
    np.testing.assert_allclose(found[0, :2], [0.45, 0.45])
    assert found[:, 2:].sum() == 0
    assert list(copy.get_feature_names_out()[:3]) == ["sky", "lawn", "unused_3"]


def test_who_cannot_segment_is_named():
    with pytest.raises(ValueError, match="'masks', 'synthetic masks'"):
        semantic.SemanticShares("pspnet").fit()
    with pytest.raises(ValueError, match="fitted"):
        semantic.SemanticShares(HalfAndHalf()).fit()
    with pytest.raises(ValueError, match="column mask_path"):
        semantic.SemanticShares().transform([PHOTO])
    for nothing in (None, np.nan):
        with pytest.raises(DatasetError, match="row 1 of the table has no mask"):
            masks = [scenes(1)["mask_path"][0], nothing]
            semantic.SemanticShares().transform(pd.DataFrame({"mask_path": masks}))
    many = HalfAndHalf().fit(None)
    many.classes = tuple(map(str, range(151)))
    with pytest.raises(ValueError, match="151 classes"):
        kim.semantic(many).fit()


def test_a_file_that_is_no_mask_is_named(tmp_path):
    file = tmp_path / "photo.png"
    PHOTO.save(file)
    for segmenter in semantic.MASKS:
        with pytest.raises(DatasetError, match=r"photo\.png"):
            semantic.SemanticShares(segmenter).transform(pd.DataFrame({"mask_path": [str(file)]}))
    with pytest.raises(DatasetError, match="cannot be read"):
        semantic.read_mask(tmp_path / "none.png")


def test_the_photos_of_ade20k_have_shares():
    try:
        table = datasets.load("ade20k").table
    except DatasetMissing:
        pytest.skip("no copy of ADE20K is here")
    found = kim.semantic().transform(table)
    assert found.shape == (len(table), 150) and (found.sum(axis=1) <= 1 + 1e-6).all()
    assert (found.sum(axis=1) > 0.5).all()
