"""From a raw executed notebook to the page that is published, and from a failure to its story."""

import dataclasses
import hashlib
import json
import re

from emobook._book import code_cells, source, tags

WIDGETS = "application/vnd.jupyter.widget-state+json"
ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}")
STYLER = re.compile(r"\bT_[0-9a-f]{5}(?=[_\s\"'{])")
HEX32 = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")  # also in IPY_MODEL_…
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def page(executed: dict, written: dict, stem: str) -> tuple[dict, str]:
    """The author's notebook `written`, with the outputs of `executed`; and its stderr.

    Cell by cell the text, the order and the metadata are the author's, so that prose edited after
    the run shows. What differs from run to run is made equal: times go, addresses, widget and
    table ids are renamed, messages on stderr move to the log.
    """
    cells, noise, tables = json.loads(json.dumps(written["cells"])), [], {}
    ran = code_cells(executed)
    for cell, other in zip(code_cells({"cells": cells}), ran, strict=True):
        cell["execution_count"] = other["execution_count"]
        cell["outputs"] = []
        for output in other["outputs"]:
            if output.get("name") == "stderr":
                noise.append("".join(output["text"]))
            else:
                cell["outputs"].append(_steady(output, tables))
    for extra in executed["cells"]:
        if "injected-parameters" in tags(extra):
            at = next(i for i, cell in enumerate(cells) if "parameters" in tags(cell))
            extra = {**extra, "id": "injected-parameters", "outputs": []}
            extra["metadata"] = {"tags": ["injected-parameters"]}
            cells.insert(at + 1, extra)
    metadata = {k: v for k, v in written["metadata"].items() if k != "widgets"}
    for key in ("language_info", "widgets"):
        if key in executed["metadata"]:
            metadata[key] = executed["metadata"][key]
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return _rename_widgets(whole, stem), "".join(noise)


def _steady(output: dict, tables: dict) -> dict:
    """An output without memory addresses and with the ids of styled tables numbered."""

    def number(match):
        return tables.setdefault(match[0], f"T_{len(tables):05x}")

    def clean(text):
        text = "".join(text) if isinstance(text, list) else text
        return STYLER.sub(number, ADDRESS.sub("0x0", text))

    output = {**output}
    if "text" in output:
        output["text"] = clean(output["text"])
    if "data" in output:
        texts = ("text/plain", "text/html", "text/markdown")
        output["data"] = {k: clean(v) if k in texts else v for k, v in output["data"].items()}
        output["metadata"] = output.get("metadata", {})
    return output


def _rename_widgets(notebook: dict, stem: str) -> dict:
    """Name each widget by its place on the page: Jupyter draws the names at random."""
    state = notebook["metadata"].get("widgets", {}).get(WIDGETS, {}).get("state", {})
    if not state:
        return notebook
    order = []

    def visit(text: str) -> None:
        for name in HEX32.findall(text):
            if name in state and name not in order:
                order.append(name)
                visit(json.dumps(state[name], sort_keys=True))

    visit(json.dumps([cell.get("outputs") for cell in notebook["cells"]], sort_keys=True))
    masked = {n: HEX32.sub("", json.dumps(v, sort_keys=True)) for n, v in state.items()}
    for name in sorted(state, key=masked.get):
        visit(name)
    new = {n: hashlib.sha256(f"{stem} {i}".encode()).hexdigest()[:32] for i, n in enumerate(order)}
    return json.loads(HEX32.sub(lambda m: new.get(m[0], m[0]), json.dumps(notebook)))


def dump(notebook: dict) -> str:
    """A notebook as the text that Jupyter writes: the same content gives the same bytes."""
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a notebook failed. `cell`: which of its code cells (from 1), None where none is to
    blame; `excerpt`: its lines around the error; `error`: one paragraph."""

    error: str
    cell: int | None = None
    excerpt: str = ""


def failure(executed: dict, status: int, log: str) -> Failure:
    """What went wrong, from the executed notebook, else from the exit status and the log."""
    number, during = 0, None
    for cell in executed["cells"]:
        if cell["cell_type"] != "code":
            continue
        number += "injected-parameters" not in tags(cell)
        if cell["metadata"].get("papermill", {}).get("start_time"):
            during = number  # the last one that was begun
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                error = COLOURS.sub("", f"{output['ename']}: {output['evalue']}")
                trace = COLOURS.sub("", "\n".join(output["traceback"]))
                line = re.search(r"(?:Cell )?In ?\[\d+\], line (\d+)", trace)
                excerpt = _excerpt(source(cell), int(line[1]) if line else 1)
                return Failure(error, number, excerpt)
    if status < 0:
        return Failure(f"the process was killed by signal {-status}; was there enough memory?")
    last = [line for line in COLOURS.sub("", log).splitlines() if line.strip()]
    if any("DeadKernelError" in line for line in last):
        return Failure("its kernel died; was there enough memory?", during)
    return Failure(last[-1].strip() if last else f"exit status {status} and not a word")


def _excerpt(text: str, line: int, around: int = 2) -> str:
    lines = text.splitlines()
    first = max(0, min(line, len(lines)) - 1 - around)
    shown = enumerate(lines[first : line + around], start=first + 1)
    return "\n".join(f"{'→' if n == line else ' '} {n:3} {content}" for n, content in shown)
