"""Text of the browser files that lie beside this package's modules."""

from pathlib import Path

_HERE = Path(__file__).parent


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def script(name: str) -> str:
    """A figure's JavaScript: what all figures share, then its own."""
    return "\n".join((_text("common.js"), _text(name)))


STYLE = _text("card.css")
"""The look of the card on which each figure stands."""
