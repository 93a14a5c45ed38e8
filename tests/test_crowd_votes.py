"""The crowd of You et al. (2016): who passes, what five votes keep, which aggregator is right."""

import warnings
from math import comb

import numpy as np
import pandas as pd
import pytest

from emobook.datasets.crowd.aggregation import METHODS, aggregate, compare
from emobook.datasets.crowd.amt import read_amt, yes_no
from emobook.datasets.crowd.votes import (
    acceptance,
    after_vote,
    keep,
    purity_from_acceptance,
    single_yes,
    verify_labels,
)
from emobook.datasets.crowd.workers import (
    assign,
    chance_of_passing,
    qualification,
    simulate_workers,
)
from emobook.datasets.lists import DatasetError

# You et al. (2016), Table 2, in the order of MIKELS8
SUBMITTED = [11_000] * 6 + [13_000, 11_000]
LABELLED = [4_942, 1_266, 3_151, 5_374, 1_658, 2_963, 1_032, 2_922]


def crowd(*rates, activity=1.0):
    """Workers of given (sensitivity, specificity)."""
    table = pd.DataFrame(rates, columns=["sensitivity", "specificity"])
    return table.assign(worker=[f"w{i}" for i in range(len(table))], activity=activity)


def weak_labels(n, purity, seed=0):
    """Labels of which the share `purity` is right, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 8, n)
    wrong = (truth + 1 + rng.integers(0, 7, n)) % 8
    return np.where(rng.random(n) < purity, truth, wrong), truth


def simulated(n, purity, applicants, seed, **crowd):
    """Answers of those who pass the test, and whether each label is right."""
    workers = qualification(simulate_workers(applicants, seed=seed, **crowd), seed=seed)
    labels, truth = weak_labels(n, purity, seed)
    answers = verify_labels(labels, truth, workers, seed=seed)
    return answers, pd.Series((labels == truth).astype(int))


# The qualification test


def test_chance_of_passing_is_the_binomial_tail():
    def tail(p):
        return sum(comb(20, k) * p**k * (1 - p) ** (20 - k) for k in range(10, 21))

    for p in (0.125, 0.4, 0.5, 0.9):
        assert chance_of_passing(p) == pytest.approx(tail(p), rel=1e-12)
    assert chance_of_passing(1 / 8) == pytest.approx(1 / 19_000, rel=0.03)
    assert chance_of_passing([0, 1]).tolist() == [0, 1]
    assert chance_of_passing(0.3, questions=5, needed=0) == 1


def test_the_test_lets_in_who_it_should():
    workers = simulate_workers(4000, seed=1)
    passed = qualification(workers, seed=1)
    expected = chance_of_passing(workers["skill"]).sum()
    assert len(passed) == pytest.approx(expected, abs=4 * expected**0.5)
    assert (passed["right"] >= 10).all()
    assert len(passed) / 4000 == pytest.approx(225 / 1000, abs=0.05)  # "over 1000" took it
    assert len(qualification(workers, needed=0)) == 4000
    assert len(qualification(workers.assign(skill=1.0), needed=20)) == 4000


def test_naming_well_tells_of_verifying_only_through_the_correlation():
    for correlation, gains in ((0.6, True), (0.0, False)):
        workers = simulate_workers(20_000, seed=2, spammers=0, correlation=correlation)
        passed = qualification(workers, seed=2)
        gain = (passed.specificity.mean() - workers.specificity.mean()) * 100
        assert (gain > 1) if gains else abs(gain) < 0.5


def test_spammers_answer_without_looking():
    workers = simulate_workers(1000, seed=3, spammers=0.2, earnest=0.25)
    kinds = workers["kind"].value_counts()
    assert (kinds["honest"], kinds["yes"], kinds["coin"]) == (800, 100, 100)
    rates = workers.groupby("kind")[["sensitivity", "specificity"]].mean()
    assert rates.loc["yes"].tolist() == [1, 0]
    assert rates.loc["coin"].tolist() == [0.5, 0.5]
    spam = workers[workers["kind"] != "honest"]
    assert (spam["skill"] == 1 / 8).sum() == 150
    assert (workers["skill"] >= 1 / 8).all()
    pd.testing.assert_frame_equal(
        workers, simulate_workers(1000, seed=3, spammers=0.2, earnest=0.25)
    )


# Who sees what


@pytest.mark.parametrize(
    ("workers", "images", "per_image", "limit"),
    [(5, 7, 5, None), (5, 7, 5, 7), (40, 200, 5, 25), (41, 200, 5, 25), (300, 100, 2, 1)],
)
def test_everybody_is_different_and_within_the_limit(workers, images, per_image, limit):
    activity = np.exp(2 * np.random.default_rng(0).standard_normal(workers))
    who = assign(activity, images, per_image, limit=limit, seed=1)
    assert who.shape == (images, per_image)
    assert all(len(set(row)) == per_image for row in who.tolist())
    counts = np.bincount(who.ravel(), minlength=workers)
    assert counts.max() <= min(limit or images, images)
    assert (who == assign(activity, images, per_image, limit=limit, seed=1)).all()


def test_work_goes_by_activity_and_to_all_images_alike():
    activity = np.array([1.0, 1, 2, 4, 8, 4])
    counts = np.bincount(assign(activity, 1000, 2, seed=0).ravel())
    assert counts.tolist() == [100, 100, 200, 400, 800, 400]
    first = assign(np.ones(10), 4000, 2, seed=0)[:, 0]
    assert np.bincount(first) == pytest.approx(400, abs=80)


def test_what_cannot_be_assigned_is_said():
    with pytest.raises(ValueError, match=r"take at least 25 workers, or a higher limit$"):
        assign(np.ones(10), 1000, 5, limit=200)
    with pytest.raises(ValueError, match=r"^5 different workers .* of 4$"):
        assign(np.ones(4), 10, 5)
    with pytest.raises(ValueError, match=r"^activity must"):
        assign([1, 0], 10, 1)


# Asking and keeping


def test_perfect_workers_find_the_truth_and_liars_the_reverse():
    labels, truth = weak_labels(300, 0.4)
    right = (labels == truth).astype(int)
    for rates, expected in (((1, 1), right), ((0, 0), 1 - right), ((1, 0), 1 + 0 * right)):
        answers = verify_labels(labels, truth, crowd(*[rates] * 7))
        assert answers.groupby("task").size().eq(5).all()
        assert not answers.duplicated(["task", "worker"]).any()
        assert (answers["label"] == expected[answers["task"]]).all()


def test_workers_err_as_often_as_they_should():
    labels, truth = weak_labels(20_000, 0.5)
    rates = [(0.9, 0.6), (0.5, 0.8), (0.7, 0.97)]
    answers = verify_labels(labels, truth, crowd(*rates), voters=3)
    answers["right"] = (labels == truth)[answers["task"]]
    share = answers.groupby(["worker", "right"])["label"].mean().unstack()
    assert share[True].to_numpy() == pytest.approx([r[0] for r in rates], abs=0.015)
    assert 1 - share[False].to_numpy() == pytest.approx([r[1] for r in rates], abs=0.015)


def test_nobody_can_tell_an_image_without_ease():
    """The answer is then the worker's leaning alone; beyond 1 he errs less."""
    labels, truth = weak_labels(8000, 0.5)
    answers = verify_labels(labels, truth, crowd(*[(0.8, 0.8)] * 5), ease=np.arange(8000) % 3)
    answers["hit"] = answers["label"] == (labels == truth)[answers["task"]]
    hit = answers.groupby(answers["task"] % 3)["hit"].mean()
    assert hit.to_numpy() == pytest.approx([0.5, 0.8, 0.9538], abs=0.015)  # Φ(0), Φ(z), Φ(2z)


def test_names_go_through():
    labels, truth = ["awe", "fear"], ["awe", "anger"]
    answers = verify_labels(labels, truth, crowd(*[(1, 1)] * 5), tasks=["a.jpg", "b.jpg"])
    counts = keep(answers)
    assert counts.to_dict("list") == {
        "task": ["a.jpg", "b.jpg"],
        "query": ["awe", "fear"],
        "yes": [5, 0],
        "voters": [5, 5],
        "kept": [True, False],
        "p": [1.0, 0.0],
    }


def votes(*yeses, voters=5, **columns):
    table = [(t, f"w{i}", int(i < y)) for t, y in enumerate(yeses) for i in range(voters)]
    return pd.DataFrame(table, columns=["task", "worker", "label"]).assign(**columns)


def test_three_yeses_of_five():
    counts = keep(votes(0, 1, 2, 3, 4, 5))
    assert counts["kept"].tolist() == [False] * 3 + [True] * 3
    assert counts["p"].tolist() == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert keep(votes(0, 1, 2, 3, 4, 5), needed=5)["kept"].sum() == 1


def test_table_2_in_form():
    query = np.repeat(["fear", "amusement", "fear", "zeal"], 5)
    table = acceptance(keep(votes(3, 5, 2, 0, query=query)))
    assert table["emotion"].tolist() == ["amusement", "fear", "zeal", "sum"]
    assert table["submitted"].tolist() == [1, 2, 1, 4]
    assert table["labelled"].tolist() == [1, 1, 0, 2]
    assert table["rate"].tolist() == [1, 0.5, 0, 0.5]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (votes(1).assign(label=2), r"^answers: label must be 1 \(yes\) or 0 \(no\), not 2$"),
        (votes(1).drop(columns="worker"), r"^answers must be a table with the column 'worker'$"),
        (votes(1).assign(worker="w"), r"^answers: worker 'w' answers task 0 twice \(row 1\)"),
        (votes(1).assign(label=[1, None, 0, 0, 0]), r"^answers: row 1 has no label"),
        (votes(1)[:0], r"^answers must have at least one row"),
        (votes(1, voters=2), r"^needed must be at most the voters of a task, 2$"),
        (votes(1, query=list("aabbb")), r"^answers: a task must have one query"),
        ([1, 2], r"^answers must be a table"),
    ],
)
def test_answers_that_cannot_be_counted(answers, message):
    with pytest.raises(ValueError, match=message):
        keep(answers)


# What the vote leaves


def test_purity_by_hand():
    """Five voters of sensitivity .8 accept a right label with .94208, a wrong one with .05792."""
    assert after_vote(1, 0.8, 0.8)["rate"] == pytest.approx(0.94208)
    assert after_vote(0, 0.8, 0.8)["rate"] == pytest.approx(0.05792)
    rate = 0.25 * 0.94208 + 0.75 * 0.05792
    assert purity_from_acceptance(rate, 0.8, 0.8) == pytest.approx(0.25)
    left = after_vote(0.25, 0.8, 0.8)
    assert left["noise"] == pytest.approx(0.75 * 0.05792 / rate)
    assert left["lost"] == pytest.approx(0.05792)


def test_purity_is_the_inverse_of_the_vote():
    purity = np.linspace(0, 1, 11)
    for voters, needed in ((5, 3), (1, 1), (7, 6)):
        rate = after_vote(purity, 0.7, 0.9, voters=voters, needed=needed)["rate"]
        found = purity_from_acceptance(rate, 0.7, 0.9, voters=voters, needed=needed)
        assert found == pytest.approx(purity)


def test_rates_that_such_workers_cannot_give():
    assert np.isnan(purity_from_acceptance([0.01, 0.99], 0.8, 0.8)).all()
    nothing = purity_from_acceptance(0.01, 0.8, 0.8)
    assert np.isnan(nothing)
    assert np.isnan(after_vote([nothing, 0.5], 0.8, 0.8)["noise"]).tolist() == [True, False]
    with pytest.raises(ValueError, match=r"a yes tells nothing$"):
        purity_from_acceptance(0.5, 0.4, 0.6)
    with pytest.raises(ValueError, match=r"^rate must hold numbers from 0 to 1$"):
        purity_from_acceptance(1.5, 0.8, 0.8)


def test_unequal_workers_vote_as_their_mean_but_hard_images_do_not():
    labels, truth = weak_labels(20_000, 0.3)
    workers = crowd(*[(0.95, 0.95)] * 20, *[(0.6, 0.7)] * 20)
    ease = np.where(np.random.default_rng(1).random(20_000) < 0.5, 0.2, 3)

    def found(rates, **options):
        rate = keep(verify_labels(labels, truth, workers, **options))["kept"].mean()
        return purity_from_acceptance(rate, *rates)

    assert found(workers[["sensitivity", "specificity"]].mean()) == pytest.approx(0.3, abs=0.01)
    answers = verify_labels(labels, truth, workers, ease=ease)
    yes = answers.groupby((labels == truth)[answers["task"]])["label"].mean()
    assert abs(found((yes[True], 1 - yes[False]), ease=ease) - 0.3) > 0.02


def test_what_the_printed_rates_say_of_the_workers():
    """However few labels were right, the false yeses cannot have been commoner than this."""
    rates = np.array(LABELLED) / SUBMITTED
    assert sum(LABELLED) == 23_308
    assert sum(SUBMITTED) == 90_000
    bound = single_yes(rates)
    assert bound.min() == pytest.approx(0.226, abs=5e-4)  # fear: specificity of at least .77
    assert bound.max() == pytest.approx(0.494, abs=5e-4)  # contentment: sensitivity at least .49
    assert after_vote(0, 0.9, 1 - bound.min())["rate"] == pytest.approx(rates.min())


# Aggregation


def slow_dawid_skene(answers, steps):
    """Expectation and maximisation with plain loops, from the shares of votes."""
    tasks, labels = sorted(set(answers.task)), sorted(set(answers.label))
    workers = sorted(set(answers.worker))
    rows = list(zip(answers.task, answers.worker, answers.label, strict=True))
    belief = {t: dict.fromkeys(labels, 0.0) for t in tasks}
    for task, _, label in rows:
        belief[task][label] += 1
    belief = {t: {k: v / sum(b.values()) for k, v in b.items()} for t, b in belief.items()}
    for _ in range(steps):
        prior = {k: sum(belief[t][k] for t in tasks) / len(tasks) for k in labels}
        said = {(w, k, m): 0.0 for w in workers for k in labels for m in labels}
        for task, worker, label in rows:
            for k in labels:
                said[worker, k, label] += belief[task][k]
        chance = {}
        for w, k, m in said:
            total = sum(said[w, k, other] for other in labels)
            chance[w, k, m] = said[w, k, m] / total if total else 1 / len(labels)
        belief = {t: dict(prior) for t in tasks}
        for task, worker, label in rows:
            for k in labels:
                belief[task][k] *= max(chance[worker, k, label], 1e-10)
        belief = {t: {k: v / sum(b.values()) for k, v in b.items()} for t, b in belief.items()}
    return np.array([[belief[t][k] for k in labels] for t in tasks])


@pytest.mark.parametrize("names", [(0, 1), ("awe", "fear", "sadness")])
def test_dawid_skene_against_plain_loops(names):
    rng = np.random.default_rng(5)
    n, k = 120, len(names)
    truth = rng.integers(0, k, n)
    who = assign(np.ones(9), n, 6, seed=5)
    skill = np.linspace(0.35, 0.95, 9)
    said = np.where(
        rng.random(who.shape) < skill[who], truth[:, None], rng.integers(0, k, who.shape)
    )
    answers = pd.DataFrame(
        {
            "task": np.repeat(np.arange(n), 6),
            "worker": who.ravel(),
            "label": np.array(names)[said.ravel()],
        }
    )
    found = aggregate(answers, "dawid-skene")[list(names)].to_numpy()
    ends = slow_dawid_skene(answers, 400)  # crowd-kit stops when it gains little
    assert np.abs(found - ends).max() < 0.05
    assert (found.argmax(1) == ends.argmax(1)).mean() > 0.99


@pytest.mark.parametrize("method", METHODS)
def test_order_and_names_do_not_matter(method):
    """The same answers, shuffled and renamed so that their order turns round, give the same."""
    answers, _ = simulated(100, 0.4, 60, seed=1)
    found = aggregate(answers, method)
    turned = answers.sample(frac=1, random_state=0)
    turned = turned.assign(worker="v" + (99 - turned["worker"].str[1:].astype(int)).astype(str))
    again = aggregate(turned, method)
    assert again["task"].tolist() == found["task"].tolist()
    # (the names of labels must stay: their order decides between equals)
    assert again["probability"].to_numpy() == pytest.approx(found["probability"], abs=2e-3)
    assert found[[0, 1]].sum(axis=1).to_numpy() == pytest.approx(1)
    np.testing.assert_array_equal(
        found["probability"], np.where(found["label"] == 1, found[1], found[0])
    )


@pytest.mark.parametrize("method", METHODS)
def test_perfect_workers_need_no_model(method):
    labels, truth = weak_labels(200, 0.3)
    answers = verify_labels(labels, truth, crowd(*[(1, 1)] * 8))
    assert (aggregate(answers, method)["label"] == (labels == truth)).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_warning_and_one_label_for_all(method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aggregate(simulated(60, 0.5, 60, seed=0)[0], method)
        same = aggregate(votes(5, 5).assign(label="awe"), method)
    assert same.to_dict("list") == {
        "task": [0, 1],
        "label": ["awe", "awe"],
        "probability": [1, 1],
        "awe": [1, 1],
    }


def test_majority_by_hand_and_the_first_of_equals():
    answers = pd.DataFrame(
        [
            ("b", "x", "fear"),
            ("b", "y", "awe"),
            ("a", "x", "fear"),
            ("a", "y", "fear"),
            ("a", "z", "awe"),
        ],
        columns=["task", "worker", "label"],
    )
    found = aggregate(answers)
    assert found["task"].tolist() == ["a", "b"]
    assert found["label"].tolist() == ["fear", "awe"]
    assert found["probability"].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert list(found.columns) == ["task", "label", "probability", "awe", "fear"]


def test_outvoted_experts_are_heard():
    """Three who toss coins outvote two who agree; the models see who agrees beyond chance."""
    labels, truth = weak_labels(400, 0.5)
    answers = verify_labels(labels, truth, crowd(*[(0.97, 0.97)] * 2, *[(0.5, 0.5)] * 3))
    right = pd.Series((labels == truth).astype(int))
    scores = compare(answers, right, ["majority", "dawid-skene", "one-coin", "mace"])
    assert scores["accuracy"][0] < 0.9
    assert (scores["accuracy"][1:] > 0.93).all()


def gains(purity, applicants, seeds, method="dawid-skene", **crowd):
    """What a method scores above the majority, a row for each simulated crowd."""
    rows = []
    for seed in range(seeds):
        answers, right = simulated(1200, purity, applicants, seed, **crowd)
        scores = compare(answers, right, ["majority", method]).drop(columns="method")
        rows.append(scores.loc[1] - scores.loc[0])
    return pd.DataFrame(rows)


def test_dawid_skene_wins_where_workers_answer_much():
    """Some 300 answers of a worker: with few careless workers by little, with many by much."""
    few = gains(0.5, 150, 5)
    assert few["accuracy"].mean() > 0.004
    assert few["brier"].max() < 0
    many = gains(0.5, 150, 4, spammers=0.3, earnest=1.0)
    assert many["accuracy"].min() > 0.005
    assert many["accuracy"].mean() > 0.025


def test_dawid_skene_loses_where_workers_answer_little_and_yes_is_rare():
    """A dozen answers of a worker, one in ten of them about a right label: too few to learn from,
    unless many workers are so careless that even that tells."""
    lost = gains(0.1, 2400, 3)
    assert lost["accuracy"].max() < 0
    assert lost["accuracy"].mean() < -0.005
    assert lost["precision"].mean() < -0.04
    assert gains(0.1, 2400, 1, spammers=0.3, earnest=1.0)["accuracy"].min() > 0.02


def test_dawid_skene_is_sure_where_it_is_wrong():
    answers, right = simulated(1200, 0.1, 2400, 0)
    found = aggregate(answers, "dawid-skene")
    kept = (found["label"] == 1) & (found["probability"] > 0.99)
    wrong = right[found["task"]].to_numpy()[kept] == 0
    assert kept.sum() > 50
    assert wrong.mean() > 0.05


def test_rare_yeses_are_missed_by_one_coin_and_overdone_by_mace():
    assert gains(0.1, 150, 3, "one-coin")["recall"].mean() < -0.1
    assert gains(0.1, 150, 3, "mace")["precision"].mean() < -0.05


def test_scores_of_compare_by_hand():
    answers = votes(5, 5, 0, 0)
    scores = compare(answers, {0: 1, 1: 0, 2: 0, 3: 1}, ["majority"]).iloc[0]
    assert scores[["accuracy", "precision", "recall", "brier"]].tolist() == [0.5, 0.5, 0.5, 1]
    with pytest.raises(ValueError, match=r"^truth has no label for task 3$"):
        compare(answers, {0: 1, 1: 0, 2: 0}, ["majority"])
    with pytest.raises(ValueError, match=r"^method must be one of majority, .*, not 'ds'$"):
        aggregate(answers, "ds")


# Arguments


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, r"^n must"),
        ({"skill": (1,)}, r"^skill must be a pair"),
        ({"skill": (0, -1)}, r"^skill must have a standard deviation"),
        ({"correlation": 2}, r"^correlation must be a number from -1 to 1, not 2$"),
        ({"spammers": -0.1}, r"^spammers must"),
        ({"activity": np.nan}, r"^activity must"),
    ],
)
def test_workers_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_workers(**{"n": 5, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truth": ["awe"]}, r"^labels and truth must be of one length"),
        ({"truth": ["awe", "joy"]}, r"joy"),
        ({"ease": [1, -1]}, r"^ease must"),
        ({"tasks": ["a", "a"]}, r"^tasks must"),
        ({"voters": 6}, r"^6 different workers .* of 5$"),
        ({"limit": 1}, r"take at least 10 workers"),
        ({"workers": crowd((1, 2))}, r"^workers\['specificity'\] must hold numbers from 0 to 1"),
    ],
)
def test_questions_that_cannot_be_asked(options, message):
    usual = {"labels": ["awe", "fear"], "truth": ["awe", "awe"], "workers": crowd(*[(1, 1)] * 5)}
    with pytest.raises(ValueError, match=message):
        verify_labels(**{**usual, **options})


# A real download

BATCH = """"HITId","WorkerId","AssignmentStatus","Input.image","Input.emotion","Answer.feel"
"H1","A","Approved","1.jpg","fear","YES"
"H1","B","Submitted","1.jpg","fear","no"
"H1","C","Rejected","1.jpg","fear",""
"H2","A","Approved","2
.jpg","awe","Yes"
"H2","B","Approved","3.jpg","awe","{last}"
"""
COLUMNS = {"task": "Input.image", "query": "Input.emotion", "label": "Answer.feel"}


def test_a_batch_of_mechanical_turk(tmp_path):
    (tmp_path / "batch.csv").write_text(BATCH.format(last="no"))
    answers = read_amt(tmp_path / "batch.csv", **COLUMNS)
    assert answers.index.tolist() == [2, 3, 5, 7]
    answers["label"] = yes_no(answers["label"])
    counts = keep(answers, needed=1)
    assert counts["yes"].tolist() == [1, 1, 0]
    assert acceptance(counts)["labelled"].tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BATCH.format(last=""), r"batch.csv, line 7: Answer.feel is empty; fill it in or delete"),
        (BATCH.replace('"A",', ""), r"line 2: 5 values for 6 columns; mend the line$"),
        (BATCH.replace("feel", "felt"), r"line 1: there is no column 'Answer.feel' .*Answer.felt$"),
        (BATCH[:80], r"batch.csv has no assignment"),
        ("", r"none of Mechanical Turk$"),
    ],
)
def test_a_batch_that_is_broken(tmp_path, text, message):
    (tmp_path / "batch.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_amt(tmp_path / "batch.csv", **COLUMNS)


def test_a_batch_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match=r"batch.csv cannot be read"):
        read_amt(tmp_path / "batch.csv", **COLUMNS)
    (tmp_path / "batch.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DatasetError, match=r"is not a CSV of UTF-8 text"):
        read_amt(tmp_path / "batch.csv", **COLUMNS)
    answers = pd.Series(["yes", "maybe"], index=pd.Index([2, 3], name="line"))
    with pytest.raises(DatasetError, match=r"^line 3: 'maybe' is neither yes nor no$"):
        yes_no(answers)
