"""The runner on small throw-away books: what runs again, what never does, and what a kill leaves.

Every kernel takes two seconds to start, so one book runs once and most tests change a copy of it.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from emobook._book import Book
from emobook.run import execute as _execute
from emobook.run import run
from emobook.run import stale as _stale
from emobook.run.page import HEX32, STYLER, page
from emobook.run.publish import commit, recover

SOURCE = """\
import os, sys
from pathlib import Path
from emobook import emotions
root, out = Path(os.environ["EMOBOOK_ROOT"]), Path(os.environ["EMOBOOK_OUT"])
with open(os.environ["COUNTER"], "a") as file:
    print({stem!r}, file=file)
"""
BODY = {
    "00_first": '(out / "rows.csv").write_text(f"{n}\\n")',
    "10_reader": "rows = root / '_build/results/mini/00_first/rows.csv'\n"
    '(out / "rows.csv").write_text("read " + rows.read_text())',
    "20_alone": '(root / "book" / "table.csv").read_text()\n'
    "print(object()); print('noise', file=sys.stderr)\n"
    '(out / "rows.csv").write_text("alone\\n")',
    "30_all": '(out / "rows.csv").write_text("all\\n")',
}
AFTER = {"10_reader": ["00_first"], "30_all": ["*"]}


def cell(source: str, *tags: str) -> dict:
    kind = "code" if "markdown" not in tags else "markdown"
    made = {"cell_type": kind, "id": f"id{abs(hash(source)) % 10**8}", "source": source}
    made["metadata"] = {"tags": list(tags)} if kind == "code" else {}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def write_notebook(root: Path, stem: str, *sources: str, after=(), prose: str = "# Title") -> None:
    cells = [cell(prose, "markdown"), cell("n = 1\nsmoke = False", "parameters")]
    cells += [cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "emobook": {"after": list(after)}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path = root / "notebooks" / f"{stem}.ipynb"
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(whole))


def write_book(root: Path, stems=tuple(BODY)) -> None:
    for stem in stems:
        source = SOURCE.format(stem=stem)
        write_notebook(root, stem, source, BODY[stem], after=AFTER.get(stem, ()))
    write_toc(root, stems)
    (root / "profiles.yml").write_text("mini: {common: {n: 2, other: 1}}\nreal: {}\nfull: {}\n")
    (root / "book").mkdir()
    (root / "book" / "table.csv").write_text("1\n")
    (root / "requirements.lock").write_text("a==1\n")


def write_toc(root: Path, stems) -> None:
    lines = "".join(f"      - file: notebooks/{stem}\n" for stem in stems)
    (root / "_toc.yml").write_text(
        f"format: jb-book\nroot: book/intro\nparts:\n  - caption: One\n    chapters:\n{lines}"
    )


def edit(root: Path, stem: str, old: str, new: str) -> None:
    path = root / "notebooks" / f"{stem}.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def environment(folder: Path) -> dict:
    """The environment of a run that must not see the reader's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EMOBOOK_") and k != "SMOKE"}
    return kept | {
        "EMOBOOK_CACHE": os.fspath(folder / "cache"),
        "COUNTER": os.fspath(folder / "counter"),
        "PYTHONPATH": os.fspath(_stale.PACKAGE.parent),
    }


@pytest.fixture(scope="module", autouse=True)
def package(tmp_path_factory):
    """A copy of the package for the kernels, which nobody edits while the tests run."""
    copy = tmp_path_factory.mktemp("package") / "emobook"
    shutil.copytree(_stale.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_stale, "PACKAGE", copy)
        patch.setattr(_execute, "PACKAGE", copy)
        yield copy


@pytest.fixture(autouse=True)
def isolated(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("EMOBOOK_") or name == "SMOKE":
            monkeypatch.delenv(name)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def ran(tmp_path_factory, package) -> Path:
    """A book of four notebooks that has just run."""
    folder = tmp_path_factory.mktemp("ran")
    root = folder / "root"
    root.mkdir()
    write_book(root)
    done = command(folder, root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 executed" in done.stdout
    return root


@pytest.fixture
def book(ran, tmp_path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(ran, tmp_path / "root")


def command(folder: Path, root: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "emobook", "run", *arguments],
        env=environment(folder) | {"EMOBOOK_ROOT": os.fspath(root)},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def stale(root: Path) -> dict[str, str]:
    """Stem → reason, of every notebook that would run if it were the only one."""
    seen = Book(root)
    reasons = {s: _stale.reason(seen, seen.notebook(s), _stale.Inputs(seen)) for s in seen.order}
    return {stem: why for stem, why in reasons.items() if why}


def files(root: Path) -> dict[str, bytes]:
    """What a run published; two runs must agree on it."""
    build = root / "_build"
    found = [*(build / "results").rglob("*"), *(build / "executed").rglob("*")]
    return {
        os.fspath(path.relative_to(build)): path.read_bytes()
        for path in found
        if path.is_file() and path.name != "provenance.json"
    }


def provenance(root: Path, stem: str, profile: str = "mini") -> dict:
    return json.loads((root / f"_build/results/{profile}/{stem}/provenance.json").read_text())


def test_a_run_publishes_pages_results_and_provenance(ran):
    assert sorted(files(ran)) == sorted(
        [f"executed/mini/{stem}.ipynb" for stem in BODY]
        + [f"results/mini/{stem}/rows.csv" for stem in BODY]
    )
    assert (ran / "_build/results/mini/10_reader/rows.csv").read_text() == "read 2\n"
    record = provenance(ran, "20_alone")
    assert record["parameters"] == {"n": 2}, "`other` is not defined by the notebook"
    assert record["commit"] == "unknown" and record["seconds"] > 0 and record["datasets"] == []
    assert {"python", "numpy", "torch", "emobook"} <= record["versions"].keys()
    assert record["hardware"]["cores"] >= 1 and record["hardware"]["memory_gb"] > 0
    assert {"M emobook.emotions", "F book/table.csv"} <= record["inputs"].keys()
    assert "M emobook.run" not in record["inputs"]
    assert not list((ran / "_build/running/mini").iterdir())


def test_the_page_holds_nothing_that_varies(ran):
    shown = json.loads((ran / "_build/executed/mini/20_alone.ipynb").read_text())
    outputs = [output for c in shown["cells"] for output in c.get("outputs", [])]
    assert any(output.get("text") == "<object object at 0x0>\n" for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert "noise" in (ran / "_build/logs/mini/20_alone.log").read_text()
    assert "papermill" not in json.dumps(shown)


def test_nothing_changed_runs_nothing_and_force_gives_the_same_bytes(book):
    before = files(book)
    first = run(root=book)
    assert first.fresh == list(BODY) and not first.executed
    again = run(root=book, notebooks=["20_alone"], force=True)
    assert again.executed == ["20_alone"]
    assert files(book) == before


def test_prose_runs_nothing_again(book):
    edit(book, "00_first", "# Title", "# Another title")
    assert not stale(book)


def test_changed_results_reach_their_readers_and_equal_ones_do_not(book):
    edit(book, "00_first", "(out /", "0; (out /")
    assert run(root=book).executed == ["00_first"]
    edit(book, "00_first", "{n}", "{n + 1}")
    assert run(root=book, jobs=1).executed == ["00_first", "10_reader", "30_all"]
    assert (book / "_build/results/mini/10_reader/rows.csv").read_text() == "read 3\n"


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("book/table.csv", "2\n", {"20_alone": "book/table.csv changed"}),
        (
            "profiles.yml",
            "mini: {common: {n: 2}, 20_alone: {n: 3}}\n",
            {"20_alone": "its parameters changed"},
        ),
        ("requirements.lock", "a==2\n", dict.fromkeys(BODY, "requirements.lock changed")),
        ("_build/results/mini/20_alone/rows.csv", "x", None),
        ("_build/executed/mini/00_first.ipynb", "{}", {"00_first": "its results were touched"}),
    ],
)
def test_what_else_makes_a_notebook_run_again(book, file, content, expected):
    (book / file).write_text(content)
    if expected is None:
        expected = {
            "20_alone": "its results were touched",
            "30_all": "the results of 20_alone changed",
        }
    assert stale(book) == expected


def test_an_edited_module_concerns_those_that_imported_it(book, tmp_path, monkeypatch):
    write_notebook(book, "20_alone", "1 + 1")
    assert run(root=book, notebooks=["20_alone"]).executed == ["20_alone"]
    package = tmp_path / "package" / "emobook"
    shutil.copytree(_stale.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(_stale, "PACKAGE", package)
    assert stale(book).keys() == {"30_all"}, "20_alone has other results now"
    (package / "losses.py").write_text("changed")
    assert stale(book).keys() == {"30_all"}, "nobody imported emobook.losses"
    (package / "emotions.py").write_text("changed")
    assert stale(book)["00_first"] == "emobook.emotions changed"
    assert "20_alone" not in stale(book)


def test_data_count_only_where_the_notebook_looked_for_them(book, tmp_path, monkeypatch):
    write_notebook(
        book, "20_alone", "from emobook import datasets\ntry: datasets.load('oasis')\nexcept"
        " datasets.DatasetError: print('not run')",
    )  # fmt: skip
    assert run(root=book, notebooks=["20_alone"]).executed == ["20_alone"]
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "fi").mkdir(parents=True)
    assert "20_alone" not in stale(book) and "00_first" not in stale(book)
    (tmp_path / "data" / "oasis").mkdir()
    (tmp_path / "data" / "oasis" / "a.jpg").write_bytes(b"1")
    assert stale(book)["20_alone"] == "the data set oasis changed"
    assert "00_first" not in stale(book)
    inputs = _stale.Inputs(Book(book))
    one = inputs.of(Book(book).notebook("20_alone"), ["D oasis"])["D oasis"]
    (tmp_path / "data" / "oasis" / "a.jpg").write_bytes(b"12")
    other = _stale.Inputs(Book(book)).of(Book(book).notebook("20_alone"), ["D oasis"])["D oasis"]
    assert one != other


def test_what_changes_while_a_notebook_runs_counts_as_changed(book):
    inputs, table = _stale.Inputs(Book(book)), book / "book" / "table.csv"
    now = time.time_ns()
    assert inputs.file(table, since=now) is not None
    time.sleep(0.05)
    table.write_text("2\n")
    assert inputs.file(table, since=now) is None


def test_a_failure_is_told_and_stops_only_what_needs_it(book, tmp_path):
    old = files(book)
    edit(book, "00_first", "print('00_first', file=file)", "os.kill(os.getpid(), 9)")
    edit(book, "20_alone", "print(object())", "raise ValueError(f'n is {n}')")
    done = command(tmp_path, book)
    assert done.returncode == 1
    assert "✗ 20_alone failed in code cell 3" in done.stderr
    assert re.search(r"→ +2 raise ValueError", done.stderr)
    assert "ValueError: n is 2" in done.stderr
    assert "_build/executed/mini/20_alone.failed.ipynb" in done.stderr
    assert "✗ 00_first failed in code cell 2" in done.stderr and "kernel died" in done.stderr
    assert "Traceback" not in done.stderr and "10_reader is left out" in done.stdout
    failed = (book / "_build/executed/mini/20_alone.failed.ipynb").read_text()
    assert "n is 2" in failed and '"traceback"' in failed
    new = files(book)
    assert {name: new[name] for name in old} == old, "the last good results stay"

    edit(book, "20_alone", "raise ValueError(f'n is {n}')", "print(object())")
    assert stale(book)["20_alone"] == "failed last time"
    assert run(root=book, notebooks=["20_alone"]).executed == ["20_alone"]
    assert not (book / "_build/executed/mini/20_alone.failed.ipynb").exists()


def test_reading_results_without_declaring_it_fails(book):
    write_notebook(
        book, "20_alone", SOURCE.format(stem="20_alone"),
        "try: open(root / '_build/results/mini/00_first/rows.csv')\nexcept RuntimeError: pass",
    )  # fmt: skip
    done = run(root=book, notebooks=["20_alone"])
    assert 'results of 00_first, which "after" in its metadata does not name' in (
        done.failed["20_alone"].error
    )


def test_smoke_results_stay_apart(book, tmp_path):
    before = files(book)
    write_notebook(
        book, "20_alone", SOURCE.format(stem="20_alone"),
        "(out / 'rows.csv').write_text(f\"{smoke} {n} {os.environ['SMOKE']}\\n\")",
    )  # fmt: skip
    with open(book / "profiles.yml", "a") as file:
        file.write("smoke: {20_alone: {n: 8}}\n")
    done = command(tmp_path, book, "--profile", "full", "--smoke", "20_alone")
    assert done.returncode == 0, done.stderr
    assert (book / "_build/results/full-smoke/20_alone/rows.csv").read_text() == "True 8 1\n"
    assert provenance(book, "20_alone", "full-smoke")["smoke"] is True
    assert {name: files(book)[name] for name in before} == before


def test_two_runs_at_once_do_each_notebook_once(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    write_book(root, ("00_first", "10_reader"))
    start = [sys.executable, "-m", "emobook", "run"]
    env = environment(tmp_path) | {"EMOBOOK_ROOT": os.fspath(root)}
    both = [
        subprocess.Popen(
            start, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sorted((tmp_path / "counter").read_text().split()) == ["00_first", "10_reader"]
    assert not stale(root)


def finished(root: Path) -> set[str]:
    """Stems that count as done: published, or complete and about to be."""
    build = root / "_build"
    done = {path.name.partition(".")[0] for path in build.glob("running/mini/*.done")}
    return done | set(BODY) - stale(root).keys()


def survivors(root: Path) -> list[str]:
    """Command lines of processes that work for this book."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if os.fspath(root) in line:
            lines.append(line)
    return lines


@pytest.mark.skipif(sys.platform != "linux", reason="not run: looks for processes in /proc")
def test_killed_at_any_moment_a_run_goes_on_where_it_stopped(ran, tmp_path):
    root, counter = tmp_path / "root", tmp_path / "counter"
    root.mkdir()
    write_book(root)
    counter.touch()
    env = environment(tmp_path) | {"EMOBOOK_ROOT": os.fspath(root)}
    draw = random.Random(7)
    for _ in range(6):
        done, times = finished(root), counter.read_text().split()
        process = subprocess.Popen(
            [sys.executable, "-m", "emobook", "run"],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(draw.uniform(0.1, 4.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 5
        while survivors(root) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not survivors(root), "a kernel outlives its runner"
        again = counter.read_text().split()[len(times) :]
        assert not done.intersection(again), "finished work was done again"
        assert done <= finished(root)
    last = command(tmp_path, root)
    assert last.returncode == 0, last.stderr
    assert files(root) == files(ran)
    assert not stale(root)
    left = [p for p in (root / "_build").rglob("*") if p.name.endswith(".tmp")]
    assert not left and not list((root / "_build/running/mini").iterdir())


@pytest.mark.parametrize("step", range(8))
def test_a_kill_at_any_step_of_publishing_leaves_the_old_or_the_new(book, monkeypatch, step):
    """The moves are stopped before the given one; the next run finds a whole state."""
    seen, steps = Book(book), 0
    ready = seen.running / "20_alone.abc" / "publish"
    (ready / "results" / "more").mkdir(parents=True)
    (ready / "results" / "more" / "new.csv").write_text("new")
    (ready / "20_alone.ipynb").write_text("{}")

    def stopped(real):
        def stop_or_do(*args, **options):
            nonlocal steps
            if steps == step:
                raise KeyboardInterrupt
            steps += 1
            return real(*args, **options)

        return stop_or_do

    with monkeypatch.context() as patch:
        for module, name in [(os, "rename"), (os, "replace"), (Path, "unlink"), (shutil, "rmtree")]:
            patch.setattr(module, name, stopped(getattr(module, name)))
        try:
            commit(seen, "20_alone", ready, provenance(book, "20_alone"))
            assert step > 5, "this many steps there are"
        except KeyboardInterrupt:
            pass
    recover(seen)
    new = step > 0
    results = book / "_build/results/mini/20_alone"
    assert (results / "more" / "new.csv").exists() == new
    assert (results / "rows.csv").exists() != new
    assert ((book / "_build/executed/mini/20_alone.ipynb").read_text() == "{}") == new
    assert "20_alone" not in stale(book)
    assert not list(seen.running.iterdir())


def test_wrong_input_is_one_sentence(tmp_path):
    write_book(tmp_path)
    for arguments, message in [
        ({"profile": "mimi"}, "there is no profile 'mimi': profiles.yml has mini, real, full"),
        ({"notebooks": ["99_x"]}, "99_x is not a notebook of _toc.yml, which lists 00_first"),
        ({"jobs": 0}, "jobs is 0: take at least 1"),
        ({"profile": "real"}, "profile real needs real data, and EMOBOOK_DATA is not set"),
    ]:
        with pytest.raises(ValueError, match=re.escape(message)):
            run(root=tmp_path, **arguments)
    write_notebook(tmp_path, "00_first", after=["10_reader"])
    with pytest.raises(ValueError, match=r"names 10_reader, which _toc\.yml does not list before"):
        run(root=tmp_path)
    write_notebook(tmp_path, "00_first")
    (tmp_path / "profiles.yml").write_text("mini: {20_alone: {m: 1}}\n")
    with pytest.raises(ValueError, match="sets m for 20_alone, but its cell"):
        run(root=tmp_path)
    write_toc(tmp_path, ["00_first", "77_gone"])
    (tmp_path / "profiles.yml").write_text("mini:\n")
    with pytest.raises(FileNotFoundError, match=r"lists notebooks/77_gone.ipynb, which is not"):
        run(root=tmp_path)


def test_ids_of_widgets_and_tables_do_not_vary():
    def executed(first, second, table):
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": first}}
        html = {"text/html": f"<style>#T_{table} a{{}}</style><table id='T_{table}'>"}
        one = cell("show()")
        one["outputs"] = [
            {"output_type": "display_data", "data": data, "metadata": {}} for data in (view, html)
        ]
        child = {"child": f"IPY_MODEL_{second}"}
        state = {second: {"state": {"value": 1}}, first: {"state": child}}
        widgets = {"application/vnd.jupyter.widget-state+json": {"state": state}}
        return {"cells": [one], "metadata": {"widgets": widgets}}

    written = {"cells": [cell("show()")], "metadata": {}}
    one = page(executed("a" * 32, "b" * 32, "12ab3"), written, "10_x")[0]
    other = page(executed("f" * 32, "0" * 32, "fffff"), written, "10_x")[0]
    assert one == other
    assert len(set(HEX32.findall(json.dumps(one)))) == 2
    assert set(STYLER.findall(json.dumps(one))) == {"T_00000"}
