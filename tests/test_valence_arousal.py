"""Kim's network on features, and the methods beside it."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.svm import SVR

from emobook import images, models, train
from emobook.datasets import load
from emobook.features.kim import standardised
from emobook.models._validation import held_out
from emobook.models.valence_arousal import AS_PRINTED, HIDDEN, EmotionNetwork, layers, linear, svr
from emobook.results import reported

DRAW = np.random.default_rng(0)
N, D = 120, 8
X = DRAW.normal(size=(N, D)) * DRAW.uniform(0.1, 9, D) + 3
Y = 4 + np.stack([np.tanh(X[:, 0]) + 0.2 * X[:, 1], np.abs(X[:, 2])], axis=1) / 2
SMALL = {"hidden": (20, 10, 5), "epochs": 30, "lr": 3e-4, "validation_share": 0}


def test_sizes_are_those_of_tables_1_and_3():
    printed = reported("kim2018").query("item == 'Table III' and unit == 'neurons'")
    cells = printed.assign(size=printed["corrected"].fillna(printed["printed"]))
    size = cells.set_index(["row", "column"])["size"]
    for name, column in (("low", "Low"), ("semantic", "semantic"), ("all", "All")):
        assert HIDDEN[name] == tuple(size[f"h{i}", column] for i in (1, 2, 3))
    assert HIDDEN["object"] == (size["h1", "Object"], size["h2", "Object"], size["h3", "VGG16"])
    table1 = reported("kim2018").query("item == 'Table I'").set_index("row")["printed"]
    assert tuple(table1[["H1", "H2", "H3"]]) == AS_PRINTED


def parameters(hidden, outputs):
    network = layers(1588, hidden, outputs)
    assert network(torch.zeros(2, 1588)).shape == (2, outputs)
    return sum(part.numel() for part in network.parameters())


def test_shape_and_number_of_parameters():
    expected = 1589 * 3000 + 3001 * 1000 + 1001 * 500 + 501
    assert parameters(HIDDEN["all"], 1) == expected == 8_269_001
    assert parameters(AS_PRINTED, 2) == 1589 * 3000 + 3001 * 1000 + 1001 * 1000 + 1001 * 2


def test_layers_are_equations_4_to_6():
    network = layers(3, (4, 5, 2), 1)
    x = np.array([0.3, -1, 2])
    linear_parts = [part for part in network if isinstance(part, torch.nn.Linear)]
    for place, part in enumerate(linear_parts):
        weight, bias = part.weight.detach().double().numpy(), part.bias.detach().double().numpy()
        p = [sum(w * one for w, one in zip(row, x, strict=True)) for row in weight] + bias
        x = np.maximum(p, 0) if place < 3 else p
    given = torch.tensor([[0.3, -1, 2]])
    np.testing.assert_allclose(network(given).detach().numpy()[0], x, atol=1e-6)


def test_first_step_is_that_of_the_summed_loss():
    """One full batch: weights less lr times the gradient of L = Σ (f - T)²."""
    model = EmotionNetwork(hidden=(4,), epochs=1, lr=1e-3, validation_share=0).fit(X, Y[:, 0])
    start = EmotionNetwork(hidden=(4,))
    start.mean_ = Y[:, :1].mean(axis=0, dtype=np.float32)
    network = start._layers(D)
    inputs = torch.tensor(standardised().fit_transform(X), dtype=torch.float32)
    error = ((network(inputs)[:, 0] - torch.tensor(Y[:, 0])) ** 2).sum()
    error.backward()
    for name, value in network.named_parameters():
        expected = value.detach() - 1e-3 * value.grad
        np.testing.assert_allclose(model.weights_[name], expected, atol=1e-5)


def test_sum_at_lr_is_mean_at_lr_times_the_batch():
    """As long as all batches are full; else the last one counts for less in the sum."""
    options = SMALL | {"batch_size": 40, "epochs": 5}
    summed = EmotionNetwork(**options | {"loss": "sum", "lr": 1e-4}).fit(X, Y)
    mean = EmotionNetwork(**options | {"loss": "mean", "lr": 40e-4}).fit(X, Y)
    for name, value in summed.weights_.items():
        np.testing.assert_allclose(mean.weights_[name], value, atol=1e-5)
    assert mean.history_.losses[0] == pytest.approx(summed.history_.losses[0] / 40, rel=1e-4)
    unequal = options | {"batch_size": 50}
    summed = EmotionNetwork(**unequal | {"loss": "sum", "lr": 1e-4}).fit(X, Y)
    mean = EmotionNetwork(**unequal | {"loss": "mean", "lr": 50e-4}).fit(X, Y)
    assert np.abs(summed.predict(X) - mean.predict(X)).max() > 1e-4


def test_it_overfits_one_batch_and_every_weight_moves():
    few = slice(16)
    model = EmotionNetwork(hidden=(60, 30, 15), epochs=600, lr=2e-3, validation_share=0)
    start = clone(model).set_params(epochs=1, lr=1e-12).fit(X[few], Y[few])
    model.fit(X[few], Y[few])
    assert ((model.predict(X[few]) - Y[few]) ** 2).mean() < 0.02 * Y[few].var(axis=0).mean()
    moved = {
        name for name in model.weights_ if not model.weights_[name].equal(start.weights_[name])
    }
    assert moved == set(model.weights_)


def test_one_rating_or_two():
    both = EmotionNetwork(**SMALL).fit(X, Y)
    assert both.predict(X).shape == (N, 2) and both.predict(X).dtype == np.float64
    one = EmotionNetwork(**SMALL).fit(X, Y[:, 0])
    assert one.predict(X).shape == (N,)
    assert both.weights_["6.weight"].shape == (2, 5) and one.weights_["6.weight"].shape == (1, 5)
    assert EmotionNetwork(**SMALL).fit(X, Y[:, :1]).predict(X).shape == (N, 1)


def test_it_begins_with_the_mean_rating():
    model = EmotionNetwork(**SMALL | {"epochs": 1, "lr": 1e-12}).fit(X, Y)
    np.testing.assert_allclose(model.weights_["6.bias"], Y.mean(axis=0), atol=1e-5)


def test_same_seed_same_weights_and_torch_is_left_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first = EmotionNetwork(**SMALL).fit(X, Y).predict(X)
    assert torch.equal(torch.rand(1), expected)
    np.testing.assert_array_equal(EmotionNetwork(**SMALL).fit(X, Y).predict(X), first)
    assert not np.array_equal(EmotionNetwork(**SMALL, seed=1).fit(X, Y).predict(X), first)


def test_it_learns_what_ridge_cannot():
    """|x| has no linear part."""
    model = EmotionNetwork(hidden=(60, 30, 15), epochs=300, lr=2e-4, validation_share=0)
    truth = Y[:, 1]
    learned = model.fit(X[:90], truth[:90]).predict(X[90:])
    straight = linear("passthrough").fit(X[:90], truth[:90]).predict(X[90:])
    error = ((learned - truth[90:]) ** 2).mean()
    assert error < 0.5 * ((straight - truth[90:]) ** 2).mean()
    assert error < 0.3 * truth[90:].var()


def test_shuffled_ratings_are_not_learned():
    shuffled = np.random.default_rng(1).permutation(Y)
    model = EmotionNetwork(**SMALL | {"validation_share": 0.2}).fit(X[:90], shuffled[:90])
    error = ((model.predict(X[90:]) - shuffled[90:]) ** 2).mean(axis=0)
    assert (error > 0.8 * shuffled[90:].var(axis=0)).all()


def test_training_ends_when_the_error_of_held_out_images_no_longer_diminishes():
    made = {"lr": 3e-3, "epochs": 400, "patience": 4, "validation_share": 0.2}
    model = EmotionNetwork(hidden=(40, 20, 10), **made).fit(X, Y)
    history = model.history_
    assert len(history.losses) < 400
    assert len(history.losses) - 1 - history.best_epoch == 4
    rows, rest = held_out(Y, np.arange(N), 0.2, 0)
    error = ((model.predict(X[rest]) - Y[rest]) ** 2).sum(axis=1).mean()
    assert error == pytest.approx(-history.scores.max(), rel=1e-3)
    np.testing.assert_allclose(model.mean_, Y[rows].mean(axis=0), rtol=1e-5)


def test_groups_are_held_out_whole_however_they_are_given():
    groups = np.arange(N) // 4
    fifth = EmotionNetwork(validation_share=0.2)
    rows, rest = fifth._split(X, Y, groups)
    assert sorted([*rows, *rest]) == list(range(N)) and N // 8 < len(rest) < N // 3
    assert not set(groups[rows]) & set(groups[rest])
    table = pd.DataFrame(X).assign(group=groups)
    np.testing.assert_array_equal(fifth._split(table, Y, None)[1], rest)
    options = SMALL | {"validation_share": 0.2}
    given = EmotionNetwork(**options).fit(X, Y, groups=groups).predict(X)
    np.testing.assert_array_equal(EmotionNetwork(**options).fit(table, Y).predict(table), given)
    assert not np.array_equal(EmotionNetwork(**options).fit(X, Y).predict(X), given)


def test_held_out_classes_have_their_shares_and_ratings_need_none():
    labels = np.arange(60) % 3
    _, rest = held_out(labels, np.arange(60), 0.2, 0)
    assert np.bincount(labels[rest]).tolist() == [4, 4, 4]
    for seed in range(3):
        rows, rest = held_out(Y, np.arange(N), 0.25, seed)
        assert len(rest) == N // 4 and not set(rows) & set(rest)


def test_what_is_standardised_keeps_within_limits():
    """A feature that is next to constant in training does not explode."""
    rare = np.hstack([X, np.eye(N)[:, :1] * 1e-6])
    model = EmotionNetwork(**SMALL).fit(rare[1:], Y[1:])
    usual = np.hstack([X[:1], [[0]]])
    far = model.predict(rare[:1]) - model.predict(usual)
    assert np.abs(far).max() < 1
    as_they_are = EmotionNetwork(**SMALL | {"standardise": False, "lr": 1e-6}).fit(X, Y)
    np.testing.assert_array_equal(as_they_are._scaled(X), X.astype(np.float32))


def test_features_are_fitted_with_it_and_the_best_epoch_outlives_divergence():
    model = EmotionNetwork(standardised(), **SMALL | {"standardise": False}).fit(X, Y)
    plain = EmotionNetwork(**SMALL).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    wild = EmotionNetwork(hidden=(40, 20, 10), lr=1, patience=3).fit(X, Y)
    assert np.isfinite(wild.predict(X)).all()


@pytest.mark.filterwarnings("error")  # of a fit that cannot be stored
def test_it_is_stored_and_gives_the_same_bits(clean_cache):
    first = train.fitted(EmotionNetwork(**SMALL), X, Y)
    second = train.fitted(EmotionNetwork(**SMALL), X, Y)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert second.history_.losses.tolist() == first.history_.losses.tolist()


@pytest.mark.parametrize(
    ("options", "fit", "sentence"),
    [
        ({"loss": "hinge"}, {}, 'loss must be "sum" or "mean"'),
        ({"hidden": ()}, {}, "hidden must be whole numbers"),
        ({"hidden": (20, 0)}, {}, "hidden must be whole numbers"),
        ({"lr": 0}, {}, "lr must be a number above 0"),
        ({"epochs": 0}, {}, "epochs must be a whole number above 0"),
        ({"validation_share": 0.9}, {}, r"validation_share must lie in 0\.\.0\.5"),
        ({"lr": 10.0}, {}, "training diverged with lr=10.0"),
        ({}, {"y": Y[1:]}, "y must be as long as X"),
        ({}, {"y": Y * np.nan}, "y must be finite ratings"),
        ({}, {"y": ["joy"] * N}, "y must hold numbers"),
        ({}, {"X": pd.DataFrame({"path": ["a"] * N})}, "features is None: pass features="),
        ({}, {"X": X * np.nan}, "X contains NaN"),
    ],
)
def test_fit_refuses(options, fit, sentence):
    with pytest.raises(ValueError, match=sentence):
        EmotionNetwork(**SMALL | options).fit(**{"X": X, "y": Y} | fit)


# Beside it


def test_linear_is_least_squares_without_a_penalty():
    for y in (Y, Y[:, 0]):
        found = linear("passthrough").fit(X, y).predict(X)
        inputs = np.column_stack([standardised().fit_transform(X), np.ones(N)])
        expected = inputs @ np.linalg.lstsq(inputs, y, rcond=None)[0]
        np.testing.assert_allclose(found, expected, atol=1e-8)
    assert isinstance(linear("passthrough")[-1], LinearRegression)


def test_svr_is_one_machine_for_each_rating():
    inputs = standardised().fit_transform(X)
    both = svr("passthrough", C=2, epsilon=0.05).fit(X, Y).predict(X)
    for column in (0, 1):
        alone = SVR(C=2, epsilon=0.05).fit(inputs, Y[:, column]).predict(inputs)
        np.testing.assert_allclose(both[:, column], alone)
        one = svr("passthrough", C=2, epsilon=0.05).fit(X, Y[:, column]).predict(X)
        np.testing.assert_allclose(one, alone)


class Means(TransformerMixin, BaseEstimator):
    """Mean red, green and blue of each picture of a table, as (N, 3)."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.array([np.asarray(images.read(path)).mean(axis=(0, 1)) for path in X["path"]])


def test_methods_by_name_take_tables_of_images():
    drawn = load("synthetic", n=12)
    ratings = drawn.ratings.to_numpy()
    for name in ("emotion-network", "linear-regression", "svr"):
        options = SMALL if name == "emotion-network" else {}
        model = models.create(name, features=Means(), **options)
        found = model.fit(drawn.table, ratings).predict(drawn.table)
        assert found.shape == (12, 2) and np.isfinite(found).all()
        values = Means().transform(drawn.table)
        if name != "emotion-network":
            same = models.create(name, features="passthrough").fit(values, ratings)
        else:
            same = EmotionNetwork(**SMALL).fit(values, ratings)
        np.testing.assert_allclose(found, same.predict(values))
    assert models.create("emotion-network").features is not None
