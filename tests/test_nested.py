"""Settings chosen in inner folds: against scikit-learn's search, and blind to test labels."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from emobook import evaluate
from emobook.evaluate.nested import Settings, inner_folds, nested
from emobook.models.fusion import convex, join, svm_head
from emobook.models.fusion_path import fusion_path

ALPHAS, CS = (0.0, 0.5, 1.0), (0.3, 1.0, 3.0)
RANDOM = np.random.default_rng(0)
Y = RANDOM.integers(0, 3, 60)
BLOCKS = [RANDOM.normal(size=(60, 4)) + 0.8 * np.eye(4)[Y], RANDOM.normal(size=(60, 5))]
BLOCKS.append(RANDOM.dirichlet(np.ones(6), 60))
FOLDS = evaluate.repeated_folds(Y, splits=3, repeats=2)


def path(pairs):
    return fusion_path(BLOCKS, Y, ALPHAS, CS, cv=pairs)


@pytest.fixture(scope="module")
def settings():
    return nested(path, Y, FOLDS, splits=4)


def test_the_choice_on_inner_folds_is_that_of_a_grid_search(settings):
    def weigh(X, alpha):
        return join([X[:, :4], X[:, 4:9], X[:, 9:]], convex(alpha))

    X, model = (
        np.hstack(BLOCKS),
        Pipeline([("weigh", FunctionTransformer(weigh)), ("svc", svm_head())]),
    )
    grid = {"weigh__kw_args": [{"alpha": alpha} for alpha in ALPHAS], "svc__C": CS}
    cells, chosen = settings.cells(), settings.chosen()
    for number, fold in enumerate(FOLDS):
        place = np.empty(60, dtype=int)
        for part, (_, test) in enumerate(inner_folds(Y, fold.train, splits=4)):
            place[test] = part
        search = GridSearchCV(model, grid, cv=PredefinedSplit(place[fold.train]))
        search.fit(X[fold.train], Y[fold.train])
        found = search.cv_results_["mean_test_score"].reshape(3, 3).T
        np.testing.assert_allclose(settings.inner[..., number], found, atol=1e-12)
        assert settings.inner[(*cells[number], number)] == pytest.approx(search.best_score_)
        if (found > found.max() - 1e-9).sum() == 1:  # of equals each has its own first
            predicted = chosen[fold.repeat, fold.test].argmax(axis=1)
            np.testing.assert_array_equal(predicted, search.predict(X[fold.test]))


def test_what_is_chosen_on_test_images_has_their_highest_score(settings):
    outer = [evaluate.repeated_folds(Y, splits=3, repeats=2)[k : k + 3] for k in (0, 3)]
    whole = settings.scores.reshape(9, 2, 3)
    each = settings.chosen("each test fold")
    for repeat, chosen in enumerate(settings.chosen("all test images")):
        right = chosen.argmax(axis=1) == Y
        folds = [right[f.test].mean() for f in outer[repeat]]
        assert np.mean(folds) == pytest.approx(whole[:, repeat].mean(axis=1).max())
        cells = settings.cells("all test images")[3 * repeat : 3 * repeat + 3]
        assert (cells == cells[0]).all()  # one setting for all folds of a repeat
        for number, fold in enumerate(outer[repeat]):
            right = (each[repeat].argmax(axis=1) == Y)[fold.test].mean()
            assert right == pytest.approx(whole[:, repeat, number].max())
    honest = settings.chosen()
    assert honest.shape == each.shape == (2, 60, 3) and np.isfinite(honest).all()


def test_inner_folds_stay_within_the_training_images_and_keep_groups_whole():
    train, groups = np.arange(0, 60, 2), np.arange(60) // 4
    pairs = inner_folds(Y, train, groups, splits=3)
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in pairs])), train)
    for inside, held_out in pairs:
        assert set(inside) | set(held_out) == set(train)
        assert not set(groups[inside]) & set(groups[held_out])


def test_labels_of_test_images_do_not_reach_the_honest_choice(settings):
    """Wrong labels in one test fold leave that fold's setting as it was."""
    fold, wrong = FOLDS[0], Y.copy()
    wrong[fold.test] = (wrong[fold.test] + 1) % 3

    def mislead(pairs):
        return fusion_path(BLOCKS, wrong, ALPHAS, CS, cv=pairs)

    again = nested(mislead, Y, FOLDS, splits=4)  # the same folds: drawn from the true labels
    np.testing.assert_array_equal(again.cells()[0], settings.cells()[0])
    np.testing.assert_allclose(again.chosen()[0, fold.test], settings.chosen()[0, fold.test])


def test_one_value_of_the_first_axis_can_be_fixed(settings):
    part = settings.fixed(1)
    assert part.cells().shape == (6, 1) and part.chosen().shape == (2, 60, 3)
    fold = FOLDS[4]
    (c,) = part.cells()[4]
    assert settings.inner[1, c, 4] == settings.inner[1, :, 4].max()
    np.testing.assert_array_equal(
        part.chosen()[1, fold.test], settings.decisions[1, 1, c, fold.test]
    )


def test_the_best_of_many_blind_settings_looks_better_than_chance():
    """Forty settings that toss coins: the honest choice earns chance, the others the maximum."""
    y = np.arange(400) % 2
    folds = evaluate.repeated_folds(y, splits=2, repeats=1)
    random = np.random.default_rng(1)

    def coins(pairs):
        decisions = random.normal(size=(40, 400, 2))
        right = decisions.argmax(axis=2) == y
        scores = np.stack([right[:, test].mean(axis=1) for _, test in pairs], axis=1)
        return SimpleNamespace(decisions=decisions, fold_scores=scores)

    found = nested(coins, y, folds, splits=2)
    honest, all_, each = (
        (found.chosen(on)[0].argmax(axis=1) == y).mean()
        for on in ("inner folds", "all test images", "each test fold")
    )
    # The maximum of 40 is some 2.2 deviations up; a deviation is 1/40 for 400, 1/28 for 200 images.
    assert abs(honest - 0.5) < 0.06 and 0.53 < all_ <= each < 0.62


def test_of_equal_settings_the_first_is_taken():
    decisions = np.zeros((1, 3, 4, 2))
    scores = np.array([[0.1 + 0.2, 0.5], [0.3, 0.5], [0.2, 0.5]])
    folds = evaluate.repeated_folds(np.arange(4) % 2, splits=2, repeats=1)
    assert Settings(folds, decisions, scores[::-1], scores).cells().tolist() == [[0], [0]]
    turned = Settings(folds, decisions, scores, scores[[1, 0, 2]])
    assert turned.cells().tolist() == [[0], [0]]


def test_a_choice_that_is_not_known_is_refused(settings):
    with pytest.raises(ValueError, match=r"^on must be one of inner folds, all test images"):
        settings.chosen("test")
