"""Frozen features with a linear head on real photos: the floor that this book promises."""

import numpy as np
import pytest

from emobook import datasets, evaluate, models


@pytest.fixture(scope="module")
def fi(real_data):
    return datasets.load("fi", root=real_data / "fi")


@pytest.mark.parametrize(("two_classes", "floor"), [(False, 0.50), (True, 0.75)])
def test_frozen_linear_on_fi(fi, two_classes, floor):
    labels = evaluate.polarity_labels(fi.labels) if two_classes else fi.labels
    folds = evaluate.repeated_folds(labels, repeats=2)
    model = models.create("frozen-linear")
    predictions = evaluate.cross_predict(model, fi.table, labels, folds, progress=False)
    accuracy = evaluate.per_image(predictions).mean()
    assert accuracy >= floor
    assert accuracy > evaluate.majority_baseline(labels) + 0.2


def test_frozen_ridge_on_oasis(real_data):
    oasis = datasets.load("oasis", root=real_data / "oasis")
    ratings = oasis.ratings[["valence", "arousal"]].to_numpy()
    folds = evaluate.repeated_folds(ratings, groups=oasis.table["group"], repeats=2)
    model = models.create("frozen-ridge")
    predictions = evaluate.cross_predict(model, oasis.table, ratings, folds, progress=False)
    found = [
        [evaluate.pearson(truth[:, i], scores[:, i]) for i in range(2)]
        for _, repeat in predictions.groupby("repeat")
        for truth, scores in [(np.stack(repeat["truth"]), np.stack(repeat["scores"]))]
    ]
    valence, arousal = np.mean(found, axis=0)
    assert valence >= 0.56 and arousal >= 0.53
