"""`emobook data list | show | verify | manifest | extract`."""

import argparse
import math
import shutil
import sys
import textwrap

WIDTH = 100


def add(commands, command) -> None:
    """Add the actions to the parser; `command(name, function, summary, under)` adds one."""
    data = commands.add_parser("data", help="the data sets: list, show, verify, manifest, extract")
    actions = data.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name, function, summary):
        return command(name, function, summary, actions)

    action("list", _list, "which data sets there are, and which are here")
    show = action("show", _show, "all that is known of a data set, and how to get it")
    show.add_argument("name", metavar="NAME")

    verify = action("verify", _verify, "check a copy of a data set, or a list of its labels")
    verify.add_argument("name", metavar="NAME")
    _root(verify)
    verify.add_argument(
        "--complete",
        action="store_true",
        help="images without a file, and other numbers than were published, are faults",
    )
    verify.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the set, such as split_list=ser30k for fi",
    )

    manifest = action("manifest", _manifest, "the SHA-256 of every file of a copy")
    manifest.add_argument("name", metavar="NAME")
    _root(manifest)
    either = manifest.add_mutually_exclusive_group(required=True)
    either.add_argument("--write", type=_given, metavar="FILE", help="as sha256sum writes it")
    either.add_argument(
        "--check", type=_given, metavar="FILE", help="list missing, changed and extra files"
    )

    extract = action("extract", _extract, "unpack a zip or tar whole or not at all, resumably")
    extract.add_argument("archive", type=_given, metavar="ARCHIVE")
    extract.add_argument("folder", type=_given, metavar="FOLDER")
    for limit, what in (
        ("--max-gb", "refuse more (default: 200)"),
        ("--max-files", "refuse more (default: 2000000)"),
        ("--max-ratio", "refuse more times the archive's size (default: 100)"),
    ):
        extract.add_argument(limit, type=_above_0, metavar="N", help=what)


def _given(text: str) -> str:
    """A path; an empty one, as of a variable that is not set, would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    return text


def _above_0(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no finite number above 0")
    return int(number) if number.is_integer() else number


def _root(added) -> None:
    added.add_argument("--root", type=_given, help="where it is (default: $EMOBOOK_DATA/NAME)")


def _list(options) -> int:
    from emobook._files import data_dir
    from emobook.datasets.verify import listing

    table = listing().astype(object)
    faulty = []
    lines = [("name", "images", "here", "access")]
    for row in table.where(table.notna(), "any").itertuples():
        images = f"{row.images:,}" if isinstance(row.images, int) else row.images
        here, _, fault = row.present.partition(": ")
        if fault:
            faulty.append(f"{row.name}: {fault}")
        lines.append((row.name, images, here.replace("partly, ", ""), row.access))
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    room = WIDTH - sum(widths) - 6
    for name, images, here, access in lines:
        access = textwrap.shorten(access, room, placeholder=" …")
        print(f"{name:<{widths[0]}}  {images:>{widths[1]}}  {here:<{widths[2]}}  {access}".rstrip())
    print("\n`emobook data show NAME` says what a set holds and how to get it.")
    if (data := data_dir()) is None:
        faulty.append("EMOBOOK_DATA is not set: only what is part of the package can be here")
    elif not data.is_dir():
        faulty.append(f"EMOBOOK_DATA is {data}, which is no folder")
    for line in faulty:
        print(f"emobook: {line}", file=sys.stderr)
    return 0


def _show(options) -> int:
    from emobook import datasets
    from emobook.datasets.lists import one_of
    from emobook.datasets.tables import TABLES
    from emobook.datasets.verify import present

    one_of("data set", options.name, (*datasets.names(), *TABLES))
    name = options.name
    info = TABLES[name][0] if name in TABLES else datasets.info(name)
    printed = [("in print", info.expected_source, info.expected)]
    printed += [("also", source, numbers) for source, numbers in info.also_printed.items()]
    facts = [
        ("labels", info.labels),
        ("classes", ", ".join(info.classes or ())),
        ("rows" if name in TABLES else "images", f"{info.images:,}" if info.images else "any"),
        *((fact, _numbers(source, numbers)) for fact, source, numbers in printed),
        ("access", info.access),
        ("licence", info.licence),
        ("source", info.source),
        ("layout", info.layout),
        ("folder", "" if info.embedded else f"$EMOBOOK_DATA/{info.folder or info.name}"),
        ("may lack", info.partial),
        ("here", present(name)),
    ]
    print(f"{name}: {info.title}")
    for fact, text in facts:
        if text:
            _print(f"  {fact:<9} ", text)
    for fault in info.faults:
        _print("  - ", fault)
    return 0


def _numbers(source: str, numbers) -> str:
    each = ", ".join(f"{label} {number}" for label, number in numbers.items())
    return f"{source}: {each}" if each else source


def _print(head: str, text: str) -> None:
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 0)).columns)
    indent = " " * len(head)
    print(
        textwrap.fill(
            text,
            max(width, 40),
            initial_indent=head,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def _verify(options) -> int:
    from emobook.datasets.lists import DatasetError
    from emobook.datasets.verify import verify

    chosen = {}
    for text in options.option:
        name, equals, value = text.partition("=")
        if not equals:
            raise DatasetError(f"--option {text!r} has to be NAME=VALUE")
        words = {"yes": True, "true": True, "no": False, "false": False}
        chosen[name] = int(value) if value.isdecimal() else words.get(value.lower(), value)
    report = verify(options.name, root=options.root, complete=options.complete, **chosen)
    print(report.to_text())
    return 0 if report.ok else 1


def _manifest(options) -> int:
    from emobook.datasets import manifest

    folder = manifest.folder(options.name, options.root)
    if options.write:
        count = manifest.write(folder, options.write)
        print(f"{options.write} holds the hashes of {count:,} files of {folder}")
        return 0
    difference = manifest.check(folder, options.check)
    print(difference or f"{folder} is as {options.check} says")
    return 1 if difference else 0


def _extract(options) -> int:
    from emobook.datasets import extract

    limits = {
        "max_bytes": options.max_gb and round(options.max_gb * 1e9),
        "max_files": options.max_files,
        "max_ratio": options.max_ratio,
    }
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    names = extract(options.archive, options.folder, **limits)
    files = f"{len(names):,} files" if len(names) > 1 else "one file"
    print(f"{options.folder} holds the {files} of {options.archive}")
    return 0
