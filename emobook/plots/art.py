"""What the features from the theory of art see on a photo, and what they reach, as figures."""

import cv2
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image
from scipy.stats import norm
from skimage.segmentation import find_boundaries

from emobook.features import composition, content, emphasis, movement, principles, symmetry
from emobook.features.art import AREA
from emobook.features.color_spaces import pixels, rgb_to_ihls
from emobook.plots import panels
from emobook.plots.figure import figure, style

_MARK, _OTHER = "#ffd400", "#00e5ff"  # both seen on light and on dark photos
_MARKERS = "osD^vPX*"


def machajdik_views(segmented, lined, focused, portrait) -> Figure:
    """Four photos, uint8 (H, W, 3), each with one of Machajdik & Hanbury's measurements drawn on
    it: segments, lines, detail and the inner third, faces and skin."""
    fig, axes = figure(2, 2, size=(9, 6.8))
    with style():
        for axis, draw, photo in zip(
            axes.flat,
            (_segments, _lines, _detail, _faces),
            (segmented, lined, focused, portrait),
            strict=True,
        ):
            view = pixels(Image.fromarray(photo), AREA)
            axis.set_title(draw(axis, view))
            _frame(axis, view)
    return fig


def _frame(axis, view):
    axis.set(xlim=(-0.5, view.shape[1] - 0.5), ylim=(view.shape[0] - 0.5, -0.5))
    axis.axis("off")


def _segments(axis, view):
    labels = composition.segments(view)
    drawn = view.copy()
    drawn[find_boundaries(labels, mode="inner")] = (255, 212, 0)
    axis.imshow(drawn)
    return f"level of detail: {labels.max()} segments"


def _lines(axis, view):
    axis.imshow(view)
    static, slanted = composition.dynamics(view)[:2].astype(int)
    for x0, y0, x1, y1 in composition.lines(view):
        steep = np.degrees(np.arctan2(abs(y1 - y0), abs(x1 - x0)))
        color = _OTHER if min(steep, 90 - steep) <= 15 else _MARK
        axis.plot([x0, x1], [y0, y1], color=color, linewidth=1.6)
    return f"dynamics: {static} static (blue), {slanted} slanted (yellow)"


def _detail(axis, view):
    axis.imshow(view)
    height, width = view.shape[:2]
    inner = Rectangle((width / 4, height / 4), width / 2, height / 2, fill=False)
    inner.set(edgecolor=_MARK, linewidth=2.5)
    axis.add_patch(inner)
    for third in (1, 2):
        axis.axvline(third * width / 3, color="white", linestyle="--", linewidth=1.5)
        axis.axhline(third * height / 3, color="white", linestyle="--", linewidth=1.5)
    share = composition.depth_of_field(rgb_to_ihls(view))[1]
    return f"depth of field: {share:.0%} of the detail in the box"


def _faces(axis, view):
    skin = content.skin_mask(view)
    axis.imshow(np.where(skin[..., None], view, view // 3 + 20))
    for x, y, width, height in content.faces(view):
        box = Rectangle((x, y), width, height, fill=False, edgecolor=_MARK, linewidth=2.5)
        axis.add_patch(box)
    number, _, share, _ = content.content(view)
    return f"content: {number:.0f} face, {share:.0%} skin (bright)"


def principles_views(mirrored, rounded, attended) -> Figure:
    """Three photos, uint8 (H, W, 3), with principles of art drawn on them: mirrored keypoints and
    their axis; what is round; what draws attention, and the simulated path of the eye."""
    fig, axes = figure(2, 2, size=(9, 6.8))
    with style():
        for axis, draw, photo in zip(
            axes.flat,
            (_mirror, _round, _attention, _path),
            (mirrored, rounded, attended, attended),
            strict=True,
        ):
            view = principles.resized(Image.fromarray(photo))
            axis.imshow(view)
            axis.set_title(draw(axis, view))
            _frame(axis, view)
    return fig


def mirror_axis(points: symmetry.Keypoints) -> tuple[float, float, np.ndarray] | None:
    """The strongest axis of `symmetry.bilateral`: its angle (radians, from x towards y), its place
    r along the direction across it (half diagonals from the middle), and which of the pairs of
    `symmetry.mirror_votes` stand for it; None without an axis."""
    count, _, strength, distance, cosine, sine, _ = symmetry.bilateral(points)[:7]
    if not count or not strength:
        return None
    angle = np.arctan2(sine, cosine) / 2
    across = np.array([-np.sin(angle), np.cos(angle)])
    pairs, theta, _ = symmetry.mirror_votes(points)
    midway = (points.position[pairs.i] + points.position[pairs.j]) / 2 @ across
    along = np.abs(np.cos(theta) * across[0] + np.sin(theta) * across[1]) > np.cos(np.radians(6))
    # the feature keeps the distance without its side: the side with more votes is the axis's
    near = [along & (np.abs(midway - side * distance) < 0.04) for side in (1, -1)]
    best = int(near[1].sum() > near[0].sum())
    return float(angle), float((1, -1)[best] * distance), near[best]


def _mirror(axis, view):
    points = symmetry.keypoints(cv2.cvtColor(view, cv2.COLOR_RGB2GRAY))
    found = mirror_axis(points)
    if found is None:
        return "balance: no axis"
    angle, r, near = found
    scale = np.hypot(*view.shape[:2]) / 2
    middle = (np.array(view.shape[1::-1]) - 1) / 2
    pairs, *_ = symmetry.mirror_votes(points)
    for i, j in zip(pairs.i[near], pairs.j[near], strict=True):
        axis.plot(*(points.position[[i, j]] * scale + middle).T, color=_OTHER, linewidth=0.8)
    foot = middle + scale * r * np.array([-np.sin(angle), np.cos(angle)])
    ahead = 2 * scale * np.array([np.cos(angle), np.sin(angle)])
    axis.plot(*np.transpose([foot - ahead, foot + ahead]), color=_MARK, linewidth=2.5)
    return "balance: mirrored pairs and their axis"


def _round(axis, view):
    radius = symmetry.RADII[-1]
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY)
    axis.imshow(np.abs(symmetry.radial_symmetry(grey, radius)), cmap="magma", alpha=0.7)
    return f"balance: what is round, radius {radius} pixels"


def _attention(axis, view):
    attention = emphasis.saliency(view)
    size = view.shape[1::-1]
    axis.imshow(cv2.resize(attention, size), cmap="magma", alpha=0.65)
    subject = emphasis.subject(attention)
    if subject.any():
        subject = cv2.resize(subject.astype(float), size)
        axis.contour(subject, levels=[0.5], colors=_OTHER, linewidths=2)
    return "emphasis: attention, and the subject"


def _path(axis, view):
    path = movement.scan_path(view) * np.hypot(*view.shape[:2]) / 2
    x, y = (path + (np.array(view.shape[1::-1]) - 1) / 2).T
    axis.plot(x, y, color=_OTHER, linewidth=1.5)
    axis.scatter(x, y, s=190, color=_MARK, zorder=3, edgecolor="#111111", linewidth=0.6)
    for n, place in enumerate(zip(x, y, strict=True), 1):
        axis.annotate(str(n), place, ha="center", va="center", fontsize=9, zorder=4)
    return "movement: fixations in their order"


def class_rates(rates: pd.DataFrame, line: float = 50) -> Figure:
    """True-positive rates of several methods for each class, with intervals (You et al. 2016, Figs
    5 to 7). rates: columns class, method, value, low, high in percent; NaN is left out."""
    names, methods = rates["class"].unique(), rates["method"].unique()
    fig, axis = figure(size=(9.2, 4.2))
    with style():
        for k, method in enumerate(methods):
            part = rates[rates["method"] == method].set_index("class").reindex(names)
            x = np.arange(len(names)) + (k - (len(methods) - 1) / 2) * 0.8 / len(methods)
            spread = np.abs(part[["low", "high"]].to_numpy().T - part["value"].to_numpy())
            axis.errorbar(
                x, part["value"], yerr=spread, fmt=_MARKERS[k], markersize=6, capsize=2,
                linewidth=1.2, label=method,
            )  # fmt: skip
        axis.axhline(line, color="#333333", linestyle="--", linewidth=1.5, label="chance")
        axis.set_xticks(range(len(names)), names, rotation=20)
        axis.set(ylabel="true-positive rate (%)", ylim=(0, 100))
        axis.grid(axis="x", visible=False)
        fig.legend(loc="outside upper center", ncols=5)
    return fig


def eight_way(rate, classes: int = 8) -> np.ndarray:
    """The `classes`-way accuracy of binary classifiers with the mean of both rates `rate`.

    It holds where scores are normal with one spread, thresholds lie in the middle, the scores of
    an image are independent, and all classes are alike. rate: shares in (0, 1).
    """
    rate = np.asarray(rate, float)
    apart = 2 * norm.ppf(rate)  # both rates are Φ(apart / 2)
    x = np.linspace(-9, 16, 4001)
    density = norm.pdf(x - apart[..., None]) * norm.cdf(x) ** (classes - 1)
    return np.trapezoid(density, x)


def two_scales(rates: pd.DataFrame, printed: dict) -> Figure:
    """Eight-way accuracy over the mean of the two rates, in percent, with the curve of `eight_way`.

    rates: results of `evaluate.one_vs_all_rates` in percent, with a column method. printed: name →
    mean of the two rates in percent, drawn on the curve.
    """
    means = rates[(rates["class"] == "mean") & (rates["metric"] == "balanced accuracy")]
    plain = rates[(rates["class"] == "all") & (rates["metric"] == "accuracy")]
    plain = plain.set_index("method")["value"]
    rate = np.linspace(45, 95, 101)
    fig, axis = figure(size=(7.2, 4.4))
    with style():
        axis.plot(rate, 100 * eight_way(rate / 100), color="#333333", label="curve of the text")
        axis.plot(rate, rate, color="#999999", linestyle=":", label="if both were the same")
        for k, (name, value) in enumerate(printed.items()):
            x, y = value, 100 * float(eight_way(value / 100))
            axis.plot(x, y, _MARKERS[k], color="white", markeredgecolor="#111111", label=name)
        colors = [f"C{k}" for k in range(len(means))]
        for color, marker, row in zip(colors, _MARKERS, means.itertuples(), strict=False):
            y = plain[row.method]
            axis.plot(row.value, y, marker, markersize=8, color=color, label=row.method)
        axis.axvline(50, color="#777777", linestyle="--", linewidth=1)
        axis.axhline(12.5, color="#777777", linestyle="--", linewidth=1)
        axis.set(xlabel="one against all: mean of the two rates (%)", ylabel="8-way accuracy (%)")
        fig.legend(loc="outside right upper")
    return fig


def group_panels(rows: pd.DataFrame) -> Figure:
    """Each group of features alone, beside the majority, and what is lost without it.

    rows: as `results.rows` gives them, of one table and one set: columns "8 classes" and "lost
    without it"; rows named "… without …" are not drawn.
    """
    alone = rows[(rows["column"] == "8 classes") & ~rows["row"].str.contains(" without ")]
    alone = alone.sort_values("row", key=lambda names: names.str.contains(":"), kind="stable")
    lost = rows[rows["column"] == "lost without it"]
    lines = {"alone": 100 * alone["baseline"].iloc[0], "lost without it": 0}
    fig, panel = panels(lines, size=(4.4, 1.2 + 0.3 * len(alone)))
    with style():
        for title, part in (("alone", alone), ("lost without it", lost)):
            value, *ends = (100 * part[["value", "low", "high"]].to_numpy(float)).T
            panel[title].errorbar(
                value, part["row"], xerr=np.abs(ends - value), fmt="o", color="#0173b2", capsize=3
            )
            panel[title].axvline(lines[title], color="#333333", linestyle="--", linewidth=1.5)
        panel["alone"].set_xlabel("8-way accuracy (%)")
        panel["lost without it"].set_xlabel("points of accuracy")
        panel["alone"].invert_yaxis()
    return fig
