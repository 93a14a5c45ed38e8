"""Lists, folders and splits: what the modules of the data sets share below `base`."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from emobook import _trace, images
from emobook._files import data_dir, file_digest, resolved

PLACEHOLDER_COPIES = 4
"""So many equal images are taken for a picture that says "photo no longer available"."""
_UNSAFE = re.compile(r"[\x00-\x1f\\\ud800-\udfff]")
"""Control characters, the backslash, and halves of characters, none of which a file name needs."""

_noted: dict[Path, None] | None = None


class DatasetError(ValueError):
    """A data set that cannot be used as asked; the message says what to do."""


class DatasetMissing(DatasetError):
    """A data set whose folder, or whose list, is not on this machine."""


def one_of(what: str, value, known: Iterable[str]) -> None:
    """Raise `DatasetError` where `value` is none of `known`, with the nearest name."""
    known = list(known)
    if value not in known:
        near = get_close_matches(str(value).lower(), known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        choice = f"one of {', '.join(known)}" if known else "left out: there is none"
        raise DatasetError(f"{what} {value!r} is unknown; it has to be {choice}{hint}")


def failures(paths) -> dict[int, str]:
    """Position → reason for every file of `paths` that does not decode; None is passed over."""

    def reason(path):
        try:
            images.read(path, max_side=32)  # a JPEG is decoded whole, at an eighth of its size
        except images.ImageError as error:
            return error.reason

    there = [i for i, path in enumerate(paths) if path is not None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(reason, [paths[i] for i in there])
        return {i: why for i, why in zip(there, found, strict=True) if why is not None}


def bucket(key: str, buckets: int) -> int:
    """SHA-256 of `key` (UTF-8) as a number, modulo `buckets`: the same on every machine."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % buckets


def carve_validation(splits, keys) -> np.ndarray:
    """Splits with a validation part: a "train" row becomes "val" where `bucket(key, 17)` is 0.

    1 of 17 is the 5 of 85 per cent by which You et al. (2016) divide 80/5/15. The rule looks at
    one key at a time, so it works on any list, in any order, however incomplete.
    """
    return np.array(
        [
            "val" if split == "train" and bucket(key, 17) == 0 else split
            for split, key in zip(splits, keys, strict=True)
        ],
        dtype=object,
    )


def frozen_splits(keys) -> np.ndarray:
    """Splits for a set that was published without: about 80/5/15 per cent, by `bucket(key, 20)`.

    0 to 2 are "test", 3 is "val", the others "train". Equal keys fall on the same side.
    """
    parts = ("test", "test", "test", "val")
    return np.array([(parts + ("train",) * 16)[bucket(key, 20)] for key in keys], dtype=object)


def folder_of(source, root=None, *, may_lack=False) -> Path:
    """The folder of the set with the record `source`: `root`, else `$EMOBOOK_DATA/<folder>`.

    Raises `DatasetMissing` where it is not there, unless it `may_lack`, or where neither is given.
    """
    if root is None:
        _trace.data(source.folder or source.name)  # even where it is absent
    if root is not None:
        folder = resolved(root)
    elif (data := data_dir()) is not None:
        folder = data / (source.folder or source.name)
    else:
        raise source.missing("EMOBOOK_DATA is not set")
    if not folder.is_dir() and not may_lack:
        raise source.missing(f"there is no folder {folder}")
    return folder


@contextlib.contextmanager
def noted():
    """Yield a dict whose keys are the label lists that are read within the block."""
    global _noted
    outer, _noted = _noted, {}
    try:
        yield _noted
    finally:
        _noted = outer


def _note(path: Path) -> Path:
    if _noted is not None:
        _noted[path] = None
    return path


def list_file(source, root: Path, *names: str) -> Path:
    """The list of a set: the first of `names` that is in its folder `root`, else among the public
    lists, which go round without photos, in `$EMOBOOK_DATA/lists`.

    Raises `DatasetMissing` where there is none of them.
    """
    folders = [root]
    if (data := data_dir()) is not None:
        _trace.data("lists")
        folders.append(data / "lists")
    for path in (folder / name for folder in folders for name in names):
        if path.is_file():
            return _note(path)
    raise source.missing(f"there is no {' or '.join(names)} in {root}")


def read_text(path: Path, source) -> str:
    """The text of a list that belongs to the set with the record `source`.

    Raises `DatasetMissing` where it is absent, `DatasetError` where it is not UTF-8.
    """
    try:
        return _note(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise source.missing(f"{path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise DatasetError(f"{path} is not UTF-8 text: get the list again") from None


def read_entries(path: Path, source, form: str) -> list:
    """The entries of a list in JSON; `form` shows what it has to look like.

    Raises as `read_text` does, and `DatasetError` where it is no JSON, or no list, or empty.
    """
    text = read_text(path, source)
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise DatasetError(
            f"{path}, line {error.lineno}, is not JSON ({error.msg}): get the list again"
        ) from None
    except (ValueError, RecursionError):
        raise DatasetError(f"{path} is not JSON: get the list again") from None
    if not isinstance(entries, list) or not entries:
        raise DatasetError(f"{path} has to be a list such as {form}: get it again")
    return entries


def is_safe(name) -> bool:
    """Whether `name` is a relative path that stays in its folder, on any system."""
    return (
        isinstance(name, str)
        and not _UNSAFE.search(name)
        and name[1:2] != ":"
        and all(part not in ("", ".", "..") for part in name.split("/"))
    )


def sizes(root: Path, listed: Iterable[str]) -> dict[str, int]:
    """Bytes of every listed file that exists, by its name below `root` (slashes).

    Folders are listed once, so this takes one system call per file and opens none.
    """
    found = {}
    listed = set(listed)
    for folder in sorted({name.rpartition("/")[0] for name in listed}):
        if not (root / folder).is_dir():
            continue
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                with contextlib.suppress(OSError):  # a link in a circle is no file
                    if name in listed and entry.is_file():
                        found[name] = entry.stat().st_size
    return found


def same_bytes(paths: Iterable[str]) -> list[list[str]]:
    """Groups of two or more files with equal bytes.

    Only files of equal size are opened, and only those whose ends agree too are read whole:
    the end of a compressed image tells more than its head. A file that cannot be opened is equal
    to no other; whoever reads it as an image will say why.
    """

    def end(path):
        with open(path, "rb") as file:
            file.seek(-min(512, os.path.getsize(path)), os.SEEK_END)
            return file.read()

    groups = [list(paths)]
    for key in (os.path.getsize, end, file_digest):
        finer = []
        for group in groups:
            parts = {}
            for path in group:
                try:
                    mark = key(path)
                except OSError:
                    continue
                parts.setdefault(mark, []).append(path)
            finer += [part for part in parts.values() if len(part) > 1]
        groups = finer
    return groups
