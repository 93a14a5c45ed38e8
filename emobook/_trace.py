"""What a running notebook reads, noted line by line so that a killed kernel loses nothing.

The runner starts each kernel with `$EMOBOOK_TRACE`. From then on every first use of something that
results may depend on adds one line to that file: a letter, a blank, a name.

    M emobook.losses        a module of this package that was imported
    P reported/kim2018.csv  a file of this package that was opened
    F book/claims.yml       another file of the book that was opened
    L results/real          a folder of the book that was listed
    D oasis                 a folder below $EMOBOOK_DATA that was looked for, present or not
    U 10_wheel              results that this notebook did not declare: also an error in the cell

Outside a run nothing here has any effect.
"""

import os
import sys
from pathlib import Path

LISTED = ("results", "book")  # folders of the book whose listings count
PACKAGE = os.path.dirname(os.path.abspath(__file__))
_note = None  # set by start(): write one line


def data(folder: str) -> None:
    """Say that the notebook looks for `$EMOBOOK_DATA/<folder>`, so that it runs again when that
    folder appears, changes or goes."""
    if _note:
        _note("D", Path(folder).parts[0])


class _Imports:
    """A finder that finds nothing: it only sees which modules of this package are asked for."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith("emobook."):
            _note("M", name)


def _below(path: str, folder: str) -> str | None:
    """`path` relative to `folder`, or None where it is not inside."""
    if path == folder:
        return "."
    return path[len(folder) + 1 :] if path.startswith(folder + os.sep) else None


def _names(variable: str) -> list[str]:
    """A folder from the environment as spelled and as resolved; empty where it is not set."""
    value = os.environ.get(variable)
    return [*{os.path.abspath(value), os.path.realpath(value)}] if value else []


def start(trace: str) -> None:
    """Begin to append to the file `trace`; the environment says which folders count."""
    global _note
    file = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    seen = set()

    def note(letter: str, name: str) -> None:
        if (letter, name) not in seen:
            seen.add((letter, name))
            os.write(file, f"{letter} {name}\n".encode())

    _note = note
    note("M", "emobook")
    note("M", "emobook._trace")
    sys.meta_path.insert(0, _Imports)

    roots, sets = _names("EMOBOOK_ROOT"), _names("EMOBOOK_DATA")
    watched = (PACKAGE, *roots, *sets)
    results = [os.path.join(root, "_build", "results") for root in roots]
    declared = set(os.environ.get("EMOBOOK_READS", "").split())
    profile = os.environ.get("EMOBOOK_PROFILE", "")
    hidden = [os.path.join(root, name) for root in roots for name in ("_build", ".git", ".venv")]
    hidden += [*_names("EMOBOOK_CACHE"), sys.prefix, sys.base_prefix]
    hidden = [folder for folder in hidden if any(_below(folder, root) for root in roots)]

    def first(path, folders):
        return next((rest for f in folders if (rest := _below(path, f)) is not None), None)

    def seen_open(path: str, listing: bool) -> None:
        if (name := _below(path, PACKAGE)) is not None:
            if not listing and not name.endswith((".py", ".pyc")):
                note("P", name)
        elif (name := first(path, results)) is not None:
            parts = Path(name).parts
            if len(parts) > 2 and not (parts[0] == profile and parts[1] in declared):
                note("U", parts[1])
                raise RuntimeError(
                    f"this notebook reads results of {parts[1]} ({parts[0]}) without saying so: "
                    f'put "{parts[1]}" into "after" under "emobook" in the notebook\'s metadata'
                )
        elif (name := first(path, sets)) is not None:
            note("D", name.split(os.sep)[0])
        elif first(path, hidden) is None and (name := first(path, roots)) is not None:
            if not listing:
                note("F", name)
            elif name.split(os.sep)[0] in LISTED:
                note("L", name)

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR) if mode is None else mode[:1] in "wax"
        elif event in ("os.listdir", "os.scandir"):
            path, writes = arguments[0], False
        else:
            return
        if writes or not isinstance(path, str | bytes):
            return
        path = os.path.abspath(os.fsdecode(path))
        if path.startswith(watched):
            seen_open(path, listing=event != "open")

    sys.addaudithook(hook)
