"""Figures in the papers' forms: confusion matrices, curves with bands, the wheel, the circumplex.

Every function returns a matplotlib `Figure` on an opaque white background and shows nothing;
`show(fig, alt)` puts it on the page together with its text alternative. The figures do not pass
through pyplot: no global setting changes, and no figure stays open.
"""

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from emobook.emotions import MIKELS8, WHEEL
from emobook.evaluate import confusion, predicted_labels
from emobook.plots.figure import figure, png, show, style

__all__ = [
    "EMOTION_COLORS",
    "SKETCHED_PLACES",
    "bars_with_intervals",
    "circumplex",
    "confusion_matrix",
    "curve_with_band",
    "figure",
    "panels",
    "png",
    "show",
    "style",
    "wheel",
]

# Bright for the positive, dark for the negative emotions, and every pair well apart also for
# readers who see no red or no green (the tests compute how far).
EMOTION_COLORS = {
    "amusement": "#d55e00",
    "anger": "#7a0403",
    "awe": "#b3c7ff",
    "contentment": "#44aa99",
    "disgust": "#555555",
    "excitement": "#ece133",
    "fear": "#4b0055",
    "sadness": "#0173b2",
}

# Where the eight words lie on the circumplex: a sketch of ours (valence, arousal in [-1, 1]) in
# the spirit of Russell (1980), for drawing only. It is not a measurement; pass `places` for one.
SKETCHED_PLACES = {
    "amusement": (0.75, 0.30),
    "anger": (-0.70, 0.70),
    "awe": (0.45, 0.45),
    "contentment": (0.75, -0.50),
    "disgust": (-0.75, 0.30),
    "excitement": (0.65, 0.75),
    "fear": (-0.45, 0.80),
    "sadness": (-0.70, -0.45),
}


def confusion_matrix(truth, predicted, classes=MIKELS8) -> Figure:
    """Confusion matrix: rows are the true classes and sum to 1, each cell with its count.

    `truth`: (N,) class indices. `predicted`: (N,) class indices, or (N, C) scores whose maximum
    is taken. `classes`: C names. A class without images has an empty row.
    Raises ValueError on other shapes, and on indices outside `classes`.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    size = len(classes)
    if predicted.ndim == 2 and predicted.shape[1] == size:
        predicted = predicted_labels(predicted)
    if truth.ndim != 1 or truth.shape != predicted.shape or not len(truth):
        raise ValueError("predicted must hold one class, or one score per class, for each truth")
    for name, values in (("truth", truth), ("predicted", predicted)):
        whole = np.issubdtype(values.dtype, np.integer)
        if not whole or values.min() < 0 or values.max() >= size:
            raise ValueError(f"{name} must hold class indices from 0 to {size - 1}")
    counts = confusion(truth, predicted, size)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    text = [
        [f"{share:.2f}\n{count}" if total else "" for share, count in zip(*row, strict=True)]
        for total, *row in zip(totals[:, 0], shares, counts, strict=True)
    ]
    fig, axes = figure(size=(1.2 + 0.72 * size, 0.9 + 0.62 * size))
    with style():
        sns.heatmap(
            shares,
            ax=axes,
            vmin=0,
            vmax=1,
            cmap="Blues",
            annot=text,
            fmt="",
            annot_kws={"size": 8},
            linewidths=0.5,
            linecolor="white",
            xticklabels=list(classes),
            yticklabels=[f"{c} ({n})" for c, n in zip(classes, totals[:, 0], strict=True)],
            cbar_kws={"label": "share of the true class", "shrink": 0.8},
        )
        axes.set(xlabel="predicted", ylabel="true (images)")
        axes.tick_params(axis="x", rotation=45)
        axes.tick_params(axis="y", rotation=0)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
        axes.grid(False)
    return fig


def curve_with_band(
    x, curves: dict, *, xlabel: str, ylabel: str, dashed: dict | None = None
) -> Figure:
    """Curves over `x`, each with a band.

    `curves` maps a name to either an (S, N) array of S repeats, drawn as their mean with a band
    from the lowest to the highest repeat, or to a triple (value, low, high) of (N,) arrays.
    `dashed` maps a name to an (N,) array or one number, drawn dashed (printed values, baselines).
    Raises ValueError where a length differs from that of `x`.
    """
    x = np.asarray(x, dtype=float)
    fig, axes = figure()
    with style():
        for (name, curve), marker in zip(curves.items(), "osD^vPX*" * 3, strict=False):
            value, low, high = _band(name, curve, len(x))
            (line,) = axes.plot(x, value, marker=marker, markersize=5, label=name)
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        for index, (name, value) in enumerate((dashed or {}).items()):
            value = np.broadcast_to(np.asarray(value, dtype=float), x.shape)
            axes.plot(x, value, color="#444444", linestyle=("--", ":", "-.")[index % 3], label=name)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.legend()
    return fig


def bars_with_intervals(
    names, values, low, high, *, xlabel: str, marks: dict | None = None, lines: dict | None = None
) -> Figure:
    """Horizontal bars with their intervals, the first name on top.

    `values`, `low`, `high`: one number per name, NaN where nothing was measured (the row then
    reads "not run"). `marks` maps a name of a series (say "printed") to one number per bar or
    NaN; `lines` maps a name (say "majority") to a number for all. Raises ValueError on lengths
    that differ.
    """
    values, low, high = (np.asarray(v, dtype=float) for v in (values, low, high))
    if not len(names) == len(values) == len(low) == len(high):
        raise ValueError("values, low and high must hold one number for each of names")
    y = np.arange(len(names))
    fig, axes = figure(size=(5.8, 1.3 + 0.38 * len(names)))
    with style():
        axes.barh(y, np.nan_to_num(values), height=0.6, color="#0173b2", alpha=0.75)
        done = np.isfinite(values)
        spread = np.abs(np.stack([values - low, high - values]))
        axes.errorbar(
            values[done], y[done], xerr=spread[:, done], fmt="none", ecolor="#111111", capsize=3
        )
        for index in y[~done]:
            axes.text(0, index, " not run", va="center", color="#444444", style="italic")
        for (name, numbers), marker in zip((marks or {}).items(), "DsX", strict=False):
            axes.scatter(
                numbers, y, marker=marker, color="#d55e00", edgecolor="white", zorder=3, label=name
            )
        for (name, number), dash in zip((lines or {}).items(), ("--", ":", "-."), strict=False):
            axes.axvline(number, color="#333333", linestyle=dash, linewidth=1.5, label=name)
        axes.set_yticks(y, list(names))
        axes.set(xlabel=xlabel, ylim=(len(names) - 0.5, -0.5))
        axes.grid(axis="y", visible=False)
        if marks or lines:
            fig.legend(loc="outside lower center", ncols=4)
    return fig


def panels(names, *, size: tuple[float, float] = (3.2, 3.0), xlabel: str = "", ylabel: str = ""):
    """One panel for each of `names`, side by side on a common y axis: (Figure, name → axes).

    `size` is that of one panel, in inches. A name with a comma breaks there.
    """
    names = list(names)
    fig, axes = figure(
        1, len(names), size=(size[0] * len(names), size[1]), sharey=True, squeeze=False
    )
    for name, axis in zip(names, axes[0], strict=True):
        axis.set(title=name.replace(", ", ",\n"), xlabel=xlabel)
    axes[0][0].set_ylabel(ylabel)
    return fig, dict(zip(names, axes[0], strict=True))


def wheel(distribution=None, *, ring=WHEEL) -> Figure:
    """Mikels' wheel: the eight emotions in ring order, clockwise from the top.

    `distribution`: (8,) shares in the order of `MIKELS8`; each sector's radius is then its share.
    Without it all sectors are alike. `ring`: another order to draw.
    Raises ValueError where `distribution` does not hold eight shares.
    """
    shares = np.full(8, 1.0) if distribution is None else np.asarray(distribution, dtype=float)
    if shares.shape != (8,) or not np.isfinite(shares).all() or (shares < 0).any():
        raise ValueError("distribution must hold eight shares of at least 0")
    values = [shares[MIKELS8.index(name)] for name in ring]
    angles = np.arange(8) * np.pi / 4
    fig, axes = figure(size=(5.2, 5.2), subplot_kw={"projection": "polar"})
    with style():
        axes.set_theta_zero_location("N")
        axes.set_theta_direction(-1)
        colors = [EMOTION_COLORS[name] for name in ring]
        axes.bar(angles, values, width=np.pi / 4, color=colors, edgecolor="white", linewidth=2)
        labels = [
            name if distribution is None else f"{name}\n{value:.3f}"
            for name, value in zip(ring, values, strict=True)
        ]
        axes.set_xticks(angles, labels)
        axes.tick_params(axis="x", pad=14)
        axes.set_ylim(0, max(values) or 1)
        axes.spines["polar"].set_visible(False)
        axes.grid(distribution is not None, axis="y")
        axes.grid(False, axis="x")
        if distribution is None:
            axes.set_yticks([])
        else:
            axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(3))
            axes.set_rlabel_position(22.5)
    return fig


def circumplex(places: dict | None = None, *, points=None) -> Figure:
    """The valence–arousal plane with names on it.

    `places`: name → (valence, arousal), both in [-1, 1]; by default our sketch of where the eight
    lie. `points`: (N, 2) further places (images, say), drawn small and grey beneath.
    Raises ValueError on coordinates outside [-1, 1].
    """
    places = SKETCHED_PLACES if places is None else places
    if np.abs(np.asarray(list(places.values()), dtype=float)).max() > 1:
        raise ValueError("places must hold valence and arousal between -1 and 1")
    fig, axes = figure(size=(5.6, 5.2))
    with style():
        if points is not None:
            axes.scatter(*np.asarray(points, dtype=float).T, s=6, color="#949494", alpha=0.5)
        axes.add_patch(matplotlib.patches.Circle((0, 0), 1, fill=False, edgecolor="#bbbbbb"))
        for name, (valence, arousal) in places.items():
            color = EMOTION_COLORS.get(name, "#333333")
            axes.scatter(valence, arousal, s=90, color=color, edgecolor="#333333", zorder=3)
            axes.annotate(
                name, (valence, arousal), (0, 9), textcoords="offset points", ha="center", zorder=4
            )
        for line in (axes.axhline, axes.axvline):
            line(0, color="#555555", linewidth=1)
        axes.set(
            xlim=(-1.1, 1.1),
            ylim=(-1.1, 1.1),
            aspect="equal",
            xlabel="valence (unpleasant → pleasant)",
            ylabel="arousal (calm → excited)",
        )
    return fig


def _band(name: str, curve, length: int):
    if isinstance(curve, tuple):
        if len(curve) != 3:
            raise ValueError(f"curves[{name!r}] must be a triple: value, low, high")
        band = tuple(np.asarray(part, dtype=float) for part in curve)
    else:
        repeats = np.atleast_2d(np.asarray(curve, dtype=float))
        band = (repeats.mean(axis=0), repeats.min(axis=0), repeats.max(axis=0))
    if any(part.shape != (length,) for part in band):
        raise ValueError(f"curves[{name!r}] must hold one value for each of the {length} in x")
    return band
