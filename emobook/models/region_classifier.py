"""The classifier above the regions (Rao et al. 2019, section 4.3)."""

import numpy as np
import pandas as pd
import torch
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
    seed: of the initial weights and of the order of the batches. Several seeds side by side:
        `fit_together`.

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
        fit_together([self], X, y, distributions, p, validation)
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

    def _check(self) -> None:
        _targets.check_sgd(self)
        if self.configuration not in CONFIGURATIONS:
            raise ValueError(
                f"configuration must be one of {', '.join(CONFIGURATIONS)}, "
                f"not {self.configuration!r}"
            )
        if isinstance(self.hidden, bool) or not isinstance(self.hidden, int) or self.hidden < 1:
            raise ValueError(f"hidden must be a whole number above 0, not {self.hidden!r}")


def fit_together(classifiers, X, y, distributions=None, p=None, validation=None) -> None:
    """Fit `RegionClassifier`s that differ in `seed` alone, side by side: each learns what it would
    learn alone, in the same order, and `history_.losses` are means over all of them.

    The other arguments, and what is raised, are those of `RegionClassifier.fit`.
    """
    one, count = classifiers[0], len(classifiers)
    if len({str(other.get_params() | {"seed": 0}) for other in classifiers}) > 1:
        raise ValueError("classifiers must differ in seed alone")
    one._check()
    targets = _targets.prepare(one, X, y, distributions, p)
    one.classes_ = targets.classes
    one.detector_ = None if one.detector is None else clone(one.detector).fit(X, y)
    inputs = one._inputs(X)
    one.scaler_ = StandardScaler().fit(inputs)
    with one_thread():
        x = torch.tensor(one.scaler_.transform(inputs), dtype=torch.float32)
        layers = _Layers(
            [other.seed for other in classifiers], x.shape[1], one.hidden, len(one.classes_)
        )
        # What the first layer learns lies in the span of the pictures that it learns from. Where
        # these are by far fewer than the inputs, it is trained in that span, and begins in it.
        turn = torch.linalg.qr(x.T).Q if 2 * len(x) < x.shape[1] else None
        if turn is not None:
            x = x @ turn
            layers.first.data = torch.einsum("fd,fhs->dhs", turn, layers.first)
        weights, biases = [layers.first, layers.last], [layers.first_bias, layers.last_bias]
        optimizer = torch.optim.SGD(
            [
                {"params": weights, "weight_decay": one.weight_decay},
                {"params": biases, "weight_decay": 0},
            ],
            lr=one.lr,
            momentum=one.momentum,
        )

        def batches(epoch: int):
            orders = [
                np.random.default_rng([other.seed, epoch]).permutation(len(x))
                for other in classifiers
            ]
            for rows in torch.from_numpy(np.stack(orders, axis=1)).split(one.batch_size):
                yield x[rows], *(part[rows] for part in targets.tensors)

        def loss(logits, *known):  # a sum over classifiers, so that each has its own gradient
            known = (part.flatten(0, 1) for part in known)
            return count * targets.loss(logits.flatten(0, 1), *known)

        validate = None
        if validation is not None:
            truth = torch.from_numpy(
                _targets.positions(validation[1], one.classes_, "validation labels")
            )
            unseen = one.scaler_.transform(one._inputs(validation[0]))
            if len(unseen) != len(truth):
                raise ValueError(
                    f"validation must be equally long, not {len(unseen)} and {len(truth)}"
                )
            unseen = torch.tensor(unseen, dtype=torch.float32)
            unseen = (unseen if turn is None else unseen @ turn)[:, None]

            def validate(layers):
                log_p = layers(unseen.expand(-1, count, -1)).log_softmax(dim=2)
                return log_p[torch.arange(len(truth)), :, truth].mean(dim=0)

        history = train.fit(
            layers, loss, batches, optimizer=optimizer, epochs=one.epochs, validate=validate,
            label=f"{one.configuration} epochs",
        )  # fmt: skip
        if turn is not None:
            layers.first.data = torch.einsum("fd,dhs->fhs", turn, layers.first)
    parts = [part.detach().double().numpy() for part in (*weights, *biases)]
    for i, other in enumerate(classifiers):
        other.classes_, other.detector_, other.scaler_ = one.classes_, one.detector_, one.scaler_
        own = [part[..., i].copy() for part in parts]
        other.coefs_, other.intercepts_ = own[:2], own[2:]
        other.history_ = train.History(
            history.losses / count,
            None if validation is None else history.scores[:, i],
            history.best_epoch if validation is None else history.best_epoch[i],
        )


class _Layers(nn.Module):
    """Two layers for each of S seeds: (N, S, D) → logits (N, S, C)."""

    def __init__(self, seeds, features: int, hidden: int, classes: int):
        super().__init__()
        drawn = []
        for seed in seeds:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                first, last = nn.Linear(features, hidden), nn.Linear(hidden, classes)
            drawn.append((first.weight.T, last.weight.T, first.bias, last.bias))
        self.first, self.last, self.first_bias, self.last_bias = (
            nn.Parameter(torch.stack(parts, dim=-1).detach()) for parts in zip(*drawn, strict=True)
        )

    def forward(self, x):
        hidden = torch.einsum("nsd,dhs->nsh", x, self.first) + self.first_bias.T
        return torch.einsum("nsh,hcs->nsc", hidden.relu(), self.last) + self.last_bias.T


def multi_level_rcnn(detector=None, **options):
    """`RegionClassifier` on pictures, by default with a `RegionDetector` of its own."""
    return RegionClassifier(RegionDetector() if detector is None else detector, **options)
