"""What a result depends on, as digests: the content of data, the source of code, the versions."""

import ast
import functools
import importlib.metadata
import importlib.util
import inspect
import os
import sys

import numpy as np
import pandas as pd
import torch
from PIL import Image

from emobook._files import digest
from emobook.features.base import content_key

LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "torchvision", "timm", "onnxruntime")
BOOKKEEPING = ("id", "split")  # columns of a table that say nothing about the images
FILES = ("path", "mask_path")  # columns that stand for the content of a file


def content(value, files: bool = False) -> str:
    """The digest of a value; with `files`, strings and paths are the files that they name."""
    if isinstance(value, pd.DataFrame):
        columns = [name for name in value.columns if name not in BOOKKEEPING]
        parts = [f"{name} {content(value[name].to_numpy(), name in FILES)}" for name in columns]
        return digest("table", *parts)
    if isinstance(value, pd.Series):
        return content(value.to_numpy(), files)
    if isinstance(value, torch.Tensor):
        return content(value.detach().cpu().numpy(), files)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        data = np.ascontiguousarray(value)
        return digest("array", str(value.dtype), str(value.shape), data.tobytes())
    if isinstance(value, np.ndarray | list | tuple):
        return digest("list", *(content(part, files) for part in value))
    if isinstance(value, dict):
        return digest("dict", *(f"{name} {content(value[name])}" for name in sorted(value)))
    if (files and isinstance(value, str | os.PathLike)) or isinstance(value, Image.Image):
        return content_key(value)
    if value is None or isinstance(value, str | bool | int | float | np.generic):
        return digest("value", type(value).__name__, repr(value))
    raise ValueError(
        f"X, y and fit parameters may hold tables, arrays, images, numbers and text, "
        f"not {type(value).__name__}"
    )


def source(part) -> str:
    """Digest of the code behind a class or function: of its module and what that imports from
    emobook; of its own text in a notebook or script; of nothing in a library with a version."""
    package = part.__module__.partition(".")[0]
    if package == "emobook":
        return digest(*(_text(name) for name in sorted(_imports(part.__module__))))
    if hasattr(sys.modules.get(package), "__version__"):
        return f"{package} {sys.modules[package].__version__}"
    return digest(inspect.getsource(part))


def _imports(name: str, found: set[str] | None = None) -> set[str]:
    """The emobook modules that module `name` reaches by import statements, itself included."""
    found = set() if found is None else found
    if name in found or _text(name) is None:
        return found
    found.add(name)
    for node in ast.walk(ast.parse(_text(name))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            reached = [f"{node.module}.{alias.name}" for alias in node.names]
            # A package from which only its modules are taken is no more than their folder: to
            # register one more method does not change those that are there.
            if not all(map(_text, reached)):
                reached.append(node.module)
        elif isinstance(node, ast.Import):
            reached = [alias.name for alias in node.names]
        else:
            continue
        for module in reached:
            if module.startswith("emobook."):
                _imports(module, found)
    return found


@functools.cache
def _text(name: str) -> str | None:
    """Source of a module, or None where `name` is no module (but a name inside of one)."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    with open(spec.origin, encoding="utf-8") as file:
        return file.read()


@functools.cache
def versions() -> str:
    """The versions of the libraries that numbers depend on, as one line."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{name} absent")
    return ", ".join(found)
