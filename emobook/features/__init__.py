"""Features of a picture, one family per module, each a scikit-learn transformer."""

import importlib

_HOME = {
    "Blocks": "local",
    "Colorfulness": "color",
    "ColorHistogram": "color",
    "ColorMeans": "color",
    "ColorNames": "color_names",
    "CraftedFeatures": "crafted",
    "DeepFeatures": "deep",
    "GIST": "gist",
    "HSVPeaks": "color",
    "HueStatistics": "color",
    "IttenContrasts": "color_contrast",
    "PAD": "color",
    "SIFTWords": "local",
    "WangHistograms": "color_fuzzy",
}  # fmt: skip
_MODULES = (
    "backbones",
    "base",
    "color",
    "color_contrast",
    "color_fuzzy",
    "color_names",
    "color_spaces",
    "crafted",
    "deep",
    "gist",
    "local",
    "sift",
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
