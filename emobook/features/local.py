"""Bags of visual words: of whole pictures (Siersdorfer et al. 2010), of blocks (Rao et al. 2016).

k-means over the SIFT descriptors of training pictures makes a vocabulary of visual words (Sivic &
Zisserman 2003); a picture, or a block of it, is the histogram of its words. A picture without
descriptors (one pixel, one colour, smaller than a patch) has a histogram of zeros.
"""

import zlib

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import NMF
from sklearn.metrics import pairwise_distances_argmin
from sklearn.pipeline import FeatureUnion
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from emobook.features.base import images_of
from emobook.features.sift import SIFTDescriptors, check_whole

_TOPIC_BLOCKS = 5_000  # blocks of the training pictures that topics are learnt from


class _Vocabulary(TransformerMixin, BaseEstimator):
    """Learns visual words; its subclasses say what is counted."""

    def fit(self, X, y=None):
        """Learn the vocabulary from the pictures in X; y is not looked at.

        Raises ValueError for parameters that cannot be used and for pictures with fewer
        descriptors than words, ImageError for pictures that cannot be read.
        """
        check_whole("words", [self.words], 2)
        check_whole("sample", [self.sample], self.words)
        X = images_of(X)
        share = -(-self.sample // max(1, len(X)))
        reader = self._reader()
        drawn = reader._rows(X, lambda row: _draw(reader.unpack(row)[0], share, self.seed))
        descriptors = np.concatenate([np.empty((0, 128)), *drawn]).astype(np.float32)
        if len(descriptors) < self.words:
            raise ValueError(
                f"words must be at most {len(descriptors)}, the number of descriptors in these "
                f"{len(X)} pictures, not {self.words}: give more pictures or ask for fewer words"
            )
        with threadpool_limits(1):  # sums, and so bits, depend on how many threads share them
            means = MiniBatchKMeans(
                self.words, batch_size=4096, n_init=1, compute_labels=False, random_state=self.seed
            ).fit(descriptors)
        self.vocabulary_ = means.cluster_centers_
        return self

    def _reader(self) -> SIFTDescriptors:
        return SIFTDescriptors(
            self.sampling, self.scales, self.step, self.max_side,
            getattr(self, "grids", ()), getattr(self, "segments", ()),
            n_jobs=self.n_jobs, cache=self.cache, progress=self.progress,
        )  # fmt: skip

    def _words(self, descriptors) -> np.ndarray:
        if not len(descriptors):
            return np.zeros(0, np.intp)
        return pairwise_distances_argmin(descriptors.astype(np.float32), self.vocabulary_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class SIFTWords(_Vocabulary):
    """Bag of visual words of the whole picture: (N, words), each row sums to 1, or is zero.

    As in Siersdorfer et al. (2010) and the row "SIFT" of Rapolu et al. (2023, Table 3), whose
    vocabularies and sampling are not stated: ours is "-style".

    words: size of the vocabulary. sampling, scales, step, max_side: see `patches`; the default,
        patches of 16, 32 and 64 pixels overlapping by half, makes about 900 of a photo.
    sample: about how many descriptors of the training pictures k-means sees, as many of each
        picture; which ones depends on `seed` and on the picture, not on the others.
    seed: of that draw and of k-means. The same pictures in the same order give the same words.

    X, n_jobs, cache and progress are as in `CraftedFeatures`; descriptors are cached by content,
    so that another vocabulary costs no more than reading them. After `fit`: `vocabulary_`
    (words, 128).
    """

    def __init__(
        self, words=200, sampling="dense", scales=(16, 32, 64), step=0.5, max_side=256,
        sample=50_000, seed=0, *, n_jobs=None, cache=True, progress=True,
    ):  # fmt: skip
        self.words = words
        self.sampling = sampling
        self.scales = scales
        self.step = step
        self.max_side = max_side
        self.sample = sample
        self.seed = seed
        self.n_jobs = n_jobs
        self.cache = cache
        self.progress = progress

    def transform(self, X) -> np.ndarray:
        """Shares of the words: float32 (N, words). Raises ImageError."""
        check_is_fitted(self)
        reader = self._reader()

        def histogram(row):
            counts = np.bincount(self._words(reader.unpack(row)[0]), minlength=self.words)
            return (counts / max(1, counts.sum())).astype(np.float32)

        rows = reader._rows(X, histogram)
        return np.array(rows, np.float32).reshape(len(rows), self.words)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names, one for each word."""
        return np.array([f"word {i}" for i in range(self.words)], dtype=object)

    @property
    def n_features_out_(self) -> int:
        """Number of words."""
        return self.words


class Blocks(_Vocabulary):
    """Multi-scale blocks as bags of instances, in the style of Rao et al. (ICIP 2016).

    Rao et al. cut a picture into blocks at several scales, by a pyramid of rectangles and by SLIC
    superpixels, describe each block by its SIFT words, these by the topics of pLSA, and let
    multiple-instance learning find the blocks that carry the emotion. Numbers of blocks, words
    and topics are ours, for theirs are not known to us.

    `transform` gives a list of one array (blocks, d) per picture, float32; its rows are in the
    order of the numbers in `sift.block_maps(image, grids=…, segments=…, max_side=…)`. A block
    without descriptors is a row of zeros. With topics=None d = words and a row holds the shares
    of the words; else d = topics and a row holds P(topic | block). Either sums to 1.

    grids, segments: see `sift.block_maps`; the default makes 21 rectangles and about 40
        superpixels.
    topics: number of pLSA's topics. They are computed as non-negative matrix factorisation under
        the Kullback-Leibler divergence, which has the same optimum (Gaussier & Goutte 2005), from
        at most about 5,000 blocks drawn as `sample` is.

    The other parameters are those of `SIFTWords`. After `fit`: `vocabulary_` (words, 128) and,
    with topics, `topics_`, a scikit-learn NMF with components (topics, words).
    """

    def __init__(
        self, words=200, grids=(1, 2, 4), segments=(16, 64), topics=None, sampling="dense",
        scales=(16, 32, 64), step=0.5, max_side=256, sample=50_000, seed=0, *,
        n_jobs=None, cache=True, progress=True,
    ):  # fmt: skip
        self.words = words
        self.grids = grids
        self.segments = segments
        self.topics = topics
        self.sampling = sampling
        self.scales = scales
        self.step = step
        self.max_side = max_side
        self.sample = sample
        self.seed = seed
        self.n_jobs = n_jobs
        self.cache = cache
        self.progress = progress

    def fit(self, X, y=None):
        """Learn words and topics from the pictures in X; y is not looked at. Raises as
        `SIFTWords.fit`, and ValueError where there is no block at all."""
        if not self.grids and not self.segments:
            raise ValueError("grids and segments must not both be empty: there would be no block")
        if self.topics is not None:
            check_whole("topics", [self.topics], 2)
        X = images_of(X)
        super().fit(X)
        if self.topics is not None:
            share = -(-_TOPIC_BLOCKS // len(X))
            counts = self._reader()._rows(X, lambda row: _draw(self._counts(row), share, self.seed))
            counts = np.concatenate(counts)
            with threadpool_limits(1):
                self.topics_ = NMF(
                    self.topics, beta_loss="kullback-leibler", solver="mu", init="random",
                    max_iter=500, random_state=self.seed,
                ).fit(counts[counts.any(axis=1)])  # fmt: skip
        return self

    def transform(self, X) -> list[np.ndarray]:
        """One array (blocks, d) per picture. Raises ImageError."""
        check_is_fitted(self)
        return self._reader()._rows(X, self._instances)

    def _counts(self, row) -> np.ndarray:
        """How often each word occurs in each block: (blocks, words)."""
        descriptors, blocks, count = self._reader().unpack(row)
        cells = blocks * self.words + self._words(descriptors)[:, None]
        return np.bincount(cells.ravel(), minlength=count * self.words).reshape(count, -1)

    def _instances(self, row) -> np.ndarray:
        rows = self._counts(row).astype(np.float64)
        if self.topics is not None and rows.any():
            some = rows.any(axis=1)
            weights = np.zeros((len(rows), self.topics))
            # Topics sum to 1 once their scale is moved into the weights.
            weights[some] = self.topics_.transform(rows[some]) * self.topics_.components_.sum(1)
            rows = weights
        elif self.topics is not None:
            rows = np.zeros((len(rows), self.topics))
        return (rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-12)).astype(np.float32)


def color_and_words(grid: int = 1, words: int = 200, **options) -> FeatureUnion:
    """Colour histogram beside visual words: 64 grid² + words numbers.

    grid=1 is GCH+BoW and grid=4 LCH+BoW of Siersdorfer et al. (2010). `options` go to `SIFTWords`.
    """
    from emobook.features.color import ColorHistogram

    shared = {k: v for k, v in options.items() if k in ("n_jobs", "cache", "progress")}
    return FeatureUnion(
        [
            ("color", ColorHistogram(grid=grid, **shared)),
            ("words", SIFTWords(words, **options)),
        ]
    )


def _draw(rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most `most` of the rows, by a die that knows nothing but them: which picture is read
    first depends on what the cache holds."""
    if len(rows) <= most:
        return rows
    dice = np.random.default_rng([seed, zlib.crc32(rows.tobytes())])
    return rows[np.sort(dice.choice(len(rows), most, replace=False))]
