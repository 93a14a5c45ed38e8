"""Methods side by side on one rated set, against slow loops."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

from emobook import claims, results
from emobook.evaluate import repeated_folds
from emobook.features.backbones import WeightsError
from emobook.models.finetune import FineTunedRegressor
from emobook.models.valence_arousal import PerRating
from emobook.results.rated import Rated
from emobook.results.rated_methods import (
    RatedMethods,
    absent,
    not_run,
    pairs,
    printed_lead,
    training_of,
)

N, D = 60, 4
DRAW = np.random.default_rng(0)
INPUTS = DRAW.normal(size=(N, D))
RATINGS = pd.DataFrame(
    {"valence": 4 + INPUTS[:, 0] + DRAW.normal(0, 0.5, N), "arousal": 3 + 0.5 * INPUTS[:, 1]}
)
GROUPS = np.array([f"theme {i // 3}" for i in range(N)])


@pytest.fixture
def methods(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    results.forget()
    table = pd.DataFrame({"id": [f"{i}" for i in range(N)], "group": GROUPS})
    folds = repeated_folds(RATINGS.to_numpy(), GROUPS, 5, 3)
    noise = {"valence": 0.1, "arousal": 0.05}
    yield RatedMethods(Rated("synthetic", table, RATINGS, (1, 7), folds, GROUPS, noise))
    results.forget()


class Seeded(DummyRegressor):
    """Says its seed, whatever it learned."""

    def __init__(self, seed=7):
        super().__init__()
        self.seed = seed

    def predict(self, X):
        return np.full(np.shape(super().predict(X)), float(self.seed))


def slow(methods, estimator, repeats):
    """Out-of-fold predictions and training errors, fold by fold."""
    truth = RATINGS.to_numpy()
    said, trained = np.zeros((repeats, N, 2)), np.zeros((repeats, 5, 2))
    for repeat, fold, train, test in methods.rated.folds:
        if repeat < repeats:
            model = clone(estimator).fit(INPUTS[train], truth[train])
            said[repeat, test] = model.predict(INPUTS[test])
            error = model.predict(INPUTS[train]) - truth[train]
            trained[repeat, fold] = (error**2).mean(axis=0)
    return said, trained


def rows(item):
    frame = results.record.current().frame()
    return frame[frame["item"] == item].set_index(["row", "column", "metric"])


def test_judged_methods_are_recorded_on_one_to_nine(methods):
    cells = [("Table IV", "conv-train", "VGG19"), ("Table IV", "", "Ours")]
    found = methods.judge("ridge", Ridge(), inputs=INPUTS, repeats=2, cells=cells, training=True)
    said, trained = slow(methods, Ridge(), 2)
    np.testing.assert_allclose(found.test, said)
    np.testing.assert_allclose(found.training, trained)
    error = ((said - RATINGS.to_numpy()) ** 2).mean(axis=(0, 1)) * (8 / 6) ** 2
    recorded = rows("Methods")
    assert recorded.loc[("ridge", "Valence", "mse"), "value"] == pytest.approx(error[0], rel=1e-4)
    assert recorded.loc[("ridge", "Arousal", "mse"), "value"] == pytest.approx(error[1], rel=1e-4)
    assert set(recorded.index.get_level_values("metric")) == {"mse", "pearson", "ccc"}
    mean = recorded.loc[("ridge", "Valence", "mse")]
    assert mean["baseline"] == pytest.approx(RATINGS["valence"].var(ddof=0) * 16 / 9, rel=1e-4)
    assert mean["ceiling"] == pytest.approx(0.1 * 16 / 9, rel=1e-4) and "1 to 9" in mean["note"]
    table = rows("Table IV")
    assert set(table.index) == {
        ("Valence conv-train", "VGG19", "mse"), ("Arousal conv-train", "VGG19", "mse"),
        ("Valence", "Ours", "mse"), ("Arousal", "Ours", "mse"),
    }  # fmt: skip
    assert table.loc[("Arousal", "Ours", "mse"), "value"] == pytest.approx(error[1], rel=1e-4)


def test_each_repeat_has_a_seed_of_its_own(methods):
    found = methods.judge("seeds", Seeded(7), inputs=INPUTS, metrics=("mse",))
    np.testing.assert_array_equal(found.test[:, 0, 0], [0, 1, 2])
    found = methods.judge("each", PerRating(Seeded(7)), inputs=INPUTS, metrics=("mse",))
    np.testing.assert_array_equal(found.test[:, 5, 1], [0, 1, 2])


def test_methods_can_be_paired(methods):
    methods.judge("ridge", Ridge(), inputs=INPUTS)
    methods.judge("mean", DummyRegressor(), inputs=INPUTS, metrics=("mse",))
    cell = {"paper": "kim2018", "item": "Methods", "dataset": "synthetic", "metric": "mse"}
    gain, low, high, n = results.paired_gain("ridge", "mean", column="Valence", **cell)
    assert low > 0 and high > gain and n == N


def test_table_two_has_the_errors_of_each_fold(methods):
    found = methods.judge("ridge", Ridge(), inputs=INPUTS, training=True)
    methods.table_two("EfficientNet-Lite0", found, note="ours")
    said, trained = slow(methods, Ridge(), 3)
    table = rows("Table II")
    assert len(table) == 2 * 2 * 6
    for k, rating in enumerate(("Valence", "Arousal")):
        for fold in range(5):
            errors = []
            for repeat, number, _, test in methods.rated.folds:
                if number == fold:
                    apart = said[repeat, test, k] - RATINGS.to_numpy()[test, k]
                    errors.append((apart**2).mean() * 16 / 9)
            tested = table.loc[(f"{rating} test EfficientNet-Lite0", f"g{fold + 1}", "mse")]
            assert tested["value"] == pytest.approx(np.mean(errors), rel=1e-4)
            learned = table.loc[(f"{rating} training EfficientNet-Lite0", f"g{fold + 1}", "mse")]
            expected = trained[:, fold, k].mean() * 16 / 9
            assert learned["value"] == pytest.approx(expected, rel=1e-4)
            assert learned["note"] == "ours; on 1 to 9"
        mean = table.loc[(f"{rating} test EfficientNet-Lite0", "Avg", "mse")]
        expected = ((said[..., k] - RATINGS.to_numpy()[:, k]) ** 2).mean() * 16 / 9
        assert mean["value"] == pytest.approx(expected, rel=1e-4)
        assert mean["low"] < mean["value"] < mean["high"]


class Weightless(DummyRegressor):
    def fit(self, X, y):
        raise WeightsError("its weights are not here")


def test_methods_without_weights_are_not_run(methods):
    cells = [("Table IV", "conv-train", "VGG19")]
    assert methods.judge("none", Weightless(), inputs=INPUTS, cells=cells) is None
    for item, row, column in [
        ("Methods", "none", "Arousal"), ("Table IV", "Valence conv-train", "VGG19"),
    ]:  # fmt: skip
        found = rows(item).loc[(row, column, "mse")]
        assert np.isnan(found["value"]) and found["note"] == "not run: its weights are not here"


def test_what_was_not_run_says_why(methods):
    not_run("kim2018", "synthetic", [("Table IV", "Valence", "SVR")], "no weights")
    row = rows("Table IV").loc[("Valence", "SVR", "mse")]
    assert np.isnan(row["value"]) and row["note"] == "not run: no weights"
    absent("cgna")
    printed = results.reported("kim2018").query("item in ('Table II', 'Table IV')")
    for item, cells in printed.groupby("item"):
        found = rows(item).query("dataset == 'cgna'")
        assert len(found) == len(cells) and found["value"].isna().all()


class Nearest(DummyRegressor):
    """Says what the nearest picture that it knows was rated."""

    def fit(self, X, y):
        self.known, self.y = X, y
        return self

    def predict(self, X):
        return self.y[((X[:, None] - self.known[None]) ** 2).sum(axis=2).argmin(axis=1)]


def test_folds_as_printed_flatter_where_pictures_of_a_theme_are_alike(methods):
    themes = np.random.default_rng(1).normal(size=(N // 3, D))[np.arange(N) // 3]
    ratings = pd.DataFrame(4 + np.random.default_rng(2).normal(size=(N // 3, 2)))
    ratings = ratings.set_axis(["valence", "arousal"], axis=1).iloc[np.arange(N) // 3]
    rated = dataclasses.replace(methods.rated, ratings=ratings.reset_index(drop=True))
    RatedMethods(rated).leakage("nearest", Nearest(), themes)
    RatedMethods(rated).leakage("none", Weightless(), themes)
    found = rows("Leakage")
    gain = found.loc[("nearest, gain of the folds as printed", "Valence", "mse gain")]
    both = [found.loc[(f"nearest, {way}", "Valence", "mse"), "value"]
            for way in ("grouped by theme", "as printed")]  # fmt: skip
    assert gain["low"] > 0 and gain["value"] == pytest.approx(both[0] - both[1], rel=1e-3)
    none = found.loc[("none, gain of the folds as printed", "Arousal", "mse")]
    assert np.isnan(none["value"]) and none["note"] == "not run: its weights are not here"


def test_bars_and_limits_are_those_that_were_recorded(methods):
    methods.judge("mean", DummyRegressor(), inputs=INPUTS, metrics=("mse",))
    methods.judge("ridge", Ridge(), inputs=INPUTS)
    methods.judge("none", Weightless(), inputs=INPUTS)
    bars, recorded = methods.bars(), rows("Methods")
    assert list(bars) == ["ridge", "mean", "none"]
    for k, column in enumerate(("Valence", "Arousal")):
        row = recorded.loc[("ridge", column, "mse")]
        assert bars["ridge"][k] == tuple(row[["value", "low", "high"]])
    assert np.isnan(bars["none"]).all()
    mean, least = methods.limits()
    np.testing.assert_allclose(mean, RATINGS.var(ddof=0) * 16 / 9)
    np.testing.assert_allclose(least, np.array([0.1, 0.05]) * 16 / 9)
    quiet = RatedMethods(dataclasses.replace(methods.rated, noise={}))
    assert quiet.limits()[1] is None


def test_pairs_are_those_of_the_claims():
    """With the paper's networks all claims are there, and as they are listed."""
    found = pairs("network, V", ["network, A", "network, R"], ["AlexNet", "VGG19"])
    for claim, (better, worse) in found.items():
        for rating in ("valence", "arousal"):
            test = claims.claims()[f"{claim}-{rating}"].test
            assert (test.item, test.column, test.metric) == ("Methods", rating.title(), "mse")
            assert (test.better, list(test.worse)) == (better, worse)
    assert len(found) == 8
    assert found["kim-train-all-vgg19"] == ("VGG19, conv-train", ["VGG19, conv-frozen"])
    ours = pairs("network, EfficientNet-Lite0", ["network, other"], ["EfficientNet-Lite0"])
    assert ours["kim-svr-over-transfer"] == ("SVR", ["EfficientNet-Lite0, conv-train"])
    of_one_network = {"kim-vgg-best", "kim-vgg-over-alexnet", "kim-train-all-alexnet"}
    assert not (of_one_network | {"kim-train-all-vgg19"}) & set(ours)


def test_only_claims_whose_rows_were_run_are_compared(methods):
    for row in ("network, V, no semantic", "SVR", "VGG19, conv-train"):
        methods.judge(row, Ridge(), inputs=INPUTS, metrics=("mse",))
    methods.judge("Linear", Weightless(), inputs=INPUTS)
    notes = {"VGG19, conv-train": "2 epochs", "network, V, no semantic": "objects seen by V"}
    others = ["network, A, no semantic"]
    found = list(methods.compared("network, V, no semantic", others, ["VGG19"], notes))
    said = {claim: note for claim, *_, note in found}
    assert said == {
        f"{claim}-{rating}": note
        for rating in ("valence", "arousal")
        for claim, note in {
            "kim-features-over-transfer": "objects seen by V; 2 epochs",
            "kim-svr-over-transfer": "2 epochs",
            "kim-network-over-svr": "objects seen by V",
        }.items()
    }
    assert ("SVR", ["VGG19, conv-train"], "Arousal") in [one[1:4] for one in found]
    methods.judge("AlexNet, conv-train", Ridge(), inputs=INPUTS, metrics=("mse",))
    methods.judge("AlexNet, conv-frozen", Ridge(), inputs=INPUTS, metrics=("mse",))
    other = {claim: note for claim, *_, note in methods.compared("none", [], ["AlexNet"], notes)}
    assert other["kim-svr-over-transfer-valence"] == "AlexNet stands for VGG19"
    assert other["kim-train-all-alexnet-valence"] == ""


def test_sets_are_loaded_and_those_that_are_missing_are_not_run(methods, monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    sets = {"synthetic": {"n": 12}, "synthetic, shuffled": {"n": 12}, "cgna": {}}
    found = RatedMethods.of(sets, splits=3, repeats=2)
    assert list(found) == ["synthetic", "synthetic, shuffled"]
    plain, mixed = (one.rated for one in found.values())
    assert plain.noise["valence"] > 0 and mixed.noise == {} and mixed.name == "synthetic, shuffled"
    assert len(plain.folds) == 6 and plain.X["id"].equals(mixed.X["id"])
    assert not plain.ratings.equals(mixed.ratings)
    pd.testing.assert_frame_equal(
        *(one.ratings.sort_values("valence", ignore_index=True) for one in (plain, mixed))
    )
    assert rows("Table IV").query("dataset == 'cgna'")["note"].str.startswith("not run").all()


def test_the_printed_lead_is_that_of_the_erratum():
    found = printed_lead()
    np.testing.assert_allclose(found["lead"], [0.008, 0.004], atol=1e-9)
    np.testing.assert_allclose(found["p"], [0.24, 0.37], atol=0.005)


def test_notes_say_what_a_network_was_trained_with():
    tuned = FineTunedRegressor(size=64, epochs=2, lr=0.0001)
    assert training_of(tuned) == "trained at 64 px, 2 epochs, rate 0.0001"
    assert training_of(tuned.set_params(size=None)).startswith("trained at its own size, 2")
