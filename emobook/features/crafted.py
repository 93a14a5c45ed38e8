"""What the hand-crafted features share: one picture at a time, cached, on several cores."""

import contextlib
import itertools
from importlib.metadata import version

import cv2
import joblib
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from threadpoolctl import threadpool_limits

from emobook import images
from emobook._bar import progress
from emobook._files import cache_dir, digest
from emobook.features._store import FeatureStore
from emobook.features.base import content_key, images_of, unreadable
from emobook.images import ImageError

_RUNTIME = ("n_jobs", "cache", "progress")  # parameters that change no value
_KEPT_AT_ONCE = 64  # pictures that a killed run may lose
_READ_AT_ONCE = 500  # pictures whose rows are in memory together, before `then`
_LIBRARIES = ("numpy", "pillow", "scikit-image", "scipy", "opencv-python-headless", "pywavelets")


@contextlib.contextmanager
def one_thread():
    """OpenCV and linear algebra on one thread: sums, and so bits, depend on how many share them,
    and pictures are what is spread over the cores."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(before)


class CraftedFeatures(TransformerMixin, BaseEstimator):
    """Base of a feature that a formula takes from one picture.

    A subclass states its dimension, units and source, and defines

    - `_describe(image)`: PIL image, mode RGB → numbers (n_features_out_,), finite for any picture,
      also of one pixel or one colour;
    - `_names()`: a name for each of them;
    - `_version`: a number that is raised when the values change, so that cached ones are not used.

    Its parameters are its own and the three of this class:

    n_jobs: processes of joblib; None is 1, or what `joblib.parallel_config` says. No value
        depends on it.
    cache: keep features in `$EMOBOOK_CACHE/features`, keyed by the picture's content, the
        parameters and the versions of the libraries.
    progress: show a bar with the time left for long work.

    The transformer has no state: `transform` works without `fit`. X is whatever
    `features.base.images_of` takes; of a table only the column `path` is read.
    """

    _version = 1

    def __init__(self, *, n_jobs=None, cache=True, progress=True):
        self.n_jobs = n_jobs
        self.cache = cache
        self.progress = progress

    def _describe(self, image) -> np.ndarray:
        raise NotImplementedError

    def _names(self) -> list[str]:
        raise NotImplementedError

    def _identity(self) -> str:
        """What else the values depend on, besides the parameters: the digest of a table, say."""
        return ""

    def _check(self) -> None:
        """Raise ValueError, in one sentence that names the parameter, where one cannot be used."""

    def fit(self, X=None, y=None):
        """Check the parameters. Raises ValueError."""
        self._check()
        return self

    def transform(self, X) -> np.ndarray:
        """Features of the pictures in X: float32 (N, n_features_out_), finite.

        Raises ImageError that names every picture that cannot be read, after all others were
        computed and cached.
        """
        rows = self._rows(X)
        return np.array(rows, np.float32).reshape(len(rows), self.n_features_out_)

    def _rows(self, X, then=lambda row: row) -> list[np.ndarray]:
        """`then(row)` of each picture's row: where rows are long, only its result is held."""
        self._check()
        keys, wanted, failed = [], {}, []
        for source in images_of(X):
            try:
                keys.append(content_key(source))
                wanted.setdefault(keys[-1], source)
            except ImageError as error:
                failed.append(error)
        store = self._store() if self.cache else None
        known = _stored(store, wanted, then) if store else {}
        missing = [key for key in wanted if key not in known]
        with progress(
            label=type(self).__name__, total=len(missing), unit="image", show=self.progress
        ) as bar:
            for share in store.shares(missing) if store else [missing]:
                if store:  # another process may have come first
                    known |= _stored(store, share, then)
                todo = [key for key in share if key not in known]
                bar.update(len(share) - len(todo))
                found = joblib.Parallel(self.n_jobs, return_as="generator")(
                    joblib.delayed(self._of)(wanted[key]) for key in todo
                )
                rows = zip(todo, found, strict=True)
                while some := list(itertools.islice(rows, _KEPT_AT_ONCE)):
                    failed += [row for _, row in some if isinstance(row, ImageError)]
                    good = {key: row for key, row in some if not isinstance(row, ImageError)}
                    if store:
                        store.put((key, {"values": row}) for key, row in good.items())
                    known |= {key: then(row) for key, row in good.items()}
                    bar.update(len(some))
        if failed:
            raise unreadable(failed)
        return [known[key] for key in keys]

    def _of(self, source):
        try:
            image = images.read(source)
        except ImageError as error:
            return error
        with one_thread():
            row = np.asarray(self._describe(image), dtype=np.float32)
        if row.shape != (self.n_features_out_,) or not np.isfinite(row).all():
            raise RuntimeError(
                f"{type(self).__name__} gave {row.shape} with {(~np.isfinite(row)).sum()} values "
                f"that are not finite for a picture of {image.size}: this is a fault of ours"
            )
        return row

    def _store(self) -> FeatureStore:
        own = {k: v for k, v in self.get_params(deep=False).items() if k not in _RUNTIME}
        made_by = (repr(sorted(own.items())), str(self._version), self._identity())
        made_by += tuple(f"{library} {version(library)}" for library in _LIBRARIES)
        name = type(self).__name__
        file = f"{name}-{digest(name, *made_by)[:16]}.sqlite"
        return FeatureStore(cache_dir() / "features" / file)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names, one for each feature."""
        return np.array(self._names(), dtype=object)

    @property
    def n_features_out_(self) -> int:
        """Number of features."""
        return len(self._names())

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags


def _stored(store: FeatureStore, keys, then) -> dict:
    keys, found = iter(keys), {}
    while some := list(itertools.islice(keys, _READ_AT_ONCE)):
        found |= {key: then(row) for key, row in store.get(some, "values").items()}
    return found
