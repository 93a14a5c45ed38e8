"""Figures of networks side by side: what each stream says of a picture, and what networks cost."""

import numpy as np
from matplotlib.figure import Figure

from emobook.plots.figure import figure, style


def what_streams_say(picture, streams: dict) -> Figure:
    """A picture, and beside it the strongest answers of each stream.

    picture: as `imshow` takes it. streams: title → {name: probability}, drawn as bars, the most
    probable on top. Raises ValueError where there are no streams, or one has no answers.
    """
    if not streams or not all(streams.values()):
        raise ValueError("streams must hold at least one answer for each title")
    count = len(streams)
    ratios = [1.1, *[0.75] * count]
    fig, axes = figure(1, 1 + count, size=(3 + 3 * count, 3.2), width_ratios=ratios)
    with style():
        axes[0].imshow(picture)
        axes[0].axis("off")
        for axis, (title, answers) in zip(axes[1:], streams.items(), strict=True):
            best = sorted(answers, key=lambda name: -answers[name])
            axis.barh(best, [answers[name] for name in best], height=0.6, color="#0173b2")
            axis.set(title=title, xlabel="probability", xlim=(0, 1))
            axis.tick_params(axis="y", labelsize=10)
            axis.invert_yaxis()
            axis.grid(axis="y", visible=False)
    return fig


def costs(networks: dict, together: dict | None = None) -> Figure:
    """Networks by their multiply-adds (across) and parameters (up), both on logarithmic axes.

    networks: name → (parameters, multiply_adds), drawn as dots; together: the same for several
    networks side by side, drawn as squares. Raises ValueError for numbers that are not above 0.
    """
    kinds = {"one network": networks, "several side by side": together or {}}
    if not all(np.min(pair) > 0 for some in kinds.values() for pair in some.values()):
        raise ValueError("parameters and multiply_adds must be above 0")
    fig, axis = figure(size=(6.4, 4.2))
    with style():
        axis.set(xscale="log", yscale="log")
        axis.set(xlabel="multiply-adds per picture (billions)", ylabel="parameters (millions)")
        for (label, some), marker, color in zip(
            kinds.items(), "os", ("#0173b2", "#d55e00"), strict=True
        ):
            if not some:
                continue
            parameters, products = np.array(list(some.values()), dtype=float).T
            axis.scatter(
                products / 1e9, parameters / 1e6, marker=marker, s=60, color=color, label=label,
                zorder=3,
            )  # fmt: skip
            places = sorted(zip(products / 1e9, parameters / 1e6, some, strict=True))
            for index, (x, y, name) in enumerate(places):  # neighbours' names on either side
                axis.annotate(
                    name, (x, y), (0, (8, -16)[index % 2]), textcoords="offset points",
                    ha="center", fontsize=9,
                )  # fmt: skip
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter("{x:g}")
        axis.margins(0.18)
        axis.legend()
    return fig
