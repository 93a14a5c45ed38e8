"""Headless Chromium for the tests of the site and of the interactive figures."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
VENDOR = ROOT / "_build" / "vendor"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

VIEW = """<div class="figure">
<script type="application/vnd.jupyter.widget-view+json">%s</script></div>"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>t</title>
<script src="{widgets}/require.js"></script><script src="{init}"></script>
<script src="{widgets}/embed-amd.js"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script></head>
<body><main><h1>t</h1>{views}</main></body></html>"""


@pytest.fixture(scope="module")
def chromium():
    """A running browser; without one the tests read "not run"."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("not run: no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """What a page asked of other machines, and what its console complained about."""

    def __init__(self, page):
        self.outside, self.complaints = [], []
        page.on("request", self._request)
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _request(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.outside.append(request.url)

    def _console(self, message):
        if message.type == "error":
            self.complaints.append(message.text)


@contextlib.contextmanager
def widget_page(browser, folder, figures):
    """A page with interactive figures, opened from the disk, as a reader without a kernel sees it.

    `watch` of the page is its `Watch`. Without the site's browser files the tests read "not run".
    """
    if not VENDOR.is_dir():
        pytest.skip("not run: no browser files, run make book")
    from ipywidgets.embed import embed_data

    data = embed_data(views=figures, drop_defaults=False)
    # The init script takes the modules from vendor/widgets beside itself.
    (folder / "vendor").symlink_to(VENDOR)
    init = folder / "init.js"
    init.write_bytes((ROOT / "book" / "assets" / "emobook-widgets.js").read_bytes())
    views = "".join(VIEW % json.dumps(spec) for spec in data["view_specs"])
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    file = folder / "page.html"
    file.write_text(
        PAGE.format(widgets="vendor/widgets", init="init.js", state=state, views=views), "utf-8"
    )
    opened = browser.new_page()
    opened.set_default_timeout(10_000)
    opened.watch = Watch(opened)
    opened.goto(file.as_uri())
    opened.wait_for_selector(f".figure:nth-of-type({len(figures)}) table")
    yield opened
    opened.close()


def numbers(figure, rows: str, column: int) -> np.ndarray:
    """Column `column` of the number cells of a figure's rows, with all digits."""
    found = figure.locator(f"tr[{rows}]").evaluate_all(
        "rows => rows.map(r => [...r.querySelectorAll('[data-value]')].map(c => c.dataset.value))"
    )
    return np.array(found, dtype=float)[:, column]


def assert_readable(page):
    """For everybody, in the site's two themes, and as narrow as a phone."""
    page.add_script_tag(path=VENDOR / "axe" / "axe.min.js")
    for background, text in (("#fff", "#111"), ("#121212", "#eee")):
        page.evaluate(
            "c => { document.body.style.cssText = c }", f"background:{background};color:{text}"
        )
        for width in (1280, 380):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.scrollingElement.scrollWidth") <= width
            found = page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")
            assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found["violations"]] == []
