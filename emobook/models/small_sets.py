"""How You et al. (2016, Figs 5-7) judge features on small sets: PCA, then a linear SVM per emotion.

The machines themselves are trained one against all by `evaluate.one_vs_all`, which takes what
`pca_svm` gives; the features come out of `three_networks`, or out of any list of numbers.
"""

import itertools

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from emobook import train
from emobook.datasets.synthetic import emotion_of, render, sample_scene
from emobook.models.imagenet_svm import Components

_PROTOCOLS = ("strict", "as-printed")


def pca_svm(
    features,
    components=20,
    protocol: str = "strict",
    standardise: bool = False,
    C: float = 1.0,
    class_weight="balanced",
) -> tuple[np.ndarray, Pipeline]:
    """What to cross-validate for features (N, D): the inputs of a classifier, and the classifier.

    components: of PCA, a number or a share of the variance, see `imagenet_svm.Components`.
    protocol: "as-printed" finds the components on the whole set, before it is split, as the paper
        says; "strict" leaves that to the classifier, which sees the training images of a fold.
    standardise: bring each feature to mean 0 and spread 1 first, which lists of hand-crafted
        features with different units need; on the same images as the components.
    C: of the SVM. One image, on average, has length 1: inner products are divided by the mean
        squared length of the training images, so that C means the same for every network.
    class_weight: "balanced" lets an image of the rarer side cost more, as in the paper; the
        machines of `evaluate.one_vs_all` are balanced by it anyway.

    Not in the paper, and ours: C (LIBSVM's default), and what is standardised.
    Raises ValueError for another protocol, and as `Components` does.
    """
    if protocol not in _PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(_PROTOCOLS)}, not {protocol!r}")
    features = np.asarray(features, dtype=np.float64)
    steps = (_scaler(standardise), Components(components))
    # a polynomial of degree 1 is linear, and takes LIBSVM's `gamma`: 1 / (dimensions · variance)
    machine = SVC(kernel="poly", degree=1, gamma="scale", C=C, class_weight=class_weight, tol=1e-5)
    if protocol == "strict":
        if not standardise and features.shape[1] > len(features):
            # N pictures span N - 1 dimensions at most. Turned into them they keep all distances,
            # and so every fold its components, while each machine has less to compute.
            left, spread, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
            features = left * spread
        return features, make_pipeline(*steps, machine)
    return make_pipeline(*steps).fit_transform(features), make_pipeline(machine)


def variance_kept(features, standardise: bool = False) -> np.ndarray:
    """(min(N - 1, D),) which share of the variance of features (N, D) the first 1, 2, … principal
    components keep. Raises ValueError for fewer than two images."""
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features must be (N, D) with N > 1, not {features.shape}")
    pca = PCA(svd_solver="full").fit(_scaler(standardise).fit_transform(features))
    return np.cumsum(pca.explained_variance_ratio_)[: len(features) - 1]


def three_networks(estimator, X, y, weak) -> dict:
    """The three networks whose features the figures compare, fitted: name → classifier.

    estimator: a `FineTunedClassifier`, or another with its parameters. X, y: pictures and labels
    (N,) of a larger set; weak: (N,) labels with errors. "ImageNet-CNN" learns a new last layer
    only, on a few of the pictures, so that its `transform` gives ImageNet's features;
    "Noisy-Fine-tuned-CNN" is trained with the weak labels, "Fine-tuned-CNN" with y. X is a table,
    an array or a list. Fits are shared, see `train.fitted`.

    The paper's noisy network saw other pictures than the clean one, and eight times as many. Here
    they are the same, so that only the labels differ.
    """
    still = clone(estimator).set_params(freeze="trunk", augment=False, epochs=1)
    few = slice(None, None, max(1, len(y) // 16))
    ways = {
        "ImageNet-CNN": (still, X[few], y[few]),
        "Noisy-Fine-tuned-CNN": (estimator, X, weak),
        "Fine-tuned-CNN": (estimator, X, y),
    }
    return {name: train.fitted(*way) for name, way in ways.items()}


def simulated(numbers, emotion_in, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Scenes of the simulator with given numbers of each emotion, as the small sets have them.

    numbers: (8,) pictures per emotion. emotion_in: see `datasets.synthetic.load`; where it gives
    nothing to objects, the scenes have none, as abstract paintings. A scene counts as the emotion
    with more than half of its truth, and is left out where there is none.

    Returns pictures, uint8 (192, 192, 3) each, and labels (N,), in the order of the simulator.
    """
    wanted = np.array(numbers, dtype=int)
    pictures, labels = [], []
    for index in itertools.count():
        if not wanted.any():
            return pictures, np.array(labels, dtype=int)
        scene = sample_scene(index, seed, emotion_in=emotion_in, distractors=0)
        if scene.objects and not emotion_in["objects"]:
            continue
        shares = emotion_of(scene, emotion_in)
        label = int(shares.argmax())
        if shares[label] > 0.5 and wanted[label]:
            wanted[label] -= 1
            pictures.append(np.asarray(render(scene)))
            labels.append(label)


def _scaler(standardise: bool):
    return StandardScaler() if standardise else FunctionTransformer()
