"""Models, losses, features and comparisons for image emotion recognition.

Submodules load on first use, so that ``import emobook`` stays instant and the command line
does not wait for torch.
"""

import importlib
import os

__version__ = "0.1.0"
__all__ = [
    "claims",
    "datasets",
    "emotions",
    "evaluate",
    "exercise",
    "features",
    "images",
    "losses",
    "models",
    "plots",
    "results",
    "train",
    "votes",
    "widgets",
]

if os.environ.get("EMOBOOK_TRACE"):  # set by the runner: note down what this kernel reads
    from emobook import _trace

    _trace.start(os.environ["EMOBOOK_TRACE"])


def __getattr__(name: str):
    if name in __all__:
        return importlib.import_module(f"emobook.{name}")
    raise AttributeError(f"module 'emobook' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
