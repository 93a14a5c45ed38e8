"""Covered regions: what is painted, and what it costs."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin

from emobook import images, results
from emobook.evaluate import repeated_folds
from emobook.models.regions import Region
from emobook.results import covering


def test_a_covered_box_has_the_mean_colour_and_the_rest_stays():
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[:, :5] = 200
    hidden = np.asarray(covering.covered(picture, (2.2, 0, 6.4, 4.6)))
    assert (hidden[:5, 2:6] == 50).all()
    hidden = hidden.copy()
    hidden[:5, 2:6] = picture[:5, 2:6]
    assert np.array_equal(hidden, picture)
    given = Image.fromarray(picture)
    covering.covered(given, (0, 0, 20, 10))
    assert np.array_equal(np.asarray(given), picture), "the picture itself must stay as it is"


class Bright(ClassifierMixin, BaseEstimator):
    """Says class 1 with the share of pixels that are white, whatever it learned; never of a picture
    that it learned from."""

    def fit(self, X, y):
        assert {images.read(one).size for one in X} == {(40, 40)}
        self.learned = {images.read(one).tobytes() for one in X}
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, X):
        assert self.learned.isdisjoint(images.read(one).tobytes() for one in X)
        light = np.array([(np.asarray(one).min(axis=2) == 255).mean() for one in X])
        return np.column_stack([1 - light, light])


def test_covering_what_matters_costs_what_it_should():
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[10:20, 10:20] = 255  # a sixteenth of the picture
    pictures = [picture.copy() for _ in range(60)]
    for number, one in enumerate(pictures):
        one[0, 0] = number  # told apart by one dark pixel
    y, boxes = np.arange(60) % 2, {"square": [(10, 10, 20, 20)] * 60, "all": [(0, 0, 40, 40)] * 60}
    folds = repeated_folds(y, None, 3, 1)
    found = covering.falls(Bright(), pictures, y, folds, boxes)
    truth = np.concatenate([y[fold.test] for fold in folds])
    square, everything = found["square"], found["all"]
    assert square.shape == everything.shape == (60, 2)
    assert square[truth == 1, 0] == pytest.approx(1 / 16)
    assert square[truth == 0, 0] == pytest.approx(-1 / 16)  # without the square 0 is surer
    assert (square[:, 1] == 0).all()  # eight times in a row no place is found beside the square
    assert np.array_equal(everything[:, 0], everything[:, 1])
    part = {"square": boxes["square"][: len(folds[1].test)]}
    some = covering.falls(Bright(), pictures, y, folds[1:2], part)["square"]
    assert np.array_equal(some[:, 0], square[len(folds[0].test) :][: len(some), 0])


def test_the_other_box_has_the_size_and_avoids_the_first():
    box = (10, 20, 30, 50)
    other = covering._elsewhere([box] * 200, [(100, 60)] * 200, seed=0)
    assert np.allclose(other[:, 2:] - other[:, :2], (20, 30))
    assert (other >= 0).all() and (other[:, 2:] <= (100, 60)).all()
    shared = (np.minimum(other[:, 2:], box[2:]) - np.maximum(other[:, :2], box[:2])).clip(min=0)
    assert (shared.prod(axis=1) == 0).all() and other[:, 0].max() > 70  # most places are free
    assert np.allclose(covering._elsewhere([(0, 0, 9, 9)], [(9, 9)], seed=0), [(0, 0, 9, 9)])


class Finds:
    """Finds the square as emotional region, and a corner as object, but not in every tenth
    picture, for which the whole stands in."""

    def transform(self, X):
        regions = {"emotional_regions": (10, 10, 20, 20), "object_regions": (0, 0, 10, 10)}
        none = [Region(0, 0, 40, 40, 0.0, 0.0, 0.0, False)]
        return X.assign(
            **{
                name: [
                    none if i % 10 == 0 else [Region(*box, 0.5, 0.5, 0.7, True)] for i in X["id"]
                ]
                for name, box in regions.items()
            }
        )


def test_what_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    results.forget()
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[10:20, 10:20] = 255
    paths = [str(tmp_path / f"{number}.png") for number in range(40)]
    for number, path in enumerate(paths):
        picture[0, 0] = number
        Image.fromarray(picture).save(path)

    class Set:
        table = pd.DataFrame({"path": paths, "id": range(40)})
        labels = np.r_[[0] * 4, [1] * 36]

    folds = repeated_folds(Set.labels, None, 2, 1)
    found = covering.strongest("synthetic", Set, folds, Finds(), Bright(), ", drawn")
    assert list(found) == ["strongest object region", "strongest emotional region, drawn"]
    assert found["strongest emotional region, drawn"].low > 0 > found["strongest object region"].low
    rows = results.rows().query("item == 'Covered regions'").set_index(["row", "column"])
    cell = rows.loc[("strongest emotional region, drawn", "fall of the probability")]
    assert cell["value"] == pytest.approx(30 / 36 / 16) and cell["n"] == 36
    assert cell["baseline"] == 0  # the other box avoids the square
    beyond = rows.loc[("strongest emotional region, drawn", "beyond another box")]
    assert beyond["value"] == pytest.approx(cell["value"] - cell["baseline"])
    results.forget()
