"""Adjective-noun pairs ("happy_dog") as features: how much a picture looks like each of them.

Borth et al. (2013) crawl photos for more than 3,000 pairs that people feel strongly about, train a
linear detector for each, and keep the 1,200 that can be detected at all: SentiBank. What the
detectors say of a new picture are 1,200 features that have names. Chen et al. (2014) put a network
with 2,089 outputs in their place: DeepSentiBank. Neither the photos nor the weights are here;
`PairBank` and `PairResponses` make both from whatever pairs there are.
"""

import numbers

import joblib
import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.validation import check_array, check_is_fitted

from emobook._bar import progress
from emobook.datasets.base import Dataset
from emobook.features import _detectors
from emobook.features.deep import DeepFeatures


def pairs_of(source) -> list[tuple[str, ...]]:
    """The adjective-noun pairs of each picture, to be passed to `PairBank.fit` as y.

    source: a data set of one folder per pair (`datasets.load("folder", root=…)`), whose pictures
    have one pair each, the name of the folder; or the simulator's data set, or a list of its
    scenes, where the adjective is the palette and the nouns are the objects, the largest first:
    ("golden_hot-air_balloon", "golden_chair"). A scene without objects has no pair. Raises
    ValueError for a data set without classes.
    """
    if not isinstance(source, Dataset):
        return [_drawn(scene.palette, scene.boxes) for scene in source]
    if source.name == "synthetic":
        table = source.table
        return [_drawn(*row) for row in zip(table["palette"], table["boxes"], strict=True)]
    if source.labels is None:
        raise ValueError(f"{source.name} has no classes: put each pair's pictures into a folder")
    return [(source.classes[label],) for label in source.labels]


def _drawn(palette: str, boxes) -> tuple[str, ...]:
    by_area = sorted(boxes, key=lambda box: (box[1] - box[3]) * (box[4] - box[2]))
    return tuple(dict.fromkeys(f"{palette}_{box[0]}".replace(" ", "_") for box in by_area))


class PairBank(TransformerMixin, BaseEstimator):
    """SentiBank-style: one linear detector for each pair that can be detected; (N, pairs).

    The kind of detector (a linear SVM on each pair's photos against others), the selection by
    cross-validation and the use of the responses as features are those of Borth et al. (2013,
    doi 10.1145/2502081.2502282). Ours are the criterion and its threshold, the calibration and the
    default features: the original joined colour histograms (3 × 256), GIST (512), LBP (59) and
    1,000 visual words; for the like pass `make_union(…)` of the transformers of this package.

    features: a transformer from X to (N, D), by default `DeepFeatures()`, the frozen
        EfficientNet-Lite0. One that learns from pictures is fitted within each fold.
    threshold: a pair is kept whose detector reaches this average precision in the inner folds, as
        if each photo of the pair were among two others: 1/3 by chance, however rare the pair is
        (with labels shuffled, pairs of 10 to 15 scenes pass the default one time in 60).
    most: keep at most so many pairs, the best ones (1200, say); None keeps all that pass.
    least: pictures (groups of related ones, where X has a column `group`) that a pair needs.
    rare: with a pair that has fewer, "raise" ValueError or "drop" the pair.
    negatives: pictures of others that a detector is trained on, drawn anew for each, as a multiple
        of those of its pair; None takes all. With hundreds of pairs a few are as good, and save
        days.
    C: inverse of the L2 penalty on standardised features; both sides weigh alike.
    folds: inner folds; related pictures stay together. They see training pictures only.
    seed: of folds and of the drawn others. n_jobs: processes of joblib. progress: show a bar.

    A response is the detector's decision value on a scale from 0 to 1, as Platt (1999) fits it to
    the values of the inner folds, with both sides weighing alike: .5 is undecided.

    After `fit`: `pairs_` (names, in alphabetical order), `coef_` (D, pairs), `intercept_`,
    `scale_` (2, pairs), `scaler_`, `features_`; `detectability()` says how all candidates did.

    Inside of a pipeline that learns emotions, the bank has to stay as it was fitted on pairs: wrap
    it in `sklearn.frozen.FrozenEstimator`.
    """

    def __init__(
        self,
        features=None,
        *,
        threshold=0.6,
        most=None,
        least=10,
        rare="raise",
        negatives=None,
        C=0.001,
        folds=5,
        seed=0,
        n_jobs=None,
        progress=True,
    ):
        self.features = features
        self.threshold = threshold
        self.most = most
        self.least = least
        self.rare = rare
        self.negatives = negatives
        self.C = C
        self.folds = folds
        self.seed = seed
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X, y):
        """Train on pictures X, as the features take them, and their pairs.

        y: for each picture the name of its pair, a collection of names, or None (see `pairs_of`).

        Raises ValueError that names the argument, or where no pair can be detected.
        """
        self._check()
        shown = _detectors.names(y)
        if len(shown) != len(X):
            raise ValueError(f"y must be as long as X, {len(X)}, not {len(shown)}")
        grouped = isinstance(X, pd.DataFrame) and "group" in X
        groups = X["group"].to_numpy() if grouped else np.arange(len(X))
        self.candidates_, truth = _detectors.candidates(shown, groups, self.least, self.rare)
        folds = _detectors.inner_folds(truth, groups, self.folds, self.seed)
        features = DeepFeatures() if self.features is None else clone(self.features)
        stateless = not get_tags(features).requires_fit
        if stateless:  # so that no picture is looked at twice
            self.features_ = features.fit(X)
            X, features = features.transform(X), FunctionTransformer()
        scores = np.zeros(truth.shape)
        total = (len(folds) + 1) * truth.shape[1]
        with progress(label="pairs", total=total, unit="detector", show=self.progress) as bar:
            for train, test in folds:
                trained = self._train(features, _safe_indexing(X, train), truth[train], bar)
                scores[test] = _detectors.decide(*trained, _safe_indexing(X, test))
            self.images_ = truth.sum(axis=0)
            columns = zip(truth.T, scores.T, strict=True)
            self.precision_ = np.array([_detectors.precision(*column) for column in columns])
            self.pairs_ = self.candidates_[:0]
            chosen = self._chosen()
            self.pairs_ = self.candidates_[chosen]
            trained = self._train(features, X, truth[:, chosen], bar)
        features, self.scaler_, self.coef_, self.intercept_ = trained
        if not stateless:
            self.features_ = features
        self.scale_ = np.array([_detectors.platt(truth[:, k], scores[:, k]) for k in chosen]).T
        return self

    def transform(self, X) -> np.ndarray:
        """Responses float32 (N, pairs), each 0 to 1."""
        check_is_fitted(self, "scale_")
        parts = self.features_, self.scaler_, self.coef_, self.intercept_
        values = _detectors.decide(*parts, X)
        slope, offset = self.scale_
        return expit(slope * values + offset).astype(np.float32)

    def detectability(self) -> pd.DataFrame:
        """How every candidate did in the inner folds, the best first: columns pair, images,
        precision (see `threshold`), kept. Also after a `fit` that found no pair to keep."""
        check_is_fitted(self, "precision_")
        table = pd.DataFrame(
            {"pair": self.candidates_, "images": self.images_, "precision": self.precision_}
        )
        table["kept"] = np.isin(self.candidates_, self.pairs_)
        return table.sort_values("precision", ascending=False, ignore_index=True, kind="stable")

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """The pairs."""
        check_is_fitted(self, "scale_")
        return self.pairs_

    @property
    def n_features_out_(self) -> int:
        """Number of pairs."""
        return len(self.get_feature_names_out())

    def __sklearn_is_fitted__(self):
        return hasattr(self, "scale_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.required = True
        return tags

    def _check(self) -> None:
        for name, least in (("folds", 2), ("least", self.folds), ("most", 1)):
            value = getattr(self, name)
            whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
            if not (whole and value >= least) and (name, value) != ("most", None):
                raise ValueError(
                    f"{name} must be a whole number of at least {least}, not {value!r}"
                )
        if self.rare not in ("raise", "drop"):
            raise ValueError(f'rare must be "raise" or "drop", not {self.rare!r}')
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold must lie between 0 and 1, not {self.threshold!r}")
        if self.negatives is not None and not self.negatives > 0:
            raise ValueError(f"negatives must be above 0, or None, not {self.negatives!r}")

    def _train(self, features, X, truth, bar) -> tuple:
        """What `decide` takes: fitted features, scaler, coef (D, K), intercept (K,)."""
        features = clone(features).fit(X)
        values = check_array(features.transform(X), dtype=np.float64, input_name="features")
        scaler = StandardScaler().fit(values)
        values = scaler.transform(values)
        detector = joblib.delayed(_detectors.detector)
        jobs = (
            detector(values, column, self.C, self.negatives, [self.seed, k])
            for k, column in enumerate(truth.T)
        )
        lines = []
        for line in joblib.Parallel(self.n_jobs, return_as="generator")(jobs):
            lines.append(line)
            bar.update()
        coef, intercept = zip(*lines, strict=True)
        return features, scaler, np.array(coef).T, np.array(intercept)

    def _chosen(self) -> np.ndarray:
        """Positions of the pairs to keep, in order. Raises ValueError where there is none."""
        order = np.argsort(-self.precision_, kind="stable")
        order = order[self.precision_[order] >= self.threshold][: self.most]
        if not len(order):
            best = self.precision_.argmax()
            raise ValueError(
                f"none of {len(self.candidates_)} pairs reaches threshold={self.threshold}, and "
                f"the best, {str(self.candidates_[best])!r}, {self.precision_[best]:.2f}: give "
                "more pictures, other features or a lower threshold"
            )
        return np.sort(order)


class PairResponses(TransformerMixin, BaseEstimator):
    """DeepSentiBank-style: what a network that was trained on pairs says of a picture.

    Chen et al. (2014, arXiv 1410.8586) use the 2,089 outputs of their network, or its last hidden
    layer of 4,096, as features. Their weights are not here, and none are made up: pass a classifier
    that was fitted on pairs, such as `models.create("deep-sentibank")`.

    classifier: fitted on pairs, with `predict_proba` and `classes_`. It is never trained here, nor
        by a pipeline around it.
    layer: "responses", the probabilities (N, pairs), or "pooled", what its last layer sees (N, D).
    """

    def __init__(self, classifier, layer="responses"):
        self.classifier = classifier
        self.layer = layer

    def fit(self, X=None, y=None):
        """Check the parameters. Raises ValueError."""
        if self.layer not in ("responses", "pooled"):
            raise ValueError(f'layer must be "responses" or "pooled", not {self.layer!r}')
        check_is_fitted(
            self.classifier,
            msg="classifier must be fitted on pictures of adjective-noun pairs first: %(name)s is "
            "not, and there are no weights to load",
        )
        return self

    def transform(self, X) -> np.ndarray:
        """float32 (N, n_features_out_)."""
        self.fit()
        if self.layer == "responses":
            return self.classifier.predict_proba(X).astype(np.float32)
        return self.classifier.transform(X)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """The pairs, or "pooled_0" and so on."""
        if self.layer == "responses":
            return np.asarray(self.classifier.classes_, dtype=object)
        width = self.classifier.network_.top.head.in_features
        return np.array([f"pooled_{i}" for i in range(width)], dtype=object)

    @property
    def n_features_out_(self) -> int:
        """Number of features."""
        return len(self.get_feature_names_out())

    def __sklearn_clone__(self):
        return PairResponses(self.classifier, self.layer)

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags
