"""The SHA-256 of every file of a copy, written and checked as `sha256sum` does.

A manifest says whether two copies are one and whether one has changed, without any knowledge of
the set: every file below its folder counts, photos, lists and masks alike.
"""

import dataclasses
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emobook import _bar
from emobook._files import file_digest, resolved, write_atomic
from emobook.datasets import base
from emobook.datasets.lists import DatasetError, folder_of, is_safe, one_of
from emobook.datasets.tables import TABLES

_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")


@dataclasses.dataclass(frozen=True)
class Difference:
    """Names below the folder: listed and absent, there with another hash, and not listed."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.extra)

    def __str__(self) -> str:
        lines = [f"{kind}: {name}" for kind, names in vars(self).items() for name in names]
        return "\n".join(lines)


def folder(name: str, root=None) -> Path:
    """The folder of a data set or table. Raises `DatasetMissing` where it is not there."""
    one_of("data set", name, (*base.NAMES, *TABLES))
    info = TABLES[name][0] if name in TABLES else base.info(name)
    if info.embedded:
        raise DatasetError(f"{name} is part of the package and has no folder: there is no manifest")
    return folder_of(info, root)


def manifest(folder, *, without=None, progress: bool = True) -> dict[str, str]:
    """Name below `folder` (slashes) → SHA-256 of every file but `without`, sorted by name.

    Links to folders are followed, each folder once. Hidden files count, too. Raises OSError for a
    file that cannot be read.
    """
    folder = resolved(folder)
    names = [n for n in _files(folder) if without is None or folder / n != resolved(without)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = pool.map(lambda name: file_digest(folder / name), names)
        bar = _bar.progress(digests, folder.name, total=len(names), unit="file", show=progress)
        return dict(zip(names, bar, strict=True))


def write(folder, file, *, progress: bool = True) -> int:
    """Write the manifest of `folder` to `file`, whole or not at all; returns how many files it has.

    `sha256sum -c FILE`, called within the folder, checks it as well. The file itself may lie in
    the folder; it is not in the manifest.
    """
    found = manifest(folder, without=file, progress=progress)
    text = "".join(_line(name, digest) for name, digest in found.items())
    write_atomic(file, text.encode(errors="surrogateescape"))
    return len(found)


def check(folder, file, *, progress: bool = True) -> Difference:
    """What is different in `folder` from the manifest in `file`; every file is read whole.

    Raises `DatasetError`, with the line, where `file` is no manifest, OSError where it is absent.
    """
    listed = read(file)
    found = manifest(folder, without=file, progress=progress)
    return Difference(
        missing=tuple(name for name in listed if name not in found),
        changed=tuple(n for n, digest in listed.items() if found.get(n, digest) != digest),
        extra=tuple(name for name in found if name not in listed),
    )


def read(file) -> dict[str, str]:
    """Name → SHA-256 in a file that `write`, or `sha256sum`, has written."""
    listed = {}
    lines = Path(file).read_bytes().decode(errors="surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.removesuffix("\r"))
        if not match:
            raise DatasetError(
                f"{file}, line {number}: no SHA-256, two blanks and a name: write the manifest anew"
            )
        escaped, digest, name = match.groups()
        if escaped:
            name = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), name)
        name = name.removeprefix("./")
        if name in listed or not is_safe(re.sub(r"[^ -~]|\\", "_", name)):
            raise DatasetError(
                f"{file}, line {number}: {name!r} is listed twice, or leaves the folder: write the "
                "manifest anew"
            )
        listed[name] = digest.lower()
    if not listed:
        raise DatasetError(f"{file} lists no file: write the manifest anew")
    return listed


def _line(name: str, digest: str) -> str:
    shown = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if shown == name else chr(92)}{digest}  {shown}\n"


def _files(folder: Path) -> list[str]:
    names, seen = [], set()
    for parent, inner, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:  # a link back
            inner.clear()
            continue
        seen.add(real)
        below = Path(parent).relative_to(folder)
        names += [(below / file).as_posix() for file in files]
    return sorted(name for name in names if (folder / name).is_file())
