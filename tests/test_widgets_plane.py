"""The plane of valence and arousal shows the pictures and values that were handed over."""

import numpy as np
import pytest
from _browser import assert_readable, chromium, numbers, widget_page  # noqa: F401 (a fixture)
from traitlets import TraitError

from emobook.images import ImageError
from emobook.widgets import PlaneExplorer

SCALE = (1, 7)
RATED = np.array([[6.5, 2.0], [1.5, 6.0], [4.0, 3.0], [3.0, 6.5]])
SAID = np.array([[5.5, 3.0], [2.5, 5.0], [4.5, 3.5], [-2.0, 8.0]])  # the last beyond the scale
NAMES = ["a meadow", "a storm", "a wall", "a cliff"]
ORDER = np.argsort(RATED[:, 0])
PICTURES = [np.full((60, 90, 3), 50 * i, np.uint8) for i in range(4)]


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):  # noqa: F811
    figure = PlaneExplorer(PICTURES, RATED, SAID, NAMES, scale=SCALE, about="Made up.")
    with widget_page(chromium, tmp_path_factory.mktemp("page"), [figure]) as page:
        yield page


def choose(page, picture=0, shown="rated"):
    page.get_by_role("slider").fill(str(picture))
    page.get_by_role("combobox", name="each point stands at").select_option(shown)


def told(page) -> str:
    return page.locator("[aria-live]").inner_text()


def middles(page, marks: str) -> np.ndarray:
    """Valence and arousal at the middle of each mark, read off the labels of the axes."""
    boxes = page.locator(f"svg[role=img] path{marks}").evaluate_all(
        "ms => ms.map(m => m.getBBox()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
    )
    texts = page.locator("svg[role=img] text").evaluate_all(
        "ts => ts.map(t => [t.textContent, +t.getAttribute('x'), +t.getAttribute('y'),"
        " t.getAttribute('text-anchor')])"
    )
    xs = {text: x for text, x, _, anchor in texts if anchor == "middle" and x}
    ys = {text: y - 4 for text, _, y, anchor in texts if anchor == "end"}
    low = np.array([xs["1"], ys["1"]])
    return 1 + 6 * (np.array(boxes) - low) / (np.array([xs["7"], ys["7"]]) - low)


@pytest.mark.parametrize(("shown", "values"), [("rated", RATED), ("said", SAID)])
def test_every_picture_is_a_point_at_its_values(page, shown, values):
    choose(page, 0, shown)
    points = middles(page, f"[data-mark={shown}]:not([data-chosen])")
    np.testing.assert_allclose(points, values[ORDER].clip(*SCALE), atol=1e-3)
    other = {"rated": "said", "said": "rated"}[shown]
    assert page.locator(f"svg[role=img] [data-mark={other}]:not([data-chosen])").count() == 0


@pytest.mark.parametrize("place", range(4))
def test_the_chosen_picture_has_both_values_in_plane_table_and_words(page, place):
    choose(page, place)
    i = ORDER[place]
    for shown, values in (("rated", RATED), ("said", SAID)):
        marked = middles(page, f"[data-chosen][data-mark={shown}]")
        np.testing.assert_allclose(marked, values[[i]].clip(*SCALE), atol=1e-3)
    expected = np.stack([RATED[i], SAID[i], SAID[i] - RATED[i]])
    for column in (0, 1):
        found = numbers(page, "data-values", column)
        np.testing.assert_allclose(found, expected[:, column], atol=1e-12)
    (v, a), (said_v, said_a) = RATED[i], SAID[i]
    assert told(page) == (
        f"Picture {place + 1} of 4: {NAMES[i]}. People say valence {v:.2f}, arousal {a:.2f}; "
        f"the model says valence {said_v:.2f}, arousal {said_a:.2f}.".replace("-", "−")
    )
    photo = page.locator("img")
    assert photo.get_attribute("alt") == NAMES[i]
    shade = photo.evaluate(
        "async i => { await i.decode(); const c = document.createElement('canvas');"
        " const g = c.getContext('2d'); g.drawImage(i, 0, 0);"
        " return g.getImageData(5, 5, 1, 1).data[0]; }"
    )
    assert shade == pytest.approx(50 * i, abs=3)
    assert NAMES[i] in page.locator("svg[role=img]").get_attribute("aria-label")


@pytest.mark.parametrize("place", range(4))
def test_pointing_at_a_point_chooses_it(page, place):
    choose(page, (place + 1) % 4)
    box = page.locator("svg[role=img] [data-mark=rated]:not([data-chosen])").nth(place)
    ends = box.bounding_box()
    page.mouse.move(ends["x"] + ends["width"] / 2, ends["y"] + ends["height"] / 2)
    assert told(page).startswith(f"Picture {place + 1} of 4: {NAMES[ORDER[place]]}.")
    assert page.get_by_role("slider").input_value() == str(place)


def test_the_keyboard_steps_from_unpleasant_to_pleasant(page):
    choose(page, 0)
    slider = page.get_by_role("slider")
    for place in (1, 2, 3):
        slider.press("ArrowRight")
        assert told(page).startswith(f"Picture {place + 1} of 4")
        assert slider.get_attribute("aria-valuetext") == f"{place + 1}, {NAMES[ORDER[place]]}"
    slider.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "shown"


def test_figure_is_readable_for_everybody_and_fits_a_phone(page):
    choose(page, 2)
    assert_readable(page)


def test_nothing_leaves_the_page_and_nothing_complains(page):
    assert page.watch.outside == []
    assert page.watch.complaints == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"X": [], "names": []}, "X must hold at least one picture"),
        ({"names": ["one"]}, "names must hold one value per picture, 4"),
        ({"rated": RATED[:3]}, r"rated must hold valence and arousal of each picture, \(4, 2\)"),
        ({"said": SAID * np.nan}, "said must hold valence and arousal"),
        ({"said": [["high"] * 2] * 4}, "said must hold numbers"),
        ({"scale": (7, 1)}, "scale must be"),
    ],
)
def test_wrong_data_are_refused_in_a_sentence(changed, sentence):
    given = {"X": PICTURES, "rated": RATED, "said": SAID, "names": NAMES} | changed
    with pytest.raises(ValueError, match=sentence):
        PlaneExplorer(**given)


def test_wrong_settings_and_files_are_refused(tmp_path):
    for settings in ({"picture": 4}, {"shown": "both"}):
        with pytest.raises(TraitError):
            PlaneExplorer(PICTURES, RATED, SAID, NAMES, **settings)
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(ImageError):
        PlaneExplorer([str(tmp_path / "no.png")], RATED[:1], SAID[:1], NAMES[:1])
