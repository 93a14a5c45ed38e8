"""The classifier above the regions: what it sees, what it minimises, how it learns and is kept."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from torch import nn

from emobook import datasets, models, train
from emobook.emotions import MIKELS8, wheel_distribution
from emobook.evaluate import collapse_to_polarity, cross_predict, polarity_labels, repeated_folds
from emobook.models import _looks
from emobook.models.region_classifier import CONFIGURATIONS, RegionClassifier, fit_together
from emobook.models.regions import RegionDetector, region_features

D, K, LOCAL = 20, 10, 3
SEEN = {"whole": D, "objects": K * LOCAL, "emotional": K * LOCAL}
DETECTOR = RegionDetector(
    "test_efficientnet", pretrained=False, size=64, channels=8, anchors=(8, 16, 32, 64),
    proposals=20, epochs=1,
)  # fmt: skip


def features(n=48, seed=0, told_by="emotional"):
    """Made-up features in which one column tells the class, and the classes."""
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % 8
    parts = {
        "whole": draw.normal(size=(n, D)),
        "objects": draw.normal(size=(n, K, LOCAL)),
        "emotional": draw.normal(size=(n, K, LOCAL)),
    }
    if told_by:
        parts[told_by].reshape(n, -1)[np.arange(n), labels] += 5
    columns = {name: list(part.astype(np.float32)) for name, part in parts.items()}
    return pd.DataFrame(
        {name: pd.Series(part, dtype=object) for name, part in columns.items()}
    ), labels


def by_hand(classifier, X, row):
    """Two layers and a softmax, one number at a time."""
    x = []
    for name in CONFIGURATIONS[classifier.configuration]:
        x += X[name].iloc[row].ravel().tolist()
    x = [
        (v - m) / s
        for v, m, s in zip(x, classifier.scaler_.mean_, classifier.scaler_.scale_, strict=True)
    ]
    (w1, w2), (b1, b2) = classifier.coefs_, classifier.intercepts_
    hidden = [
        max(sum(v * w for v, w in zip(x, column, strict=True)) + b, 0)
        for column, b in zip(w1.T, b1, strict=True)
    ]
    scores = [
        sum(v * w for v, w in zip(hidden, column, strict=True)) + b
        for column, b in zip(w2.T, b2, strict=True)
    ]
    odds = np.exp(np.array(scores))
    return odds / odds.sum()


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_shapes_counts_and_the_formula(configuration):
    """Eq. 5 in the five configurations of Table 1; what is not among them is not looked at."""
    X, y = features()
    for name in set(SEEN) - set(CONFIGURATIONS[configuration]):
        X[name] = None
    classifier = RegionClassifier(configuration=configuration, hidden=7, epochs=2).fit(X, y)
    width = sum(SEEN[name] for name in CONFIGURATIONS[configuration])
    assert [part.shape for part in classifier.coefs_] == [(width, 7), (7, 8)]
    assert [part.shape for part in classifier.intercepts_] == [(7,), (8,)]
    found = classifier.predict_proba(X)
    for row in (0, 11):
        np.testing.assert_allclose(found[row], by_hand(classifier, X, row), rtol=1e-6)


def log_softmax(a):
    return a - np.log(np.exp(a).sum(axis=1, keepdims=True))


def first_logits(X, classes, seed=0):
    """What the layers say before the first step."""
    x = np.hstack(
        [np.stack(X[name].tolist()).reshape(len(X), -1) for name in ("whole", "emotional")]
    )
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    torch.manual_seed(seed)
    first, last = nn.Linear(x.shape[1], 16), nn.Linear(16, classes)
    with torch.no_grad():
        return last(torch.relu(first(torch.tensor(x, dtype=torch.float32)))).double().numpy()


@pytest.mark.parametrize("classes", [8, 2])
@pytest.mark.parametrize("loss", ["cross_entropy", "label_probability", "multi_task"])
def test_the_loss_of_the_first_step_is_that_of_the_closed_form(loss, classes):
    """Eqs. 6 to 8 and 10; for two classes with the collapsed distribution."""
    X, y = features()
    p = np.random.default_rng(1).choice([0.6, 0.8, 1.0], size=len(y))
    f = wheel_distribution(y, p)
    if classes == 2:
        y, f = polarity_labels(y), collapse_to_polarity(f)
    classifier = RegionClassifier(loss=loss, lam=0.3, hidden=16, epochs=1, seed=5)
    classifier.fit(X, y, distributions=f, p=p)
    a = first_logits(X, classes, seed=5)
    rows = np.arange(len(y))
    expected = {
        "cross_entropy": -log_softmax(a)[rows, y],
        "label_probability": -log_softmax(a * p[:, None] ** 2)[rows, y],
        "multi_task": -(((0.7 * np.eye(classes)[y]) + 0.3 * f) * log_softmax(a)).sum(axis=1),
    }[loss].mean()
    assert classifier.history_.losses[0] == pytest.approx(expected, rel=1e-5)


def test_for_two_classes_the_distribution_is_that_of_eq_4_summed():
    """What leaks to other emotions of the same polarity stays with the label."""
    f = collapse_to_polarity(wheel_distribution([MIKELS8.index("awe")], 0.6))[0]
    whole = wheel_distribution("awe", 0.6)
    assert f[1] == pytest.approx(
        sum(whole[MIKELS8.index(e)] for e in ("amusement", "awe", "contentment", "excitement"))
    )
    assert f.sum() == pytest.approx(1) and f[1] > 0.6


def test_a_step_moves_every_weight():
    X, y = features()
    one = RegionClassifier(epochs=1, hidden=4).fit(X, y)
    more = RegionClassifier(epochs=2, hidden=4).fit(X, y)
    for a, b in zip(one.coefs_ + one.intercepts_, more.coefs_ + more.intercepts_, strict=True):
        assert (a != b).mean() > 0.9


def test_it_learns_by_heart_even_noise():
    X, y = features(told_by=None)
    options = {"epochs": 150, "weight_decay": 0}
    assert (RegionClassifier(**options).fit(X, y).predict(X) == y).all()


def test_what_is_in_the_regions_is_found_there_alone():
    """The mechanism: where the emotional regions tell the class, they help; where nothing tells
    it, or something else does, they do not."""
    for told_by, good in (("emotional", {"emotional", "global+emotional"}),
                          ("whole", {"global", "global+emotional", "global+objects"}),
                          (None, set())):  # fmt: skip
        X, y = features(400, told_by=told_by)
        for configuration in CONFIGURATIONS:
            fit = RegionClassifier(configuration=configuration).fit(X[:200], y[:200])
            share = (fit.predict(X[200:]) == y[200:]).mean()
            assert share > 0.7 if configuration in good else share < 0.3, (told_by, configuration)


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    X, y = features()
    one, same, other = (RegionClassifier(epochs=2, seed=seed).fit(X, y) for seed in (3, 3, 4))
    for part, equal, different in zip(one.coefs_, same.coefs_, other.coefs_, strict=True):
        np.testing.assert_array_equal(part, equal)
        assert (part != different).all()


@pytest.mark.parametrize("n", [16, 48])
def test_what_is_learned_of_the_training_pictures_is_what_plain_layers_learn(n):
    """Also where there are fewer pictures than inputs, and the layers see their span alone."""
    X, y = features(n)
    options = {"hidden": 5, "epochs": 6, "lr": 0.05, "batch_size": 7}
    classifier = RegionClassifier(**options, seed=2).fit(X, y)
    parts = [np.stack(X[name].tolist()).reshape(n, -1) for name in ("whole", "emotional")]
    x = torch.tensor(classifier.scaler_.transform(np.hstack(parts)), dtype=torch.float32)
    torch.manual_seed(2)
    layers = nn.Sequential(nn.Linear(x.shape[1], 5), nn.ReLU(), nn.Linear(5, 8))
    decay = [
        {"params": part, "weight_decay": 0.1 * (part.ndim == 2)} for part in layers.parameters()
    ]
    optimizer = torch.optim.SGD(decay, lr=0.05, momentum=0.9)
    for epoch in range(6):
        order = np.random.default_rng([2, epoch]).permutation(n)
        for start in range(0, n, 7):
            rows = order[start : start + 7]
            optimizer.zero_grad()
            nn.functional.cross_entropy(layers(x[rows]), torch.tensor(y[rows])).backward()
            optimizer.step()
    expected = layers(x).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=1e-4)


def test_side_by_side_each_learns_what_it_learns_alone():
    X, y = features()
    unseen = features(seed=9)
    alone = [RegionClassifier(epochs=5, seed=seed) for seed in range(3)]
    together = [clone(one) for one in alone]
    fit_together(together, X, y, validation=unseen)
    for one, other in zip(alone, together, strict=True):
        one.fit(X, y, validation=unseen)
        for part, same in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_,
                              strict=True):  # fmt: skip
            np.testing.assert_allclose(part, same, atol=1e-5)
        np.testing.assert_allclose(one.history_.scores, other.history_.scores, atol=1e-5)
        assert one.history_.best_epoch == other.history_.best_epoch
    mean = np.mean([one.history_.losses for one in alone], axis=0)
    np.testing.assert_allclose(together[0].history_.losses, mean, rtol=1e-5)
    with pytest.raises(ValueError, match="differ in seed alone"):
        fit_together([RegionClassifier(), RegionClassifier(hidden=3)], X, y)


def test_names_of_classes_and_the_epoch_that_suits_the_validation_images():
    X, y = features()
    names = np.array(MIKELS8)[y]
    plain = RegionClassifier(epochs=40, lr=0.05).fit(X, names)
    assert list(plain.classes_) == sorted(MIKELS8)
    unseen, truth = features(seed=9, told_by=None)
    chosen = clone(plain).fit(X, names, validation=(unseen, np.array(MIKELS8)[truth]))
    best = int(chosen.history_.best_epoch)
    assert best < 39 and best == chosen.history_.scores.argmax()
    again = clone(plain).set_params(epochs=best + 1).fit(X, names)
    np.testing.assert_array_equal(chosen.predict_proba(X), again.predict_proba(X))


def test_it_is_stored_and_cross_validated_like_any_other(clean_cache):
    X, y = features()
    classifier = RegionClassifier(epochs=2)
    expected = classifier.fit(X, y).predict_proba(X)
    first = train.fitted(classifier, X, y)
    again = train.fitted(classifier, X, y)
    for fit in (first, again):
        np.testing.assert_array_equal(fit.predict_proba(X), expected)
    predictions = cross_predict(classifier, X, y, repeated_folds(y, np.arange(len(y)), 3, 1))
    assert len(predictions) == len(y)


# ---- on pictures


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return datasets.load("synthetic", n=16, root=tmp_path_factory.mktemp("scenes"))


def test_with_its_own_detector_and_with_a_shared_one(scenes, clean_cache):
    table, y = scenes.table, scenes.labels
    _looks._remembered.clear()
    own = RegionClassifier(DETECTOR, epochs=2).fit(table, y)
    detector = clone(DETECTOR).fit(table)
    assert not hasattr(DETECTOR, "network_") and own.detector_.weights_id_ == detector.weights_id_
    shared = RegionClassifier(FrozenEstimator(detector), epochs=2)
    paths = table[["path"]]  # a detector that is fitted already needs no boxes
    expected = clone(shared).fit(paths, y).predict_proba(paths)
    np.testing.assert_array_equal(own.predict_proba(table), expected)
    seen = region_features(detector, table)
    alone = RegionClassifier(epochs=2).fit(seen, y)
    np.testing.assert_array_equal(alone.predict_proba(seen), expected)
    stored = train.fitted(shared, paths, y)
    _looks._remembered.clear()
    np.testing.assert_allclose(stored.predict_proba(paths), expected, rtol=1e-6)


def test_one_look_serves_all_configurations(scenes, monkeypatch):
    shared = FrozenEstimator(clone(DETECTOR).fit(scenes.table))
    region_features(shared.estimator, scenes.table)
    monkeypatch.setattr(_looks, "_seen", None)
    for configuration in CONFIGURATIONS:
        RegionClassifier(shared, configuration, epochs=1).fit(scenes.table, scenes.labels)


def test_the_default_is_the_whole_method():
    made = models.create("multi-level-rcnn", loss="multi_task")
    assert made.detector.get_params() == RegionDetector().get_params()
    assert made.configuration == "global+emotional" and made.loss == "multi_task"


@pytest.mark.parametrize(
    "options, said",
    [
        ({"configuration": "all"}, "configuration must be one of global, objects"),
        ({"hidden": 0}, "hidden must be a whole number"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"lr": 0}, "lr must be"),
    ],
)
def test_parameters_out_of_range_are_named(options, said):
    with pytest.raises(ValueError, match=said):
        RegionClassifier(**options).fit(*features())


def test_what_is_no_table_of_features_is_refused(scenes):
    X, y = features()
    for given in (scenes.table[["path"]], X[["whole"]], scenes.table.path.tolist()):
        with pytest.raises(ValueError, match="region_features gives, with the columns whole, emo"):
            RegionClassifier().fit(given, y[: len(given)])
    fit = RegionClassifier(epochs=1).fit(X, y)
    with pytest.raises(ValueError, match="region_features gives"):
        fit.predict(X[["whole"]])
    with pytest.raises(ValueError, match="validation must be equally long"):
        RegionClassifier(epochs=1).fit(X, y, validation=(X, y[:3]))
