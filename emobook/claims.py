"""Claims have verdicts: what the papers assert, how it is tested, and what came of it.

The claims are listed in `book/claims.yml`. A notebook that has recorded the predictions of both
sides calls `test`, which pairs them image by image and records the gain as a row (item "claim",
row = the claim's id, metric "gain"). The ledger is read from such rows alone, so that it can also
show runs whose predictions are not at hand.
"""

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from emobook import _files, evaluate, results
from emobook.results.tables import Table, table_html

LOWER_IS_BETTER = ("mse",)
PAIRED = (*results.CLASS_METRICS, *LOWER_IS_BETTER)
ITEM = "claim"
NOT_RUN = "not run"
SCALE = {"%": 100.0, "MSE": 1.0}  # from recorded gains to the unit of the printed ones
MARGIN = 0.5


@dataclass(frozen=True)
class Test:
    """Which recorded cells a claim sets against each other."""

    item: str
    column: str
    metric: str
    better: str  # the row that the claim says is better
    worse: tuple[str, ...]  # the row that it says is worse; with several, every one of them


@dataclass(frozen=True)
class Claim:
    """One line of `book/claims.yml`, whose head explains the fields."""

    id: str
    paper: str
    place: str
    text: str
    printed_gain: float | None
    unit: str
    margin: float
    erratum: str
    test: Test | None


class Result(NamedTuple):
    """The outcome of one claim on one data set; the gain is a fraction for accuracies."""

    id: str
    dataset: str
    gain: float
    low: float
    high: float
    n: int
    verdict: str


def verdict(
    low: float | None,
    high: float | None,
    printed_gain: float | None = None,
    *,
    margin: float = MARGIN,
    synthetic: bool = False,
) -> str:
    """What the 95 % interval of a gain says about a claim; low, high and printed in one unit.

    "supported": the interval lies above 0. "contradicted": it lies below 0, or its upper bound is
    below `margin` times the printed gain. "inconclusive" otherwise, "not run" where a bound is
    None or NaN. Simulated data support nothing about the world: there the first two read
    "mechanism works" and "mechanism fails". Raises ValueError for low above high.
    """
    if low is None or high is None or np.isnan(low) or np.isnan(high):
        return NOT_RUN
    if low > high:
        raise ValueError(f"low must not be above high, but {low:g} > {high:g}")
    if low > 0:
        return "mechanism works" if synthetic else "supported"
    if high < 0 or (printed_gain is not None and high < margin * printed_gain):
        return "mechanism fails" if synthetic else "contradicted"
    return "inconclusive"


def is_synthetic(dataset: str) -> bool:
    """Whether a data set's name says that it is simulated: "synthetic", "synthetic, uniform" …"""
    return dataset.startswith("synthetic")


def claims() -> dict[str, Claim]:
    """Every claim of `book/claims.yml` by id, in the order of the file.

    Raises ValueError that names the claim and the field where the file is malformed.
    """
    path = _files.root_dir() / "book" / "claims.yml"
    with open(path, encoding="utf-8") as file:
        try:
            lines = yaml.safe_load(file)
        except yaml.YAMLError as error:
            raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(lines, list):
        raise ValueError(f"{path} must hold a list of claims")
    found = {}
    for line in lines:
        claim = _claim(line, path.name)
        if claim.id in found:
            raise ValueError(
                f"{path.name} lists the claim {claim.id!r} twice: give each its own id"
            )
        found[claim.id] = claim
    return found


def _claim(line, source: str) -> Claim:
    where = f"{source}, claim {line.get('id') if isinstance(line, dict) else line!r}"
    line = _fields(
        line, where,
        required=("id", "paper", "place", "text", "printed_gain", "test"),
        optional={"unit": "%", "margin": MARGIN, "erratum": ""},
    )  # fmt: skip
    for name in ("id", "paper", "place", "text", "unit", "erratum"):
        if not isinstance(line[name], str):
            raise ValueError(f"{where}: {name} must be text")
    if line["paper"] not in results.PAPERS:
        raise ValueError(f"{where}: paper must be one of {', '.join(results.PAPERS)}")
    if line["unit"] not in SCALE:
        raise ValueError(f"{where}: unit must be one of {', '.join(SCALE)}")
    gain = line["printed_gain"]
    if gain is not None and (not isinstance(gain, int | float) or gain <= 0):
        raise ValueError(f"{where}: printed_gain must be a positive number, or null")
    if not isinstance(line["margin"], int | float) or not 0 < line["margin"] <= 1:
        raise ValueError(f"{where}: margin must lie in (0, 1]")
    if line["test"] is not None:
        line["test"] = _test(line["test"], f"{where}, test")
        if (line["test"].metric in LOWER_IS_BETTER) != (line["unit"] == "MSE"):
            raise ValueError(f"{where}: unit {line['unit']!r} does not fit the test's metric")
    return Claim(**line)


def _test(line, where: str) -> Test:
    line = _fields(line, where, required=("item", "column", "metric", "better", "worse"))
    worse = line["worse"] if isinstance(line["worse"], list) else [line["worse"]]
    line["worse"] = tuple(worse)
    if not worse or not all(isinstance(t, str) for t in (*worse, line["better"], line["item"])):
        raise ValueError(f"{where}: item, better and worse must be text, worse perhaps a list")
    if line["metric"] not in PAIRED:
        raise ValueError(f"{where}: metric must be one of {', '.join(PAIRED)}")
    return Test(**line)


def _fields(line, where: str, required: tuple, optional: dict | None = None) -> dict:
    optional = optional or {}
    if not isinstance(line, dict):
        raise ValueError(f"{where} must be fields with values")
    for name in required:
        if name not in line:
            raise ValueError(f"{where} lacks {name}")
    for name in line:
        if name not in (*required, *optional):
            raise ValueError(f"{where} has an unknown field {name}")
    return {**optional, **line}


def test(id: str, dataset: str, *, better=None, worse=None, column=None, note: str = "") -> Result:
    """Test a claim on what this session recorded for `dataset`, and record the gain as a row.

    The two rows of the claim are compared image by image: each image's mean over runs of one minus
    that of the other (errors the other way round, so that above 0 always speaks for the claim).
    The interval resamples images, or groups; with three or more runs, paired by number, the spread
    of the runs' gains joins it as in `results.record_predictions`. A claim against several rows
    holds only if it holds against each: the least gain and the least bounds count.

    better, worse (a row or a list of rows), column: instead of those in claims.yml, for a notebook
    that names its rows otherwise. note: what a reader of the verdict must know.
    Raises ValueError for an unknown or untestable claim, predictions that were not recorded, and
    sides that were recorded on different images.
    """
    known = claims()
    if id not in known:
        raise ValueError(f"there is no claim {id!r}: book/claims.yml lists {', '.join(known)}")
    claim = known[id]
    if claim.test is None:
        raise ValueError(f"claim {id!r} has no test yet: fill in `test` in book/claims.yml")
    worse = claim.test.worse if worse is None else (worse,) if isinstance(worse, str) else worse
    better, column = better or claim.test.better, column or claim.test.column
    cell = {"item": claim.test.item, "column": column, "dataset": dataset}
    cell |= {"metric": claim.test.metric, "paper": claim.paper}
    gains = [_gain(cell, better, other) for other in worse]
    gain, low, high = np.min([g[:3] for g in gains], axis=0).tolist()
    n = gains[0][3]
    bounds = [None if np.isnan(bound) else bound for bound in (low, high)]
    results.record_row(claim.paper, ITEM, id, "", dataset, "gain", gain, *bounds, n, note=note)
    return Result(id, dataset, gain, low, high, n, _verdict_of(claim, dataset, low, high))


def _gain(cell: dict, better: str, worse: str) -> tuple[float, float, float, int]:
    ids, a, groups = results.per_image(row=better, **cell)
    others, b, _ = results.per_image(row=worse, **cell)
    if not np.array_equal(ids, others):
        raise ValueError(
            f"{better!r} and {worse!r} must be recorded on the same images to be paired"
        )
    if cell["metric"] in LOWER_IS_BETTER:
        a, b = -a, -b
    interval = evaluate.paired_gain(np.nanmean(a, axis=1), np.nanmean(b, axis=1), groups)
    per_run = a.mean(axis=0) - b.mean(axis=0) if a.shape == b.shape else []
    return (*evaluate.over_runs(interval, per_run), len(ids))


def _verdict_of(claim: Claim, dataset: str, low: float, high: float) -> str:
    printed = None if claim.printed_gain is None else claim.printed_gain / SCALE[claim.unit]
    synthetic = is_synthetic(dataset)
    return verdict(low, high, printed, margin=claim.margin, synthetic=synthetic)


def ledger(profile: str | None = None, ids=None) -> Table:
    """Every claim, or those of `ids`, with its verdict on each data set that it was tested on.

    The verdicts come from the rows of `results.rows(profile)` and from those recorded for the
    profiles real and full. One line per claim, data set and source: id, paper, place, claim,
    printed_gain, unit, dataset, source ("now", or the recorded profile), gain, low, high (in the
    unit: percentage points, or squared rating steps), n, verdict, note. A claim that was tested
    nowhere has one line with the verdict "not run". In a notebook it shows as a table.
    """
    known = claims()
    if ids is not None:
        known = {name: known[name] for name in ids}
    tested = results.measured(profile)
    tested = tested[(tested["item"] == ITEM) & (tested["metric"] == "gain")]
    lines = []
    for claim in known.values():
        about = {
            "id": claim.id, "paper": claim.paper, "place": claim.place, "claim": claim.text,
            "printed_gain": claim.printed_gain, "unit": claim.unit,
        }  # fmt: skip
        rows = tested[tested["row"] == claim.id].to_dict("records")
        for row in rows:
            found = {name: row[name] for name in ("dataset", "source", "n", "note")}
            for name, recorded in (("gain", "value"), ("low", "low"), ("high", "high")):
                found[name] = row[recorded] * SCALE[claim.unit]
            found["verdict"] = _verdict_of(claim, row["dataset"], row["low"], row["high"])
            lines.append({**about, **found})
        if not rows:
            lines.append({**about, "dataset": "", "source": "", "verdict": NOT_RUN, "note": ""})
    columns = [
        "id", "paper", "place", "claim", "printed_gain", "unit", "dataset", "source",
        "gain", "low", "high", "n", "verdict", "note",
    ]  # fmt: skip
    table = Table(pd.DataFrame(lines).reindex(columns=columns))
    table["n"] = table["n"].astype("Int64")
    for name in ("printed_gain", "gain", "low", "high"):
        table[name] = table[name].astype("float64")
    table.html = _html(table, results.recordings(tested))
    return table


def _html(table: pd.DataFrame, recordings: str) -> str:
    """A line per claim and data set; only the claims themselves where none was tested."""
    tested = bool((table["verdict"] != NOT_RUN).any())
    lines = []
    for row in table.itertuples():
        unit = "points" if row.unit == "%" else row.unit
        printed = "none" if np.isnan(row.printed_gain) else f"{row.printed_gain:.2f} {unit}"
        place = f"{results.PAPERS[row.paper]}, {row.place} · printed gain: {printed} · {row.id}"
        line = [f"{escape(row.claim)}<br><small>{escape(place)}</small>"]
        if tested:
            where = row.dataset or "none"
            if row.source not in ("", "now"):
                where += f" ({row.source}, recorded)"
            note = f"<br><small>{escape(row.note)}</small>" if row.note else ""
            line += [escape(where) + note, _gain_in_words(row, unit), escape(row.verdict)]
        lines.append(line)
    if not tested:
        return table_html("Claims that were not tested", ["claim"], lines, row_heads=1)
    caption = f"Claims and verdicts; gains with 95 % intervals in brackets{recordings}"
    heads = ["claim", "data set", "measured gain", "verdict"]
    return table_html(caption, heads, lines, row_heads=1)


def _gain_in_words(row, unit: str) -> str:
    if np.isnan(row.gain):
        return NOT_RUN
    gain, low, high = (f"{round(value, 2) + 0:+.2f}" for value in (row.gain, row.low, row.high))
    return f"{gain} {unit}" if np.isnan(row.low) else f"{gain} {unit}<br>[{low}, {high}]"
