"""The protocol of the small sets, as figures: answers, components, rates, and what rates cost."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emobook.emotions import MIKELS8
from emobook.plots import panels
from emobook.plots.figure import figure, style

_COLORS = ("#999999", "#ca9161", "#56b4e9", "#de8f05", "#0173b2", "#029e73", "#cc78bc", "#ece133")
_DASHES = ("-", "--", "-.", ":")
_YES, _NO = "#0173b2", "#bbbbbb"


def answers(pictures, scores, truth, titles, classes=MIKELS8) -> Figure:
    """Pictures, and below each what the binary machines say: a bar for each class, yes above 0.

    pictures: K arrays (H, W, 3). scores: (K, C), NaN where a class has no machine. truth: (K,)
    indices of the true class, which is printed in bold. titles: K.
    """
    scores, count = np.asarray(scores, dtype=float), len(pictures)
    fig, axes = figure(
        2, count, size=(3.1 * count, 5.6), squeeze=False, gridspec_kw={"height_ratios": [1, 1.1]}
    )
    with style():
        for k, (top, below) in enumerate(axes.T):
            top.imshow(pictures[k])
            top.set_title(titles[k])
            top.axis("off")
            said = np.nan_to_num(scores[k])
            below.barh(range(len(classes)), said, color=np.where(said > 0, _YES, _NO))
            for row in np.flatnonzero(np.isnan(scores[k])):
                below.text(0, row, " left out", va="center", color="#444444", style="italic")
            below.axvline(0, color="#333333", linewidth=1)
            below.set_yticks(range(len(classes)), classes if k == 0 else [""] * len(classes))
            if k:  # the true class of the others, where only the first has all the names
                below.set_yticks([truth[k]], [classes[truth[k]]])
            for label in below.get_yticklabels():
                label.set_fontweight("bold" if label.get_text() == classes[truth[k]] else "normal")
            below.set(xlabel="score: yes above 0", ylim=(len(classes) - 0.5, -0.5))
            below.grid(axis="y", visible=False)
    return fig


def variance_curves(curves: dict, components: int = 20, share: float = 0.9) -> Figure:
    """How much of the variance the first principal components keep, in percent.

    curves: name → (K,) shares as of `models.small_sets.variance_kept`. Dashed lines show
    `components` and `share`.
    """
    fig, axis = figure(size=(6.6, 5.0))
    with style():
        for k, (name, kept) in enumerate(curves.items()):
            dash = _DASHES[k // len(_COLORS) % len(_DASHES)]
            color = _COLORS[k % len(_COLORS)]
            x = np.arange(1, len(kept) + 1)
            axis.plot(x, 100 * np.asarray(kept), color=color, linestyle=dash, label=name)
        for draw, at in ((axis.axvline, components), (axis.axhline, 100 * share)):
            draw(at, color="#333333", linestyle="--", linewidth=1.2)
        axis.set(xscale="log", ylim=(0, 102), xlabel="principal components")
        axis.set_ylabel("share of the variance (%)")
        ticks = sorted({1, 2, 5, 10, 50, 100, 200, components})
        axis.set_xticks(ticks, [str(tick) for tick in ticks])
        axis.minorticks_off()
        fig.legend(loc="outside upper center", ncols=2)
    return fig


def rate_bars(rates: pd.DataFrame, classes=MIKELS8) -> Figure:
    """True-positive rates of several methods for each class as bars with intervals, a panel for
    each set (You et al. 2016, Figs 5 to 7); a diamond on each bar's place is the true-negative
    rate, which the paper does not show.

    rates: columns set, class, method, metric ("tpr" or "tnr"), value, low, high in percent. A
    class without values reads "left out". classes: their order.
    """
    rates = rates[rates["metric"].isin(["tpr", "tnr"])]
    sets, methods = rates["set"].unique(), rates["method"].unique()
    fig, axes = figure(len(sets), 1, size=(9.6, 0.9 + 2.5 * len(sets)), squeeze=False)
    width = 0.84 / len(methods)
    with style():
        for name, axis in zip(sets, axes[:, 0], strict=True):
            own = rates[rates["set"] == name]
            for k, method in enumerate(methods):
                cells = own[own["method"] == method].set_index(["class", "metric"])
                tpr, tnr = (cells.xs(m, level="metric").reindex(classes) for m in ("tpr", "tnr"))
                x = np.arange(len(classes)) + (k - (len(methods) - 1) / 2) * width
                spread = np.abs(tpr[["low", "high"]].to_numpy().T - tpr["value"].to_numpy())
                axis.bar(
                    x, tpr["value"], 0.92 * width, yerr=spread, color=_COLORS[k], capsize=1.5,
                    error_kw={"linewidth": 1, "ecolor": "#222222"}, label=method,
                )  # fmt: skip
                axis.plot(
                    x, tnr["value"], "D", color="white", markeredgecolor="#111111", markersize=3.6
                )
            values = own.groupby("class", sort=False)["value"].count()
            for place in np.flatnonzero(values.reindex(classes) == 0):
                axis.text(place, 3, "left out", ha="center", rotation=90, style="italic")
            axis.set_xticks(range(len(classes)), classes)
            axis.set(title=name, ylabel="rate (%)", ylim=(0, 103), xlim=(-0.6, len(classes) - 0.4))
            axis.grid(axis="x", visible=False)
        bars = [Patch(color=_COLORS[k], label=method) for k, method in enumerate(methods)]
        (mark,) = axes[0, 0].plot(
            [], [], "D", color="white", markeredgecolor="#111111", label="true-negative rate"
        )
        fig.legend(handles=[*bars, mark], loc="outside upper center", ncols=3)
    return fig


def traded(predictions: dict) -> Figure:
    """Mean true-positive over mean true-negative rate as the threshold of the machines moves.

    predictions: method → result of `evaluate.one_vs_all_predict`. Each class's own scores are cut
    at every level at once, such that a tenth, two tenths … of the other images are accepted; the
    mark is the machines' own threshold, 0. The dashed line is what answers at random reach.
    """
    steps = np.linspace(0, 1, 51)
    fig, axis = figure(size=(6.4, 5.8))
    with style():
        for k, (method, found) in enumerate(predictions.items()):
            curve, at = [], []
            scores, truth = np.stack(found["scores"]), found["truth"].to_numpy()
            for label in np.flatnonzero(~np.isnan(scores).all(axis=0)):
                own, other = scores[truth == label, label], scores[truth != label, label]
                cuts = np.quantile(other, 1 - steps)
                curve.append((own[:, None] > cuts).mean(axis=0))
                at.append(((other <= 0).mean(), (own > 0).mean()))
            axis.plot(
                100 * (1 - steps), 100 * np.mean(curve, axis=0), color=_COLORS[k], label=method
            )
            tnr, tpr = 100 * np.mean(at, axis=0)
            axis.plot(tnr, tpr, "o", color=_COLORS[k], markeredgecolor="#111111", markersize=8)
        axis.plot([0, 100], [100, 0], color="#333333", linestyle="--", linewidth=1.2)
        axis.set(xlabel="other pictures that are rejected (%)", xlim=(0, 101), ylim=(0, 101))
        axis.set_ylabel("pictures of the emotion that are accepted (%)")
        fig.legend(loc="outside upper center", ncols=2)
    return fig


def gain_panels(gains: pd.DataFrame) -> Figure:
    """Gains of several methods with intervals, a panel for each metric, a mark for each set.

    gains: columns set, method, metric, value, low, high in points.
    """
    methods, sets = gains["method"].unique(), gains["set"].unique()
    height = 1.5 + len(methods) * max(0.55, 0.24 * len(sets))
    fig, axes = panels(gains["metric"].unique(), size=(3.4, height))
    with style():
        for metric, axis in axes.items():
            for k, name in enumerate(sets):
                part = gains[(gains["metric"] == metric) & (gains["set"] == name)]
                part = part.set_index("method").reindex(methods)
                spread = np.abs(part[["low", "high"]].to_numpy().T - part["value"].to_numpy())
                y = np.arange(len(methods)) + (k - (len(sets) - 1) / 2) * 0.7 / len(sets)
                axis.errorbar(
                    part["value"], y, xerr=spread, fmt="osD^v"[k % 5], markersize=5, capsize=2,
                    linewidth=1.2, label=name,
                )  # fmt: skip
            axis.axvline(0, color="#333333", linestyle="--", linewidth=1.2)
            axis.set_yticks(range(len(methods)), [m.replace(", ", ",\n") for m in methods])
            axis.set(xlabel="points", ylim=(len(methods) - 0.5, -0.5))
            axis.grid(axis="y", visible=False)
        fig.legend(*axis.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig
