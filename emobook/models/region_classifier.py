"""The classifier above the regions (Rao et al. 2019, section 4.3)."""

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn

from emobook import train
from emobook._threads import one_thread
from emobook.models import _targets
from emobook.models.regions import RegionDetector, region_features

CONFIGURATIONS = {
    "global": ("whole",),
    "objects": ("objects",),
    "emotional": ("emotional",),
    "global+objects": ("whole", "objects"),
    "global+emotional": ("whole", "emotional"),
}
"""The rows of Table 1 and the columns of `region_features` that each of them sees."""


class RegionClassifier(ClassifierMixin, BaseEstimator):
    """X = [X_global, X_local of K regions] (eq. 5) → two fully connected layers → softmax.

    detector: a `RegionDetector`, fitted with the classifier; one that is fitted already, such as
        the one that all classifiers share, goes into `sklearn.frozen.FrozenEstimator`. None takes
        X as the table that `region_features` gave.
    configuration: what it sees, a row of Table 1: "global" (the whole picture), "objects" or
        "emotional" (regions alone), "global+objects", "global+emotional".
    hidden: width of the first layer, with a ReLU; the paper does not state it.
    loss, lam, form, offset: as for `SoftmaxHead`.
    epochs, lr, momentum, weight_decay, batch_size: of SGD; biases do not decay. Rao et al. give
        lr .001, batch 128 and 100 epochs for these two layers. The defaults are as good on fi's
        374 photos in a third of the time; they were chosen there, so on fi they are not quite
        blind. Inputs are standardised over the training images.
    seed: of the initial weights and of the order of the batches.

    The detector is the first of the two steps of section 5.2 and these two layers are the second:
    whatever is below them stays as it is.

    For two classes L_multi takes the collapsed distribution, f summed over the positive and over
    the negative emotions: `fit(X, evaluate.polarity_labels(y), distributions=
    evaluate.collapse_to_polarity(wheel_distribution(y, p)))`. The text does not say what L_multi
    is for two classes; this is our reading.

    After `fit`: `classes_` (C,); `detector_`; `scaler_`; `coefs_` and `intercepts_`, weights
    (inputs, outputs) and biases of both layers; `history_`, a `train.History`.
    """

    def __init__(
        self,
        detector=None,
        configuration="global+emotional",
        hidden=128,
        loss="cross_entropy",
        lam=0.4,
        form="temperature",
        offset=1,
        epochs=30,
        lr=0.01,
        momentum=0.9,
        weight_decay=0.1,
        batch_size=128,
        seed=0,
    ):
        self.detector = detector
        self.configuration = configuration
        self.hidden = hidden
        self.loss = loss
        self.lam = lam
        self.form = form
        self.offset = offset
        self.epochs = epochs
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.seed = seed

    def fit(self, X, y, distributions=None, p=None, validation=None):
        """Train on X (pictures, with the columns that the detector learns from; or where
        `detector` is None what `region_features` gave) and labels y (N,).

        distributions, p: as for `SoftmaxHead.fit`. validation: (X, y); the epoch with the lowest
        cross-entropy there is kept. Without it, the last one.

        Raises ValueError that names the argument, ImageError for a picture that cannot be read.
        """
        _targets.check_sgd(self)
        if self.configuration not in CONFIGURATIONS:
            raise ValueError(
                f"configuration must be one of {', '.join(CONFIGURATIONS)}, "
                f"not {self.configuration!r}"
            )
        if isinstance(self.hidden, bool) or not isinstance(self.hidden, int) or self.hidden < 1:
            raise ValueError(f"hidden must be a whole number above 0, not {self.hidden!r}")
        targets = _targets.prepare(self, X, y, distributions, p)
        self.classes_ = targets.classes
        self.detector_ = None if self.detector is None else clone(self.detector).fit(X, y)
        inputs = self._inputs(X)
        self.scaler_ = StandardScaler().fit(inputs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            layers = nn.Sequential(
                nn.Linear(inputs.shape[1], self.hidden),
                nn.ReLU(),
                nn.Linear(self.hidden, len(self.classes_)),
            )
        named = list(layers.named_parameters())
        decaying = [part for name, part in named if name.endswith("weight")]
        others = [part for name, part in named if name.endswith("bias")]
        optimizer = torch.optim.SGD(
            [
                {"params": decaying, "weight_decay": self.weight_decay},
                {"params": others, "weight_decay": 0},
            ],
            lr=self.lr,
            momentum=self.momentum,
        )
        with one_thread():
            self.history_ = train.fit(
                layers,
                targets.loss,
                train.minibatches(
                    self._scaled(inputs), *targets.tensors, size=self.batch_size, seed=self.seed
                ),
                optimizer=optimizer,
                epochs=self.epochs,
                validate=self._validate(validation),
                seed=self.seed,
                label=f"{self.configuration} epochs",
            )
        values = [part.detach().numpy().astype(np.float64) for _, part in named]
        self.coefs_, self.intercepts_ = [part.T.copy() for part in values[::2]], values[1::2]
        return self

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) probabilities, columns in the order of `classes_`; of pictures in a table only
        the column `path` is read."""
        check_is_fitted(self)
        x = self.scaler_.transform(self._inputs(X))
        first, last = zip(self.coefs_, self.intercepts_, strict=True)
        return softmax(np.maximum(x @ first[0] + first[1], 0) @ last[0] + last[1], axis=1)

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _inputs(self, X) -> np.ndarray:
        """(N, D + K d), what the configuration sees, side by side."""
        if self.detector_ is not None:
            detector = self.detector_
            if isinstance(detector, FrozenEstimator):
                detector = detector.estimator
            X = region_features(detector, X)
        wanted = CONFIGURATIONS[self.configuration]
        if not isinstance(X, pd.DataFrame) or not set(wanted) <= set(X):
            raise ValueError(
                f"X must be what region_features gives, with the columns {', '.join(wanted)}; for "
                "pictures pass detector=…"
            )
        parts = [np.stack(X[name].tolist()).reshape(len(X), -1) for name in wanted]
        return np.hstack(parts).astype(np.float64)

    def _scaled(self, inputs) -> torch.Tensor:
        return torch.tensor(self.scaler_.transform(inputs), dtype=torch.float32)

    def _validate(self, validation):
        if validation is None:
            return None
        X, y = validation
        truth = torch.from_numpy(_targets.positions(y, self.classes_, "validation labels"))
        held_out = self._scaled(self._inputs(X))
        if len(held_out) != len(truth):
            raise ValueError(
                f"validation must be equally long, not {len(held_out)} and {len(truth)}"
            )
        return lambda layers: -F.cross_entropy(layers(held_out), truth)


def multi_level_rcnn(detector=None, **options):
    """`RegionClassifier` on pictures, by default with a `RegionDetector` of its own."""
    return RegionClassifier(RegionDetector() if detector is None else detector, **options)
