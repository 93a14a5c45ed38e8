"""Predictions in, rows out: the rule for values and intervals, the files, and the comparison."""

import io
import json
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from bs4 import BeautifulSoup
from scipy import stats

from emobook import evaluate, results
from emobook.emotions import MIKELS8

NAMES = "paper,item,row,column,dataset,metric,value,low,high,n,baseline,ceiling,note"
COLUMNS = NAMES.split(",")
CELL = {"paper": "rao2019", "item": "Table 2", "row": "AlexNet + L_cls", "column": "FI-8"}

DEFAULT = "default: {absolute: 0.01, interval: 0.25}\n"


@pytest.fixture(autouse=True)
def book(tmp_path, monkeypatch):
    """An empty book, whose session writes to out/."""
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path / "out"))
    for name in ("EMOBOOK_PROFILE", "EMOBOOK_READS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "tolerances.yml").write_text(DEFAULT)
    return tmp_path


def one_hot(guesses, n=8):
    return np.eye(n)[list(guesses)]


def record(guesses, truth, **options):
    options = {"ids": range(len(guesses)), **CELL, **options}
    scores = options.pop("scores", None)
    scores = one_hot(guesses) if scores is None else scores
    results.record_predictions("a method", "synthetic", truth=truth, scores=scores, **options)


def only_row():
    frame = results.rows()
    assert len(frame) == 1
    return frame.iloc[0]


# ---- the rule ----


def test_a_row_is_the_mean_over_images_of_their_means_over_runs():
    # Image 0 is right in both runs, 1 in one of two, 2 in none; 3 was predicted once, and right.
    record([0, 1, 5, 3], [0, 1, 2, 3], seed=0)
    record([0, 5, 5], [0, 1, 2], seed=1, ids=range(3))
    row = only_row()
    assert row.value == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert row.n == 4
    assert row.baseline == 0.25
    values = [1, 0.5, 0, 1]
    assert (row.low, row.high) == pytest.approx(evaluate.bootstrap_interval(values)[1:], abs=1e-6)


def test_folds_add_up_to_one_row():
    record([0, 1], [0, 2], fold=0, ids=["a", "b"])
    record([3, 4], [3, 4], fold=1, ids=["c", "d"])
    assert (only_row().value, only_row().n) == (0.75, 4)


def test_related_images_are_resampled_together():
    guesses, truth = np.repeat([0, 1, 0, 1, 0, 1], 10), np.zeros(60, int)
    record(guesses, truth, column="single")
    record(guesses, truth, column="grouped", group=np.repeat(list("abcdef"), 10))
    width = results.rows().set_index("column").eval("high - low")
    assert width["grouped"] > 2 * width["single"]


def test_three_seeds_widen_the_interval_by_students_t():
    rng = np.random.default_rng(0)
    truth = np.zeros(200, int)
    guesses = [(rng.random(200) < error).astype(int) for error in (0.2, 0.4, 0.6)]
    for seed, guess in enumerate(guesses):
        record(guess, truth, seed=seed)
    row = only_row()
    runs = [1 - guess.mean() for guess in guesses]
    value, low, high = evaluate.bootstrap_interval(1 - np.mean(guesses, axis=0))
    extra = stats.t.ppf(0.975, 2) * np.std(runs, ddof=1) / np.sqrt(3)
    assert row.value == pytest.approx(np.mean(runs)) == pytest.approx(value)
    assert row.low == pytest.approx(max(0, value - np.hypot(value - low, extra)), rel=1e-5)
    assert row.high == pytest.approx(min(1, value + np.hypot(high - value, extra)), rel=1e-5)


def test_two_classes_from_eight_probabilities_are_summed():
    scores = np.zeros((2, 8))
    scores[0, [MIKELS8.index(e) for e in ("fear", "awe", "amusement")]] = 0.4, 0.3, 0.3
    scores[1, MIKELS8.index("fear")] = 1
    record([], ["awe", "fear"], scores=scores, ids="ab", metric="accuracy-2")
    assert only_row().value == 1  # the largest single score of the first image is negative
    assert only_row().baseline == 0.5


def test_errors_and_correlations_of_ratings():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=50)
    guesses = [truth + rng.normal(size=50) for _ in range(2)]
    for seed, guess in enumerate(guesses):
        for metric in ("mse", "pearson"):
            record([], truth, scores=guess, ids=range(50), seed=seed, metric=metric)
    rows = results.rows().set_index("metric")
    squared = np.mean([(g - truth) ** 2 for g in guesses])
    r = np.mean([np.corrcoef(truth, g)[0, 1] for g in guesses])
    assert rows.value["mse"] == pytest.approx(squared, rel=1e-5)
    assert rows.value["pearson"] == pytest.approx(r, rel=1e-5)
    assert rows.baseline["mse"] == pytest.approx(truth.var(), rel=1e-5)
    assert np.isnan(rows.baseline["pearson"])
    assert (rows.low < rows.value).all()
    assert (rows.value < rows.high).all()


def test_a_correlation_without_spread_is_undefined_not_zero():
    record([], [1.0, 2.0, 3.0], scores=np.ones(3), ids=range(3), metric="pearson")
    assert np.isnan(only_row().value)
    assert only_row().note.startswith("undefined")


def test_given_baseline_ceiling_and_note_win():
    record([0, 1], [0, 1], baseline=0.4, ceiling=0.9, note="assumed p*")
    record([0, 1], [0, 1], seed=1)
    row = only_row()
    assert (row.baseline, row.ceiling, row.note) == (0.4, 0.9, "assumed p*")


# ---- recording again, and by mistake ----


def test_the_same_call_again_replaces():
    record([0, 0], [0, 1])
    record([0, 1], [0, 1])
    assert only_row().value == 1
    assert len(results.predictions()) == 2


def test_a_rerun_on_new_labels_starts_the_cell_over():
    for seed in range(3):
        record([0, 1], [0, 1], seed=seed)
    record([0, 1], [1, 1], seed=0)
    assert len(results.predictions()) == 2
    assert only_row().value == 0.5


def test_rows_and_predictions_of_a_cell_replace_each_other():
    results.record_row(*CELL.values(), "synthetic", "accuracy", None, note="not run: no weights")
    assert np.isnan(only_row().value)
    record([0, 1], [0, 1])
    assert only_row().value == 1
    assert only_row().note == ""
    results.record_row(*CELL.values(), "synthetic", "accuracy", 0.25, 0.2, 0.3, 12)
    assert only_row().value == 0.25
    assert results.predictions().empty


def test_forget_starts_over():
    record([0, 1], [0, 1])
    results.forget()
    assert results.rows().empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1, "truth": [1, 1]}, "'0' comes with two different truths"),
        ({"ids": ["c", "d"]}, "pass the number of this fold or seed"),
        ({"split": "val"}, "another row or column"),
        ({"seed": 1, "group": ["x", "y"]}, "group must be given for all"),
    ],
)
def test_contradictions_are_refused_and_change_nothing(change, message):
    record([0, 1], [0, 1])
    before = results.rows()
    with pytest.raises(ValueError, match=message):
        record([0, 1], **{"truth": [0, 1], **change})
    pd.testing.assert_frame_equal(results.rows(), before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "F1"}, "metric must be one of accuracy"),
        ({"ids": []}, "at least one image"),
        ({"ids": [1, 1]}, "ids must not repeat"),
        ({"ids": [1, 2, 3]}, "scores must be of shape"),
        ({"scores": np.zeros(2)}, "scores must be of shape"),
        ({"scores": np.full((2, 8), np.nan)}, "without NaN"),
        ({"truth": [0]}, "truth must be 2 finite values"),
        ({"truth": [0, 8]}, "truth must lie in 0..7"),
        ({"truth": [0, -1]}, "truth must lie in 0..7"),
        ({"truth": [0.0, 1.0]}, "class indices"),
        ({"truth": ["awe", "joy"]}, "'joy', which is not one of classes"),
        ({"classes": ["a", "b"]}, "classes must name the 8 columns"),
        ({"group": ["x"]}, "group must name 2 groups"),
        ({"scores": 3 * one_hot([0, 1]), "metric": "accuracy-2"}, "probabilities"),
        ({"row": "two\nlines"}, "row must be a text of one line"),
        ({"note": "two\nlines"}, "note must be a text of one line"),
        ({"split": None}, "split must be a text of one line"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"fold": None}, "fold must be a whole number"),
        ({"scores": [["x"] * 8] * 2}, "scores must be an array of numbers"),
        ({"classes": ["a"] * 8}, "each with its own name"),
        ({"baseline": float("nan")}, "baseline must be a finite number"),
        ({"metric": "mse", "scores": [1, 2], "truth": [1, np.inf]}, "truth must be 2 finite"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        record([0, 1], **{"truth": [0, 1], **change})
    assert results.rows().empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": None}, "not run"),
        ({"value": float("inf")}, "value must be a finite number"),
        ({"dataset": ""}, "dataset must name the data set"),
        ({"item": 2}, "item must be a text"),
        ({"n": 2.5}, "n must be a whole number"),
        ({"low": 0.6, "high": 0.4}, "low must not be above high"),
        ({"note": "two\nlines"}, "note must be a text of one line"),
    ],
)
def test_bad_rows_are_named(change, message):
    row = {**CELL, "dataset": "synthetic", "metric": "share", "value": 0.5, **change}
    with pytest.raises(ValueError, match=message):
        results.record_row(**row)


# ---- files ----


def test_files_have_the_agreed_columns_and_order(book):
    record([0, 1, 2], [0, 1, 1], column="b", group=["x", "x", "y"], seed=1)
    record([0, 1, 2], [0, 1, 1], column="a")
    results.record_row("", "own", "r", "c", "fi", "share", 1 / 3, note="said, with a comma")
    assert not (book / "out").exists()  # recording is cheap: nothing is written until flush
    results.flush()
    assert sorted(p.name for p in (book / "out").iterdir()) == ["predictions.parquet", "rows.csv"]
    lines = (book / "out" / "rows.csv").read_text().splitlines()
    assert lines[0].split(",") == COLUMNS
    assert lines[1] == ',own,r,c,fi,share,0.333333,,,,,,"said, with a comma"'
    assert lines[2].startswith("rao2019,Table 2,AlexNet + L_cls,a,synthetic,accuracy,0.666667,")
    table = pq.read_table(book / "out" / "predictions.parquet")
    names = "paper item row column dataset method metric split fold seed id group truth scores"
    assert table.column_names == names.split()
    frame = table.to_pandas()
    assert list(frame.column) == ["a"] * 3 + ["b"] * 3
    assert list(frame.group[3:]) == ["x", "x", "y"]
    assert frame.group[:3].isna().all()
    np.testing.assert_array_equal(np.stack(frame.scores)[:3], one_hot([0, 1, 2]))
    assert b"pandas" not in (book / "out" / "predictions.parquet").read_bytes()


def test_the_same_predictions_give_the_same_bytes_in_any_order(book):
    def run(order):
        results.forget()
        rng = np.random.default_rng(0)
        scores = rng.random((3, 40, 8))
        truth = rng.integers(0, 8, 40)
        for seed in order:
            record([], truth, scores=scores[seed], ids=range(40), seed=seed)
        results.flush()
        return [(book / "out" / name).read_bytes() for name in ("predictions.parquet", "rows.csv")]

    assert run([0, 1, 2]) == run([2, 0, 1])


SCRIPT = """
import os, pathlib
from IPython.core.interactiveshell import InteractiveShell
from emobook import results
def one(name):
    results.record_row("", "own", name, "", "synthetic", "share", 0.5)
shell = InteractiveShell.instance(user_ns={"one": one})
shell.run_cell("one('in a cell')")
print(pathlib.Path(os.environ["EMOBOOK_OUT"], "rows.csv").read_text().count("own"))
one("after it")
"""


def test_the_record_is_written_after_each_cell_and_at_the_end(book):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[-1] == "1"
    assert list(pd.read_csv(book / "out" / "rows.csv").row) == ["after it", "in a cell"]


# ---- reading ----


HEAD = NAMES + "\n"


def put(folder, *lines, **provenance):
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    if provenance:
        (folder / "provenance.json").write_text(json.dumps(provenance))


def test_rows_of_a_run_with_the_sessions_own_above_them(book):
    put(
        book / "_build/results/mini/10_a",
        "p,i,r,c,fi,accuracy,0.5,,,9,,,old",
        "p,i,s,c,fi,mse,1,,,9,,,",
    )
    put(book / "_build/results/mini/20_b", "p,h,r,c,fi,accuracy,0.6,,,9,,,")
    put(book / "_build/results/mini/.half", "p,h,x,c,fi,accuracy,0.6,,,9,,,")
    put(book / "_build/results/real/10_a", "p,i,r,c,fi,accuracy,0.9,,,9,,,")
    results.record_row("p", "i", "r", "c", "fi", "accuracy", 0.7)
    frame = results.rows("mini")
    assert list(frame.columns) == COLUMNS
    assert list(zip(frame["item"], frame.row, frame.value, strict=True)) == [
        ("h", "r", 0.6), ("i", "r", 0.7), ("i", "s", 1.0),
    ]  # fmt: skip
    assert list(results.rows("real").value) == [0.9]  # this session is not of that profile


def test_a_running_notebook_sees_only_what_it_declared(book, monkeypatch):
    put(book / "_build/results/mini/10_a", "p,i,r,c,fi,accuracy,0.5,,,9,,,")
    put(book / "_build/results/mini/20_b", "p,h,r,c,fi,accuracy,0.6,,,9,,,")
    monkeypatch.setenv("EMOBOOK_READS", "10_a 15_absent")
    assert list(results.rows()["item"]) == ["i"]
    monkeypatch.setenv("EMOBOOK_READS", "")
    assert results.rows().empty


def test_a_record_says_when_and_on_what(book):
    assert results.recorded("real").empty
    about = {"started": "2026-01-31T10:00:00+00:00", "hardware": {"cpu": "x86-64", "cores": 2}}
    put(book / "results/real/10_a", "p,i,r,c,fi,accuracy,0.5,,,9,,,", **about)
    row = results.recorded("real").iloc[0]
    assert (row.notebook, row.date) == ("10_a", "2026-01-31")
    assert row.hardware == "x86-64, 2 cores"


def test_predictions_of_a_notebook(book):
    record([0, 1], [0, 1])
    results.flush()
    (book / "_build/results/mini").mkdir(parents=True)
    (book / "out").rename(book / "_build/results/mini/10_a")
    frame = results.predictions("mini", "10_a")
    pd.testing.assert_frame_equal(frame, results.predictions())
    with pytest.raises(ValueError, match="emobook run --profile mini 20_b"):
        results.predictions("mini", "20_b")


@pytest.mark.parametrize("profile", ["../x", "a/b", 3])
def test_a_profile_is_a_name(profile):
    with pytest.raises(ValueError, match="profile must be a name"):
        results.rows(profile)


def test_a_foreign_rows_file_is_named(book):
    (book / "_build/results/mini/10_a").mkdir(parents=True)
    (book / "_build/results/mini/10_a/rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"rows\.csv must have the columns"):
        results.rows("mini")


# ---- compare ----


class Tags(HTMLParser):
    """Start tags with attributes, the text of headers, and rows as lists of texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.heads = [], [], []
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def lines_of(table):
    """(row, column) → the other cells; a row that shares its first cell lacks it in the HTML."""
    page, first, lines = Tags(table._repr_html_()), "", {}
    for row in page.rows[1:]:
        if len(row) == len(page.rows[0]):
            first, *row = row
        lines[first, row[0]] = row[1:]
    return lines


def test_compare_sets_print_beside_measurement_in_percent():
    for guesses, column in (([0, 1, 2, 0], "FI-8"), ([0, 1, 2, 3], "FI-2")):
        record(guesses, [0, 1, 2, 3], column=column, ceiling=0.9)
    table = results.compare("rao2019", "Table 2")
    cell = table[(table.row == "AlexNet + L_cls") & (table.column == "FI-8")].iloc[0]
    assert (cell.printed, cell.value, cell.baseline, cell.ceiling) == (58.61, 75, 25, 90)
    assert (cell.source, cell.dataset, cell.n) == ("now", "synthetic", 4)
    other = table[table.row == "Ours + L_multi"]
    assert set(other.note) == {"not run"}
    assert other.value.isna().all()
    shown = lines_of(table)
    assert len(shown) == 18
    printed, now, recorded = shown["AlexNet + L_cls", "FI-8"]
    assert printed == "58.61"
    assert now.startswith("75.0 [")
    assert now.endswith("baseline 25.0, ceiling 90.0")
    assert recorded == "not run"
    assert shown["Ours + L_multi", "FI-2"] == ["87.51", "not run", "not run"]


def test_compare_shows_corrections_with_their_reason():
    table = results.compare("rao2019", "Table 1")
    assert lines_of(table)["object regions only", "FI-2"][0] == "88.44 → 68.441"
    assert "Our reading: 68.44 is probable" in table._repr_html_()
    kim = lines_of(results.compare("kim2018", "Table I"))
    assert kim["H3", "1000 → 5001"] == ["not run", "not run"]  # one column, which the title names
    assert lines_of(results.compare("kim2018", "Table II"))["Valence training A", "g1"][0] == "1.37"


def test_compare_follows_the_paper_and_adds_own_rows_after():
    for row in ("B, ours", "Ours + L_cls", "A, ours"):
        for column in ("FI-2", "FI-8"):
            record([0, 1], [0, 1], row=row, column=column)
    keys = list(lines_of(results.compare("rao2019", "Table 2")))
    assert keys[:2] == [("AlexNet + L_cls", "FI-8"), ("AlexNet + L_cls", "FI-2")]
    assert keys[-4:] == [(r, c) for r in ("A, ours", "B, ours") for c in ("FI-8", "FI-2")]
    last = lines_of(results.compare("rao2019", "Table 2"))["B, ours", "FI-8"]
    assert last[0] == "not in the paper"
    assert last[1].startswith("100.0")


def test_compare_of_our_own_numbers_has_no_column_for_print():
    results.record_row("rao2019", "voters", "agree", "share", "synthetic", "share", 0.5, 0.4, 0.6)
    found = results.compare("rao2019", "voters")
    assert (
        ">printed<" not in found.html and "voters (share): measured, and in no paper" in found.html
    )
    assert "0.500 [0.400, 0.600]" in found.html


def test_compare_of_some_columns():
    found = results.compare("you2016", "Table 3", columns=["accuracy"])
    assert set(found["column"]) == {"accuracy"} and len(found) == 3


def test_compare_of_rows_that_begin_with_a_name():
    for row in ("Fine-tuned-CNN, mine", "another"):
        results.record_row("you2016", "Table 3", row, "accuracy", "fi", "accuracy", 0.5)
    found = results.compare("you2016", "Table 3", columns=["accuracy"], rows=["Fine-tuned-CNN"])
    assert list(found["row"]) == ["Fine-tuned-CNN", "Fine-tuned-CNN, mine"]


def test_compare_marks_the_record_as_recorded(book, monkeypatch):
    cell = "rao2019,Table 2,Ours + L_cls,FI-8,fi,accuracy,0.543,0.49,0.6,374,,,"
    put(book / "results/real/40_x", cell, started="2026-01-31T10:00", hardware="2 cores")
    put(book / "results/full/40_x", "rao2019,Table 3,Ours,FI-8,fi,accuracy,0.7,,,374,,,")
    table = results.compare("rao2019", "Table 2")
    html = table._repr_html_()
    assert "real: recorded, not rerun (2026-01-31 on 2 cores)" in html
    assert Tags(html).rows[0] == ["row", "column", "printed", "now", "real, recorded: fi"]
    assert lines_of(table)["Ours + L_cls", "FI-8"] == ["73.05", "not run", "54.3 [49.0, 60.0]"]
    monkeypatch.setenv("EMOBOOK_PROFILE", "real")  # measured anew: the record steps aside
    assert "not rerun" not in results.compare("rao2019", "Table 2")._repr_html_()


def test_compare_has_a_column_per_data_set_and_other_metrics_apart():
    for dataset in ("synthetic", "fi"):
        results.record_row(*CELL.values(), dataset, "accuracy", 0.5)
    results.record_row("rao2019", "Table 2", "AlexNet + L_cls", "FI-8", "fi", "recall of awe", 0.25)
    table = results.compare("rao2019", "Table 2")
    heads = Tags(table._repr_html_()).rows[0]
    assert heads[3:] == ["now: fi", "now: synthetic", "recorded"]
    shown = lines_of(table)
    assert shown["AlexNet + L_cls", "FI-8"][1:] == ["50.0", "50.0", "not run"]
    assert shown["AlexNet + L_cls", "FI-8 (recall of awe)"][1:] == ["0.25", "not run", "not run"]


def test_compare_says_why_something_was_not_run():
    results.record_row(*CELL.values(), "synthetic", "accuracy", None, note="not run: <no> weights")
    table = results.compare("rao2019", "Table 2")
    assert lines_of(table)["AlexNet + L_cls", "FI-8"][1] == "not run: <no> weights"
    assert "<no>" not in table._repr_html_()


def test_compare_says_once_below_the_table_what_several_cells_have_to_say():
    cell, absent = CELL | {"column": "FI-8"}, "not run: <no> weights"
    rows = ["AlexNet + L_cls", "ResNet101 + L_cls", "Ours + L_cls"]
    for row in rows:
        given = {**cell, "row": row}.values()
        results.record_row(
            *given, "synthetic", "accuracy", 0.5, baseline=0.1, note="trunk <frozen>"
        )
        results.record_row(*given, "artphoto", "accuracy", None, note=absent)
    results.record_row(*cell.values(), "fi", "accuracy", 0.5, note="alone")
    results.record_row(*{**cell, "column": "FI-2"}.values(), "artphoto", "accuracy", 0.5)
    table = results.compare("rao2019", "Table 2")
    shown = lines_of(table)
    assert [shown[row, "FI-8"][1] for row in rows] == ["not runa"] * 3
    assert [shown[row, "FI-8"][3] for row in rows] == ["50.0bbaseline 10.0"] * 3
    assert shown[rows[0], "FI-8"][2] == "50.0alone"
    assert table.html.count("trunk &lt;frozen&gt;") == table.html.count("&lt;no&gt; weights") == 1
    assert "<li><sup>b</sup> trunk &lt;frozen&gt;.</li>" in table.html


def test_compare_says_in_a_sentence_that_nothing_was_run_on_a_set():
    others = {**CELL, "row": "ResNet101 + L_cls"}
    for cell in (CELL, others):
        results.record_row(*cell.values(), "artphoto", "accuracy", None, note="not run: <absent>")
    assert "now: artphoto" in Tags(results.compare("rao2019", "Table 2").html).rows[0]
    results.record_row(*CELL.values(), "synthetic", "accuracy", 0.5)
    table = results.compare("rao2019", "Table 2")
    assert Tags(table.html).rows[0] == ["row", "column", "printed", "now: synthetic", "recorded"]
    assert "<li>now: artphoto: not run: &lt;absent&gt;.</li>" in table.html
    assert (table["dataset"] == "artphoto").sum() == 2  # the frame has all of them
    results.record_row(*others.values(), "artphoto", "accuracy", None, note="not run: no weights")
    assert "now: artphoto" in Tags(results.compare("rao2019", "Table 2").html).rows[0]


def test_compare_in_the_papers_form_names_metrics_and_says_notes_once():
    for metric, value in (("mse", 0.5), ("pearson", 0.4), ("ccc", 0.3)):
        cell = "kim2018", "Methods", "ridge", "Valence", "synthetic", metric
        results.record_row(*cell, value, note="a <note>")
    html = results.compare("kim2018", "Methods", down="row").html
    for name, value in (("MSE", "0.50"), ("r", "0.40"), ("CCC", "0.30")):
        assert f"now, {name}: {value}<sup>a</sup>" in html
    assert html.count("a &lt;note&gt;") == 1


def test_pictures_can_be_compared_too():
    results.record_row("rao2019", "Figure 8", "λ = 0.4", "FI-8", "synthetic", "accuracy", 0.5)
    shown = lines_of(results.compare("rao2019", "Figure 8"))
    assert shown["λ = 0.4", "FI-8"] == ["not in the paper", "50.0", "not run"]


def test_the_table_is_accessible_and_takes_the_pages_colours():
    record([0, 1], [0, 1])
    table = results.compare("rao2019", "Table 2")
    assert isinstance(table, pd.DataFrame)
    page = Tags(table._repr_html_())
    names = [name for name, _ in page.tags]
    assert names.count("caption") == 1
    assert all(a.get("scope") in ("row", "col") for name, a in page.tags if name == "th")
    assert all(text.strip() for row in page.rows for text in row)
    assert not any({"style", "bgcolor", "color"} & a.keys() for _, a in page.tags)
    assert "style" not in names


@pytest.mark.parametrize(
    ("paper", "item", "message"),
    [("rao2019", "Table 9", "it has Table 1, Table 2"), ("rao", "Table 1", "paper must be one of")],
)
def test_compare_names_what_there_is(paper, item, message):
    with pytest.raises(ValueError, match=message):
        results.compare(paper, item)


# ---- check ----


LINE = "p,i,r,c,fi,accuracy,{value},{low},{high},{n},0.3,,{note}"


def line(value=0.5, low=0.45, high=0.55, n=100, note=""):
    return LINE.format(value=value, low=low, high=high, n=n, note=note)


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (line(), []),
        (line(value=0.52), []),  # a quarter of the interval's width is 0.025
        (line(value=0.53), ["value was 0.5 and is 0.53, 0.025 is allowed"]),
        (line(high=0.6), ["high was 0.55 and is 0.6, 0.025 is allowed"]),
        (line(value=""), ["value was 0.5 and is empty"]),
        (line(n=101), ["n was 100 and is 101"]),
        (line(note="x"), ["note was '' and is 'x'"]),
    ],
)
def test_check_compares_with_tolerance(book, run, found):
    put(book / "results/mini/10_a", line())
    put(book / "_build/results/mini/10_a", run)
    cell = "10_a: p · i · r · c · fi · accuracy"
    assert results.check("mini") == [f"{cell}: {text}" for text in found]


def test_check_without_an_interval_allows_the_absolute_step(book):
    put(book / "results/mini/10_a", line(low="", high=""))
    put(book / "_build/results/mini/10_a", line(value=0.52, low="", high=""))
    assert "0.01 is allowed" in results.check("mini")[0]
    (book / "results/tolerances.yml").write_text(
        DEFAULT + "rows: [{match: {notebook: 10_a, metric: accuracy}, absolute: 0.05}]"
    )
    assert results.check("mini") == []


def test_what_was_kept_agrees_with_its_run(book):
    put(book / "_build/results/real/10_a", line())
    about = {"started": "2026-01-31T10:00:00Z", "hardware": {"cores": 2}, "inputs": {"x": "y"}}
    (book / "_build/results/real/10_a/provenance.json").write_text(json.dumps(about))
    assert results.keep("real") == ["10_a"]
    assert results.check("real") == []
    kept = results.recorded("real")
    assert kept[["date", "hardware", "value"]].to_numpy().tolist() == [
        ["2026-01-31", "2 cores", 0.5]
    ]
    assert "inputs" not in (book / "results/real/10_a/provenance.json").read_text()


def test_nothing_can_be_kept_of_a_profile_that_has_not_run(book):
    with pytest.raises(ValueError, match="emobook run --profile real"):
        results.keep("real")


def test_check_reports_what_is_missing_or_new(book):
    assert "nothing is recorded in results/mini" in results.check("mini")[0]
    put(book / "results/mini/10_a", line(), line().replace(",r,", ",gone,"))
    put(book / "results/mini/20_b", line())
    put(book / "_build/results/mini/10_a", line(), line().replace(",r,", ",new,"))
    put(book / "_build/results/mini/30_c", line())
    assert results.check("mini") == [
        "10_a: p · i · gone · c · fi · accuracy: recorded, but not in the run",
        "10_a: p · i · new · c · fi · accuracy: in the run, but not recorded",
        "20_b: recorded, but it has not run in profile mini",
        "30_c: it has run, but results/mini has no rows of it",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "default: 3", "default: {absolute: 0.1}", "default: {absolute: -1, interval: 0}", "x: 1",
     "default: {absolute: 0, interval: 0}\nrows: [{match: {colour: red}}]"],
)  # fmt: skip
def test_check_refuses_malformed_tolerances(book, text):
    (book / "results/tolerances.yml").write_text(text)
    with pytest.raises(ValueError, match="malformed"):
        results.check("mini")


def test_rows_read_back_as_they_were_written(book):
    record([0, 1, 2], [0, 1, 1])
    results.flush()
    written = pd.read_csv(io.StringIO((book / "out" / "rows.csv").read_text()))
    assert written.value[0] == results.rows().value[0]


def test_counts_in_the_millions_keep_every_digit(book):
    results.record_row("you2016", "Figure 2", "all", "posts", "synthetic", "images", 2_247_166)
    results.record_row("you2016", "Figure 2", "all", "share", "synthetic", "share", 1 / 3)
    results.flush()
    text = (book / "out" / "rows.csv").read_text()
    assert ",2247166," in text and ",0.333333," in text


def test_compare_in_the_papers_form(monkeypatch):
    monkeypatch.setenv("EMOBOOK_PROFILE", "mini")
    cell = ("you2016", "Table 1", "ArtPhoto", "Fear")
    results.record_row(*cell, "found here", "images", 114)
    results.record_row(*cell, "another list", "images", 113)
    results.record_row("you2016", "Table 1", "ArtPhoto", "Awe", "found here", "images", 102)
    table = BeautifulSoup(results.compare("you2016", "Table 1", down="column").html, "html.parser")
    assert table.thead.td.attrs == {} and table.thead.td.text == ""  # an empty cell heads nothing
    heads = [head.text for head in table.thead.find_all(["td", "th"])]
    assert heads == ["", "IAPS-Subset", "ArtPhoto", "Abstract Paintings", "In Total"]
    rows = {row.th.text: [td.text for td in row.find_all("td")] for row in table.tbody("tr")}
    assert [*rows] == [*(name.title() for name in MIKELS8), "Sum"]
    assert rows["Awe"][1] == "102now: 102" and rows["Amusement"][1] == "101not run"
    assert rows["Fear"][1] == "115now, another list: 113now, found here: 114"
    across = BeautifulSoup(results.compare("you2016", "Table 1", down="row").html, "html.parser")
    assert [row.th.text for row in across.tbody("tr")] == heads[1:]
