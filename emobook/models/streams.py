"""Networks side by side: what each says of a picture, put together below one softmax layer."""

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted
from torch import nn

from emobook.models import _targets
from emobook.models.network import NetworkClassifier
from emobook.models.staged import Top

CS = (0.1, 1.0, 10.0, 100.0)  # inverse penalties that a softmax layer chooses from


class HiddenLayer(Top):
    """The last map (N, c, h, w) → pooled (N, D) → hidden layer with ReLU (N, hidden) → (N, C)."""

    def __init__(self, pool: nn.Module, feature_dim: int, hidden: int, classes: int):
        super().__init__()
        self.pool = pool
        self.hidden = nn.Sequential(nn.Linear(feature_dim, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, classes)

    def features(self, last):
        return self.hidden(self.pool(last))


class HiddenLayerClassifier(NetworkClassifier):
    """A backbone, one hidden layer above what it pools, and a softmax layer.

    hidden: width of the hidden layer, and so of the features (N, hidden) that `transform` gives.
        Since it is new, these are features of emotion even where freeze="trunk" leaves the
        backbone as ImageNet made it.
    The other parameters are those of `NetworkClassifier`.
    """

    def __init__(self, hidden=256, **options):
        super().__init__(**options)
        self.hidden = hidden

    def _top(self, parts, classes):
        if isinstance(self.hidden, bool) or not isinstance(self.hidden, int) or self.hidden < 1:
            raise ValueError(f"hidden must be a whole number of at least 1, not {self.hidden!r}")
        return HiddenLayer(parts.pool, parts.feature_dim, self.hidden, classes)


class StreamsClassifier(ClassifierMixin, BaseEstimator):
    """Base of classifiers that join several descriptions of a picture, the streams.

    network: an unfitted `NetworkClassifier` whose `transform` gives features; None is a
        `HiddenLayerClassifier` with its defaults. Its `validation_share` and `seed` say which
        training images are held out.
    Cs: inverse penalties of the softmax layer, of which one is chosen.

    The networks learn from the training images that are not held out, and keep the epoch that
    suits the held-out ones best. Features that a network has made of its own training images are
    better sorted by class than those of any new image. So the penalty of the softmax layer is
    chosen by the cross-entropy of the held-out images; then the layer learns from all training
    images. Without held-out images the middle one of `Cs` is taken.

    Each stream is centred and divided by one number, so that its mean squared length over the
    training images is 1: neither its unit nor its number of columns gives it weight.

    A subclass defines `_streams`. After `fit`: `classes_` (C,), `streams_` (name → fitted part and
    the name of the method that describes pictures), `centres_` and `scales_` (by stream), `head_`
    (a LogisticRegression), `C_`.
    """

    def __init__(self, network=None, Cs=CS):
        self.network = network
        self.Cs = Cs

    def _streams(self, network, learn) -> dict:
        """Name → a function that makes (fitted part, "transform" or "predict_proba").

        network: a clone of the parameter. learn(network, groups): that network, trained on the
        group of each class, `groups` (C,) whole numbers.
        """
        raise NotImplementedError

    def fit(self, X, y, known=None):
        """Train on the pictures of X (see `features.base.images_of`) and labels y (N,).

        known: streams that another fit on the same pictures has made, name → an entry of its
        `streams_`; they are taken as they are, and only the softmax layer learns anew.

        Raises ValueError that names the argument, ImageError for a picture that cannot be read.
        """
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y must hold at least two classes")
        if not len(self.Cs) or not all(C > 0 for C in self.Cs):
            raise ValueError(f"Cs must be numbers above 0, not {self.Cs!r}")
        network = HiddenLayerClassifier() if self.network is None else clone(self.network)
        rows, held_out = _held_out(network, X, labels)

        def learn(net, groups):
            truth = np.asarray(groups)[labels]
            validation = (_take(X, held_out), truth[held_out]) if len(held_out) else None
            return net.fit(_take(X, rows), truth[rows], validation=validation)

        makers = self._streams(network, learn)
        self.streams_ = {name: (known or {}).get(name) or make() for name, make in makers.items()}
        values = self._values(X)
        self.centres_ = {name: part.mean(axis=0) for name, part in values.items()}
        self.scales_ = {
            name: float(np.sqrt(((part - self.centres_[name]) ** 2).sum(axis=1).mean())) or 1.0
            for name, part in values.items()
        }
        inputs = self._joined(values)
        self.C_ = self._choose(inputs, labels, rows, held_out)
        self.head_ = _softmax_layer(self.C_).fit(inputs, labels)
        return self

    def transform(self, X) -> np.ndarray:
        """(N, D) float64, the streams side by side as the softmax layer sees them."""
        check_is_fitted(self)
        return self._joined(self._values(X))

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) probabilities, columns in the order of `classes_`; of a table only the column
        `path` is read."""
        return self.head_.predict_proba(self.transform(X))

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _values(self, X) -> dict[str, np.ndarray]:
        return {
            name: np.asarray(getattr(part, method)(X), dtype=np.float64)
            for name, (part, method) in self.streams_.items()
        }

    def _joined(self, values) -> np.ndarray:
        return np.hstack(
            [(part - self.centres_[name]) / self.scales_[name] for name, part in values.items()]
        )

    def _choose(self, inputs, labels, rows, held_out) -> float:
        if not len(held_out):
            return self.Cs[len(self.Cs) // 2]

        def surprise(C):
            layer = _softmax_layer(C).fit(inputs[rows], labels[rows])
            truth = _targets.positions(labels[held_out], layer.classes_, "held-out labels")
            scores = layer.decision_function(inputs[held_out])
            if scores.ndim == 1:
                scores = np.stack([np.zeros(len(scores)), scores], axis=1)
            return -log_softmax(scores, axis=1)[np.arange(len(truth)), truth].mean()

        return min(self.Cs, key=surprise)


def _held_out(network, X, labels):
    """Positions of the images to learn from, and of those held out; no class is only there."""
    rows, held_out = network._split(X, labels, None)
    known = np.isin(labels[held_out], labels[rows])
    return np.sort(np.concatenate([rows, held_out[~known]])), held_out[known]


def _softmax_layer(C: float) -> LogisticRegression:
    return LogisticRegression(C=C, max_iter=1000)


def _take(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else [X[i] for i in rows]
