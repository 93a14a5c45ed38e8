"""Features of two networks and the objects that a third one names, joined with weights.

Rapolu et al. (2023): "Convolutional neural networks for image emotion recognition by fusing
differential and supplementary information". `ConvexFusion` is their equation 1 with the object
vector, `SupplementaryFusion` the model with β, for which no formula is printed. Both are
classifiers of pictures; `models.fusion_path` tries whole grids of weights at once.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier
from sklearn.svm import SVC
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from emobook import train
from emobook.features import DeepFeatures
from emobook.models.finetune import FineTunedClassifier
from emobook.models.heads import SoftmaxHead

FORMS = ("caption", "text")


def convex(alpha) -> np.ndarray:
    """Weights (…, 3) of X1, X2 and S for α (…) in [0, 1]: αX1 ⊕ (1-α)X2 ⊕ S.

    Equation 1 and section 3.1, by which the object vector S is always there, with weight 1. In
    spite of its name it is no convex combination: the scaled vectors stand side by side.
    """
    alpha = _shares(alpha, "alpha")
    return np.stack([alpha, 1 - alpha, np.ones_like(alpha)], axis=-1)


def supplementary(beta, form: str = "caption") -> np.ndarray:
    """Weights (…, 3) of X1, X2 and S for β (…) in [0, 1], the prominence of the objects.

    The paper has no formula. form="caption": (1-β)X1 ⊕ (1-β)X2 ⊕ βS, after the caption of Table 2,
    by which nothing but the objects is left at β = 1. form="text": X1 ⊕ X2 ⊕ βS, the plain reading
    of section 2.2. At β = 0 both are the two networks without objects.
    """
    beta = _shares(beta, "beta")
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
    networks = 1 - beta if form == "caption" else np.ones_like(beta)
    return np.stack([networks, networks, beta], axis=-1)


def _shares(values, name: str) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} must lie in [0, 1], not {values}")
    return values


def softmax_head(**options) -> SoftmaxHead:
    """The paper's softmax layer: cross-entropy, SGD at .001 in batches of 64, features as they are.

    No weight decay is named, so there is none. The momentum and the epochs are those of
    `SoftmaxHead`: the paper stopped where the test images were classified best.
    """
    printed = {"lr": 0.001, "batch_size": 64, "standardise": False, "weight_decay": 0.0}
    return SoftmaxHead(**{**printed, **options})


def svm_head(C: float = 1.5, gamma="scale") -> SVC:
    """The paper's support vector machine with a radial kernel; C = 1.5 is its best (section 3.2).

    gamma is not printed; "scale" is scikit-learn's default. Its `decision_function`,
    (N, C) or (N,) for two classes, ranks the classes as `predict` does.
    """
    return SVC(C=C, gamma=gamma, break_ties=True)


def spread(block) -> float:
    """Root of the mean squared distance of the rows of (N, D) from their mean; 1 where they are
    all the same, up to rounding."""
    found = float(np.sqrt(np.var(block, axis=0).sum()))
    return found if found > 1e-7 * np.sqrt(np.square(block).sum(axis=1).mean()) else 1.0


def join(blocks, weights) -> np.ndarray:
    """Blocks (N, Dk), each times its weight, side by side: (N, D1 + D2 + …)."""
    return np.hstack([weight * block for weight, block in zip(weights, blocks, strict=True)])


def _head_has(method: str):
    return lambda self: hasattr(softmax_head() if self.head is None else self.head, method)


class FusionClassifier(ClassifierMixin, BaseEstimator):
    """Base of both models, which differ in the weights of X1, X2 and S.

    first, second: what gives X1 and X2, an unfitted classifier of pictures with `transform` or a
        transformer; None is a fine-tuned EfficientNet-Lite0, or Lite2. The paper's are
        FineTunedClassifier("resnet101") and ("densenet201"). Networks are trained through
        `train.fitted`, so that models that differ in their weights or heads share them.
    supplement: a transformer that gives S; None is the 1000 ImageNet probabilities of
        EfficientNet-Lite1. The paper's is DeepFeatures("resnet101", "probabilities").
    head: an unfitted classifier on the joined vectors (N, D1 + D2 + 1000), such as `svm_head()`;
        None is `softmax_head()`. The networks stay as they are while it learns.
    unit_blocks: divide each block by its spread (see `spread`) first, so that weights compare
        like with like. As printed (False), pooled features outweigh probabilities by far.

    After `fit`: `classes_` (C,), `first_`, `second_`, `supplement_`, `weights_` (3,), what each
    block is multiplied by, and `head_`.
    """

    def __init__(self, first=None, second=None, supplement=None, head=None, unit_blocks=False):
        self.first = first
        self.second = second
        self.supplement = supplement
        self.head = head
        self.unit_blocks = unit_blocks

    def fit(self, X, y):
        """Train on the pictures of X (see `features.base.images_of`) and labels y (N,).

        Raises ValueError that names the argument, ImageError for a picture that cannot be read.
        """
        weights = self._weights()  # refuses a wrong one before hours of training
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes")
        parts = {
            "first": FineTunedClassifier() if self.first is None else self.first,
            "second": FineTunedClassifier("tf_efficientnet_lite2")
            if self.second is None
            else self.second,
            "supplement": DeepFeatures("tf_efficientnet_lite1", "probabilities")
            if self.supplement is None
            else self.supplement,
        }
        for name, part in parts.items():
            learned = train.fitted(part, X, y) if is_classifier(part) else clone(part).fit(X, y)
            setattr(self, f"{name}_", learned)
        blocks = self.blocks(X)
        self.weights_ = weights / [spread(part) for part in blocks] if self.unit_blocks else weights
        self.head_ = softmax_head() if self.head is None else clone(self.head)
        self.head_.fit(join(blocks, self.weights_), y)
        return self

    def blocks(self, X) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """X1 (N, D1), X2 (N, D2) and S (N, 1000), float64, as yet without weights."""
        parts = self.first_, self.second_, self.supplement_
        return tuple(np.asarray(part.transform(X), dtype=np.float64) for part in parts)

    def transform(self, X) -> np.ndarray:
        """(N, D1 + D2 + 1000) float64, the joined vectors that the head sees."""
        check_is_fitted(self)
        return join(self.blocks(X), self.weights_)

    def predict(self, X) -> np.ndarray:
        """(N,) the class that the head names; of a table only the column `path` is read."""
        return self.head_.predict(self.transform(X))

    @available_if(_head_has("predict_proba"))
    def predict_proba(self, X) -> np.ndarray:
        """(N, C) probabilities, columns in the order of `classes_`, where the head has them."""
        return self.head_.predict_proba(self.transform(X))

    @available_if(_head_has("decision_function"))
    def decision_function(self, X) -> np.ndarray:
        """(N, C), or (N,) for two classes, what the head decides by, where it says so."""
        return self.head_.decision_function(self.transform(X))

    def _weights(self) -> np.ndarray:
        """The weights (3,) of X1, X2 and S."""
        raise NotImplementedError


class ConvexFusion(FusionClassifier):
    """Two networks and the object vector: αX1 ⊕ (1-α)X2 ⊕ S, see `convex`.

    alpha: in [0, 1]; 1 leaves the first network and the objects, 0 the second and the objects.
    The other parameters are those of `FusionClassifier`.
    """

    def __init__(
        self,
        alpha=0.5,
        *,
        first=None,
        second=None,
        supplement=None,
        head=None,
        unit_blocks=False,
    ):
        super().__init__(first, second, supplement, head, unit_blocks)
        self.alpha = alpha

    def _weights(self) -> np.ndarray:
        return convex(self.alpha)


class SupplementaryFusion(FusionClassifier):
    """Two networks and the object vector, which β makes more or less prominent, see
    `supplementary`.

    beta: in [0, 1]; form: "caption" or "text".
    The other parameters are those of `FusionClassifier`.
    """

    def __init__(
        self,
        beta=0.5,
        form="caption",
        *,
        first=None,
        second=None,
        supplement=None,
        head=None,
        unit_blocks=False,
    ):
        super().__init__(first, second, supplement, head, unit_blocks)
        self.beta = beta
        self.form = form

    def _weights(self) -> np.ndarray:
        return supplementary(self.beta, self.form)
