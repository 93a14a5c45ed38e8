"""The linear methods on frozen features, and the baselines that any method has to beat."""

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def majority():
    """Always the commonest class of the training images."""
    return DummyClassifier(strategy="most_frequent")


def mean():
    """Always the mean rating of the training images; its error is the variance of the labels."""
    return DummyRegressor(strategy="mean")


def frozen_linear(features=None, C: float = 1e-3):
    """Features → standardised → logistic regression; by default those of the frozen backbone.

    C is the inverse of the L2 penalty. The default is what inner folds of fi's 374 photos chose, so
    on fi itself it is not quite blind: chosen anew within every training fold (2 × 5 folds), C
    gives .539 instead of .535 for eight classes and .770 instead of .785 for two.
    """
    head = LogisticRegression(C=C, max_iter=1000)
    return make_pipeline(_features(features), StandardScaler(), head)


def frozen_ridge(features=None, alphas=None):
    """Features → standardised → ridge regression, for one rating or several at once.

    alphas: L2 penalties, of which leave-one-out on the training images chooses one per rating; by
    default 13 from 100 to 100,000.
    """
    head = RidgeCV(np.logspace(2, 5, 13) if alphas is None else alphas, alpha_per_target=True)
    return make_pipeline(_features(features), StandardScaler(), head)


def _features(features):
    from emobook.features import DeepFeatures

    return DeepFeatures() if features is None else features
