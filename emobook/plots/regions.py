"""Figures of a detector of regions: its maps, its anchors, what it finds, and how well.

Object regions are red with a solid edge, emotional regions green with a dashed one, as in Fig. 5 of
Rao et al. (2019), where both edges are solid: the dashes are for readers who do not see red or
green, and so are the two shades, of which one is dark and one is light.
"""

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emobook import images
from emobook.plots.figure import figure, style

OBJECT = {"color": "#c1121f", "linestyle": "-"}
EMOTIONAL = {"color": "#7ae582", "linestyle": (0, (4, 2))}
TRUE = {"color": "white", "linestyle": "-"}
_HALO = [patheffects.withStroke(linewidth=3.5, foreground="#111111")]
_LABELS = {
    1: ("positive", {"color": "#7ae582", "linestyle": (0, (4, 2))}),
    0: ("negative", {"color": "#c1121f", "linestyle": "-"}),
    -1: ("ignored", {"color": "#dddddd", "linestyle": ":"}),
}


def outline(axis, box, text: str = "", **style) -> None:
    """Draw a box (x0, y0, x1, y1) on a picture, with a dark halo so that it shows on any ground,
    and where given a text in its upper left corner. style: color and linestyle."""
    x0, y0, x1, y1 = box
    edge = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, linewidth=1.8, **style)
    edge.set_path_effects([*_HALO, patheffects.Normal()])
    axis.add_patch(edge)
    if text:
        axis.text(
            x0 + 2, y0 + 2, text, size=8, color="black", va="top",
            bbox={"facecolor": style["color"], "edgecolor": "none", "pad": 1, "alpha": 0.85},
        )  # fmt: skip


def pyramid(picture, below, above) -> Figure:
    """C2 to C5 and P2 to P5 of one picture, a column for each level.

    picture: as `images.read` takes it. below, above: name → (c, h, w), the finest first. Of each
    level the channel that varies most over the places is shown, bright where it is large, each on a
    scale of its own.
    """
    columns = 1 + len(below)
    fig, axes = figure(2, columns, size=(2 * columns, 4.6))
    with style():
        for axis in axes.flat:
            axis.axis("off")
        axes[0][0].imshow(images.read(picture))
        axes[0][0].set_title("photo")
        for row, maps in zip(axes, (below, above), strict=True):
            for axis, (name, part) in zip(row[1:], maps.items(), strict=True):
                part = np.asarray(part, dtype=float)
                liveliest = part.std(axis=(1, 2)).argmax()
                axis.imshow(part[liveliest], cmap="viridis", interpolation="nearest")
                axis.set_title(f"{name}\n" + " × ".join(map(str, part.shape)))
    return fig


def labels_of_boxes(picture, panels: dict, truth) -> Figure:
    """What boxes count as in training, a panel for each kind of box.

    picture: a square, as `images.read` takes it. panels: title → (boxes (P, 4), labels (P,)) with
    1 for positive, 0 for negative, -1 for ignored. truth: true boxes (T, 4), white. All boxes are
    in pixels of the picture. Every positive and ignored box is drawn, of the negative ones eight.
    """
    fig, axes = figure(1, len(panels), size=(3.6 * len(panels), 4.1), squeeze=False)
    picture = images.read(picture)
    with style():
        for axis, (title, (boxes, labels)) in zip(axes[0], panels.items(), strict=True):
            boxes, labels = np.asarray(boxes), np.asarray(labels)
            _photo(axis, picture)
            for kind in (0, -1, 1):
                name, looks = _LABELS[kind]
                some = boxes[labels == kind]
                if kind == 0:
                    some = some[:: max(1, len(some) // 8)][:8]
                for box in some:
                    outline(axis, box, **looks)
                axis.plot([], [], label=f"{name} ({(labels == kind).sum()})", **looks)
            for box in truth:
                outline(axis, box, **TRUE)
            axis.set_title(title)
            axis.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, fontsize=8,
                columnspacing=1, handlelength=1.8,
            )  # fmt: skip
    return fig


def scores(picture, regions, shown: int = 4) -> Figure:
    """The strongest emotional regions of a picture, and where their two probabilities lie.

    regions: `Region`s, best first; the first `shown` are drawn on the picture with their numbers.
    Right: all that were found, p_emo over p_obj; on each arc S_emo is the same.
    """
    found = [one for one in regions if one.found]
    fig, (left, right) = figure(1, 2, size=(8.6, 4))
    with style():
        _photo(left, images.read(picture))
        for number, one in enumerate(found[:shown], 1):
            outline(left, one[:4], str(number), **EMOTIONAL)
        angle = np.linspace(0, np.pi / 2, 50)
        for radius in (0.25, 0.5, 0.75, 1.0, 1.25):
            right.plot(radius * np.cos(angle), radius * np.sin(angle), color="#999999", linewidth=1)
            right.annotate(
                f"{radius:g}", (radius * np.cos(0.78), radius * np.sin(0.78)), size=8,
                color="#555555", ha="center", va="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
        right.scatter(
            [one.p_obj for one in found], [one.p_emo for one in found], color="#0173b2", zorder=3
        )
        for number, one in enumerate(found[:shown], 1):
            right.annotate(
                str(number), (one.p_obj, one.p_emo), (5, 4), textcoords="offset points", zorder=4
            )
        right.set(xlim=(0, 1.04), ylim=(0, 1.04), xlabel="p_obj", ylabel="p_emo", aspect="equal")
        right.set_title("arcs: equal S_emo")
    return fig


def found_regions(pictures: dict, objects: dict, emotional: dict, truth: dict | None = None):
    """Fig. 5 in form: title → picture; title → boxes (k, 4) or more of either kind, in pixels of
    the picture; truth: title → true boxes, white, where they are known."""
    columns = min(4, len(pictures))
    rows = -(-len(pictures) // columns)
    fig, axes = figure(rows, columns, size=(2.5 * columns, 2.5 * rows + 0.5), squeeze=False)
    with style():
        for axis in axes.flat:
            axis.axis("off")
        for axis, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
            _photo(axis, images.read(picture))
            axis.set_title(title, size=10)
            for box in (truth or {}).get(title, ()):
                outline(axis, box[:4], **TRUE)
            for kind, looks in ((objects, OBJECT), (emotional, EMOTIONAL)):
                for box in kind.get(title, ()):
                    outline(axis, box[:4], **looks)
        kinds = {"object region": OBJECT, "emotional region": EMOTIONAL}
        if truth:
            kinds["true region"] = TRUE
        handles = [
            Rectangle(
                (0, 0), 1, 1, fill=False, linewidth=1.8,
                path_effects=[*_HALO, patheffects.Normal()], **looks
            )
            for looks in kinds.values()
        ]  # fmt: skip
        fig.legend(handles, kinds, loc="outside lower center", ncols=3)
    return fig


def map_boxes(picture, stimuli, boxes: dict) -> Figure:
    """A picture, its stimuli map (H, W) with a scale, and for each name of `boxes` the boxes
    (k, 4) that were made of the map, drawn on it."""
    fig, axes = figure(1, 2 + len(boxes), size=(2.6 * (2 + len(boxes)), 2.9))
    with style():
        for axis in axes:
            axis.axis("off")
        axes[0].imshow(images.read(picture))
        axes[0].set_title("picture")
        for axis in axes[1:]:
            drawn = axis.imshow(stimuli, cmap="magma", vmin=0, vmax=max(np.max(stimuli), 1e-9))
        axes[1].set_title("stimuli map")
        fig.colorbar(drawn, ax=axes[1], shrink=0.7, label="share of people")
        for axis, (name, some) in zip(axes[2:], boxes.items(), strict=True):
            axis.set_title(f"{name}: {len(some)} box" + "es" * (len(some) != 1))
            for box in some:
                outline(axis, box, **EMOTIONAL)
    return fig


def bars(rows: pd.DataFrame, title: str = "") -> Figure:
    """Fig. 7 in form: above each other the truths, beside each other the measures, and in each
    panel a bar for each row of the table; hatched are detectors of a single level.

    rows: as `results.rows` gives them, with row, column ("truth: measure"), value, low and high,
    from 0 to 1. In front stand the detectors, as they come, then the baselines. title: of all; what
    all detectors' names end with, after a comma, stands there and not beside each bar.
    """
    ending = _ending([name for name in rows["row"].unique() if not _baseline(name)])
    title = f"{title}\n{ending[2:]}".strip()
    parts = rows["column"].str.partition(": ")
    rows = rows.assign(truth=parts[0], measure=parts[2])
    order = {truth: _in_order(part["row"]) for truth, part in rows.groupby("truth", sort=False)}
    measures = list(dict.fromkeys(rows["measure"]))
    heights = [len(names) for names in order.values()]
    size = (2.6 + 2.3 * len(measures), 0.9 * len(order) + 0.36 * sum(heights))
    shared = {"sharey": "row", "sharex": True, "squeeze": False, "height_ratios": heights}
    fig, axes = figure(len(order), len(measures), size=size, **shared)
    with style():
        fig.suptitle(title)
        for line, (truth, names) in zip(axes, order.items(), strict=True):
            for axis, measure in zip(line, measures, strict=True):
                part = rows[(rows["truth"] == truth) & (rows["measure"] == measure)]
                value, low, high = (
                    part.set_index("row").reindex(names)[["value", "low", "high"]].to_numpy(float).T
                )
                y = np.arange(len(names))
                looks = {
                    "hatch": ["//" if "single" in name else "" for name in names],
                    "color": ["#dddddd" if _baseline(name) else "#a8d0e6" for name in names],
                    "edgecolor": "#0b3c5d",
                }
                error = {"xerr": [value - low, high - value], "ecolor": "black", "capsize": 3}
                axis.barh(y, value, height=0.6, **looks, **error)
                axis.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
                axis.set_yticks(y, [name.removesuffix(ending) for name in names])
                axis.grid(axis="y", visible=False)
                axis.set_title(f"{truth}:\n{measure}", size=10)
    return fig


def _baseline(name: str) -> bool:
    return name.endswith("moved at random") or name == "whole picture"


def _ending(names) -> str:
    """What all names end with, from a comma on; of one name nothing."""
    parts = [name.split(", ")[1:] for name in names]
    shared = ""
    while len(parts) > 1 and all(parts) and len({part[-1] for part in parts}) == 1:
        shared = f", {parts[0][-1]}{shared}"
        parts = [part[:-1] for part in parts]
    return shared


def _in_order(names) -> list[str]:
    return sorted(dict.fromkeys(names), key=_baseline)


def _photo(axis, picture) -> None:
    axis.imshow(picture)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.set(xlim=(-0.5, picture.width - 0.5), ylim=(picture.height - 0.5, -0.5))
