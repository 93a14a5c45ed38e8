"""Features of a network that was trained on ImageNet and is left as it is."""

import functools
import itertools
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin

from emobook._bar import progress
from emobook._files import cache_dir, digest
from emobook.features import backbones
from emobook.features._engines import OnnxEngine, TorchEngine, default_workers
from emobook.features._store import FeatureStore
from emobook.features.base import content_key, images_of, unreadable
from emobook.images import ImageError

_KEPT_AT_ONCE = 64  # pictures that a killed run may lose
_LAYERS = ("pooled", "logits", "probabilities")


class DeepFeatures(TransformerMixin, BaseEstimator):
    """Activations of a frozen backbone, computed once per picture and cached.

    Parameters
    ----------
    backbone: a name that `backbones.load` takes.
    layer: "pooled" (what the last linear layer sees; float32, 1280 for EfficientNet-Lite),
        "logits" or "probabilities" (what it says; 1000 ImageNet classes).
    pretrained: False draws the weights from a fixed seed (for a check of the machinery).
    engine: "onnx" (CPU only), "torch", or "auto": torch on a GPU, ONNX Runtime otherwise. They
        agree to 1e-3 in float32; on a GPU half precision is used.
    device: "cpu", "cuda", "cuda:1", …; "auto" takes a GPU where there is one.
    batch_size: pictures per forward pass of the torch engine (ONNX Runtime takes one per worker).
    workers: threads that decode, and run ONNX Runtime; None takes the cores that this process may
        use, or OMP_NUM_THREADS where that is less. It does not change a single bit.
    cache: keep features in `$EMOBOOK_CACHE/features`, keyed by the picture's content, the weights,
        the recipe and the engine, so that no notebook and no process computes them again.
    progress: show a bar with the time left for long work.

    The transformer has no state: `fit` checks the parameters, and `transform` works without it.
    X is whatever `features.base.images_of` takes; of a table only the column `path` is read.
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        layer="pooled",
        *,
        pretrained=True,
        engine="auto",
        device="auto",
        batch_size=32,
        workers=None,
        cache=True,
        progress=True,
    ):
        self.backbone = backbone
        self.layer = layer
        self.pretrained = pretrained
        self.engine = engine
        self.device = device
        self.batch_size = batch_size
        self.workers = workers
        self.cache = cache
        self.progress = progress

    def fit(self, X, y=None):
        """Check the parameters. Raises ValueError, or WeightsError where weights cannot be had."""
        self._engine()
        return self

    def transform(self, X) -> np.ndarray:
        """Features of the pictures in X: float32 (N, n_features_out_).

        Raises ImageError that names every picture that cannot be read, after all others were
        computed and cached.
        """
        engine = self._engine()
        sources = images_of(X)
        workers = default_workers() if self.workers is None else self.workers
        with ThreadPoolExecutor(workers) as pool:
            keys = list(pool.map(_key, sources))
        failed = [key for key in keys if isinstance(key, ImageError)]
        wanted = {k: source for k, source in zip(keys, sources, strict=True) if isinstance(k, str)}
        known = self._known(engine, wanted, workers, failed)
        if failed:
            raise unreadable(failed)
        values = np.empty((len(keys), self.n_features_out_), np.float32)
        for row, key in enumerate(keys):
            values[row] = known[key]
        return _softmax(values) if self.layer == "probabilities" else values

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names such as "tf_efficientnet_lite0_pooled_0"."""
        stem = f"{self.backbone}_{self.layer}"
        return np.array([f"{stem}_{i}" for i in range(self.n_features_out_)], dtype=object)

    @property
    def n_features_out_(self) -> int:
        """Number of features."""
        backbone = self._engine().backbone
        return backbone.feature_dim if self.layer == "pooled" else backbone.num_classes

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags

    def _engine(self):
        if self.layer not in _LAYERS:
            raise ValueError(f"layer must be one of {', '.join(_LAYERS)}, not {self.layer!r}")
        if self.engine not in ("auto", "onnx", "torch"):
            raise ValueError(f"engine must be 'auto', 'onnx' or 'torch', not {self.engine!r}")
        for name in ("batch_size", "workers"):
            value = getattr(self, name)
            if not ((isinstance(value, int) and value > 0) or (name, value) == ("workers", None)):
                raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
        device = self.device
        if device == "auto":
            gpu = self.engine != "onnx" and torch.cuda.is_available()
            device = "cuda" if gpu else "cpu"
        if self.engine == "onnx" and device != "cpu":
            raise ValueError(f"engine='onnx' runs on device='cpu' only, not on {device!r}")
        try:
            absent = torch.device(device).type == "cuda" and not torch.cuda.is_available()
        except RuntimeError:
            raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', not {device!r}") from None
        if absent:
            raise ValueError(f"device={device!r} needs a GPU, and there is none: set device='auto'")
        kind = "onnx" if self.engine == "auto" and device == "cpu" else self.engine
        batch_size = None if kind == "onnx" else self.batch_size
        engine = _engine(self.backbone, self.pretrained, kind, device, batch_size)
        if self.layer != "pooled" and not engine.backbone.num_classes:
            raise ValueError(f"backbone {self.backbone!r} has no classes: set layer='pooled'")
        return engine

    def _known(self, engine, wanted: dict, workers: int, failed: list) -> dict[str, np.ndarray]:
        """The layer of all pictures in `wanted` (key → source), from the cache or computed.

        Errors of pictures that cannot be read are added to `failed`.
        """
        layer = "pooled" if self.layer == "pooled" else "logits"
        store = _store(engine) if self.cache else None
        known = store.get(wanted, layer) if store else {}
        missing = [key for key in wanted if key not in known]
        name = f"{self.backbone} features"
        with progress(label=name, total=len(missing), unit="image", show=self.progress) as bar:
            for share in store.shares(missing) if store else [missing]:
                if store:  # another process may have come first
                    known |= store.get(share, layer)
                    todo = [key for key in share if key not in known]
                    bar.update(len(share) - len(todo))
                else:
                    todo = share
                rows = zip(todo, engine.rows([wanted[key] for key in todo], workers), strict=True)
                while some := list(itertools.islice(rows, _KEPT_AT_ONCE)):
                    good = [(key, row) for key, row in some if not isinstance(row, ImageError)]
                    failed += [row for _, row in some if isinstance(row, ImageError)]
                    if store:
                        store.put(good)
                    known.update((key, row[layer]) for key, row in good)
                    bar.update(len(some))
        return known


def _key(source) -> str | ImageError:
    try:
        return content_key(source)
    except ImageError as error:
        return error


@functools.lru_cache(maxsize=2)
def _engine(name, pretrained, kind, device, batch_size):
    """The engine with its loaded network, which estimators of the same parameters share."""
    backbone = backbones.load(name, pretrained=pretrained)
    return OnnxEngine(backbone) if kind == "onnx" else TorchEngine(backbone, device, batch_size)


def _store(engine) -> FeatureStore:
    """The store of all that this engine computes; another decoder or weight means another one."""
    backbone = engine.backbone
    made_by = ("1", repr(backbone.recipe), backbone.weights_id, engine.id, version("pillow"))
    name = f"{backbone.name}-{digest(backbone.name, *made_by)[:16]}.sqlite"
    return FeatureStore(cache_dir() / "features" / name)


def _softmax(logits: np.ndarray) -> np.ndarray:
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)
