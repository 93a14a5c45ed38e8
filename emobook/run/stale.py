"""Is a notebook's last result still what a new run would give? And what produced it.

A run's `provenance.json` keeps, for everything that the kernel read (see `emobook._trace`), a hash
of what was read. `reason` compares these hashes with the files of now. Two more kinds of entry are
always there: the code with its parameters, and the results of each notebook declared in `after`.
"""

import functools
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from emobook import __version__
from emobook._book import Book, Notebook
from emobook._files import data_dir, digest, file_digest

ABSENT = "absent"
PACKAGE = Path(__file__).parents[1]
LIBRARIES = ("numpy", "torch", "scikit-learn", "pandas", "timm", "onnxruntime")
WORDS = {
    "M": "",
    "P": "emobook/",
    "F": "",
    "L": "the files in ",
    "D": "the data set ",
    "R": "the results of ",
}


@functools.cache
def _content(path: str, size: int, changed: int, inode: int) -> str:
    return file_digest(path)


class Inputs:
    """Hashes of whatever a notebook depends on, as it is now; each file is read once."""

    def __init__(self, book: Book):
        self.book = book
        self._data = {}

    def of(self, notebook: Notebook, reads, since: int | None = None) -> dict:
        """Entry → hash for the trace lines `reads`, code, parameters, declared results.

        What changed after `since` (nanoseconds) gets None, which equals nothing: the kernel may
        have read the content from before.
        """
        lines = {line for line in reads if line[:2] in ("M ", "P ", "F ", "L ", "D ")}
        lines |= {"F requirements.lock", *(f"R {stem}" for stem in notebook.after)}
        return {
            "its code": digest(json.dumps(notebook.code)),
            "its parameters": digest(json.dumps(self.book.parameters(notebook), sort_keys=True)),
            "the version of Python": "{}.{}".format(*sys.version_info),
            **{line: self._entry(line[0], line[2:], since) for line in sorted(lines)},
        }

    def _entry(self, kind: str, name: str, since: int | None) -> str | None:
        if kind == "M":
            module = PACKAGE.parent.joinpath(*name.split("."))
            path = module / "__init__.py"
            return self.file(path if path.is_file() else module.with_suffix(".py"), since)
        if kind == "P":
            return self.file(PACKAGE / name, since)
        if kind == "F":
            return self.file(self.book.root / name, since)
        if kind == "L":
            folder = self.book.root / name
            return digest(*sorted(os.listdir(folder))) if folder.is_dir() else ABSENT
        if kind == "R":
            return self._files(self.book.results / name, since)
        if name not in self._data:
            self._data[name] = self._manifest(name)
        value, newest = self._data[name]
        return None if since and newest > since else value

    def file(self, path: Path, since: int | None = None) -> str | None:
        try:
            facts = os.stat(path)
            if since and facts.st_ctime_ns > since:
                return None
            return _content(os.fspath(path), facts.st_size, facts.st_mtime_ns, facts.st_ino)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return ABSENT

    def _files(self, folder: Path, since: int | None) -> str | None:
        found = results(folder)
        hashes = [self.file(path, since) for path in found.values()]
        if None in hashes:
            return None
        return digest(*found, *hashes) if found else ABSENT

    def _manifest(self, name: str) -> tuple[str, int]:
        """(hash, newest change) over names, sizes and times of the files of a data set: reading
        thousands of photos to hash them would take longer than many a notebook."""
        data, lines, newest = data_dir(), [], 0
        folder = data and Path(os.path.realpath(data / name))
        if folder is None or not folder.exists():
            return ABSENT, 0
        if name == ".":
            return digest(*sorted(os.listdir(folder))), 0
        for path in _walk(folder) if folder.is_dir() else [os.fspath(folder)]:
            facts = os.stat(path)
            newest = max(newest, facts.st_ctime_ns)
            relative = os.path.relpath(path, folder)
            lines.append(f"{relative}\0{facts.st_size}\0{facts.st_mtime_ns}")
        return digest(*sorted(lines)), newest


def _walk(folder: Path):
    """Every file below `folder`, linked folders included, none of them twice."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        paths = (os.path.join(place, name) for name in files)
        yield from (path for path in paths if os.path.isfile(path))


def results(folder: Path) -> dict[str, Path]:
    """Relative name → path of what a notebook recorded, without the provenance; sorted."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    found = {path.relative_to(folder).as_posix(): path for path in files}
    found.pop("provenance.json", None)
    return found


def stamp(book: Book, stem: str) -> dict:
    """The provenance of the last good run; empty where there is none."""
    try:
        return json.loads((book.results / stem / "provenance.json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}


def reason(book: Book, notebook: Notebook, inputs: Inputs) -> str | None:
    """Why the notebook has to run, in a few words; None where its results are what a run gives."""
    stem, last = notebook.stem, stamp(book, notebook.stem)
    if not last:
        return "no results yet"
    if (book.executed / f"{stem}.failed.ipynb").exists():
        return "failed last time"
    before = last["inputs"]
    now = inputs.of(notebook, before)
    for name in before.keys() | now.keys():
        if before.get(name) is None or before.get(name) != now.get(name):
            kind, _, rest = name.partition(" ")
            return f"{WORDS[kind]}{rest} changed" if kind in WORDS else f"{name} changed"
    found = {name: inputs.file(path) for name, path in results(book.results / stem).items()}
    found[f"{stem}.ipynb"] = inputs.file(book.executed / f"{stem}.ipynb")
    return None if found == last["outputs"] else "its results were touched"


def provenance(book: Book, notebook: Notebook, **more) -> dict:
    """The record of a run: what ran, when, on what. `more`: reads, seconds, since and so on."""
    return {
        "notebook": notebook.stem,
        "profile": book.profile,
        "smoke": book.smoke,
        "parameters": book.parameters(notebook),
        **commit(book.root),
        "versions": versions(),
        "hardware": hardware(),
        "source": digest(notebook.content),
        **more,
    }


@functools.lru_cache(maxsize=1)
def versions() -> dict:
    found = {"python": platform.python_version(), "emobook": __version__}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


@functools.lru_cache(maxsize=1)
def hardware() -> dict:
    """Processor, cores that this process may use, memory in GB, and the first GPU or None."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), cpu)
    elif sys.platform == "darwin":
        cpu = _says("sysctl", "-n", "machdep.cpu.brand_string") or cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    gpu = _says("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return {
        "cpu": cpu,
        "cores": cores(),
        "memory_gb": round(memory, 1),
        "gpu": gpu.splitlines()[0] if gpu else None,
        "system": f"{platform.system()} {platform.machine()}",
    }


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit(root: Path) -> dict:
    """The commit of the clone, and whether files differ from it; "unknown" outside a clone."""
    name = _says("git", "-C", os.fspath(root), "rev-parse", "HEAD")
    if not name:
        return {"commit": "unknown", "dirty": None}
    return {
        "commit": name,
        "dirty": bool(_says("git", "-C", os.fspath(root), "status", "--porcelain", "-uno")),
    }


def _says(*command: str) -> str:
    """What a command prints, stripped; empty where it is absent or fails."""
    if not shutil.which(command[0]):
        return ""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
