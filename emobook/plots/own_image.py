"""Figures of single pictures: where they lie on the plane, what methods say, and what they see."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from emobook import images
from emobook.emotions import MIKELS8
from emobook.features import PAD
from emobook.features.recipes import Recipe
from emobook.plots import EMOTION_COLORS
from emobook.plots.attention import seen
from emobook.plots.color_texture import name_colors, small, warmth
from emobook.plots.figure import figure, style
from emobook.plots.regions import EMOTIONAL, OBJECT, outline

_PIXELS = 44  # longest side of a picture on the plane


def plane(pictures: dict, values, bounds, scale) -> Figure:
    """Pictures on the plane of valence and arousal, each with the intervals of both.

    pictures: title → picture; values (N, 2) and bounds (N, 2, 2), lowest and highest, in the order
    of the pictures; scale: (lowest, highest) rating, whose middle is marked.
    """
    values, bounds = np.asarray(values, float), np.asarray(bounds, float)
    fig, axes = figure(size=(6.6, 6.2))
    with style():
        middle = sum(scale) / 2
        for line in (axes.axhline, axes.axvline):
            line(middle, color="#555555", linewidth=1)
        off = np.abs(bounds - values[..., None])
        for k, (title, picture) in enumerate(pictures.items()):
            axes.errorbar(
                *values[k], xerr=off[k, 0][:, None], yerr=off[k, 1][:, None],
                color="#0173b2", capsize=3, linewidth=1.2, alpha=0.8,
            )  # fmt: skip
            thumbnail = OffsetImage(np.asarray(images.read(picture, max_side=_PIXELS)))
            box = AnnotationBbox(thumbnail, values[k], pad=0.1, bboxprops={"edgecolor": "#333333"})
            axes.add_artist(box).set_zorder(3)
            axes.annotate(
                title, values[k], (0, -_PIXELS / 2 - 4), textcoords="offset points", zorder=4,
                ha="center", va="top", size=9, bbox={"facecolor": "white", "edgecolor": "none",
                "pad": 0.6, "alpha": 0.85},
            )  # fmt: skip
        low, high = scale
        axes.set(
            xlim=(low, high), ylim=(low, high), aspect="equal",
            xlabel=f"valence, {low:g} (unpleasant) to {high:g} (pleasant)",
            ylabel=f"arousal, {low:g} (calm) to {high:g} (excited)",
        )  # fmt: skip
    return fig


def answers(pictures: dict, chances: dict, sets: dict, title: str, classes=MIKELS8) -> Figure:
    """What methods say of pictures: a row for each picture, a column of bars for each method.

    pictures: title → picture; chances: method → (N, C) probabilities; sets: method → bool (N, C),
    the labels of its conformal set, whose bars are filled; the others are empty. title: what the
    methods learned from, which no such figure should be seen without.
    """
    rows, columns = len(pictures), 1 + len(chances)
    fig, axes = figure(
        rows, columns, size=(2.2 + 1.9 * len(chances), 0.6 + 1.75 * rows), squeeze=False
    )
    with style():
        fig.suptitle(title, size=12)
        for k, (name, picture) in enumerate(pictures.items()):
            axes[k, 0].imshow(images.read(picture))
            axes[k, 0].set_title(name, size=10)
            axes[k, 0].axis("off")
            for axis, (name, part) in zip(axes[k, 1:], chances.items(), strict=True):
                colors = [EMOTION_COLORS.get(label, "#0173b2") for label in classes]
                bars = axis.barh(classes, part[k], color=colors, edgecolor="#333333", linewidth=0.8)
                for bar, inside in zip(bars, sets[name][k], strict=True):
                    if not inside:
                        bar.set(facecolor="white", linestyle=":")
                axis.set(xlim=(0, 1), xticks=(0, 0.5, 1))
                axis.invert_yaxis()
                axis.tick_params(labelsize=8)
                axis.set_title(name if k == 0 else "", size=10)
                axis.set_xlabel("probability" if k == rows - 1 else "", size=9)
                if axis is not axes[k, 1]:
                    axis.set_yticklabels([])
    return fig


def explanations(pictures: dict, regions, attention, activation, named) -> Figure:
    """What a picture's answers come from: a row for each picture, five panels.

    pictures: title → picture. regions: the table of `RegionDetector.transform`, of whose regions
    the two strongest of each kind that were found are drawn. attention: (maps (N, h, w), recipe).
    activation: (maps (N, h, w), recipe), the class-activation maps of the classes `named` (N,).
    Each map is divided by its largest absolute value. Then the colour names and what is warm or
    cool, of the whole picture, with pleasure, arousal and dominance by the formula of Valdez and
    Mehrabian (`features.PAD`).
    """
    rows = len(pictures)
    fig, axes = figure(rows, 5, size=(11, 0.4 + 2.1 * rows), squeeze=False)
    moods = PAD().transform(list(pictures.values()))
    titles = ("regions", "attention", "class activation", "colour names", "warm and cool")
    with style():
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
            axis.grid(False)
            for side in axis.spines.values():
                side.set_visible(False)
        for axis, title in zip(axes[0], titles, strict=True):
            axis.set_title(title, size=11)
        for k, (title, picture) in enumerate(pictures.items()):
            one, image = axes[k], small(picture)
            one[0].imshow(images.read(picture))
            one[0].set_ylabel(title, size=10)
            for kind, looks in (("object", OBJECT), ("emotional", EMOTIONAL)):
                for region in [r for r in regions[f"{kind}_regions"].iloc[k] if r.found][:2]:
                    outline(one[0], region[:4], **looks)
            _over(one[1], picture, *attention, k, "viridis", 0)
            _over(one[2], picture, *activation, k, "PuOr_r", -1)
            one[2].set_xlabel(f"for {named[k]}", size=9)
            one[3].imshow(name_colors(image))
            one[4].imshow(warmth(image), cmap="RdBu_r", vmin=-1, vmax=1)
            words = zip(("P", "A", "D"), moods[k], strict=True)
            one[4].set_xlabel(", ".join(f"{name} {value:.2f}" for name, value in words), size=9)
    return fig


def _over(axis, picture, maps, recipe: Recipe, k: int, cmap: str, low: float) -> None:
    """Map k, divided by its largest absolute value, over the grey square that the network sees;
    the larger a value, the less of the square shines through."""
    grey = seen(picture, recipe).mean(axis=2)
    large = cv2.resize(np.asarray(maps[k], float), grey.shape, interpolation=cv2.INTER_LINEAR)
    large = large / max(np.abs(maps[k]).max(), 1e-12)
    axis.imshow(grey, cmap="gray", vmin=0, vmax=1)
    axis.imshow(large, cmap=cmap, vmin=low, vmax=1, alpha=0.8 * np.abs(large).clip(0, 1))
