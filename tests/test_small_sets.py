"""The protocol of the small sets: components of the fold or of the whole set, scale-free SVMs."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.svm import SVC

from emobook import evaluate
from emobook.datasets.synthetic import load
from emobook.models.finetune import FineTunedClassifier
from emobook.models.small_sets import pca_svm, simulated, three_networks, variance_kept

DRAW = np.random.default_rng(2)
Y = np.repeat(np.arange(4), [40, 25, 15, 12])
X = DRAW.normal(size=(92, 60)) * np.linspace(4, 0.1, 60) + 4 * np.eye(4, 60)[Y] + 3
WIDE = np.hstack([X, X @ DRAW.normal(size=(60, 90)) / 8 + DRAW.normal(size=(92, 90))])
FOLDS = evaluate.repeated_folds(Y, splits=4, repeats=1)


def scores(x, model, y=Y):
    found = evaluate.one_vs_all_predict(model, x, y, FOLDS, progress=False)
    return np.stack(found.sort_values("index")["scores"])


@pytest.mark.parametrize("x", [X, WIDE], ids=["tall", "wide"])
def test_strict_finds_components_on_the_training_images_alone(x):
    found = scores(*pca_svm(x, 5))
    for fold in FOLDS:
        pca = PCA(5, svd_solver="full").fit(x[fold.train])
        inside, outside = pca.transform(x[fold.train]), pca.transform(x[fold.test])
        length = (inside**2).sum(axis=1).mean()
        for label in range(4):
            svm = SVC(kernel="linear", C=1 / length, class_weight="balanced", tol=1e-6)
            slow = svm.fit(inside, Y[fold.train] == label).decision_function(outside)
            np.testing.assert_allclose(found[fold.test, label], slow, atol=5e-4)


def test_strict_scores_do_not_move_with_a_test_image_and_those_as_printed_do():
    other = X.copy()
    moved = FOLDS[0].test[0]
    other[moved] += 200
    kept = np.delete(FOLDS[0].test, 0)
    for kind, alike in (("strict", True), ("as-printed", False)):
        a, b = (scores(*pca_svm(x, 5, kind))[kept] for x in (X, other))
        assert np.allclose(a, b) == alike, kind


def test_as_printed_gives_the_components_of_the_whole_set():
    inputs, model = pca_svm(X, 7, "as-printed")
    expected = PCA(7, svd_solver="full").fit_transform(X)
    np.testing.assert_allclose(np.abs(inputs), np.abs(expected), atol=1e-8)
    assert len(model) == 1


@pytest.mark.parametrize("kind", ["strict", "as-printed"])
def test_the_unit_of_all_features_or_with_standardising_of_each_does_not_matter(kind):
    np.testing.assert_allclose(
        scores(*pca_svm(X, 5, kind)), scores(*pca_svm(1000 * X, 5, kind)), atol=5e-4
    )
    units = np.logspace(-3, 3, 60)
    a, b = (scores(*pca_svm(x, 5, kind, standardise=True)) for x in (X, X * units))
    np.testing.assert_allclose(a, b, atol=5e-4)


def test_the_rare_side_costs_more():
    (x, model), (_, plain) = (pca_svm(X, 20, class_weight=w) for w in ("balanced", None))
    rare = Y == 3
    accepted = [m.fit(x, rare).decision_function(x)[rare] > 0 for m in (model, plain)]
    assert accepted[0].sum() >= accepted[1].sum() and accepted[0].all()


def test_variance_is_that_of_the_covariance_and_ends_at_all_of_it():
    spread = np.linalg.eigvalsh(np.cov(X.T))[::-1]
    np.testing.assert_allclose(variance_kept(X), np.cumsum(spread) / spread.sum())
    few = variance_kept(X[:10])
    assert few.shape == (9,) and few[-1] == pytest.approx(1)
    alike = np.linalg.eigvalsh(np.corrcoef(X.T))[::-1]
    np.testing.assert_allclose(variance_kept(X, standardise=True), np.cumsum(alike) / 60)
    share = variance_kept(X)
    kept = pca_svm(X, 0.9, "as-printed")[0].shape[1]
    assert share[kept - 1] >= 0.9 > share[kept - 2]


def test_unfit_arguments_are_named():
    with pytest.raises(ValueError, match="protocol must be one of strict, as-printed, not 'loose'"):
        pca_svm(X, 5, "loose")
    with pytest.raises(ValueError, match=r"features must be \(N, D\) with N > 1, not \(1, 60\)"):
        variance_kept(X[:1])


def test_three_networks_differ_in_what_may_learn_and_from_which_labels(clean_cache):
    draw = np.random.default_rng(5)
    pictures = draw.integers(0, 255, (16, 40, 40, 3)).astype(np.uint8)
    y = np.arange(16) % 4
    weak = (y + 1) % 4
    tiny = FineTunedClassifier(
        "test_efficientnet", False, size=32, freeze="lower", epochs=2, lr=0.05, validation_share=0
    )
    found = three_networks(tiny, list(pictures), y, weak)
    assert [*found] == ["ImageNet-CNN", "Noisy-Fine-tuned-CNN", "Fine-tuned-CNN"]
    start = tiny._build(4, False)[0].state_dict()
    still, *moved = (network.network_.state_dict() for network in found.values())
    changed = [name for name in start if not start[name].equal(still[name])]
    assert changed and all(name.startswith("top.head") for name in changed)
    features = {name: network.transform(list(pictures)) for name, network in found.items()}
    assert len({values.tobytes() for values in features.values()}) == 3
    for network, labels in zip([*found.values()][1:], (weak, y), strict=True):
        again = tiny.fit(list(pictures), labels).network_.state_dict()
        assert all(again[name].equal(part) for name, part in network.network_.state_dict().items())
    assert not all(moved[0][name].equal(moved[1][name]) for name in start)


def test_simulated_sets_have_the_numbers_that_were_asked_for():
    numbers = [2, 0, 1, 3, 1, 1, 0, 2]
    pictures, labels = simulated(numbers, {"objects": 1, "background": 0, "palette": 0}, seed=3)
    assert np.bincount(labels, minlength=8).tolist() == numbers
    assert len(pictures) == 10 and {p.shape for p in pictures} == {(192, 192, 3)}
    again, _ = simulated(numbers, {"objects": 1, "background": 0, "palette": 0}, seed=3)
    np.testing.assert_array_equal(pictures, again)


def test_simulated_paintings_are_those_scenes_that_have_no_objects(clean_cache):
    where = {"objects": 0, "background": 0, "palette": 1}
    (picture,), (label,) = simulated([0, 0, 0, 1, 0, 0, 0, 0], where)
    scenes = load(n=120, emotion_in=where, distractors=0)
    bare = scenes.table["objects"].map(len) == 0
    fits = bare & (scenes.truth[:, 3] > 0.5)
    assert label == 3
    np.testing.assert_array_equal(picture, np.asarray(scenes.image(int(np.flatnonzero(fits)[0]))))
