"""The reader's own pictures in a chapter: a button in a live notebook, and a parameter."""

import os
from pathlib import Path

from emobook import images


def button():
    """A button with which to choose pictures, or None where nobody could press it: while the book
    is being made there is no reader, and its pages have no kernel behind them."""
    if os.environ.get("EMOBOOK_TRACE"):  # set by the runner
        return None
    import ipywidgets

    return ipywidgets.FileUpload(
        accept=",".join(images.SUFFIXES), multiple=True, description="Choose pictures"
    )


def chosen(button, image: str = "", stills: dict | None = None) -> dict:
    """The pictures of a chapter: title → PIL image in RGB.

    button: that of `button`, with what was chosen so far. image: a path, or "". stills: title →
    anything that `images.read` takes, shown where nothing else is. Two pictures of one name are
    told apart by a number. Raises ImageError for a picture that cannot be read.
    """
    given = [(Path(image).stem, image)] if image else []
    given += [
        (Path(one["name"]).stem, bytes(one["content"])) for one in getattr(button, "value", ())
    ]
    found = {}
    for title, source in given or (stills or {}).items():
        names = (title, *(f"{title} {n}" for n in range(2, len(given) + 1)))
        found[next(name for name in names if name not in found)] = images.read(source)
    return found
