"""The interactive figures compute in the browser what the package computes in Python."""

import numpy as np
import pytest
from _browser import assert_readable, chromium, numbers, widget_page  # noqa: F401 (a fixture)
from skimage import color as skcolor
from traitlets import TraitError

from emobook import losses, widgets
from emobook.emotions import MIKELS8, WHEEL, wheel_distribution
from emobook.features import color, color_names
from emobook.images import ImageError

LOGITS = {
    "first": [0.3, -2, 1, 0, 5, 0.1, -1, 2],
    "flat": [0] * 8,
    "far": [300, 0, 0, -300, 0, 0, 9, 0],
}

# Every kind of pixel: any colour, greys, black, white, and pure red, green and blue.
PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
PICTURE[:5] = np.arange(200, dtype=np.uint8).reshape(5, 40, 1)
PICTURE[5, :5] = [[0] * 3, [255] * 3, [255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):  # noqa: F811
    """A page with all figures, opened from the disk, as a reader without a kernel sees it."""
    figures = [
        widgets.WheelExplorer(),
        widgets.LossExplorer(LOGITS),
        widgets.RecolorExplorer(PICTURE, "many small squares"),
    ]
    with widget_page(chromium, tmp_path_factory.mktemp("page"), figures) as page:
        yield page


@pytest.mark.parametrize(
    ("label", "p", "offset"),
    [("excitement", 0.6, 1), ("fear", 0.15, 0), ("disgust", 1.0, 1), ("awe", 0.37, 0)],
)
def test_wheel_explorer_is_equation_4(page, label, p, offset):
    figure = page.locator(".figure").nth(0)
    figure.get_by_role("combobox", name="dominant emotion", exact=True).select_option(label)
    figure.get_by_role("slider", name="share of the dominant emotion").fill(str(p))
    figure.get_by_role("checkbox", name="add 1 to the steps").set_checked(bool(offset))
    expected = wheel_distribution(label, p, offset=offset)
    shown = numbers(figure, "data-emotion", 0)
    by_ring = [expected[MIKELS8.index(name)] for name in WHEEL]
    np.testing.assert_allclose(shown, by_ring, rtol=0, atol=1e-12)
    told = figure.locator("svg").get_attribute("aria-label")
    assert f"{label} {p:.3f}" in told


@pytest.mark.parametrize(
    ("example", "label", "p", "lam"),
    [("first", "disgust", 0.6, 0.4), ("flat", "awe", 1.0, 1.0), ("far", "contentment", 0.15, 0.05)],
)
def test_loss_explorer_is_the_losses(page, example, label, p, lam):
    torch = pytest.importorskip("torch")
    figure = page.locator(".figure").nth(1)
    figure.get_by_role("combobox", name="label of the image").select_option(label)
    figure.get_by_role("combobox", name="what the network says").select_option(example)
    figure.get_by_role("slider", name="weight of the distribution").fill(str(lam))
    figure.get_by_role("slider", name="share of the dominant emotion").fill(str(p))
    logits = torch.tensor([LOGITS[example]], dtype=torch.float64)
    labels = torch.tensor([MIKELS8.index(label)])
    f = wheel_distribution(label, p)
    distributions = torch.as_tensor(f)[None]
    expected = [
        losses.cross_entropy(logits, labels),
        losses.distribution_loss(logits, distributions),
        losses.multi_task_loss(logits, labels, distributions, lam),
        losses.label_probability_loss(logits, labels, p, form="temperature"),
        losses.label_probability_loss(logits, labels, p, form="weight"),
    ]
    np.testing.assert_allclose(
        numbers(figure, "data-loss", 0), [float(v) for v in expected], rtol=1e-9
    )
    target = lam * f + (1 - lam) * np.eye(8)[MIKELS8.index(label)]
    order = [MIKELS8.index(name) for name in WHEEL]
    np.testing.assert_allclose(numbers(figure, "data-emotion", 0), target[order], atol=1e-12)
    softmax = torch.softmax(logits, 1)[0].numpy()
    np.testing.assert_allclose(numbers(figure, "data-emotion", 1), softmax[order], atol=1e-12)


def recolored(turn: float, saturation: float, brightness: float) -> np.ndarray:
    """`PICTURE` with its HSV changed by scikit-image, in levels that are not yet rounded."""
    hsv = skcolor.rgb2hsv(PICTURE)
    hsv[..., 0] = (hsv[..., 0] + turn / 360) % 1
    hsv[..., 1:] = np.minimum(hsv[..., 1:] * [saturation, brightness], 1)
    return skcolor.hsv2rgb(hsv) * 255


def on_canvas(figure) -> np.ndarray:
    """What the reader sees: RGB, uint8 (H, W, 3)."""
    width, height, values = figure.locator("canvas").evaluate(
        "c => [c.width, c.height, "
        "[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]]"
    )
    rgba = np.array(values, dtype=np.uint8).reshape(height, width, 4)
    assert (rgba[..., 3] == 255).all()
    return rgba[..., :3]


@pytest.mark.parametrize(
    ("turn", "saturation", "brightness", "signs"),
    [
        (0, 1, 1, "valdez"),
        (-180, 1.35, 0.65, "as-printed"),
        (125, 0.4, 2, "valdez"),
        (180, 2, 0.05, "as-printed"),
        (-35, 0, 1.3, "valdez"),
        (60, 1, 0, "as-printed"),
    ],
)
def test_recolor_explorer_is_the_colour_features(page, turn, saturation, brightness, signs):
    figure = page.locator(".figure").nth(2)
    figure.get_by_role("slider", name="turn of the hue").fill(str(turn))
    figure.get_by_role("slider", name="saturation").fill(str(saturation))
    figure.get_by_role("slider", name="brightness").fill(str(brightness))
    figure.get_by_role("combobox", name="signs of the formulas").select_option(signs)
    shown = on_canvas(figure)
    # A level that lies halfway may be rounded either way.
    np.testing.assert_allclose(shown, recolored(turn, saturation, brightness), rtol=0, atol=0.5001)
    for column, pixels in enumerate((PICTURE, shown)):
        spread, mean = color.mean_saturation_brightness(pixels)
        felt = color.pleasure_arousal_dominance(mean, spread, signs)
        shares = color_names.color_name_shares(pixels, color_names.name_table(None))
        found = [numbers(figure, f"data-{rows}", column) for rows in ("mean", "scale", "name")]
        np.testing.assert_allclose(found[0], [mean, spread], rtol=0, atol=1e-6)
        np.testing.assert_allclose(found[1], felt, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found[2], shares, rtol=0, atol=1e-12)
    told = figure.locator("canvas").get_attribute("aria-label")
    turned = str(turn).replace("-", "−")
    assert told.startswith(f"many small squares, with the hue turned by {turned} degrees")
    largest = int(shares.argmax())
    assert f"{color_names.COLOUR_NAMES[largest]} {shares[largest]:.2f}" in told


def test_recolor_explorer_shows_the_formula_that_it_uses(page):
    figure = page.locator(".figure").nth(2)
    signs = figure.get_by_role("combobox", name="signs of the formulas")
    arousal = figure.get_by_role("row", name="arousal")
    signs.select_option("valdez")
    assert "−0.31 B + 0.60 S" in arousal.inner_text()
    signs.select_option("as-printed")
    assert "\n0.31 B + 0.60 S" in arousal.inner_text()


def test_figures_are_readable_for_everybody_and_fit_a_phone(page):
    assert_readable(page)


def test_the_keyboard_moves_a_slider(page):
    figure = page.locator(".figure").nth(0)
    slider = figure.get_by_role("slider", name="share of the dominant emotion")
    slider.fill("0.5")
    slider.press("ArrowRight")
    assert figure.locator(".emobook-value").inner_text() == "0.51"


def test_nothing_leaves_the_page_and_nothing_complains(page):
    assert page.watch.outside == []
    assert page.watch.complaints == []


def test_loss_explorer_refuses_logits_of_another_length():
    with pytest.raises(ValueError, match="eight logits"):
        widgets.LossExplorer({"short": [1, 2, 3]})


def test_recolor_explorer_stores_a_small_picture_and_says_what_it_shows():
    figure = widgets.RecolorExplorer()
    assert figure.size == [128, 85] and len(figure.pixels) == 128 * 85 * 3
    assert "cup" in figure.alt
    assert widgets.RecolorExplorer(PICTURE).pixels == PICTURE.tobytes()
    grey = widgets.RecolorExplorer(np.zeros((300, 1), np.uint8))
    assert grey.size == [1, 128] and grey.alt == "a picture"


@pytest.mark.parametrize("settings", [{"hue": 181}, {"saturation": -0.1}, {"signs": "printed"}])
def test_recolor_explorer_refuses_settings_out_of_range(settings):
    with pytest.raises(TraitError):
        widgets.RecolorExplorer(PICTURE, **settings)


def test_recolor_explorer_refuses_what_is_no_picture():
    with pytest.raises(ImageError):
        widgets.RecolorExplorer(np.zeros((4, 4, 3)))
