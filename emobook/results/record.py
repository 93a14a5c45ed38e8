"""What one session measured: predictions image by image, and the rows computed from them.

A session's record starts empty and is written as a whole, so nothing stale survives in its folder.
`emobook.results` is the public face of this module.
"""

import atexit
import csv
import io
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from emobook import _files, evaluate

KEY = ("paper", "item", "row", "column", "dataset", "metric")
NUMBERS = ("value", "low", "high", "n", "baseline", "ceiling")
COLUMNS = (*KEY, *NUMBERS, "note")
PREDICTION_COLUMNS = (
    "paper", "item", "row", "column", "dataset", "method", "metric",
    "split", "fold", "seed", "id", "group", "truth", "scores",
)  # fmt: skip
CLASS_METRICS = ("accuracy", "accuracy-2")
CORRELATIONS = ("pearson", "ccc")
METRICS = (*CLASS_METRICS, "mse", *CORRELATIONS)


@dataclass
class Part:
    """The predictions of one fold and seed, in the order of `ids`."""

    ids: np.ndarray  # (N,) str
    truth: np.ndarray  # (N,) float64: class index or rating
    scores: np.ndarray  # (N, C) float32, C = 1 for ratings
    group: np.ndarray | None  # (N,) str


@dataclass
class Cell:
    """One cell of a table: either predictions (`parts`) or a number that was given (`given`)."""

    method: str = ""
    split: str = ""
    parts: dict[tuple[int, int], Part] = field(default_factory=dict)  # by (seed, fold)
    truths: dict[str, float] = field(default_factory=dict)  # by image, to notice contradictions
    given: dict = field(default_factory=dict)
    row: dict | None = None  # computed when first needed

    def per_image(self, metric: str):
        """(ids (N,), values (N, R), truth (N,), groups (N,) or None), one column per run.

        The k-th prediction of an image, in the order of seed and fold, belongs to run k; NaN
        where an image has fewer predictions than others. Values are correctness (0 or 1), squared
        error, or for correlations the prediction itself.
        """
        parts = [self.parts[key] for key in sorted(self.parts)]
        every = np.concatenate([p.ids for p in parts])
        values = np.concatenate([image_values(metric, p.truth, p.scores) for p in parts])
        ids, first, where = np.unique(every, return_index=True, return_inverse=True)
        run = pd.Series(where).groupby(where).cumcount().to_numpy()
        matrix = np.full((len(ids), run.max() + 1), np.nan)
        matrix[where, run] = values
        truth = np.concatenate([p.truth for p in parts])[first]
        grouped = parts[0].group is not None
        groups = np.concatenate([p.group for p in parts])[first] if grouped else None
        return ids, matrix, truth, groups

    def computed(self, metric: str) -> dict:
        """The row's numbers and note; see `emobook.results.record_predictions` for the rule."""
        if not self.parts:
            return self.given
        _, matrix, truth, groups = self.per_image(metric)
        per_run = matrix.mean(axis=0)  # NaN for a run that covers only some of the images
        if metric in CORRELATIONS:
            matrix = matrix[:, ~np.isnan(per_run)]
            interval = getattr(evaluate, f"{metric}_interval")(truth, matrix, groups)
            per_run = [getattr(evaluate, metric)(truth, run) for run in matrix.T]
        else:
            interval = evaluate.bootstrap_interval(np.nanmean(matrix, axis=1), groups)
        _, low, high = evaluate.over_runs(interval, per_run)
        if metric in CLASS_METRICS:
            low, high = max(low, 0.0), min(high, 1.0)
        row = {"value": interval.value, "low": low, "high": high, "n": len(truth)}
        row["baseline"] = baseline(metric, truth)
        row |= {name: value for name, value in self.given.items() if value not in (None, "")}
        if math.isnan(interval.value):
            row["note"] = "undefined: the predictions or the truth do not vary"
        return row


def image_values(metric: str, truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Per image: 1.0 or 0.0 for correct or not, the squared error, or the prediction itself."""
    if metric == "accuracy-2":
        truth = evaluate.polarity_labels(truth.astype(int))
        scores = evaluate.collapse_to_polarity(scores)  # sums of probabilities, negative first
    if metric in CLASS_METRICS:
        return (scores.argmax(axis=1) == truth).astype(float)
    prediction = scores[:, 0].astype(float)
    return (prediction - truth) ** 2 if metric == "mse" else prediction


def baseline(metric: str, truth: np.ndarray) -> float | None:
    """The share of the largest class, or the squared error of the mean; none for correlations."""
    if metric in CORRELATIONS:
        return None
    if metric == "mse":
        return evaluate.mean_baseline(truth)
    labels = truth.astype(int)
    return evaluate.majority_baseline(
        evaluate.polarity_labels(labels) if metric == "accuracy-2" else labels
    )


def format_number(value) -> str:
    """Six significant digits, all of them for whole numbers; empty for None and NaN."""
    if value is None or math.isnan(value):
        return ""
    return format(float(value), ".0f" if float(value).is_integer() else ".6g")


def parse_rows(file) -> pd.DataFrame:
    """Rows of an open rows.csv, with text, float64 and (for n) Int64 columns."""
    frame = pd.read_csv(file, dtype=str, keep_default_na=False)
    if list(frame.columns) != list(COLUMNS):
        name = getattr(file, "name", "rows.csv")
        raise ValueError(f"{name} must have the columns {', '.join(COLUMNS)}")
    for name in NUMBERS:
        frame[name] = pd.to_numeric(frame[name].replace("", None)).astype("float64")
    return frame.astype({"n": "Int64"})


class Record:
    """The predictions and rows of one session, and the folder that they go to."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.cells: dict[tuple[str, ...], Cell] = {}  # by the values of KEY
        self.written = True
        self.process = os.getpid()

    def add_part(self, key, method, split, run, part: Part, given: dict) -> None:
        """Put one fold and seed into a cell; the same fold and seed again replaces."""
        cell = self.cells.get(key)
        if cell is None or not cell.parts:
            cell = Cell(method, split)
        where = f"item {key[1]!r}, row {key[2]!r}, column {key[3]!r}, dataset {key[4]!r}"
        if (cell.method, cell.split) != (method, split):
            raise ValueError(
                f"{where} already holds {cell.method!r} on split {cell.split!r}: give {method!r} "
                f"on split {split!r} another row or column, or start over with results.forget()"
            )
        old = cell.parts.get(run)
        if old is not None and not np.isin(part.ids, old.ids).any():
            raise ValueError(
                f"{where} already holds other images for fold={run[1]}, seed={run[0]}: pass the "
                "number of this fold or seed, or start over with results.forget()"
            )
        truths = dict(zip(part.ids.tolist(), part.truth.tolist(), strict=True))
        odd = [i for i, value in truths.items() if cell.truths.get(i, value) != value]
        if odd and old is not None:  # this cell of the notebook runs again, on new labels
            cell = Cell(method, split)
        elif odd:
            raise ValueError(
                f"ids must name one image each, but {odd[0]!r} comes with two different truths: "
                "put what tells the images apart (such as a seed) into the id"
            )
        others = [p for other, p in cell.parts.items() if other != run]
        if any((p.group is None) != (part.group is None) for p in others):
            raise ValueError(f"group must be given for all folds and seeds of {where}, or for none")
        given = {name: value for name, value in given.items() if value not in (None, "")}
        self.cells[key] = Cell(
            method, split, {**cell.parts, run: part}, cell.truths | truths, cell.given | given
        )
        self.written = False

    def set_row(self, key, given: dict) -> None:
        """Put a number that is no prediction into a cell, in place of what was there."""
        self.cells[key] = Cell(given=given)
        self.written = False

    def rows_csv(self) -> str:
        """The text of rows.csv: sorted by key, six digits, no timestamps."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for key in sorted(self.cells):
            cell = self.cells[key]
            if cell.row is None:
                cell.row = cell.computed(key[5])
            numbers = [format_number(cell.row.get(name)) for name in NUMBERS]
            writer.writerow([*key, *numbers, cell.row.get("note", "")])
        return out.getvalue()

    def frame(self) -> pd.DataFrame:
        """The rows as a reader of rows.csv gets them."""
        return parse_rows(io.StringIO(self.rows_csv()))

    def table(self) -> pa.Table | None:
        """All predictions, sorted; None where there are none."""
        parts = [
            (dict(zip(KEY, key, strict=True)), cell, run, cell.parts[run])
            for key, cell in sorted(self.cells.items())
            for run in sorted(cell.parts)
        ]
        if not parts:
            return None
        sizes = [len(p.ids) for *_, p in parts]

        def text(values: Sequence[str]) -> pa.Array:
            names, codes = np.unique(np.asarray(values, dtype=object), return_inverse=True)
            codes = pa.array(np.repeat(codes, sizes), pa.int32())
            return pa.DictionaryArray.from_arrays(codes, pa.array(names, pa.string())).cast(
                pa.string()
            )

        columns = {name: text([key[name] for key, *_ in parts]) for name in KEY}
        columns["method"] = text([cell.method for _, cell, *_ in parts])
        columns["split"] = text([cell.split for _, cell, *_ in parts])
        columns["fold"] = pa.array(np.repeat([run[1] for *_, run, _ in parts], sizes), pa.int64())
        columns["seed"] = pa.array(np.repeat([run[0] for *_, run, _ in parts], sizes), pa.int64())
        columns["id"] = pa.array(np.concatenate([p.ids for *_, p in parts]), pa.string())
        groups = [np.full(len(p.ids), None) if p.group is None else p.group for *_, p in parts]
        columns["group"] = pa.array(np.concatenate(groups).tolist(), pa.string())
        columns["truth"] = pa.array(np.concatenate([p.truth for *_, p in parts]), pa.float64())
        widths = np.concatenate([np.full(len(p.ids), p.scores.shape[1]) for *_, p in parts])
        columns["scores"] = pa.ListArray.from_arrays(
            pa.array(np.concatenate([[0], np.cumsum(widths)]), pa.int32()),
            pa.array(np.concatenate([p.scores.ravel() for *_, p in parts]), pa.float32()),
        )
        return pa.table({name: columns[name] for name in PREDICTION_COLUMNS})

    def flush(self) -> None:
        """Write both files if anything changed since the last time."""
        if self.written or os.getpid() != self.process:
            return
        text, table = self.rows_csv(), self.table()
        with _files.atomic_path(self.folder / "predictions.parquet") as path:
            if table is not None:
                # The schema of Arrow stays out: it would tie the bytes to more than the content.
                pq.write_table(table, path, compression="zstd", store_schema=False)
            else:
                pq.write_table(empty_predictions(), path, store_schema=False)
        _files.write_atomic(self.folder / "rows.csv", text)
        self.written = True


def empty_predictions() -> pa.Table:
    """A table of predictions without a line."""
    kinds = {"fold": pa.int64(), "seed": pa.int64(), "truth": pa.float64()}
    kinds["scores"] = pa.list_(pa.float32())
    return pa.schema([(c, kinds.get(c, pa.string())) for c in PREDICTION_COLUMNS]).empty_table()


_records: dict[Path, Record] = {}


def out_dir() -> Path:
    """Where this session's results go: `$EMOBOOK_OUT`, else `_build/results/interactive`."""
    if os.environ.get("EMOBOOK_OUT"):
        return Path(os.environ["EMOBOOK_OUT"]).resolve()
    return _files.root_dir() / "_build" / "results" / "interactive"


def current() -> Record:
    """The record of this session; it is written after each cell of a notebook, and at the end."""
    folder = out_dir()
    if folder not in _records:
        record = _records[folder] = Record(folder)
        atexit.register(record.flush)
        if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
            shell.events.register("post_run_cell", lambda result: record.flush())
    return _records[folder]
