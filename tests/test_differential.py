"""Sweeps over α and β, their rivals and their records, against slow references."""

import numpy as np
import pytest

from emobook import results
from emobook.evaluate import repeated_folds
from emobook.models.fusion import convex, join, softmax_head, supplementary
from emobook.results import differential
from emobook.results.seeded import Runs

CLASSES = np.array([1, 4, 6])  # of the eight; the others do not occur


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A record of its own, without the rows of the book."""
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    results.forget()
    yield
    results.forget()


@pytest.fixture(scope="module")
def drawn():
    """Blocks (N, Dk), labels of three of the eight classes, folds."""
    rng = np.random.default_rng(0)
    y = CLASSES[np.arange(60) % 3]
    blocks = [
        scale * (rng.normal(size=(60, width)) + rng.normal(size=(8, width))[y])
        for scale, width in ((3, 4), (2, 5), (0.2, 3))
    ]
    return blocks, y, repeated_folds(y, None, 2, 1)


def recorded(item):
    rows = results.rows()
    return rows[rows["item"] == item].set_index("row")


@pytest.mark.parametrize("model", differential.MODELS)
def test_a_sweep_is_a_layer_for_each_weight_start_and_fold(drawn, model):
    blocks, y, folds = drawn
    others = [2 * block for block in blocks]
    found = differential.sweep(
        [blocks, lambda number: others], y, folds, model, [0.25, 0.5], epochs=3
    )
    assert found.shape == (2, 2, 60, 8)
    weights = convex(0.25) if model == "convex" else supplementary(0.25, model)
    for start, given in enumerate((blocks, others)):
        X = join(given, weights)
        for fold in folds:
            layer = softmax_head(epochs=3, seed=start).fit(X[fold.train], y[fold.train])
            expected = layer.predict_proba(X[fold.test])
            assert found[0, start, fold.test][:, CLASSES] == pytest.approx(expected, abs=1e-5)
    assert not np.delete(found, CLASSES, axis=-1).any()


def test_the_choice_in_inner_folds_never_sees_the_images_of_the_table(drawn):
    blocks, y, folds = drawn
    grid = [0, 0.5, 1]
    scores = differential.sweep([blocks] * 2, y, folds, "convex", grid, epochs=5)
    found = differential.choices(scores, blocks, y, folds, grid, epochs=5)
    inside = found["α chosen in inner folds"]
    for fold in folds:
        taken = [np.array_equal(inside[:, fold.test], part[:, fold.test]) for part in scores]
        assert any(taken)
    # What is chosen stays the same whatever the layers say of the images that are judged.
    swapped = differential.choices(scores[::-1], blocks, y, folds, grid, epochs=5)
    for fold in folds:
        first = [np.array_equal(inside[:, fold.test], part[:, fold.test]) for part in scores]
        other = swapped["α chosen in inner folds"][:, fold.test]
        second = [np.array_equal(other, part[:, fold.test]) for part in scores[::-1]]
        assert first.index(True) == second.index(True) or sum(first) > 1
    right = (scores.argmax(axis=-1) == y).mean(axis=(1, 2))
    assert np.array_equal(found["α chosen on test, as-printed"], scores[right.argmax()])


def test_rows_have_the_names_of_the_table_and_its_values(drawn):
    grid = np.linspace(0, 1, 9)
    scores = np.arange(9)[:, None, None, None] * np.ones((1, 2, 3, 8))
    rows = differential.rows({"convex": scores, "text": -scores}, grid, ", ours")
    assert rows["α = 0.75, ours"][0, 0, 0] == 6 and rows["β = 1, text, ours"][0, 0, 0] == -8
    printed = set(results.reported("rapolu2023").query("item == 'Table 2'")["row"])
    plain = differential.rows({"convex": scores, "caption": scores}, grid)
    assert set(plain) == printed


def test_printed_numbers_are_fractions_by_weight():
    found = differential.printed("IE")
    assert found["α"] == pytest.approx(
        {0: 0.6485, 0.25: 0.6576, 0.5: 0.6662, 0.75: 0.668, 1: 0.6628}
    )
    assert [*found["β"]] == [0, 0.25, 0.5, 0.75]


def test_one_network_twice_joins_the_starts_in_a_ring():
    starts = [
        lambda number, s=s: (f"first {s} {number}", f"second {s} {number}", "S") for s in "ab"
    ]
    rivals = {row: [one(7) for one in some] for row, some in differential.rivals(starts).items()}
    assert rivals == {
        "two networks": [("first a 7", "second a 7"), ("first b 7", "second b 7")],
        "network 1 twice": [("first a 7", "first b 7"), ("first b 7", "first a 7")],
        "network 2 twice": [("second a 7", "second b 7"), ("second b 7", "second a 7")],
    }


def test_alpha_changes_nothing_for_a_converged_layer_and_much_for_others(drawn):
    _, y, folds = drawn
    rng = np.random.default_rng(1)  # hardly separable, or there would be no optimum
    blocks = [
        s * (rng.normal(size=(60, 6)) + 0.3 * rng.normal(size=(8, 6))[y]) for s in (9, 5, 0.2)
    ]
    runs = Runs("synthetic", None, y, folds)
    found = differential.changes(runs, blocks, 2, [0.05, 0.5, 0.95])
    assert [*found["radial kernel"]] == [0.05, 0.5, 0.95]
    assert all(curve[0.5].value == 0 for curve in found.values())
    never, *others = found.values()
    assert all(point.value == 0 for point in never.values())
    assert all(max(point.value for point in curve.values()) > 0.05 for curve in others)
    rows = recorded("What α changes")
    assert set(rows["column"]) == {"α = 0.05 against 0.5", "α = 0.95 against 0.5"}
    assert rows.loc["converged, no penalty", "value"].tolist() == [0, 0]


def test_gains_are_paired_and_recorded():
    truth, ids = np.array([0, 1, 2, 3] * 5), [f"{i}" for i in range(20)]
    better = np.eye(8)[np.where(np.arange(20) < 15, truth, 7)]
    worse = np.eye(8)[np.where(np.arange(20) < 10, truth, 7)]
    for row, scores in (("a", better), ("b", worse)):
        differential.record(
            "synthetic", ids, truth, "Test", row, "accuracy", [scores] * 2, note="n"
        )
    assert recorded("Test").loc["a", ["value", "n", "note"]].tolist() == [0.75, 20, "n"]
    found = differential.record_gains("synthetic", "Test", "accuracy", [("a", "b")])
    assert found["a over b"][0] == pytest.approx(25)
    low, high = found["a over b"][1:]
    assert 0 <= low < 25 < high
    assert recorded("Test, in pairs").loc["a over b", "value"] == pytest.approx(0.25)


def test_a_curve_is_clipped_and_has_the_spread_of_runs():
    rng = np.random.default_rng(0)
    right = rng.random((3, 4, 50)) < 0.9
    right[0] = True
    curve = differential.curve(right, [0, 0.5, 1])
    assert curve[0] == (1, 1, 1)
    value, low, high = curve[0.5]
    assert value == pytest.approx(right[1].mean()) and 0 <= low < value < high <= 1
    one = differential.curve(right[:, 0], [0, 0.5, 1])
    assert one[1].value == pytest.approx(right[2, 0].mean())
    uneven = np.array([[[1] * 50, [0] * 50, [1] * 25 + [0] * 25]])
    _, low, high = differential.curve(uneven, [0.5])[0.5]
    assert (low, high) == (0, 1)  # runs that differ so much leave nothing certain


def test_gains_by_class_are_means_over_the_images_of_the_class():
    truth = np.array([0] * 10 + [2] * 30)
    better, worse = np.zeros((2, 40)), np.zeros((2, 40))
    better[:, :5] = better[0, 10:] = worse[:, 10:13] = 1
    gains = differential.class_gains(better, worse, truth, 3)
    assert gains[0].value == pytest.approx(0.5) and 0 < gains[0].low < 0.5 < gains[0].high
    assert gains[2].value == pytest.approx(0.5 - 0.1)
    assert np.isnan(gains[1].value)
    differential.record_class_gains("synthetic", "By class", better, worse, truth)
    rows = recorded("By class")
    assert set(rows.index) == {"amusement", "awe"} and rows.loc["awe", "n"] == 30
