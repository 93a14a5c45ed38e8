"""The interactive figure of pictures on the plane of valence and arousal."""

import anywidget
import numpy as np
import traitlets

from emobook.features.base import images_of
from emobook.widgets._pictures import embedded
from emobook.widgets._sources import STYLE, script

SHOWN = ("rated", "said")


class PlaneExplorer(anywidget.AnyWidget):
    """Pictures on the plane of valence and arousal: point at one, or step through them, to see it
    with what people say of it and what a model says.

    X: the pictures, as for `features.base.images_of`; those of a table are in its column `path`.
    rated, said: (N, 2) valence and arousal, of people and of a model. names: (N,) what each
    picture is called, in words, for those who cannot see it. scale: lowest and highest rating.
    side: the pictures go into the page as JPEG, at most so many pixels wide and high.
    about: a sentence on where pictures, ratings and predictions come from.

    The pictures stand in the order of what people say of their valence. What a model says is drawn
    at the edge of the plane where it lies beyond; the table has the value itself.

    Settings (keywords, also attributes of the live widget): `picture`, from 0; `shown`, "rated" or
    "said", by whose values the points stand. Another value raises traitlets.TraitError. Raises
    ValueError that names the argument where the data are not as above, ImageError for a picture
    that cannot be read.
    """

    _css = STYLE
    _esm = script("plane.js")

    picture = traitlets.Int(0, min=0).tag(sync=True)
    shown = traitlets.Enum(SHOWN, default_value="rated").tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    scale = traitlets.List(traitlets.Float()).tag(sync=True)
    pictures = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(self, X, rated, said, names, *, scale=(1, 7), side: int = 144, **settings):
        sources = images_of(X)
        if not len(sources):
            raise ValueError("X must hold at least one picture")
        if len(names) != len(sources):
            raise ValueError(f"names must hold one value per picture, {len(sources)}")
        rated = _values("rated", rated, len(sources))
        said = _values("said", said, len(sources))
        if len(scale) != 2 or not scale[0] < scale[1]:
            raise ValueError(f"scale must be (lowest, highest), not {scale!r}")
        order = np.argsort(rated[:, 0], kind="stable")
        pictures = [
            {
                "name": str(list(names)[i]),
                "image": embedded(sources[i], side)[0],
                "rated": rated[i].tolist(),
                "said": said[i].tolist(),
            }
            for i in order
        ]
        super().__init__(pictures=pictures, scale=[float(end) for end in scale], **settings)

    @traitlets.validate("picture")
    def _there(self, proposal) -> int:
        if proposal["value"] >= len(self.pictures):
            raise traitlets.TraitError(
                f"picture must be from 0 to {len(self.pictures) - 1}, not {proposal['value']}"
            )
        return proposal["value"]


def _values(argument: str, given, count: int) -> np.ndarray:
    try:
        given = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{argument} must hold numbers") from None
    if given.shape != (count, 2) or not np.isfinite(given).all():
        raise ValueError(f"{argument} must hold valence and arousal of each picture, ({count}, 2)")
    return given
