"""Turn the notebooks into pages: today's prose around the outputs of the executed copy."""

import json
import re
import shutil
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from emobook._book import code_cells, tags
from emobook._book import source as text


class PageError(ValueError):
    """A page that must not be published as it is; says which, and what to do."""


@dataclass
class Run:
    """How one notebook last ran: `state` is "ran", "failed", "edited" or "missing"."""

    stem: str
    state: str
    title: str
    promise: str
    provenance: dict = field(default_factory=dict)
    error: str = ""

    @property
    def fault(self) -> str:
        """Why the page is not what it should be, in a few words; "" where it is."""
        words = {"ran": "", "missing": "has not run", "edited": "its code was edited since it ran"}
        return words.get(self.state, f"failed, {self.error}")


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
    """Write a page of prose with its placeholders `% emobook: chapters|status` filled in."""
    for name, make in (("chapters", _chapters), ("status", _status)):
        content = content.replace(f"% emobook: {name}\n", make(runs))
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
    cells = []
    for cell in page["cells"]:
        if "solution" in tags(cell):
            if student:
                continue
            _fold(cell)
        for output in cell.get("outputs", ()):
            _tidy(output, source.name)
        cells.append(cell)
    note = {"cell_type": "markdown", "metadata": {}, "source": _note(run, profile)}
    page["cells"] = [*_split_title(cells[0]), *cells[1:]]
    page["cells"].insert(1, note)
    for number, cell in enumerate(page["cells"]):
        cell["id"] = f"cell-{number}"
    page["nbformat"], page["nbformat_minor"] = 4, 5
    return page, run


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
    if "<table" in content:
        data["text/html"] = _accessible_tables(content)


def _accessible_tables(content: str) -> str:
    """Each table in a container that scrolls and takes the focus, and no empty header cells."""
    soup = BeautifulSoup(content, "html.parser")
    for cell in soup.find_all("th"):
        if not cell.get_text().strip():
            cell.name = "td"
    for table in soup.find_all("table"):
        table.attrs.pop("border", None)
        table["class"] = [*{*table.get("class", ()), "dataframe"}]  # which the theme colours
        box = {"class": "emobook-table", "role": "group", "tabindex": "0"}
        box["aria-label"] = "table, scrolls sideways where it is wide"
        table.wrap(soup.new_tag("div", attrs=box))
    return str(soup)


def _split_title(cell: dict) -> list[dict]:
    """The first cell in two: its title line, and whatever follows."""
    content = text(cell)
    end = _TITLE.match(content).end()
    parts = [{**cell, "source": content[:end].strip()}]
    return [*parts, {**cell, "source": content[end:]}] if content[end:].strip() else parts


def day(started: str) -> str:
    """An ISO time as a date to read: "21 November 2026"."""
    moment = datetime.fromisoformat(started)
    return f"{moment.day} {moment:%B %Y}"


def data_in_words(provenance: dict) -> str:
    """What a run read: "synthetic data", "real data (fi, oasis)", both, or "" for neither."""
    names = set(provenance["datasets"])
    if "M emobook.datasets.synthetic" in provenance.get("inputs", ()):  # it is no folder
        names.add("synthetic")
    real = sorted(names - {"synthetic"})
    words = ["synthetic data"] if "synthetic" in names else []
    words += [f"real data ({', '.join(real)})"] if real else []
    return " and ".join(words)


def _note(run: Run, profile: str) -> str:
    """The box under a page's title: when, on what and how long it ran, or that it did not."""
    again = f"`emobook run --profile {profile.removesuffix('-smoke')} {run.stem}` runs it."
    if run.state == "missing":
        return _box("warning", f"This page has not run in profile `{profile}`", again)
    if run.state == "edited":
        body = f"The code below was edited after its last run, so no outputs are shown. {again}"
        return _box("warning", "This page has not run since its code was edited", body)
    if run.state == "failed":
        body = (
            f"The cell below that failed shows the traceback. {again}\n\n```text\n{run.error}\n```"
        )
        return _box("error", f"This page failed in profile `{profile}`", body)
    about = run.provenance
    if not about:
        return _box(
            "note", f"This page ran in profile `{profile}`", "No record of the run was kept."
        )
    smoke = " (smoke test: its numbers mean nothing)" if about.get("smoke") else ""
    data = data_in_words(about)
    title = (
        f"Ran on {day(about['started'])} in profile `{about['profile']}`{smoke}"
        f"{f' on {data}' if data else ''}, took {about['seconds']:.0f} s"
    )
    rows = [(name, _words(about.get(name))) for name in ("parameters", "hardware", "versions")]
    commit = str(about.get("commit"))[:12]
    rows += [("commit", f"{commit}, with changes" if about.get("dirty") else commit)]
    body = "\n".join(f"- **{name}**: {value}" for name, value in rows if value)
    return _box("note dropdown", title, body)


def _words(value) -> str:
    if isinstance(value, dict):
        parts = ((name, _words(part)) for name, part in value.items())
        return " · ".join(f"{name.replace('_', ' ')} {part}" for name, part in parts if part)
    if isinstance(value, list):
        return ", ".join(_words(part) for part in value)
    return "" if value is None else str(value)


def _box(kind: str, title: str, body: str) -> str:
    return f":::::{{admonition}} {title}\n:class: {kind} emobook-ran\n\n{body}\n:::::"


def _chapters(runs: dict) -> str:
    """A table of the chapters: a link and the promise that each makes."""
    lines = ["| chapter | what it is about |", "|---|---|"]
    for path, run in runs.items():
        lines.append(f"| [{run.title}](../{path.as_posix()}) | {run.promise} |")
    return "\n".join(lines) + "\n"


def _status(runs: dict) -> str:
    """A table of the runs, and below it the machines and versions."""
    lines = ["| chapter | state | when | profile | data | seconds |", "|---|---|---|---|---|---:|"]
    told = {}
    for path, run in runs.items():
        about = run.provenance
        cells = [run.fault or "ran"]
        if about and run.state == "ran":
            cells += [day(about["started"]), about["profile"], data_in_words(about) or "–"]
            cells += [f"{about['seconds']:.1f}"]
            for name in ("hardware", "versions"):
                told.setdefault(name, set()).add(_words(about.get(name)))
        cells += ["–"] * (5 - len(cells))
        lines.append(f"| [{run.title}](../{path.as_posix()}) | {' | '.join(cells)} |")
    for name, values in told.items():
        lines += ["", f"**{name.capitalize()}**: {'; '.join(sorted(values))}"]
    return "\n".join(lines) + "\n"
