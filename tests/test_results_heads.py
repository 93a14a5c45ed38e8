"""Heads on frozen blocks: each against the plain way to do it, and the record of their scores."""

import dataclasses

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from emobook import datasets, evaluate, models, results
from emobook.models.fusion import convex, join, softmax_head, svm_head
from emobook.models.light import LiteEmoClassifier
from emobook.models.streams import HiddenLayerClassifier
from emobook.results.heads import Heads

C = [0.1, 1, 10]


@pytest.fixture(scope="module")
def heads():
    data, random = datasets.load("synthetic", n=60), np.random.default_rng(0)
    blocks = [random.normal(size=(60, 5)), random.normal(size=(60, 9))]
    blocks[0] += 1.5 * np.eye(8, 5)[data.labels]
    blocks.append(random.dirichlet(np.ones(10), 60))
    return Heads("synthetic, made up", data, blocks, splits=3, repeats=2, inner=2)


@pytest.fixture(autouse=True)
def own_record(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))


def test_the_softmax_layer_is_trained_in_every_repeat_with_its_own_seed(heads):
    found = heads.softmax(alphas=[0.75], epochs=3)
    joined, y = join(heads.blocks, convex(0.75)), heads.data.labels
    fold = next(f for f in heads.folds if (f.repeat, f.fold) == (1, 2))
    head = softmax_head(seed=1, epochs=3).fit(joined[fold.train], y[fold.train])
    columns = np.searchsorted(np.unique(y), head.classes_)
    expected = head.predict_proba(joined[fold.test])
    np.testing.assert_allclose(found[1, fold.test][:, columns], expected, atol=1e-5)


def test_machines_are_those_of_scikit_learn_and_gamma_is_in_multiples(heads):
    found = heads.machines(C, times=(0.25, 1), alphas=[0.25, 0.75])
    joined, y, fold = join(heads.blocks, convex(0.75)), heads.data.labels, heads.folds[4]
    width = 1 / (joined.shape[1] * joined[fold.train].var())
    for number, gamma in enumerate((0.25 * width, "scale")):
        machine = svm_head(10, gamma).fit(joined[fold.train], y[fold.train])
        part = found.decisions[1, 1, 2, number, fold.test].argmax(axis=1)
        np.testing.assert_array_equal(np.unique(y)[part], machine.predict(joined[fold.test]))
    assert found.inner.shape == found.scores.shape == (2, 3, 2, 6)


@pytest.mark.parametrize(
    "head", [SVC(kernel="linear", break_ties=True), LogisticRegression(max_iter=1000)]
)
def test_turning_the_vectors_loses_nothing(heads, head):
    """The same as a grid search on the vectors as they are."""
    found = heads.linear(head, C, convex(0.5))
    joined, y, fold = join(heads.blocks, convex(0.5)), heads.data.labels, heads.folds[1]
    search = GridSearchCV(head, {"C": C}, cv=2).fit(joined[fold.train], y[fold.train])
    predicted = np.unique(y)[found[0, fold.test].argmax(axis=1)]
    assert found.shape == (2, 60, len(np.unique(y)))
    np.testing.assert_array_equal(predicted, search.predict(joined[fold.test]))


def test_shuffled_pictures_keep_their_features_and_lose_their_labels(heads):
    other = heads.shuffled(3)
    assert (other.name, other.repeats) == ("synthetic, made up, shuffled", 1)
    for before, after in zip(heads.blocks, other.blocks, strict=True):
        assert not np.array_equal(before, after)
        np.testing.assert_array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
    assert np.array_equal(other.data.labels, heads.data.labels)
    expected = evaluate.repeated_folds(
        heads.data.labels, heads.data.table["group"], splits=3, repeats=1, seed=3
    )
    np.testing.assert_array_equal(other.folds[0].test, expected[0].test)
    assert np.abs(np.corrcoef(heads.blocks[0][:, 0], other.blocks[0][:, 0])[0, 1]) < 0.5


def test_rows_and_paired_gains_are_recorded(heads):
    y = np.searchsorted(np.unique(heads.data.labels), heads.data.labels)
    right = np.stack([np.eye(y.max() + 1)[y]] * 2)
    wrong = np.roll(right, 1, axis=2)
    half = np.where(np.arange(60)[:, None] % 2, right, wrong)
    heads.record("Heads", "good", "IE", right, note="by heart")
    heads.record("Heads", "poor", "IE", half)
    gain, low, high = heads.gain("Heads", "good", "poor", "IE")
    assert gain == 0.5 and low < 0.5 < high
    rows = results.rows().set_index(["item", "row"])
    assert rows.loc[("Heads", "good"), "value"] == 1
    assert rows.loc[("Heads", "good"), "note"] == "by heart"
    assert rows.loc[("Heads in pairs", "good over poor"), "value"] == 0.5


def test_each_row_is_recorded_and_compared_with_one_of_them(heads):
    y = np.searchsorted(np.unique(heads.data.labels), heads.data.labels)
    right = np.stack([np.eye(y.max() + 1)[y]] * 2)
    share = (0.25, 0.75, 0.5)
    scores = [np.where(np.arange(60)[:, None] < 60 * s, right, 1 - right) for s in share]
    levels, gains = heads.each("Figure 3", ["a", "b", "c"], "α", scores, 1)
    assert levels[0].tolist() == [0.25, 0.75, 0.5] and gains[0].tolist() == [0.5, 0, 0.25]
    assert (levels[1] < levels[0]).all() and (gains[1:, 1] == 0).all() and (gains[1, ::2] > 0).all()


def test_tuned_networks_give_each_fold_its_own_blocks(heads):
    asked, y = [], heads.data.labels

    def blocks(number):
        asked.append(number)
        return [(number + 1) ** 2 * block for block in heads.blocks[:2]]

    layers, machines = heads.on_tuned([blocks, lambda number: heads.blocks], C, alphas=[0.75])
    assert set(asked) == {0, 1, 2} and layers.shape == (2, 60, machines.shape[-1])
    assert machines.shape[:3] == (2, 3, 60)
    fold = heads.folds[2]
    joined = join(blocks(2), convex(0.75)[:2])
    machine = svm_head(1).fit(joined[fold.train], y[fold.train])
    predicted = np.unique(y)[machines[0, 1, fold.test].argmax(axis=1)]
    np.testing.assert_array_equal(predicted, machine.predict(joined[fold.test]))
    head = softmax_head(seed=1).fit(join(heads.blocks, convex(0.75))[fold.train], y[fold.train])
    expected = head.predict_proba(join(heads.blocks, convex(0.75))[fold.test])
    columns = np.searchsorted(np.unique(y), head.classes_)
    np.testing.assert_allclose(layers[1, fold.test][:, columns], expected, atol=1e-5)


def test_blocks_that_know_their_training_labels_look_good_in_inner_folds_only(heads):
    def by_heart(number):
        learned = np.zeros((60, 8))
        train = heads.folds[number].train
        learned[train] = np.eye(8)[heads.data.labels[train]]
        return [learned, np.zeros((60, 1))]

    inner, test = heads.inner_and_test(by_heart, C)
    assert inner[0, -1] > 0.9 and test[2].max() < 0.4
    assert (
        inner.shape == (3, 3)
        and (inner[1] <= inner[0] + 1e-9).all()
        and (test[0] <= test[2] + 1e-9).all()
    )
    blind = heads.inner_and_test(lambda number: heads.blocks, C)
    expected = heads.machines(C, alphas=[0.75])
    np.testing.assert_allclose(blind[0, 0], expected.inner[0, :, 0, :3].mean(axis=1))
    np.testing.assert_allclose(blind[1, 2], expected.scores[0, :, 0, :3].max(axis=1))


def test_lite_emo_is_that_of_its_chapter(heads):
    few = dataclasses.replace(heads, splits=2)
    kinds = heads.data.table["background"].to_numpy()
    network = {"size": 32, "freeze": "trunk", "max_steps": 1, "augment": False}
    network["validation_share"] = 0
    found = few.lite_emo(heads.data.table, kinds, 1, **network)
    fold, y = few.first[1], heads.data.labels
    category = models.create("frozen-linear").fit(heads.data.table, kinds)
    method = LiteEmoClassifier(HiddenLayerClassifier(**network), "EOC", FrozenEstimator(category))
    method.fit(heads.data.table.iloc[fold.train], y[fold.train])
    expected = method.predict_proba(heads.data.table.iloc[fold.test])
    columns = np.searchsorted(np.unique(y), method.classes_)
    np.testing.assert_allclose(found[0, fold.test][:, columns], expected, atol=1e-6)
