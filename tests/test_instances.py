"""Multiple-instance learning against its formula, logistic regression and bags whose witness is
known."""

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from emobook import models
from emobook.emotions import MIKELS8
from emobook.models.instances import MultipleInstanceClassifier


def made(n, seed, shift=4.0, d=12):
    """Bags of 10 to 29 instances of noise, of which one, the witness, is moved along axis y."""
    dice = np.random.default_rng(seed)
    labels, bags, witnesses = dice.integers(8, size=n), [], []
    for label in labels:
        bags.append(dice.normal(size=(dice.integers(10, 30), d)))
        witnesses.append(dice.integers(len(bags[-1])))
        bags[-1][witnesses[-1], label] += shift
    return bags, labels, np.array(witnesses)


@pytest.fixture(scope="module")
def train():
    return made(300, seed=0)


@pytest.fixture(scope="module")
def fitted(train):
    return MultipleInstanceClassifier().fit(*train[:2])


def test_it_finds_the_one_instance_that_the_mean_drowns(train, fitted):
    bags, labels, witnesses = made(400, seed=1)
    mean = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    mean.fit([bag.mean(axis=0) for bag in train[0]], train[1])
    assert fitted.score(bags, labels) > mean.score([b.mean(axis=0) for b in bags], labels) + 0.3
    found = [p[:, y].argmax() for p, y in zip(fitted.instance_proba(bags), labels, strict=True)]
    assert np.mean(found == witnesses) > 0.85


def test_bags_of_one_are_logistic_regression(train):
    X, y = np.array([bag[0] for bag in train[0]]), train[1]
    X[np.arange(len(X)), y] += 1.5
    found = MultipleInstanceClassifier(C=0.5).fit(X[:, None], y)
    for c in range(8):
        one = LogisticRegression(C=0.5, tol=1e-9, max_iter=5000)
        one.fit(StandardScaler().fit_transform(X), y == c)
        np.testing.assert_allclose(found.coef_[c], one.coef_[0], atol=2e-3)
        np.testing.assert_allclose(found.intercept_[c], one.intercept_[0], atol=2e-3)


def slow_loss(weights, bags, positive, C):
    """The objective from the formula, bag by bag, instance by instance."""
    total = sum(w * w for w in weights[:-1]) / (2 * C)
    for bag, is_positive in zip(bags, positive, strict=True):
        none = 1.0
        for x in bag:
            none *= 1 - 1 / (1 + math.exp(-(float(x @ weights[:-1]) + weights[-1])))
        total -= math.log(1 - none if is_positive else none)
    return total


def test_the_weights_are_an_optimum_of_the_formula():
    bags, labels, _ = made(40, seed=2, d=8)
    found = MultipleInstanceClassifier(C=0.5).fit(bags, labels == 3)
    bags = [found.scaler_.transform(bag) for bag in bags]
    weights = np.append(found.coef_[1], found.intercept_[1])
    best = slow_loss(weights, bags, labels == 3, 0.5)
    for i in range(len(weights)):
        for step in (-0.02, 0.02):
            moved = weights + step * (np.arange(len(weights)) == i)
            assert slow_loss(moved, bags, labels == 3, 0.5) > best


def test_probabilities_are_noisy_or_over_the_instances(fitted):
    bags, _, _ = made(5, seed=3)
    for row, instances in zip(fitted.predict_proba(bags), fitted.instance_proba(bags), strict=True):
        expected = 1 - np.prod(1 - instances, axis=0)
        np.testing.assert_allclose(row, expected / expected.sum(), rtol=1e-9)


def test_an_order_of_instances_and_a_second_bag_change_nothing(fitted):
    bags, _, _ = made(6, seed=4)
    alone = [fitted.predict_proba([bag[::-1]])[0] for bag in bags]
    np.testing.assert_allclose(fitted.predict_proba(bags), alone, rtol=1e-9)


def test_far_instances_give_finite_probabilities(fitted):
    far = [np.full((3, 12), value) for value in (-1e5, 0.0, 1e5)]
    found = fitted.predict_proba(far)
    assert np.isfinite(found).all() and np.allclose(found.sum(axis=1), 1)


class Bags(TransformerMixin, BaseEstimator):
    """From numbers of bags to bags, with a state to be fitted."""

    def __init__(self, table=()):
        self.table = table

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        assert self.fitted_
        return [self.table[i] for i in X]


def test_features_are_fitted_with_it_and_labels_may_be_names(train, fitted):
    names = np.array(MIKELS8)[train[1]]
    made_by_name = models.create("multiple-instance", features=Bags(train[0]), C=0.1)
    found = clone(made_by_name).fit(range(300), names)
    assert found.classes_.tolist() == sorted(MIKELS8)
    np.testing.assert_array_equal(found.coef_, fitted.coef_)  # MIKELS8 is in alphabetical order
    assert set(found.predict(range(20))) <= set(MIKELS8)


def test_the_same_bags_give_the_same_bits(train, fitted):
    again = MultipleInstanceClassifier().fit(*train[:2])
    assert again.coef_.tobytes() == fitted.coef_.tobytes()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"C": 0}, "C must be a number above 0"),
        ({"y": [1, 1, 1]}, "y must hold at least two classes"),
        ({"y": [0, 1]}, "y must hold one label per bag, 3"),
        ({"X": [np.ones((2, 3)), np.ones((0, 3)), np.ones((1, 3))]}, "X must be bags.*0 sample"),
        ({"X": [np.ones((2, 3)), np.ones((2, 4)), np.ones((1, 3))]}, "one width, not .3, 4."),
        ({"X": [np.full((2, 3), np.nan)] * 3}, "X must be bags.*NaN"),
        ({"X": np.ones((3, 5))}, "X must be bags, each an array"),
    ],
)
def test_bad_input_is_named(change, sentence):
    options = {"X": [np.eye(3)] * 3, "y": [0, 1, 0], "C": 1.0} | change
    with pytest.raises(ValueError, match=sentence):
        MultipleInstanceClassifier(C=options["C"]).fit(options["X"], options["y"])


def test_it_says_when_it_is_not_fitted_or_stopped_early(train):
    with pytest.raises(NotFittedError):
        MultipleInstanceClassifier().predict(train[0])
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        MultipleInstanceClassifier(max_iter=1).fit(*train[:2])
