"""The command line: statuses, one sentence per mistake, and nothing heavy before it is needed."""

import errno
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from emobook import build, datasets, results, run
from emobook.cli import main
from emobook.datasets.tables import TABLES
from emobook.run import Failure, Summary


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder that is no book, and none of the reader's settings but the cache."""
    for name in ("EMOBOOK_ROOT", "EMOBOOK_DATA", "EMOBOOK_PROFILE", "SMOKE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_help_shows_examples_and_imports_nothing_heavy():
    heavy = "{'numpy', 'pandas', 'papermill', 'torch', 'nbformat'}"
    code = (
        "import sys\nfrom emobook import cli, run\nprint(cli.parser().format_help())\n"
        f"assert not {heavy} & sys.modules.keys(), {heavy} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "emobook data verify oasis" in done.stdout
    assert all(name in done.stdout for name in ("run", "build", "check", "data", "predict"))


def test_a_mistake_is_one_sentence_and_status_2(tmp_path, capsys):
    assert main(["run"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"emobook: no _toc.yml in {tmp_path}") and said.count("\n") == 1
    with pytest.raises(FileNotFoundError):
        main(["--debug", "run"])
    assert main(["data", "verify", "nothing"]) == 2
    assert main(["data", "verify", "oasis"]) == 2
    said = capsys.readouterr().err
    assert "oasis is not here: EMOBOOK_DATA is not set" in said and "benedekkurdi" in said
    with pytest.raises(SystemExit) as unknown:
        main(["walk"])
    assert unknown.value.code == 2


def test_settings_that_lead_nowhere_are_one_sentence(tmp_path, monkeypatch, capsys):
    file, circle = tmp_path / "file", tmp_path / "circle"
    file.write_text("")
    circle.symlink_to(circle)
    for place in (file, circle):
        monkeypatch.setenv("EMOBOOK_DATA", str(place))
        assert main(["data", "verify", "fi"]) == 2
        assert f"there is no folder {place}/fi" in capsys.readouterr().err
        assert main(["data", "verify", "fi", "--root", str(place)]) == 2
        assert f"there is no folder {place};" in capsys.readouterr().err
        assert main(["data", "list"]) == 0
        assert re.search(r"^fi +23,308  no ", capsys.readouterr().out, re.MULTILINE)
        monkeypatch.setenv("EMOBOOK_ROOT", str(place))
        assert main(["run"]) == 2
        assert "point EMOBOOK_ROOT at a clone" in capsys.readouterr().err
        monkeypatch.setenv("EMOBOOK_CACHE", str(place))
        assert main(["data", "verify", "synthetic"]) == 2
        said = capsys.readouterr().err
        assert "point EMOBOOK_CACHE at a folder where you may write" in said
        assert said.count("\n") == 1


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, capsys):
    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: full(tmp_path / "x.png"))
    assert main(["data", "verify", "synthetic"]) == 2
    assert capsys.readouterr().err == f"emobook: {tmp_path}/x.png: No space left on device\n"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_fault_of_the_package_keeps_its_traceback(monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(run, "run", broken)
    with pytest.raises(ZeroDivisionError):
        main(["run"])


@pytest.mark.parametrize(
    ("summary", "status", "said"),
    [
        (Summary(fresh=["a", "b"]), 0, "mini: 2 unchanged"),
        (Summary(executed=["a"], fresh=["b"]), 0, "mini: 1 executed, 1 unchanged"),
        (
            Summary(executed=["a"], failed={"b": Failure("x")}, left_out=["c"]),
            1,
            "mini: 1 executed, 1 failed, 1 left out",
        ),
    ],
)
def test_the_status_of_a_run(monkeypatch, capsys, summary, status, said):
    monkeypatch.setattr(run, "run", lambda *_, **__: summary)
    assert main(["run"]) == status
    assert capsys.readouterr().out == f"{said}\n"


def test_options_of_a_run(monkeypatch):
    calls = []
    monkeypatch.setattr(run, "run", lambda *a, **options: calls.append((a, options)) or Summary())
    main(["run"])
    main(["run", "--profile", "full", "--jobs", "3", "--force", "10_x", "20_y"])
    monkeypatch.setenv("SMOKE", "1")
    main(["run"])
    monkeypatch.setenv("SMOKE", "0")
    main(["run", "--smoke"])
    default = {"jobs": None, "force": False, "smoke": False}
    assert calls == [
        (("mini", []), default),
        (("full", ["10_x", "20_y"]), {"jobs": 3, "force": True, "smoke": False}),
        (("mini", []), default | {"smoke": True}),
        (("mini", []), default | {"smoke": True}),
    ]


def test_an_interruption_is_quiet(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run", interrupted)
    assert main(["run"]) == 130
    assert capsys.readouterr() == ("", "")


def test_build_names_the_page_or_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "build", lambda profile, edition: tmp_path / f"{profile}-{edition}")
    assert main(["build", "--edition", "student"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'mini-student' / 'index.html'}\n"

    def faulty(*_):
        raise build.BuildError("not every chapter has run:\n  10_x: has not run")

    monkeypatch.setattr(build, "build", faulty)
    assert main(["build"]) == 1
    assert "  10_x: has not run" in capsys.readouterr().err


def test_check_lists_the_differences(monkeypatch, capsys):
    found = {"mini": ["10_x: value was 1 and is 2"], "real": []}
    monkeypatch.setattr(results, "check", found.get)
    assert main(["check"]) == 1
    assert capsys.readouterr().out == "10_x: value was 1 and is 2\n"
    assert main(["check", "--profile", "real"]) == 0


def test_data_list_is_a_table_of_every_set_that_fits_a_terminal(fi_folder, monkeypatch, capsys):
    monkeypatch.setenv("EMOBOOK_DATA", str(fi_folder.parent))
    (fi_folder.parent / "oasis").mkdir()
    (fi_folder.parent / "oasis" / "OASIS.csv").write_text("Theme\n")
    assert main(["data", "list"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert max(map(len, lines)) <= 100
    assert [x.split()[0] for x in lines[1:-2]] == [*datasets.names(), *TABLES]
    here = {line.split()[0]: line for line in lines[:-2]}
    assert " 24 of 23308 " in here["fi"] and " yes " in here["synthetic"]
    assert " faulty " in here["oasis"] and " no " in here["emoset"]
    assert said.err.count("\n") == 1 and "OASIS.csv lacks the columns" in said.err


@pytest.mark.parametrize("name", [*datasets.names(), *TABLES])
def test_data_show_is_a_datasheet(name, capsys):
    assert main(["data", "show", name]) == 0
    said = capsys.readouterr().out
    info = TABLES[name][0] if name in TABLES else datasets.info(name)
    text = " ".join(said.split())
    for part in (info.title, info.labels, info.licence, info.access, info.layout, *info.faults):
        assert " ".join(part.split()) in text
    assert all(source in text for source in info.also_printed)


def test_data_show_of_nothing_names_the_nearest(capsys):
    assert main(["data", "show", "word_norm"]) == 2
    assert "did you mean 'word_norms'" in capsys.readouterr().err


def test_data_verify_tells_faults_by_its_status(real_data, monkeypatch, capsys):
    monkeypatch.setenv("EMOBOOK_DATA", str(real_data))
    assert main(["data", "verify", "oasis"]) == 0
    said = capsys.readouterr().out
    assert "no fault" in said and "note: 62 listed images without a file" in said


def test_data_verify_options(fi_folder, capsys):
    verify = ["data", "verify", "fi", "--root", str(fi_folder)]
    assert main([*verify, "--option", "split_list=own"]) == 0
    assert main([*verify, "--complete"]) == 1
    assert "FAULT: other numbers than expected" in capsys.readouterr().out
    (fi_folder / "Awe" / "awe0.jpg").unlink()
    assert main(verify) == 1
    assert "FAULT: 1 listed image without a file\n    Awe/awe0.jpg" in capsys.readouterr().out
    assert main([*verify, "--option", "split_list"]) == 2
    assert "has to be NAME=VALUE" in capsys.readouterr().err


def test_options_of_a_set_are_words_numbers_yes_or_no(monkeypatch):
    from emobook.datasets import verify

    class Fine:
        ok = True

        def to_text(self):
            return ""

    taken = {}
    monkeypatch.setattr(verify, "verify", lambda *a, **options: taken.update(options) or Fine())
    given = ("keep_absent=no", "ties=first", "agreement=4")
    assert main(["data", "verify", "twitter1", *(f"--option={text}" for text in given)]) == 0
    assert taken.items() >= {("keep_absent", False), ("ties", "first"), ("agreement", 4)}


def test_data_manifest(fi_folder, tmp_path, capsys):
    command = ["data", "manifest", "fi", "--root", str(fi_folder)]
    file = str(tmp_path / "fi.sha256")
    assert main([*command, "--write", file]) == 0
    assert capsys.readouterr().out == f"{file} holds the hashes of 26 files of {fi_folder}\n"
    assert main([*command, "--check", file]) == 0
    assert capsys.readouterr().out == f"{fi_folder} is as {file} says\n"
    (fi_folder / "Awe" / "awe0.jpg").unlink()
    assert main([*command, "--check", file]) == 1
    assert capsys.readouterr().out == "missing: Awe/awe0.jpg\n"
    assert main([*command, "--check", f"{file}.gone"]) == 2
    assert capsys.readouterr().err == f"emobook: {file}.gone: No such file or directory\n"
    assert main([*command, "--write", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"emobook: {tmp_path}: Is a directory\n"
    assert main(["data", "manifest", "synthetic", "--write", file]) == 2


def test_data_extract(fi_folder, tmp_path, capsys):
    archive = shutil.make_archive(str(tmp_path / "photos"), "gztar", fi_folder)
    target = tmp_path / "new" / "fi"
    assert main(["data", "extract", archive, str(target)]) == 0
    assert capsys.readouterr().out == f"{target} holds the 26 files of {archive}\n"
    assert main(["data", "verify", "fi", "--root", str(target)]) == 0
    assert main(["data", "extract", archive, str(tmp_path / "x"), "--max-files", "25"]) == 2
    assert "more than 25 files" in capsys.readouterr().err and not (tmp_path / "x").exists()
    assert main(["data", "extract", archive, str(tmp_path / "x"), "--max-gb", "1e-6"]) == 2


@pytest.mark.parametrize("limit", ["inf", "nan", "-1", "0", "much"])
def test_limits_that_are_none_are_refused(tmp_path, capsys, limit):
    for option in ("--max-gb", "--max-files", "--max-ratio"):
        with pytest.raises(SystemExit) as error:
            main(["data", "extract", "a.zip", str(tmp_path / "x"), f"{option}={limit}"])
        assert error.value.code == 2
        assert f"{option}: '{limit}' is no finite number above 0" in capsys.readouterr().err


def test_empty_paths_are_not_the_current_folder(tmp_path, capsys):
    for arguments in (
        ["extract", "a.zip", ""],
        ["extract", "", "x"],
        ["verify", "fi", "--root", ""],
        ["manifest", "fi", "--write", ""],
    ):
        with pytest.raises(SystemExit) as error:
            main(["data", *arguments])
        assert error.value.code == 2 and "the path is empty" in capsys.readouterr().err


def test_a_warning_is_a_line_without_its_place(pictures, capsys):
    (pictures / "awe" / "notes.txt").write_text("x")
    assert main(["data", "verify", "folder", "--root", str(pictures)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"emobook: folder: 1 files in {pictures} are no pictures (the endings are .txt)"
    ]


def test_data_list_says_where_it_did_not_look(tmp_path, monkeypatch, capsys):
    assert main(["data", "list"]) == 0
    assert "EMOBOOK_DATA is not set" in capsys.readouterr().err
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "gone"))
    assert main(["data", "list"]) == 0
    assert f"EMOBOOK_DATA is {tmp_path}/gone, which is no folder" in capsys.readouterr().err


@pytest.fixture
def pictures(tmp_path):
    """Three pictures of awe and one of fear, as folders."""
    for number, emotion in enumerate(["awe", "awe", "awe", "fear"]):
        folder = tmp_path / "mine" / emotion
        folder.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    return tmp_path / "mine"
