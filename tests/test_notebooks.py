"""Every notebook: within its budget, in the shape of a chapter, and alive in profile `full`."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emobook._book import Book, code_cells, source, tags
from emobook.results.stored import folder_rows, reference_folder, run_folder

ROOT = Path(__file__).parent.parent
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
# Headings that a chapter on a paper has. Those on no paper, the first and the last ones, need less.
CHAPTER = (r"## What the papers? say", r"## What differs", r"## Exercises")


@pytest.fixture(params=STEMS)
def notebook(request):
    return Book(ROOT).notebook(request.param)


def prose(notebook) -> str:
    cells = notebook.json["cells"]
    return "\n\n".join(source(c) for c in cells if c["cell_type"] == "markdown")


def trees(notebook) -> list[ast.Module]:
    """The code cells, parsed; lines for IPython alone are left out."""
    cells = (re.sub(r"(?m)^[%!].*", "", source(cell)) for cell in code_cells(notebook.json))
    return [ast.parse(cell) for cell in cells]


def test_the_folder_and_the_reading_order_name_the_same_notebooks():
    assert sorted(Book(ROOT).order) == STEMS


@pytest.mark.parametrize(
    ("profile", "smoke"), [("mini", False), ("real", False), ("full", False), ("full", True)]
)
def test_profiles_set_only_what_the_notebooks_define(profile, smoke):
    book = Book(ROOT, profile, smoke)
    for stem in STEMS:
        book.parameters(book.notebook(stem))


def test_budget(notebook):
    cells = code_cells(notebook.json)
    lines = [line.strip() for cell in cells for line in source(cell).splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    made = [n.name for tree in trees(notebook) for n in ast.walk(tree) if isinstance(n, kinds)]
    assert len(cells) <= 20 and len(code) <= 150 and len(made) <= 3, (len(cells), len(code), made)


def test_one_cell_holds_the_parameters_as_plain_values(notebook):
    marked = [cell for cell in code_cells(notebook.json) if "parameters" in tags(cell)]
    assert len(marked) == 1, 'tag one code cell "parameters"'
    for line in ast.parse(source(marked[0])).body:
        assert isinstance(line, ast.Assign | ast.AnnAssign), ast.unparse(line)
        ast.literal_eval(line.value)


def test_anatomy(notebook):
    opening, text = source(notebook.json["cells"][0]), prose(notebook)
    assert re.match(r"# \S.*\n\n\S", opening), "begin with a title and a promise of one sentence"
    assert re.search(r"\d+ minutes", opening), "say how many minutes it takes"
    if notebook.stem[0] not in "09":
        missing = [wanted for wanted in CHAPTER if not re.search(f"(?m)^{wanted}", text)]
        assert not missing
        assert "compare(" in "".join(source(cell) for cell in code_cells(notebook.json))
    if "{cite}" in text:
        assert re.search(r"(?m)^## References", text)


def test_every_figure_is_shown_with_words(notebook):
    for tree in trees(notebook):
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            assert name != "plt.show", "show a figure with plots.show(figure, alt)"
            if name == "plots.show":
                named = any(keyword.arg == "alt" for keyword in call.keywords)
                assert len(call.args) > 1 or named, ast.unparse(call)


def test_profile_full_stays_alive(tmp_path):
    """`SMOKE=1`: hub architectures without weights, eight images, one step, published elsewhere."""
    if not STEMS:
        pytest.skip("not run: there are no notebooks yet")
    for name in ("notebooks", "book", "results", "requirements.lock", "_toc.yml", "profiles.yml"):
        if (ROOT / name).exists():
            (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run(
        [sys.executable, "-m", "emobook", "run", "--profile", "full"],
        env={**os.environ, "EMOBOOK_ROOT": str(tmp_path), "SMOKE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = tmp_path / "_build" / "results"
    assert [path.name for path in results.iterdir()] == ["full-smoke"]


def test_the_recorded_rows_have_the_names_of_the_run():
    """Numbers may differ between machines; a row that was renamed has to be recorded anew."""
    ran = folder_rows(run_folder("mini"))
    if not ran:
        pytest.skip("not run: no results of profile mini; run make book first")
    key = ["item", "row", "column", "dataset", "metric"]
    recorded = folder_rows(reference_folder("mini"))
    assert recorded.keys() == ran.keys()
    for notebook, rows in ran.items():
        names, known = (
            set(part[key].fillna("").itertuples(index=False, name=None))
            for part in (rows, recorded[notebook])
        )
        assert names == known, f"{notebook}: record it with emobook check --keep"
