"""The interactive figure that recolours a picture and watches the colour features follow."""

import anywidget
import numpy as np
import traitlets
from skimage import data

from emobook import images
from emobook.features.color import PAD_WEIGHTS
from emobook.features.color_names import COLOUR_NAMES, PROTOTYPES, WIDTH
from emobook.widgets._sources import STYLE, script

_SIDE = 128  # every pixel is stored in the page
_COFFEE = "a red cup of espresso on a red saucer on a brown table"


class RecolorExplorer(anywidget.AnyWidget):
    """Turn the hue of a picture, scale its saturation and brightness, and see its features move.

    Shown beside the picture, before and after: what `features.PAD` makes of it, with the mean
    luminance and saturation (IHLS) that it starts from, and the shares of `features.ColorNames`.
    The names are always by the prototypes, for the learned table may not be passed on. In the
    browser, the recoloured pixels are rounded to 8 bits and the features taken from those.

    image: whatever `images.read` takes; it is reduced to 128 pixels on its longest side and
        becomes part of the page. None is the coffee cup of scikit-image (CC0, by R. Michetti).
    alt: what the picture shows, in words, for those who do not see it.

    Settings (keywords, also attributes of the live widget), all of them about HSV, so that any
    result is a colour: `hue`, degrees in [-180, 180] that are added; `saturation` and
    `brightness` (HSV's value) in [0, 2], factors whose results are cut at 1; `signs`, "valdez" or
    "as-printed" as in `features.PAD`. Another value raises traitlets.TraitError; a picture that
    cannot be read raises ImageError.
    """

    _css = STYLE
    _esm = script("recolor.js")

    hue = traitlets.Float(0.0, min=-180.0, max=180.0).tag(sync=True)
    saturation = traitlets.Float(1.0, min=0.0, max=2.0).tag(sync=True)
    brightness = traitlets.Float(1.0, min=0.0, max=2.0).tag(sync=True)
    signs = traitlets.Enum(tuple(PAD_WEIGHTS), default_value="valdez").tag(sync=True)
    alt = traitlets.Unicode("a picture").tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)  # width, height
    pixels = traitlets.Bytes().tag(sync=True)  # row by row; red, green, blue
    # Lists of pairs, for a page does not keep the order of a dictionary.
    formulas = traitlets.Dict(
        {signs: [[scale, *weights] for scale, weights in by_scale.items()]
         for signs, by_scale in PAD_WEIGHTS.items()},
        read_only=True,
    ).tag(sync=True)  # fmt: skip
    names = traitlets.List(
        [[name, *PROTOTYPES[name]] for name in COLOUR_NAMES], read_only=True
    ).tag(sync=True)
    width = traitlets.Float(float(WIDTH), read_only=True).tag(sync=True)

    def __init__(self, image=None, alt: str | None = None, **settings):
        if image is None:
            image, alt = data.coffee(), alt or _COFFEE
        picture = images.read(image, max_side=_SIDE)
        if alt:
            settings["alt"] = alt
        super().__init__(size=list(picture.size), pixels=np.asarray(picture).tobytes(), **settings)
