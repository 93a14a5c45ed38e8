"""The figure of regions shows the boxes, numbers and scores that were handed over."""

import numpy as np
import pandas as pd
import pytest
from _browser import assert_readable, chromium, numbers, widget_page  # noqa: F401 (a fixture)
from PIL import Image, ImageDraw
from traitlets import TraitError

from emobook.emotions import MIKELS8
from emobook.images import ImageError
from emobook.models.detector import emotion_score
from emobook.models.regions import Region
from emobook.widgets import RegionExplorer

SIZES = [(400, 300), (60, 120), (100, 100)]  # of the pictures: wide and too large, tall, square
NAMES = ["a red field", "a tall field", "a square"]
TRUTH = [2, 0, None]


def regions(place: int, kind: int, count: int) -> list[Region]:
    """Boxes of their own for each picture and kind, and one region that was not found."""
    wide, high = SIZES[place]
    made = []
    for i in range(count):
        ends = wide * 0.1 * (i + kind), high * 0.05 * (i + 1), wide * 0.9, high * (0.5 + 0.1 * i)
        p_obj, p_emo = 0.9 - 0.2 * i - 0.05 * kind, 0.8 - 0.1 * i
        made.append(Region(*ends, p_obj, p_emo, float(emotion_score(p_emo, p_obj)), True))
    return [*made, Region(0.0, 0.0, wide, high, 0.0, 0.0, 0.0, False)]


def made(tmp_path) -> pd.DataFrame:
    paths = []
    for place, size in enumerate(SIZES):
        picture = Image.new("RGB", size, (180, 40, 40))
        ImageDraw.Draw(picture).rectangle([0, 0, size[0] // 2, size[1]], (40, 40, 180))
        paths.append(str(tmp_path / f"{place}.png"))
        picture.save(paths[-1])
    return pd.DataFrame(
        {
            "path": paths,
            "emotional_regions": [regions(0, 0, 4), regions(1, 0, 2), regions(2, 0, 0)],
            "object_regions": [regions(0, 1, 3), regions(1, 1, 1), regions(2, 1, 2)],
            "regions": pd.Series([[(10, 20, 30, 60)], [], None], dtype=object),
        }
    )


def softened(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(8), size=3)


SCORES = {"whole picture": softened(0), "whole picture + emotional regions": softened(1)}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return made(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def page(chromium, table, tmp_path_factory):  # noqa: F811
    figure = RegionExplorer(table, SCORES, NAMES, TRUTH, about="Made up.")
    with widget_page(chromium, tmp_path_factory.mktemp("page"), [figure]) as page:
        yield page


def choose(page, picture=0, shown="both", count=3, configuration="whole picture"):
    page.get_by_role("slider", name="picture").fill(str(picture))
    page.get_by_role("combobox", name="boxes").select_option(shown)
    page.get_by_role("slider", name="regions of each kind").fill(str(count))
    page.get_by_role("combobox", name="class scores of").select_option(configuration)


def told(page) -> str:
    return page.locator("[aria-live]").inner_text()


def drawn(page) -> dict[str, np.ndarray]:
    """Name of a box → its ends as shares of the picture's width and height."""
    return {
        name: np.array(ends)
        for name, ends in page.locator("svg[role=img] g[data-box]").evaluate_all(
            """gs => gs.map(g => {
                const view = g.closest('svg').viewBox.baseVal;
                const b = g.querySelector('path:not([stroke="#fff"])').getBBox();
                return [g.dataset.box, [b.x / view.width, b.y / view.height,
                    (b.x + b.width) / view.width, (b.y + b.height) / view.height]];
            })"""
        )
    }


def expected(table, place: int, shown: str, count: int) -> dict[str, Region]:
    found = {}
    for letter, kind in (("E", "emotional"), ("O", "object")):
        if shown in ("both", kind):
            real = [one for one in table[f"{kind}_regions"][place] if one.found][:count]
            found |= {f"{letter}{i + 1}": one for i, one in enumerate(real)}
    return found


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(("shown", "count"), [("both", 2), ("emotional", 4), ("object", 1)])
def test_boxes_and_table_hold_the_regions_that_were_found(page, table, place, shown, count):
    choose(page, place, shown, count)
    wanted = expected(table, place, shown, count)
    boxes = drawn(page)
    assert boxes.keys() == wanted.keys()
    for name, region in wanted.items():
        np.testing.assert_allclose(boxes[name], region[:4] / np.tile(SIZES[place], 2), atol=1e-3)
    shown_rows = page.locator("tr[data-region]").evaluate_all("rs => rs.map(r => r.dataset.region)")
    assert shown_rows == list(wanted)
    if wanted:
        given = np.array([region[4:7] for region in wanted.values()])
        for column in range(3):
            np.testing.assert_allclose(numbers(page, "data-region", column), given[:, column])
        s_emo = emotion_score(given[:, 1], given[:, 0])  # eq. 3
        np.testing.assert_allclose(numbers(page, "data-region", 2), s_emo)
        ends = np.array([region[:4] for region in wanted.values()])
        share = (ends[:, 2:] - ends[:, :2]).prod(axis=1) / np.prod(SIZES[place])
        np.testing.assert_allclose(numbers(page, "data-region", 3), share)


def test_the_strongest_region_lies_on_top(page):
    choose(page, 0, "both", 4)
    assert list(drawn(page))[::-1] == ["E1", "E2", "E3", "E4", "O1", "O2", "O3"]


def test_the_picture_itself_is_drawn_in_its_proportions(page):
    for place, (wide, high) in enumerate(SIZES):
        choose(page, place)
        ratio, source = page.locator("svg[role=img] image").evaluate(
            "i => [i.getBBox().width / i.getBBox().height, i.getAttribute('href')]"
        )
        assert ratio == pytest.approx(wide / high, rel=1e-3)
        assert source.startswith("data:image/jpeg;base64,")
        assert len(source) < 20_000
        size = page.evaluate(
            "async s => { const i = new Image(); i.src = s; await i.decode();"
            " return [i.naturalWidth, i.naturalHeight]; }",
            source,
        )
        assert max(size) <= 256
        assert size[0] / size[1] == pytest.approx(wide / high, rel=0.02)


@pytest.mark.parametrize("configuration", SCORES)
@pytest.mark.parametrize("place", range(3))
def test_class_scores_and_verdicts_are_those_of_the_configuration(page, configuration, place):
    choose(page, place, configuration=configuration)
    np.testing.assert_allclose(
        numbers(page, "data-class", 0), SCORES[configuration][place], atol=1e-12
    )
    best = SCORES[configuration][place].argmax()
    says = f"“{configuration}” says {MIKELS8[best]} ({SCORES[configuration][place][best]:.2f})"
    assert says in told(page)
    assert told(page).startswith(f"Picture {place + 1} of 3: {NAMES[place]}.")
    assert ("Its label is" in told(page)) == (TRUTH[place] is not None)
    rows = page.locator("tr[data-configuration]").evaluate_all(
        "rs => rs.map(r => [r.dataset.configuration, r.cells[1].innerText])"
    )
    for (name, said), (given, scores) in zip(rows, SCORES.items(), strict=True):
        winner = scores[place].argmax()
        verdict = [] if TRUTH[place] is None else ["right" if winner == TRUTH[place] else "wrong"]
        assert name == given and said.split() == [MIKELS8[winner], *verdict]
    tops = [scores[place].max() for scores in SCORES.values()]
    np.testing.assert_allclose(numbers(page, "data-configuration", 0), tops, atol=1e-12)


def test_true_regions_are_drawn_where_they_are_known(page):
    truth = page.get_by_role("checkbox", name="draw the true regions too")
    truth.check()
    choose(page, 0, "object", 1)
    boxes = drawn(page)
    assert boxes.keys() == {"O1", "T1"}
    np.testing.assert_allclose(boxes["T1"], [10 / 400, 20 / 300, 30 / 400, 60 / 300], atol=1e-3)
    assert page.locator(".emobook-legend").get_by_text("true regions").is_visible()
    choose(page, 1, "object", 1)
    assert drawn(page).keys() == {"O1"}  # it is known that there are none
    choose(page, 2, "object", 1)
    assert page.locator(".emobook-legend").get_by_text("true regions").count() == 0
    truth.uncheck()


def test_buttons_step_through_the_pictures_and_begin_again(page):
    choose(page, 1)
    slider = page.get_by_role("slider", name="picture")
    for button, place in (("next", 2), ("next", 0), ("previous", 2), ("previous", 1)):
        page.get_by_role("button", name=f"{button} picture").press("Enter")
        assert slider.input_value() == str(place)
        assert slider.get_attribute("aria-valuetext") == f"{place + 1}, {NAMES[place]}"
        assert told(page).startswith(f"Picture {place + 1} of 3")
    slider.press("ArrowLeft")
    assert told(page).startswith("Picture 1 of 3")


def test_the_drawing_is_told_in_words(page):
    choose(page, 0, "both", 4)
    alt = page.locator("svg[role=img]").get_attribute("aria-label")
    assert alt.startswith("a red field, with boxes around 4 emotional regions and 3 object regions")


def test_every_setting_is_reached_by_the_keyboard(page):
    choose(page)
    page.get_by_role("slider", name="picture").focus()
    reached = []
    for _ in range(7):
        reached.append(
            page.evaluate("document.activeElement.name || document.activeElement.innerText")
        )
        page.keyboard.press("Tab")
    assert reached == [
        "picture", "previous picture", "next picture", "shown", "count", "configuration", "known",
    ]  # fmt: skip


def test_figure_is_readable_for_everybody_and_fits_a_phone(page):
    page.get_by_role("checkbox", name="draw the true regions too").check()
    choose(page, 0, count=4)
    assert_readable(page)


def test_nothing_leaves_the_page_and_nothing_complains(page):
    assert page.watch.outside == []
    assert page.watch.complaints == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"table": pd.DataFrame({"path": ["a"]})}, "table must have .*emotional_regions"),
        ({"scores": {}}, "scores must hold at least one configuration"),
        ({"scores": {"a": np.full((3, 7), 1 / 7)}}, r"scores\['a'\] must hold prob.* \(3, 8\)"),
        ({"scores": {"a": np.ones((3, 8))}}, "rows that sum to 1"),
        ({"names": ["one"]}, "names must hold one value per picture, 3"),
        ({"truth": [1, 2]}, "truth must hold one value per picture, 3"),
        ({"truth": [1, 2, 8]}, "truth must hold positions from 0 to 7"),
    ],
)
def test_wrong_data_are_refused_in_a_sentence(table, changed, sentence):
    given = {"table": table, "scores": SCORES, "names": NAMES, "truth": TRUTH}
    with pytest.raises(ValueError, match=sentence):
        RegionExplorer(**{**given, **changed})


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("emotional_regions", [(0, 0, 1, 1)], "emotional_regions must hold lists of Region"),
        ("object_regions", [Region(0, 0, np.nan, 1, 0, 0, 0, True)], "finite numbers"),
        ("regions", [("dog", "left")], "regions must hold lists of boxes"),
    ],
)
def test_columns_that_hold_something_else_are_refused(table, column, value, sentence):
    wrong = table.copy()
    wrong[column] = pd.Series([value] * 3, dtype=object)
    with pytest.raises(ValueError, match=sentence):
        RegionExplorer(wrong, SCORES, NAMES)


def test_a_file_that_is_no_picture_is_refused(table, tmp_path):
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(ImageError):
        RegionExplorer(table.assign(path=str(tmp_path / "no.png")), SCORES, NAMES)


@pytest.mark.parametrize(
    "settings", [{"picture": 3}, {"count": 0}, {"shown": "all"}, {"configuration": "no"}]
)
def test_settings_out_of_range_are_refused(table, settings):
    with pytest.raises(TraitError):
        RegionExplorer(table, SCORES, NAMES, **settings)
