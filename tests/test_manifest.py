"""A manifest is what sha256sum writes, and every difference from it is named."""

import hashlib
import os
import subprocess
import sys

import pytest

from emobook import _files
from emobook.datasets import manifest
from emobook.datasets.lists import DatasetError, DatasetMissing


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "set"
    for name in ("b.txt", "Awe/a b.jpg", "Awe/é.jpg", ".hidden", "odd\\name", "two\nlines"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def write(copy, file):
    return manifest.write(copy, file, progress=False)


def check(copy, file):
    return manifest.check(copy, file, progress=False)


def test_written_and_checked(copy, tmp_path):
    file = tmp_path / "set.sha256"
    assert write(copy, file) == 6
    assert manifest.read(file)["Awe/a b.jpg"] == hashlib.sha256(b"Awe/a b.jpg").hexdigest()
    assert not check(copy, file) and str(check(copy, file)) == ""
    (copy / "b.txt").write_text("changed")
    (copy / "Awe" / "é.jpg").unlink()
    (copy / "Awe" / "new.jpg").write_text("")
    found = check(copy, file)
    assert (found.missing, found.changed, found.extra) == (
        ("Awe/é.jpg",), ("b.txt",), ("Awe/new.jpg",),
    )  # fmt: skip
    assert str(found) == "missing: Awe/é.jpg\nchanged: b.txt\nextra: Awe/new.jpg"


def test_it_may_lie_in_the_folder(copy):
    assert write(copy, copy / "MANIFEST") == write(copy, copy / "MANIFEST") == 6
    assert not check(copy, copy / "MANIFEST")


@pytest.mark.skipif(not os.path.exists("/usr/bin/sha256sum"), reason="not run: no sha256sum here")
def test_sha256sum_reads_it_and_is_read(copy, tmp_path):
    write(copy, tmp_path / "ours")
    subprocess.run(["sha256sum", "--strict", "-c", tmp_path / "ours"], cwd=copy, check=True)
    with (tmp_path / "theirs").open("w") as file:
        command = ["find", ".", "-type", "f", "-exec", "sha256sum", "-b", "{}", "+"]
        subprocess.run(command, cwd=copy, stdout=file, check=True)
    assert not check(copy, tmp_path / "theirs")


@pytest.mark.skipif(sys.platform != "linux", reason="not run: names of files are text here")
def test_names_that_are_no_text(copy, tmp_path):
    with open(os.fsencode(copy) + b"/\xff.jpg", "w"):
        pass
    assert write(copy, tmp_path / "m") == 7
    assert not check(copy, tmp_path / "m")


def test_links_to_folders_are_followed_once(copy, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.jpg").write_text("x")
    (copy / "linked").symlink_to(tmp_path / "elsewhere")
    (copy / "circle").symlink_to(copy)
    (copy / "nowhere").symlink_to(tmp_path / "gone")
    assert "linked/x.jpg" in manifest.manifest(copy, progress=False)
    assert write(copy, tmp_path / "m") == 7


@pytest.mark.parametrize(
    "line",
    ["no hash", f"{'0' * 63}  x", f"{'0' * 64}  ../x", f"{'0' * 64}  /x", f"{'0' * 64}  b.txt"],
)
def test_what_is_no_manifest_is_named_with_its_line(copy, tmp_path, line):
    (tmp_path / "m").write_text(f"{'0' * 64}  b.txt\n{line}\n")
    with pytest.raises(DatasetError, match=r"m, line 2: .* write the manifest anew"):
        check(copy, tmp_path / "m")


def test_an_empty_manifest_is_none(copy, tmp_path):
    (tmp_path / "m").write_text("\n")
    with pytest.raises(DatasetError, match="m lists no file: write the manifest anew"):
        check(copy, tmp_path / "m")


def test_a_failure_leaves_the_old_one(copy, tmp_path, monkeypatch):
    write(copy, tmp_path / "m")
    before = (tmp_path / "m").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    (copy / "b.txt").write_text("changed")
    monkeypatch.setattr(_files.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(copy, tmp_path / "m")
    assert (tmp_path / "m").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["m"]


def test_the_folder_of_a_set(fi_folder, monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    assert manifest.folder("fi", fi_folder) == fi_folder
    with pytest.raises(DatasetMissing):
        manifest.folder("word_norms")
    with pytest.raises(DatasetError, match="part of the package"):
        manifest.folder("synthetic")
    with pytest.raises(DatasetError, match="did you mean 'paintings'"):
        manifest.folder("painting")
