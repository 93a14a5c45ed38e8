"""ImageNet-CNN, the baseline of You et al. (2016): frozen features, PCA, a class-weighted SVM."""

import numbers
import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.validation import check_array, check_is_fitted


class Components(TransformerMixin, BaseEstimator):
    """The first principal components, or as many as the images have.

    n: how many (a whole number of at least 1), or the share of the variance that they keep (above
    0, below 1), of which the least sufficient number is taken. N images in D dimensions have at
    most min(N - 1, D); where n is more, all of these are kept and a warning says so.

    (N, D) → (N, K). After `fit`: `pca_`, a scikit-learn PCA.
    """

    def __init__(self, n=0.9):
        self.n = n

    def fit(self, X, y=None):
        """Raises ValueError for another n, and for fewer than two images."""
        whole = isinstance(self.n, numbers.Integral) and not isinstance(self.n, bool)
        if not (whole and self.n >= 1) and not (isinstance(self.n, float) and 0 < self.n < 1):
            raise ValueError(
                f"n must be a whole number of at least 1 or a share in (0, 1), not {self.n!r}"
            )
        X = check_array(X, dtype=np.float64, ensure_min_samples=2)
        wanted, most = self.n, min(len(X) - 1, X.shape[1])
        if whole and wanted > most:
            warnings.warn(
                f"{len(X)} images with {X.shape[1]} features have {most} principal components "
                f"only, so these are kept instead of {wanted}",
                stacklevel=2,
            )
            wanted = most
        self.pca_ = PCA(wanted, svd_solver="full").fit(X)
        return self

    def transform(self, X) -> np.ndarray:
        check_is_fitted(self)
        return self.pca_.transform(X)


def imagenet_svm(
    backbone: str = "tf_efficientnet_lite0",
    components=0.9,
    C: float = 1e-3,
    pretrained: bool = True,
) -> Pipeline:
    """Frozen features → standardised → principal components → class-weighted linear SVM.

    backbone, pretrained: as for `features.DeepFeatures`; taken is the second to last layer.
    components: of PCA, see `Components`. C: of the SVM; an image of class c costs
    C · N / (number of classes · N_c), so that each class weighs the same (LIBSVM's `-wi`).
    The pipeline's `predict` is LIBSVM's: each pair of classes has a machine and the class with
    most votes wins, between equals the surer one. Its `decision_function` (N, number of classes)
    ranks the classes alike; there are no probabilities.

    You et al. ("Performance of convolutional neural networks on visual emotion analysis") name
    PCA, LIBSVM and its class weights. Not said, and ours: the share of the variance ("several
    different numbers … almost the same"), C, and that features are standardised. On fi's 374
    photos raw features do as well, but with standardised ones C means the same for every network.
    C was chosen by inner folds of those photos, so on fi itself it is not quite blind.
    """
    from emobook.features import DeepFeatures

    machine = SVC(kernel="linear", C=C, class_weight="balanced", break_ties=True)
    features = DeepFeatures(backbone, pretrained=pretrained)
    return make_pipeline(features, StandardScaler(), Components(components), machine)
