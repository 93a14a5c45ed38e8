"""What the features of colour and texture see: each view against the definition of its feature."""

import numpy as np
import pandas as pd
import pytest
from skimage import data

from emobook import evaluate, features
from emobook.features import color, color_names
from emobook.plots import color_texture as drawn

RED, GREY, BLUE = (200, 20, 30), (128, 128, 128), (20, 70, 200)


@pytest.fixture(scope="module")
def striped():
    return np.repeat(np.array([[RED, GREY, BLUE]], np.uint8), 30, axis=0).repeat(20, axis=1)


def test_a_binned_picture_has_the_same_histogram():
    photo = drawn.small(data.coffee())
    binned = drawn.bin_colors(photo)
    assert set(np.unique(binned)) <= {32, 96, 160, 224}
    assert np.array_equal(color.color_histogram(binned), color.color_histogram(photo))


def test_prototypes_keep_their_names_and_warmth(striped):
    assert np.array_equal(drawn.name_colors(striped), striped)
    warm = drawn.warmth(striped)[0, ::20]
    assert warm[0] > 0.3 and warm[1] == pytest.approx(0, abs=1e-6) and warm[2] < -0.3


def test_regions_have_their_mean_colour(striped):
    assert np.abs(drawn.region_colors(striped).astype(int) - striped)[:, [5, 30, 55]].max() <= 2


def test_every_photo_has_a_row_of_five_views():
    fig = drawn.color_sheet({"cup": data.coffee(), "cat": data.chelsea()})
    titles = [axis.get_title() for axis in fig.axes]
    views = ["64 bins", "11 names", "warm and cool", "regions"]
    assert titles == ["cup", *views, "cat", *views]


def test_bars_are_the_fullest_bins_and_all_names():
    bins, blocks, names = drawn.color_bars(data.coffee()).axes
    widths = [bar.get_width() for bar in bins.patches]
    shares = color.color_histogram(drawn.small(data.coffee()))
    assert widths == pytest.approx(np.sort(shares)[::-1][:11])
    assert sum(bar.get_width() for bar in names.patches) == pytest.approx(1)
    assert [tick.get_text() for tick in names.get_yticklabels()] == list(color_names.PROTOTYPES)
    assert blocks.images[0].get_array().shape == (4, 4, 3)


def test_stars_of_gist_lie_along_the_stripes():
    upright = np.tile(np.uint8([0, 0, 0, 0, 255, 255, 255, 255]), (256, 32))
    *_, stars = drawn.texture_sheet(np.stack([upright] * 3, axis=-1)).axes
    assert len(stars.lines) == 8 * 16
    spans = np.array([np.ptp(line.get_xydata(), axis=0) for line in stars.lines])
    longest = spans[np.hypot(*spans.T).argmax()]
    assert longest[1] > 0.5 and longest[0] < 1e-6


def test_gabor_finds_the_scale_of_stripes():
    fine = np.tile([0.0, 0, 1, 1], (64, 16))  # 0.25 cycles per pixel
    coarse = np.repeat(np.tile([0.0, 1], (64, 8)), 4, axis=1)  # 0.125
    near, far = (drawn.gabor_magnitude(grey, 0.25).mean() for grey in (fine, coarse))
    assert near > 2 * far


def test_the_table_of_values_holds_both_signs():
    table = drawn.values({"cup": data.coffee()})["cup"]
    bright, sat = table["brightness B"], table["saturation S"]
    assert table["arousal, valdez signs"] == pytest.approx(-0.31 * bright + 0.6 * sat)
    assert table["arousal, as-printed signs"] == pytest.approx(0.31 * bright + 0.6 * sat)
    assert np.isfinite(table).all()


def test_dimensions_are_those_of_the_arrays():
    table = drawn.dimensions()
    photo = [np.asarray(data.chelsea())]
    for line in table.itertuples(index=False):
        if not line[1]:
            made = getattr(features, line[0])(cache=False, progress=False)
            assert made.transform(photo).shape == (1, line[2])
        assert line[3], line
    kept = table[table["with"] == ""].set_index("class")["source"]
    assert kept["LBP"].startswith("Ojala") and kept["LBP"].endswith("(2002)")


def test_the_gain_in_correlation_is_the_difference_and_pairs_the_images():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=200)
    a, b = truth + rng.normal(size=200), truth + 3 * rng.normal(size=200)
    gain, low, high = evaluate.pearson_gain(truth, a, b, resamples=200)
    assert gain == pytest.approx(np.corrcoef(truth, a)[0, 1] - np.corrcoef(truth, b)[0, 1])
    assert low < gain < high
    assert evaluate.pearson_gain(truth, a, 2 * a + 1, resamples=50) == pytest.approx((0, 0, 0))
    assert np.isnan(evaluate.pearson_gain(truth, a, np.ones(200))).all()


def test_rates_have_a_bar_for_each_class_and_method():
    metric = ["tpr", "tnr", "tpr", "tpr"]
    one = pd.DataFrame({"class": ["awe", "awe", "fear", "mean"], "metric": metric})
    rates = {("set", "a"): one.assign(value=[0.2, 0.9, 0.4, 0.3]),
             ("set", "b"): one.assign(value=[0.6, 0.9, np.nan, 0.6])}  # fmt: skip
    (axis,) = drawn.rate_bars(rates).axes
    heights = [[bar.get_height() for bar in bars] for bars in axis.containers]
    assert np.allclose(heights, [[0.2, 0.4], [0.6, np.nan]], equal_nan=True)
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["awe", "fear"]
    left, right = (bars[0].get_x() for bars in axis.containers)
    assert left < 0 <= right
