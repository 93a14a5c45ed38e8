"""Where files go, and how they are written so that a killed run leaves nothing half-written."""

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

import platformdirs


def resolved(path: str | os.PathLike) -> Path:
    """`path` as an absolute one without links or "~"; unlike `Path.resolve`, a circle of links
    stays as it is, so that whoever opens it can say what is wrong."""
    return Path(os.path.realpath(os.path.expanduser(path)))


def cache_dir() -> Path:
    """Folder for whatever can be computed again: `$EMOBOOK_CACHE`, else the user's cache.

    Raises OSError where it cannot be made.
    """
    value = os.environ.get("EMOBOOK_CACHE") or platformdirs.user_cache_dir("emobook")
    path = Path(value).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"the cache folder {path} cannot be made ({error.strerror}): "
            "point EMOBOOK_CACHE at a folder where you may write"
        ) from error
    return path


def data_dir() -> Path | None:
    """Folder that holds the reader's data sets (`$EMOBOOK_DATA`), or None where it is not set."""
    value = os.environ.get("EMOBOOK_DATA")
    return resolved(value) if value else None


def root_dir() -> Path:
    """The book's folder: `$EMOBOOK_ROOT`, else the nearest folder upwards with a `_toc.yml`.

    Raises FileNotFoundError where there is none.
    """
    if os.environ.get("EMOBOOK_ROOT"):
        root = resolved(os.environ["EMOBOOK_ROOT"])
        if not root.is_dir():
            raise FileNotFoundError(
                f"there is no folder {root}: point EMOBOOK_ROOT at a clone of the book"
            )
        return root
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
