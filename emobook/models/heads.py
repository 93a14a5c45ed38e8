"""A softmax layer on fixed features under the losses of Rao et al. (2019), and its whole λ curve.

`SoftmaxHead` is one such layer as a scikit-learn classifier. `lambda_path` trains it for many λ
and seeds at once: the heads see the same batches, so that one matrix product serves them all.
"""

import dataclasses

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_array, check_is_fitted

from emobook.emotions import indices
from emobook.models import _targets
from emobook.models._heads import Heads, check_sgd_names

LAMS = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)  # of Rao et al., Fig. 8


class SoftmaxHead(ClassifierMixin, BaseEstimator):
    """Linear layer and softmax on features, trained by SGD with momentum.

    features: a transformer from X to (N, D), fitted with the head; None takes X as (N, D) itself.
    loss, lam, form, offset: "cross_entropy" (eq. 7), "multi_task" (eq. 6 with λ = lam, and the
        wheel's offset in eq. 4) or "label_probability" (eq. 10 or 11, by form).
    epochs, lr, momentum, weight_decay, batch_size: of SGD; the bias does not decay. Rao et al.
        give lr .001, batch 128 and 100 epochs for their last two layers; the defaults here were
        chosen by inner folds of fi's 374 photos, in 1280 features of a frozen network, so on fi
        itself they are not quite blind. The best decay falls with the number of images: try .05
        for some thousands.
    standardise: centre features and divide them by their deviation over the training images;
        False takes them as they are.
    seed: of the initial weights. The order of the batches is the same for every seed, so that
        heads can be trained together.
    warm_start: go on from the weights (and the features and the scale) of the last `fit`, if it
        had the same classes.

    After `fit`: `classes_` (C,), `coef_` (D, C) and `intercept_` (C,) for features that `scaler_`
    standardised, `best_epoch_`, and `features_`, the fitted transformer.
    """

    def __init__(
        self,
        features=None,
        loss="cross_entropy",
        lam=0.4,
        form="temperature",
        offset=1,
        epochs=50,
        lr=0.001,
        momentum=0.9,
        weight_decay=1.0,
        batch_size=64,
        standardise=True,
        seed=0,
        warm_start=False,
    ):
        self.features = features
        self.loss = loss
        self.lam = lam
        self.form = form
        self.offset = offset
        self.epochs = epochs
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.standardise = standardise
        self.seed = seed
        self.warm_start = warm_start

    def fit(self, X, y, distributions=None, p=None, validation=None):
        """Train on X (a table; or (N, D) where `features` is None) and labels y (N,).

        distributions: (N, C), rows sum to 1; by default eq. 4 from y and p. p: share of voters
        who chose the label, one number or (N,); by default the column `p` of X. Only the losses
        that need them look at them.
        validation: (X, y); the epoch with the lowest cross-entropy there is kept. Without it,
        the last one.

        Raises ValueError that names the argument.
        """
        targets = _targets.prepare(self, X, y, distributions, p)
        goes_on = self.warm_start and hasattr(self, "coef_")
        goes_on = goes_on and np.array_equal(self.classes_, targets.classes)
        if not goes_on:
            self.features_ = None if self.features is None else clone(self.features).fit(X, y)
        self.classes_ = targets.classes
        inputs = self._inputs(X)
        if not goes_on:
            moved = {"with_mean": self.standardise, "with_std": self.standardise}
            self.scaler_ = StandardScaler(**moved).fit(inputs)
        if validation is not None:
            X_val, y_val = validation
            labels = _targets.positions(y_val, self.classes_, "validation labels")
            validation = self.scaler_.transform(self._inputs(X_val)), labels
        heads = Heads(inputs.shape[1], len(self.classes_), [self.seed])
        if goes_on:
            before = {"weight": self.coef_[..., None], "bias": self.intercept_[..., None]}
            heads.load_state_dict({name: torch.tensor(part) for name, part in before.items()})
        history = heads.fit(
            self.scaler_.transform(inputs),
            targets.tensors,
            lambda logits, *rest: targets.loss(logits[..., 0], *rest),
            validation,
            self,
        )
        self.coef_ = heads.weight.detach()[..., 0].numpy().astype(np.float64)
        self.intercept_ = heads.bias.detach()[..., 0].numpy().astype(np.float64)
        self.best_epoch_ = int(history.best_epoch.item())
        return self

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) probabilities, columns in the order of `classes_`; of a table only what the
        features read is read."""
        check_is_fitted(self)
        inputs = self.scaler_.transform(self._inputs(X))
        return softmax(inputs @ self.coef_ + self.intercept_, axis=1)

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _inputs(self, X) -> np.ndarray:
        if self.features is None:
            if isinstance(X, pd.DataFrame) and "path" in X:
                raise ValueError(
                    "X is a table of images, but features is None: pass features=DeepFeatures()"
                )
            return check_array(X, dtype=np.float64, input_name="X")
        return check_array(self.features_.transform(X), dtype=np.float64, input_name="features")


@dataclasses.dataclass(frozen=True, eq=False)
class LambdaPath:
    """Heads for L values of λ and S seeds, as `lambda_path` trained them.

    lams (L,), seeds (S,); coef (L, S, D, C) and intercept (L, S, C) for features that `scaler`
    standardised; best_epoch (L, S).
    """

    lams: np.ndarray
    seeds: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    scaler: StandardScaler
    best_epoch: np.ndarray

    def predict_proba(self, features) -> np.ndarray:
        """(L, S, N, C) probabilities for features (N, D)."""
        inputs = self.scaler.transform(np.asarray(features, dtype=np.float64))
        return softmax(inputs @ self.coef + self.intercept[:, :, None], axis=-1)

    def scores(self, features, labels) -> np.ndarray:
        """(L, S) accuracy for labels (N,), positions 0..C-1 or names of the eight."""
        labels = indices(labels, n=self.intercept.shape[-1], argument="labels")
        return (self.predict_proba(features).argmax(axis=-1) == labels).mean(axis=-1)

    def best(self, features, labels) -> float:
        """The λ whose heads are right most often, averaged over seeds; of equals the smallest.

        Give it validation images: a λ chosen on test images flatters.
        """
        scores = self.scores(features, labels).mean(axis=1)
        return float(self.lams[scores >= scores.max() - 1e-12].min())


def lambda_path(
    features,
    labels,
    distributions,
    *,
    lams=LAMS,
    seeds=(0, 1, 2),
    validation=None,
    **sgd,
) -> LambdaPath:
    """Train the head of eq. 6 for every λ of `lams` and every seed, all of them at once.

    features (N, D); labels (N,), positions 0..C-1 or names of the eight; distributions (N, C).
    validation: (features, labels); every head keeps its epoch with the lowest cross-entropy there.
    sgd: epochs, lr, momentum, weight_decay, batch_size, with the defaults of `SoftmaxHead`.

    Each head comes out as `SoftmaxHead(loss="multi_task", lam=λ, seed=seed)` would alone, up to
    rounding. By eq. 9 (corrected) its loss is the cross-entropy with (1 - λ) y + λ f, so the
    heads differ in their targets only: their weights lie side by side in one matrix (D, C · L · S),
    whose product with a batch is the only one in a step.

    Raises ValueError that names the argument.
    """
    check_sgd_names(sgd, "lambda_path")
    features = check_array(features, dtype=np.float64, input_name="features")
    distributions = check_array(distributions, dtype=np.float64, input_name="distributions")
    classes = distributions.shape[1]
    labels = indices(labels, n=classes, argument="labels")
    lams, seeds = np.asarray(lams, dtype=np.float64), np.asarray(seeds)
    if not len(features) == len(labels) == len(distributions):
        raise ValueError(
            f"features, labels and distributions must be equally long, not {len(features)}, "
            f"{len(labels)} and {len(distributions)}"
        )
    if (distributions < 0).any() or (abs(distributions.sum(axis=1) - 1) > 1e-4).any():
        raise ValueError("distributions must have non-negative rows that sum to 1")
    if lams.ndim != 1 or not lams.size or not ((lams >= 0) & (lams <= 1)).all():
        raise ValueError(f"lams must be a list of numbers in [0, 1], not {lams}")
    if seeds.ndim != 1 or not seeds.size or seeds.dtype.kind not in "iu":
        raise ValueError(f"seeds must be a list of whole numbers, not {seeds}")
    scaler = StandardScaler().fit(features)
    if validation is not None:
        given = np.asarray(validation[0], dtype=np.float64)
        validation = scaler.transform(given), indices(validation[1], n=classes)
    heads = Heads(features.shape[1], classes, np.tile(seeds, len(lams)))
    lam = torch.tensor(np.repeat(lams, len(seeds)), dtype=torch.float32)

    def loss(logits, label, distribution):
        target = (1 - lam) * F.one_hot(label, classes)[..., None] + lam * distribution[..., None]
        return F.cross_entropy(logits, target, reduction="sum") / len(logits)

    targets = torch.from_numpy(labels), torch.from_numpy(distributions.astype(np.float32))
    history = heads.fit(scaler.transform(features), targets, loss, validation, SoftmaxHead(**sgd))
    shape = len(lams), len(seeds)
    coef = heads.weight.detach().numpy().transpose(2, 0, 1).astype(np.float64)
    return LambdaPath(
        lams=lams,
        seeds=seeds,
        coef=coef.reshape(*shape, *coef.shape[1:]),
        intercept=heads.bias.detach().numpy().T.astype(np.float64).reshape(*shape, classes),
        scaler=scaler,
        best_epoch=np.broadcast_to(history.best_epoch, lam.shape).reshape(shape).copy(),
    )


def on_images(features=None, **options) -> SoftmaxHead:
    """A `SoftmaxHead` on images, by default on the features of the frozen backbone."""
    from emobook.features import DeepFeatures

    return SoftmaxHead(DeepFeatures() if features is None else features, **options)
