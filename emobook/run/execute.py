"""Execute one notebook in a process of its own: `Job` starts it, the second half runs inside it.

Everything that it writes stays in one temporary folder. Publishing is the runner's business, so a
process that outlives its runner can do no harm; it notices the end of its standard input and goes.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from emobook._book import Book, Notebook
from emobook._files import cache_dir, data_dir

PACKAGE = Path(__file__).parents[1]
# One thread each: the runner runs as many notebooks as there are cores.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
    "TQDM_DISABLE": "1",  # bars would make a page differ from run to run; the runner has its own
}


class Job:
    """A notebook being executed in `folder`, which the caller made and will remove.

    Afterwards `folder` holds `raw.ipynb` (as far as it came), `results/` and `trace`.
    """

    def __init__(self, book: Book, notebook: Notebook, folder: Path, log: Path):
        self.folder = folder
        (folder / "results").mkdir(parents=True)
        (folder / "source.ipynb").write_bytes(notebook.content)
        kernel = folder / "jupyter" / "kernels" / "emobook" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        kernel.write_text(json.dumps(self._kernel(book, notebook)))
        task = {
            "folder": os.fspath(folder),
            "parameters": book.parameters(notebook),
            "cwd": os.fspath(notebook.path.parent),
        }
        environment = {
            **os.environ,
            "JUPYTER_PATH": os.fspath(folder / "jupyter"),
            "JUPYTER_RUNTIME_DIR": os.fspath(folder / "runtime"),
            "JUPYTER_CONFIG_DIR": os.fspath(folder / "config"),
            "IPYTHONDIR": os.fspath(folder / "ipython"),
        }
        environment.pop("MPLBACKEND", None)  # figures belong into the notebook
        if "site-packages" not in PACKAGE.parts:
            paths = [os.fspath(PACKAGE.parent), environment.get("PYTHONPATH", "")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "emobook.run.execute", json.dumps(task)],
                stdin=subprocess.PIPE,  # never written: its end tells the child that we are gone
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the runner to handle
            )

    def _kernel(self, book: Book, notebook: Notebook) -> dict:
        """A kernel of this very Python, whatever else is registered on the machine."""
        folders = {"EMOBOOK_DATA": data_dir(), "EMOBOOK_CACHE": cache_dir()}
        return {
            "argv": [sys.executable, "-m", "emobook._kernel", "-f", "{connection_file}"],
            "display_name": "emobook",
            "language": "python",
            "env": {
                **ENVIRONMENT,
                **{name: os.fspath(path.absolute()) for name, path in folders.items() if path},
                "EMOBOOK_ROOT": os.fspath(book.root),
                "EMOBOOK_PROFILE": book.folder,
                "EMOBOOK_OUT": os.fspath(self.folder / "results"),
                "EMOBOOK_TRACE": os.fspath(self.folder / "trace"),
                "EMOBOOK_READS": " ".join(notebook.after),
                "SMOKE": "1" if book.smoke else "",
            },
        }

    def wait(self) -> int:
        """Exit status: 0 where every cell ran, negative where a signal killed the process."""
        return self.process.wait()

    def kill(self) -> None:
        """End it now; its kernel follows by itself."""
        self.process.kill()

    def close(self) -> None:
        """Let go of the process, which ends with that if it has not yet."""
        self.process.stdin.close()
        self.process.wait()

    def executed(self) -> dict:
        """The notebook as far as it ran."""
        for name in ("raw.ipynb", "source.ipynb"):
            try:
                return json.loads((self.folder / name).read_bytes())
            except (FileNotFoundError, ValueError):
                continue  # killed before, or while, the first cell was saved
        raise AssertionError("the source was checked before it was started")

    def reads(self) -> set[str]:
        """The lines of the trace."""
        trace = self.folder / "trace"
        return set(trace.read_text().splitlines()) if trace.exists() else set()


def _leave_with_runner() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def main() -> None:
    threading.Thread(target=_leave_with_runner, daemon=True).start()
    task = json.loads(sys.argv[1])
    tempfile.tempdir = task["folder"]  # the connection file goes with the rest, even after a kill
    import papermill

    papermill.execute_notebook(
        os.path.join(task["folder"], "source.ipynb"),
        os.path.join(task["folder"], "raw.ipynb"),
        parameters=task["parameters"],
        kernel_name="emobook",
        language="python",
        cwd=task["cwd"],
        progress_bar=False,
        start_timeout=300,
    )


if __name__ == "__main__":
    main()
