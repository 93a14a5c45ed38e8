"""The book on disk: reading order from `_toc.yml`, parameters from `profiles.yml`, notebooks.

Notebooks are read as plain JSON: a run with nothing to do must not wait for nbformat.
"""

import ast
import dataclasses
import functools
import json
import re
from pathlib import Path

import yaml

STEM = re.compile(r"\d\d_\w+")
NEEDS_DATA = ("real", "full")


def tags(cell: dict) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def code_cells(notebook: dict) -> list[dict]:
    """The code cells that its author wrote (papermill adds one with the parameters)."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return [cell for cell in cells if "injected-parameters" not in tags(cell)]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def listed(toc) -> list[str]:
    """The names of all pages in the content of a `_toc.yml`, in reading order."""
    names = []
    if isinstance(toc, dict):
        names += [toc[key] for key in ("root", "file") if isinstance(toc.get(key), str)]
        toc = list(toc.values())
    if isinstance(toc, list):
        names += [name for part in toc for name in listed(part)]
    return names


@dataclasses.dataclass(frozen=True)
class Notebook:
    """One chapter as it is on disk now. `after`: stems whose results it may read."""

    stem: str
    path: Path
    content: bytes
    json: dict
    after: tuple[str, ...]

    @functools.cached_property
    def code(self) -> list:
        """What decides the outputs: the source of each code cell, and which holds parameters."""
        return [[source(c), "parameters" in tags(c)] for c in code_cells(self.json)]

    @functools.cached_property
    def defined(self) -> list[str]:
        """Names that the cell tagged `parameters` assigns."""
        names = []
        for cell in code_cells(self.json):
            if "parameters" not in tags(cell):
                continue
            try:
                tree = ast.parse(source(cell))
            except SyntaxError as error:
                raise ValueError(f"{self.stem}: the parameters cell is wrong: {error}") from None
            for line in tree.body:
                if isinstance(line, ast.Assign):
                    names += [target.id for target in line.targets if isinstance(target, ast.Name)]
                elif isinstance(line, ast.AnnAssign):
                    names.append(line.target.id)
        return names


class Book:
    """A folder with `_toc.yml` and `profiles.yml`, seen in one profile.

    `folder` is the name below `_build/results` and `_build/executed`: the profile, followed by
    "-smoke" for a smoke run, whose results must never pass for real ones.
    """

    def __init__(self, root: Path, profile: str = "mini", smoke: bool = False):
        self.root, self.profile, self.smoke = Path(root), profile, smoke
        self.folder = f"{profile}-smoke" if smoke else profile
        self.build = self.root / "_build"
        self.results = self.build / "results" / self.folder
        self.executed = self.build / "executed" / self.folder
        self.running = self.build / "running" / self.folder
        self.order = self._order()
        self._sections = self._profile()

    def _yaml(self, name: str):
        path = self.root / name
        try:
            return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{self.root} has no {name}: is it a clone of the book?"
            ) from None
        except yaml.YAMLError as error:
            raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None

    def _order(self) -> dict[str, Path]:
        """Stem → path of every notebook that `_toc.yml` lists, in reading order."""
        order = {}
        for name in listed(self._yaml("_toc.yml")):
            path = self.root / (name if name.endswith(".ipynb") else f"{name}.ipynb")
            if path.parent.name != "notebooks" or not STEM.fullmatch(path.stem):
                continue
            if path.stem in order:
                raise ValueError(f"_toc.yml lists {path.stem} twice: list it once")
            order[path.stem] = path
        return order

    def _profile(self) -> list[tuple[str, dict]]:
        """The sections of `profiles.yml` that count: the profile, above it `smoke` where asked."""
        profiles = self._yaml("profiles.yml")
        known = [name for name in profiles if name != "smoke"]
        if self.profile not in known:
            raise ValueError(
                f"there is no profile {self.profile!r}: profiles.yml has {', '.join(known)}"
            )
        names = [self.profile, "smoke"] if self.smoke else [self.profile]
        sections = [(name, profiles.get(name) or {}) for name in names]
        for name, section in sections:
            for stem in section:
                if stem != "common" and stem not in self.order:
                    raise ValueError(f"profiles.yml, {name}: {stem} is not a notebook of _toc.yml")
        return sections

    def notebook(self, stem: str) -> Notebook:
        """Read a notebook of the reading order."""
        path = self.order[stem]
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise FileNotFoundError(
                f"_toc.yml lists {path.relative_to(self.root)}, which is not there: "
                "add the notebook or take the line out"
            ) from None
        try:
            parsed = json.loads(content)
        except ValueError as error:
            raise ValueError(f"{path.relative_to(self.root)} is no notebook: {error}") from None
        wanted = parsed.get("metadata", {}).get("emobook", {}).get("after", [])
        earlier = list(self.order)[: list(self.order).index(stem)]
        if wanted == ["*"]:
            wanted = earlier
        for name in wanted:
            if name not in earlier:
                raise ValueError(
                    f'{stem}: "after" in its metadata names {name}, which _toc.yml does not list '
                    f"before {stem}"
                )
        return Notebook(stem, path, content, parsed, tuple(wanted))

    def parameters(self, notebook: Notebook) -> dict:
        """The parameters that the profile sets and this notebook defines.

        Those of the notebook override common ones; in a smoke run those of `smoke` override both,
        and the parameter `smoke` is True.
        """
        known = {}
        for profile, section in self._sections:
            own = section.get(notebook.stem) or {}
            for name in own:
                if name not in notebook.defined:
                    raise ValueError(
                        f"profiles.yml, {profile}, sets {name} for {notebook.stem}, but its cell "
                        "tagged `parameters` does not define that name"
                    )
            known |= {**(section.get("common") or {}), **own}
        if self.smoke:
            known["smoke"] = True
        return {name: value for name, value in known.items() if name in notebook.defined}

    def named(self, names) -> list[str]:
        """Stems of notebooks given by stem or path. Raises ValueError for one that is unknown."""
        stems = [Path(name).stem if name.endswith(".ipynb") else name for name in names]
        for stem in stems:
            if stem not in self.order:
                raise ValueError(
                    f"{stem} is not a notebook of _toc.yml, which lists {', '.join(self.order)}"
                )
        return stems

    def select(self, names) -> list[str]:
        """Stems of `names` (all where empty) and of what they come after, in reading order."""
        wanted, queue = set(), self.named(names) or list(self.order)
        while queue:
            if (stem := queue.pop()) not in wanted:
                wanted.add(stem)
                queue += self.notebook(stem).after
        return [stem for stem in self.order if stem in wanted]
