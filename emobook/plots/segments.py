"""A picture beside the map of what covers which part of it."""

from itertools import cycle

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emobook import images
from emobook.plots.figure import figure, style

_NONE = "#ffffff"
_TAB = sns.color_palette("tab20").as_hex()
_COLOURS = (*_TAB[::2], *_TAB[1::2])  # ten hues, then the same ones light


def segments(pictures: dict, maps: dict, classes, named: int = 3) -> Figure:
    """Pictures in the first row, below each what covers it, and a legend of what was found.

    pictures: title → picture, as `images.read` takes it. maps: name of a row → for each picture an
    array (H, W) of positions in `classes`, white where it is -1; such as what a segmenter says and
    the truth. Under each map stand the `named` classes that cover most, with their shares of the
    area, so that nobody has to tell colours apart. The legend has the classes of all maps.
    """
    there = np.unique(np.concatenate([np.unique(one) for row in maps.values() for one in row]))
    there = there[there >= 0]
    shades = dict(zip(there.tolist(), cycle(_COLOURS), strict=False))
    palette = ListedColormap([_NONE, *(shades.get(i, _NONE) for i in range(len(classes)))])
    columns, rows = len(pictures), 1 + len(maps)
    size = (2.7 * columns, 2.6 * rows + 0.8)
    fig, axes = figure(rows, columns, size=size, squeeze=False)
    with style():
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
        for axis, (title, picture) in zip(axes[0], pictures.items(), strict=True):
            axis.imshow(images.read(picture))
            axis.set_title(title, size=10)
        for line, (name, row) in zip(axes[1:], maps.items(), strict=True):
            line[0].set_ylabel(name)
            for axis, one in zip(line, row, strict=True):
                axis.imshow(
                    np.asarray(one, dtype=int) + 1, cmap=palette, vmin=0, vmax=len(classes),
                    interpolation="nearest",
                )  # fmt: skip
                axis.set_xlabel(_largest(one, classes, named), size=8)
        handles = [Patch(facecolor=shades[i], edgecolor="#333333", label=classes[i]) for i in there]
        fig.legend(handles=handles, loc="outside lower center", ncols=min(6, max(1, len(handles))))
    return fig


def _largest(one, classes, named: int) -> str:
    """Such as "sky 41 %, water 30 %"."""
    one = np.asarray(one, dtype=int)
    area = np.bincount(one[one >= 0], minlength=len(classes)) / one.size
    most = np.argsort(-area, kind="stable")[:named]
    return ", ".join(f"{classes[i]} {area[i]:.0%}".replace("%", " %") for i in most if area[i] > 0)
