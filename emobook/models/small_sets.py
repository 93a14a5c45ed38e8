"""How You et al. (2016, Figs 5-7) judge features on small sets: PCA, then a linear SVM per emotion.

The machines themselves are trained one against all by `evaluate.one_vs_all`, which takes what
`pca_svm` gives.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

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


def _scaler(standardise: bool):
    return StandardScaler() if standardise else FunctionTransformer()
