"""The figure of the fusion weights shows what was handed over, and shares as numpy has them."""

import numpy as np
import pytest
from _browser import assert_readable, chromium, numbers, widget_page  # noqa: F401 (a fixture)
from traitlets import TraitError

from emobook.evaluate import Interval
from emobook.models import fusion
from emobook.widgets import FusionExplorer

GRID = np.linspace(0, 1, 11)
SPREADS = {"wide": (14.3, 11.6, 0.31), "three points": (2.0, 3.0, 4.0)}


def curve(start: float) -> dict:
    """Accuracies of their own for each point, with bounds that lie at different distances."""
    return {a: Interval(start + 0.2 * a * a, start - 0.05 * (1 + a), start + 0.3) for a in GRID}


CURVES = {
    "wide": {
        (model, unit): curve(0.2 + 0.1 * k + 0.05 * unit)
        for k, model in enumerate(("convex", "caption", "text"))
        for unit in (False, True)
    },
    "three points": {
        ("convex", False): {0.9: (0.4, np.nan, np.nan), 0: (0.3, 0.2, 0.4), 0.2: (0.5,) * 3}
    },
}
PRINTED = {
    "wide": {"alpha": {0.3: 0.6576, 0.75: 0.668}, "beta": {0: 0.6671}},
    "a set that was not run": {"alpha": {0.5: 0.32}},
}
MAJORITY, CHANCE = {"wide": 0.134, "three points": 0.5}, {"wide": 0.125, "three points": 0.25}
WEIGHTS = {
    "convex": fusion.convex,
    "caption": lambda beta: fusion.supplementary(beta, "caption"),
    "text": lambda beta: fusion.supplementary(beta, "text"),
}


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):  # noqa: F811
    made = FusionExplorer(CURVES, SPREADS, MAJORITY, CHANCE, PRINTED, about="Made up.", alpha=0.33)
    with widget_page(chromium, tmp_path_factory.mktemp("page"), [made]) as page:
        yield page


def choose(page, dataset="wide", model="convex", unit_blocks=False, position=0):
    page.get_by_role("combobox", name="data set").select_option(dataset)
    page.get_by_role("combobox", name="weights").select_option(model)
    page.get_by_role("checkbox", name="blocks of equal size").set_checked(unit_blocks)
    page.get_by_role("slider").fill(str(position))


def told(page) -> str:
    return page.locator("[aria-live]").inner_text().replace("\u00a0", " ")


def heights(page, marks: str) -> np.ndarray:
    """(number of marks, 2) places of the plot's marks: along the axis, and accuracy."""
    boxes = page.locator(f"svg[role=img] .emobook-{marks}").evaluate_all(
        "ms => ms.map(m => m.getBBox()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
    )
    texts = page.locator("svg[role=img] text").evaluate_all(
        "ts => ts.map(t => [t.textContent, +t.getAttribute('x'), +t.getAttribute('y')])"
    )
    # The labels of the axes are the ruler; a label's foot lies 4 below its line.
    left, right = (next(x for text, x, _ in texts if text == end) for end in ("0", "1"))
    zero, fifth = (next(y for text, _, y in texts if text == tick) for tick in ("0.0", "0.2"))
    places = np.array(boxes).reshape(-1, 2) - [left, zero - 4]
    return places / [right - left, (fifth - zero) / 0.2]


def test_a_first_look_stands_on_the_measured_point_that_is_nearest(page):
    assert page.locator(".emobook-value").inner_text() == "0.3"
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == "α = 0.3"
    assert page.get_by_text("Made up.").is_visible()


@pytest.mark.parametrize("unit_blocks", [False, True])
@pytest.mark.parametrize("model", WEIGHTS)
@pytest.mark.parametrize("position", [0, 3, 10])
def test_shares_are_those_of_the_mean_squared_distance(page, model, unit_blocks, position):
    choose(page, model=model, unit_blocks=unit_blocks, position=position)
    # Blocks of those spreads, joined as the estimators do it; their distances pair by pair.
    rng = np.random.default_rng(0)
    blocks = [rng.standard_normal((30, width)) for width in (5, 4, 3)]
    blocks = [
        block / fusion.spread(block) * size
        for block, size in zip(blocks, SPREADS["wide"], strict=True)
    ]
    weights = WEIGHTS[model](GRID[position])
    divided = np.array([fusion.spread(block) for block in blocks]) if unit_blocks else np.ones(3)
    joined = fusion.join(blocks, weights / divided)
    parts = np.split(joined, [5, 9], axis=1)
    squares = np.array([((p[:, None] - p[None]) ** 2).sum(axis=-1).mean() for p in parts])
    np.testing.assert_allclose(numbers(page, "data-block", 0), weights, atol=1e-12)
    expected = np.ones(3) if unit_blocks else SPREADS["wide"]
    np.testing.assert_allclose(numbers(page, "data-block", 1), expected)
    share = squares / squares.sum()
    np.testing.assert_allclose(numbers(page, "data-block", 2), share, rtol=1e-9, atol=1e-12)
    percent = "less than 0.01" if 0 < share[2] < 0.0001 else f"{100 * share[2]:.2f}"
    assert f"S makes {percent} % of the squared distance." in told(page)
    widths = page.locator(".emobook-stack div").evaluate_all(
        "ds => ds.map(d => d.getBoundingClientRect().width)"
    )
    np.testing.assert_allclose(np.array(widths) / sum(widths), share, atol=0.005)


@pytest.mark.parametrize("model", WEIGHTS)
@pytest.mark.parametrize("unit_blocks", [False, True])
def test_plot_table_and_sentence_hold_what_was_handed_over(page, model, unit_blocks):
    choose(page, model=model, unit_blocks=unit_blocks, position=10)
    expected = np.array(list(CURVES["wide"][model, unit_blocks].values()))
    for column in range(3):
        shown = page.locator("tr[data-at]").evaluate_all(
            "(rows, i) => rows.map(r => +r.cells[i].dataset.value)", column + 1
        )
        shown = np.delete(shown, 8) if model == "convex" else shown  # printed only, at 0.75
        np.testing.assert_allclose(shown, expected[:, column])
    points = np.column_stack([GRID, expected[:, 0]])
    np.testing.assert_allclose(heights(page, "point"), points, atol=1e-3)
    np.testing.assert_allclose(heights(page, "here"), points[-1:], atol=1e-3)
    band = page.locator("svg[role=img] .emobook-band").evaluate("b => b.getBBox().height")
    whole = expected[:, 2].max() - expected[:, 1].min()
    line = page.locator("svg[role=img] .emobook-measured").evaluate("b => b.getBBox().height")
    assert band / line == pytest.approx(whole / np.ptp(expected[:, 0]), rel=1e-3)
    for name, value in (("majority", 0.134), ("chance", 0.125)):
        assert heights(page, name)[0, 1] == pytest.approx(value, abs=1e-3)
    symbol = "α" if model == "convex" else "β"
    value, low, high = expected[-1]
    assert told(page).startswith(
        f"wide, {symbol} = 1: accuracy {value:.3f}, 95 % interval {low:.3f} to {high:.3f}. S makes"
    )
    alt = page.locator("svg[role=img]").get_attribute("aria-label")
    assert f"lowest {expected[0, 0]:.3f}, highest {value:.3f}; majority 0.134" in alt


def test_printed_numbers_stand_beside_the_measured_ones(page):
    choose(page, position=3)  # 3 · 0.1 is the printed 0.3
    assert "printed in the paper 0.6576" in told(page)
    np.testing.assert_allclose(heights(page, "printed"), [[0.3, 0.6576], [0.75, 0.668]], atol=1e-3)
    row = page.locator("tr[data-at='0.75']").evaluate("r => [...r.cells].map(c => c.textContent)")
    assert row == ["0.75", "not run", "", "", "0.668"]
    for model in ("caption", "text"):  # the paper's β has no formula, so it stands with both
        choose(page, model=model, position=0)
        assert "printed in the paper 0.6671" in told(page)
    assert page.locator(".emobook-legend").get_by_text("printed in the paper").is_visible()
    choose(page, dataset="three points")
    assert page.locator(".emobook-legend").get_by_text("printed in the paper").count() == 0
    assert page.locator("svg[role=img] .emobook-printed").count() == 0


def test_the_slider_stops_only_where_something_was_measured(page):
    choose(page, position=10)
    page.get_by_role("combobox", name="data set").select_option("three points")
    slider = page.get_by_role("slider", name="α, weight of the first network")
    assert slider.get_attribute("max") == "2"
    assert told(page).startswith("three points, α = 0.9: accuracy 0.400, interval not known. S")
    slider.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "α = 0.2"
    assert page.locator(".emobook-value").inner_text() == "0.2"
    np.testing.assert_allclose(numbers(page, "data-block", 0), [0.2, 0.8, 1])


def test_what_was_not_measured_reads_not_run(page):
    choose(page, dataset="three points", model="text", position=3)
    slider = page.get_by_role("slider", name="β, prominence of the objects")
    assert slider.get_attribute("aria-valuetext") == "β = 0.75"
    assert told(page).startswith("three points, β = 0.75: not run. S makes")
    assert "not run" in page.locator("svg[role=img]").text_content()
    assert page.locator("svg[role=img] .emobook-here").count() == 0
    np.testing.assert_allclose(numbers(page, "data-block", 0), [1, 1, 0.75])


def test_alpha_and_beta_are_remembered_apart(page):
    choose(page, position=2)
    choose(page, model="text", position=7)
    choose_model = page.get_by_role("combobox", name="weights").select_option
    choose_model("convex")
    assert page.locator(".emobook-value").inner_text() == "0.2"
    choose_model("caption")
    assert page.locator(".emobook-value").inner_text() == "0.7"


def test_every_setting_is_reached_by_the_keyboard(page):
    choose(page, position=5)
    page.get_by_role("combobox", name="data set").focus()
    reached = []
    for _ in range(5):
        reached.append(
            page.evaluate("document.activeElement.name ?? document.activeElement.tagName")
        )
        page.keyboard.press("Tab")
    assert reached == ["dataset", "model", "weight", "unit_blocks", "SUMMARY"]


def test_figure_is_readable_for_everybody_and_fits_a_phone(page):
    page.locator("summary").click()
    for dataset in CURVES:
        choose(page, dataset=dataset, unit_blocks=True, position=1)
        assert_readable(page)


def test_nothing_leaves_the_page_and_nothing_complains(page):
    assert page.watch.outside == []
    assert page.watch.complaints == []


POINT = {0.5: (0.5, 0.4, 0.6)}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"curves": {}}, "curves must hold at least one data set"),
        ({"curves": {"a": {}}}, r"curves\['a'\] must hold at least one curve"),
        ({"curves": {"a": {("convex", False): {}}}}, "must hold at least one point"),
        ({"curves": {"a": {"convex": POINT}}}, r"must be \(model, unit_blocks\)"),
        ({"curves": {"a": {("text", None): POINT}}}, r"must be \(model, unit_blocks\)"),
        ({"curves": {"a": {("text", True): {1.5: (0.5, 0.4, 0.6)}}}}, "a key of .* not 1.5"),
        ({"curves": {"a": {("text", True): {0.5: 0.4}}}}, "accuracy, low and high, not 0.4"),
        ({"curves": {"a": {("text", True): {0.5: (55, 40, 60)}}}}, r"\[0.5\] must lie in .* not"),
        ({"curves": {"a": {("text", True): {0.5: (0.5, 0.6, 0.4)}}}}, "low ≤ high, not 0.6"),
        ({"curves": {"a": {("text", True): {0.5: (np.nan,) * 3}}}}, "not nan"),
        ({"spreads": {}}, "spreads must hold 'a', a data set of curves"),
        ({"spreads": {"a": (1, 2)}}, r"spreads\['a'\] must hold three numbers above 0"),
        ({"spreads": {"a": (1, 0, 2)}}, r"spreads\['a'\] must hold three numbers above 0"),
        ({"majority": {"b": 0.1}}, "majority must hold 'a'"),
        ({"chance": {"a": 8}}, r"chance\['a'\] must lie in \[0, 1\], not 8"),
        ({"printed": {"a": {"α": {0.5: 0.6}}}}, "must be alpha or beta, not 'α'"),
        ({"printed": {"a": {"beta": {0.5: 66.7}}}}, "must lie in .* not 66.7"),
    ],
)
def test_wrong_data_are_refused_in_a_sentence(changed, sentence):
    given = {
        "curves": {"a": {("convex", False): POINT}},
        "spreads": {"a": (1, 2, 3)},
        "majority": {"a": 0.1},
        "chance": {"a": 0.1},
    }
    FusionExplorer(**given)
    with pytest.raises(ValueError, match=sentence):
        FusionExplorer(**{**given, **changed})


@pytest.mark.parametrize(
    "settings", [{"alpha": 1.1}, {"beta": -0.1}, {"model": "convexe"}, {"dataset": "Fi"}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(TraitError):
        FusionExplorer(CURVES, SPREADS, MAJORITY, CHANCE, **settings)
