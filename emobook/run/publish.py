"""Publishing what one notebook gave, so that a kill at any moment leaves the old or the new.

A notebook is executed in `_build/running/<profile>/<stem>.<random>/`. When all of it is there, the
part to publish is renamed to `<stem>.done`; from then on it counts. Its files are moved to
`_build/executed` and `_build/results`, the provenance last. Whoever is killed in between leaves the
`.done` folder, and the next run moves the rest; any other folder left over is rubbish. A lock per
notebook, which the system takes back from a dead process, keeps two runs apart.
"""

import contextlib
import json
import os
import shutil
import uuid
from pathlib import Path

import filelock

from emobook._book import Book
from emobook._files import file_digest
from emobook.run.stale import results


def lock(book: Book, stem: str) -> filelock.FileLock:
    """The lock that whoever executes or publishes the notebook holds."""
    path = book.build / "locks" / book.folder / f"{stem}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(path)


def working_folder(book: Book, stem: str) -> Path:
    """A name for a folder that `recover` removes where its run was killed; not made yet."""
    return book.running / f"{stem}.{uuid.uuid4().hex[:12]}"


def commit(book: Book, stem: str, ready: Path, record: dict) -> None:
    """Publish the folder `ready`: `<stem>.ipynb`, `results/`; `record` becomes its provenance.

    `ready` has to be inside the notebook's working folder, and its lock be held.
    """
    outputs = results(ready / "results")
    outputs[f"{stem}.ipynb"] = ready / f"{stem}.ipynb"
    record = {**record, "outputs": {name: file_digest(path) for name, path in outputs.items()}}
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    (ready / "provenance.json").write_text(text, encoding="utf-8")
    done = book.running / f"{stem}.done"
    os.rename(ready, done)
    _move(book, stem, done)


def recover(book: Book, stem: str | None = None) -> None:
    """Finish what a killed run had finished, and remove what it had not.

    With a `stem` the caller holds its lock; without one, every notebook that no run is at.
    """
    left = sorted(book.running.glob(f"{stem or '*'}.*"))
    for name in sorted({path.name.partition(".")[0] for path in left}):
        mine = [path for path in left if path.name.startswith(f"{name}.")]
        with contextlib.ExitStack() as stack:
            if stem is None:
                try:
                    stack.enter_context(lock(book, name).acquire(timeout=0))
                except filelock.Timeout:
                    continue
            for path in mine:
                if path.name.endswith(".done"):
                    _move(book, name, path)
                else:
                    shutil.rmtree(path, ignore_errors=True)


def _move(book: Book, stem: str, done: Path) -> None:
    """Move a finished notebook to its place; repeated after a kill, it moves what is left."""
    target, record = book.results / stem, done / "provenance.json"
    target.mkdir(parents=True, exist_ok=True)
    book.executed.mkdir(parents=True, exist_ok=True)
    if record.exists():
        (book.executed / f"{stem}.failed.ipynb").unlink(missing_ok=True)
        if (done / f"{stem}.ipynb").exists():
            os.replace(done / f"{stem}.ipynb", book.executed / f"{stem}.ipynb")
        for name, path in results(done / "results").items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target / name)
        outputs = json.loads(record.read_bytes())["outputs"]
        for name, path in results(target).items():
            if name not in outputs:
                path.unlink()
        os.replace(record, target / "provenance.json")
    shutil.rmtree(done)
