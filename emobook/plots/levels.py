"""Figures of a network's levels: what stands in their maps, and what can be read from each."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emobook.plots.figure import figure, style


def grey(photo) -> np.ndarray:
    """A photo (H, W, 3), uint8, without its colours: the mean of the three channels in each."""
    return np.repeat(np.asarray(photo).mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)


def shuffled_tiles(photo, side: int = 4, seed: int = 0) -> np.ndarray:
    """A photo (H, W, 3) cut into side × side tiles of equal size, put together in another order.

    Rows and columns of pixels that do not divide by `side` are cut off at the end.
    """
    photo = np.asarray(photo)
    height, width = (length // side * side for length in photo.shape[:2])
    rows = np.split(photo[:height, :width], side)
    tiles = [tile for row in rows for tile in np.split(row, side, axis=1)]
    order = np.random.default_rng(seed).permutation(side**2).reshape(side, side)
    return np.vstack([np.hstack([tiles[i] for i in row]) for row in order])


def activations(photo, maps, each: int = 3) -> Figure:
    """A photo beside the maps of every level, a column for each.

    photo: as `imshow` takes it. maps: lowest level first, each (c, h, w). Of a level the `each`
    maps are shown that vary most over the places of this photo, the liveliest on top; dark is
    little, bright is much, each map on a scale of its own. Raises ValueError for other shapes.
    """
    maps = [np.asarray(part, dtype=float) for part in maps]
    if not maps or any(part.ndim != 3 or len(part) < each for part in maps):
        raise ValueError(
            f"maps must be arrays (c, h, w) of at least {each} channels, one per level"
        )
    columns = len(maps) + 1
    fig, axes = figure(each, columns, size=(1.75 * columns, 1.75 * each + 0.5), squeeze=False)
    with style():
        for axis in axes.flat:
            axis.axis("off")
        axes[0][0].imshow(photo)
        axes[0][0].set_title("photo")
        for level, part in enumerate(maps, 1):
            count, height, width = part.shape
            axes[0][level].set_title(f"level {level}\n{count} × {height} × {width}")
            lively = np.argsort(-part.std(axis=(1, 2)), kind="stable")[:each]
            for axis, channel in zip(axes[:, level], lively, strict=True):
                axis.imshow(part[channel], cmap="viridis", interpolation="nearest")
    return fig


def accuracies(rows: pd.DataFrame) -> Figure:
    """One panel for each data set: the accuracy of each row with its interval, and the baseline.

    rows: as `results.rows` gives them, in the order in which they are to be drawn.
    """
    names = list(dict.fromkeys(rows["dataset"]))
    kinds = list(dict.fromkeys(rows["row"]))[::-1]
    size = (0.8 + 3 * len(names), 1.5 + 0.34 * len(kinds))
    fig, axes = figure(1, len(names), size=size, sharey=True, sharex=True, squeeze=False)
    with style():
        for axis, (name, part) in zip(axes[0], rows.groupby("dataset", sort=False), strict=True):
            value, low, high = 100 * part[["value", "low", "high"]].to_numpy(float).T
            y = [kinds.index(row) for row in part["row"]]
            axis.errorbar(value, y, xerr=[value - low, high - value], fmt="o", capsize=3)
            axis.axvline(
                100 * part["baseline"].iloc[0], color="#333333", linestyle="--", label="majority"
            )
            axis.set(title=name.replace(", ", ",\n"), xlabel="accuracy (%)")
            axis.set_yticks(range(len(kinds)), kinds)
        axes[0][0].legend(loc="best")
    return fig


def pairs_by_distance(distances: dict, margin: float) -> Figure:
    """How far apart the pictures of one emotion lie, and those of two.

    distances: title of a panel → (distances of pairs of one class, of pairs of two classes);
    margin: of the contrastive loss, drawn as a line. Shares are of all pairs of their kind.
    """
    fig, axes = figure(1, len(distances), size=(4 * len(distances), 3), sharey=True, squeeze=False)
    edges = np.linspace(0, max(np.max(d) for two in distances.values() for d in two), 31)
    kinds = (("one emotion", "#de8f05"), ("two emotions", "#0173b2"))
    with style():
        for axis, (title, two) in zip(axes[0], distances.items(), strict=True):
            for (label, color), values in zip(kinds, two, strict=True):
                weights = np.full(len(values), 100 / len(values))
                axis.hist(values, edges, weights=weights, alpha=0.6, color=color, label=label)
            axis.axvline(margin, color="#333333", linestyle="--", label="margin")
            axis.set(title=title, xlabel="distance")
        axes[0][0].set_ylabel("pairs (%)")
        axes[0][0].legend()
    return fig
