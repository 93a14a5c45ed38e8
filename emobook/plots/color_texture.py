"""Figures and tables of what the features of colour and texture see in a picture."""

import inspect
import re

import numpy as np
import pandas as pd
import pywt
from matplotlib.figure import Figure
from scipy.signal import fftconvolve
from skimage.feature import hog, local_binary_pattern
from skimage.filters import gabor_kernel

from emobook import features
from emobook.features import color, color_contrast, color_fuzzy, color_names, texture
from emobook.features import color_spaces as spaces
from emobook.features.composition import segments
from emobook.features.gist import GRID, gist, square
from emobook.features.holistic import colour_invariant_edges
from emobook.images import read
from emobook.plots import panels
from emobook.plots.figure import figure, style

SIDE = 256
"""Longest side in pixels at which a photo is shown and described."""

MODULES = ("color", "color_names", "color_contrast", "color_fuzzy", "texture", "gist", "holistic")
_AUTHORS = r"(?:van )?[A-Z][\w-]+(?:(?:, [A-Z][\w-]+)*,? (?:and|&) [A-Z][\w-]+| et al\.)"
_SOURCE = re.compile(rf"({_AUTHORS}).*?((?:19|20)\d\d)", re.DOTALL)


def small(photo) -> np.ndarray:
    """The pixels of a photo, its longest side at most `SIDE`: uint8 (H, W, 3)."""
    return np.asarray(read(photo, max_side=SIDE))


def bin_colors(image: np.ndarray) -> np.ndarray:
    """Each pixel in the middle of its bin of the 64-bin histogram: what GCH keeps of a colour."""
    return (image >> 6 << 6) + 32


def name_colors(image: np.ndarray) -> np.ndarray:
    """Each pixel in the prototype of the name that it most probably has: uint8 (H, W, 3)."""
    red, green, blue = np.moveaxis(image >> 3, -1, 0).astype(int)
    best = color_names.name_table(None).argmax(axis=1)[red + 32 * green + 1024 * blue]
    return np.array(list(color_names.PROTOTYPES.values()), np.uint8)[best]


def warmth(image: np.ndarray) -> np.ndarray:
    """How warm less how cool each pixel is, -1 … 1 (H, W); greys are neither."""
    _, chroma, hue = np.moveaxis(spaces.rgb_to_lch(image), -1, 0)
    warm, cool = np.moveaxis(color_fuzzy.temperature_memberships(hue), -1, 0)
    return (warm - cool) * (1 - color_fuzzy.saturation_memberships(chroma)[..., 0])


def region_colors(image: np.ndarray) -> np.ndarray:
    """Each pixel in the mean colour of its region, on which Itten's contrasts work."""
    labels = segments(image)
    sums = [np.bincount(labels.ravel(), channel.ravel()) for channel in np.moveaxis(image, -1, 0)]
    means = np.stack(sums, axis=-1) / np.maximum(np.bincount(labels.ravel()), 1)[:, None]
    return np.rint(means).astype(np.uint8)[labels]


def color_sheet(photos: dict) -> Figure:
    """A row for each photo (name → picture): the photo, its bins, names, warmth and regions."""
    views = {
        "64 bins": bin_colors,
        "11 names": name_colors,
        "warm and cool": warmth,
        "regions": region_colors,
    }
    fig, axes = figure(len(photos), 5, size=(11, 1.7 * len(photos)), squeeze=False)
    for row, (name, photo) in zip(axes, photos.items(), strict=True):
        image = small(photo)
        pictures = {name: image} | {title: view(image) for title, view in views.items()}
        for axis, (title, picture) in zip(row, pictures.items(), strict=True):
            axis.imshow(picture, cmap="RdBu_r", vmin=-1, vmax=1)
            axis.set_title(title)
            axis.axis("off")
    return fig


def color_bars(photo, fullest: int = 11) -> Figure:
    """The fullest bins of the histogram, the fullest of each of 4 × 4 blocks, and the names."""
    image = small(photo)
    shares = color.color_histogram(image)
    levels = np.indices((4, 4, 4)).reshape(3, -1).T
    middles = (64 * levels + 32) / 255
    best = np.argsort(-shares, kind="stable")[:fullest]
    names = color_names.color_name_shares(image, color_names.name_table(None))
    fig, axes = figure(1, 3, size=(11, 3.6))
    with style():
        labels = [" ".join(map(str, levels[k])) for k in best]
        bars = (labels, shares[best], middles[best], "fullest bins (red green blue)")
        paint = np.array(list(color_names.PROTOTYPES.values())) / 255
        named = (list(color_names.PROTOTYPES), names, paint, "colour names")
        for axis, (labels, values, colors, title) in zip(axes[::2], (bars, named), strict=True):
            axis.barh(labels, values, color=colors, edgecolor="#333333")
            axis.set(title=title, xlabel="share of the pixels")
            axis.invert_yaxis()
        blocks = color.color_histogram(image, grid=4).reshape(4, 4, 64).argmax(axis=-1)
        axes[1].imshow(middles[blocks])
        axes[1].set(title="fullest bin of each block", xticks=[], yticks=[])
    return fig


def texture_sheet(photo) -> Figure:
    """One photo as the features of texture see it, in eight panels."""
    image = small(photo)
    grey = texture.grey_8(image)
    edges = colour_invariant_edges(image)[0]
    _, cells = hog(grey, pixels_per_cell=(16, 16), visualize=True)
    _, details = pywt.dwt2(grey.astype(float), "db3")
    views = {
        "grey": grey,
        "LBP: pattern of each pixel": local_binary_pattern(grey, 8, 1, method="nri_uniform"),
        "HOG: directions in cells": cells,
        "Weibull: edges": np.hypot(*edges),
        "Gabor: fine": gabor_magnitude(grey, 0.4),
        "Gabor: coarse": gabor_magnitude(grey, 0.1),
        "wavelets: finest details": np.abs(np.stack(details)).max(axis=0),
        "GIST: a star per block": None,
    }
    fig, axes = figure(2, 4, size=(11, 4.3))
    for axis, (title, view) in zip(axes.flat, views.items(), strict=True):
        axis.set(title=title, xticks=[], yticks=[])
        if view is None:
            gist_stars(axis, photo)
        else:
            top = np.quantile(view, 0.99) or 1
            axis.imshow(view, cmap="gray" if title == "grey" else "viridis", vmin=0, vmax=top)
    return fig


def gabor_magnitude(grey: np.ndarray, frequency: float, turns: int = 6) -> np.ndarray:
    """The largest Gabor magnitude over `turns` directions at each pixel: (H, W)."""
    kernels = [gabor_kernel(frequency, np.pi * turn / turns) for turn in range(turns)]
    border = max(max(kernel.shape) for kernel in kernels)
    level = np.pad(grey - grey.mean(), border, "symmetric")
    found = [np.abs(fftconvolve(level, kernel, mode="same")) for kernel in kernels]
    return np.max(found, axis=0)[border:-border, border:-border]


def gist_stars(axis, photo) -> None:
    """The grid of GIST on `axis`: in each block a line per direction, as long as its energy."""
    energies = gist(square(read(photo))).reshape(4, 8, GRID, GRID).sum(axis=0)
    energies = 0.48 * energies / max(energies.max(), 1e-9)
    for (turn, column, row), length in np.ndenumerate(energies):
        angle = np.pi * (turn / 8 + 0.5)  # along the edge: brightness changes across it
        x, y = length * np.cos(angle), -length * np.sin(angle)
        axis.plot([column - x, column + x], [row - y, row + y], color="#0173b2", linewidth=1.5)
    axis.set(xlim=(-0.5, GRID - 0.5), ylim=(GRID - 0.5, -0.5), aspect="equal")
    axis.grid(False)


def values(photos: dict) -> pd.DataFrame:
    """What the short features make of some photos: a row for each value, a column for each."""
    table = {}
    for name, photo in photos.items():
        image = small(photo)
        saturation, brightness = color.mean_saturation_brightness(image)
        column = {"brightness B": brightness, "saturation S": saturation}
        for signs in color.PAD_WEIGHTS:
            felt = color.pleasure_arousal_dominance(brightness, saturation, signs)
            scales = zip(color.PAD_WEIGHTS[signs], felt, strict=True)
            column |= {f"{scale}, {signs} signs": value for scale, value in scales}
        column["distance to all colours"] = color.colorfulness(image)
        contrasts = color_contrast.itten_contrasts(image)
        wanted = ("light_dark", "saturation", "warm_cold", "complements", "simultaneous")
        column |= {
            f"Itten: {kind.replace('_', '-')}": value
            for kind, value in zip(color_contrast.CONTRAST_NAMES, contrasts, strict=True)
            if kind in wanted
        }
        for transformer in (features.Tamura(cache=False), features.GLCM(cache=False)):
            found = zip(transformer._names(), transformer.transform([image])[0], strict=True)
            column |= {
                title.replace("_", " "): value
                for title, value in found
                if "tamura" in title or "luminance" in title
            }
        table[name] = column
    return pd.DataFrame(table)


def dimensions() -> pd.DataFrame:
    """Every class of colour and texture: what it is called, how long it is and where it is from.

    All of it is read from the classes; "with" are the settings that differ from the defaults.
    """
    rows = []
    for name in MODULES:
        module = getattr(features, name)
        for title, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ != module.__name__ or title.startswith("_"):
                continue
            base = features.CraftedFeatures
            if not issubclass(kind, base) or kind._names is base._names:  # a base, too
                continue
            for options in ({}, *_MORE.get(title, ())):
                made = kind(**options)
                rows.append((title, options, made.n_features_out_, source(kind)))
    table = pd.DataFrame(rows, columns=["class", "with", "values", "source"])
    table["with"] = [", ".join(f"{k}={v}" for k, v in with_.items()) for with_ in table["with"]]
    return table


_MORE = {"ColorHistogram": ({"grid": 4},), "GIST": ({"orientations": (8, 8, 4)},)}


def source(kind) -> str:
    """Authors and year of the source that the docstring of a class, or of its module, names."""
    own = kind.__doc__ or ""
    texts = (own.partition("Source:")[2], own, inspect.getmodule(kind).__doc__ or "")
    found = next((m for m in map(_SOURCE.search, texts) if m), None)
    return "" if found is None else f"{' '.join(found[1].split())} ({found[2]})"


def rate_bars(rates: dict) -> Figure:
    """You et al.'s Figs 5 to 7: true positive rates, a panel for each set, a bar for each method.

    rates: (set, method) → what `evaluate.one_vs_all` returns; a class without a rate has no bar.
    """
    sets, methods = (list(dict.fromkeys(names)) for names in zip(*rates, strict=True))
    fig, axes = panels(sets, size=(6, 3.4), ylabel="true positive rate")
    with style():
        for (name, method), table in rates.items():
            bars = table[(table["metric"] == "tpr") & (table["class"] != "mean")]
            shift = 0.8 * ((methods.index(method) + 0.5) / len(methods) - 0.5)
            places = np.arange(len(bars)) + shift
            axes[name].bar(places, bars["value"], 0.72 / len(methods), label=method)
            axes[name].set_xticks(range(len(bars)), bars["class"], rotation=45, ha="right")
            axes[name].set_ylim(0, 1)
        for axis in axes.values():
            axis.axhline(0.5, color="#333333", linestyle="--", linewidth=1.5)
        handles = axes[sets[0]].get_legend_handles_labels()
        fig.legend(*handles, loc="outside lower center", ncols=4)
    return fig
