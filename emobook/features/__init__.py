"""Features of a picture, one family per module, each a scikit-learn transformer."""

import importlib

_HOME = {
    "CraftedFeatures": "crafted",
    "DeepFeatures": "deep",
    "GIST": "gist",
}  # fmt: skip
_MODULES = (
    "backbones",
    "base",
    "crafted",
    "deep",
    "gist",
)  # fmt: skip

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
