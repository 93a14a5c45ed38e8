"""Features of given boxes: those of the detector's own boxes, and what is done with odd ones."""

import numpy as np
import pytest

from emobook import datasets
from emobook.models.known_regions import box_features
from emobook.models.regions import RegionDetector, region_features


@pytest.fixture(scope="module")
def scenes():
    return datasets.load("synthetic", n=10, seed=3).table


@pytest.fixture(scope="module")
def detector(scenes):
    return RegionDetector(
        pretrained=False, size=64, channels=8, anchors=(8, 16, 32, 64), proposals=8, keep=3,
        max_steps=1, batch_size=4, augment=False,
    ).fit(scenes)  # fmt: skip


def test_of_the_boxes_that_the_detector_found_they_are_its_own_features(detector, scenes):
    seen, found = region_features(detector, scenes), detector.transform(scenes)
    choices = [
        [[one[:4] for one in regions] for regions in found[f"{kind}_regions"]]
        for kind in ("emotional", "object")
    ]
    given = box_features(detector, scenes, *choices)
    for kind, features in zip(("emotional", "objects"), given, strict=True):
        np.testing.assert_allclose(features, np.stack(seen[kind]), rtol=1e-3, atol=1e-4)
        assert features[0].shape == (3, 176) and features[0].dtype == np.float32


def test_a_box_has_its_place_and_the_whole_picture_fills_up(detector, scenes):
    pictures = scenes.iloc[:1]
    whole = [0, 0, 192, 192]
    ((all_whole,),) = box_features(detector, pictures, [[]])
    np.testing.assert_array_equal(all_whole, np.tile(all_whole[0], (3, 1)))
    boxes = [("dog", 0, 0, 96, 96), (40, 50, 40, 90), (-20, 100, 500, 400), (96, 0, 192, 96)]
    ((found,),) = box_features(detector, pictures, [boxes])
    ((plain,),) = box_features(
        detector, pictures, [[(0, 0, 96, 96), (0, 100, 192, 192), (96, 0, 192, 96), whole]]
    )
    np.testing.assert_array_equal(found, plain)  # no area: out; beyond the edge: cut; a fourth: out
    assert abs(found[0] - all_whole[0]).max() > 0
    ((filled,),) = box_features(detector, pictures, [[(0, 0, 96, 96)]])
    np.testing.assert_allclose(filled[1:], all_whole[1:], atol=1e-5)
    np.testing.assert_allclose(filled[0], found[0], atol=1e-5)


@pytest.mark.parametrize(
    ("boxes", "sentence"),
    [([], "a list for each picture, 2"), ([[], [(0, 1)]], "lists of"), ([[], None], "lists of")],
)
def test_what_is_no_list_of_boxes_is_refused(detector, scenes, boxes, sentence):
    with pytest.raises(ValueError, match=sentence):
        box_features(detector, scenes.iloc[:2], boxes)
