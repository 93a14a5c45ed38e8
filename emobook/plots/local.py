"""Figures of local features: keypoints and patches, visual words, and the blocks that decide."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emobook import images
from emobook.features.sift import block_maps, patches
from emobook.plots.figure import figure, style

_BLUE, _ORANGE = "#0173b2", "#d55e00"


def sampled(photo, scales=(16, 32, 64), max_side=256) -> Figure:
    """Left: Lowe's keypoints, a circle of each patch's width. Middle: a picture's dense grid, the
    centres by scale, and of each scale the patch nearest to the middle. Right: the descriptor of
    the last of these, 4 × 4 cells with an arrow for each of 8 directions, towards the brighter."""
    pixels = images.read(photo, max_side=max_side)
    points = patches(photo, sampling="keypoints", max_side=max_side)
    grid = patches(photo, scales=scales, max_side=max_side)
    fig, (left, middle, right) = figure(1, 3, size=(10, 3.4))
    with style():
        left.imshow(pixels)
        angles = np.linspace(0, 2 * np.pi, 40)
        for x, y, width in zip(points.x, points.y, points.width, strict=True):
            left.plot(
                x + width / 2 * np.cos(angles), y + width / 2 * np.sin(angles), color=_ORANGE,
                linewidth=0.8,
            )  # fmt: skip
        left.set(
            title=f"{len(points.x)} keypoints", xlim=(0, pixels.width), ylim=(pixels.height, 0)
        )
        middle.imshow(np.asarray(pixels) // 3 + 160)
        colors = (_BLUE, _ORANGE, "#029e73", "#cc78bc", "#ca9161")
        for scale, color in zip(scales, colors, strict=False):
            there = np.flatnonzero(np.isclose(grid.width, scale))
            if len(there):
                middle.plot(grid.x[there], grid.y[there], ".", color=color, markersize=3)
                away = np.hypot(grid.x - pixels.width / 2, grid.y - pixels.height / 2)[there]
                drawn = there[away.argmin()]
                _square(middle, grid, drawn, color)
        middle.set_title(f"{len(grid.x)} patches of a grid")
        for axis in (left, middle):
            axis.axis("off")
        _descriptor(right, grid.descriptors[drawn])
    return fig


def _square(axis, found, i, color):
    width = found.width[i]
    corner = (found.x[i] - width / 2, found.y[i] - width / 2)
    axis.add_patch(Rectangle(corner, width, width, fill=False, edgecolor=color, linewidth=2))


def _descriptor(axis, descriptor):
    cells = descriptor.reshape(4, 4, 8).astype(float) / max(1, descriptor.max())
    angles = np.arange(8) * np.pi / 4
    y, x, k = (part.ravel() for part in np.indices(cells.shape))
    arrows = cells.ravel() * np.cos(angles[k]), -cells.ravel() * np.sin(angles[k])
    axis.quiver(x, y, *arrows, angles="xy", color=_BLUE, scale_units="xy", scale=2.2, width=0.008)
    axis.set(
        xlim=(-0.5, 3.5), ylim=(3.5, -0.5), aspect="equal", xticks=np.arange(4) - 0.5,
        yticks=np.arange(4) - 0.5, xticklabels=[], yticklabels=[],
        title="one patch: 16 × 8 numbers",
    )  # fmt: skip


def visual_words(photos, words, chosen, each: int = 8) -> Figure:
    """A row for each of the `chosen` words of a fitted `SIFTWords`: the patches of `photos` whose
    descriptors are nearest to it, nearest first; fewer where fewer patches belong to it."""
    found = [
        patches(
            photo, sampling=words.sampling, scales=words.scales, step=words.step,
            max_side=words.max_side,
        )
        for photo in photos
    ]  # fmt: skip
    pixels = [np.asarray(images.read(photo, max_side=words.max_side)) for photo in photos]
    which = np.repeat(np.arange(len(photos)), [len(part.x) for part in found])
    x, y, width, descriptors = map(np.concatenate, zip(*found, strict=True))
    away = np.linalg.norm(
        descriptors[:, None].astype(np.float32) - words.vocabulary_[None], axis=2
    )  # (patches, words)
    nearest = away.argmin(axis=1)
    fig, axes = figure(len(chosen), each, size=(each, len(chosen)), squeeze=False)
    with style():
        for row, word in zip(axes, chosen, strict=True):
            belong = np.flatnonzero(nearest == word)
            belong = belong[np.argsort(away[belong, word], kind="stable")]
            for axis in row:
                axis.set(xticks=[], yticks=[])
                axis.grid(False)
            row[0].set_ylabel(f"word {word}")
            for axis, i in zip(row, belong, strict=False):
                half = width[i] / 2
                (x0, x1), (y0, y1) = (
                    (max(0, round(float(c - half))), round(float(c + half))) for c in (x[i], y[i])
                )
                axis.imshow(pixels[which[i]][y0:y1, x0:x1], aspect="equal")
    return fig


def block_probabilities(classifier, picture, label) -> np.ndarray:
    """How probably the block at each pixel alone makes the picture one of class `label`, a map per
    scale: float (K, H, W). `classifier`: a fitted MultipleInstanceClassifier on `Blocks`."""
    blocks = classifier.features_
    maps = block_maps(
        picture, grids=blocks.grids, segments=blocks.segments, max_side=blocks.max_side
    )
    column = list(classifier.classes_).index(label)
    return classifier.instance_proba([picture])[0][:, column][maps]


def deciding_blocks(classifier, pictures: dict, boxes=None) -> Figure:
    """Row by row: a picture, and what each of its pixels says for one class, the mean over the
    scales of `block_probabilities`; the most probable block's outline is orange.

    pictures: title → (picture, label). boxes: title → list of (x0, y0, x1, y1) in pixels, drawn in
    white.
    """
    fig, axes = figure(2, len(pictures), size=(2.6 * len(pictures), 4.8), squeeze=False)
    side = classifier.features_.max_side
    with style():
        for (top, bottom), (title, (picture, label)) in zip(axes.T, pictures.items(), strict=True):
            maps = block_probabilities(classifier, picture, label)
            best = maps[maps.reshape(len(maps), -1).max(axis=1).argmax()]
            top.imshow(images.read(picture, max_side=side))
            for x0, y0, x1, y1 in (boxes or {}).get(title, ()):
                top.add_patch(
                    Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", lw=2)
                )
            heat = bottom.imshow(maps.mean(axis=0), cmap="viridis", vmin=0)
            bottom.contour(best == best.max(), [0.5], colors=_ORANGE, linewidths=2)
            top.set_title(title)
            for axis in (top, bottom):
                axis.axis("off")
            bar = fig.colorbar(heat, ax=bottom, orientation="horizontal", shrink=0.8)
            bar.set_label("P(class | block)")
            bar.ax.locator_params(nbins=3)
    return fig
