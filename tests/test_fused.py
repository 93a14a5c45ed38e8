"""The blocks of a fusion in the folds of a data set."""

import numpy as np
import pytest

from emobook import datasets, evaluate
from emobook.features import DeepFeatures
from emobook.models.fusion_path import fusion_path
from emobook.results.fused import fused
from emobook.results.seeded import Runs

NETWORKS = ("test_efficientnet", "test_efficientnet_gn")
TINY = {
    "size": 32, "freeze": "trunk", "epochs": 1, "lr": 0.1, "validation_share": 0, "augment": False
}  # fmt: skip


@pytest.fixture
def runs(tmp_path, clean_cache):
    scenes = datasets.load("synthetic", n=24, root=tmp_path)
    folds = evaluate.repeated_folds(scenes.labels, splits=2, repeats=1)
    return Runs("synthetic", scenes.table, scenes.labels, folds)


def test_frozen_networks_are_the_same_in_every_fold(runs):
    blocks = fused(runs, NETWORKS, "test_efficientnet", tuned=False, pretrained=False)
    one, other, objects = blocks(0)
    assert blocks(1) is blocks(0)
    layers = ((NETWORKS[0], "pooled"), (NETWORKS[1], "pooled"), (NETWORKS[0], "probabilities"))
    for block, layer in zip((one, other, objects), layers, strict=True):
        expected = DeepFeatures(*layer, pretrained=False).transform(runs.X)
        np.testing.assert_array_equal(block, expected)
    assert objects.dtype == np.float64


def test_tuned_networks_are_those_of_fold_and_seed(runs):
    options = {**TINY, "freeze": "none"}
    blocks = fused(runs, NETWORKS, None, seeds=(0, 1), pretrained=False, **options)
    for number in range(2):
        assert len(blocks(number)) == 2
        for (seed, name), block in zip(enumerate(NETWORKS), blocks(number), strict=True):
            network = runs.fitted(
                number, "fine-tuned", seed=seed, backbone=name, pretrained=False, **options
            )
            np.testing.assert_array_equal(block, network.transform(runs.X))
    twice = fused(runs, NETWORKS[:1] * 2, None, seeds=(0, 1), pretrained=False, **options)(0)
    assert not np.allclose(*twice)  # another seed
    assert not np.allclose(blocks(0)[0], blocks(1)[0])  # other training images


def test_a_path_takes_them_fold_by_fold(runs):
    blocks = fused(runs, NETWORKS, "test_efficientnet", pretrained=False, **TINY)
    cv = [(fold.train, fold.test) for fold in runs.folds]
    path = fusion_path(blocks, runs.y, (0.5,), (1,), cv=cv)
    for number, (fold, test) in enumerate(cv):
        alone = fusion_path(blocks(number), runs.y, (0.5,), (1,), cv=[(fold, test)])
        np.testing.assert_array_equal(path.decisions[..., test, :], alone.decisions[..., test, :])


def test_options_of_networks_that_do_not_learn_are_refused(runs):
    for options in ({"size": 64}, {"seeds": (0, 1)}):
        with pytest.raises(TypeError, match="networks that learn"):
            fused(runs, NETWORKS, None, tuned=False, pretrained=False, **options)
