"""Predicted valence and arousal as figures: on the plane, in sorted strips, and their errors."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from emobook import images
from emobook.plots.figure import figure, style
from emobook.results.rated import RATINGS

_SAID, _RATED = "#b34700", "#0173b2"


def spread_out(values, count: int) -> np.ndarray:
    """Positions of `count` values (all, where there are fewer), from the lowest to the highest, at
    equal steps of their ranks."""
    order = np.argsort(np.asarray(values, dtype=float), kind="stable")
    steps = np.linspace(0, len(order) - 1, min(count, len(order)))
    return order[steps.round().astype(int)]


def scattered(points, count: int) -> np.ndarray:
    """Positions of `count` points of (N, 2), far from each other: the one nearest the middle first,
    then always that whose nearest chosen one is farthest."""
    points = np.asarray(points, dtype=float)
    chosen = [int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)


def sorted_rows(ratings, said, count: int = 6) -> dict:
    """Which pictures stand in Figs 11-14: heading → (positions, said (n,), rated (n,)).

    ratings, said: (N, 2) of people and of a model. Of the quarter of pictures with the lowest, and
    of that with the highest, arousal, `count` at equal steps of valence; and the same the other
    way round.
    """
    ratings, said, rows = np.asarray(ratings, float), np.asarray(said, float), {}
    for k, other in ((0, 1), (1, 0)):
        low, high = np.quantile(ratings[:, other], [0.25, 0.75])
        ends = {"low": ratings[:, other] <= low, "high": ratings[:, other] >= high}
        for end, held in ends.items():
            there = np.flatnonzero(held)
            chosen = there[spread_out(ratings[there, k], count)]
            heading = f"{RATINGS[k]}, {end} {RATINGS[other]}"
            rows[heading] = chosen, said[chosen, k], ratings[chosen, k]
    return rows


def on_plane(sources, rated, said, scale=(1, 7), side: int = 40) -> Figure:
    """Pictures where a model puts them on the plane, each tied to where people put it.

    sources: N pictures, as for `images.read`. rated, said: (N, 2) valence and arousal of people and
    of the model, drawn at the edge of `scale` where they lie beyond. In the form of Kim et al.
    (2018), Fig. 10. side: of the pictures, in pixels, at most.
    """
    rated, said = (np.clip(np.asarray(values, dtype=float), *scale) for values in (rated, said))
    fig, axis = figure(size=(8, 7.2))
    with style():
        middle = sum(scale) / 2
        axis.axvline(middle, color="#999999", linewidth=1)
        axis.axhline(middle, color="#999999", linewidth=1)
        for source, there, here in zip(sources, rated, said, strict=True):
            axis.plot(*np.stack([there, here]).T, color="#555555", linewidth=1, zorder=1)
            picture = OffsetImage(_small(source, side), zoom=0.5)
            frame = {"edgecolor": _SAID, "linewidth": 1.5}
            axis.add_artist(AnnotationBbox(picture, here, pad=0.1, bboxprops=frame))
        dots = axis.plot(*rated.T, "o", color=_RATED, markersize=7, markeredgecolor="white")
        dots[0].set(zorder=5, label="where people put it")
        axis.plot(
            [], [], "s", color="white", markeredgecolor=_SAID, label="where the model puts it"
        )
        room = 0.06 * (scale[1] - scale[0])
        ends = scale[0] - room, scale[1] + room
        axis.set(xlim=ends, ylim=ends, xlabel="valence", ylabel="arousal", aspect="equal")
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.08), ncols=2)
    return fig


def strips(rows: dict, side: int = 96) -> Figure:
    """Rows of pictures in order, below each what the model says and what people say.

    rows: heading → (pictures, said (n,), rated (n,)). In the form of Kim et al. (2018), Figs 11-14:
    "predicted value and ground truth value (prediction/ground truth)".
    """
    most = max(len(sources) for sources, _, _ in rows.values())
    fig, grid = figure(len(rows), most, size=(1.25 * most, 1.62 * len(rows)), squeeze=False)
    with style():
        for line, (heading, (sources, said, rated)) in zip(grid, rows.items(), strict=True):
            for axis in line:
                axis.set_axis_off()
            for axis, source, predicted, truth in zip(line, sources, said, rated, strict=False):
                axis.imshow(_small(source, side))
                label = f"{predicted:.2f} / {truth:.2f}"
                axis.text(0.5, -0.06, label, transform=axis.transAxes, ha="center", va="top")
            line[0].set_title(heading, loc="left")
    return fig


def errors(rows: dict, baselines, ceilings=None, names=RATINGS) -> Figure:
    """Mean squared errors of methods, side by side for each rating.

    rows: method → (value, low, high) for each rating; NaN where it was not run. baselines: of each
    rating, the error of always saying the mean. ceilings: the least error that the raters' own
    disagreement leaves, or None. An error beyond twice the baseline goes off the axis, and its
    number stands there.
    """
    fig, axes = figure(1, len(names), size=(5.2 * len(names), 0.42 * len(rows) + 1.6), sharey=True)
    labels = list(rows)
    with style():
        for k, (axis, name) in enumerate(zip(np.atleast_1d(axes), names, strict=True)):
            end = 2 * baselines[k]
            for place, row in enumerate(rows.values()):
                value, low, high = row[k]
                if np.isnan(value):
                    axis.text(0.02 * end, place, "not run", va="center", color="#555555")
                    continue
                worse = value >= baselines[k]
                axis.barh(place, min(value, end), color="#bbbbbb" if worse else _RATED)
                if value > end:
                    axis.text(0.97 * end, place, f"{value:.2g} →", va="center", ha="right")
                elif not np.isnan(low):
                    axis.plot([low, min(high, end)], [place] * 2, color="#111111", linewidth=1.5)
            axis.axvline(baselines[k], color="#111111", linestyle="--", label="always the mean")
            if ceilings is not None:
                axis.axvline(ceilings[k], color="#029e73", linestyle=":", label="raters' own noise")
            axis.set(xlim=(0, end), title=name, xlabel="mean squared error on 1 to 9")
            axis.set_yticks(range(len(labels)), labels)
            axis.grid(axis="y", visible=False)
        axis.invert_yaxis()
        lines = np.atleast_1d(axes)[0].get_legend_handles_labels()
        fig.legend(*lines, loc="outside lower center", ncols=2)
    return fig


def _small(source, side: int) -> np.ndarray:
    picture = images.read(source)
    picture.thumbnail((side * 2, side * 2))  # twice, for screens with fine dots
    return np.asarray(picture)
