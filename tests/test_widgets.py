"""The interactive figures compute in the browser what the package computes in Python."""

import json

import numpy as np
import pytest
from _browser import ROOT, VENDOR, Watch, chromium  # noqa: F401 (a fixture)

from emobook import losses, widgets
from emobook.emotions import MIKELS8, WHEEL, wheel_distribution

LOGITS = {
    "first": [0.3, -2, 1, 0, 5, 0.1, -1, 2],
    "flat": [0] * 8,
    "far": [300, 0, 0, -300, 0, 0, 9, 0],
}

VIEW = """<div class="figure">
<script type="application/vnd.jupyter.widget-view+json">%s</script></div>"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>
<script src="{widgets}/require.js"></script><script src="{init}"></script>
<script src="{widgets}/embed-amd.js"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script></head>
<body><main><h1>t</h1>{views}</main></body></html>"""


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):  # noqa: F811
    """A page with both figures, opened from the disk, as a reader without a kernel sees it."""
    if not VENDOR.is_dir():
        pytest.skip("not run: no browser files, run make book")
    from ipywidgets.embed import embed_data

    figures = [widgets.WheelExplorer(), widgets.LossExplorer(LOGITS)]
    data = embed_data(views=figures, drop_defaults=False)
    # The init script takes the modules from vendor/widgets beside itself.
    folder = tmp_path_factory.mktemp("page")
    (folder / "vendor").symlink_to(VENDOR)
    init = folder / "init.js"
    init.write_bytes((ROOT / "book" / "assets" / "emobook-widgets.js").read_bytes())
    views = "".join(VIEW % json.dumps(spec) for spec in data["view_specs"])
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    file = folder / "page.html"
    file.write_text(
        PAGE.format(widgets="vendor/widgets", init="init.js", state=state, views=views), "utf-8"
    )
    opened = chromium.new_page()
    opened.set_default_timeout(10_000)
    opened.watch = Watch(opened)
    opened.goto(file.as_uri())
    opened.wait_for_selector(".figure:nth-of-type(2) table")
    yield opened
    opened.close()


def numbers(figure, rows: str, column: int) -> np.ndarray:
    """Column `column` of the number cells of a figure's rows, with all digits."""
    found = figure.locator(f"tr[{rows}]").evaluate_all(
        "rows => rows.map(r => [...r.querySelectorAll('[data-value]')].map(c => c.dataset.value))"
    )
    return np.array(found, dtype=float)[:, column]


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
