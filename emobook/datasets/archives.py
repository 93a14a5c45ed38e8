"""Unpack a data set that comes as zip or tar, without trusting the archive.

`extract` looks at the whole archive first and refuses it whole; what it accepts is unpacked into a
hidden folder beside the target and moved into place when every file is there and checked. Killed
midway, the same call goes on where it stopped.
"""

import contextlib
import os
import shutil
import unicodedata
from pathlib import Path

from filelock import FileLock, Timeout

from emobook import _bar
from emobook._files import digest, resolved
from emobook.datasets.lists import DatasetError, is_safe
from emobook.datasets.packed import DAMAGE, Member, content, opened, plain_name

MAX_BYTES = 200 * 10**9
MAX_FILES = 2_000_000
MAX_RATIO = 100
_SMALL = 10**8  # bytes; up to here no ratio is a danger
_LONGEST = 3500  # bytes of a name; with the folder before it, systems take 4096


def extract(
    archive,
    folder,
    *,
    max_bytes: int = MAX_BYTES,
    max_files: int = MAX_FILES,
    max_ratio: float = MAX_RATIO,
    progress: bool = True,
) -> list[str]:
    """Unpack a zip or tar (plain, .gz, .bz2, .xz) into `folder`; returns the names of its files.

    Nothing is written where the archive is truncated, encrypted, or holds a link, a device, a name
    that leaves the folder or that two files would share on some system (capitals, accents), more
    than `max_files` files or `max_bytes` bytes, or more than 100 MB in `max_ratio` times the
    archive's size; nor where a file of the folder is another than the archive's, or the disk has
    no room. A file that is there already, with the same size and CRC-32, is left as it is.

    Files go into a folder `.<name>.….part` beside `folder` first, and from there, once all are
    checked, into `folder`: at one stroke where that does not exist yet, else file by file. After
    an interruption the same call keeps what it had checked and goes on; while one is at work, a
    second one for the same archive and folder is refused. That a file within a zip
    is damaged shows only on the way, and then the `.part` folder goes. Only contents are
    unpacked: no modes, owners or dates, and no empty folders.

    Raises `DatasetError`, in one sentence, and OSError where the archive cannot be opened or the
    disk fails.
    """
    archive, folder = resolved(archive), resolved(folder)
    if archive.exists() and not archive.is_file():  # to read a pipe might never end
        raise DatasetError(f"{archive} is no file: give the path of a zip or tar")
    if not folder.name:
        raise DatasetError(f"{folder} is not unpacked into: name a folder of the set's own")
    try:
        gate = _Gate(archive, max_bytes, max_files, max_ratio)
        with opened(archive) as source:
            return _extract(source, gate, folder, progress)
    except DAMAGE as error:
        if not _is_damage(error):
            raise
        detail = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DatasetError(
            f"{archive} is damaged or truncated ({detail}): get it again; nothing was unpacked"
        ) from None


def _is_damage(error: Exception) -> bool:
    """Whether it is the archive's fault, and not ours or the disk's."""
    return not isinstance(error, DatasetError) and not getattr(error, "errno", None)


def _extract(source, gate, folder: Path, progress: bool) -> list[str]:
    found = source.members(gate)
    label = f"{gate.archive.name}: check"
    members = list(_bar.progress(found, label, unit="file", show=progress))
    gate.close()
    lacking = _lacking(gate, folder, members)
    mark = digest(*(f"{m.name}\n{m.size}\n{m.crc}" for m in members))[:12]
    stage = folder.with_name(f".{folder.name}.{mark}.part")
    if lacking:
        with _alone(gate, stage):
            _fill(source, gate, folder, stage, lacking, progress)
            shutil.rmtree(stage, ignore_errors=True)
    shutil.rmtree(stage, ignore_errors=True)  # of a call that was killed at its very end
    return [m.name for m in members]


@contextlib.contextmanager
def _alone(gate, stage: Path):
    """The stage, made and locked: two at once would write into each other's files."""
    try:
        stage.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        gate.refuse(
            f"{stage.parent} cannot be written to ({error.strerror}): choose another folder"
        )
    try:
        with FileLock(stage / "lock", timeout=0):
            yield
    except Timeout:
        gate.refuse("another process is unpacking it into that folder: wait for its end")


def _fill(source, gate, folder: Path, stage: Path, lacking: list[Member], progress: bool) -> None:
    files = stage / "files"
    wanted = {m.name: m for m in lacking if not _same(files / m.name, m)}
    room = shutil.disk_usage(stage).free
    if sum(m.size for m in wanted.values()) > room:
        if not files.exists():
            shutil.rmtree(stage, ignore_errors=True)
        gate.refuse(f"it needs more than the {room / 1e9:.1f} GB that are left on the disk")
    try:
        label = gate.archive.name
        with _bar.progress(total=len(wanted), label=label, unit="file", show=progress) as bar:
            for name, file in source.contents(wanted):
                _write(files / name, stage / "unfinished", file, wanted[name])
                bar.update()
    except DAMAGE as error:
        if _is_damage(error):
            shutil.rmtree(stage, ignore_errors=True)
        raise
    if not folder.exists():
        files.rename(folder)
    else:
        for member in lacking:
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            (files / member.name).replace(target)


def _lacking(gate, folder: Path, members: list[Member]) -> list[Member]:
    """Those that are not in the folder; refuses where something else is in their place."""
    lacking = []
    seen = {folder.parent}
    for member in members:
        path = folder / member.name
        for parent in path.parents:
            if parent in seen:
                break
            if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
                gate.refuse(f"{parent} is there already, and no folder: move it away")
            seen.add(parent)
        if not os.path.lexists(path):
            lacking.append(member)
        elif not _same(path, member):
            gate.refuse(f"{path} is there already, with another content: move it away")
    return lacking


def _same(path: Path, member: Member) -> bool:
    """Whether this is a file with the content of `member`, by size and CRC-32."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != member.size:
        return False
    with path.open("rb") as file:
        return content(file) == (member.size, member.crc)


def _write(target: Path, unfinished: Path, file, member: Member) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.open("wb") as copy:
        if content(file, copy) != (member.size, member.crc):
            raise EOFError(f"{member.name} is not what the archive says")
    unfinished.replace(target)


class _Gate:
    """What has to hold for every name of an archive, before anything is written."""

    def __init__(self, archive: Path, max_bytes: int, max_files: int, max_ratio: float):
        self.archive = archive
        self.limits = max_bytes, max_files, max_ratio
        self.packed = archive.stat().st_size
        self.bytes = 0
        self.files: dict[str, str] = {}

    def refuse(self, reason: str):
        raise DatasetError(f"{self.archive} is refused: {reason}; nothing was unpacked")

    def admit(self, name: str, size: int, is_folder: bool = False) -> str:
        """The name as it will be used. To be called before any content is read."""
        shown = repr(name)[:80]
        name = plain_name(name)
        name = name.removesuffix("/") if is_folder else name
        if is_folder and name in ("", "."):
            return name
        parts = name.split("/")
        sizes = [len(os.fsencode(part)) for part in parts]
        if not is_safe(name) or max(sizes) > 255 or sum(sizes) + len(parts) > _LONGEST:
            self.refuse(f"the name {shown} may lead out of the folder, or fits no file")
        if is_folder:
            return name
        key = _key(name)
        if key in self.files:
            self.refuse(f"{shown} and {self.files[key]!r} are one name on some systems")
        self.files[key] = name
        self.bytes += size
        max_bytes, max_files, max_ratio = self.limits
        if len(self.files) > max_files:
            self.refuse(f"it holds more than {max_files:,} files (max_files)")
        if size < 0 or self.bytes > max_bytes:
            self.refuse(f"it unpacks to more than {max_bytes:,} bytes (max_bytes)")
        if self.bytes > max(_SMALL, max_ratio * self.packed):
            self.refuse(f"it unpacks to more than {max_ratio:g} times its size (max_ratio)")
        return name

    def close(self) -> None:
        """Refuse an archive without files, and one whose files are folders of other files."""
        if not self.files:
            self.refuse("it holds no file")
        for key, name in self.files.items():
            while "/" in key:
                key = key.rpartition("/")[0]
                if key in self.files:
                    self.refuse(f"{self.files[key]!r} is a file and the folder of {name!r}")


def _key(name: str) -> str:
    """Equal for names that are one file where capitals or forms of accents do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
