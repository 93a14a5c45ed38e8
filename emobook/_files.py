"""Where files go, and how they are written so that a killed run leaves nothing half-written."""

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Folder for whatever can be computed again: `$EMOBOOK_CACHE`, else the user's cache."""
    path = Path(os.environ.get("EMOBOOK_CACHE") or platformdirs.user_cache_dir("emobook"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def data_dir() -> Path | None:
    """Folder that holds the reader's data sets (`$EMOBOOK_DATA`), or None where it is not set."""
    value = os.environ.get("EMOBOOK_DATA")
    return Path(value).expanduser().resolve() if value else None


def root_dir() -> Path:
    """The book's folder: `$EMOBOOK_ROOT`, else the nearest folder upwards with a `_toc.yml`.

    Raises FileNotFoundError where there is none.
    """
    if os.environ.get("EMOBOOK_ROOT"):
        return Path(os.environ["EMOBOOK_ROOT"]).resolve()
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "_toc.yml").is_file():
            return folder
    raise FileNotFoundError(
        f"no _toc.yml in {here} or above: run this inside a clone of the book, "
        "or point EMOBOOK_ROOT at one"
    )


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike):
    """Yield a temporary path beside `path`; on success it takes the place of `path` at once."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: str | os.PathLike, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`: a reader sees the old file or the new one."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def file_digest(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(*parts: bytes | str) -> str:
    """SHA-256 over `parts`, each framed by its length so that ("ab", "c") ≠ ("a", "bc")."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else bytes(part)
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()
