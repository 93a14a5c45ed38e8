"""Data sets of images and the emotions that they evoke.

`load(name)` gives a `Dataset`; `names()` lists what there is; `verify.verify(name)` checks a copy.
One set is one module with an `INFO` record and a `load(root=None, **options)` function.
"""

import importlib

_FROM_BASE = ("Dataset", "DatasetError", "DatasetMissing", "Info", "info", "load", "names")
_MODULES = ("base", "fi", "flickr_ldl", "ldl", "oasis", "synthetic", "twitter_ldl", "verify")

__all__ = [*_FROM_BASE, *_MODULES]


def __getattr__(name: str):
    if name in _FROM_BASE:
        return getattr(importlib.import_module("emobook.datasets.base"), name)
    if name in _MODULES:
        return importlib.import_module(f"emobook.datasets.{name}")
    raise AttributeError(f"module 'emobook.datasets' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
