"""The softmax head, the λ path, and methods by name."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import StandardScaler

from emobook import models
from emobook.emotions import MIKELS8, wheel_distribution
from emobook.models.heads import LAMS, Heads, SoftmaxHead, lambda_path

N, D = 150, 12
DRAW = np.random.default_rng(0)
Y = DRAW.integers(8, size=N)
X = (DRAW.normal(size=(N, D)) + 2.5 * np.eye(8, D)[Y]) * DRAW.uniform(0.1, 9, D) + 3
FEATURES = X
P = DRAW.choice([0.6, 0.8, 1.0], size=N)
F = wheel_distribution(Y, P)
CONVERGED = {"epochs": 400, "lr": 0.1, "momentum": 0.9, "weight_decay": 0.05, "batch_size": N}


class FirstPixels(TransformerMixin, BaseEstimator):
    """A feature that reads the column `path` alone: the number in a file's name."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        rows = [int(path.partition(".")[0]) for path in X["path"]]
        return FEATURES[rows]


def table(**columns):
    return pd.DataFrame({"path": [f"{i}.jpg" for i in range(N)], **columns})


def reference(rows, labels, weights):
    """The minimiser of Σ weights · cross-entropy / N + .05/2 |W|², by another optimiser."""
    return LogisticRegression(C=1 / (0.05 * N), tol=1e-8, max_iter=5000).fit(
        StandardScaler().fit(X).transform(rows), labels, weights
    )


# The losses, at their minimum, against scikit-learn


def test_cross_entropy_is_logistic_regression():
    head = SoftmaxHead(**CONVERGED).fit(X, Y)
    expected = reference(X, Y, np.ones(N)).predict_proba(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(head.predict_proba(X), expected, atol=1e-4)


def test_multi_task_is_logistic_regression_with_soft_labels():
    head = SoftmaxHead(loss="multi_task", lam=0.4, **CONVERGED).fit(X, Y, p=P)
    target = 0.6 * np.eye(8)[Y] + 0.4 * F
    soft = reference(np.repeat(X, 8, axis=0), np.tile(np.arange(8), N), target.ravel())
    expected = soft.predict_proba(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(head.predict_proba(X), expected, atol=1e-4)


def test_label_probability_weight_is_weighted_logistic_regression():
    head = SoftmaxHead(loss="label_probability", form="weight", **CONVERGED).fit(X, Y, p=P)
    expected = reference(X, Y, P**2).predict_proba(StandardScaler().fit_transform(X))
    np.testing.assert_allclose(head.predict_proba(X), expected, atol=1e-4)


def test_label_probability_temperature_is_cross_entropy_of_scaled_logits():
    """With one p for all, the logits come out 1 / p² as large, but for the smaller penalty."""
    plain = SoftmaxHead(**(CONVERGED | {"weight_decay": 0.05 / 0.6**4})).fit(X, Y)
    head = SoftmaxHead(loss="label_probability", **(CONVERGED | {"lr": 0.7})).fit(X, Y, p=0.6)
    np.testing.assert_allclose(head.coef_ * 0.36, plain.coef_, atol=1e-3)


# The λ path


@pytest.mark.parametrize(("validated", "lr"), [(False, 0.02), (True, 0.1)])
def test_lambda_path_equals_heads_one_by_one(validated, lr):
    sgd = {"epochs": 12, "lr": lr, "weight_decay": 0.01, "batch_size": 32}
    rest = slice(100, None)
    validation = (X[rest], Y[rest]) if validated else None
    path = lambda_path(X[:100], Y[:100], F[:100], seeds=(0, 5, 7), validation=validation, **sgd)
    assert path.coef.shape == (11, 3, D, 8)
    together = path.predict_proba(X)
    for i, lam in enumerate(LAMS):
        for j, seed in enumerate((0, 5, 7)):
            head = SoftmaxHead(loss="multi_task", lam=lam, seed=seed, **sgd)
            head.fit(X[:100], Y[:100], F[:100], validation=validation)
            np.testing.assert_allclose(path.coef[i, j], head.coef_, atol=1e-5)
            np.testing.assert_allclose(path.intercept[i, j], head.intercept_, atol=1e-5)
            np.testing.assert_allclose(together[i, j], head.predict_proba(X), atol=1e-5)
            assert path.best_epoch[i, j] == head.best_epoch_
    if validated:  # heads stop at epochs of their own, or the test above shows little
        assert len(np.unique(path.best_epoch)) > 3
    else:
        assert (path.best_epoch == 11).all()


def test_lambda_changes_the_outcome():
    path = lambda_path(X, Y, F, **(CONVERGED | {"epochs": 50}))
    confidence = path.predict_proba(X).max(axis=-1).mean(axis=(1, 2))
    assert (np.diff(confidence) < 0).all()  # softer targets, softer answers
    assert abs(path.coef[:, 0] - path.coef[:, 1]).max() > 1e-4  # another seed, other weights


def test_gradient_is_the_corrected_equation_9():
    heads = Heads(D, 8, [0])
    inputs = torch.tensor(StandardScaler().fit_transform(X), dtype=torch.float32)
    y, f, lam = torch.eye(8)[Y], torch.tensor(F, dtype=torch.float32), 0.4
    p = heads(inputs)[..., 0].softmax(1)
    gradient = inputs.T @ (p - (1 - lam) * y - lam * f) / N
    before, lr = heads.weight.detach()[..., 0], 0.01
    step = {"epochs": 1, "lr": lr, "weight_decay": 0, "batch_size": N}
    head = SoftmaxHead(loss="multi_task", lam=lam, **step).fit(X, Y, F)
    np.testing.assert_allclose(head.coef_, (before - lr * gradient).detach(), atol=1e-6)


def test_scores_and_best():
    path = lambda_path(X, Y, F, lams=[1, 0, 0.5], seeds=[3], epochs=5)
    right = (path.predict_proba(X).argmax(-1) == Y).mean(-1)
    np.testing.assert_array_equal(path.scores(X, Y), right)
    np.testing.assert_array_equal(path.scores(X, np.array(MIKELS8)[Y]), right)
    assert path.best(X, Y) == min(np.array([1, 0, 0.5])[right[:, 0] == right.max()])


def test_best_prefers_the_smaller_lambda_of_equals():
    path = lambda_path(X, Y, np.eye(8)[Y], lams=[1, 0.5, 0], seeds=[0], epochs=2)
    assert len(np.unique(path.scores(X, Y))) == 1
    assert path.best(X, Y) == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"labels": Y + 1}, "labels must lie in 0..7"),
        ({"labels": Y[1:]}, "equally long"),
        ({"distributions": 2 * F}, "distributions must have non-negative rows that sum to 1"),
        ({"features": X * np.nan}, "features contains NaN"),
        ({"lams": [0, 1.5]}, r"lams must be a list of numbers in \[0, 1\]"),
        ({"lams": []}, "lams must be"),
        ({"seeds": [0.5]}, "seeds must be a list of whole numbers"),
        ({"epochs": 0}, "epochs must be a whole number above 0"),
        ({"validation": (X, Y[1:])}, "validation must be equally long"),
    ],
)
def test_lambda_path_refuses(change, sentence):
    arguments = {"features": X, "labels": Y, "distributions": F} | change
    with pytest.raises(ValueError, match=sentence):
        lambda_path(**arguments)


def test_lambda_path_refuses_unknown_settings():
    with pytest.raises(TypeError, match="loss"):
        lambda_path(X, Y, F, loss="cross_entropy")


# The estimator


def test_same_seed_same_bits_and_fit_leaves_the_random_state_alone():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first = SoftmaxHead(epochs=3, seed=4).fit(X, Y)
    assert torch.equal(torch.rand(1), expected)
    again = SoftmaxHead(epochs=3, seed=4).fit(X, Y)
    np.testing.assert_array_equal(first.coef_, again.coef_)
    assert not np.array_equal(first.coef_, SoftmaxHead(epochs=3, seed=5).fit(X, Y).coef_)


def test_table_brings_its_p_and_predict_reads_the_features_columns_only():
    options = {"loss": "multi_task", "lam": 0.7, "epochs": 5}
    expected = SoftmaxHead(**options).fit(X, Y, p=P).predict_proba(X)
    head = SoftmaxHead(FirstPixels(), **options).fit(table(p=P, votes=[None] * N), Y)
    np.testing.assert_array_equal(head.predict_proba(table()), expected)
    other = SoftmaxHead(FirstPixels(), **options).fit(table(p=P), Y, p=0.5)
    assert not np.allclose(other.predict_proba(table()), expected)


def test_clone_grid_search_and_cross_validation():
    head = SoftmaxHead(loss="multi_task", lam=0.3, epochs=5)
    assert clone(head).get_params() == head.get_params()
    search = GridSearchCV(head, {"lam": [0, 0.5, 1]}, cv=3).fit(X, Y, p=P)
    assert search.best_params_["lam"] in (0, 0.5, 1)
    assert search.best_estimator_.predict(X).shape == (N,)
    in_table = GridSearchCV(
        SoftmaxHead(FirstPixels(), loss="multi_task", epochs=5), {"lam": [0, 0.5, 1]}, cv=3
    ).fit(table(p=P), Y)
    np.testing.assert_allclose(
        in_table.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"]
    )
    assert cross_val_score(SoftmaxHead(epochs=30, lr=0.02), X, Y).mean() > 0.5  # chance: .125


def test_names_as_labels():
    named = np.array(MIKELS8)[Y]
    head = SoftmaxHead(loss="multi_task", epochs=5).fit(X, named, p=P)
    assert tuple(head.classes_) == MIKELS8
    plain = SoftmaxHead(loss="multi_task", epochs=5).fit(X, Y, p=P)
    np.testing.assert_array_equal(head.predict(X), np.array(MIKELS8)[plain.predict(X)])


def test_distributions_give_a_column_to_classes_that_are_absent():
    few = Y < 6
    head = SoftmaxHead(loss="multi_task", epochs=2).fit(X[few], Y[few], F[few])
    assert head.predict_proba(X).shape == (N, 8)
    assert SoftmaxHead(epochs=2).fit(X[few], Y[few]).predict_proba(X).shape == (N, 6)


def test_other_numbers_of_classes():
    two = np.where(Y < 4, "negative", "positive")
    given = np.where((Y < 4)[:, None], [0.8, 0.2], [0.3, 0.7])
    head = SoftmaxHead(loss="multi_task", epochs=5).fit(X, two, given)
    assert list(head.classes_) == ["negative", "positive"]
    with pytest.raises(
        ValueError, match=r"wheel has places for the eight only: pass distributions"
    ):
        SoftmaxHead(loss="multi_task").fit(X, two, p=0.7)


def test_constant_feature_does_no_harm():
    flat = np.hstack([X, np.ones((N, 1))])
    head = SoftmaxHead(epochs=3).fit(flat, Y)
    assert np.isfinite(head.predict_proba(flat)).all()


@pytest.mark.parametrize(
    ("options", "fit", "sentence"),
    [
        ({"loss": "hinge"}, {}, "loss must be one of cross_entropy, multi_task"),
        ({"loss": "multi_task"}, {}, "p is not known.*pass p="),
        ({"loss": "multi_task"}, {"p": 1.5}, r"p must lie in \(0, 1\]"),
        ({"loss": "multi_task"}, {"distributions": F[1:]}, r"distributions must be of shape"),
        ({"loss": "multi_task"}, {"distributions": F * 2}, "distributions must have rows"),
        ({"loss": "multi_task", "lam": 2}, {"p": 0.7}, r"lam must lie in \[0, 1\]"),
        ({"loss": "label_probability"}, {"p": P[1:]}, "p must be one number or as long as y"),
        ({"loss": "label_probability", "form": "x"}, {"p": P}, "form must be"),
        ({}, {"y": Y[1:]}, "y must be as long as X"),
        ({}, {"y": Y * 0}, "at least two classes"),
        ({}, {"X": table()}, "features is None: pass features=DeepFeatures"),
        ({}, {"X": X * np.nan}, "X contains NaN"),
        ({}, {"validation": (X, Y + 1)}, "validation labels must hold only 0, 1"),
        ({}, {"y": Y + 0.0}, "y must hold names or whole numbers, not values of type float64"),
        ({}, {"y": np.where(Y, "fear", None)}, "y must hold names or whole numbers"),
        ({"loss": "label_probability"}, {"p": np.nan}, r"p must lie in \(0, 1\]"),
        ({"loss": "label_probability"}, {"p": "high"}, "p must hold numbers"),
        ({}, {"validation": (X, Y[1:])}, "validation must be equally long"),
        ({"batch_size": 0}, {}, "batch_size must be a whole number above 0"),
        ({"epochs": 1.5}, {}, "epochs must be a whole number above 0"),
        ({"lr": np.nan}, {}, "lr must be a number above 0"),
    ],
)
def test_fit_refuses(options, fit, sentence):
    with pytest.raises(ValueError, match=sentence):
        SoftmaxHead(**options).fit(**({"X": X, "y": Y} | fit))


def test_predict_refuses_other_features():
    with pytest.raises(ValueError, match="X has 11 features"):
        SoftmaxHead(epochs=1).fit(X, Y).predict(X[:, 1:])


# Methods by name


def test_create_knows_every_name():
    for name in models.names():
        assert clone(models.create(name)) is not None


def test_create_suggests_close_names():
    with pytest.raises(ValueError, match="such as frozen-linear"):
        models.create("frozen-linea")
    with pytest.raises(ValueError, match="such as majority"):
        models.create("zzz")


def test_baselines_and_linear_methods_on_a_table():
    majority = models.create("majority").fit(table(), Y)
    assert (majority.predict(table()) == np.bincount(Y).argmax()).all()
    ratings = X[:, :2] @ np.ones((2, 2))
    assert models.create("mean").fit(table(), ratings).predict(table()).shape == (N, 2)
    linear = models.create("frozen-linear", features=FirstPixels(), C=1.0).fit(table(), Y)
    assert linear.score(table(), Y) > 0.5
    ridge = models.create("frozen-ridge", features=FirstPixels(), alphas=[0.1, 1e4])
    assert ridge.fit(table(), ratings).score(table(), ratings) > 0.99
    np.testing.assert_array_equal(ridge[-1].alpha_, 0.1)
