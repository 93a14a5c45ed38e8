"""The table that sets print beside measurement: `emobook.results.compare`."""

import math
from html import escape
from string import ascii_lowercase

import pandas as pd

from emobook.results import stored
from emobook.results.tables import Table, table_html

NOT_RUN = "not run"
NOT_PRINTED = "not in the paper"
DECIMALS = {
    "images": 0,
    "share": 3,
    "bits": 3,
    "gain": 3,
    "rank": 0,
    "mse": 2,
    "pearson": 2,
    "ccc": 2,
}
SHORT = {"mse": "MSE", "pearson": "r", "ccc": "CCC"}
ORDER = ("now", *stored.RECORDED)
ALIKE = 3  # cells of a table that share a note, from which on it stands below the table


def compare(
    paper: str,
    item: str,
    profile: str | None = None,
    columns=None,
    down: str | None = None,
    rows=None,
) -> Table:
    """Printed and corrected numbers of a paper's table or figure beside what was measured.

    Measured are the rows of `rows(profile)` and, as a record that is not rerun, those committed
    for the profiles real and full. Returns a DataFrame with one line per cell and data set: row,
    column, metric, unit, printed, corrected, erratum, source ("now" or the recorded profile),
    dataset, value, low, high, n, baseline, ceiling, note. Where the paper prints percent, measured
    shares are in percent as well. What nothing was measured for has the note "not run". In a
    notebook it shows as a table with a column per data set, or with `down` in the paper's form:
    "row" has the paper's rows below each other, "column" its columns, and each cell holds what is
    printed and below it what was measured. columns: only these of the item. rows: only those
    whose names begin with one of these.

    Raises ValueError for an unknown paper, and for an item that is neither printed nor measured.
    """
    printed = stored.reported(paper)
    printed = printed[printed["item"] == item].drop(columns=["paper", "item"])
    printed = printed.rename(columns={"note": "remark"})
    measured = stored.measured(profile)
    measured = measured[(measured["paper"] == paper) & (measured["item"] == item)]
    if printed.empty and measured.empty:
        known = stored.reported(paper)["item"].unique()
        raise ValueError(f"{paper} has no item {item!r}: it has {', '.join(known)}")
    if columns is not None:
        printed, measured = (part[part["column"].isin(columns)] for part in (printed, measured))
    if rows is not None:
        printed, measured = (
            part[part["row"].str.startswith(tuple(rows))] for part in (printed, measured)
        )
    cells = pd.merge(printed, measured, on=["row", "column"], how="outer", sort=False)
    # The paper's rows and columns in its order, what it does not have after them.
    ranks = [_rank(cells[name], printed[name]) for name in ("row", "column")]
    order = pd.concat(ranks, axis=1).sort_values(["row", "column"], kind="stable").index
    cells = cells.loc[order].reset_index(drop=True)
    cells["remark"] = cells["remark"].fillna(NOT_PRINTED)
    for name in ("erratum", "source", "dataset", "metric", "note", "date", "hardware"):
        cells[name] = cells[name].fillna("")
    cells.loc[cells["source"] == "", ["source", "note"]] = ["now", NOT_RUN]
    accuracy = cells["metric"].str.startswith("accuracy")
    cells["unit"] = cells["unit"].mask(cells["unit"].isna(), accuracy.map({True: "%", False: ""}))
    share = accuracy & (cells["unit"] == "%")
    for name in ("value", "low", "high", "baseline", "ceiling"):
        cells[name] = cells[name].astype(float) * share.map({True: 100, False: 1})
    shown = [
        "row", "column", "metric", "unit", "printed", "corrected", "erratum", "source",
        "dataset", "value", "low", "high", "n", "baseline", "ceiling", "note",
    ]  # fmt: skip
    table = Table(cells[shown])
    table.html = _html(cells, paper, item) if down is None else _form(cells, paper, item, down)
    return table


def _rank(values: pd.Series, known: pd.Series) -> pd.Series:
    """Position of each value among the known ones, then by first appearance."""
    names = [*known.unique(), *values.unique()]
    return values.map({name: i for i, name in reversed(list(enumerate(names)))})


def _html(cells: pd.DataFrame, paper: str, item: str) -> str:
    """One line per cell and metric, one measured column per source and data set. A set on which
    nothing was run for one reason is a sentence below instead."""
    measured = cells[cells["dataset"] != ""]
    absent = _absent(measured)
    measured = measured.loc[[key not in absent for key in _keys(measured)]]
    sources = list(dict.fromkeys(_keys(measured)))
    sources.sort(key=lambda s: (ORDER.index(s[0]), s[1]))
    ran = {source for source, _ in sources}
    if "now" not in ran:
        sources.insert(0, ("now", ""))
    if not ran - {"now"}:
        sources.append(("recorded", ""))
    in_print = bool((cells["remark"] != NOT_PRINTED).any())
    only = cells["column"].iloc[0] if cells["column"].nunique() == 1 else ""
    shared = {source: _shared(measured, *source) for source in sources}
    heads = [
        "row",
        *([] if only else ["column"]),
        *(["printed"] if in_print else []),
        *(_head(*source, shared[source]) for source in sources),
    ]
    numbers, letters = _numbers(cells), _letters(measured)
    lines = []
    for (row, column, metric), group in cells.groupby(["row", "column", "metric"], sort=False):
        found = {(c.source, c.dataset): c for c in group.itertuples()}
        plain = metric in ("", group["unit"].iloc[0]) or metric.startswith("accuracy")
        name = column if plain or metric in column else f"{column} ({metric})"
        texts = [_measured(found.get(s), shared[s], letters, len(heads) > 5) for s in sources]
        texts = [_printed(group.iloc[0], cells, numbers), *texts] if in_print else texts
        lines.append([escape(row), *([] if only else [escape(name)]), *texts])
    title = f"{item} ({only})" if only else item
    caption = _caption(cells, paper, item, title) + "; 95 % intervals in brackets"
    caption += stored.recordings(measured)
    notes = _notes(numbers, letters)
    notes += [f"{escape(_head(*source, ''))}: {escape(note)}." for source, note in absent.items()]
    return table_html(caption, heads, lines, row_heads=1 if only else 2, notes=notes)


def _form(cells: pd.DataFrame, paper: str, item: str, down: str) -> str:
    """The table in the paper's form: what is printed, and below it what was measured."""
    across = {"row": "column", "column": "row"}[down]
    numbers, letters = _numbers(cells), _letters(cells[cells["dataset"] != ""])
    heads = list(dict.fromkeys(cells[across]))
    lines = []
    for name, line in cells.groupby(down, sort=False):
        found = {key: _stack(part, cells, numbers, letters) for key, part in line.groupby(across)}
        lines.append([escape(name), *(found.get(head, "") for head in heads)])
    caption = _caption(cells, paper, item, item) + "; measured numbers in small print"
    caption += stored.recordings(cells[cells["dataset"] != ""])
    return table_html(caption, ["", *heads], lines, row_heads=1, notes=_notes(numbers, letters))


def _stack(group: pd.DataFrame, cells: pd.DataFrame, numbers: dict, letters: dict) -> str:
    """One cell of the paper: its number, and a small line for each number that was measured."""
    first = group.iloc[0]
    texts = [] if first["remark"] == NOT_PRINTED else [_printed(first, cells, numbers)]
    for cell in group[group["value"].notna()].itertuples():
        alone = group.loc[group["source"] == cell.source, "dataset"].nunique() == 1
        name = cell.source if alone else f"{cell.source}, {cell.dataset}"
        if group["metric"].nunique() > 1:
            name += f", {SHORT.get(cell.metric, cell.metric)}"
        texts.append(f"<small>{escape(name)}: {_measured(cell, '', letters, False)}</small>")
    if group["value"].isna().all():
        texts.append(f"<small>{NOT_RUN}</small>")
    return "<br>".join(texts)


def _numbers(cells: pd.DataFrame) -> dict[str, int]:
    """The errata of the cells, numbered as their notes are."""
    return {e: i for i, e in enumerate((e for e in cells["erratum"].unique() if e), 1)}


def _keys(measured: pd.DataFrame) -> list[tuple[str, str]]:
    """Source and data set of each row."""
    return list(zip(measured["source"], measured["dataset"], strict=True))


def _absent(measured: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Source and data set → why nothing was run there, where that is the same for all its cells and
    another column has numbers."""
    if measured["value"].isna().all():
        return {}
    groups = measured.groupby(["source", "dataset"], sort=False)
    return {
        key: part["note"].iloc[0]
        for key, part in groups
        if part["value"].isna().all() and part["note"].nunique() == 1
    }


def _letters(measured: pd.DataFrame) -> dict[str, str]:
    """The notes that several cells have, lettered: they stand below the table, once."""
    counts = measured.loc[measured["note"] != "", "note"].value_counts(sort=False)
    return dict(zip(counts.index[counts >= ALIKE], ascii_lowercase, strict=False))


def _notes(numbers: dict[str, int], letters: dict[str, str]) -> list[str]:
    """What stands below a table: its errata by number, then its notes by letter."""
    known = stored.errata().set_index("id")
    return [
        *(
            f"<sup>{i}</sup> {escape(known.loc[e, 'place'])}, printed: "
            f"{escape(known.loc[e, 'printed'])}. Our reading: {escape(known.loc[e, 'reading'])}."
            for e, i in numbers.items()
        ),
        *(f"<sup>{a}</sup> {escape(n.rstrip('.'))}." for n, a in letters.items()),
    ]


def _caption(cells: pd.DataFrame, paper: str, item: str, title: str) -> str:
    if (cells["remark"] != NOT_PRINTED).any():
        caption = f"{stored.PAPERS[paper]}, {title}: printed and measured"
    elif item in set(stored.reported(paper)["item"]):
        caption = f"{stored.PAPERS[paper]}, {title}: measured; the paper prints no number"
    else:
        caption = f"{title}: measured, and in no paper"
    return caption + (", in percent" if (cells["unit"] == "%").any() else "")


def _shared(measured: pd.DataFrame, source: str, dataset: str) -> str:
    """What stands beside every number of a long column, for its head; "" where they differ."""
    column = measured[(measured["source"] == source) & (measured["dataset"] == dataset)]
    beside = {_beside(cell) for cell in column.itertuples()}
    return beside.pop() if len(column) > 3 and len(beside) == 1 else ""


def _head(source: str, dataset: str, shared: str) -> str:
    name = source if source in ("now", "recorded") else f"{source}, recorded"
    return ", ".join(filter(None, [f"{name}: {dataset}" if dataset else name, shared]))


def _printed(cell, cells: pd.DataFrame, numbers: dict[str, int]) -> str:
    """The printed number as in the paper, the corrected one, and a mark that leads to the note."""
    if math.isnan(cell.printed):
        text = escape(cell.remark)
    else:
        alike = cells.loc[cells["unit"] == cell.unit, "printed"].dropna()
        digits = max(len(f"{n:.6f}".rstrip("0").partition(".")[2]) for n in alike)
        text = f"{cell.printed:.{digits}f}"
        if not math.isnan(cell.corrected):
            text += f" → {cell.corrected:.6g}"
    return f"{text}<sup>{numbers[cell.erratum]}</sup>" if cell.erratum else text


def _shown(cell, number: float) -> str:
    if cell.unit == "%" and cell.metric.startswith("accuracy"):
        return f"{number:.1f}"
    decimals = DECIMALS.get(cell.metric, 0 if number == round(number) else None)
    return f"{number:.3g}" if decimals is None else f"{number:.{decimals}f}"


def _beside(cell) -> str:
    """The baseline and the ceiling of a cell, in words."""
    known = (("baseline", cell.baseline), ("ceiling", cell.ceiling))
    return ", ".join(f"{name} {_shown(cell, n)}" for name, n in known if not math.isnan(n))


def _measured(cell, shared: str, letters: dict[str, str], narrow: bool) -> str:
    """The number with its interval; below it what its column's head does not say already."""
    if cell is None:
        return NOT_RUN
    letter = f"<sup>{letters[cell.note]}</sup>" if cell.note in letters else ""
    if math.isnan(cell.value):
        return escape(cell.note.partition(":")[0]) + letter if letter else escape(cell.note)
    text = _shown(cell, cell.value) + letter
    if not math.isnan(cell.low):
        text += "<br>" if narrow else " "
        text += f"[{_shown(cell, cell.low)}, {_shown(cell, cell.high)}]"
    note = "" if letter else escape(cell.note)
    beside = ", ".join(filter(None, ["" if shared else _beside(cell), note]))
    return f"{text}<br><small>{beside}</small>" if beside else text
