"""One sheet per data set, from its record: what it is, how to get it, its counts, its faults."""

import re

from emobook import datasets
from emobook.datasets.tables import TABLES
from emobook.results import recorded
from emobook.results.counts import SHEET


def datasheets() -> str:
    """The sheets of every set and table that the package reads, in Markdown, an overview first.

    Printed counts come from the records of the sets, found ones from the rows that a run with real
    data recorded; where nothing was recorded, the sheet says "not run".
    """
    infos = [datasets.info(name) for name in datasets.names()]
    infos = [info for info in infos if not info.embedded]
    tables = [info for info, _ in TABLES.values()]
    found = recorded("real")
    found = found[found["item"] == SHEET]
    parts = [_overview(infos), "## Sets of pictures\n", *(_sheet(info, found) for info in infos)]
    parts += ["## Tables\n", *(_sheet(info, found) for info in tables)]
    return "\n".join(parts)


def _overview(infos) -> str:
    lines = ["| set | pictures | what people said | access |", "|---|---:|---|---|"]
    for info in infos:
        name = f"[{info.name}](#sheet-{info.name.replace('_', '-')})"
        lines.append(_row(name, _number(info.images), _plain(info.labels), _plain(info.access)))
    return "\n".join(lines) + "\n"


def _sheet(info, found) -> str:
    facts = {
        "what it holds": info.labels,
        "access": info.access,
        "licence": info.licence,
        "source": info.source,
        "where to put it": f"{info.layout}, into $EMOBOOK_DATA/{info.folder or info.name}",
        "two classes": _two(info),
        "not every picture": info.partial,
    }
    cite = f" {{cite}}`{info.paper}`" if info.paper else ""
    title = info.title[0].upper() + info.title[1:]
    lines = [f"(sheet-{info.name.replace('_', '-')})=", f"### {title}", ""]
    lines += [f"`{info.name}`{cite}", ""]
    lines += [f"- **{name}**: {_plain(value)}" for name, value in facts.items() if value]
    if info.faults:
        lines += ["- **known faults**:", *(f"    - {_plain(fault)}" for fault in info.faults)]
    counts = _counts(info, found[found["dataset"] == info.name])
    return "\n".join([*lines, "", *counts, ""])


def _two(info) -> str:
    sides = [c for c in info.classes or () if c in info.positive]
    if not sides or tuple(info.classes) == ("negative", "positive"):
        return ""
    text = f"{', '.join(sides)} are positive"
    return f"{text}, {', '.join(info.neutral)} left out" if info.neutral else text


def _counts(info, found) -> list[str]:
    """A table of pictures per class: as printed, as printed elsewhere, and as found."""
    columns = dict(info.also_printed)
    if info.expected:
        columns = {info.expected_source: info.expected, **columns}
    columns = {source: {**part, "all": sum(part.values())} for source, part in columns.items()}
    for column, part in found.groupby("column"):
        here = dict(zip(part["row"], part["value"], strict=True))
        columns[f"counted: {column}"] = here
    if not columns:
        return []
    if found.empty:
        columns["counted"] = {}
    rows = dict.fromkeys((*(info.classes or ()), "all"))
    rows |= dict.fromkeys(row for part in columns.values() for row in part)
    rows = [row for row in rows if row != "all"] + ["all"]
    when = f" (counted on {found['date'].iloc[0]})" if len(found) else ""
    lines = [f":::{{dropdown}} Pictures per class, in print and counted{when}"]
    lines += [_row("pictures", *columns), "|---|" + "---:|" * len(columns)]
    for name in rows:
        cells = (_number(p.get(name), "–" if p else "not run") for p in columns.values())
        lines.append(_row(name, *cells))
    return [*lines, ":::"]


def _plain(text: str) -> str:
    """A record's text in Markdown: as it stands, with addresses as links."""
    parts = re.split(r"(https?://[^\s,;)]*[^\s,;).])", text)
    escaped = (re.sub(r"([\\`*_\[\]<>$#|])", r"\\\1", part) for part in parts[::2])
    links = [f"<{address}>" for address in parts[1::2]]
    return "".join(a + b for a, b in zip(escaped, [*links, ""], strict=True))


def _number(value, absent: str = "–") -> str:
    return absent if value is None else f"{int(value):,}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
