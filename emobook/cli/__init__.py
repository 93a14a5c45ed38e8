"""The command line: `emobook run | build | check | data | predict | head`."""

import argparse
import os
import signal
import sys
import warnings

from emobook import __version__
from emobook.cli.data import add as add_data
from emobook.cli.predict import add as add_predict

EXAMPLES = """examples:
  emobook run                                 every notebook that changed, on embedded data
  emobook run 40_label_distributions          one notebook, and what it reads
  EMOBOOK_DATA=~/data emobook run --profile real
  emobook build                               the site, _build/html/index.html
  emobook check                               this machine's numbers against the committed ones
  emobook data list                           which data sets there are, and which are here
  emobook data show artphoto                  what it holds, and how to get it
  emobook data extract photos.zip ~/data/oasis
  emobook data verify oasis
  emobook data manifest oasis --write oasis.sha256
  emobook predict holiday.jpg                 valence and arousal, with intervals
  emobook predict ~/photos --format json      of all pictures in a folder

EMOBOOK_DATA names the folder with the data sets, EMOBOOK_CACHE the one for what can be computed
again. The book is the one around the current folder, or EMOBOOK_ROOT.
exit status: 0 fine, 1 something failed or differs, 2 wrong input, 130 interrupted"""


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    main = argparse.ArgumentParser(
        prog="emobook",
        description="Rerun, build and check the book on image emotion recognition.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    main.add_argument("--version", action="version", version=f"emobook {__version__}")
    main.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, function, summary, under=commands):
        added = under.add_parser(name, help=summary, description=summary)
        added.set_defaults(function=function)
        return added

    def profile(added):
        added.add_argument(
            "--profile", default="mini", help="a profile of profiles.yml (default: mini)"
        )

    run = command("run", _run, "execute the notebooks that changed, in the order of _toc.yml")
    run.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a stem; default: all")
    profile(run)
    run.add_argument("--jobs", type=int, help="how many at a time (default: one per core)")
    run.add_argument("--force", action="store_true", help="run them even if nothing changed")
    run.add_argument(
        "--smoke",
        action="store_true",
        help="eight images, one step, no weights: does it run at all? (also with SMOKE=1)",
    )
    build = command("build", _build, "render the executed notebooks as a site")
    profile(build)
    build.add_argument(
        "--edition", choices=("full", "student"), default="full", help="student: without solutions"
    )
    check = command("check", _check, "compare the last run's rows with the committed ones")
    profile(check)
    check.add_argument(
        "--keep", action="store_true", help="make the last run's rows those to compare with"
    )

    add_data(commands, command)

    add_predict(command)
    return main


def _run(options) -> int:
    from emobook.run import run

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave as tidily as after Ctrl-C
    smoke = options.smoke or os.environ.get("SMOKE", "") not in ("", "0")
    done = run(
        options.profile, options.notebooks, jobs=options.jobs, force=options.force, smoke=smoke
    )
    parts = {
        "executed": done.executed,
        "unchanged": done.fresh,
        "failed": done.failed,
        "left out": done.left_out,
    }
    counts = ", ".join(f"{len(stems)} {word}" for word, stems in parts.items() if stems)
    print(f"{options.profile}{' (smoke)' if smoke else ''}: {counts or 'no notebooks'}")
    return 1 if done.broken else 0


def _build(options) -> int:
    from emobook.build import BuildError, build

    try:
        print(build(options.profile, options.edition) / "index.html")
    except BuildError as error:
        if options.debug:
            raise
        print(f"emobook: {error}", file=sys.stderr)
        return 1
    return 0


def _check(options) -> int:
    from emobook.results import check, keep

    if options.keep:
        print(f"results/{options.profile} holds the rows of {', '.join(keep(options.profile))}")
        return 0
    differences = check(options.profile)
    print("\n".join(differences) or f"{options.profile}: the rows agree with the committed ones")
    return 1 if differences else 0


def _expected(error: Exception) -> bool:
    """Whether the message is meant for the user: input, files, or one of the package's errors."""
    ours = type(error).__module__.partition(".")[0] == "emobook"
    return ours or isinstance(error, (ValueError, OSError))


def _sentence(error: Exception) -> str:
    """The message on one line; of the system's errors without their number."""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename2 or error.filename  # of a file and its future place, the place
        return f"{name}: {error.strerror}" if name else error.strerror
    return " ".join(str(error).split())


def _warned(message, category, filename, lineno, file=None, line=None) -> None:
    """A warning as a line for the user, without the place in the code that it came from."""
    print(f"emobook: {_sentence(message)}", file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    options = parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warned
            return options.function(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, say `head`, has seen enough
        sys.stderr.close()
        return 1
    except Exception as error:
        if options.debug or not _expected(error):
            raise
        print(f"emobook: {_sentence(error)}", file=sys.stderr)
        return 2
