"""Figures: what they draw, and that they look the same for everyone, everywhere."""

import base64
import io
import itertools
import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from emobook import plots
from emobook.emotions import MIKELS8, WHEEL, wheel_distribution


def shown(monkeypatch, fig, alt):
    """The display data that `show` sends."""
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: sent.append(data))
    plots.show(fig, alt)
    return sent[0]


def test_show_carries_the_alt_text_and_an_opaque_png(monkeypatch):
    alt = 'Accuracy against λ: "wheel" > uniform & majority'
    data = shown(monkeypatch, plots.wheel(), alt)
    assert data["text/plain"] == alt
    assert (
        'alt="Accuracy against λ: &quot;wheel&quot; &gt; uniform &amp; majority"'
        in data["text/html"]
    )
    content = base64.b64decode(re.search(r"base64,([^\"]+)", data["text/html"])[1])
    image = Image.open(io.BytesIO(content))
    assert image.getextrema()[-1] == (255, 255)  # alpha
    assert image.getpixel((0, 0)) == (255, 255, 255, 255)
    assert set(image.info) == {"dpi"}  # no date, no version
    assert abs(int(re.search(r'width="(\d+)"', data["text/html"])[1]) - image.width * 96 / 150) < 1


@pytest.mark.parametrize("alt", ["", "figure", None, 3])
def test_show_insists_on_an_alt_text(alt):
    with pytest.raises(ValueError, match="alt"):
        plots.show(plots.wheel(), alt)


def test_show_closes_a_figure_of_pyplot(monkeypatch):
    fig, _ = plt.subplots()
    shown(monkeypatch, fig, "An empty pair of axes.")
    assert not plt.fignum_exists(fig.number)


def test_the_same_figure_gives_the_same_bytes():
    draw = lambda: plots.png(plots.wheel(wheel_distribution("awe", 0.4)))  # noqa: E731
    assert draw() == draw()


def test_no_global_setting_changes_and_none_leaks_in():
    before = dict(matplotlib.rcParams)
    plain = plots.png(plots.circumplex())
    assert dict(matplotlib.rcParams) == before
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black"}):
        assert plots.png(plots.circumplex()) == plain
    assert plt.get_fignums() == []


# Machado et al. 2009, complete deuteranopia and protanopia, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_eight_colours_can_be_told_apart(kind):
    assert set(plots.EMOTION_COLORS) == set(MIKELS8)
    rgb = np.array([matplotlib.colors.to_rgb(plots.EMOTION_COLORS[name]) for name in WHEEL])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.asarray(BLINDNESS[kind]).T, 0, 1)
    seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(seen)
    pairs = itertools.combinations(range(8), 2)
    differences = {(WHEEL[a], WHEEL[b]): deltaE_ciede2000(lab[a], lab[b]) for a, b in pairs}
    assert min(differences.values()) > 15, min(differences, key=differences.get)


def heatmap_text(fig):
    return [text.get_text() for text in fig.axes[0].texts]


def test_confusion_matrix_shares_sum_to_one_and_counts_are_there():
    truth = np.array([0, 0, 0, 1, 1])
    fig = plots.confusion_matrix(truth, np.array([0, 0, 1, 1, 0]), ("cat", "dog", "owl"))
    cells = ["0.67\n2", "0.33\n1", "0.00\n0", "0.50\n1", "0.50\n1", "0.00\n0"]
    assert heatmap_text(fig) == cells  # and nothing in the row of the owls
    labels = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert labels == ["cat (3)", "dog (2)", "owl (0)"]


def test_confusion_matrix_takes_scores():
    truth = np.arange(8).repeat(2)
    scores = np.eye(8)[truth]
    by_scores = plots.confusion_matrix(truth, scores)
    assert heatmap_text(by_scores) == heatmap_text(plots.confusion_matrix(truth, truth))


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([0, 1], [0], "predicted"),
        ([0, 8], [0, 1], "truth must hold class indices from 0 to 7"),
        ([0, 1], [0, -1], "predicted must hold class indices"),
        ([0.0, 1.0], [0, 1], "truth must hold class indices"),
        ([], [], "predicted"),
        ([0, 1], np.zeros((2, 7)), "predicted"),
    ],
)
def test_confusion_matrix_refuses(truth, predicted, message):
    with pytest.raises(ValueError, match=message):
        plots.confusion_matrix(truth, predicted)


def test_band_is_mean_between_lowest_and_highest_repeat():
    repeats = np.array([[1.0, 4.0, 2.0], [3.0, 2.0, 2.0]])
    fig = plots.curve_with_band(
        [0, 0.5, 1], {"ours": repeats, "given": ([1, 2, 3], [0, 1, 2], [2, 3, 4])},
        xlabel="λ", ylabel="accuracy", dashed={"majority": 0.4},
    )  # fmt: skip
    axes = fig.axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [2, 3, 2])
    bands = [c.get_paths()[0].vertices for c in axes.collections]
    assert (bands[0][:, 1].min(), bands[0][:, 1].max()) == (1, 4)
    assert (bands[1][:, 1].min(), bands[1][:, 1].max()) == (0, 4)
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), [0.4] * 3)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["ours", "given", "majority"]


@pytest.mark.parametrize("curve", [np.zeros((3, 4)), ([1, 2], [0, 1]), ([1] * 3, [0] * 3, [2] * 2)])
def test_curve_of_another_length_is_refused(curve):
    with pytest.raises(ValueError, match="'ours'"):
        plots.curve_with_band([0, 1, 2], {"ours": curve}, xlabel="x", ylabel="y")


def test_bars_say_not_run_instead_of_zero():
    fig = plots.bars_with_intervals(
        ["a", "b"], [0.5, np.nan], [0.4, np.nan], [0.7, np.nan],
        xlabel="accuracy", marks={"printed": [0.6, 0.7]}, lines={"majority": 0.3},
    )  # fmt: skip
    axes = fig.axes[0]
    assert [text.get_text().strip() for text in axes.texts] == ["not run"]
    interval = axes.collections[0].get_segments()
    np.testing.assert_allclose(interval, [[[0.4, 0], [0.7, 0]]])
    with pytest.raises(ValueError, match="one number for each"):
        plots.bars_with_intervals(["a"], [1, 2], [0, 1], [2, 3], xlabel="x")


def test_wheel_is_in_ring_order_and_as_long_as_the_shares():
    shares = wheel_distribution("fear", 0.6)
    axes = plots.wheel(shares).axes[0]
    names = [label.get_text().split("\n")[0] for label in axes.get_xticklabels()]
    assert names == list(WHEEL)
    heights = [patch.get_height() for patch in axes.patches]
    np.testing.assert_allclose(heights, [shares[MIKELS8.index(name)] for name in WHEEL])
    for bad in (np.ones(7), -np.ones(8), np.full(8, np.nan)):
        with pytest.raises(ValueError, match="eight shares"):
            plots.wheel(bad)


def test_circumplex_names_every_place_and_refuses_other_scales():
    axes = plots.circumplex(points=np.zeros((5, 2))).axes[0]
    assert {text.get_text() for text in axes.texts} == set(MIKELS8)
    for name, (valence, _) in plots.SKETCHED_PLACES.items():
        from emobook.emotions import polarity

        assert (valence > 0) == (polarity(name) == "positive"), name
    with pytest.raises(ValueError, match="between -1 and 1"):
        plots.circumplex({"joy": (5.1, 3.0)})
