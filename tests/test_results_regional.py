"""Classifiers above shared regions: who sees what, what they learn from, and what is recorded."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from emobook import claims, datasets, evaluate, results
from emobook.emotions import wheel_distribution
from emobook.models.region_classifier import RegionClassifier
from emobook.models.regions import RegionDetector, region_features
from emobook.results import regional
from emobook.results.regional import Regional, elsewhere, more_even, unevenness

FAST = {"epochs": 2, "hidden": 4}
OURS = "Ours + emotional regions"


def tiny() -> RegionDetector:
    return RegionDetector(
        pretrained=False, size=64, channels=4, anchors=(8, 16, 32, 64), proposals=4, keep=2,
        max_steps=1, batch_size=4, augment=False,
    )  # fmt: skip


def table_of(n: int, rng) -> pd.DataFrame:
    """What a detector of two regions might see; the label lies in the emotional ones alone."""
    y = np.arange(n) % 8
    emotional = rng.normal(size=(n, 2, 8)) + 6 * np.eye(8)[y][:, None]
    parts = {
        "whole": list(rng.normal(size=(n, 3))),
        "emotional": list(emotional),
        "objects": list(rng.normal(size=(n, 2, 8))),
    }
    return pd.DataFrame(parts), y


@pytest.fixture
def runs():
    X, y = table_of(48, np.random.default_rng(0))
    table = pd.DataFrame({"id": [f"i{k}" for k in range(48)], "group": np.arange(48) // 2 * 2})
    folds = evaluate.repeated_folds(y, table["group"], 3, 1)
    return Regional("synthetic", X, table, y, np.full(48, 0.6), folds, 3, FAST)


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_READS", "")  # and no other run
    results.forget()
    yield
    results.forget()


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        ("L_cls", {}),
        ("L_p", {"p": np.full(48, 0.6)}),
        ("L_multi", {"distributions": wheel_distribution(np.arange(48) % 8, np.full(48, 0.6))}),
    ],
)
def test_each_picture_is_judged_by_the_classifier_of_the_other_folds(runs, loss, given):
    scores = runs.scores(OURS, loss)
    assert scores.shape == (3, 48, 8)
    _, _, train, test = runs.folds[1]
    alone = RegionClassifier(loss=regional.LOSSES[loss], lam=0.4, seed=2, **FAST)
    alone.fit(runs.X.iloc[train], runs.y[train], **{k: v[train] for k, v in given.items()})
    np.testing.assert_allclose(scores[2, test], alone.predict_proba(runs.X.iloc[test]))


def test_two_classes_learn_from_a_collapsed_distribution(runs):
    scores = runs.scores(OURS, classes=2)
    _, _, train, test = runs.folds[0]
    aimed = evaluate.collapse_to_polarity(wheel_distribution(runs.y, runs.p))
    positive = evaluate.polarity_labels(runs.y)
    alone = RegionClassifier(loss="multi_task", seed=0, **FAST)
    alone.fit(runs.X.iloc[train], positive[train], distributions=aimed[train])
    np.testing.assert_allclose(scores[0, test], alone.predict_proba(runs.X.iloc[test]))
    np.testing.assert_array_equal(runs.truth(2), positive)


def test_lambda_0_is_the_plain_loss_and_nothing_is_learned_twice(runs, monkeypatch):
    plain = runs.scores(OURS, "L_cls")
    monkeypatch.setattr(regional, "RegionClassifier", None)
    assert runs.scores(OURS, "L_multi", lam=0) is plain


def test_with_the_sets_own_split_only_its_test_pictures_are_predicted():
    data = datasets.load("synthetic", n=20, seed=3)
    detector = tiny().fit(data.table)
    runs = Regional.of("synthetic", data, detector, splits=0, seeds=1, learning=FAST)
    test = np.flatnonzero(data.table["split"] == "test")
    np.testing.assert_array_equal(runs.tested, test)
    assert runs.scores("whole picture only").shape == (1, len(test), 8)
    np.testing.assert_allclose(runs.p, data.table["p"])
    assert Regional.of("synthetic", data, detector, p=0.7).p.tolist() == [0.7] * 20
    assert len(Regional.of("synthetic", data, detector, splits=2).folds) == 2

    found = elsewhere(detector, data.table)
    assert list(found) == ["random regions", "true regions", "true regions, moved"]
    assert found["true regions"][0].shape == runs.X["emotional"].iloc[0].shape
    assert list(elsewhere(detector, data.table.drop(columns="regions"))) == ["random regions"]


def test_other_regions_take_the_place_of_the_emotional_ones(runs):
    runs.scores(OURS)
    moved = runs.seeing(runs.X["objects"])
    assert moved.X["emotional"].tolist() == runs.X["objects"].tolist()
    assert moved.known == {}
    # The labels lie in the emotional regions, so that with others accuracy falls.
    patient = dataclasses.replace(runs, learning={"epochs": 30, "hidden": 16})
    sides = patient, patient.seeing(runs.X["objects"])
    own, others = (
        (side.scores("emotional regions only", "L_cls").argmax(axis=2) == runs.truth()).mean()
        for side in sides
    )
    assert own > others + 0.2


def test_tables_and_the_curve_are_recorded_with_their_rows(runs):
    by_row = runs.table_1(", tiny", "a note")
    runs.table_2(", tiny")
    runs.figure_8((0.0, 0.4), ", tiny")
    rows = results.rows().query("row.str.endswith(', tiny')")
    assert rows.groupby("item").size().to_dict() == {"Figure 8": 2, "Table 1": 10, "Table 2": 12}
    row = rows.set_index(["item", "row", "column"]).loc["Table 1", f"{OURS}, tiny", "FI-8"]
    right = (by_row[OURS].argmax(axis=2) == runs.truth()).mean()
    assert row["value"] == pytest.approx(right) and row["note"] == "a note"
    runs.pairs(", tiny")
    gain, low, high = runs.gain("Table 1", f"{OURS}, tiny", "whole picture only, tiny", "FI-8")
    whole = (by_row["whole picture only"].argmax(axis=2) == runs.truth()).mean()
    assert gain == pytest.approx(right - whole) and low < gain < high
    pairs = results.rows().query("item == 'Table 1 in pairs' and column == 'FI-8'")
    assert len(pairs) == len(regional.PAIRS) + len(regional.ALONE)
    pairs = pairs.set_index("row")["value"]
    assert pairs[f"{OURS}, tiny over whole picture only, tiny"] == pytest.approx(gain)


def test_every_claim_has_its_sides_among_the_recorded_rows(runs):
    lams = (0.0, 0.4, 0.5, 1.0)
    runs.table_1(", tiny")
    runs.table_2(", tiny")
    runs.figure_8(lams, ", tiny")
    sides = regional.sides(", tiny", lams)
    known = claims.claims()
    assert len(sides) == len({claim for claim, _, _ in sides}) == 10 + 4 + 3
    for claim, better, worse in sides:
        test = known[claim].test
        cell = {"item": test.item, "column": test.column, "metric": test.metric}
        for row in worse:
            results.paired_gain(better, row, dataset="synthetic", paper="rao2019", **cell)
        # as the list of claims has them, whose rows are those of the book's own network
        assert better.replace(", tiny", ", EfficientNet-Lite, frozen") == test.better or (
            better.replace(", tiny", "") == test.better
        )


def test_other_pictures_are_judged_by_classifiers_of_all_pictures():
    data = datasets.load("synthetic", n=16, seed=3)
    detector = tiny().fit(data.table)
    runs = Regional.of("synthetic", data, detector, splits=0, seeds=1, learning=FAST)
    others = datasets.load("synthetic", n=3, seed=4).table
    said = runs.said(detector, others, [OURS, "whole picture only"])
    alone = RegionClassifier(loss="multi_task", **FAST).fit(runs.X, runs.y, p=runs.p)
    expected = alone.predict_proba(region_features(detector, others))
    np.testing.assert_allclose(said[OURS], expected)
    gains = runs.mechanism(detector, ", tiny")
    assert list(gains) == list(regional.AGAINST)
    rows = results.rows().query("item == 'What regions add' and row.str.endswith(', tiny')")
    assert len(rows) == 5


def test_where_the_emotion_has_no_place_the_true_regions_are_those_of_the_objects():
    nowhere = {"objects": 0, "background": 0, "palette": 1}
    table = datasets.load("synthetic", n=6, seed=3, emotion_in=nowhere).table
    detector = tiny().fit(table.assign(regions=table["boxes"]))
    given = table.assign(regions=[[box[1:] for box in boxes] for boxes in table["boxes"]])
    assert not table["regions"].map(len).any() and given["regions"].map(len).all()
    one, other = (elsewhere(detector, some) for some in (table, given))
    for name, part in one.items():
        np.testing.assert_array_equal(part, other[name])
    assert (np.array(one["true regions"]) != np.array(one["true regions, moved"])).any()


def test_unevenness_is_the_spread_of_the_recalls():
    truth = np.array([0, 0, 1, 1, 5, 5])
    said = np.array([[0, 0, 1, 0, 0, 0], [0, 0, 1, 1, 5, 5]])  # recalls 1, .5, 0 and 1, 1, 1
    scores = np.eye(8)[said]
    np.testing.assert_allclose(unevenness(truth, scores), [np.std([1, 0.5, 0]), 0])


def test_a_better_spread_of_recalls_is_above_0():
    truth = np.repeat(np.arange(8), 30)
    rng = np.random.default_rng(0)

    def scores(chances):
        right = rng.random((3, len(truth))) < np.asarray(chances)[truth]
        return np.eye(8)[np.where(right, truth, (truth + 1) % 8)]

    even, uneven = scores([0.5] * 8), scores([0.9, 0.1] * 4)
    gain = more_even(truth, even, uneven)
    assert gain.low > 0 and gain.low < gain.value < gain.high
    assert gain.value == pytest.approx(0.4, abs=0.1)
    back = more_even(truth, uneven, even)
    assert back.high < 0 and back.value == pytest.approx(-gain.value)


def test_folds_are_cut_or_those_of_the_set():
    class Set:
        table = pd.DataFrame({"split": ["train", "test", "val", "test"] * 5, "group": range(20)})
        labels = np.arange(20) % 2

    (own,) = regional.folds_of(Set, 0)
    assert own.test.tolist() == list(range(1, 20, 2)) and len(own.train) == 10
    assert np.array_equal(np.sort(np.r_[own.train, own.test]), np.arange(20))
    cut = regional.folds_of(Set, 4)
    assert sorted(np.concatenate([fold.test for fold in cut])) == list(range(20)) and len(cut) == 4
