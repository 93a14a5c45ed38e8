"""Verdicts, the paired tests behind them, and the list of claims itself."""

from pathlib import Path

import numpy as np
import pytest

from emobook import claims, evaluate, results

REPOSITORY = Path(__file__).parents[1]

ONE = """
- id: it-works
  paper: rao2019
  place: "Table 2"
  text: "B beats A."
  printed_gain: 2.0
  test: {item: "Table 2", column: "FI-8", metric: accuracy, better: "B", worse: "A"}
- id: beats-both
  paper: rao2019
  place: "Figure 8"
  text: "B beats A and C."
  printed_gain: null
  test: {item: "Table 2", column: "FI-8", metric: accuracy, better: "B", worse: ["A", "C"]}
- id: errs-less
  paper: kim2018
  place: "Table III"
  text: "B errs less than A."
  printed_gain: 0.5
  unit: MSE
  test: {item: "Table III", column: "Valence", metric: mse, better: "B", worse: "A"}
- id: later
  paper: you2016
  place: "Table 3"
  text: "<b>Not</b> yet."
  printed_gain: 26.2
  test: null
- id: is-large
  paper: you2016
  place: "Table 2"
  text: "Every emotion has more than 1000 images."
  printed_gain: 32
  unit: images
  test: {measure: "images of the rarest emotion, minus 1000"}
- id: differs
  paper: you2016
  place: "Table 2"
  text: "Acceptance differs."
  printed_gain: 40.9
  test: {measure: "highest minus lowest acceptance"}
"""


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path / "out"))
    for name in ("EMOBOOK_PROFILE", "EMOBOOK_READS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "claims.yml").write_text(ONE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def own_book(monkeypatch):
    monkeypatch.setenv("EMOBOOK_ROOT", str(REPOSITORY))


def record(row, correct, dataset="fi", seed=0, group=None, ids=None):
    """Predictions of two classes with the given hits (N,) of 0 and 1; the truth is class 1."""
    correct = np.asarray(correct)
    results.record_predictions(
        row, dataset, ids=range(len(correct)) if ids is None else ids, seed=seed, group=group,
        truth=np.ones(len(correct), int), scores=np.eye(2)[correct],
        paper="rao2019", item="Table 2", row=row, column="FI-8",
    )  # fmt: skip


def hits(share, n=400, seed=0):
    return (np.random.default_rng(seed).random(n) < share).astype(int)


# ---- verdicts ----


@pytest.mark.parametrize(
    ("low", "high", "printed", "expected"),
    [
        (0.1, 3.0, 2.0, "supported"),
        (0.1, 0.2, 2.0, "supported"),  # small, but certain to be above 0
        (-3.0, -0.1, None, "contradicted"),
        (-1.0, 0.9, 2.0, "contradicted"),  # below half of what is printed
        (-1.0, 1.0, 2.0, "inconclusive"),  # half of it is still possible
        (-1.0, 0.9, None, "inconclusive"),  # nothing printed to fall short of
        (0.0, 3.0, 2.0, "inconclusive"),  # 0 belongs to the interval
        (None, None, 2.0, "not run"),
        (float("nan"), 1.0, 2.0, "not run"),
    ],
)
def test_verdicts(low, high, printed, expected):
    assert claims.verdict(low, high, printed) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 2, "mechanism works"),
        (-2, -1, "mechanism fails"),
        (-1, 1.5, "inconclusive"),
        (None, None, "not run"),
    ],
)
def test_simulated_data_only_show_mechanisms(low, high, expected):
    assert claims.verdict(low, high, 2, synthetic=True) == expected


def test_the_margin_moves_the_bar():
    assert claims.verdict(-1, 0.9, 2, margin=0.4) == "inconclusive"
    assert claims.verdict(-1, 0.9, 2, margin=0.5) == "contradicted"


def test_bounds_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="low must not be above high"):
        claims.verdict(2, 1)


# ---- paired tests ----


def test_a_gain_is_paired_by_image_whatever_the_order(book):
    a, b = hits(0.5), hits(0.7, seed=1)
    record("A", a)
    record("B", b[::-1], ids=range(400)[::-1])
    found = claims.test("it-works", "fi")
    gain, low, high = evaluate.paired_gain(b[np.argsort(list(map(str, range(400))))],
                                           a[np.argsort(list(map(str, range(400))))])  # fmt: skip
    assert (found.gain, found.low, found.high) == pytest.approx((gain, low, high))
    assert (found.n, found.verdict) == (400, "supported")
    row = results.rows().query("item == 'claim'").iloc[0]
    assert (row.paper, row.row, row.column, row.dataset) == ("rao2019", "it-works", "", "fi")
    assert (row.metric, row.n) == ("gain", 400)
    assert row.value == pytest.approx(gain, rel=1e-5)


def test_pairing_sees_what_separate_intervals_hide(book):
    a = hits(0.5)
    b = a.copy()
    b[np.flatnonzero(a == 0)[:12]] = 1  # never worse, and better on 3 % of the images
    record("A", a)
    record("B", b)
    rows = results.rows().set_index("row")
    assert rows.high["A"] > rows.low["B"]
    assert claims.test("it-works", "fi").verdict == "supported"


def test_runs_are_averaged_and_their_spread_counts(book):
    for seed in range(3):
        record("A", hits(0.5), seed=seed)
        record("B", hits(0.5 + 0.15 * seed, seed=1), seed=seed)
    wide = claims.test("it-works", "fi")
    single = evaluate.paired_gain(
        np.mean([hits(0.5 + 0.15 * s, seed=1) for s in range(3)], axis=0), hits(0.5)
    )
    assert wide.gain == pytest.approx(single.value)
    assert wide.low < single.low - 0.05
    assert wide.verdict == "inconclusive"


def test_related_images_count_once(book):
    # Every image of a group behaves alike: forty images are only four observations.
    groups = np.repeat(list("abcd"), 100)
    for row, right in (("A", "a"), ("B", "abc")):
        record(row, np.isin(groups, list(right)).astype(int), group=groups)
    assert claims.test("it-works", "fi").low <= 0


def test_a_claim_against_several_needs_all_of_them(book):
    record("A", hits(0.4))
    record("B", hits(0.6, seed=1))
    record("C", hits(0.6, seed=2))
    assert claims.test("it-works", "fi").verdict == "supported"
    both = claims.test("beats-both", "fi")
    assert both.verdict == "inconclusive"
    assert both.gain == pytest.approx(hits(0.6, seed=1).mean() - hits(0.6, seed=2).mean())


def test_errors_count_the_other_way_round(book):
    truth = np.linspace(1, 9, 100)
    for row, off in (("A", 1.0), ("B", 0.5)):
        results.record_predictions(
            row, "oasis", ids=range(100), truth=truth, scores=truth + off,
            paper="kim2018", item="Table III", row=row, column="Valence", metric="mse",
        )  # fmt: skip
    found = claims.test("errs-less", "oasis")
    assert found.gain == pytest.approx(0.75, rel=1e-5)
    assert found.verdict == "supported"


def test_a_notebook_may_name_its_rows_otherwise(book):
    record("plain", hits(0.4))
    record("new", hits(0.7, seed=1))
    found = claims.test("it-works", "fi", better="new", worse="plain", note="assumed p*")
    assert found.verdict == "supported"
    assert results.rows().query("item == 'claim'").note.item() == "assumed p*"


def test_a_simulated_gain_is_a_mechanism(book):
    record("A", hits(0.4), dataset="synthetic, uniform confusion")
    record("B", hits(0.7, seed=1), dataset="synthetic, uniform confusion")
    assert claims.test("it-works", "synthetic, uniform confusion").verdict == "mechanism works"


def test_what_cannot_be_tested_is_named(book):
    record("A", hits(0.4))
    with pytest.raises(ValueError, match="there is no claim 'gone'"):
        claims.test("gone", "fi")
    with pytest.raises(ValueError, match="'later' has no test yet"):
        claims.test("later", "fi")
    with pytest.raises(ValueError, match=r"no predictions are recorded for .* row 'B'"):
        claims.test("it-works", "fi")
    record("B", hits(0.4, n=300))
    with pytest.raises(ValueError, match="recorded on the same images"):
        claims.test("it-works", "fi")


# ---- direct measures ----


def test_a_measured_gain_is_recorded_with_its_verdict(book):
    found = claims.record("differs", "fi", 0.3, 0.25, 0.35, 90, note="our crowd")
    assert found == ("differs", "fi", 0.3, 0.25, 0.35, 90, "supported")
    assert claims.record("differs", "synthetic", 0.1, -0.1, 0.2, 90).verdict == "mechanism fails"
    table = claims.ledger(ids=["differs"])
    assert list(table.gain) == pytest.approx([30, 10])  # points, as print has it
    assert set(table.measure) == {"highest minus lowest acceptance"}
    html = table._repr_html_()
    assert "measured: highest minus lowest acceptance" in html
    assert "+30.00 points<br>[+25.00, +35.00]" in html
    assert "our crowd" in html


@pytest.mark.parametrize(
    ("count", "verdict"), [(40, "supported"), (0, "contradicted"), (-5, "contradicted")]
)
def test_an_exact_count_has_no_interval(book, count, verdict):
    assert claims.record("is-large", "fi", count, count, count, 8).verdict == verdict
    html = claims.ledger(ids=["is-large"])._repr_html_()
    assert f"<td>{count:+d} images</td>" in html
    assert "printed gain: 32 images" in html


def test_a_measure_that_was_not_run_says_why(book):
    assert claims.record("is-large", "fi", None, note="not run: no list").verdict == "not run"
    row = claims.ledger(ids=["is-large"]).iloc[0]
    assert (row.verdict, row.note) == ("not run", "not run: no list")
    with pytest.raises(ValueError, match="not run: …"):
        claims.record("is-large", "fi", None)


def test_what_cannot_be_recorded_is_named(book):
    with pytest.raises(ValueError, match="there is no claim 'gone'"):
        claims.record("gone", "fi", 1, 1, 1, 1)
    with pytest.raises(ValueError, match="'later' has no test yet"):
        claims.record("later", "fi", 1, 1, 1, 1)
    with pytest.raises(ValueError, match=r"'it-works' pairs .* call claims\.test"):
        claims.record("it-works", "fi", 1, 1, 1, 1)
    with pytest.raises(ValueError, match=r"'differs' is measured .* call claims\.record"):
        claims.test("differs", "fi")
    with pytest.raises(ValueError, match="needs low, high and n"):
        claims.record("differs", "fi", 0.3)
    with pytest.raises(ValueError, match="low must not be above high"):
        claims.record("differs", "fi", 0.3, 0.4, 0.2, 5)
    with pytest.raises(ValueError, match="finite number"):
        claims.record("differs", "fi", float("nan"), 0.2, 0.4, 5)


# ---- the ledger ----


def test_the_ledger_has_every_claim_and_every_data_set(book):
    for dataset, share in (("fi", 0.7), ("synthetic", 0.1)):
        record("A", hits(0.4), dataset=dataset)
        record("B", hits(share, seed=1), dataset=dataset)
        claims.test("it-works", dataset)
    table = claims.ledger()
    assert list(table.id) == ["it-works", *list(claims.claims())]
    assert list(table.verdict) == ["supported", "mechanism fails", *["not run"] * 5]
    first = table.iloc[0]
    assert first.gain == pytest.approx(
        100 * (hits(0.7, seed=1).mean() - hits(0.4).mean()), rel=1e-4
    )
    assert first.low < first.gain < first.high
    assert (first.source, first.dataset, first.printed_gain) == ("now", "fi", 2.0)
    html = table._repr_html_()
    assert "&lt;b&gt;Not&lt;/b&gt; yet." in html
    assert "<td></td>" not in html
    assert html.count("<tr>") == 8


def test_the_ledger_of_some_claims(book):
    some = list(claims.claims())[:2]
    assert list(dict.fromkeys(claims.ledger(ids=some)["id"])) == some


def test_the_ledger_shows_committed_gains_without_predictions(book):
    folder = book / "results" / "real" / "40_x"
    folder.mkdir(parents=True)
    head = "paper,item,row,column,dataset,metric,value,low,high,n,baseline,ceiling,note\n"
    line = "rao2019,claim,it-works,,fi,gain,-0.01,-0.03,0.005,374,,,assumed p*\n"
    (folder / "rows.csv").write_text(head + line)
    (folder / "provenance.json").write_text(
        '{"started": "2026-01-31T08:00", "hardware": "2 cores"}'
    )
    table = claims.ledger("mini")
    row = table[table.id == "it-works"].iloc[0]
    assert (row.verdict, row.source, row.note) == ("contradicted", "real", "assumed p*")
    assert (row.gain, row.n) == (-1, 374)
    html = table._repr_html_()
    assert "real: recorded, not rerun (2026-01-31 on 2 cores)" in html
    assert "fi (real, recorded)" in html
    assert "-1.00 points<br>[-3.00, +0.50]" in html


# ---- the list ----


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  place: \"Table 2\"\n", "", "claim 'it-works' lacks place"),
        ("id: later", "id: it-works", "lists the claim 'it-works' twice"),
        ("paper: you2016", "paper: you", "claim 'later': paper must be one of rao2019"),
        ("printed_gain: 26.2", "printed_gain: -1", "'later': printed_gain must be a pos"),
        ("printed_gain: 26.2", "printed_gain: much", "'later': printed_gain must be a pos"),
        ("printed_gain: 26.2", "printed_gain: 1\n  colour: red", "has an unknown field colour"),
        ("printed_gain: 26.2", "printed_gain: 1\n  margin: 2", "margin must lie in"),
        ("metric: accuracy, better: \"B\", worse: \"A\"}", "metric: F1, better: B, worse: A}",
         "claim 'it-works', test: metric must be one of accuracy"),
        ("worse: [\"A\", \"C\"]", "worse: []", "claim 'beats-both', test: item, better and worse"),
        ("unit: MSE", "unit: \"%\"", "does not fit the test's metric"),
        ("unit: MSE", "unit: metres", "unit must be one of"),
        ("- id: later", "- id: [later", "is not valid YAML"),
        ("test: null", "test: soon", "claim 'later', test must be fields"),
        ("highest minus lowest acceptance", "", "'differs', test: measure must say in words"),
        ("acceptance\"}", "acceptance\", item: x}", "'differs', test has an unknown field item"),
    ],
)  # fmt: skip
def test_a_malformed_list_is_refused_by_name(book, old, new, message):
    assert old in ONE
    (book / "book" / "claims.yml").write_text(ONE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        claims.claims()


def test_the_books_claims_are_well_formed(own_book):
    known = claims.claims()
    assert {claim.paper for claim in known.values()} == set(results.PAPERS)
    errata = set(results.errata().id)
    for claim in known.values():
        assert not claim.erratum or claim.erratum in errata, claim.id
        assert claim.id.split("-")[0] == claim.paper.rstrip("0123456789")


def test_tests_on_printed_rows_expect_the_printed_gain(own_book):
    printed = results.reported().set_index(["paper", "item", "row", "column"])
    cells = printed.corrected.fillna(printed.printed)
    checked = 0
    for claim in claims.claims().values():
        if not isinstance(claim.test, claims.Test) or len(claim.test.worse) > 1:
            continue
        better, worse = (
            (claim.paper, claim.test.item, row, claim.test.column)
            for row in (claim.test.better, *claim.test.worse)
        )
        if better in cells.index and worse in cells.index:
            difference = cells[better] - cells[worse]
            assert claim.printed_gain == (pytest.approx(difference) if difference > 0 else None)
            checked += 1
    # three networks, two class counts, L_multi and L_p; DeepSentiBank in three columns; depth;
    # two cells of one column in Rapolu's Table 2
    assert checked == 12 + 3 + 1 + 6


@pytest.mark.parametrize(
    ("id", "item", "column", "better", "worse"),
    [
        ("rao-object-regions-8", "Table 1", "FI-8", "Ours + object regions", "ResNet101"),
        ("rao-emotional-regions-2", "Table 1", "FI-2", "Ours + emotional regions", "ResNet101"),
        ("rao-global-needed-8", "Table 1", "FI-8", "Ours + emotional regions",
         "emotional regions only"),
        ("rao-lmulti-over-lp-8", "Table 2", "FI-8", "Ours + L_multi", "Ours + L_p"),
        ("rao-lmulti-over-lp-2", "Table 2", "FI-2", "Ours + L_multi", "Ours + L_p"),
        ("rao-deep-over-handcrafted", "Table 3", "FI-8", "AlexNet", "Rao(a)"),
        ("rao-local-sift", "Table 3", "FI-8", "Rao(a)", "Zhao"),
        ("rao-levels-over-trunk", "Table 3", "FI-8", "Rao(b)", "AlexNet"),
        ("rao-levels-over-trunk-2", "Table 3", "FI-2", "Rao(b)", "AlexNet"),
        ("rao-sequence-over-fusion", "Table 3", "FI-8", "Zhu", "Rao(b)"),
        ("rao-best-fi-8", "Table 3", "FI-8", "Ours", "Zhu"),
        ("rao-best-abstract-2", "Table 3", "Abstract-2", "Ours", "Zhu"),
        ("rapolu-two-over-one", "Table 2", "IE", "α = 0.5", "α = 1"),
        ("rapolu-alpha-best", "Table 2", "IE", "α = 0.75", "α = 0.5"),
        ("rapolu-object-amplification", "Table 2", "IE", "β = 0.5", "β = 0.25"),
        ("rapolu-deep-over-handcrafted", "Table 3", "IE", "DeepSentiBank", "SentiBank"),
        ("kim-object-best-valence", "Table III", ("VGG16", "semantic"), "Valence", "Valence"),
        ("kim-all-best-arousal", "Table III", ("All", "Alexnet"), "Arousal", "Arousal"),
        ("kim-objects-over-attributes-valence", "Table II", "Avg", "Valence test V",
         "Valence test O"),
        ("kim-train-all-alexnet-arousal", "Table IV", "AlexNet", "Arousal conv-train",
         "Arousal conv-frozen"),
        ("kim-train-all-vgg19-valence", "Table IV", "VGG19", "Valence conv-train",
         "Valence conv-frozen"),
        ("kim-network-over-svr-valence", "Table IV", ("Ours", "SVR"), "Valence", "Valence"),
        ("you-fine-tuning", "Table 3", "accuracy", "Fine-tuned-CNN", "ImageNet-CNN"),
        ("you-clean-over-noisy", "Table 3", "accuracy", "Fine-tuned-CNN", "Noisy-Fine-tuned-CNN"),
        ("you-noisy-over-imagenet", "Table 3", "accuracy", "Noisy-Fine-tuned-CNN", "ImageNet-CNN"),
    ],
)  # fmt: skip
def test_printed_gains_follow_from_the_printed_cells(own_book, id, item, column, better, worse):
    claim = claims.claims()[id]
    columns = column if isinstance(column, tuple) else (column, column)
    cells = results.reported(claim.paper).set_index(["item", "row", "column"]).printed
    gain = cells[item, better, columns[0]] - cells[item, worse, columns[1]]
    assert claim.printed_gain == pytest.approx(-gain if claim.unit == "MSE" else gain)


def test_printed_gains_on_data_follow_from_the_printed_counts(own_book):
    known = claims.claims()
    cells = results.reported("you2016").set_index(["item", "row", "column"]).printed
    submitted, labeled = (
        cells["Table 2"][row].drop("Sum").to_numpy() for row in ("Submitted", "Labeled")
    )
    accepted = labeled / submitted
    text = cells["text"]
    expected = {
        "you-anger-few": 10 - cells["Table 1", "IAPS-Subset", "Anger"],
        "you-thousand-each": labeled.min() - text["images per emotion, at least", "dataset"],
        "you-acceptance-differs": 100 * np.ptp(accepted),
        "you-weak-labels-noisy": 50 - 100 * labeled.sum() / submitted.sum(),
        "you-qualification-hard": 50
        - 100
        * text["workers who passed", "dataset"]
        / text["workers who took the test, more than", "dataset"],
    }
    for id, gain in expected.items():
        assert known[id].printed_gain == pytest.approx(gain, abs=0.05), id
