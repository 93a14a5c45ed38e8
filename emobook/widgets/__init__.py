"""Interactive figures that move in the published page, without a kernel, as they do live.

Each is an anywidget: the Python side only names the settings and hands over the constants; the
JavaScript beside this file computes and draws. `tests/test_widgets.py` reads its numbers in a
browser and compares them with `emobook.emotions`, `emobook.losses` and `emobook.features`,
`tests/test_widgets_fusion.py` with `emobook.models.fusion`; `tests/test_widgets_regions.py` and
`tests/test_widgets_plane.py` with what was handed over.
"""

import anywidget
import traitlets

from emobook.emotions import MIKELS8, WHEEL
from emobook.plots import EMOTION_COLORS
from emobook.widgets._sources import STYLE, script

__all__ = [
    "FusionExplorer", "LossExplorer", "PlaneExplorer", "RecolorExplorer", "RegionExplorer",
    "WheelExplorer",
]  # fmt: skip


def __getattr__(name: str):
    if name == "RecolorExplorer":  # on demand: it needs OpenCV and scikit-image
        from emobook.widgets.recolor import RecolorExplorer

        return RecolorExplorer
    if name == "FusionExplorer":
        from emobook.widgets.fusion import FusionExplorer

        return FusionExplorer
    if name == "RegionExplorer":
        from emobook.widgets.regions import RegionExplorer

        return RegionExplorer
    if name == "PlaneExplorer":
        from emobook.widgets.plane import PlaneExplorer

        return PlaneExplorer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Explorer(anywidget.AnyWidget):
    """What the figures of the wheel share: the label, p*, and the emotions in two orders."""

    _css = STYLE

    label = traitlets.Enum(MIKELS8, default_value="excitement").tag(sync=True)
    p = traitlets.Float(0.6, min=0.15, max=1.0).tag(sync=True)
    offset = traitlets.Enum((0, 1), default_value=1).tag(sync=True)
    classes = traitlets.List(list(MIKELS8), read_only=True).tag(sync=True)
    ring = traitlets.List(list(WHEEL), read_only=True).tag(sync=True)
    colors = traitlets.Dict(EMOTION_COLORS, read_only=True).tag(sync=True)


class WheelExplorer(_Explorer):
    """Eq. 4 of Rao et al. (2019): choose the dominant emotion and its share p*, see the rest.

    Settings (keywords, also attributes of the live widget): `label`, one of `MIKELS8`;
    `p` in [0.15, 1]; `offset` 1 (neighbours weigh 1/2) or 0 (neighbours weigh 1). Another value
    raises traitlets.TraitError.
    """

    _esm = script("wheel.js")


class LossExplorer(_Explorer):
    """Eqs 6-8, 10 and 11 of Rao et al. (2019) for one image: target, prediction and loss values.

    Settings: those of `WheelExplorer`, `lam` in [0, 1], `examples` (name → eight logits in the
    order of `MIKELS8`) and `example`, the name that is shown first.
    Raises ValueError where an example does not hold eight numbers.
    """

    _esm = script("losses.js")

    lam = traitlets.Float(0.4, min=0.0, max=1.0).tag(sync=True)
    examples = traitlets.Dict().tag(sync=True)
    example = traitlets.Unicode().tag(sync=True)

    def __init__(self, examples: dict | None = None, **settings):
        examples = _EXAMPLES if examples is None else examples
        examples = {name: [float(value) for value in row] for name, row in examples.items()}
        for name, row in examples.items():
            if len(row) != len(MIKELS8):
                raise ValueError(f"examples[{name!r}] must hold eight logits, one per emotion")
        settings.setdefault("example", next(iter(examples)))
        super().__init__(examples=examples, **settings)


# In the order of MIKELS8: amusement anger awe contentment disgust excitement fear sadness.
_EXAMPLES = {
    "excitement, with neighbours": [0.5, -1.0, 1.5, 0.5, -1.0, 2.5, 1.5, 0.0],
    "excitement, very sure": [0.0, 0.0, 0.0, 0.0, 0.0, 8.0, 0.0, 0.0],
    "undecided": [0.0] * 8,
    "sadness": [-1.0, 0.0, -0.5, 0.0, 0.5, -1.0, 1.0, 3.0],
}
