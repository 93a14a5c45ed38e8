"""Multiple-instance learning: the label is a bag's, and some instance in it is the reason."""

import numbers
import warnings

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_array, check_is_fitted
from threadpoolctl import threadpool_limits

_LEAST = 1e-300  # of a bag's evidence, whose logarithm is taken


class MultipleInstanceClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression on instances, joined by noisy-or, one class against the rest.

    A bag (a picture) of instances x_j (its blocks) belongs to class c if at least one instance
    does: P(c | bag) = 1 − Π_j (1 − σ(w_c · x_j + b_c)), the noisy-or of Maron & Lozano-Pérez (NIPS
    1997). The w_c maximise the likelihood of the bags' labels times a Gaussian prior, as in Raykar
    et al. (ICML 2008). With one instance per bag this is logistic regression. Rao et al. (ICIP
    2016) learn from blocks in this setting; which learner they take is not known to us.

    features: a transformer from X to bags, fitted with the classifier, such as
        `emobook.features.Blocks()`; None takes X as bags itself: a list of arrays (n_j, d).
    C: inverse strength of the prior, as in scikit-learn's LogisticRegression; b_c is free.
        Instances are standardised over all training bags first.
    max_iter: of L-BFGS. The likelihood has several maxima: the search begins at w_c = 0 with the
        b_c that fits the share of the class.

    After `fit`: `classes_` (C,), `coef_` (C, d) and `intercept_` (C,) for standardised instances,
    `scaler_`, and `features_`, the fitted transformer.
    """

    def __init__(self, features=None, C=0.1, max_iter=200):
        self.features = features
        self.C = C
        self.max_iter = max_iter

    def fit(self, X, y):
        """Learn from X and labels y (N,), names or whole numbers. Raises ValueError."""
        if not isinstance(self.C, numbers.Real) or not self.C > 0:
            raise ValueError(f"C must be a number above 0, not {self.C!r}")
        y = np.asarray(y)
        if y.ndim != 1 or len(y) != len(X):
            raise ValueError(f"y must hold one label per bag, {len(X)}, not {y.shape}")
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least two classes, not only {self.classes_}")
        self.features_ = None if self.features is None else clone(self.features).fit(X, y)
        instances, starts = self._instances(X)
        self.scaler_ = StandardScaler().fit(instances)
        instances = self.scaler_.transform(instances)
        with threadpool_limits(1):  # sums, and so bits, depend on how many threads share them
            found = [self._one(instances, starts, labels == c) for c in range(len(self.classes_))]
        self.coef_, self.intercept_ = np.array(found)[:, :-1], np.array(found)[:, -1]
        return self

    def _one(self, instances, starts, positive) -> np.ndarray:
        """w and b of one class against the rest: (d + 1,)."""
        sizes = np.diff([*starts, len(instances)])

        def loss(weights):
            w, b = weights[:-1], weights[-1]
            logits = instances @ w + b
            evidence = _evidence(logits, starts)  # −ln P(not c | bag)
            value = evidence[~positive].sum() - np.log(-np.expm1(-evidence[positive])).sum()
            slope = np.ones(len(starts))
            with np.errstate(over="ignore"):  # 1 / ∞: such a bag is explained
                slope[positive] = -1 / np.expm1(evidence[positive])
            slope = np.repeat(slope, sizes) * expit(logits)
            gradient = np.append(instances.T @ slope + w / self.C, slope.sum())
            return value + w @ w / (2 * self.C), gradient

        odds = np.expm1(-np.log1p(-positive.mean()) / sizes.mean())
        start = np.append(np.zeros(instances.shape[1]), np.log(odds))
        result = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": self.max_iter}
        )
        if not result.success:
            warnings.warn(
                f"L-BFGS stopped early ({result.message}): raise max_iter or lower C",
                ConvergenceWarning,
                stacklevel=4,
            )
        return result.x

    def predict(self, X) -> np.ndarray:
        """The most probable class of every bag (N,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X) -> np.ndarray:
        """P(c | bag) of the classes, each against the rest, divided by their sum: (N, C)."""
        logits, starts = self._logits(X)
        return softmax(np.log(-np.expm1(-_evidence(logits, starts))), axis=1)

    def instance_proba(self, X) -> list[np.ndarray]:
        """For every bag (n_j, C): how probably each instance alone makes it one of class c."""
        logits, starts = self._logits(X)
        return np.split(expit(logits), starts[1:])

    def _logits(self, X):
        check_is_fitted(self)
        instances, starts = self._instances(X)
        return self.scaler_.transform(instances) @ self.coef_.T + self.intercept_, starts

    def _instances(self, X) -> tuple[np.ndarray, np.ndarray]:
        """All instances (Σ n_j, d), and where each bag begins (N,)."""
        bags = X if self.features_ is None else self.features_.transform(X)
        try:
            bags = [check_array(bag, dtype=np.float64) for bag in bags]
        except ValueError as error:
            raise ValueError(
                f"X must be bags, each an array (instances, d) of finite numbers: {error}"
            ) from None
        widths = {bag.shape[1] for bag in bags}
        if len(widths) != 1:
            raise ValueError(f"X must hold bags of one width, not {sorted(widths)}")
        return np.concatenate(bags), np.cumsum([0, *map(len, bags[:-1])])


def _evidence(logits, starts) -> np.ndarray:
    """Σ_j ln(1 + exp(logit_j)) over each bag, never 0."""
    return np.maximum(np.add.reduceat(np.logaddexp(0, logits), starts, axis=0), _LEAST)


def multiple_instance(features=None, **options):
    """`MultipleInstanceClassifier`, by default on `Blocks` with 20 topics of 200 words."""
    from emobook.features import Blocks

    return MultipleInstanceClassifier(
        Blocks(topics=20) if features is None else features, **options
    )
