"""Turn the notebooks into pages: today's prose around the outputs of the executed copy."""

import json
import re
import shutil
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from emobook._book import code_cells, tags
from emobook._book import source as text
from emobook.build.about import Run, chapters, note, status
from emobook.build.datasheets import datasheets

_STATE = "application/vnd.jupyter.widget-state+json"
_VIEW = "application/vnd.jupyter.widget-view+json"


class PageError(ValueError):
    """A page that must not be published as it is; says which, and what to do."""


def stage(root: Path, target: Path, pages: list[Path], ran, profile: str, edition: str):
    """Write everything that Jupyter Book needs into `target`; the `Run` of each notebook.

    `pages`: the source files below `root`. `ran`: stem → (executed copy, provenance file).
    """
    student = edition == "student"
    shutil.copytree(
        root / "book", target / "book", ignore=shutil.ignore_patterns("assets"), dirs_exist_ok=True
    )
    shutil.copy(root / "_toc.yml", target)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    if student:  # its pages must not lead to the notebooks that hold the solutions
        config["title"] += " (student edition)"
        config["launch_buttons"] = {}
        config["html"].update(use_repository_button=False, use_issues_button=False)
    (target / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    runs = {}
    for path in pages:
        if path.suffix == ".ipynb":
            executed, provenance = ran(path.stem)
            page, run = stage_notebook(path, executed, provenance, profile=profile, student=student)
            runs[path.relative_to(root)] = run
            staged = target / path.relative_to(root)
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(json.dumps(page), encoding="utf-8")
    for path in pages:
        if path.suffix == ".md":
            _fill(target / path.relative_to(root), path.read_text(encoding="utf-8"), runs)
    return list(runs.values())


def _fill(staged: Path, content: str, runs: dict) -> None:
    """Write a page of prose with its placeholders filled in: `% emobook: chapters`, `status` or
    `datasheets`."""
    makers = {
        "chapters": lambda: chapters(runs),
        "status": lambda: status(runs),
        "datasheets": datasheets,
    }
    for name, make in makers.items():
        if (mark := f"% emobook: {name}\n") in content:
            content = content.replace(mark, make())
    staged.parent.mkdir(parents=True, exist_ok=True)
    staged.write_text(content, encoding="utf-8")


def stage_notebook(source: Path, executed: Path, provenance: Path, *, profile: str, student: bool):
    """The notebook for one page, and its `Run`.

    `source`: the notebook of the repository; its prose and code are what the page shows.
    `executed`: papermill's copy, whose outputs are taken over where its code is the same.
    `provenance`: JSON record of that run. Either may be absent: the page then says so.
    Raises PageError where a figure has no text alternative or the page has no title.
    """
    page = json.loads(source.read_text(encoding="utf-8"))
    for cell in code_cells(page):  # a notebook that was tried out by hand holds some
        cell["outputs"], cell["execution_count"] = [], None
    ran = json.loads(executed.read_text(encoding="utf-8")) if executed.is_file() else None
    title, promise = title_and_promise(text(page["cells"][0]) if page["cells"] else "")
    if not title:
        raise PageError(f"{source.name}: its first cell must begin with a title, '# …'")
    run = Run(source.stem, "missing", title, promise)
    if provenance.is_file():
        run.provenance = json.loads(provenance.read_text(encoding="utf-8"))
    if ran is not None:
        run.state, run.error = _take_outputs(page, ran)
        if run.state == "ran" and executed.name.endswith(".failed.ipynb"):
            run.state, run.error = "failed", "the run stopped before its end"
        page["metadata"] = ran["metadata"]
        _drop_progress_bars(page)
    cells = []
    for cell in page["cells"]:
        if "solution" in tags(cell):
            if student:
                continue
            _fold(cell)
        for output in cell.get("outputs", ()):
            _tidy(output, source.name)
        cells.append(cell)
    about = {"cell_type": "markdown", "metadata": {}, "source": note(run, profile)}
    page["cells"] = [*_split_title(cells[0]), *cells[1:]]
    page["cells"].insert(1, about)
    for number, cell in enumerate(page["cells"]):
        cell["id"] = f"cell-{number}"
    page["nbformat"], page["nbformat_minor"] = 4, 5
    return page, run


_WIDTH = re.compile(r'<img class="emobook-figure"[^>]* width="(\d+)"')
_TITLE = re.compile(r"\s*(?:\([\w-]+\)=\s*)?# (.+)\n*")
_PARAGRAPH = re.compile(r"(?:[^\n#:`|>%].*\n?)*")


def title_and_promise(content: str) -> tuple[str, str]:
    """The title of a page in Markdown and its first paragraph, on one line each ("" if absent)."""
    match = _TITLE.match(content)
    if not match:
        return "", ""
    return match[1].strip(), " ".join(_PARAGRAPH.match(content, match.end())[0].split())


def _take_outputs(page: dict, ran: dict) -> tuple[str, str]:
    """Copy the outputs of `ran` into `page` where their code agrees; the state, and the error."""
    wanted, found = code_cells(page), code_cells(ran)
    if [text(cell).strip() for cell in wanted] != [text(cell).strip() for cell in found]:
        return "edited", ""
    error = ""
    for cell, done in zip(wanted, found, strict=True):
        cell["outputs"], cell["execution_count"] = done["outputs"], done["execution_count"]
        if "raises-exception" not in tags(cell):
            for output in done["outputs"]:
                if output["output_type"] == "error":
                    error = error or f"{output['ename']}: {output['evalue']}"
    return ("failed", error) if error else ("ran", "")


def _drop_progress_bars(page: dict) -> None:
    """Leave out the bars that moved while the page ran, and all widgets that none shows now."""
    held = page["metadata"].get("widgets", {}).get(_STATE, {})
    state = held.get("state", {})

    def parts(name: str, found: set) -> set:
        if name in state and name not in found:
            found.add(name)
            for inner in re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[name])):
                parts(inner, found)
        return found

    shown = set()
    for cell in code_cells(page):
        for output in list(cell["outputs"]):
            view = output.get("data", {}).get(_VIEW)
            if view:
                found = parts(view["model_id"], set())
                if any("ProgressModel" in state[name]["model_name"] for name in found):
                    cell["outputs"].remove(output)
                else:
                    shown |= found
    held["state"] = {name: state[name] for name in state if name in shown}


def _fold(cell: dict) -> None:
    """Show a solution folded: the reader opens it when ready."""
    if cell["cell_type"] == "code":
        cell["metadata"]["tags"] = [*tags(cell), "hide-cell"]
        prompts = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
        cell["metadata"]["mystnb"] = prompts
    else:
        body = text(cell)
        cell["source"] = f":::::::{{admonition}} Solution\n:class: tip dropdown\n\n{body}\n:::::::"


def _tidy(output: dict, name: str) -> None:
    """Make one output fit for every reader: tables that scroll, figures with an alternative."""
    data = output.get("data", {})
    content = "".join(data.get("text/html", ""))
    if any(kind.startswith("image/") for kind in data) and not content:
        raise PageError(
            f"{name}: a figure has no text alternative; show it with emobook.plots.show(fig, alt)"
        )
    if any(not re.search(r'\balt="[^"]', image) for image in re.findall(r"<img\b[^>]*", content)):
        raise PageError(f"{name}: an <img> in an output has no alt text")
    wide = _WIDTH.search(content)
    if "<table" in content:
        data["text/html"] = _accessible_tables(content)
    elif wide and int(wide[1]) > 600:
        box = 'class="emobook-wide" role="group" tabindex="0" aria-label="wide figure"'
        data["text/html"] = f"<div {box}>{content}</div>"


def _accessible_tables(content: str) -> str:
    """Each table in a container that scrolls and takes the focus, without empty header cells.

    A caption moves in front, where it does not scroll away, and names the container.
    """
    soup = BeautifulSoup(content, "html.parser")
    for cell in soup.find_all(["td", "th"]):
        lines = list(cell.stripped_strings)
        if not lines:
            cell.name = "td"
        elif re.match(r"[+\-−]?\.?\d", lines[0]) and max(map(len, lines)) < 25:
            cell["class"] = [*cell.get("class", ()), "emobook-number"]
        elif sum(map(len, lines)) > 40 and cell.get("scope") != "col":
            cell["class"] = [*cell.get("class", ()), "emobook-prose"]
    for table in soup.find_all("table"):
        table.attrs.pop("border", None)
        table["class"] = ["dataframe"]  # which the theme colours in its two modes
        caption = table.caption and table.caption.extract()
        label = caption.get_text(" ", strip=True) if caption else "table"
        box = {"class": "emobook-table", "role": "group", "tabindex": "0", "aria-label": label}
        table.wrap(soup.new_tag("div", attrs=box))
        if caption:
            caption.name, caption.attrs = "p", {"class": "emobook-caption"}
            table.parent.insert_before(caption)
    return str(soup)


def _split_title(cell: dict) -> list[dict]:
    """The first cell in two: its title line, and whatever follows."""
    content = text(cell)
    end = _TITLE.match(content).end()
    parts = [{**cell, "source": content[:end].strip()}]
    return [*parts, {**cell, "source": content[end:]}] if content[end:].strip() else parts
