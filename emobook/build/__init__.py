"""Build the site: stage the pages, let Jupyter Book render them, swap the result in at once."""

import contextlib
import ctypes
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from filelock import FileLock

from emobook._book import Book, listed
from emobook._files import digest, file_digest, root_dir
from emobook.build import vendor

EDITIONS = {"full": "html", "student": "student"}
STAMP = "emobook.json"  # in the built site: what it was built from
_TOOLS = (
    "jupyter-book",
    "myst-nb",
    "sphinx",
    "sphinx-book-theme",
    "pydata-sphinx-theme",
    "anywidget",
)

_DOOR = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>emobook</title>
<meta http-equiv="refresh" content="0; url={page}"></head>
<body><main><h1>emobook</h1><p><a href="{page}">Open the book</a></p></main></body></html>
"""


class BuildError(RuntimeError):
    """The site could not be built, or a chapter in it has not run; says which and what to do."""


def build(profile: str = "mini", edition: str = "full", output=None) -> Path:
    """Build the site from the notebooks executed in `profile`; returns its folder.

    `edition`: "full", or "student" without the cells tagged `solution`. `output`: default
    `_build/html` (student: `_build/student`). Where nothing changed since the last build nothing
    is done. A build that is killed leaves the old site or the new one.
    Raises ValueError for an unknown profile or edition; BuildError where a page is broken (the
    old site stays), or where a chapter has not run (the new one is in place and its page says so).
    """
    if edition not in EDITIONS:
        raise ValueError(f"edition must be one of {', '.join(EDITIONS)}, not {edition!r}")
    root = root_dir()
    Book(root, profile.removesuffix("-smoke"))  # a wrong profile shows before the old site goes
    output = Path(output or root / "_build" / EDITIONS[edition]).absolute()
    output.parent.mkdir(parents=True, exist_ok=True)
    (root / "_build").mkdir(exist_ok=True)
    with FileLock(root / "_build" / ".build.lock"):
        stamp = _read_stamp(output)
        wanted = _inputs(root, profile, edition)
        if stamp.get("inputs") != wanted:
            stamp = {"inputs": wanted, "faults": _render(root, profile, edition, output, wanted)}
    if stamp["faults"]:
        listed = "\n".join(f"  {line}" for line in stamp["faults"])
        raise BuildError(
            f"the site is in {output}, but not every chapter has run in profile {profile}:\n"
            f"{listed}\nRun `emobook run --profile {profile}`, then build again."
        )
    return output


def pages(root: Path) -> list[Path]:
    """The source files (.ipynb, .md) of `_toc.yml`, in reading order; BuildError if one is gone."""
    found = []
    for name in listed(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))):
        files = [path for end in (".ipynb", ".md", "") if (path := root / f"{name}{end}").is_file()]
        if not files:
            raise BuildError(f"_toc.yml lists {name}, which is not there")
        found.append(files[0])
    return found


def _ran(root: Path, profile: str, stem: str) -> tuple[Path, Path]:
    """Where the runner puts the executed copy of a notebook, and the record of its run."""
    executed = root / "_build" / "executed" / profile
    failed = executed / f"{stem}.failed.ipynb"
    copy = failed if failed.is_file() else executed / f"{stem}.ipynb"
    return copy, root / "_build" / "results" / profile / stem / "provenance.json"


def _inputs(root: Path, profile: str, edition: str) -> str:
    """A hash of everything that decides what the site looks like."""
    listed = pages(root)
    files = [root / "_config.yml", root / "_toc.yml", *listed]
    files += sorted(path for path in (root / "book").rglob("*") if path.is_file())
    for path in listed:
        if path.suffix == ".ipynb":
            files += [ran for ran in _ran(root, profile, path.stem) if ran.is_file()]
    files += sorted(Path(__file__).parent.glob("*.py"))
    versions = [importlib.metadata.version(name) for name in _TOOLS]
    return digest(profile, edition, *versions, *(f"{path} {file_digest(path)}" for path in files))


def _read_stamp(output: Path) -> dict:
    try:
        return json.loads((output / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _render(root: Path, profile: str, edition: str, output: Path, inputs: str) -> list[str]:
    """Stage, run Jupyter Book, swap the new site in; the chapters that have not run."""
    from emobook.build.stage import PageError, stage  # beautifulsoup is needed only here

    start = time.perf_counter()
    work = output.with_name(f".{output.name}-new")
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    source.mkdir(parents=True)
    try:
        browser_files = vendor.install(root)
        listed = pages(root)
        runs = stage(root, source, listed, lambda stem: _ran(root, profile, stem), profile, edition)
    except (PageError, vendor.VendorError) as error:
        raise BuildError(str(error)) from None
    shutil.copytree(
        root / "book" / "assets", source / "assets", ignore=shutil.ignore_patterns("package*.json")
    )
    shutil.copytree(
        browser_files,
        source / "assets" / "vendor",
        ignore=shutil.ignore_patterns("axe", "installed"),
    )
    _sphinx(source, work)
    site = work / "_build" / "html"
    _mend(site)
    faults = [f"{run.stem}: {run.fault}" for run in runs if run.fault]
    stamp = {"inputs": inputs, "faults": faults, "profile": profile, "edition": edition}
    (site / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    _swap(site, output)
    shutil.rmtree(work)
    print(f"site: {len(listed)} pages in {output} ({time.perf_counter() - start:.1f} s)")
    return faults


def _sphinx(source: Path, work: Path) -> None:
    """Render `source` into `work`/_build/html; BuildError on any warning."""
    jupyter_book = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", jupyter_book, "build", "--quiet", "--path-output"]
    done = subprocess.run(
        [*command, str(work), str(source)],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"},
    )
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stderr).replace(f"{source}/", "")
    warnings = [
        line for line in said.splitlines() if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)
    ]
    if warnings or done.returncode or not (work / "_build" / "html" / "index.html").is_file():
        last = [line for line in said.splitlines() if re.match(r"[^\s=^]", line)][-15:]
        raise BuildError("the pages do not render cleanly:\n" + "\n".join(warnings or last))


def _mend(site: Path) -> None:
    """What no setting reaches: two wrong names for screen readers, and the bare front door."""
    for page in site.rglob("*.html"):
        content = page.read_text(encoding="utf-8")
        mended = content.replace('role="doc-biblioentry"', 'role="listitem"')
        mended = mended.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        if mended != content:
            page.write_text(mended, encoding="utf-8")
    index = site / "index.html"
    door = re.fullmatch(
        r'<meta http-equiv="Refresh" content="0; url=(\S+)" />\s*', index.read_text()
    )
    if door:
        index.write_text(_DOOR.format(page=door[1]), encoding="utf-8")


def _swap(new: Path, output: Path) -> None:
    """Put the folder `new` where `output` is, in one step where the system can exchange two."""
    if not output.exists():
        new.rename(output)
        return
    exchanged = False
    with contextlib.suppress(AttributeError, OSError):
        here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        exchange = ctypes.CDLL(None).renameat2
        exchanged = exchange(here, os.fsencode(new), here, os.fsencode(output), swap) == 0
    if not exchanged:
        old = new.with_name("old")
        output.rename(old)
        new.rename(output)
