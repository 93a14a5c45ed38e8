"""Fusion of two networks and an object vector, and the grid that does it all at once."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from emobook import datasets
from emobook.features import DeepFeatures
from emobook.models import fusion
from emobook.models.finetune import FineTunedClassifier
from emobook.models.fusion import ConvexFusion, SupplementaryFusion
from emobook.models.fusion_path import fusion_path, fusion_softmax_path

ALPHAS, CS = (0, 0.25, 0.5, 1), (0.1, 1, 5)
TINY = {"backbone": "test_efficientnet", "pretrained": False, "size": 32, "epochs": 1}


def drawn(n=90, classes=4, seed=0, widths=(7, 5, 6)):
    """Blocks of unlike width, size and use, and labels as unequal as emotions are."""
    dice = np.random.default_rng(seed)
    y = dice.choice(classes, n, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
    centres = [dice.normal(size=(classes, width)) for width in widths]
    sizes = (4, 1, 0.2)
    blocks = [
        size * (centre[y] + 1.5 * dice.normal(size=(n, len(centre[0]))))
        for centre, size in zip(centres, sizes, strict=True)
    ]
    return blocks, y


def by_scikit_learn(blocks, weights, y, C, gamma, folds):
    joined = np.hstack([w * block for w, block in zip(weights, blocks, strict=True)])
    machine = SVC(C=C, gamma=gamma, break_ties=True)
    found = np.full(len(y), -1)
    for train, test in folds:
        found[test] = machine.fit(joined[train], y[train]).predict(joined[test])
    return found


def test_weights_of_the_two_models():
    np.testing.assert_allclose(fusion.convex(0.3), [0.3, 0.7, 1])
    np.testing.assert_allclose(fusion.convex([0, 1]), [[0, 1, 1], [1, 0, 1]])
    np.testing.assert_allclose(fusion.supplementary(0.2), [0.8, 0.8, 0.2])
    np.testing.assert_allclose(fusion.supplementary(0.2, "text"), [1, 1, 0.2])
    # at β = 1 the caption leaves the objects alone, the text does not
    assert fusion.supplementary(1)[0] == 0 and fusion.supplementary(1, "text")[0] == 1


@pytest.mark.parametrize("wrong", [-0.1, 1.1, [0.5, np.nan]])
def test_weights_outside_their_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\]"):
        fusion.convex(wrong)
    with pytest.raises(ValueError, match=r"beta must lie in \[0, 1\]"):
        fusion.supplementary(wrong)


def test_spread_is_the_root_mean_squared_distance_from_the_mean():
    block = np.array([[0.0, 0.0], [4.0, 0.0], [2.0, 3.0], [2.0, -3.0]])
    assert fusion.spread(block) == pytest.approx(np.sqrt((4 + 4 + 9 + 9) / 4))
    for constant in (0, 0.1, 0.3, 1e6):  # some of them have a variance, by rounding
        assert fusion.spread(np.full((90, 6), constant)) == 1
    assert fusion.spread(1e-12 * block) == pytest.approx(1e-12 * fusion.spread(block))


@pytest.mark.parametrize("gamma", ["scale", "auto", 0.02])
def test_the_grid_equals_scikit_learn_on_the_joined_vectors(gamma):
    blocks, y = drawn()
    folds = list(StratifiedKFold(4, shuffle=True, random_state=0).split(blocks[0], y))
    path = fusion_path(blocks, y, ALPHAS, CS, gamma, folds)
    assert path.predictions.shape == (4, 3, 90)
    for (a, alpha), (c, C) in itertools.product(enumerate(ALPHAS), enumerate(CS)):
        weights = [alpha, 1 - alpha, 1]
        expected = by_scikit_learn(blocks, weights, y, C, gamma, folds)
        np.testing.assert_array_equal(path.predictions[a, c], expected)
    assert len(np.unique(path.predictions.reshape(12, -1), axis=0)) > 6  # not all the same


def test_scores_are_those_of_a_grid_search():
    blocks, y = drawn(seed=1)
    cuts = np.cumsum([0, *(block.shape[1] for block in blocks)])

    def weigh(X, alpha):
        parts = [X[:, a:b] for a, b in itertools.pairwise(cuts)]
        return np.hstack([alpha * parts[0], (1 - alpha) * parts[1], parts[2]])

    model = Pipeline([("weigh", FunctionTransformer(weigh)), ("svc", SVC(break_ties=True))])
    grid = {"weigh__kw_args": [{"alpha": alpha} for alpha in ALPHAS], "svc__C": CS}
    search = GridSearchCV(model, grid, cv=5).fit(np.hstack(blocks), y)
    path = fusion_path(blocks, y, ALPHAS, CS)
    expected = search.cv_results_["mean_test_score"].reshape(len(CS), len(ALPHAS)).T
    np.testing.assert_allclose(path.scores, expected, atol=1e-12)


def test_betas_and_several_gammas():
    blocks, y = drawn(seed=2)
    folds = list(StratifiedKFold(3).split(blocks[0], y))
    gammas = [("scale", 3.0), 0.05, "scale"]
    for form in fusion.FORMS:
        path = fusion_path(blocks, y, Cs=CS, gamma=gammas, cv=folds, betas=(0, 0.5, 1), form=form)
        assert path.predictions.shape == (3, 3, 3, 90) == (*path.scores.shape, 90)
        for b, beta in enumerate((0, 0.5, 1)):
            weights = fusion.supplementary(beta, form)
            for g, gamma in enumerate(gammas[1:], 1):
                expected = by_scikit_learn(blocks, weights, y, CS[2], gamma, folds)
                np.testing.assert_array_equal(path.predictions[b, 2, g], expected)
            for train, test in folds:  # three times what this fold and these weights have
                joined = fusion.join(blocks, weights)
                width = 3 / (joined.shape[1] * joined[train].var())
                expected = by_scikit_learn(blocks, weights, y, CS[2], width, [(train, test)])
                np.testing.assert_array_equal(path.predictions[b, 2, 0, test], expected[test])


def test_the_third_block_may_be_absent_and_two_classes_do():
    (one, other, _), y = drawn(seed=3, classes=2)
    folds = list(StratifiedKFold(3).split(one, y))
    path = fusion_path((one, other), y, (0.25, 1), (1,), cv=folds)
    expected = by_scikit_learn((one, other), (0.25, 0.75), y, 1, "scale", folds)
    np.testing.assert_array_equal(path.predictions[0, 0], expected)
    np.testing.assert_allclose(path.decisions[..., 0], -path.decisions[..., 1])
    alone = by_scikit_learn((one, 0 * other), (1, 1), y, 1, "scale", folds)
    np.testing.assert_array_equal(path.predictions[1, 0], alone)


def test_unit_blocks_divides_by_the_spread_of_the_training_images():
    blocks, y = drawn(seed=4)
    (train, test), *_ = StratifiedKFold(3).split(blocks[0], y)
    path = fusion_path(blocks, y, (0.25,), (1,), cv=[(train, test)], unit_blocks=True)
    even = [block / fusion.spread(block[train]) for block in blocks]
    expected = by_scikit_learn(even, (0.25, 0.75, 1), y, 1, "scale", [(train, test)])
    np.testing.assert_array_equal(path.predictions[0, 0], expected)
    # a unit of measurement no longer counts
    inches = [block * factor for block, factor in zip(blocks, (1, 100, 3), strict=True)]
    same = fusion_path(inches, y, (0.25,), (1,), cv=[(train, test)], unit_blocks=True)
    np.testing.assert_array_equal(path.predictions, same.predictions)


def test_blocks_that_are_the_same_for_all_images_do_no_harm():
    (one, other, _), y = drawn(seed=4)
    folds, constant = list(StratifiedKFold(3).split(one, y)), np.full((len(y), 6), 0.3)
    sure = {"gamma": 0.7, "cv": folds, "unit_blocks": True}
    path = fusion_path((one, other, constant), y, (0.5,), (1,), **sure)
    without = fusion_path((one, other), y, (0.5,), (1,), **sure)
    np.testing.assert_array_equal(path.predictions, without.predictions)
    alone = fusion_path([np.full((len(y), 2), 0.3)] * 3, y, (0.5,), (1,), cv=folds)
    assert (alone.predictions == np.bincount(y).argmax()).all()


def test_images_that_no_fold_tests_have_no_prediction():
    blocks, y = drawn(seed=5)
    train, test = np.arange(60), np.arange(60, 90)
    path = fusion_path(blocks, y, (0.5,), (1,), cv=[(train, test)])
    assert (path.predictions[..., :60] == -1).all() and (path.predictions[..., 60:] >= 0).all()
    assert np.isnan(path.decisions[:, :, :60]).all()
    right = (path.predictions[0, 0, 60:] == y[60:]).mean()
    assert path.scores[0, 0] == right


def test_a_class_that_a_fold_cannot_learn_is_never_named_there():
    blocks, y = drawn(seed=6)
    train = np.flatnonzero(y != 0)[:50]
    test = np.setdiff1d(np.arange(90), train)
    path = fusion_path(blocks, y, (0.5,), (1,), cv=[(train, test)])
    assert (path.predictions[..., test] > 0).all()
    layers = fusion_softmax_path(blocks, y, (0.5,), [(train, test)], seeds=(0,), epochs=2)
    assert (layers[0, 0, test, 0] == 0).all()
    np.testing.assert_allclose(layers[0, 0, test].sum(axis=1), 1)


def test_networks_may_learn_anew_in_each_fold():
    blocks, y = drawn(seed=7)
    others, _ = drawn(seed=8)
    folds = list(StratifiedKFold(2).split(blocks[0], y))
    path = fusion_path([blocks, others].__getitem__, y, (0.5,), (1,), cv=folds)
    for given, fold in zip((blocks, others), folds, strict=True):
        test, sgd = fold[1], {"seeds": (0,), "epochs": 3, "lr": 0.01}
        alone = fusion_path(given, y, (0.5,), (1,), cv=[fold])
        np.testing.assert_array_equal(path.predictions[..., test], alone.predictions[..., test])
        one = fusion_softmax_path(given, y, (0.5,), [fold], **sgd)[:, :, test]
        both = fusion_softmax_path([blocks, others].__getitem__, y, (0.5,), folds, **sgd)
        np.testing.assert_array_equal(both[:, :, test], one)


@pytest.mark.parametrize("options", [{"weight_decay": 0.1}, {"unit_blocks": True, "lr": 0.01}])
def test_layers_side_by_side_equal_layers_one_by_one(options):
    blocks, y = drawn(seed=9)
    (train, test), *_ = folds = list(StratifiedKFold(3).split(blocks[0], y))
    found = fusion_softmax_path(blocks, y, ALPHAS, folds, seeds=(0, 4), epochs=6, **options)
    assert found.shape == (4, 2, 90, 4)
    spreads = [fusion.spread(block[train]) for block in blocks]
    spreads = spreads if options.pop("unit_blocks", False) else np.ones(3)
    for (a, alpha), (s, seed) in itertools.product(enumerate(ALPHAS), enumerate((0, 4))):
        joined = fusion.join(blocks, fusion.convex(alpha) / spreads)
        head = fusion.softmax_head(epochs=6, seed=seed, **options).fit(joined[train], y[train])
        np.testing.assert_allclose(found[a, s, test], head.predict_proba(joined[test]), atol=1e-5)
    assert np.ptp(found[:, 0, test], axis=0).max() > 0.01  # α does something


@pytest.mark.parametrize("form", fusion.FORMS)
def test_layers_for_betas(form):
    blocks, y = drawn(seed=9)
    fold = next(StratifiedKFold(3).split(blocks[0], y))
    sgd = {"epochs": 6, "lr": 0.01}
    found = fusion_softmax_path(blocks, y, betas=(0.25, 1), form=form, cv=[fold], seeds=(2,), **sgd)
    for b, beta in enumerate((0.25, 1)):
        joined = fusion.join(blocks, fusion.supplementary(beta, form))
        head = fusion.softmax_head(seed=2, **sgd).fit(joined[fold[0]], y[fold[0]])
        expected = head.predict_proba(joined[fold[1]])
        np.testing.assert_allclose(found[b, 0, fold[1]], expected, atol=1e-5)


def test_heads_are_those_of_the_paper():
    head, machine = fusion.softmax_head(), fusion.svm_head()
    assert (head.loss, head.lr, head.batch_size) == ("cross_entropy", 0.001, 64)
    assert (head.standardise, head.weight_decay) == (False, 0)
    assert (machine.kernel, machine.C, machine.gamma) == ("rbf", 1.5, "scale")


def test_a_weight_before_a_linear_layer_is_only_a_step_and_a_start():
    """A layer on αX under step η is one on X under step α²η that starts α times as large; without
    decay nothing else can tell the two apart. The reference is gradient descent written out."""
    blocks, y = drawn(seed=10)
    alpha, rate, epochs, momentum = 0.25, 0.05, 12, 0.9
    weights = np.repeat(fusion.convex(alpha), [block.shape[1] for block in blocks])[:, None]
    X, target = np.hstack(blocks), np.eye(4)[y]
    coef = weights * np.random.default_rng(3).normal(0, 0.01, (X.shape[1], 4))
    bias, moved, shifted = np.zeros(4), 0, 0
    for _ in range(epochs):
        error = (softmax(X @ coef + bias, axis=1) - target) / len(X)
        moved = momentum * moved + X.T @ error
        shifted = momentum * shifted + error.sum(axis=0)
        coef, bias = coef - rate * weights**2 * moved, bias - rate * shifted
    everything = np.arange(len(y))
    found = fusion_softmax_path(
        blocks, y, (alpha,), [(everything, everything)], seeds=(3,),
        epochs=epochs, lr=rate, momentum=momentum, batch_size=len(y),
    )  # fmt: skip
    np.testing.assert_allclose(found[0, 0], softmax(X @ coef + bias, axis=1), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"Cs": (0,)}, "Cs must be"),
        ({"gamma": "wide"}, "gamma must be"),
        ({"gamma": [0.1, -1]}, "gamma must be"),
        ({"gamma": []}, "gamma must be"),
        ({"gamma": np.inf}, "gamma must be"),
        ({"gamma": ("auto", 2.0)}, "gamma must be"),
        ({"alphas": ()}, "at least one number"),
        ({"cv": RepeatedStratifiedKFold(n_splits=2, n_repeats=2)}, "no image twice"),
        ({"alphas": (0.5,), "betas": (0.5,)}, "alphas or betas"),
        ({"betas": (0.5,), "form": "title"}, "form must be"),
        ({"alphas": (2,)}, "alpha must lie"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    blocks, y = drawn()
    with pytest.raises(ValueError, match=message):
        fusion_path(blocks, y, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"seeds": ()}, ValueError, "seeds must be"),
        ({"seeds": (0.5,)}, ValueError, "seeds must be"),
        ({"standardise": True}, TypeError, "epochs, lr, momentum"),
        ({"loss": "multi_task"}, TypeError, "epochs, lr, momentum"),
    ],
)
def test_what_layers_cannot_do_is_refused(options, error, message):
    blocks, y = drawn()
    with pytest.raises(error, match=message):
        fusion_softmax_path(blocks, y, **options)


def test_betas_need_objects():
    (one, other, _), y = drawn()
    for path in (fusion_path, fusion_softmax_path):
        with pytest.raises(ValueError, match="blocks has no S"):
            path((one, other), y, betas=(0.5,))


def test_blocks_of_unequal_length_are_refused():
    (one, other, third), y = drawn()
    for wrong in ((one, other[1:], third), (one,), (one, other, third, third)):
        with pytest.raises(ValueError, match="blocks must be X1, X2 and perhaps S"):
            fusion_path(wrong, y)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return datasets.load("synthetic", n=24, root=tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def parts():
    network = FineTunedClassifier(**TINY, freeze="trunk", validation_share=0)
    other = clone(network).set_params(seed=1)
    objects = DeepFeatures("test_efficientnet", "probabilities", pretrained=False)
    return {"first": network, "second": other, "supplement": objects}


def test_the_estimators_join_what_their_parts_see(scenes, parts, clean_cache):
    model = ConvexFusion(0.25, **parts).fit(scenes.table, scenes.labels)
    one, other, objects = model.blocks(scenes.table)
    joined = model.transform(scenes.table)
    np.testing.assert_allclose(joined, np.hstack([0.25 * one, 0.75 * other, objects]))
    np.testing.assert_allclose(one, model.first_.transform(scenes.table))
    assert not np.allclose(one, other)  # another seed, another network
    head = fusion.softmax_head().fit(joined, scenes.labels)
    expected = head.predict_proba(joined)
    np.testing.assert_array_equal(model.predict_proba(scenes.table), expected)
    model.set_params(alpha=1, unit_blocks=True)  # what was fitted outlives new parameters
    np.testing.assert_array_equal(model.predict_proba(scenes.table), expected)


def test_a_machine_as_head_gives_decisions_and_no_probabilities(scenes, parts, clean_cache):
    model = SupplementaryFusion(0.5, "text", head=fusion.svm_head(), unit_blocks=True, **parts)
    model.fit(scenes.table, scenes.labels)
    assert not hasattr(model, "predict_proba") and hasattr(model, "decision_function")
    joined = model.transform(scenes.table)
    cuts = np.cumsum([block.shape[1] for block in model.blocks(scenes.table)])[:2]
    spreads = [fusion.spread(part) for part in np.split(joined, cuts, axis=1)]
    np.testing.assert_allclose(spreads, [1, 1, 0.5])
    decided = model.decision_function(scenes.table).argmax(axis=1)
    np.testing.assert_array_equal(model.classes_[decided], model.predict(scenes.table))


def test_models_that_differ_in_weights_share_their_networks(
    scenes, parts, clean_cache, monkeypatch
):
    trained, fit = [], FineTunedClassifier.fit

    def watched(self, *given, **named):
        trained.append(self.seed)
        return fit(self, *given, **named)

    monkeypatch.setattr(FineTunedClassifier, "fit", watched)
    for alpha in (0.25, 0.75):
        ConvexFusion(alpha, **parts).fit(scenes.table, scenes.labels)
    assert trained == [0, 1]


def test_the_parts_that_stand_in_for_those_of_the_paper(scenes, monkeypatch):
    made = []
    monkeypatch.setattr(fusion.train, "fitted", lambda part, X, y: made.append(part) or part)
    monkeypatch.setattr(ConvexFusion, "blocks", lambda self, X: (np.eye(24),) * 3)
    model = ConvexFusion().fit(scenes.table, scenes.labels)
    assert [part.backbone for part in made] == ["tf_efficientnet_lite0", "tf_efficientnet_lite2"]
    assert (model.supplement_.backbone, model.supplement_.layer) == (
        "tf_efficientnet_lite1", "probabilities"
    )  # fmt: skip


def test_wrong_weights_are_refused_before_training(scenes):
    with pytest.raises(ValueError, match="alpha must lie"):
        ConvexFusion(1.5).fit(scenes.table, scenes.labels)
