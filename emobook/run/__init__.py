"""The runner: executes the notebooks that changed, several at a time, and publishes each at once.

`emobook._book` says what there is, `stale` what has to run, `execute` runs it in a process of
its own, `page` makes a page of it, and `publish` puts it where readers look.
"""

import concurrent.futures
import contextlib
import dataclasses
import datetime
import os
import shutil
import threading
import time
from pathlib import Path

import filelock

from emobook._book import NEEDS_DATA, Book, Notebook
from emobook._files import data_dir, root_dir, write_atomic
from emobook.run.execute import Job
from emobook.run.page import Failure, dump, failure, page
from emobook.run.progress import Progress, duration
from emobook.run.publish import commit, lock, recover, working_folder
from emobook.run.stale import ABSENT, Inputs, cores, provenance, reason, stamp


@dataclasses.dataclass
class Summary:
    """What a run did: stems of notebooks that were executed, found fresh, failed (with the
    reason) and left out because something they need failed."""

    executed: list[str] = dataclasses.field(default_factory=list)
    fresh: list[str] = dataclasses.field(default_factory=list)
    failed: dict[str, Failure] = dataclasses.field(default_factory=dict)
    left_out: list[str] = dataclasses.field(default_factory=list)

    @property
    def broken(self) -> set[str]:
        return {*self.failed, *self.left_out}


def run(
    profile: str = "mini",
    notebooks=(),
    *,
    jobs: int | None = None,
    force: bool = False,
    smoke: bool = False,
    root: str | os.PathLike | None = None,
) -> Summary:
    """Bring the results of `notebooks` (stems; all where empty) and of those they read up to date.

    jobs : how many at a time; by default one per core, and one for `full`, whose notebooks share
        a GPU. force : run `notebooks` even where nothing changed. smoke : eight images, one step,
        no weights; published apart, as profile `<profile>-smoke`. root : the book's folder.

    A notebook that fails leaves its last results and does not stop those that do not need it.
    Raises ValueError or FileNotFoundError for a wrong profile, name, `_toc.yml` or notebook.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}: take at least 1")
    book = Book(Path(root).resolve() if root else root_dir(), profile, smoke)
    if profile in NEEDS_DATA and not smoke and (data_dir() is None or not data_dir().is_dir()):
        where = "is not set" if data_dir() is None else f"is {data_dir()}, which is no folder"
        raise ValueError(
            f"profile {profile} needs real data, and EMOBOOK_DATA {where}: "
            "set it to the folder that holds the data sets"
        )
    if jobs is None:
        jobs = 1 if profile == "full" and not smoke else cores()
    stems = book.select(notebooks)
    recover(book)
    return _Run(book, stems, set(book.named(notebooks) or stems) if force else set()).all(jobs)


class _Run:
    """One call of `run`: which notebooks wait, which are being executed, what came out."""

    def __init__(self, book: Book, stems: list[str], forced: set[str]):
        self.book = book
        self.notebooks = {stem: book.notebook(stem) for stem in stems}
        for notebook in self.notebooks.values():
            book.parameters(notebook)  # a wrong name in profiles.yml shows before anything runs
        self.forced = forced
        self.inputs = Inputs(book)
        self.summary = Summary()
        self.seconds = {stem: stamp(book, stem).get("seconds") for stem in stems}
        self.jobs: set[Job] = set()
        self.stopped = threading.Event()

    def all(self, jobs: int) -> Summary:
        """Settle every notebook; one is looked at as soon as all that it reads are settled."""
        waiting, stale = list(self.notebooks), {}
        running: dict[concurrent.futures.Future, str] = {}
        with (
            Progress(self.seconds, jobs) as self.progress,
            concurrent.futures.ThreadPoolExecutor(jobs) as pool,
        ):
            try:
                while waiting or stale or running:
                    for stem in list(waiting):
                        open_ = {*waiting, *stale, *running.values()}
                        if open_.isdisjoint(self.notebooks[stem].after):
                            waiting.remove(stem)
                            if why := self._look(stem):
                                stale[stem] = why
                    while stale and len(running) < jobs:  # long ones first: none is left at the end
                        stem = max(stale, key=lambda name: self.seconds[name] or 0)
                        running[pool.submit(self._one, stem, stale.pop(stem))] = stem
                    done, _ = concurrent.futures.wait(running, 1, "FIRST_COMPLETED")
                    for future in done:
                        running.pop(future)
                        future.result()
                    self.progress.tick()
            except BaseException:
                self.stopped.set()
                for job in list(self.jobs):
                    job.kill()
                raise
        return self.summary

    def _look(self, stem: str) -> str | None:
        """Why this notebook has to run; where it has not, None, and it is settled."""
        notebook = self.notebooks[stem]
        lost = [name for name in notebook.after if name in self.summary.broken]
        if lost:
            self.summary.left_out.append(stem)
            self.progress.drop(stem)
            self.progress.say(f"- {stem} is left out: it reads {', '.join(lost)}")
            return None
        if stem in self.forced:
            return "asked for"
        if why := reason(self.book, notebook, self.inputs):
            return why
        self.summary.fresh.append(stem)
        self.progress.drop(stem)
        return None

    def _one(self, stem: str, why: str) -> None:
        """Execute and publish, unless another run has just done so; called in a thread."""
        with self._locked(stem) as held:
            if not held:
                return
            recover(self.book, stem)
            notebook = self.notebooks[stem]
            if stem not in self.forced and not reason(self.book, notebook, Inputs(self.book)):
                self.summary.fresh.append(stem)
                self.progress.finish(stem, f"✓ {stem}   done by another run")
                return
            self.progress.start(stem, why)
            self._execute(notebook)

    @contextlib.contextmanager
    def _locked(self, stem: str):
        """Hold the notebook's lock, once no other run does; yields False where this run ends."""
        mine, told = lock(self.book, stem), False
        while not mine.is_locked and not self.stopped.is_set():
            try:
                mine.acquire(timeout=0.5 if told else 0)
            except filelock.Timeout:
                if not told:
                    self.progress.say(f"  {stem} waits for another run, which is at it")
                told = True
        try:
            yield mine.is_locked
        finally:
            mine.release()

    def _execute(self, notebook: Notebook) -> None:
        book, stem = self.book, notebook.stem
        folder = working_folder(book, stem)
        log = book.build / "logs" / book.folder / f"{stem}.log"
        begin, since = time.monotonic(), time.time_ns()
        job = Job(book, notebook, folder, log)
        self.jobs.add(job)
        if self.stopped.is_set():
            job.kill()
        try:
            status = job.wait()
            if self.stopped.is_set():
                return
            seconds = round(time.monotonic() - begin, 1)
            executed, reads = job.executed(), job.reads()
            strangers = sorted(line[2:] for line in reads if line.startswith("U "))
            if status == 0 and not strangers:
                self._publish(notebook, folder, executed, reads, log, since, seconds)
                self.summary.executed.append(stem)
                self.progress.finish(stem, f"✓ {stem}   {duration(seconds)}")
                return
            if status == 0:
                what = Failure(
                    f'it read results of {", ".join(strangers)}, which "after" in its metadata '
                    "does not name"
                )
            else:
                what = failure(executed, status, log.read_text(errors="replace"))
            kept = book.executed / f"{stem}.failed.ipynb"
            write_atomic(kept, dump(executed))
            self.summary.failed[stem] = what
            self.progress.finish(stem, self._story(stem, what, seconds, kept, log), error=True)
        finally:
            self.jobs.discard(job)
            job.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _story(self, stem: str, what: Failure, seconds: float, kept: Path, log: Path) -> str:
        place = f" in code cell {what.cell}" if what.cell else ""
        text = f"✗ {stem} failed{place} after {duration(seconds)}\n"
        if what.excerpt:
            text += "\n".join(f"    {line}" for line in what.excerpt.splitlines()) + "\n"
        text += "\n".join(f"  {line}" for line in what.error.splitlines())
        root = self.book.root
        return f"{text}\n  traceback: {kept.relative_to(root)}, log: {log.relative_to(root)}"

    def _publish(self, notebook, folder, executed, reads, log, since, seconds) -> None:
        """Assemble everything in one folder, and let it count."""
        final, noise = page(executed, notebook.json, notebook.stem)
        with open(log, "a", encoding="utf-8") as file:
            file.write(noise)
        inputs = self.inputs.of(notebook, reads, since)
        found = [name[2:] for name, value in inputs.items() if name[:2] == "D " and value != ABSENT]
        started = datetime.datetime.fromtimestamp(since // 10**9, datetime.UTC)
        ready = folder / "publish"
        ready.mkdir()
        os.rename(folder / "results", ready / "results")
        (ready / f"{notebook.stem}.ipynb").write_text(dump(final), encoding="utf-8")
        record = provenance(
            self.book,
            notebook,
            started=f"{started:%Y-%m-%dT%H:%M:%SZ}",
            seconds=seconds,
            datasets=found,
            inputs=inputs,
        )
        commit(self.book, notebook.stem, ready, record)
