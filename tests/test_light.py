"""LiteEmo's streams, against the parts they are made of."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from test_streams import QUICK, pictures  # noqa: F401  (a fixture)
from timm.data import ImageNetInfo

from emobook import models, train
from emobook.features import DeepFeatures
from emobook.models import light
from emobook.models.streams import HiddenLayerClassifier


@pytest.fixture(autouse=True)
def own_cache(clean_cache):
    """No test finds what another has trained."""


def lite(streams="EOC", **options):
    return light.LiteEmoClassifier(HiddenLayerClassifier(**QUICK), streams, **options)


def test_groups_hold_every_class_of_imagenet_once_and_the_right_ones():
    spans = list(light.IMAGENET_GROUPS.values())
    covered = [i for start, end in spans for i in range(start, end)]
    info = ImageNetInfo()
    assert covered == list(range(999)) and "toilet" in info.index_to_description(999)
    where = {
        info.index_to_description(i).split(",")[0]: name
        for name, (start, end) in light.IMAGENET_GROUPS.items()
        for i in range(start, end)
    }
    known = {
        "golden retriever": "animals", "puffer": "animals", "abacus": "things and buildings",
        "church": "things and buildings", "sports car": "things and buildings",
        "pizza": "food", "guacamole": "food", "eggnog": "food", "seashore": "landscapes",
        "volcano": "landscapes", "ballplayer": "people", "scuba diver": "people",
        "rapeseed": "plants and fungi", "daisy": "plants and fungi", "bolete": "plants and fungi",
    }  # fmt: skip
    assert {word: where[word] for word in known} == known


def test_groups_are_sums_of_probabilities(pictures):  # noqa: F811
    X = pictures[0][:3]
    values = DeepFeatures(layer="probabilities").transform(X)
    groups = light.ImageNetGroups().fit(X).transform(X)
    for k, (start, end) in enumerate(light.IMAGENET_GROUPS.values()):
        np.testing.assert_allclose(groups[:, k], [row[start:end].sum() for row in values])
    np.testing.assert_allclose(groups.sum(axis=1), 1 - values[:, 999], rtol=1e-5)


def test_a_network_of_other_classes_has_no_groups(pictures, monkeypatch):  # noqa: F811
    monkeypatch.setattr(DeepFeatures, "transform", lambda self, X: np.zeros((len(X), 21843)))
    with pytest.raises(ValueError, match="has 21843 classes, not ImageNet's 1000"):
        light.ImageNetGroups().transform(pictures[0])


def test_streams_stand_side_by_side_in_one_order(pictures):  # noqa: F811
    X, y = pictures
    every = lite("COE").fit(X, y)
    assert list(every.streams_) == ["E", "O", "C"]
    joined = every.transform(X)
    assert joined.shape == (24, 16 + 1000 + 6)
    parts = {"E": joined[:, :16], "O": joined[:, 16:1016], "C": joined[:, 1016:]}
    for streams in ("E", "O", "C", "EO", "EC"):
        some = lite(streams).fit(X, y, every.streams_).transform(X)
        np.testing.assert_allclose(some, np.hstack([parts[name] for name in streams]))
    objects = DeepFeatures(layer="probabilities").transform(X)
    np.testing.assert_allclose(
        parts["O"] * every.scales_["O"] + every.centres_["O"], objects, atol=1e-7
    )
    features = every.streams_["E"][0].transform(X)
    np.testing.assert_allclose(
        parts["E"] * every.scales_["E"] + every.centres_["E"], features, atol=1e-6
    )
    assert (every.predict(X) == y).mean() > 0.9
    alone = lite("EO").fit(X, y)
    assert list(alone.streams_) == ["E", "O"]
    np.testing.assert_allclose(
        alone.predict_proba(X), lite("EO").fit(X, y, every.streams_).predict_proba(X), rtol=1e-6
    )


def test_a_category_model_stays_as_it_was_trained(pictures):  # noqa: F811
    """Its categories are not the classes, and no clone may lose them."""
    X, y = pictures
    pixels = [np.asarray(x).ravel() / 255 for x in X]

    class Bright(LogisticRegression):
        def predict_proba(self, X):
            return super().predict_proba([np.asarray(x).ravel() / 255 for x in X])

    category = Bright().fit(pixels, y == 0)
    copied = clone(lite("C", category=FrozenEstimator(category)))
    joined = copied.fit(X, y)
    scores = category.predict_proba(X)
    np.testing.assert_allclose(
        joined.transform(X) * joined.scales_["C"] + joined.centres_["C"], scores
    )
    found = joined.predict(X)
    assert (found[y == 0] == 0).all() and (found[y != 0] != 0).all()


def test_the_fit_is_stored_and_repeats(pictures):  # noqa: F811
    X, y = pictures
    stored = train.fitted(lite(), X, y)
    again = lite().fit(X, y)
    np.testing.assert_allclose(stored.predict_proba(X), again.predict_proba(X), rtol=1e-6)


def test_by_name():
    model = models.create("lite-emo", streams="EO")
    assert isinstance(model, light.LiteEmoClassifier) and model.get_params()["streams"] == "EO"


@pytest.mark.parametrize("streams", ["", "EX", "EE", "emotion"])
def test_unknown_streams_are_refused(pictures, streams):  # noqa: F811
    with pytest.raises(ValueError, match=r'^streams must be some of "EOC"'):
        lite(streams).fit(*pictures)
