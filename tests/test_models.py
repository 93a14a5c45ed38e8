"""What every registered method promises, whatever it is."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.base import clone, is_regressor

from emobook import datasets, models
from emobook.features import DeepFeatures
from emobook.models.finetune import FineTunedClassifier
from emobook.models.fusion import svm_head
from emobook.models.regions import RegionDetector
from emobook.models.streams import HiddenLayerClassifier

TINY = {"backbone": "test_efficientnet", "pretrained": False, "epochs": 1, "validation_share": 0}
QUICK = {"softmax-head": {"epochs": 2}, "fine-tuned": TINY, "deep-sentibank": TINY}
QUICK |= {"pcnn": TINY, "fine-tuned-regressor": TINY}
QUICK |= {"emotion-network": {"hidden": (20, 10, 5), "epochs": 2}}
SMALL = {"size": 32, "freeze": "trunk", "augment": False, "epochs": 1, "validation_share": 0.25}
DETECTOR = RegionDetector(
    "test_efficientnet", False, 64, 8, anchors=(8, 16, 32, 64), proposals=20, epochs=1
)
QUICK |= {"multi-level-rcnn": {"detector": DETECTOR, "epochs": 1}}
BESIDE = {"network": HiddenLayerClassifier(16, **SMALL)}
QUICK |= {"lite-emo": BESIDE, "binary-assisted": BESIDE}
QUICK["convex-fusion"] = {"second": FineTunedClassifier(**TINY), "first": DeepFeatures()}
QUICK["supplementary-fusion"] = {**QUICK["convex-fusion"], "head": svm_head()}
QUICK |= dict.fromkeys(("attention", "mldrnet", "mldrnet-patches", "cnn-rnn"), TINY)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Drawn scenes with every column that a data set may have."""
    scenes = datasets.load("synthetic", n=24, root=tmp_path_factory.mktemp("scenes"))
    assert {"p", "votes", "boxes", "mask_path", "group"} <= set(scenes.table)
    return scenes


@pytest.fixture(scope="module", params=models.names())
def estimator(request, dataset):
    """Each method by name, fitted on all columns."""
    made = clone(models.create(request.param, **QUICK.get(request.param, {})))
    names = np.array(dataset.classes)[dataset.labels]
    return made.fit(dataset.table, dataset.ratings.to_numpy() if is_regressor(made) else names)


def scores_of(classifier):
    """Probabilities, or the margins of a support vector machine, which has none."""
    return getattr(classifier, "predict_proba", None) or classifier.decision_function


def test_predict_reads_only_the_path(estimator, dataset):
    """Votes, shares and boxes may guide the training; at test time there is a picture, no more."""
    paths = dataset.table[["path"]]
    more = [] if is_regressor(estimator) else [scores_of(estimator)]
    for method in (estimator.predict, *more):
        expected = method(dataset.table)
        assert len(expected) == len(dataset)
        np.testing.assert_array_equal(method(paths), expected)


def test_names_and_places_of_the_files_do_not_matter(estimator, dataset, tmp_path):
    (tmp_path / "fear, ünï").mkdir()
    moved = []
    for i in (5, 11):
        moved.append(str(tmp_path / "fear, ünï" / f"{i} anger.png"))
        Image.open(dataset.paths[i]).save(moved[-1])
    method = estimator.predict if is_regressor(estimator) else scores_of(estimator)
    found, expected = method(pd.DataFrame({"path": moved})), method(dataset.table)[[5, 11]]
    np.testing.assert_allclose(found, expected, rtol=1e-5)  # smaller batches round otherwise
