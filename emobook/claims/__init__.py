"""Claims have verdicts: what the papers assert, how it is tested, and what came of it.

The claims are listed in `book/claims.yml`. A notebook that has recorded the predictions of both
sides calls `test`, which pairs them image by image and records the gain as a row (item "claim",
row = the claim's id, metric "gain"). Where a claim compares no predictions but says something of
the data, the notebook measures it and calls `record`. The ledger is read from such rows alone, so
that it can also show runs whose predictions are not at hand.
"""

from html import escape
from typing import NamedTuple

import numpy as np
import pandas as pd

from emobook import results
from emobook.claims.listed import MARGIN, UNITS, Claim, Measure, Test, Unit, claims
from emobook.results.tables import Table, table_html

__all__ = [
    "UNITS",
    "Claim",
    "Measure",
    "Result",
    "Test",
    "claims",
    "is_synthetic",
    "ledger",
    "record",
    "test",
    "verdict",
]

ITEM = "claim"
NOT_RUN = "not run"


class Result(NamedTuple):
    """The outcome of one claim on one data set; the gain is a fraction for accuracies, shares."""

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
    claim = _testable(id)
    if isinstance(claim.test, Measure):
        raise ValueError(f"claim {id!r} is measured directly: call claims.record for it")
    worse = claim.test.worse if worse is None else (worse,) if isinstance(worse, str) else worse
    better, column = better or claim.test.better, column or claim.test.column
    cell = {"item": claim.test.item, "column": column, "dataset": dataset}
    cell |= {"metric": claim.test.metric, "paper": claim.paper}
    gains = [results.paired_gain(better, other, **cell) for other in worse]
    gain, low, high = np.min([g[:3] for g in gains], axis=0).tolist()
    return _recorded(claim, dataset, gain, low, high, gains[0][3], note)


def record(id: str, dataset: str, gain, low=None, high=None, n=None, note: str = "") -> Result:
    """Record a gain that was measured as the claim's `test: {measure: …}` says, above 0 for it.

    gain, low, high: the gain with its 95 % interval, shares as fractions; for an exact count of a
    whole list, which has no interval, all three are the same. n: images (or words, voters …) that
    were looked at. note: what a reader of the verdict must know. With gain None the claim was not
    run on that set, and the note says why: "not run: …".
    Raises ValueError for an unknown claim, one that pairs predictions, a gain without bounds or
    without n, and for what `results.record_row` refuses.
    """
    claim = _testable(id)
    if not isinstance(claim.test, Measure):
        raise ValueError(f"claim {id!r} pairs recorded predictions: call claims.test for it")
    if gain is not None and None in (low, high, n):
        raise ValueError(
            f"claim {id!r}: a gain needs low, high and n; for an exact count, low = high = gain"
        )
    return _recorded(claim, dataset, gain, low, high, n, note)


def _testable(id: str) -> Claim:
    known = claims()
    if id not in known:
        raise ValueError(f"there is no claim {id!r}: book/claims.yml lists {', '.join(known)}")
    if known[id].test is None:
        raise ValueError(f"claim {id!r} has no test yet: fill in `test` in book/claims.yml")
    return known[id]


def _recorded(claim: Claim, dataset: str, gain, low, high, n, note: str) -> Result:
    bounds = [None if bound is None or np.isnan(bound) else bound for bound in (low, high)]
    results.record_row(
        claim.paper, ITEM, claim.id, "", dataset, "gain", gain, *bounds, n, note=note
    )
    found = _verdict_of(claim, dataset, low, high)
    return Result(claim.id, dataset, gain, low, high, n, found)


def _verdict_of(claim: Claim, dataset: str, low: float, high: float) -> str:
    printed = None if claim.printed_gain is None else claim.printed_gain / UNITS[claim.unit].scale
    synthetic = is_synthetic(dataset)
    return verdict(low, high, printed, margin=claim.margin, synthetic=synthetic)


def ledger(profile: str | None = None, ids=None) -> Table:
    """Every claim, or those of `ids`, with its verdict on each data set that it was tested on.

    The verdicts come from the rows of `results.rows(profile)` and from those recorded for the
    profiles real and full. One line per claim, data set and source: id, paper, place, claim,
    printed_gain, unit, measure (in words; "" where predictions are paired), dataset, source ("now",
    or the recorded profile), gain, low, high (in the unit: percentage points, squared rating
    steps …), n, verdict, note. A claim that was tested nowhere has one line with the verdict
    "not run". In a notebook it shows as a table.
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
            "measure": claim.test.measure if isinstance(claim.test, Measure) else "",
        }  # fmt: skip
        rows = tested[tested["row"] == claim.id].to_dict("records")
        for row in rows:
            found = {name: row[name] for name in ("dataset", "source", "n", "note")}
            for name, recorded in (("gain", "value"), ("low", "low"), ("high", "high")):
                found[name] = row[recorded] * UNITS[claim.unit].scale
            found["verdict"] = _verdict_of(claim, row["dataset"], row["low"], row["high"])
            lines.append({**about, **found})
        if not rows:
            lines.append({**about, "dataset": "", "source": "", "verdict": NOT_RUN, "note": ""})
    columns = [
        "id", "paper", "place", "claim", "printed_gain", "unit", "measure", "dataset", "source",
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
        unit = UNITS[row.unit]
        printed = "none"
        if not np.isnan(row.printed_gain):
            printed = f"{row.printed_gain:.{unit.decimals}f} {unit.word}"
        place = f"{results.PAPERS[row.paper]}, {row.place} · printed gain: {printed} · {row.id}"
        if row.measure:
            place += f" · measured: {row.measure}"
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


def _gain_in_words(row, unit: Unit) -> str:
    if np.isnan(row.gain):
        return NOT_RUN
    digits = unit.decimals
    gain, low, high = (
        f"{round(value, digits) + 0:+.{digits}f}" for value in (row.gain, row.low, row.high)
    )
    exact = np.isnan(row.low) or row.low == row.high
    return f"{gain} {unit.word}" if exact else f"{gain} {unit.word}<br>[{low}, {high}]"
