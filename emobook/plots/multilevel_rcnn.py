"""Figure of what regions add to the whole picture, in several worlds."""

import numpy as np
from matplotlib.figure import Figure

from emobook.plots import panels
from emobook.plots.figure import style

COLORS = ("#0173b2", "#56b4e9", "#949494", "#029e73", "#d55e00")


def gains(found: dict, xlabel: str = "gain (points)") -> Figure:
    """A panel for each world, a dot with its 95 % interval for each choice of regions.

    found: world → choice → (gain, low, high), shares; the same choices in every world, at most
    five. All panels have one scale, so that a gain that vanishes is seen to vanish.
    """
    fig, axes = panels(found, size=(3.1, 2.8), xlabel=xlabel)
    reach = 100 * np.array([list(choices.values()) for choices in found.values()], dtype=float)
    room = 0.05 * (max(reach.max(), 0) - min(reach.min(), 0)) + 0.5
    with style():
        for world, choices in found.items():
            for place, (choice, gain) in enumerate(choices.items()):
                value, low, high = 100 * np.array(gain, dtype=float)
                axes[world].errorbar(
                    value, place, xerr=[[value - low], [high - value]], fmt="osX^D"[place],
                    color=COLORS[place], capsize=3, label=choice,
                )  # fmt: skip
            axes[world].axvline(0, color="#333333", linewidth=1)
            axes[world].set_yticks(range(len(choices)), list(choices))
            axes[world].set_xlim(min(reach.min(), 0) - room, max(reach.max(), 0) + room)
            axes[world].grid(axis="y", visible=False)
        axes[world].invert_yaxis()
    return fig
