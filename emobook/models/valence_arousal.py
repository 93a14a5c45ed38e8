"""Valence and arousal from features: the network of Kim et al. (2018), and methods beside it.

`EmotionNetwork` is the feed-forward network of section V and Table I. Its parts are as printed
where the paper says them; what it leaves open, the docstring says.
"""

import itertools
import numbers

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR
from sklearn.utils.validation import check_array, check_is_fitted
from torch import nn

from emobook import train
from emobook.features.kim import standardised
from emobook.models import _ratings, _targets
from emobook.models._validation import held_out

HIDDEN = {
    "low": (900, 300, 150),
    "object": (2000, 700, 350),
    "semantic": (300, 100, 50),
    "all": (3000, 1000, 500),
}  # neurons of H1, H2, H3 for each family of features: Table III (bottom)
AS_PRINTED = (3000, 1000, 1000)  # Table I, whose H3 contradicts section VI-B and Table III


def layers(inputs: int, hidden, outputs: int = 1) -> nn.Sequential:
    """Fully connected layers with ReLU between them: (N, inputs) → (N, outputs).

    Eqs 4-6 of the paper: f⁴ ∘ g³ ∘ f³ ∘ g² ∘ f² ∘ g¹ ∘ f¹ for three hidden layers of `hidden`
    neurons. Weights are drawn from torch's generator in its own way, uniformly within ±1/√(number
    of inputs of the layer); the paper does not say how it draws them.
    """
    widths, parts = (inputs, *hidden), []
    for before, after in itertools.pairwise(widths):
        parts += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(widths[-1], outputs))


class EmotionNetwork(RegressorMixin, BaseEstimator):
    """Kim et al. (2018), section V: three hidden layers on features, trained by SGD with momentum.

    features: a transformer from X to (N, D), fitted with the network; None takes X as (N, D)
        itself, an array or a table of numbers (whose column `group` is no feature).
    hidden: neurons of each hidden layer; `HIDDEN` has those of Table III, `AS_PRINTED` those of
        Table I.
    loss: "sum", the squared errors of a batch added up, as printed; or "mean", their mean. One
        with lr is the other with lr · batch_size where all batches are full.
    lr, momentum, batch_size: of SGD; the paper's are the defaults. A training set that is smaller
        than batch_size is one batch.
    epochs, patience: the paper trains "until the error no longer diminishes"; here training ends
        after `patience` epochs without a smaller error on held-out images, at the latest after
        `epochs`, and the best epoch is kept.
    validation_share: share of the training images (whole groups, where they are known) that is
        held out for it; 0 trains for `epochs` and keeps the last. The paper does not say on which
        images its error no longer diminishes.
    standardise: centre features and divide them by their deviation over the training images,
        within limits (`features.kim.standardised`). Not stated in the paper, but in features as
        they are these steps diverge. False takes them as they are.
    accelerator: of Fabric, "cpu" or "gpu".
    seed: of the weights, the batches and the held-out images.

    Ours, too: the last layer begins with the training images' mean ratings as its bias; with
    several ratings their squared errors are added up. The paper has one network for each rating.

    After `fit`: `weights_`, the state of the layers, and `history_`, a `train.History`; `features_`
    and `scaler_`, fitted; `mean_` (K,).
    """

    def __init__(
        self,
        features=None,
        hidden=HIDDEN["all"],
        loss="sum",
        lr=1e-4,
        momentum=0.9,
        batch_size=1000,
        epochs=200,
        patience=10,
        validation_share=0.1,
        standardise=True,
        accelerator="cpu",
        seed=0,
    ):
        self.features = features
        self.hidden = hidden
        self.loss = loss
        self.lr = lr
        self.momentum = momentum
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation_share = validation_share
        self.standardise = standardise
        self.accelerator = accelerator
        self.seed = seed

    def fit(self, X, y, groups=None):
        """Train on X and ratings y, (N,) or (N, K).

        groups (N,): related images, of which all or none are held out; by default the column
        `group` of a table. Raises ValueError that names the argument, also where training
        diverges.
        """
        self._check()
        values = _ratings.ratings(X, y)
        self.single_ = np.ndim(y) == 1
        self.features_ = None if self.features is None else clone(self.features).fit(X, y)
        inputs = self._inputs(X)
        rows, rest = self._split(X, values, groups)
        self.scaler_ = standardised().fit(inputs[rows]) if self.standardise else None
        inputs = self._scaled(inputs)
        self.mean_ = values[rows].mean(axis=0)
        network, truth = self._layers(inputs.shape[1]), torch.from_numpy(values)

        def minus_error(module):
            module_inputs = inputs[rest].to(next(module.parameters()).device)
            return -_ratings.squared_error(module(module_inputs).cpu(), truth[rest]) / len(rest)

        def loss(outputs, ratings):
            error = _ratings.squared_error(outputs, ratings)
            return error if self.loss == "sum" else error / len(ratings)

        self.history_ = train.fit(
            network,
            loss,
            train.minibatches(inputs[rows], truth[rows], size=self.batch_size, seed=self.seed),
            optimizer=torch.optim.SGD(network.parameters(), self.lr, self.momentum),
            epochs=self.epochs,
            validate=minus_error if len(rest) else None,
            patience=self.patience,
            seed=self.seed,
            label=f"epochs of {'-'.join(map(str, self.hidden))}",
            accelerator=self.accelerator,
        )
        _ratings.check_converged(network, self.lr)
        self.weights_ = {name: part.cpu() for name, part in network.state_dict().items()}
        return self

    def predict(self, X) -> np.ndarray:
        """Float64 ratings, (N,) or (N, K) as in `fit`."""
        check_is_fitted(self)
        inputs = self._scaled(self._inputs(X))
        network = self._layers(inputs.shape[1])
        network.load_state_dict(self.weights_)
        with torch.no_grad():
            found = network(inputs).double().numpy()
        return found[:, 0] if self.single_ else found

    def _check(self) -> None:
        _targets.check_sgd(self)
        if self.loss not in ("sum", "mean"):
            raise ValueError(f'loss must be "sum" or "mean", not {self.loss!r}')
        whole = [isinstance(one, numbers.Integral) and one > 0 for one in self.hidden]
        if not whole or not all(whole):
            raise ValueError(f"hidden must be whole numbers of neurons, not {self.hidden!r}")

    def _inputs(self, X) -> np.ndarray:
        if self.features is not None:
            return check_array(self.features_.transform(X), input_name="features")
        if isinstance(X, pd.DataFrame):
            if "path" in X:
                raise ValueError(
                    "X is a table of images, but features is None: pass features=DeepFeatures()"
                )
            X = X.drop(columns="group", errors="ignore").to_numpy()
        return check_array(X, dtype=np.float64, input_name="X")

    def _scaled(self, inputs) -> torch.Tensor:
        moved = inputs if self.scaler_ is None else self.scaler_.transform(inputs)
        return torch.tensor(moved, dtype=torch.float32)

    def _split(self, X, y, groups):
        rows = np.arange(len(y))
        if not self.validation_share:
            return rows, rows[:0]
        if groups is None:
            groups = X["group"] if isinstance(X, pd.DataFrame) and "group" in X else rows
        return held_out(y, np.asarray(groups), self.validation_share, self.seed)

    def _layers(self, inputs: int) -> nn.Sequential:
        """New layers; of the same seed and sizes the same ones."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = layers(inputs, self.hidden, len(self.mean_))
        with torch.no_grad():
            network[-1].bias.copy_(torch.from_numpy(self.mean_))
        return network


class PerRating(RegressorMixin, BaseEstimator):
    """One clone of `regressor`, which learns one rating, for each column of y (N,) or (N, K)."""

    def __init__(self, regressor):
        self.regressor = regressor

    def fit(self, X, y):
        y = np.asarray(y, dtype=np.float64)
        self.single_ = y.ndim == 1
        columns = y.reshape(len(y), -1).T
        self.regressors_ = [clone(self.regressor).fit(X, column) for column in columns]
        return self

    def predict(self, X) -> np.ndarray:
        """Ratings, (N,) or (N, K) as in `fit`."""
        check_is_fitted(self)
        found = np.stack([one.predict(X) for one in self.regressors_], axis=1)
        return found[:, 0] if self.single_ else found


def network(features=None, **options) -> EmotionNetwork:
    """An `EmotionNetwork` on images, by default on the features of the frozen backbone."""
    return EmotionNetwork(_default(features), **options)


def linear(features=None):
    """Features → standardised within limits → least squares, no penalty: "Linear" of Table IV.

    With fewer images than features many solutions fit the training images without error; of these
    it is the one with the smallest weights. `linear.frozen_ridge` is the same with a penalty.
    """
    return make_pipeline(_default(features), standardised(), LinearRegression())


def svr(features=None, C: float = 1.0, epsilon: float = 0.1, gamma="scale"):
    """Features → standardised within limits → support vector regression: "SVR" of Table IV.

    C, epsilon, gamma: of scikit-learn's `SVR` with a radial kernel, and by default its own. The
    paper names neither kernel nor settings.
    """
    machine = SVR(C=C, epsilon=epsilon, gamma=gamma)
    return make_pipeline(_default(features), standardised(), PerRating(machine))


def _default(features):
    from emobook.features import DeepFeatures

    return DeepFeatures() if features is None else features
