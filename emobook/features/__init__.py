"""Features of a picture, one family per module, each a scikit-learn transformer."""

import importlib

_HOME = {
    "ArtPrinciples": "principles",
    "Blocks": "local",
    "ColorHistogram": "color",
    "ColorMeans": "color",
    "ColorNames": "color_names",
    "Colorfulness": "color",
    "CraftedFeatures": "crafted",
    "DeepFeatures": "deep",
    "GIST": "gist",
    "GLCM": "texture",
    "GaborEnergies": "holistic",
    "HOG": "texture",
    "HSVPeaks": "color",
    "HueStatistics": "color",
    "IttenContrasts": "color_contrast",
    "LBP": "texture",
    "Machajdik": "art",
    "PAD": "color",
    "PairBank": "anp",
    "PairResponses": "anp",
    "SIFTWords": "local",
    "SemanticShares": "semantic",
    "Tamura": "texture",
    "WangHistograms": "color_fuzzy",
    "WaveletTexture": "texture",
    "Wiccest": "holistic",
}  # fmt: skip
_MODULES = (
    "anp",
    "art",
    "backbones",
    "base",
    "color",
    "color_contrast",
    "color_fuzzy",
    "color_names",
    "color_spaces",
    "composition",
    "content",
    "crafted",
    "deep",
    "emphasis",
    "gist",
    "holistic",
    "kim",
    "local",
    "movement",
    "principles",
    "semantic",
    "sift",
    "stages",
    "symmetry",
    "texture",
    "weibull",
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
