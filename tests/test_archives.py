"""An archive is unpacked whole or not at all, stays in its folder, and goes on after a kill."""

import gzip
import io
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from emobook import datasets
from emobook.datasets import archives, packed
from emobook.datasets.lists import DatasetError

PICTURE = random.Random(0).randbytes(8000)  # no packer makes it smaller
FILES = {"Awe/a.jpg": PICTURE, "Awe/é b.jpg": b"other", "list.txt": b""}


def make_zip(path: Path, files=FILES, **changes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in dict(files).items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.writestr(entry, content)
    return path


def make_tar(path: Path, files=FILES, mode="w:gz", **changes) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in dict(files).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for key, value in changes.items():
                setattr(entry, key, value)
            archive.addfile(entry, io.BytesIO(content))
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def extract(archive, folder, **options):
    return datasets.extract(archive, folder, progress=False, **options)


def refused(archive: Path, match: str, **options):
    """It is refused in one sentence, and nothing at all is new in the folder of the target."""
    target = archive.parent / "out" / "set"
    before = everything(archive.parent)
    with pytest.raises(DatasetError, match=match) as error:
        extract(archive, target, **options)
    assert "\n" not in str(error.value) and str(archive) in str(error.value)
    assert everything(archive.parent) == before and not list(archive.parent.glob("*/*.part"))
    assert not target.exists()


@pytest.fixture(params=["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def archive(request, tmp_path) -> Path:
    path = tmp_path / f"set.{request.param}"
    if request.param == "zip":
        return make_zip(path)
    return make_tar(path, mode="w:" + request.param[4:])


def test_every_kind_of_archive(archive, tmp_path):
    names = extract(archive, tmp_path / "out" / "set")
    assert names == list(FILES) and everything(tmp_path / "out" / "set") == FILES
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["set"], "no folder is left over"
    before = (tmp_path / "out" / "set" / "list.txt").stat().st_mtime_ns
    assert extract(archive, tmp_path / "out" / "set") == names, "again is no error"
    assert (tmp_path / "out" / "set" / "list.txt").stat().st_mtime_ns == before


def test_the_head_says_what_it_is_and_not_the_name(archive, tmp_path):
    odd = archive.rename(tmp_path / "download")
    extract(odd, tmp_path / "set")
    assert everything(tmp_path / "set") == FILES


def test_what_a_shell_packs(tmp_path):
    source = tmp_path / "source"
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    subprocess.run(["tar", "czf", tmp_path / "a.tgz", "-C", source, "."], check=True)
    extract(tmp_path / "a.tgz", tmp_path / "out")
    assert everything(tmp_path / "out") == FILES
    shutil.make_archive(str(tmp_path / "b"), "zip", source)
    extract(tmp_path / "b.zip", tmp_path / "out2")
    assert everything(tmp_path / "out2") == FILES


NAMES = [
    "/etc/x", "../x", "a/../../x", "a/./x", "C:/x", "a\\x", "a//x", "a\nx", "..", "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_leave_the_folder(tmp_path, name):
    for archive in (
        make_zip(tmp_path / "a.zip", {**FILES, name: b"1"}),
        make_tar(tmp_path / "a.tar", {**FILES, name: b"1"}, "w"),
    ):
        refused(archive, "may lead out of the folder")


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["a/x.jpg", "A/X.jpg"], "one name on some systems"),
        (["\N{LATIN SMALL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}"], "one name"),
        (["a", "a/x.jpg"], "is a file and the folder of"),
        (["a/b", "A/B/c/x.jpg"], "is a file and the folder of"),
    ],
)
def test_names_that_collide(tmp_path, names, match):
    files = dict.fromkeys(names, b"1")
    refused(make_zip(tmp_path / "a.zip", files), match)
    refused(make_tar(tmp_path / "a.tgz", files), match)


def test_the_same_name_twice(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for content in (b"good", b"evil"):
            entry = tarfile.TarInfo("x.jpg")
            entry.size = 4
            archive.addfile(entry, io.BytesIO(content))
    refused(tmp_path / "a.tar", "one name on some systems")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.jpg", b"good")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.jpg", b"evil")
    refused(tmp_path / "a.zip", "one name on some systems")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices(tmp_path, kind):
    archive = make_tar(tmp_path / "a.tar", {"x": b""}, "w", type=kind, linkname="y")
    refused(archive, "is a link or a device")


def test_links_in_a_zip(tmp_path):
    archive = make_zip(tmp_path / "a.zip", {"x": b"/etc"}, external_attr=stat.S_IFLNK << 16)
    refused(archive, "is a link or a device")


def test_bombs(tmp_path):
    zeros = {"zeros": bytes(120_000_000)}
    refused(make_zip(tmp_path / "a.zip", zeros), "more than 100 times its size")
    refused(make_tar(tmp_path / "a.tgz", zeros), "more than 100 times its size")
    assert extract(tmp_path / "a.zip", tmp_path / "zeros", max_ratio=2000) == ["zeros"]
    many = make_zip(tmp_path / "b.zip", {str(i): b"" for i in range(11)})
    refused(many, "more than 10 files", max_files=10)
    refused(make_tar(tmp_path / "b.tgz"), "more than 7,000 bytes", max_bytes=7_000)


def test_a_declared_size_is_refused_before_it_is_read(tmp_path):
    entry = tarfile.TarInfo("x")
    entry.size = 10**15
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(entry.tobuf())
    refused(tmp_path / "a.tgz", "more than 200,000,000,000 bytes")
    entry.type, entry.size = tarfile.XHDTYPE, 10**11  # a header that would not fit into memory
    with gzip.open(tmp_path / "b.tgz", "wb") as file:
        file.write(entry.tobuf(tarfile.GNU_FORMAT))
        file.write(bytes(10**6))
    refused(tmp_path / "b.tgz", "a header of 100000000000 bytes")


def test_encrypted_and_foreign_zips(tmp_path):
    for offset, value, match in ((8, 1, "it is encrypted"), (10, 97, "by method 97")):
        content = bytearray(make_zip(tmp_path / "a.zip", {"x": b"1"}).read_bytes())
        content[content.index(b"PK\x01\x02") + offset] = value
        (tmp_path / "a.zip").write_bytes(content)
        refused(tmp_path / "a.zip", match)


def test_truncated_archives(archive, tmp_path):
    whole = archive.read_bytes()
    for length in (1, 600, len(whole) // 2, len(whole) - 5):
        if archive.suffix == ".tar" and length == len(whole) - 5:
            continue  # only some of the zeros that fill its last block are lacking
        archive.write_bytes(whole[:length])
        refused(archive, "damaged or truncated|neither a zip nor a tar")


def test_a_tar_that_stops_between_two_files(tmp_path):
    whole = make_tar(tmp_path / "a.tar", {"a": PICTURE, "b": PICTURE}, "w").read_bytes()
    second = 512 + 8192
    assert whole[second : second + 2] == b"b\0"
    for content in (whole[:second], whole[:second] + b"\x01" * 512 + whole[second + 512 :]):
        (tmp_path / "a.tar").write_bytes(content)
        refused(tmp_path / "a.tar", "it has no end")
    (tmp_path / "a.tar").write_bytes(whole + whole)
    refused(tmp_path / "a.tar", "more after its end")


def test_damaged_contents(tmp_path):
    content = bytearray(
        make_zip(tmp_path / "a.zip", {"a": b"1", "b": os.urandom(999)}).read_bytes()
    )
    content[500] ^= 1
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", "damaged or truncated")
    content = bytearray(make_tar(tmp_path / "a.tgz", {"b": os.urandom(999)}).read_bytes())
    content[500] ^= 1
    (tmp_path / "a.tgz").write_bytes(content)
    refused(tmp_path / "a.tgz", "damaged or truncated")


def test_what_is_no_archive(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(999))
    refused(tmp_path / "a.zip", "neither a zip nor a tar")
    with gzip.open(tmp_path / "a.txt.gz", "wb") as file:
        file.write(b"text " * 999)
    refused(tmp_path / "a.txt.gz", "damaged or truncated")
    refused(make_zip(tmp_path / "b.zip", {}), "it holds no file")
    with pytest.raises(FileNotFoundError):
        extract(tmp_path / "gone.zip", tmp_path / "set")


def test_files_that_are_there_already(archive, tmp_path):
    target = tmp_path / "set"
    (target / "Awe").mkdir(parents=True)
    (target / "Awe" / "own.jpg").write_bytes(b"own")
    (target / "Awe" / "a.jpg").write_bytes(FILES["Awe/a.jpg"])
    (target / "list.txt").write_bytes(b"own list")
    with pytest.raises(DatasetError, match=r"list\.txt is there already, with another content"):
        extract(archive, target)
    assert len(everything(target)) == 3 and not list(tmp_path.glob("*.part"))
    (target / "list.txt").unlink()
    extract(archive, target)
    assert everything(target) == {**FILES, "Awe/own.jpg": b"own"}


def test_links_in_the_folder_are_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "Awe").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="Awe is there already, and no folder"):
        extract(make_zip(tmp_path / "a.zip"), tmp_path / "set")
    (tmp_path / "set" / "Awe").unlink()
    (tmp_path / "set" / "Awe").write_text("a file")
    with pytest.raises(DatasetError, match="Awe is there already, and no folder"):
        extract(tmp_path / "a.zip", tmp_path / "set")


def test_a_disk_without_room(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused(make_zip(tmp_path / "a.zip"), r"it needs more than the 0\.0 GB")


def many_files(tmp_path, kind) -> tuple[Path, dict[str, bytes]]:
    files = {f"f{i % 3}/{i}.bin": os.urandom(3000) for i in range(40)}
    make = make_zip if kind == "zip" else make_tar
    return make(tmp_path / f"a.{kind}", files), files


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_a_kill_leaves_nothing_half_and_the_next_call_goes_on(tmp_path, monkeypatch, kind, exists):
    archive, files = many_files(tmp_path, kind)
    target = tmp_path / "set"
    if exists:
        target.mkdir()
        (target / "own.txt").write_bytes(b"own")
        files["own.txt"] = b"own"
    before = set(everything(target))
    code = (
        "import sys, time\nfrom emobook.datasets import archives\nwrite = archives._write\n"
        "archives._write = lambda *a: (write(*a), time.sleep(0.02))\n"
        "archives.extract(sys.argv[1], sys.argv[2], progress=False)"
    )
    run = subprocess.Popen([sys.executable, "-c", code, archive, target])
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob(".set.*.part/files/*/*"))) < 8 and time.monotonic() < deadline:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    assert target.exists() == exists and set(everything(target)) == before
    (stage,) = tmp_path.glob(".set.*.part")
    done = everything(stage / "files")
    assert 8 <= len(done) < 40 and done.items() <= files.items()
    damaged = stage / "files" / next(iter(done))
    damaged.write_bytes(bytes(3000))  # as after a power cut
    written, write = [], archives._write
    monkeypatch.setattr(archives, "_write", lambda *a: (written.append(a[0]), write(*a)))
    extract(archive, target)
    assert everything(target) == files and not stage.exists()
    assert len(written) == 40 - len(done) + 1


def test_a_kill_while_files_are_moved(tmp_path, monkeypatch):
    archive, files = many_files(tmp_path, "zip")
    target = tmp_path / "set"
    target.mkdir()
    replace, moved = Path.replace, []

    def killed(self, to):
        if target in Path(to).parents:
            moved.append(to)
            if len(moved) == 11:
                raise KeyboardInterrupt
        return replace(self, to)

    with monkeypatch.context() as context:
        context.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            extract(archive, target)
    assert len(everything(target)) == 10
    monkeypatch.setattr(archives, "_write", None)  # nothing is unpacked again
    extract(archive, target)
    assert everything(target) == files and not list(tmp_path.glob(".set*"))


def test_a_full_disk_keeps_what_is_done(tmp_path, monkeypatch):
    archive, files = many_files(tmp_path, "tgz")
    write, calls = archives._write, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")
        write(*arguments)

    monkeypatch.setattr(archives, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        extract(archive, tmp_path / "set")
    assert not (tmp_path / "set").exists()
    extract(archive, tmp_path / "set")
    assert everything(tmp_path / "set") == files and len(calls) == 5 + 36


def test_contents_are_read_in_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "_STEP", 700)
    extract(make_tar(tmp_path / "a.tgz"), tmp_path / "set")
    assert everything(tmp_path / "set") == FILES


def test_two_at_once_do_not_mix(tmp_path, monkeypatch):
    archive, files = many_files(tmp_path, "zip")
    target, write, second = tmp_path / "set", archives._write, []

    def busy(*arguments):
        write(*arguments)
        if not second:
            with pytest.raises(DatasetError, match="another process is unpacking it") as error:
                second.append(True)
                extract(archive, target)
            assert "\n" not in str(error.value)

    monkeypatch.setattr(archives, "_write", busy)
    extract(archive, target)
    assert second and everything(target) == files and not list(tmp_path.glob(".set*"))


def test_places_that_are_no_folder_or_no_archive(tmp_path):
    archive = make_zip(tmp_path / "a.zip")
    with pytest.raises(DatasetError, match="/ is not unpacked into: name a folder"):
        extract(archive, "/")
    with pytest.raises(DatasetError, match=r"a\.zip cannot be written to .*choose another folder"):
        extract(archive, archive / "set")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(DatasetError, match="is no file: give the path of a zip or tar"):
            extract(path, tmp_path / "set")
    refused(make_zip(tmp_path / "b.zip", {"d/" * 2000 + "x": b"1"}), "fits no file")
