"""Frozen features, principal components, a class-weighted SVM."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from emobook import evaluate, models, train
from emobook.models.imagenet_svm import Components, imagenet_svm

DRAW = np.random.default_rng(0)


def correlated(rows=60, columns=30):
    return DRAW.normal(size=(rows, 5)) @ DRAW.normal(size=(5, columns)) + 7


def test_components_are_those_of_the_covariance():
    x = correlated()
    spread, directions = np.linalg.eigh(np.cov(x.T))
    expected = (x - x.mean(axis=0)) @ directions[:, ::-1][:, :3]
    np.testing.assert_allclose(np.abs(Components(3).fit_transform(x)), np.abs(expected), atol=1e-8)
    share = np.cumsum(spread[::-1]) / spread.sum()
    assert Components(0.8).fit_transform(x).shape[1] == np.argmax(share >= 0.8) + 1


def test_fewer_images_than_components_keep_what_there_is_and_say_so_in_one_sentence():
    x = correlated(rows=6)
    with pytest.warns(
        UserWarning, match="6 images with 30 features have 5 .* instead of 20"
    ) as got:
        kept = Components(20).fit_transform(x)
    assert len(got) == 1 and kept.shape == (6, 5)
    between = np.linalg.norm(x[:, None] - x, axis=-1)  # five dimensions hold all of six points
    np.testing.assert_allclose(np.linalg.norm(kept[:, None] - kept, axis=-1), between, atol=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Components(5).fit_transform(x).shape == (6, 5)


@pytest.mark.parametrize("n", [0, -3, 1.0, 1.5, 0.0, True, "20", None])
def test_other_numbers_of_components_are_refused(n):
    with pytest.raises(ValueError, match=r"^n must be a whole number of at least 1 or a share"):
        Components(n).fit(correlated())


class Given(TransformerMixin, BaseEstimator):
    """In place of deep features: X is what they would be."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X)

    def __sklearn_is_fitted__(self):
        return True


def on_arrays(**options):
    pipeline = imagenet_svm(**options)
    pipeline.steps[0] = ("given", Given())
    return pipeline


def clouds(sizes, apart=1.5):
    y = np.repeat(np.arange(len(sizes)), sizes)
    return DRAW.normal(size=(len(y), 12)) + apart * np.eye(len(sizes), 12)[y], y


def test_weights_lift_the_recall_of_the_rare_class():
    x, y = clouds((300, 15))
    weighted = on_arrays(components=12, C=0.01).fit(x, y)
    plain = on_arrays(components=12, C=0.01).set_params(svc__class_weight=None).fit(x, y)
    rare = y == 1
    assert (weighted.predict(x)[rare] == 1).mean() > (plain.predict(x)[rare] == 1).mean() + 0.3


def test_the_whole_is_its_steps_by_hand():
    x, y = clouds((40, 20, 10))
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    pca = PCA(4, svd_solver="full").fit(scaled)
    weight = {c: len(y) / 3 / (y == c).sum() for c in range(3)}
    machine = SVC(kernel="linear", C=0.5, class_weight=weight).fit(pca.transform(scaled), y)
    fitted = on_arrays(components=4, C=0.5).fit(x, y)
    np.testing.assert_allclose(
        fitted.decision_function(x), machine.decision_function(pca.transform(scaled)), atol=1e-6
    )
    assert (fitted.predict(x) == fitted.decision_function(x).argmax(axis=1)).all()


def test_a_fit_is_stored_and_predicts_the_same(clean_cache):
    x, y = clouds((30, 20, 10))
    model = imagenet_svm(components=5)[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (train.fitted(model, x, y) for _ in range(2))
    expected = model.fit(x, y).decision_function(x)
    for stored in (first, second):
        np.testing.assert_array_equal(stored.decision_function(x), expected)


def test_it_is_known_by_name_and_takes_pictures(clean_cache):
    model = models.create("imagenet-svm", pretrained=False, components=20)
    assert model[0].get_params()["layer"] == "pooled"
    pictures = [np.full((32, 32, 3), 20 * k, np.uint8) for k in range(8)]
    with pytest.warns(UserWarning, match="8 images with 1280 features have 7"):
        model.fit(pictures, np.arange(8) % 4)
    assert model.decision_function(pictures).shape == (8, 4)


def test_above_chance_on_fi(real_data):
    from emobook import datasets

    fi = datasets.load("fi", root=real_data / "fi")
    folds = evaluate.repeated_folds(fi.labels, repeats=1)
    model = models.create("imagenet-svm")
    found = evaluate.cross_predict(model, fi.table, fi.labels, folds, progress=False)
    assert evaluate.per_image(found).mean() > 0.45
