"""Data sets of images and the emotions that they evoke.

`load(name)` gives a `Dataset`; `names()` lists what there is; `verify.verify(name)` checks a copy,
`extract(archive, folder)` unpacks one.
One set is one module with an `INFO` record and a `load(root=None, **options)` function, and its
name is one of `base.NAMES`.
"""

import importlib
import importlib.util

_HOMES = {
    "Dataset": "base",
    "DatasetError": "lists",
    "DatasetMissing": "lists",
    "Info": "record",
    "extract": "archives",
    "info": "base",
    "load": "base",
    "names": "base",
}
__all__ = ["Dataset", "DatasetError", "DatasetMissing", "Info", "extract", "info", "load", "names"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"emobook.datasets.{_HOMES[name]}"), name)
    if not name.startswith("_") and importlib.util.find_spec(f"emobook.datasets.{name}"):
        return importlib.import_module(f"emobook.datasets.{name}")
    raise AttributeError(f"module 'emobook.datasets' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
