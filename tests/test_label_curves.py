"""What labels are worth, and recalls."""

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from emobook.datasets import crowd
from emobook.emotions import uniform_distribution
from emobook.evaluate import label_curves, repeated_folds
from emobook.evaluate.label_curves import even_noise_rate, exchange_rates, label_curve, worth

DRAW = np.random.default_rng(0)


def clouds(n, apart=2.0, classes=4, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.integers(classes, size=n)
    return draw.normal(size=(n, 10)) + apart * np.eye(classes, 10)[y], y


def test_a_head_is_logistic_regression_on_the_first_labels():
    x, y = clouds(90)
    folds = repeated_folds(y, splits=3, repeats=1)
    found = label_curve(x, y, [20, 50], folds, seed=4, classes=4)
    assert found.shape == (2, 90, 4)
    for _, _, train, test in folds:
        scaler = StandardScaler().fit(x[train])
        some = train[np.random.default_rng(4).permutation(len(train))][:50]
        head = LogisticRegression(C=0.3 / 50, tol=1e-8, max_iter=9999)
        head.fit(scaler.transform(x[some]), y[some])
        expected = head.predict_proba(scaler.transform(x[test]))
        np.testing.assert_allclose(found[1, test], expected, atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=2), 1)


def test_a_class_that_was_not_drawn_has_no_probability():
    x, y = clouds(60)
    y[:] = np.where(np.arange(60) < 3, 3, 0)
    y[30:] = 1
    folds = repeated_folds(y, splits=3, repeats=1)
    found = label_curve(x, y, [1, 40], folds, classes=5)
    assert (found[0].max(axis=1) == 1).all()  # one label: its class
    assert (found[:, :, [2, 4]] == 0).all()
    with pytest.raises(ValueError, match="sizes must be at most 40"):
        label_curve(x, y, [41], folds)


def test_worth_reads_a_curve_backwards():
    sizes = np.array([10, 100, 1000])
    accuracy = np.array([0.2, 0.4, 0.6])  # .2 for each factor of ten
    np.testing.assert_allclose(
        worth(sizes, accuracy, [0.2, 0.3, 0.4, 0.55]), [10, 10**1.5, 100, 10**2.75]
    )
    assert np.isnan(worth(sizes, accuracy, [0.1, 0.7])).all()


def test_worth_takes_the_least_size_where_a_curve_is_flat_or_falls():
    found = worth([10, 20, 40, 80], [0.2, 0.4, 0.35, 0.6], [0.4, 0.5])
    np.testing.assert_allclose(found, [20, np.exp((np.log(20) + np.log(80)) / 2)])
    with pytest.raises(ValueError, match="clean_sizes must ascend"):
        worth([20, 10], [0.1, 0.2], [0.1])


def test_rates_are_those_of_two_parallel_curves():
    sizes = np.array([10, 40, 160, 640])
    clean = np.array([[0.2, 0.4, 0.6, 0.8]] * 3)
    draws = clean - 0.2 + np.array([[-0.01], [0.0], [0.01]])
    first, second, *_ = exchange_rates(sizes, clean, np.maximum(draws, 0.01))
    assert first is None  # below the clean curve
    assert second.value == pytest.approx(4) and np.isnan(second.low)  # one draw is
    rates = exchange_rates(sizes, clean, draws + 0.02)
    assert rates[2].value == pytest.approx(4 * 4 ** (-0.1)) and rates[2].low < rates[2].value
    half = stats.t.ppf(0.975, 2) * np.std(np.log(4) * np.array([-0.05, 0, 0.05]), ddof=1) / 3**0.5
    assert rates[2].high / rates[2].value == pytest.approx(np.exp(half))
    assert np.isnan(exchange_rates(sizes, clean[:2], draws[:2] + 0.02)[2].low)


def test_curves_are_those_of_labels_drawn_with_the_noise():
    x, y = clouds(200)
    sizes, noise = [10, 30, 90], {"clean": np.eye(4)}
    noise["noisy"] = uniform_distribution(np.arange(4), 0.6, n=4)
    right = label_curves.noise_curves(x, y, noise, sizes, splits=2)
    assert right["noisy"].shape == (3, 3)
    folds = repeated_folds(y, splits=2, repeats=1, seed=1)
    for name in noise:
        weak = crowd.weak_labels(y, noise[name], seed=1)
        scores = label_curve(x, weak, sizes, folds, 1, classes=4)
        assert right[name][1, 2] == (scores[2].argmax(axis=1) == y).mean()
    assert exchange_rates(sizes, right["clean"], right["clean"])[1].value == pytest.approx(1)


@pytest.mark.parametrize("wrong", [0, 0.2, 0.5])
def test_even_noise_shrinks_the_signal_and_theory_takes_one_over_its_square(wrong):
    p = DRAW.dirichlet(np.ones(8), size=5)
    seen = p @ uniform_distribution(np.arange(8), 1 - wrong, n=8)
    slope = np.polyfit(p.ravel(), seen.ravel(), 1)[0]
    assert even_noise_rate(wrong) == pytest.approx(1 / slope**2)
    assert even_noise_rate(7 / 8) == float("inf")


def test_recalls_are_resampled_within_their_class_and_in_pairs():
    truth, correct = np.repeat([0, 1, 3], [40, 4, 10]), DRAW.integers(2, size=54)
    found = label_curves.resampled_recalls(truth, correct, classes=4)
    for k in (0, 1, 3):
        assert found[0, k] == correct[truth == k].mean()
        expected = np.sqrt(correct[truth == k].var() / (truth == k).sum())
        assert found[1:, k].std() == pytest.approx(expected, rel=0.1, abs=1e-3)
    assert np.isnan(found[:, 2]).all()
    again = label_curves.resampled_recalls(truth, correct + 0.25, classes=4)
    np.testing.assert_allclose((again - found)[:, [0, 1, 3]], 0.25)
    table = label_curves.recall_table({"a": found}, list("wxyz")).set_index("class")
    assert table.loc["x", "value"] == 100 * found[0, 1] and np.isnan(table.loc["y", "value"])
    value, low, high = label_curves.measured(found[:, 0])
    assert low < value == found[0, 0] < high


def test_a_quota_is_as_large_as_the_scarcest_class_allows():
    assert label_curves.quota([40, 10, 30], [1, 1, 1]).tolist() == [10, 10, 10]
    assert label_curves.quota([40, 10, 30], [4, 1, 2]).tolist() == [40, 10, 20]
    assert label_curves.quota([40, 10, 30], [400, 1, 2]).tolist() == [40, 1, 1]


def test_places_count_within_a_class():
    assert label_curves.places([3, 1, 3, 3, 1]).tolist() == [0, 0, 1, 2, 1]
    assert len(label_curves.places([])) == 0


def test_cuts_keep_the_first_of_each_class():
    labels = np.array([0, 1, 0, 0, 1, 0])
    assert np.flatnonzero(label_curves.up_to([3, 1])(labels)).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(label_curves.one_of(2)(labels)).tolist() == [0, 1, 3]
    assert np.flatnonzero(label_curves.one_of(8)(labels)).tolist() == [0, 1]


def test_rank_correlation_is_that_of_scipy():
    counts, rows = DRAW.integers(9, size=8), DRAW.random((5, 8)).round(1)
    found = label_curves.rank_correlation(counts, rows)
    expected = [stats.spearmanr(counts, row).statistic for row in rows]
    np.testing.assert_allclose(found, expected)
    assert (label_curves.rank_correlation(np.ones(8), rows) == 0).all()


def test_the_way_to_draw_a_noisy_set_changes_its_noise():
    even, found = label_curves.pipeline_noise(20_000, 200).values()
    for table in (even, found):
        np.testing.assert_allclose(table.sum(axis=1), 1)
    rare = [3, 4]  # contentment and disgust, of which the crawl has few
    assert (np.diag(even)[rare] > 2 * np.diag(found)[rare]).all()
    assert (even.argmax(axis=1) == np.arange(8)).sum() > (
        found.argmax(axis=1) == np.arange(8)
    ).sum()


def test_the_table_of_rates_ends_with_what_is_expected():
    truth, sizes = np.array([0, 0, 1]), [10, 40, 160]
    noise = {"n": np.array([[0.9, 0.1], [0.4, 0.6]])}
    curves = {"clean": np.array([[0.5, 0.7, 0.9]] * 3)}
    curves["n"] = curves["clean"] - 0.2
    found = label_curves.rate_table(sizes, curves, noise, truth)
    assert list(found) == [(f"{n:03d} noisy labels", "n") for n in sizes] + [
        ("expected for even noise", "n")
    ]
    assert found["010 noisy labels", "n"]["value"] is None
    assert found["010 noisy labels", "n"]["note"].startswith("not run")
    assert found["160 noisy labels", "n"]["value"] == pytest.approx(4)
    wrong = (0.1 + 0.1 + 0.4) / 3
    assert found["expected for even noise", "n"]["value"] == pytest.approx((1 - 2 * wrong) ** -2)


def test_the_evener_method_spreads_least_but_for_one_class():
    flat = np.array([[0.5, 0.5, 0.9], [0.4, 0.6, 0.0]])
    steep, steeper = np.array([[0.2, 0.8, 0.0]] * 2), np.array([[0.0, 1.0, 0.5]] * 2)
    np.testing.assert_allclose(label_curves.evener(flat, (steep, steeper), 2), [0.3, 0.2])


def test_readings_of_figure_3():
    truth = np.repeat(np.arange(8), 40)
    shares = np.array([50, 10, 30, 60, 20, 28, 9, 29])
    right = {
        "plain": np.where(truth == 6, 0.9, 0.3),
        "noisy": np.where(truth == 3, 0.9, 0.25),
        "clean": 0.1 + 0.1 * truth,
        "skewed": shares[truth] / 100,
    }
    recalls = {name: label_curves.resampled_recalls(truth, part) for name, part in right.items()}
    follows, even, fear = label_curves.readings(*recalls.values(), shares)
    assert follows.value == pytest.approx(1) and fear.value == pytest.approx(0.9 - 0.7)
    spread = np.std([0.3] * 6 + [0.9])
    assert even.value == pytest.approx(min(spread, np.std([0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8])))
    scores = np.eye(8)[np.stack([truth, (truth + 1) % 8])]
    found = label_curves.recalls_of(truth, {"half": scores})["half"]
    assert found.shape == (2001, 8) and (found == 0.5).all()
