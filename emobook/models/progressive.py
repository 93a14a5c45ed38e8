"""Progressive training on weak labels: learn, leave out what the network is unsure of, go on.

You, Luo, Jin & Yang, "Robust image sentiment analysis using progressively trained and domain
transferred deep networks", AAAI 2015, called PCNN.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted


def drop_probability(probabilities) -> np.ndarray:
    """Chance that a picture is left out of the second training: max(0, 2 − exp(s₁ − s₂)).

    probabilities: (N, C), at least 0, rows sum to 1; s₁ and s₂ are the two highest of a row. With
    C = 2 this is the paper's rule, whose |s₁ − s₂| is the margin between its two classes; for more
    classes the paper has none, and the margin between the two highest is our generalisation.

    Returns float64 (N,), 0 to 1: 1 where the network cannot decide, 0 from a margin of ln 2 (.69)
    upwards. The label plays no part: of a wrong one that it has learned by heart a network is
    sure. Raises ValueError for other shapes and for rows that are no probabilities.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if probabilities.ndim != 2 or probabilities.shape[1] < 2:
        raise ValueError(
            f"probabilities must be of shape (N, C), C at least 2, not {probabilities.shape}"
        )
    whole = np.isclose(probabilities.sum(axis=1), 1, atol=1e-4).all()
    if not whole or (probabilities < 0).any():
        raise ValueError("probabilities must hold shares of at least 0, with rows that sum to 1")
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    return np.clip(2 - np.exp(first - second), 0, 1)


class ProgressiveClassifier(ClassifierMixin, BaseEstimator):
    """PCNN-style training of any classifier: on all pictures, then, going on from there, on those
    that `drop_probability` leaves; where clean labels are given, at last on these.

    estimator: a classifier with `predict_proba` and scikit-learn's parameter `warm_start`, such as
        `SoftmaxHead` or a `NetworkClassifier`. Each of the trainings is one `fit` of it, with its
        own number of epochs.
        Pictures on which it chooses its epoch are set aside anew in each.
    seed: of the draw who is left out; the estimator has a seed of its own.

    The paper's network has two convolutional and four fully connected layers; Rao et al. (2019,
    section 5.3) call theirs "based on VGGNet". Here it is whatever `estimator` is, so only the
    training is the paper's. Ours, too: of each weak label one picture stays, the surest, so that no
    class is lost.

    After `fit`: `classes_`, `estimator_`; of the N pictures `drop_probability_` (N,) and `kept_`
    (N,) bool.
    """

    def __init__(self, estimator, seed=0):
        self.estimator = estimator
        self.seed = seed

    def fit(self, X, y, X_clean=None, y_clean=None):
        """Train on X and weak labels y (N,), then on those that stay, then on X_clean, y_clean.

        X, X_clean: what `estimator` takes. Raises ValueError for an estimator without
        `warm_start`, clean pictures without labels or labels without pictures, and clean labels
        that are not of the same classes as y.
        """
        if "warm_start" not in self.estimator.get_params():
            raise ValueError(
                "estimator must have the parameter warm_start, to go on from where it was, which "
                f"{type(self.estimator).__name__} lacks: take SoftmaxHead or FineTunedClassifier"
            )
        if (X_clean is None) != (y_clean is None):
            raise ValueError("X_clean and y_clean must be given together")
        y = np.asarray(y)
        if y_clean is not None and set(np.asarray(y_clean).tolist()) != set(y.tolist()):
            raise ValueError("y_clean must hold the same classes as y: else no network serves both")
        estimator = clone(self.estimator).set_params(warm_start=True).fit(X, y)
        self.drop_probability_ = drop_probability(estimator.predict_proba(X))
        dice = np.random.default_rng(self.seed).random(len(y))
        self.kept_ = dice >= self.drop_probability_
        for label in estimator.classes_:
            rows = np.flatnonzero(y == label)
            self.kept_[rows[self.drop_probability_[rows].argmin()]] |= not self.kept_[rows].any()
        rows = np.flatnonzero(self.kept_)
        estimator.fit(_safe_indexing(X, rows), y[rows])
        if X_clean is not None:
            estimator.fit(X_clean, y_clean)
        self.estimator_, self.classes_ = estimator, estimator.classes_
        return self

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) probabilities, columns in the order of `classes_`."""
        check_is_fitted(self)
        return self.estimator_.predict_proba(X)

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def pcnn(seed=0, **options) -> ProgressiveClassifier:
    """A fine-tuned network, trained progressively; options of `FineTunedClassifier`, such as
    backbone="vgg16" for the one of Rao et al."""
    from emobook.models.finetune import FineTunedClassifier

    return ProgressiveClassifier(FineTunedClassifier(seed=seed, **options), seed)
