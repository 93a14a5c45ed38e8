"""The binary-assisted network: what the assistant learns, and what is joined."""

import numpy as np
import pytest
from sklearn.base import clone
from test_streams import QUICK, pictures  # noqa: F401  (a fixture)

from emobook import evaluate, models, train
from emobook.emotions import MIKELS8
from emobook.models.assisted import BinaryAssistedClassifier, random_halving
from emobook.models.streams import HiddenLayerClassifier


@pytest.fixture(autouse=True)
def own_cache(clean_cache):
    """No test finds what another has trained."""


def assisted(assist="polarity", **options):
    return BinaryAssistedClassifier(HiddenLayerClassifier(**QUICK | options), assist)


def groups_of(assist, classes):
    model = assisted(assist)
    model.classes_ = np.array(classes)
    found = model._groups()
    return found if found is None else found.tolist()


def test_polarity_is_that_of_the_eight():
    # amusement, awe, contentment and excitement are positive, and "negative" sorts first
    expected = [1, 0, 1, 1, 0, 1, 0, 0]
    assert groups_of("polarity", range(8)) == expected
    assert groups_of("polarity", sorted(MIKELS8)) == expected
    assert groups_of("polarity", [0, 2, 6]) == [1, 1, 0]  # where a class is missing
    assert groups_of("polarity", ["no", "yes"]) == [0, 1]


def test_other_assistants():
    assert groups_of(None, range(8)) is None
    assert groups_of(range(3), [4, 5, 6]) == [0, 1, 2]
    assert groups_of((7, 3, 7), [4, 5, 6]) == [1, 0, 1]


@pytest.mark.parametrize("assist", ["valence", (0, 1), (1, 1, 1)])
def test_groups_that_do_not_fit_are_refused(pictures, assist):  # noqa: F811
    with pytest.raises(ValueError, match=r"^assist must"):
        assisted(assist).fit(*pictures)


def test_emotions_of_one_polarity_have_no_assistant(pictures):  # noqa: F811
    X, y = pictures
    with pytest.raises(ValueError, match=r"^assist must give each of 3 classes a group"):
        assisted().fit(X, np.array(["awe", "amusement", "contentment"])[y])


def test_the_assistant_learns_groups_and_the_other_network_the_classes(pictures):  # noqa: F811
    X, y = pictures  # 0 amusement, 1 anger, 2 awe
    model = assisted().fit(X, y)
    fine, assistant = (model.streams_[name][0] for name in ("fine", "assistant"))
    assert list(fine.classes_) == [0, 1, 2] and (fine.predict(X) == y).mean() > 0.9
    assert list(assistant.classes_) == [0, 1]
    assert (assistant.predict(X) == (y != 1)).mean() > 0.9
    both = model.transform(X)
    assert both.shape == (24, 32) and (model.predict(X) == y).mean() > 0.9
    alone = assisted(None).fit(X, y).transform(X)
    again = assisted(None).fit(X, y, model.streams_)
    assert list(again.streams_) == ["fine"] and again.streams_["fine"][0] is fine
    np.testing.assert_allclose(both[:, :16], alone)
    centred = assistant.transform(X) - assistant.transform(X).mean(axis=0)
    np.testing.assert_allclose(both[:, 16:], centred / np.sqrt((centred**2).sum() / 24), atol=1e-6)


def test_the_control_is_the_same_task_with_another_seed(pictures):  # noqa: F811
    X, y = pictures
    control = assisted(range(3)).fit(X, y)
    fine, second = (control.streams_[name][0] for name in ("fine", "assistant"))
    assert list(fine.classes_) == list(second.classes_)
    assert fine.get_params() | {"seed": None} == second.get_params() | {"seed": None}
    assert fine.seed != second.seed
    assert not np.allclose(fine.transform(X), second.transform(X))


def test_both_networks_start_from_the_same_backbone_and_stay_apart(pictures):  # noqa: F811
    X, y = pictures
    model = assisted(freeze="lower", epochs=1).fit(X, y)
    fine, assistant = (model.streams_[n][0].network_ for n in ("fine", "assistant"))
    for kind, same in (("levels.0", True), ("levels.3", False)):
        a, b = (
            {k: v for k, v in net.state_dict().items() if k.startswith(kind) and "weight" in k}
            for net in (fine, assistant)
        )
        assert a and all(np.array_equal(a[k], b[k]) for k in a) == same


def test_the_fit_is_stored_and_repeats(pictures):  # noqa: F811
    X, y = pictures
    model = assisted((1, 0, 1))
    stored, again = train.fitted(model, X, y), clone(model).fit(X, y)
    np.testing.assert_allclose(stored.predict_proba(X), again.predict_proba(X), rtol=1e-6)


def test_by_name():
    model = models.create("binary-assisted", assist=None)
    assert isinstance(model, BinaryAssistedClassifier) and model.assist is None


def test_a_random_halving_says_nothing_of_polarity():
    drawn = [random_halving(seed) for seed in range(20)]
    for groups in drawn:
        assert groups.sum() == 4
        assert groups[evaluate.polarity_labels(np.arange(8)) == 1].sum() == 2
    assert len({tuple(groups) for groups in drawn}) > 10
