"""Progressive training: the rule who is left out, and what going on from there means."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier

from emobook import models, train
from emobook.datasets import crowd
from emobook.emotions import uniform_distribution
from emobook.models.finetune import FineTunedClassifier
from emobook.models.heads import SoftmaxHead
from emobook.models.progressive import ProgressiveClassifier, drop_probability

DRAW = np.random.default_rng(0)
TRUTH = np.arange(400) % 8
X = DRAW.normal(size=(400, 20)) + 4 * np.eye(8, 20)[TRUTH]
WEAK = crowd.weak_labels(TRUTH, uniform_distribution(np.arange(8), 0.6))
HEAD = SoftmaxHead(epochs=4, lr=0.02, weight_decay=0.01)


# The rule


def test_the_rule_is_the_printed_formula_for_two_classes():
    score = DRAW.uniform(size=200)
    expected = [max(0, 2 - np.exp(abs(s - (1 - s)))) for s in score]
    found = drop_probability(np.stack([score, 1 - score], axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_undecided_pictures_go_and_sure_ones_stay():
    assert drop_probability([[0.5, 0.5], [0.25, 0.75]])[0] == 1
    sure = (1 + np.log(2)) / 2
    assert drop_probability([[sure - 0.01, 1.01 - sure]])[0] > 0
    assert (drop_probability([[sure, 1 - sure], [1, 0], [0, 1]]) <= 1e-12).all()
    falling = drop_probability(np.stack([np.linspace(0.5, 1), np.linspace(0.5, 0)], axis=1))
    assert (np.diff(falling) <= 0).all()


def test_of_eight_classes_the_two_highest_decide():
    rows = DRAW.dirichlet(np.ones(8) * 0.3, size=300)
    expected = []
    for row in rows:
        first, second, *_ = sorted(row, reverse=True)
        expected.append(min(1, max(0, 2 - np.exp(first - second))))
    np.testing.assert_allclose(drop_probability(rows), expected, atol=1e-12)
    np.testing.assert_allclose(drop_probability(rows[:, DRAW.permutation(8)]), expected, atol=1e-12)


@pytest.mark.parametrize("odd", [[0.5, 0.5], [[1.0]], [[0.7, 0.7]], [[1.5, -0.5]], [[np.nan, 1.0]]])
def test_what_is_no_probability_is_refused(odd):
    with pytest.raises(ValueError, match="probabilities must"):
        drop_probability(odd)


# The training


def test_it_is_three_fits_that_go_on_from_each_other():
    clean = np.flatnonzero(WEAK == TRUTH)[:80]
    found = ProgressiveClassifier(HEAD, seed=2).fit(X, WEAK, X[clean], TRUTH[clean])
    by_hand = clone(HEAD).set_params(warm_start=True).fit(X, WEAK)
    chance = drop_probability(by_hand.predict_proba(X))
    np.testing.assert_array_equal(found.drop_probability_, chance)
    kept = np.random.default_rng(2).random(400) >= chance
    np.testing.assert_array_equal(found.kept_, kept)
    assert 0.2 < kept.mean() < 0.8
    by_hand.fit(X[kept], WEAK[kept]).fit(X[clean], TRUTH[clean])
    np.testing.assert_array_equal(found.predict_proba(X), by_hand.predict_proba(X))
    without = ProgressiveClassifier(HEAD, seed=2).fit(X, WEAK)
    assert found.score(X, TRUTH) > without.score(X, TRUTH)


def test_where_nothing_is_left_out_it_is_plain_training_for_twice_as_long():
    """A network that is sure of everything loses none; its two trainings are one long one."""
    apart = DRAW.normal(size=(400, 20)) / 4 + 4 * np.eye(8, 20)[TRUTH]
    sure = SoftmaxHead(epochs=60, lr=0.2, weight_decay=0, momentum=0, batch_size=400)
    found = ProgressiveClassifier(sure).fit(apart, TRUTH)
    assert found.kept_.all()
    long = clone(sure).set_params(epochs=120).fit(apart, TRUTH)
    np.testing.assert_allclose(found.predict_proba(apart), long.predict_proba(apart), atol=1e-4)


def test_the_same_seed_leaves_out_the_same_pictures():
    fits = [ProgressiveClassifier(HEAD, seed=seed).fit(X, WEAK) for seed in (0, 0, 1)]
    same, again, other = (fit.kept_ for fit in fits)
    np.testing.assert_array_equal(same, again)
    assert (same != other).any()
    np.testing.assert_array_equal(fits[0].predict_proba(X), fits[1].predict_proba(X))


def shares_of_wrong_labels(pictures, epochs, lr=0.005, seeds=3):
    """Among those left out, and among those that stay, for each seed; and who stays."""
    wrong, shares = WEAK != TRUTH, []
    for seed in range(seeds):
        head = SoftmaxHead(epochs=epochs, lr=lr, weight_decay=0.01, seed=seed)
        kept = ProgressiveClassifier(head, seed=seed).fit(pictures, WEAK).kept_
        shares.append((wrong[~kept].mean() if not kept.all() else 0, wrong[kept].mean()))
    return shares, kept


def test_those_left_out_carry_more_wrong_labels_than_those_that_stay():
    """So it is while a network is torn between what it sees and labels that it begins to learn by
    heart, as with more features than pictures; not before, and not once it knows them."""
    many = DRAW.normal(size=(400, 300)) + 5 * np.eye(8, 300)[TRUTH]
    torn, _ = shares_of_wrong_labels(many, epochs=10)
    assert all(out > stays + 0.15 for out, stays in torn), torn
    few, _ = shares_of_wrong_labels(many[:, :10], epochs=10)  # it cannot learn them by heart
    assert abs(np.mean([out - stays for out, stays in few])) < 0.15, few
    _, kept = shares_of_wrong_labels(3 * np.hstack([many, many**2]), epochs=30, lr=0.02, seeds=1)
    assert kept.all()


def test_no_class_is_lost_however_unsure_the_network_is():
    barely = SoftmaxHead(epochs=1, lr=1e-6)  # all its margins are near 0
    found = ProgressiveClassifier(barely).fit(X, WEAK)
    assert found.kept_.sum() < 100
    assert set(WEAK[found.kept_]) == set(WEAK) == set(found.classes_)
    for rows in (np.flatnonzero(label == WEAK) for label in range(8)):
        drawn = np.random.default_rng(0).random(400) >= found.drop_probability_
        surest = rows[found.drop_probability_[rows].argmin()]
        expected = rows[drawn[rows]] if drawn[rows].any() else [surest]
        np.testing.assert_array_equal(rows[found.kept_[rows]], expected)


def test_other_classifiers_that_can_go_on_serve_as_well():
    names = np.array(list("abcdefgh"))[WEAK]
    network = MLPClassifier((8,), max_iter=30, random_state=0, learning_rate_init=0.01)
    with pytest.warns(UserWarning, match="converge"):
        found = ProgressiveClassifier(network).fit(X, names)
    assert set(found.predict(X)) <= set(names) and 0 < (~found.kept_).sum() < 400
    assert found.predict_proba(X).shape == (400, 8)
    assert isinstance(
        ProgressiveClassifier(LogisticRegression()).fit(X, WEAK).estimator_, LogisticRegression
    )


def test_what_cannot_be_trained_so_is_refused():
    with pytest.raises(ValueError, match=r"warm_start.*GaussianNB lacks"):
        ProgressiveClassifier(GaussianNB()).fit(X, WEAK)
    with pytest.raises(ValueError, match="given together"):
        ProgressiveClassifier(HEAD).fit(X, WEAK, X)
    with pytest.raises(ValueError, match="same classes"):
        ProgressiveClassifier(HEAD).fit(X, WEAK, X[:3], TRUTH[:3])


# Estimators of the house, going on


def test_a_head_goes_on_from_its_weights_and_its_scale():
    head = SoftmaxHead(epochs=4, lr=0.01, warm_start=True).fit(X, WEAK)
    before, coef = head.scaler_.mean_.copy(), head.coef_.copy()
    head.set_params(lr=1e-12).fit(X[:100] + 5, WEAK[:100])
    np.testing.assert_array_equal(head.scaler_.mean_, before)
    np.testing.assert_allclose(head.coef_, coef, atol=1e-6)
    fresh = clone(head).fit(X, WEAK)
    assert abs(fresh.coef_ - coef).max() > 0.01, "a first fit has nothing to go on from"
    two = np.isin(TRUTH, (0, 1))
    assert head.fit(X[two], TRUTH[two]).coef_.shape == (20, 2), "other classes begin anew"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """24 noisy squares in red or blue."""
    folder, rows = tmp_path_factory.mktemp("pictures"), []
    for i in range(24):
        colour = np.array([[200, 40, 40], [40, 40, 200]])[i % 2]
        pixels = (colour + DRAW.normal(0, 25, (40, 40, 3))).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        rows.append({"path": str(folder / f"{i}.png"), "label": ["anger", "sadness"][i % 2]})
    return pd.DataFrame(rows)


TINY = {
    "backbone": "test_efficientnet", "pretrained": False, "size": 32, "batch_size": 8,
    "validation_share": 0, "augment": False, "freeze": "trunk", "lr": 0.2, "head_lr_factor": 1,
}  # fmt: skip


def test_a_network_goes_on_from_where_it_was(table):
    network = FineTunedClassifier(**TINY, epochs=12, warm_start=True).fit(table, table["label"])
    before = network.predict_proba(table)
    still = clone(network).set_params(epochs=1, lr=1e-12)
    cold = still.fit(table, table["label"]).predict_proba(table)
    assert abs(cold - before).max() > 0.02, "a first fit has nothing to go on from"
    network.set_params(epochs=1, lr=1e-12).fit(table, table["label"])
    np.testing.assert_allclose(network.predict_proba(table), before, atol=1e-6)
    truth = (table["label"] == "sadness").to_numpy(int)
    loss = -np.log(before[np.arange(len(truth)), truth]).mean()
    assert network.history_.losses[0] == pytest.approx(loss, rel=1e-4)


def test_the_registered_method_is_a_network_and_is_stored(table, monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path))
    method = models.create("pcnn", **TINY, epochs=2, seed=3)
    assert method.estimator.seed == method.seed == 3
    first = train.fitted(method, table, table["label"])
    stored = train.fitted(method, table, table["label"])
    np.testing.assert_array_equal(stored.predict_proba(table), first.predict_proba(table))
    np.testing.assert_array_equal(stored.kept_, first.kept_)
