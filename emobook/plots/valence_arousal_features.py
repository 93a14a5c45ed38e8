"""Objects and emotion as figures: words against pictures, families of features, the network."""

import itertools
import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from skimage.feature import local_binary_pattern
from timm.data import ImageNetInfo

from emobook.evaluate.words import STEPS
from emobook.features.color_names import PROTOTYPES, color_name_shares, name_table
from emobook.features.texture import grey_8
from emobook.plots.color_texture import gist_stars, small
from emobook.plots.figure import figure, style
from emobook.results.tagged import RATINGS, Tagged

_COLORS = ("#0173b2", "#de8f05", "#029e73", "#cc78bc", "#ca9161")
_MARKERS = "os^Dv"
_PART_COLORS = ("#0173b2", "#8fc1e3", "#bbbbbb")
_FAMILY_COLORS = {"low": "#de8f05", "object": "#0173b2", "semantic": "#029e73"}


# ---- what the features see ----


def seen(picture, objects: dict, areas: dict | None = None) -> Figure:
    """One picture as the families of features see it, in six panels.

    picture: uint8 (H, W, 3) or what makes one. objects: name → probability, the most probable
    first. areas: name → share of the area, largest first; None where nobody segments it, and the
    panel says "not run".
    """
    image = small(picture)
    fig, axes = figure(2, 3, size=(11, 5.6))
    with style():
        photo, names, stars, patterns, things, regions = axes.flat
        photo.imshow(image)
        photo.set_title("the picture")
        shares = color_name_shares(image, name_table(None))
        colours = np.array(list(PROTOTYPES.values())) / 255
        names.barh(list(PROTOTYPES), shares, color=colours, edgecolor="#333333")
        names.set(title="colour: eleven names", xlabel="share of the pixels")
        names.invert_yaxis()
        gist_stars(stars, image)
        stars.set_title("GIST: directions in 4 × 4 blocks")
        codes = local_binary_pattern(grey_8(image), 8, 1, method="nri_uniform")
        patterns.imshow(codes, cmap="viridis")
        patterns.set_title("LBP: pattern of each pixel")
        for axis in (photo, stars, patterns):
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
        _bars(things, objects, "object: ImageNet", "probability", _FAMILY_COLORS["object"])
        title, color = "semantic: areas", _FAMILY_COLORS["semantic"]
        _bars(regions, areas, title, "share of the area", color)
    return fig


def largest(values, names=None, most: int = 5) -> dict[str, float]:
    """Names and values of the `most` largest of `values` (D,), leaving out those of 0.

    names (D,): of the values; by default those of the 1000 categories of ImageNet.
    """
    if names is None:
        imagenet = ImageNetInfo()  # reads its lists anew each time
        names = [imagenet.index_to_description(k) for k in range(1000)]
    best = np.argsort(-np.asarray(values), kind="stable")[:most]
    return {names[k]: float(values[k]) for k in best if values[k] > 0}


def _bars(axis, values: dict | None, title: str, xlabel: str, color: str) -> None:
    axis.set_title(title)
    if values is None:
        axis.axis("off")
        axis.text(0.5, 0.5, "not run:\nno segmenter", ha="center", va="center", style="italic")
        return
    axis.barh([_short(name) for name in values], list(values.values()), color=color)
    axis.set(xlabel=xlabel, xlim=(0, 1))
    axis.invert_yaxis()


def _short(name: str, most: int = 22) -> str:
    first = name.partition(",")[0]
    return first if len(first) <= most else first[: most - 1] + "…"


# ---- words against pictures (Fig. 8) ----


def words_and_pictures(sets: list[Tagged]) -> Figure:
    """The rating of each picture over that of the word for its tag: Figure 8 of Kim et al.

    A row of panels per set, valence on the left and arousal on the right, with r, its interval and
    the least-squares line. Colours and markers are categories; hollow ones are pictures whose tag
    is not in the norms as it is.
    """
    fig, axes = figure(len(sets), 2, size=(10, 3.9 * len(sets)), squeeze=False)
    with style():
        for row, one in zip(axes, sets, strict=True):
            some = one.matched
            for axis, rating in zip(row, RATINGS, strict=True):
                word = f"{rating}_word"
                for k, (name, part) in enumerate(some.groupby("category")):
                    exact = (part["step"] == STEPS[0]).to_numpy()
                    for whole in (True, False):
                        axis.scatter(
                            part[word][exact == whole], part[rating][exact == whole], s=22,
                            marker=_MARKERS[k % 5], alpha=0.6, edgecolor=_COLORS[k % 5],
                            facecolor=_COLORS[k % 5] if whole else "none",
                            label=name if whole and axis is row[0] else None,
                        )  # fmt: skip
                slope, start = np.polyfit(some[word], some[rating], 1)
                ends = np.array([some[word].min(), some[word].max()])
                axis.plot(ends, start + slope * ends, color="#222222")
                r, low, high = one.correlation(rating)
                axis.set(
                    title=f"{one.name}\n{rating}: r = {r:.2f} [{low:.2f}, {high:.2f}]",
                    xlabel=f"{rating} of the word", ylabel=f"{rating} of the picture",
                )  # fmt: skip
            if some["category"].nunique() > 1:
                row[0].legend(loc="upper left", fontsize=8, markerscale=0.9)
    return fig


def correlations(found: dict[str, pd.DataFrame]) -> Figure:
    """Correlations as points with intervals, a panel for each set, valence beside arousal.

    found: title of a panel → table indexed by (row, rating) with `value`, `low`, `high`, such as r
    by category; an open diamond marks the column `ceiling`.
    """
    most = max(len(table) // 2 for table in found.values())
    size = 5.2 * len(found), 1.6 + 0.4 * most
    fig, axes = figure(1, len(found), size=size, squeeze=False)
    with style():
        for axis, (title, table) in zip(axes[0], found.items(), strict=True):
            names = list(dict.fromkeys(table.index.get_level_values(0)))
            for k, rating in enumerate(RATINGS):
                part = table.xs(rating, level=1).reindex(names)
                y = np.arange(len(names)) + (k - 0.5) * 0.3
                spread = [part["value"] - part["low"], part["high"] - part["value"]]
                axis.errorbar(
                    part["value"], y, xerr=spread, fmt="os"[k], color=_COLORS[k], label=rating,
                    capsize=3,
                )  # fmt: skip
                axis.scatter(
                    part["ceiling"], y, marker="D", s=28, facecolor="none", edgecolor=_COLORS[k],
                    label="most that raters' errors allow" if k else None,
                )  # fmt: skip
            axis.axvline(0, color="#333333", linewidth=1)
            axis.set_yticks(range(len(names)), names)
            lowest = min(-0.3, float(table["low"].min()) - 0.05)
            axis.set(title=title, xlabel="r of word and picture", xlim=(lowest, 1))
            axis.set_ylim(len(names) - 0.5, -0.5)
        fig.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return fig


# ---- same object, different emotion ----


def variance_parts(sets: list[Tagged]) -> Figure:
    """Shares of the variance of ratings: between tags, within them, and the raters' noise.

    A stacked bar per set and rating; the whiskers are the interval of the first share.
    """
    labels = [f"{one.name}: {rating}" for one in sets for rating in RATINGS]
    parts = [one.parts(rating) for one in sets for rating in RATINGS]
    titles = ("between objects", "same object, other picture", "raters' noise")
    fig, axis = figure(size=(8, 1.4 + 0.4 * len(labels)))
    with style():
        y, left = np.arange(len(labels)), np.zeros(len(labels))
        for k, title in enumerate(titles):
            # an estimate below 0 says that there is nothing: the bar is empty
            width = np.array([100 * max(part["share"].iloc[k], 0) for part in parts])
            axis.barh(y, width, 0.6, left, color=_PART_COLORS[k], label=title)
            left += width
        first = 100 * np.stack([part.iloc[0][["share", "low", "high"]] for part in parts]).T
        first = np.maximum(first, 0)
        axis.errorbar(
            first[0], y, xerr=np.abs(first[1:] - first[0]), fmt="none", ecolor="#111111", capsize=3
        )
        axis.set_yticks(y, labels)
        axis.set(xlabel="share of the variance of ratings (%)", xlim=(0, 105))
        axis.invert_yaxis()
        axis.grid(axis="y", visible=False)
        fig.legend(loc="outside lower center", ncols=3)
    return fig


# ---- families of features (Table III) ----


def families(rows: pd.DataFrame) -> Figure:
    """Mean squared errors of families of features, and of the mean predictor, as a dashed line.

    rows: of `results.rows()`, with `row` (the family), `column` ("Valence", or "Valence, ridge",
    by what was learned on top), `dataset`, `value`, `low`, `high` and `baseline`. A row of panels
    per set, valence and arousal; without any row that was run, a figure that says so.
    """
    rows = rows.dropna(subset=["value"])
    if rows.empty:
        return _nothing("not run: no rated set is here")
    rows = rows.assign(rating=rows["column"].str.partition(",")[0])
    rows["head"] = rows["column"].str.partition(", ")[2].replace("", "network")
    sets, titles = list(dict.fromkeys(rows["dataset"])), [r.title() for r in RATINGS]
    names, heads = (list(dict.fromkeys(rows[column])) for column in ("row", "head"))
    size = 9.5, max(len(sets), 1) * (1.2 + 0.42 * len(names))
    fig, axes = figure(max(len(sets), 1), 2, size=size, squeeze=False, sharey=True)
    with style():
        for (i, name), (k, title) in itertools.product(enumerate(sets), enumerate(titles)):
            axis, part = axes[i, k], rows[(rows["dataset"] == name) & (rows["rating"] == title)]
            for j, head in enumerate(heads):
                some = part[part["head"] == head].set_index("row").reindex(names)
                y = np.arange(len(names)) + (j - (len(heads) - 1) / 2) * 0.25
                spread = [some["value"] - some["low"], some["high"] - some["value"]]
                axis.errorbar(
                    some["value"], y, xerr=spread, fmt=_MARKERS[j], color=_COLORS[j], capsize=3,
                    label=head if axis is axes[0, 0] else None,
                )  # fmt: skip
            axis.axvline(
                part["baseline"].iloc[0], color="#333333", linestyle="--", linewidth=1.5,
                label="always the mean" if axis is axes[0, 0] else None,
            )  # fmt: skip
            axis.set_yticks(range(len(names)), names)
            axis.set(title=f"{name}\n{title.lower()}", ylim=(len(names) - 0.5, -0.5))
            axis.set_xlabel("mean squared error" if i == len(sets) - 1 else "")
        fig.legend(loc="outside lower center", ncols=4)
    return fig


def _nothing(text: str) -> Figure:
    fig, axis = figure(size=(6, 1.2))
    with style():
        axis.axis("off")
        axis.text(0.5, 0.5, text, ha="center", va="center", style="italic")
    return fig


# ---- the network (Fig. 9) ----


def network(blocks: dict[str, int], hidden, output: str = "valence or arousal") -> Figure:
    """The network of Figure 9: blocks of inputs, hidden layers and one output, with their sizes.

    blocks: name → number of values, from top to bottom. Heights follow the square root of the
    numbers of neurons, so that a layer of one can be seen.
    """
    fig, axis = figure(size=(10, 4.2))
    with style():
        total = sum(blocks.values())
        unit = 1 / math.sqrt(max(total, *hidden))
        top = 0.5 + unit * math.sqrt(total) / 2
        for name, count in blocks.items():  # shares of the input's height
            high = unit * math.sqrt(total) * count / total
            color = _FAMILY_COLORS.get(name.partition(" ")[0].partition("-")[0], "#949494")
            _box(axis, 0, top - high, high, color)
            axis.text(-0.35, top - high / 2, f"{name}\n{count}", ha="right", va="center", size=10)
            top -= high
        axis.text(0, 1.1, f"input\n{total}", ha="center")
        sizes = [total, *hidden, 1]
        titles = [*(f"H{k}, ReLU" for k in range(1, len(hidden) + 1)), output]
        for x, (title, size) in enumerate(zip(titles, sizes[1:], strict=True), 1):
            high = max(unit * math.sqrt(size), 0.03)
            _box(axis, 1.5 * x, 0.5 - high / 2, high, "#cc78bc" if size == 1 else "#949494")
            axis.text(1.5 * x, 1.1, f"{title}\n{size}", ha="center")
            axis.annotate(
                "", (1.5 * x - 0.3, 0.5), (1.5 * x - 1.2, 0.5),
                arrowprops={"arrowstyle": "->", "color": "#333333"},
            )  # fmt: skip
            weights = (sizes[x - 1] + 1) * size
            axis.text(1.5 * x - 0.75, 0.42, f"{weights:,}\nweights", ha="center", va="top", size=8)
        axis.set(xlim=(-1.6, 1.5 * len(titles) + 0.8), ylim=(-0.05, 1.3))
        axis.axis("off")
    return fig


def _box(axis, x: float, y: float, high: float, color: str) -> None:
    box = (x - 0.25, y), 0.5, high
    axis.add_patch(
        FancyBboxPatch(*box, boxstyle="square,pad=0", facecolor=color, edgecolor="white")
    )
