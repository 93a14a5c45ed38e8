"""Figures of support vector machines on joined features: who is near, and what C, α and γ do."""

from collections import Counter

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, StrMethodFormatter
from PIL import Image

from emobook.plots import panels
from emobook.plots.figure import figure, style
from emobook.plots.fusion import BLOCKS


def nearest(picture, others, parts: dict, most: int = 6) -> Figure:
    """A picture, and for each way to weigh the blocks its nearest neighbours, the nearest on top.

    picture, others (N of them): arrays as `imshow` takes them. parts: title → (N, K) what each of
    K blocks adds to the squared distance, in the order of `BLOCKS`; a panel for each, in which the
    bars are the sums. most: how many neighbours. Raises ValueError where N does not fit.
    """
    parts = {title: np.asarray(part, dtype=float) for title, part in parts.items()}
    if not all(len(part) == len(others) for part in parts.values()):
        raise ValueError(f"parts must hold a line for each of {len(others)} other pictures")
    size, ratios = (2.4 + 2.7 * len(parts), 3.9), [0.8, *[1] * len(parts)]
    fig, axes = figure(1, 1 + len(parts), size=size, width_ratios=ratios)
    with style():
        axes[0].imshow(picture)
        axes[0].set(title="whose neighbours?")
        axes[0].axis("off")
        for axis, (title, part) in zip(axes[1:], parts.items(), strict=True):
            order = part.sum(axis=1).argsort(kind="stable")[:most]
            places, start = np.arange(len(order)), np.zeros(len(order))
            for (name, color), values in zip(BLOCKS.items(), part[order].T, strict=False):
                axis.barh(places, values, left=start, height=0.6, color=color, label=name)
                start = start + values
            for place, number in enumerate(order):
                axis.add_artist(
                    AnnotationBbox(
                        OffsetImage(_thumbnail(others[number]), zoom=0.5),
                        (0, place), (-20, 0), boxcoords="offset points", frameon=False,
                    )
                )  # fmt: skip
            axis.set(title=title, xlabel="squared distance", ylim=(len(order) - 0.5, -0.5))
            axis.set_yticks([])
            axis.locator_params(axis="x", nbins=4)
            axis.grid(axis="y", visible=False)
        fig.get_layout_engine().set(w_pad=0.22)
        fig.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


def _thumbnail(picture, side: int = 64) -> np.ndarray:
    small = Image.fromarray(np.asarray(picture)).convert("RGB")
    small.thumbnail((side, side))
    return np.asarray(small)


def over_penalty(
    Cs, found: dict, *, mark: float, ylabel: str = "accuracy (%)", lines: dict | None = None
) -> Figure:
    """Curves over C on a logarithmic axis, a panel for each kind of features.

    Cs (C,). found: panel → {name: (value, low, high), each (C,)}, shares, drawn in percent with a
    band. mark: a C to draw a line at, the paper's. lines: name → a level (a share), dashed.
    """
    fig, axes = panels(found, size=(4.2, 3.6), xlabel="C", ylabel=ylabel)
    with style():
        for panel, curves in found.items():
            axis = axes[panel]
            for (name, band), marker in zip(curves.items(), "osD^v", strict=False):
                value, low, high = 100 * np.asarray(band, dtype=float)
                (line,) = axis.plot(Cs, value, marker=marker, markersize=5, label=name)
                axis.fill_between(Cs, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
            axis.axvline(mark, color="#333333", linewidth=1.2, label=f"the paper's {mark:g}")
            for (name, level), dash in zip((lines or {}).items(), ("--", ":"), strict=False):
                axis.axhline(100 * level, color="#444444", linestyle=dash, label=name)
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(FixedLocator([one for one in Cs if one != mark]))
            axis.xaxis.set_minor_locator(FixedLocator([]))
            axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            axis.tick_params(axis="x", labelsize=9)
        labels = axes[next(iter(found))].get_legend_handles_labels()
        fig.legend(*labels, loc="outside lower center", ncols=4)
    return fig


def plane(scores, alphas, Cs, gammas, *, mark, chosen=()) -> Figure:
    """Accuracy over α × C as heat maps, one for each γ.

    scores (A, C, G): shares. gammas: G names. mark (a, c, g): the position of the paper's setting,
    framed. chosen: positions (n, 3) that were chosen; a cell's second line says how often it was.
    """
    scores = 100 * np.asarray(scores, dtype=float)
    counts = Counter(tuple(int(i) for i in cell) for cell in chosen)
    size = (0.4 + 0.62 * len(Cs) * len(gammas), 1.1 + 0.55 * len(alphas))
    fig, axes = figure(1, len(gammas), size=size, sharey=True, squeeze=False)
    low, high = scores.min(), scores.max()
    with style():
        for g, (axis, name) in enumerate(zip(axes[0], gammas, strict=True)):
            drawn = axis.imshow(scores[:, :, g], cmap="cividis", vmin=low, vmax=high, aspect="auto")
            for a, c in np.ndindex(scores.shape[:2]):
                text = f"{scores[a, c, g]:.1f}"
                text += f"\n{counts[a, c, g]}×" if counts[a, c, g] else ""
                dark = scores[a, c, g] < (low + high) / 2
                color = "white" if dark else "black"
                axis.text(c, a, text, ha="center", va="center", fontsize=8, color=color)
            if mark[2] == g:
                corner = mark[1] - 0.5, mark[0] - 0.5
                axis.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#d55e00", lw=3))
            axis.set_xticks(range(len(Cs)), [f"{C:g}" for C in Cs])
            axis.set_yticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas])
            axis.set(title=name, xlabel="C")
            axis.grid(False)
        axes[0, 0].set_ylabel("α")
        fig.colorbar(drawn, ax=axes[0], label="accuracy (%)")
    return fig
