"""Figures of data sets: what their labels are made of, and where their ratings lie.

Ratings are shown on the scale of their set. Kim et al. (2018) cut the plane of valence and arousal
at 3, 5 and 7 on a scale of 1 to 9, which are the quarters of the scale; on 1 to 7 the same cuts are
2.5, 4 and 5.5. Where there is no set to draw, the figures of ratings say "not run".
"""

from itertools import product

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from PIL import ImageOps

from emobook import images
from emobook.emotions import MIKELS8, POSITIVE
from emobook.plots import EMOTION_COLORS, panels
from emobook.plots.figure import figure, style

RATED = ("valence", "arousal")
QUARTERS = ("lowest", "low", "high", "highest")


def one_picture(data, i: int) -> Figure:
    """Row `i` of a set that knows everything of its pictures: boxes, map, votes and ratings."""
    fig, (left, middle, right) = figure(1, 3, size=(9.5, 3))
    with style():
        left.imshow(data.image(i))
        for _, x0, y0, x1, y1 in data.table["boxes"][i]:
            left.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="white", linewidth=2)
        middle.imshow(images.read(data.table["mask_path"][i]))
        for axis, title in ((left, "picture, boxes"), (middle, "what is where")):
            axis.set_title(title)
            axis.axis("off")
        right.barh(data.classes, data.votes[i], color="#0173b2")
        right.set(xlabel="votes", title=", ".join(f"{k} {data.ratings[k][i]:.1f}" for k in RATED))
    return fig


def composition(counts: dict) -> Figure:
    """A bar for each set, divided into the shares of the eight emotions, positive ones first.

    counts: name → Series of images per emotion. A dashed line marks the half of each bar.
    """
    order = [*POSITIVE, *(name for name in MIKELS8 if name not in POSITIVE)]
    fig, axes = figure(size=(8.5, 1.3 + 0.42 * len(counts)))
    with style():
        left = np.zeros(len(counts))
        for name in order:
            shares = np.array([100 * part.get(name, 0) / part.sum() for part in counts.values()])
            axes.barh(
                list(counts), shares, left=left, label=name, color=EMOTION_COLORS[name],
                edgecolor="white",
            )  # fmt: skip
            left += shares
        axes.axvline(50, color="#111111", linestyle="--", linewidth=1.5)
        axes.invert_yaxis()
        axes.set(xlabel="share of the images (%)", xlim=(0, 100))
        axes.grid(False)
        fig.legend(loc="outside lower center", ncols=4)
    return fig


def beside_lines(values: pd.DataFrame, lines: dict, xlabel: str = "accuracy (%)") -> Figure:
    """A panel for each column of `values` (rows: methods) with its line; methods at or below the
    line are crosses.

    lines: column → the number of its line, in the unit of `values`.
    """
    fig, panel = panels(values, size=(2, 1.2 + 0.24 * len(values)), xlabel=xlabel)
    with style():
        for name, axis in panel.items():
            below = (values[name] <= lines[name]).to_numpy()
            for part, color, marker in ((below, "#d55e00", "X"), (~below, "#0173b2", "o")):
                axis.scatter(
                    values[name][part], np.flatnonzero(part), color=color, marker=marker, zorder=3
                )
            axis.axvline(lines[name], color="#333333", linestyle="--", linewidth=1.5)
            axis.set_yticks(range(len(values)), values.index)
        axis.invert_yaxis()
    return fig


def histograms(sets: dict) -> Figure:
    """Histograms of valence and of arousal, a column for each set (Kim et al. 2018, Fig. 4).

    sets: name → Dataset with ratings. A dashed line marks the middle of the scale.
    """
    if not sets:
        return _not_run()
    fig, axes = figure(
        2, len(sets), size=(max(6, 4.4 * len(sets)), 5), squeeze=False, sharey="col"
    )  # fmt: skip
    with style():
        for (row, kind), (column, (name, data)) in product(
            enumerate(RATED), enumerate(sets.items())
        ):
            axis, (low, high) = axes[row][column], data.scale
            bins = np.linspace(low, high, 25)
            axis.hist(data.ratings[kind], bins, color="#0173b2", edgecolor="white")
            axis.axvline((low + high) / 2, color="#d55e00", linestyle="--")
            axis.set(xlabel=f"{kind} ({low:g} to {high:g})", ylabel="images", xlim=(low, high))
            if not row:
                axis.set_title(name)
    return fig


def plane(sets: dict) -> Figure:
    """Each picture as a point of valence and arousal, a panel for each set (Kim, Fig. 6).

    sets: name → Dataset with ratings. The curves are those of a kernel density that leave a
    quarter, a half and three quarters of its mass outside; the grid has Kim's cuts.
    """
    if not sets:
        return _not_run()
    fig, axes = figure(1, len(sets), size=(4.6 * len(sets), 4.6), squeeze=False)
    with style():
        for axis, (name, data) in zip(axes[0], sets.items(), strict=True):
            x, y = (data.ratings[kind] for kind in RATED)
            axis.scatter(x, y, s=10, color="#0173b2", alpha=0.45, linewidth=0)
            sns.kdeplot(
                x=x, y=y, levels=[0.25, 0.5, 0.75], color="#d55e00", linewidths=1.5, ax=axis
            )
            ticks = _cuts(data.scale)
            axis.set(
                xlim=data.scale, ylim=data.scale, xticks=ticks, yticks=ticks, aspect="equal",
                title=name, xlabel="valence", ylabel="arousal",
            )  # fmt: skip
    return fig


def contact_sheet(data, size: int = 7, leave_out=()) -> Figure:
    """Pictures on the plane of valence and arousal (Kim, Fig. 5): `size` by `size` places, in each
    the picture that is nearest to its middle; a place that no picture falls into stays empty.

    data: Dataset with ratings, or None. leave_out: groups that are not to be shown; listed images
    without a file are not shown either. Raises `ImageError` where a picture cannot be read.
    """
    if data is None:
        return _not_run()
    (low, high), unit = data.scale, unit_ratings(data).to_numpy()
    shown = (data.table["path"].notna() & ~data.table["group"].isin(leave_out)).to_numpy()
    edges = low + (high - low) * np.arange(size + 1) / size
    fig, axes = figure(size=(7.2, 7.2))
    with style():
        for i, j in product(range(size), repeat=2):
            away = np.abs(unit - (np.array([i, j]) + 0.5) / size).max(axis=1)
            away[~shown] = np.inf
            if away.min() <= 0.5 / size:
                picture = ImageOps.fit(data.image(int(away.argmin())), (120, 120))
                axes.imshow(picture, extent=(*edges[i : i + 2], *edges[j : j + 2]))
        axes.set(xlim=data.scale, ylim=data.scale, xlabel="valence", ylabel="arousal")
        axes.grid(False)
    return fig


def words_of(data) -> list[list[str]]:
    """The words for what is in each picture: the objects of a scene, else the words of its group,
    such as "dog" and "attack" of the theme "Dog attack"; empty for None."""
    if data is None:
        return []
    if "objects" in data.table:
        return data.table["objects"].tolist()
    return data.table["group"].str.lower().str.split().tolist()


def section_words(data, words, most: int = 4) -> pd.DataFrame:
    """The words most used in each of 4 × 4 sections of the plane (Kim, Fig. 7).

    data: Dataset with ratings, or None. words: for each image a list of words, as `words_of` gives
    them; one that repeats counts once. A line per section, from the lowest valence and arousal,
    valence first: columns valence, arousal (of `QUARTERS`), images, words ("dog (3), lake (2)";
    equal ones by the alphabet).
    """
    rated = np.empty((0, 2)) if data is None else unit_ratings(data)
    section = np.digitize(rated, [0.25, 0.5, 0.75])
    lines = []
    for arousal, valence in product(range(4), repeat=2):
        inside = np.flatnonzero((section == (valence, arousal)).all(axis=1))
        listed = pd.Series([w for i in inside for w in sorted(set(words[i]))], dtype=object)
        counted = listed.value_counts().rename_axis("word").reset_index(name="n")
        counted = counted.sort_values(["n", "word"], ascending=[False, True])
        text = ", ".join(f"{w} ({n})" for w, n in counted.head(most).itertuples(index=False))
        lines.append((QUARTERS[valence], QUARTERS[arousal], len(inside), text))
    return pd.DataFrame(lines, columns=["valence", "arousal", "images", "words"])


def word_grid(sections: pd.DataFrame) -> Figure:
    """The result of `section_words` as a grid; the shade is the number of images."""
    number = sections["images"].to_numpy().reshape(4, 4)
    fig, axes = figure(size=(8.5, 4.8))
    with style():
        # no shade so dark that the words could not be read on it
        axes.imshow(
            number, cmap="Blues", origin="lower", aspect="auto", vmin=0, vmax=2 * number.max() or 1
        )
        for (y, x), words in zip(np.ndindex(4, 4), sections["words"], strict=True):
            axes.text(x, y, words.replace(", ", "\n"), ha="center", va="center", fontsize=9.5)
        axes.set_xticks(range(4), QUARTERS)
        axes.set_yticks(range(4), QUARTERS)
        axes.set(xlabel="quarter of the valence scale", ylabel="quarter of the arousal scale")
        axes.grid(False)
    return fig


def unit_ratings(data) -> pd.DataFrame:
    """Valence and arousal with the scale of the set brought to 0 … 1."""
    low, high = data.scale
    return (data.ratings[list(RATED)] - low) / (high - low)


def _cuts(scale) -> np.ndarray:
    low, high = scale
    return low + (high - low) * np.array([0.25, 0.5, 0.75])


def _not_run() -> Figure:
    fig, axes = figure(size=(5.8, 1.2))
    axes.text(0.5, 0.5, "not run: there is no such set here", ha="center", va="center")
    axes.axis("off")
    return fig
