"""Attention as figures: the weights of the places, in numbers and laid over pictures."""

import dataclasses

import numpy as np
import pandas as pd
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from emobook import images
from emobook.features.recipes import Recipe, prepare
from emobook.models.attention import covered
from emobook.plots import curve_with_band, panels
from emobook.plots.figure import figure, style

_BOX = "#00e5ff"  # seen on light and on dark


def seen(picture, recipe: Recipe) -> np.ndarray:
    """The square of a picture that the network sees: float (S, S, 3) in 0..1."""
    plain = dataclasses.replace(recipe, mean=(0, 0, 0), std=(1, 1, 1))
    return prepare(images.read(picture), plain).transpose(1, 2, 0)


def places(picture, values: dict, recipe: Recipe) -> Figure:
    """The places of a map: the square that the network sees, divided into them, and beside it a
    panel for each of `values`, title → (h, w) numbers."""
    fig, (left, *others) = figure(1, 1 + len(values), size=(2.9 + 3.2 * len(values), 3))
    with style():
        left.imshow(seen(picture, recipe))
        left.set_title("what the network sees")
        shape = np.shape(next(iter(values.values())))
        for axis, count in ((left.axvline, shape[1]), (left.axhline, shape[0])):
            for k in range(1, count):
                axis(recipe.size * k / count - 0.5, color="white", linewidth=0.8)
        left.axis("off")
        for axis, (title, numbers) in zip(others, values.items(), strict=True):
            drawn = axis.imshow(numbers, cmap="viridis")
            for (i, j), number in np.ndenumerate(np.asarray(numbers)):
                dark = drawn.norm(number) < 0.6
                axis.text(
                    j, i, f"{number:.1f}", ha="center", va="center", size=7,
                    color="white" if dark else "black",
                )  # fmt: skip
            axis.set_title(title)
            axis.axis("off")
    return fig


def overlays(pictures: dict, weights: dict, recipe: Recipe, boxes: dict | None = None) -> Figure:
    """Pictures as the network sees them, and below each the weights of its places laid over it.

    pictures: title → picture. weights: name of a row → (N, h, w), in the order of the pictures;
    each map sums to 1. The colour says how many times the equal share of 1 / (h · w) a place has,
    on one scale that is finer for small weights. boxes: title → list of (x0, y0, x1, y1) in
    pixels of the picture, outlined.
    """
    rows = 1 + len(weights)
    fig, axes = figure(rows, len(pictures), size=(2.0 * len(pictures) + 1, 2.1 * rows))
    axes = np.reshape(axes, (rows, len(pictures)))
    shares = {name: np.asarray(maps) * maps[0].size for name, maps in weights.items()}
    norm = PowerNorm(0.5, vmin=0, vmax=max(maps.max() for maps in shares.values()))
    edge = (-0.5, recipe.size - 0.5, recipe.size - 0.5, -0.5)
    with style():
        for column, (title, picture) in enumerate(pictures.items()):
            square, size = seen(picture, recipe), images.read(picture).size
            mask = covered((boxes or {}).get(title, ()), *size, recipe, (recipe.size,) * 2)
            axes[0, column].set_title(title)
            for row, name in enumerate((None, *weights)):
                axis = axes[row, column]
                axis.set(xticks=[], yticks=[])
                axis.grid(False)
                grey = square.mean(axis=2, keepdims=True).repeat(3, axis=2)
                axis.imshow(square if name is None else 0.4 + 0.6 * grey)
                if name is not None:
                    drawn = axis.imshow(
                        shares[name][column], cmap="viridis", norm=norm, alpha=0.6, extent=edge
                    )
                if mask.any():
                    axis.contour(mask, [0.5], colors=_BOX, linewidths=1.5)
        for axis, name in zip(axes[1:, 0], weights, strict=True):
            axis.set_ylabel(name)
        bar = fig.colorbar(drawn, ax=axes, shrink=0.6)
        bar.set_label("times the equal share")
    return fig


def losses(curves: dict) -> Figure:
    """Training losses: method → (F, E), a row for each fit; the dashed line is the loss of a
    network that gives all eight emotions the same probability."""
    epochs = np.arange(1, 1 + max(np.shape(curve)[1] for curve in curves.values()))
    shown = {name: curve for name, curve in curves.items() if np.shape(curve)[1] == len(epochs)}
    dashed = {"eight alike": np.log(8)}
    return curve_with_band(epochs, shown, xlabel="epoch", ylabel="training loss", dashed=dashed)


def gains(found: pd.DataFrame) -> Figure:
    """Gains with intervals, a panel for each set. found: a row for each gain, with columns
    dataset, row, value, low, high (fractions)."""
    found = found.iloc[::-1]
    fig, axes = panels(
        found["dataset"].iloc[::-1].unique(), size=(4, 0.9 + 0.3 * found["row"].nunique()),
        xlabel="points gained over plain",
    )  # fmt: skip
    with style():
        for name, part in found.groupby("dataset"):
            value, low, high = 100 * part[["value", "low", "high"]].to_numpy(float).T
            axes[name].errorbar(
                value, part["row"], xerr=[value - low, high - value], fmt="o", capsize=3
            )
            axes[name].axvline(0, color="#333333", linewidth=1)
    return fig
