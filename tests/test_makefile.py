"""`make install` looks before it leaps: nothing is installed here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = "/dev/some disk 250000000 {used} {free} {percent}% /home/some one\n"
PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then exit 0; fi
echo "python $*"
exit 3
"""


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def install(tmp_path):
    """A function: kB free on the disk, as `df` says it → what `make install` does in a clone with
    an old .venv. A Python that stops instead of making another one stands in for the real."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").write_text("new")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/installed.lock").write_text("old")
    program(tmp_path / "bin/python", PYTHON)
    # `make test` runs this: a make below another one takes its flags, and calls itself make[1].
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}

    def run(df):
        program(tmp_path / "bin/df", f"#!/bin/sh\n{df}\n")
        return subprocess.run(
            ["make", "--no-print-directory", "install", "PYTHON=bin/python"],
            cwd=tmp_path,
            env=env | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "LC_ALL": "C"},
            capture_output=True,
            text=True,
        )

    return run


def disk(free, percent=50):
    """A `df` that insists on portable output in kB, for a disk whose name holds a space."""
    row = ROW.format(used=250_000_000 - free, free=free, percent=percent)
    head = "Filesystem 1024-blocks Used Available Capacity Mounted on"
    return f"[ \"$*\" = '-Pk .' ] || exit 1\necho '{head}'\necho '{row.strip()}'"


@pytest.mark.parametrize(
    ("free", "percent", "said"), [(0, 100, "0 GB"), (5 << 20, 98, "5 GB"), (10 << 20, 9, "10 GB")]
)
def test_a_disk_with_too_little_room_is_refused_in_one_sentence(
    install, tmp_path, free, percent, said
):
    done = install(disk(free, percent))
    assert done.returncode and not done.stdout
    sentence, *rest = done.stderr.splitlines()
    assert f"need 11 GB of disk, and {said} are free here" in sentence and "make clean" in sentence
    assert all(line.startswith("make: ***") for line in rest)
    assert (tmp_path / ".venv/installed.lock").read_text() == "old"


@pytest.mark.parametrize("df", [disk(11 << 20), disk(200 << 20, 1), "exit 1", "echo nonsense"])
def test_enough_room_or_a_df_that_does_not_tell_lets_it_begin(install, df):
    done = install(df)
    assert "Installing the locked packages into .venv" in done.stdout
    assert "python -m venv --clear .venv" in done.stdout


def test_what_the_old_packages_take_counts_as_free(install, tmp_path):
    program(tmp_path / "bin/du", "#!/bin/sh\necho '7340032\t.venv'")
    assert "Installing" in install(disk(4 << 20)).stdout
    assert "10 GB are free here, with what .venv holds" in install(disk(3 << 20)).stderr


def test_packages_that_are_there_need_no_room(install, tmp_path):
    (tmp_path / ".venv/installed.lock").write_text("new")
    assert install(disk(0, 100)).returncode == 0
