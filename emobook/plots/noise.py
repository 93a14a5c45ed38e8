"""Figures of training on wrong labels: whom progressive training leaves out, and what it gains."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, ScalarFormatter

from emobook.models.progressive import drop_probability
from emobook.plots import panels
from emobook.plots.figure import figure, style

GREY, BLUE, ORANGE, GREEN = "#949494", "#0173b2", "#d55e00", "#029e73"


def torn(epochs, probabilities, truth: int, weak: int) -> Figure:
    """Left: the rule, the chance of being left out over the margin. Right: what a network says of
    one picture after so many epochs of training on a wrong label of it.

    epochs: (E,). probabilities: (E, C). truth, weak: positions of what the picture shows and of
    its weak label. Raises ValueError where these are one, or outside 0..C-1.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    size = probabilities.shape[1]
    if truth == weak or not (0 <= truth < size and 0 <= weak < size):
        raise ValueError(f"truth and weak must be two different positions in 0..{size - 1}")
    margin = np.linspace(0, 1, 101)
    chance = drop_probability(np.stack([1 + margin, 1 - margin], axis=1) / 2)
    fig, (left, right) = figure(1, 2, size=(9, 3.5))
    with style():
        left.plot(margin, chance, color=GREY)
        left.set(xlabel="margin between the two highest", ylabel="chance of being left out")
        right.plot(epochs, probabilities[:, truth], "o-", color=BLUE, label="what it shows")
        right.plot(epochs, probabilities[:, weak], "D-", color=ORANGE, label="its weak label")
        chance = drop_probability(probabilities)
        right.plot(epochs, chance, "--", color=GREY, label="chance of being left out")
        right.set(xlabel="epochs of training", ylabel="probability", ylim=(-0.03, 1.03))
        fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


def left_out(epochs, curves: dict) -> Figure:
    """A panel for each kind of noise: over the epochs before the rule is applied, how many pictures
    it leaves out, and how many labels are wrong among these and among those that stay.

    curves: noise → (left out, wrong among these, wrong among the rest), each (E, 3): share, low,
    high; NaN where nobody is left out.
    """
    names = ("pictures left out", "wrong labels among them", "wrong labels among those that stay")
    fig, axes = panels(curves, size=(3.2, 3.2), xlabel="epochs before the rule", ylabel="share")
    with style():
        for noise, parts in curves.items():
            kinds = zip(names, parts, (GREY, ORANGE, BLUE), ("s--", "D-", "o-"), strict=True)
            for name, part, color, line in kinds:
                value, low, high = np.asarray(part, dtype=float).T
                axes[noise].plot(epochs, value, line, color=color, label=name)
                axes[noise].fill_between(epochs, low, high, color=color, alpha=0.2, linewidth=0)
            axes[noise].set(xscale="log", ylim=(-0.03, 1.03))
            axes[noise].xaxis.set_major_locator(FixedLocator(epochs))
            axes[noise].xaxis.set_minor_locator(FixedLocator([]))
            axes[noise].xaxis.set_major_formatter(ScalarFormatter())
        handles = axes[next(iter(curves))].get_legend_handles_labels()
        fig.legend(*handles, loc="outside lower center", ncols=3)
    return fig


def gains(found: dict) -> Figure:
    """A panel for each noise, a dot with its interval for each way of training: what it gains, in
    percentage points, over training on all pictures.

    found: noise → way → (gain, low, high), shares; the same ways in every noise.
    """
    fig, axes = panels(found, size=(2.9, 2.9), xlabel="gain (points)")
    most = 100 * max(np.abs(list(ways.values())).max() for ways in found.values()) + 1
    with style():
        for noise, ways in found.items():
            value, low, high = 100 * np.array(list(ways.values()), dtype=float).T
            place = np.arange(len(ways))
            spread = np.abs(np.stack([value - low, high - value]))
            for k, way in enumerate(ways):
                color = {"PCNN": ORANGE, "wrong ones left out": GREEN}.get(way, BLUE)
                axes[noise].errorbar(
                    value[k], k, xerr=spread[:, [k]], fmt="o", color=color, capsize=3
                )
            axes[noise].axvline(0, color="#333333", linewidth=1)
            axes[noise].set_yticks(place, list(ways))
            axes[noise].set_xlim(-most, most)
            axes[noise].grid(axis="y", visible=False)
        axes[noise].invert_yaxis()
    return fig
