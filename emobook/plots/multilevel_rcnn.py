"""Figure of what regions add to the whole picture, in several worlds."""

import numpy as np
from matplotlib.figure import Figure

from emobook.plots.figure import figure, style

COLORS = {
    "found over none": "#0173b2",
    "true over none": "#56b4e9",
    "random over none": "#949494",
    "found over random": "#029e73",
    "true over moved": "#d55e00",
}
_MARKERS = dict(zip(COLORS, "osX^D", strict=True))


def gains(found: dict) -> Figure:
    """A dot with its 95 % interval for each choice of regions, a column of panels for each world.

    found: world → choice, a key of `COLORS` → (gain, low, high), shares; the same choices in every
    world. Above are the gains over none, below those over the same boxes elsewhere, which are
    smaller: each of the two has one scale in all worlds, so that a gain that vanishes is seen to
    vanish.
    """
    choices = [choice for choice in COLORS if choice in next(iter(found.values()))]
    over_none = [choice for choice in choices if choice.endswith("none")]
    parts = [over_none, [choice for choice in choices if choice not in over_none]]
    fig, axes = figure(
        2, len(found), size=(3.1 * len(found), 4.2), sharex="row", sharey="row", squeeze=False,
        height_ratios=[len(part) for part in parts],
    )  # fmt: skip
    with style():
        for row, part in enumerate(parts):
            for axis, world in zip(axes[row], found, strict=True):
                for place, choice in enumerate(part):
                    value, low, high = 100 * np.array(found[world][choice], dtype=float)
                    axis.errorbar(
                        value, place, xerr=[[value - low], [high - value]], fmt=_MARKERS[choice],
                        color=COLORS[choice], capsize=3, label=choice,
                    )  # fmt: skip
                axis.axvline(0, color="#333333", linewidth=1)
                axis.grid(axis="y", visible=False)
                axis.set_xlabel("gain (points)")
            axes[row, 0].set_yticks(range(len(part)), part)
            axes[row, 0].set_ylim(len(part) - 0.5, -0.5)
        for axis, world in zip(axes[0], found, strict=True):
            axis.set_title(world.replace(", ", ",\n"))
    return fig
