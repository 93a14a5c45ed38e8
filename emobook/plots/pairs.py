"""A figure of adjective-noun pairs: what a bank says of a picture."""

import numpy as np
from matplotlib.figure import Figure

from emobook.plots.figure import figure, style


def strongest(pictures: dict, names, responses, most: int = 6) -> Figure:
    """Pictures below each other, each beside a bar for its strongest responses.

    pictures: title → picture, as `imshow` takes it. names: (K,) the pairs, with underscores.
    responses: (len(pictures), K), each 0 to 1. Raises ValueError where the lengths differ.
    """
    names, responses = np.asarray(names), np.asarray(responses, dtype=float)
    if responses.shape != (len(pictures), len(names)):
        raise ValueError(f"responses must be of shape ({len(pictures)}, {len(names)})")
    size = (8, 2.6 * len(pictures))
    fig, axes = figure(len(pictures), 2, size=size, width_ratios=[1, 1.3], squeeze=False)
    with style():
        for row, (title, picture), values in zip(axes, pictures.items(), responses, strict=True):
            left, right = row
            left.imshow(picture)
            left.set_title(title)
            left.axis("off")
            top = np.argsort(-values, kind="stable")[:most]
            right.barh([str(names[k]).replace("_", " ") for k in top], values[top], color="#0173b2")
            right.set(xlabel="response", xlim=(0, 1))
            right.invert_yaxis()
            right.grid(axis="y", visible=False)
    return fig
