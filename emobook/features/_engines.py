"""Two ways to run a frozen backbone: ONNX Runtime on a CPU, torch on a GPU.

Both give the same bits for a picture whatever comes before, beside or after it. ONNX Runtime runs
one picture at a time on one thread, and several workers side by side; torch runs batches of one
size, filled up with zeros.
"""

import itertools
import logging
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import joblib
import numpy as np
import torch
from filelock import FileLock
from torch import nn

from emobook import images
from emobook._files import atomic_path, cache_dir, digest
from emobook._threads import one_thread
from emobook.features.backbones import Backbone, prepare

_LAYERS = ("pooled", "logits")  # the second only where there is a head
Layers = dict[str, np.ndarray]  # "pooled": (D,), "logits": (C,)


def default_workers() -> int:
    """Cores that this process may use, or OMP_NUM_THREADS where that is less."""
    cores = joblib.cpu_count()
    limit = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return min(cores, int(limit)) if limit.isdigit() and int(limit) > 0 else cores


def _ahead(pool: ThreadPoolExecutor, function: Callable, items: Iterable, depth: int) -> Iterator:
    """`map` in the pool, in order, with at most `depth` results waiting to be taken."""
    running = deque()
    for item in items:
        running.append(pool.submit(function, item))
        if len(running) >= depth:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


class OnnxEngine:
    """ONNX Runtime on a CPU. The exported file is kept in the cache."""

    def __init__(self, backbone: Backbone):
        self.backbone = backbone
        self.id = f"onnxruntime {version('onnxruntime')}"
        self._session = None

    def rows(self, sources: Iterable, workers: int) -> Iterator[Layers | images.ImageError]:
        """One result per picture, in order; a picture that cannot be read gives its error."""
        self._session = self._session or _session(self.backbone)
        with ThreadPoolExecutor(workers) as pool:
            yield from _ahead(pool, self._one, sources, 4 * workers)

    def _one(self, source):
        try:
            image = images.read(source)
        except images.ImageError as error:
            return error
        return self.forward(prepare(image, self.backbone.recipe)[None])

    def forward(self, batch: np.ndarray) -> Layers:
        """One picture (1, 3, S, S) → its layers."""
        values = self._session.run(None, {"image": batch})
        return {name: value[0] for name, value in zip(_LAYERS, values, strict=False)}


class _AllLayers(nn.Module):
    """What is exported: all layers of one forward pass."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        pooled = self.network.body(image)
        return (pooled,) if self.network.head is None else (pooled, self.network.head(pooled))


def _session(backbone: Backbone):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    versions = [version(name) for name in ("torch", "timm", "torchvision", "onnxscript")]
    key = digest("1", backbone.name, repr(backbone.recipe), backbone.weights_id, *versions)
    path = cache_dir() / "onnx" / f"{backbone.name}-{key[:16]}.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.is_file():
            _export(backbone, path)
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _export(backbone: Backbone, path) -> None:
    size = backbone.recipe.size
    image = torch.zeros(1, 3, size, size)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with atomic_path(path) as temporary, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _AllLayers(backbone.module).eval(),
                (image,),
                temporary,
                input_names=["image"],
                output_names=_LAYERS[: 1 if backbone.module.head is None else 2],
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    finally:
        logger.setLevel(level)


class TorchEngine:
    """torch on any device: half precision and channels last on a GPU, float32 on a CPU."""

    def __init__(self, backbone: Backbone, device: str, batch_size: int):
        self.backbone, self.device, self.batch_size = backbone, torch.device(device), batch_size
        self.id = f"torch {torch.__version__} {self.device.type} {batch_size}"
        self._network = None

    def rows(self, sources: Iterable, workers: int) -> Iterator[Layers | images.ImageError]:
        """One result per picture, in order; a picture that cannot be read gives its error."""
        if self._network is None:
            self._network = _AllLayers(self.backbone.module).eval()
            self._network.to(self.device, memory_format=torch.channels_last)
        size = self.backbone.recipe.size
        with ThreadPoolExecutor(workers) as pool:
            inputs = _ahead(pool, self._input, sources, 2 * self.batch_size)
            while some := list(itertools.islice(inputs, self.batch_size)):
                batch = np.zeros((self.batch_size, 3, size, size), np.float32)
                for place, one in enumerate(some):
                    if not isinstance(one, images.ImageError):
                        batch[place] = one
                layers = self.forward(batch)
                for place, one in enumerate(some):
                    bad = isinstance(one, images.ImageError)
                    yield one if bad else {name: v[place] for name, v in layers.items()}

    def _input(self, source):
        try:
            return prepare(images.read(source), self.backbone.recipe)
        except images.ImageError as error:
            return error

    def forward(self, batch: np.ndarray) -> Layers:
        """A full batch (B, 3, S, S) → its layers, (B, D) and (B, C)."""
        half = self.device.type == "cuda"
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.float16, enabled=half),
            torch.backends.cudnn.flags(deterministic=True, benchmark=False),
            one_thread(),
        ):
            x = torch.from_numpy(batch).to(self.device, memory_format=torch.channels_last)
            outputs = self._network(x)
        values = [value.float().cpu().numpy() for value in outputs]
        return dict(zip(_LAYERS, values, strict=False))
