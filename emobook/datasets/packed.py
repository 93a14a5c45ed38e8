"""What is in a zip or a tar: its files as they come, with size and CRC-32, and their contents.

Whoever reads an archive passes a `gate`, whose `admit(name, size, is_folder)` and `refuse(reason)`
are called for every name before any content is read; see `archives`.
"""

import bz2
import contextlib
import dataclasses
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from emobook.datasets.lists import DatasetError

_STEP = 1 << 20
_HEADER = 1 << 24  # bytes that a tar may ask for at once
_PACKERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# What the readers of the standard library raise for damage; that of gzip and bz2 is an OSError, but
# without a number.
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclasses.dataclass(frozen=True)
class Member:
    name: str
    size: int
    crc: int


def content(file, copy=None) -> tuple[int, int]:
    """Size and CRC-32 of what is left in `file`, written to `copy` on the way."""
    size = crc = 0
    while chunk := file.read(_STEP):
        size, crc = size + len(chunk), zlib.crc32(chunk, crc)
        if copy:
            copy.write(chunk)
    return size, crc


def plain_name(name: str) -> str:
    """Without the "./" that begins every name of a tar of a folder."""
    while name.startswith("./"):
        name = name[2:]
    return name


def opened(archive: Path):
    """A context with `members(gate)` and `contents(wanted)`; the archive's head says which kind.

    Raises `DatasetError` for other kinds, one of `DAMAGE` for a zip without its listing.
    """
    with archive.open("rb") as file:
        head = file.read(tarfile.BLOCKSIZE)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _Zip(archive)
    for magic, unpack in _PACKERS.items():
        if head.startswith(magic):
            return _Tar(archive, unpack)
    if head[257:262] == b"ustar":
        return _Tar(archive, open)
    raise DatasetError(
        f"{archive} is neither a zip nor a tar, plain or packed by gzip, bzip2 or xz: unpack it "
        "yourself, or get it again"
    )


class _Zip(contextlib.AbstractContextManager):
    def __init__(self, archive: Path):
        self.zip = zipfile.ZipFile(archive)

    def __exit__(self, *_):
        self.zip.close()

    def members(self, gate) -> Iterator[Member]:
        for entry in self.zip.infolist():
            is_folder = entry.orig_filename.endswith("/")
            name = gate.admit(entry.orig_filename, entry.file_size, is_folder)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                gate.refuse(f"{name!r} is a link or a device")
            if entry.flag_bits & 1:
                gate.refuse("it is encrypted: unpack it with its password yourself")
            if entry.compress_type not in _METHODS:
                gate.refuse(
                    f"{name!r} is packed by method {entry.compress_type}: unpack it yourself"
                )
            if not is_folder:
                yield Member(name, entry.file_size, entry.CRC)

    def contents(self, wanted):
        for entry in self.zip.infolist():
            if (name := plain_name(entry.orig_filename)) in wanted:
                with self.zip.open(entry) as file:
                    yield name, file


class _Tar(contextlib.AbstractContextManager):
    """A tar is read to its end twice: a listing is nowhere but between the files."""

    def __init__(self, archive: Path, unpack):
        self.archive, self.unpack = archive, unpack

    def __exit__(self, *_):
        pass

    def members(self, gate) -> Iterator[Member]:
        with self.unpack(self.archive, "rb") as file:
            reader = _Reader(file)
            for entry, tar in _entries(reader):
                name = gate.admit(entry.name, entry.size, entry.isdir())
                plain = entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not entry.issparse()
                if not plain and not entry.isdir():
                    gate.refuse(f"{name!r} is a link or a device")
                if plain:
                    size, crc = content(tar.extractfile(entry))
                    if size != entry.size:
                        raise EOFError(f"{name} ends early")
                    yield Member(name, size, crc)
            # tarfile takes a broken header for the end; and the checks of gzip stand at its end
            rest = file.read(_HEADER)
            if any(reader.header) or len(reader.header) < tarfile.BLOCKSIZE:
                raise EOFError("it has no end")
            if rest.strip(b"\0") or file.read(1):
                gate.refuse("there is more after its end")

    def contents(self, wanted):
        if not wanted:
            return
        with self.unpack(self.archive, "rb") as file:
            for entry, tar in _entries(_Reader(file)):
                if not entry.isdir() and (name := plain_name(entry.name)) in wanted:
                    yield name, tar.extractfile(entry)


def _entries(reader):
    with tarfile.TarFile(fileobj=reader) as tar:
        while (entry := tar.next()) is not None:
            yield entry, tar
            tar.members = []  # millions of files would not fit


class _Reader:
    """The bytes of a tar, for tarfile: remembers the last header, refuses headers without end."""

    def __init__(self, file):
        self.file, self.header = file, b""
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if size > _HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        data = self.file.read(size)
        if size == tarfile.BLOCKSIZE:
            self.header = data
        return data
