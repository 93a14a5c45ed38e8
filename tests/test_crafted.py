"""What the hand-crafted features share: order, cache, errors, parallel work."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emobook.features.crafted import CraftedFeatures
from emobook.images import ImageError

CALLS = []


class Mean(CraftedFeatures):
    """Mean of the channels, times a factor: (3,)."""

    def __init__(self, factor=1.0, *, n_jobs=None, cache=True, progress=True):
        super().__init__(n_jobs=n_jobs, cache=cache, progress=progress)
        self.factor = factor

    def _check(self):
        if self.factor <= 0:
            raise ValueError(f"factor must be above 0, not {self.factor}")

    def _names(self):
        return ["red", "green", "blue"]

    def _describe(self, image):
        CALLS.append(image.size)
        return self.factor * np.asarray(image, dtype=float).mean(axis=(0, 1))


@pytest.fixture
def photos(tmp_path, clean_cache):
    CALLS.clear()
    paths = []
    for i, colour in enumerate(((10, 20, 30), (200, 100, 0), (10, 20, 30))):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.new("RGB", (4 + i, 3), colour).save(paths[-1])
    return paths


def test_rows_are_in_the_order_of_the_pictures_whatever_they_come_as(photos):
    expected = [[10, 20, 30], [200, 100, 0], [10, 20, 30]]
    table = pd.DataFrame({"path": photos, "p": 1.0})
    for X in (photos, table, [Image.open(p) for p in photos], [np.asarray(Image.open(photos[1]))]):
        found = Mean().transform(X)
        assert found.dtype == np.float32
        assert found.tolist() == (expected if len(X) == 3 else expected[1:2])
    assert Mean().transform([]).shape == (0, 3)
    assert list(Mean().get_feature_names_out()) == ["red", "green", "blue"]


def test_what_was_computed_is_not_computed_again_unless_something_changed(photos):
    Mean().transform(photos)
    first = len(CALLS)
    assert first == 3
    assert Mean(n_jobs=2, progress=False).transform(photos[:2]).shape == (2, 3)
    assert len(CALLS) == first  # neither the processes nor the bar make other values
    doubled = Mean(factor=2.0).transform(photos)
    assert len(CALLS) == 6 and doubled[1].tolist() == [400, 200, 0]
    Mean(cache=False).transform(photos)
    assert len(CALLS) == 9


def test_several_processes_give_the_same_bytes(photos):
    alone = Mean(cache=False).transform(photos)
    assert Mean(n_jobs=2, cache=False).transform(photos).tobytes() == alone.tobytes()


def test_every_unreadable_picture_is_named_and_the_others_are_kept(photos, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    missing = str(tmp_path / "missing.png")
    with pytest.raises(ImageError, match=r"nor can 1 others be read") as error:
        Mean().transform([*photos, str(broken), missing])
    assert "broken.png" in str(error.value) and "missing.png" in str(error.value)
    before = len(CALLS)
    Mean().transform(photos)
    assert len(CALLS) == before


def test_a_value_that_is_not_finite_never_leaves(photos):
    with pytest.raises(RuntimeError, match=r"Mean gave \(3,\) with 3 values that are not finite"):
        Mean(factor=np.inf, cache=False).transform(photos)


def test_parameters_are_checked_and_estimators_compose(photos):
    with pytest.raises(ValueError, match="factor must be above 0"):
        Mean(factor=0).fit(photos)
    found = make_pipeline(clone(Mean(factor=3.0)), StandardScaler()).fit_transform(photos)
    assert found.shape == (3, 3) and np.allclose(found.mean(axis=0), 0)
