"""The built site in headless Chromium, opened from the disk as a reader without network does."""

import functools
import re
from urllib.parse import unquote, urlsplit

import pytest
from _browser import ROOT, SITE, VENDOR, Watch, chromium  # noqa: F401 (a fixture)
from bs4 import BeautifulSoup

from emobook.build import pages

if not (SITE / "emobook.json").is_file():
    pytest.skip("not run: no built site, run make book", allow_module_level=True)

FILES = sorted(path for path in SITE.rglob("*.html") if "_static" not in path.parts)
NAMES = [path.relative_to(SITE).as_posix() for path in FILES]
SOURCES = pages(ROOT)
every_page = pytest.mark.parametrize("name", NAMES)
AXE = VENDOR / "axe" / "axe.min.js"

# Waits for the maths, then opens everything that is folded, so that it is looked at too.
SETTLE = """async () => {
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  document.querySelectorAll('details').forEach(e => { e.open = true; });
  document.querySelectorAll('.toggle-hidden').forEach(e => e.classList.remove('toggle-hidden'));
  await document.fonts.ready;
}"""
DARK = "document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark'"
# What is fading in has the wrong colours.
STILL = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.all(document.getAnimations().map(animation => animation.finished));
}"""


@functools.cache
def soup(name: str) -> BeautifulSoup:
    return BeautifulSoup((SITE / name).read_text("utf-8"), "html.parser")


def test_every_page_of_the_contents_is_there_and_says_something():
    for source in SOURCES:
        name = source.relative_to(ROOT).with_suffix(".html").as_posix()
        assert name in NAMES, f"{name} was not built"
        article = soup(name).find("article").get_text(" ", strip=True)
        assert len(article) > 200, f"{name} is all but empty"


def test_every_page_leads_to_every_other():
    links = {link["href"] for link in soup("book/intro.html").select("nav a[href]")}
    for source in SOURCES[1:]:
        name = source.relative_to(ROOT).with_suffix(".html")
        assert any(link.endswith(name.name) for link in links), f"no link to {name}"


@every_page
def test_nothing_went_wrong_on_the_page(name):
    told = soup(name).get_text()
    assert "Traceback (most recent call last)" not in told
    assert (
        "has not run" not in (soup(name).select_one(".emobook-ran") or soup(name).new_tag("p")).text
    )
    if name.startswith("notebooks/"):
        assert re.search(r"Ran on \d+ \w+ \d{4} in profile \w+", told)


@every_page
def test_every_image_says_what_it_shows(name):
    for image in soup(name).select("article img"):
        assert image.get("alt", "").strip(), str(image)[:120]
        assert not image["alt"].endswith(".png"), "a path is no description"


@every_page
def test_every_internal_link_leads_somewhere(name):
    for tag in soup(name).find_all(href=True) + soup(name).find_all(src=True):
        target = urlsplit(tag.get("href") or tag["src"])
        if target.scheme or target.netloc or not target.path:
            continue
        file = (SITE / name).parent / unquote(target.path)
        assert file.exists(), f"{name} points to {target.path}, which is not there"
        if target.fragment and file.suffix == ".html":
            there = soup(file.resolve().relative_to(SITE.resolve()).as_posix())
            found = there.find(id=unquote(target.fragment))
            assert found, f"{name}: {target.path} has no #{target.fragment}"


def settle(page, name: str) -> None:
    """Open the page, wait until it stands still, unfold everything, load axe-core."""
    page.goto((SITE / name).as_uri())
    page.evaluate(SETTLE)
    page.add_script_tag(path=AXE)


def axe(page) -> list[str]:
    """What axe-core objects to, one line each."""
    page.evaluate(STILL)
    found = page.evaluate("axe.run({preload: false, resultTypes: ['violations']})")["violations"]
    return [f"{v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "index.html"])
def test_page_in_a_browser(name, chromium):  # noqa: F811
    """No request leaves, nothing complains, maths and figures work, readable for everybody."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    watch = Watch(page)
    settle(page, name)
    figures = page.locator("script[type='application/vnd.jupyter.widget-view+json']").count()
    if figures:
        page.locator(".emobook-widget").nth(figures - 1).wait_for()
    assert page.locator("article .math").count() == page.locator("article mjx-container").count()
    assert page.locator("mjx-merror").count() == 0
    assert axe(page) == []
    page.evaluate(DARK)
    assert axe(page) == []
    page.set_viewport_size({"width": 380, "height": 800})
    settle(page, name)
    if figures:
        page.locator(".emobook-widget").nth(figures - 1).wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 380
    assert axe(page) == []
    for number in range(figures):
        figure = page.locator(".emobook-widget").nth(number)
        before = figure.locator("table").first.inner_text()
        slider = figure.get_by_role("slider").last
        slider.fill(slider.get_attribute("max"))
        assert figure.locator("table").first.inner_text() != before
    assert watch.outside == []
    assert watch.complaints == []
    page.close()


def test_the_front_door_opens(chromium):  # noqa: F811
    page = chromium.new_page()
    page.goto((SITE / "index.html").as_uri())
    page.wait_for_url("**/book/intro.html")
    assert page.locator("article h1").inner_text().startswith("emobook")
    page.close()


def test_the_site_holds_figures_and_maths():
    """Else the checks above would pass on a book without any."""
    everything = "".join((SITE / name).read_text("utf-8") for name in NAMES)
    assert 'class="emobook-figure"' in everything
    assert "widget-view+json" in everything
    assert "math notranslate" in everything


def test_search_works_from_the_disk(chromium):  # noqa: F811
    page = chromium.new_page()
    watch = Watch(page)
    page.goto((SITE / "search.html").as_uri() + "?q=emotions")
    page.locator("#search-results li a").first.wait_for()
    page.add_script_tag(path=AXE)
    assert axe(page) == []
    assert watch.outside == [] and watch.complaints == []
    page.close()
