"""What is recorded of one-against-all machines on a small set."""

import numpy as np
import pandas as pd
import pytest

from emobook import evaluate, results
from emobook.emotions import MIKELS8, POSITIVE
from emobook.models.small_sets import pca_svm, variance_kept
from emobook.results import small_sets

Y = np.repeat(np.arange(8), [9, 3, 9, 8, 8, 10, 9, 9])  # anger is left out
IDS = [f"picture {i}" for i in range(len(Y))]
DRAW = np.random.default_rng(4)


@pytest.fixture(autouse=True)
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    results.forget()
    yield
    results.forget()


def run(seeds=2):
    rows = []
    for seed in range(seeds):
        scores = DRAW.normal(size=(len(Y), 8)) + np.eye(8)[Y] - 0.5
        scores[:, 1] = np.nan
        rows += [(i, seed, i % 4, Y[i], s) for i, s in enumerate(scores)]
    return pd.DataFrame(rows, columns=["index", "repeat", "fold", "truth", "scores"])


def sides(seeds=2):
    truth = evaluate.polarity_labels(Y)
    rows = []
    for seed in range(seeds):
        value = DRAW.normal(size=len(Y)) + 2 * truth - 1
        rows += [(i, seed, 0, truth[i], np.array([-v, v])) for i, v in enumerate(value)]
    return pd.DataFrame(rows, columns=["index", "repeat", "fold", "truth", "scores"])


def rows_of(item, dataset="synthetic abstract"):
    rows = results.rows().query("item == @item and paper == 'you2016' and row == 'Zhao'")
    return rows[rows["dataset"] == dataset].set_index("column")


@pytest.mark.parametrize(
    ("dataset", "item", "title"),
    [
        ("artphoto", "Figure 7", "ArtPhoto"),
        ("abstract, ties first", "Figure 6", "Abstract Paintings"),
        ("iaps_subset", "Figure 5", "IAPS-Subset"),
        ("synthetic abstract", small_sets.IN_FORM, "synthetic abstract"),
    ],
)
def test_rates_stand_in_the_figure_of_the_set_under_the_name_that_it_has_there(
    dataset, item, title
):
    rates = evaluate.one_vs_all_rates(run(), MIKELS8, resamples=20)
    small_sets.record_rates(dataset, "Zhao", rates)
    found, by = rows_of(item, dataset), rates.set_index(["class", "metric"])
    assert set(found.index) == {*MIKELS8, f"true positive rates on {title}"} - {"anger"}
    for name in ("awe", "fear"):
        cell = found.loc[name]
        assert cell["value"] == pytest.approx(by.loc[(name, "tpr"), "value"], abs=1e-5)
        assert cell["n"] == (MIKELS8.index(name) == Y).sum()
    if item != small_sets.IN_FORM:  # the paper has this very cell
        printed = results.reported("you2016").query("item == @item and row == 'Zhao'")
        assert set(printed["column"]) <= set(found.index)
    means = rows_of(small_sets.FOUR, dataset)["value"]
    tpr, tnr = means["true-positive rate"], means["true-negative rate"]
    assert means["mean of the two rates"] == pytest.approx((tpr + tnr) / 2, abs=1e-5)


def test_answers_are_those_of_eight_of_two_and_the_side_of_the_eight():
    eight, two = run(), sides()
    small_sets.record_answers("synthetic abstract", "Zhao", eight, two, IDS)
    found = rows_of(small_sets.FOUR)
    assert set(found.index) == {"FI-8", "FI-2", "FI-2, eight collapsed"}
    scores, truth = np.nan_to_num(np.stack(eight["scores"]), nan=-9), eight["truth"].to_numpy()
    answer = scores.argmax(axis=1)
    assert found.loc["FI-8", "n"] == (Y != 1).sum()
    expected = (answer == truth)[truth != 1].mean()
    assert found.loc["FI-8", "value"] == pytest.approx(expected, abs=1e-5)
    positive = np.isin(MIKELS8, POSITIVE)
    expected = (positive[answer] == positive[truth]).mean()
    assert found.loc["FI-2, eight collapsed", "value"] == pytest.approx(expected, abs=1e-5)
    assert found.loc["FI-2, eight collapsed", "n"] == found.loc["FI-2", "n"] == len(Y)
    expected = (np.stack(two["scores"]).argmax(axis=1) == two["truth"]).mean()
    assert found.loc["FI-2", "value"] == pytest.approx(expected, abs=1e-5)
    assert found.loc["FI-2", "baseline"] == pytest.approx(positive[Y].mean().clip(0.5), abs=0.2)
    ids, values, _ = results.per_image(
        small_sets.FOUR, "Zhao", "FI-2", "synthetic abstract", "accuracy", "you2016"
    )
    assert set(ids) == set(IDS) and values.shape == (len(Y), 2)


def test_small_sets_have_their_own_names_in_the_columns():
    small_sets.record_answers("abstract, ties first", "Zhao", run(1), sides(1), IDS)
    names = {"Abstract-8", "Abstract-2", "Abstract-2, eight collapsed"}
    assert set(rows_of(small_sets.FOUR, "abstract, ties first").index) == names


def test_gains_are_those_over_strict_and_recorded_as_fractions():
    runs = {way: run() for way in ("strict", "as printed", "90 %")}
    found = small_sets.record_gains("fi", "Zhao", runs).set_index(["way", "metric"])
    assert len(found) == 6 and set(found["set"]) == {"fi"} and set(found["method"]) == {"Zhao"}
    stored = rows_of(small_sets.GAINS, "fi")
    for metric, name in (("tpr", "true-positive rate"), ("accuracy", "8-way accuracy")):
        expected = evaluate.one_vs_all_gain(runs["90 %"], runs["strict"], metric)
        cell = stored.loc[f"90 %, {name}"]
        assert tuple(cell[["value", "low", "high"]]) == pytest.approx(expected, abs=1e-5)
        assert found.loc[("90 %", name), "value"] == pytest.approx(100 * expected.value)
        assert (cell["n"], cell["metric"]) == (len(Y), "accuracy gain")


def test_features_are_judged_in_the_same_folds_by_the_protocol_of_each_way():
    y = np.repeat(np.arange(8), 8)
    x = DRAW.normal(size=(64, 30)) + np.eye(8, 30)[y]
    found = small_sets.judged(x, y, splits=4, seed=3, components=5)
    folds = evaluate.repeated_folds(y, None, 4, 1, seed=3)
    ways = {"strict": (5, "strict"), "90 %": (0.9, "strict"), "as printed": (5, "as-printed")}
    for way, how in ways.items():
        given, machine = pca_svm(x, *how)
        expected = evaluate.one_vs_all_predict(machine, given, y, folds, progress=False)
        np.testing.assert_array_equal(
            np.stack(found[way]["scores"]), np.stack(expected["scores"]), err_msg=way
        )
    assert {tuple(run["index"]) for run in found.values()} == {tuple(found["two"]["index"])}
    assert all((run["repeat"] == 3).all() for run in found.values())
    two = found["two"]
    np.testing.assert_array_equal(two["truth"], evaluate.polarity_labels(y[two["index"]]))
    assert np.stack(two["scores"]).shape == (64, 2)


def test_the_variance_is_recorded_as_share_and_as_number():
    x = DRAW.normal(size=(40, 30)) * np.linspace(3, 0.1, 30)
    curve = variance_kept(x)
    small_sets.record_variance("fi", "Zhao", curve, 12)
    found = rows_of(small_sets.COMPONENTS, "fi")
    assert found.loc["kept by 12", "value"] == pytest.approx(curve[11], abs=1e-5)
    needed = int(found.loc["needed for 90 %", "value"])
    assert curve[needed - 1] >= 0.9 > curve[needed - 2]


def test_some_emotions_are_weaker_than_the_others_by_the_difference_of_their_mean_rates():
    series = run()
    found = evaluate.one_vs_all_rates(series, MIKELS8, resamples=2)
    rate = found[found["metric"] == "tpr"].set_index("class")["value"]
    others = [name for name in MIKELS8 if name not in ("fear", "contentment", "anger")]
    gap = small_sets.weaker(series, ["contentment", "fear"])
    expected = rate[others].mean() - rate[["contentment", "fear"]].mean()
    assert gap.value == pytest.approx(expected) and gap.low < gap.value < gap.high
    assert small_sets.weaker(series, ["fear", "anger"]).value == pytest.approx(
        rate[[*others, "contentment"]].mean() - rate["fear"]
    )
