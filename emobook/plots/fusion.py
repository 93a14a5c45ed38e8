"""Two networks and an object vector joined with weights, as figures: Rapolu et al. (2023)."""

import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from emobook.emotions import MIKELS8
from emobook.evaluate import confusion
from emobook.models.fusion import spread
from emobook.plots.figure import figure, style

BLOCKS = {
    "X1, first network": "#0173b2",
    "X2, second network": "#de8f05",
    "S, objects": "#029e73",
}
"""Name of each block → its colour."""


def distance_shares(blocks, weights) -> np.ndarray:
    """What each block adds to the mean squared distance of two images: (A, K), rows sum to 1.

    blocks: K arrays (N, Dk). weights (A, K), such as `models.fusion.convex` gives; squared
    distances add up over blocks, so the share is (weight · spread)² over the sum of these.
    """
    parts = (np.atleast_2d(weights) * [spread(block) for block in blocks]) ** 2
    return parts / parts.sum(axis=1, keepdims=True)


def one_picture(picture, blocks, shares: dict) -> Figure:
    """A picture, the numbers of its blocks on one scale, and how much each block weighs.

    picture: as `imshow` takes it. blocks: X1, X2 and S of this picture, each (Dk,), drawn from
    their largest number to their smallest. shares: name of a setting → the three shares of the
    squared distance, see `distance_shares`.
    """
    if len(blocks) != len(BLOCKS):
        raise ValueError(f"blocks must be X1, X2 and S, not {len(blocks)} blocks")
    fig, axes = figure(1, 3, size=(11.5, 3.6), width_ratios=[1, 1.6, 1.5])
    with style():
        axes[0].imshow(picture)
        axes[0].axis("off")
        start = 0
        for (name, color), block in zip(BLOCKS.items(), blocks, strict=True):
            block = np.sort(np.asarray(block, dtype=float))[::-1]
            across = start + np.arange(len(block))
            axes[1].fill_between(across, block, color=color, label=name)
            start += len(block)
        axes[1].set(xlabel="numbers of the joined vector, each block sorted", ylabel="value")
        axes[1].legend()
        places, left = np.arange(len(shares)), np.zeros(len(shares))
        for color, part in zip(BLOCKS.values(), np.array([*shares.values()]).T, strict=True):
            axes[2].barh(places, 100 * part, left=100 * left, height=0.6, color=color)
            left = left + part
        axes[2].set_yticks(places, list(shares))
        axes[2].set(xlabel="share of the squared distance (%)", xlim=(0, 100))
        axes[2].invert_yaxis()
        axes[2].grid(axis="y", visible=False)
    return fig


def weight_panels(panels: dict, xlabels, ylabel: str = "accuracy (%)") -> Figure:
    """Accuracy over α or β with bands, a panel for each title, on a common vertical axis.

    panels: title → {"curves": name → weight → Interval, "marks": name → weight → share, "lines":
    name → share}, all in fractions, drawn in percent; marks are single points, lines are level,
    and both may be absent. xlabels: one for each panel. Equal names look alike in all panels.
    """
    kinds = ("curves", "marks", "lines")
    names = {kind: [] for kind in kinds}
    for panel in panels.values():
        for kind in kinds:
            names[kind] += [name for name in panel.get(kind, {}) if name not in names[kind]]
    colors = sns.color_palette("colorblind").as_hex()
    fig, axes = figure(1, len(panels), size=(4.2 * len(panels), 4.4), sharey=True, squeeze=False)
    with style():
        for axis, xlabel, (title, panel) in zip(axes[0], xlabels, panels.items(), strict=True):
            for name, curve in panel.get("curves", {}).items():
                index = names["curves"].index(name)
                value, low, high = 100 * np.array([*curve.values()], dtype=float).T
                look = {"color": colors[index % len(colors)], "label": name}
                axis.plot([*curve], value, marker="osD^v"[index % 5], markersize=4, **look)
                axis.fill_between([*curve], low, high, color=look["color"], alpha=0.15, lw=0)
            for name, points in panel.get("marks", {}).items():
                index = names["marks"].index(name)
                height = 100 * np.array([*points.values()], dtype=float)
                axis.scatter(
                    [*points], height, marker="X*P"[index % 3], s=70, color="#333333",
                    edgecolor="white", zorder=4, label=name,
                )  # fmt: skip
            for name, height in panel.get("lines", {}).items():
                dash = ("--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))[names["lines"].index(name) % 4]
                axis.axhline(100 * height, color="#444444", linestyle=dash, lw=1.5, label=name)
            axis.set(title=title, xlabel=xlabel)
        axes[0][0].set(ylabel=ylabel, ylim=(0, None))
        shown = {}
        for axis in axes[0]:
            handles, labels = axis.get_legend_handles_labels()
            shown |= dict(zip(labels, handles, strict=True))
        fig.legend(shown.values(), shown, loc="outside lower center", ncols=3)
    return fig


def confusion_matrices(truth, predicted: dict, classes=MIKELS8) -> Figure:
    """Several confusion matrices on one scale, two beside each other (Rapolu et al., Fig. 2).

    truth: (N,) positions of the classes. predicted: title → labels (N,) or scores (N, C). Rows
    are true classes and sum to 100 %; cells of 1 % and more have their number.
    """
    down = -(-len(predicted) // 2)
    fig, axes = figure(down, 2, size=(10.4, 4.6 * down), sharex=True, sharey=True, squeeze=False)
    with style():
        for axis, (title, found) in zip(axes.flat, predicted.items(), strict=False):
            counts = confusion(truth, found, len(classes))
            totals = counts.sum(axis=1, keepdims=True)
            shares = 100 * np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
            sns.heatmap(
                shares, ax=axis, vmin=0, vmax=100, cmap="Blues", square=True, cbar=False,
                annot=[[f"{cell:.0f}" if cell >= 1 else "" for cell in row] for row in shares],
                fmt="", annot_kws={"size": 9}, linewidths=0.5, linecolor="white",
                xticklabels=list(classes), yticklabels=list(classes),
            )  # fmt: skip
            axis.set_title(f"{title} (right: {100 * np.trace(counts) / counts.sum():.0f} %)")
            axis.tick_params(axis="x", rotation=45)
            axis.tick_params(axis="y", rotation=0)
            axis.grid(False)
        for axis in axes.flat[len(predicted) :]:
            axis.axis("off")
        for axis in axes[-1]:
            axis.set_xlabel("predicted")
        for axis in axes[:, 0]:
            axis.set_ylabel("true")
    return fig
