"""Sets that were not learned: filed as in the paper, counted in two ways; objects that are told."""

import numpy as np
import pandas as pd
import pytest

from emobook import datasets, results
from emobook.datasets.emotion6 import WORDS
from emobook.emotions import MIKELS8
from emobook.evaluate import repeated_folds
from emobook.results import elsewhere
from emobook.results.seeded import Runs

TINY = {"pretrained": False, "size": 32, "epochs": 1, "batch_size": 4, "validation_share": 0}


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """A record of its own, without the rows of the book."""
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    monkeypatch.setenv("EMOBOOK_ROOT", str(tmp_path))
    results.forget()
    yield
    results.forget()


class Small:
    """What `filed` reads of a data set."""

    def __init__(self, classes, labels):
        self.classes, self.labels = classes, np.array(labels)
        self.table = pd.DataFrame({"id": [f"{i}" for i in range(len(labels))]})


def test_surprise_is_filed_under_awe_and_joy_is_left_out():
    table, labels = elsewhere.filed(Small(WORDS, range(6)), "emotionroi")
    assert [WORDS[int(i)] for i in table["id"]] == [word for word in WORDS if word != "joy"]
    named = dict(zip((WORDS[int(i)] for i in table["id"]), labels, strict=True))
    assert MIKELS8[named["surprise"]] == "awe"
    assert all(MIKELS8[k] == word for word, k in named.items() if word != "surprise")


def test_five_emotions_are_those_of_the_authors_own_photos():
    table, labels = elsewhere.filed(Small(MIKELS8, range(8)), "a set", five=["a set"])
    own = datasets.info("rapolu5").classes
    assert tuple(MIKELS8[k] for k in labels) == own
    assert [MIKELS8[int(i)] for i in table["id"]] == list(own)
    assert len(elsewhere.filed(Small(MIKELS8, range(8)), "another", five=["a set"])[0]) == 8


def test_a_set_that_is_not_here_reads_not_run(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    sets = elsewhere.at_hand({"artphoto": {}, "synthetic, some": {"n": 9}}, ["α = 1", "β = 0"])
    assert [*sets] == ["synthetic, some"] and len(sets["synthetic, some"][1]) == 9
    rows = results.rows().set_index("row")
    assert set(rows.index) == {"α = 1", "β = 0"} and set(rows["column"]) == {"ArtPhoto"}
    assert rows["value"].isna().all() and rows["note"].str.startswith("not run").all()


def test_columns_are_those_of_the_table():
    printed = results.reported("rapolu2023").query("item == 'Table 2'")["column"]
    assert {*elsewhere.COLUMNS.values(), "IE"} == set(printed)


def test_an_answer_that_a_set_does_not_have_counts_in_one_way_only():
    labels = np.array([3, 3, 5, 5])
    table = pd.DataFrame({"id": list("abcd")})
    scores = np.full((5, 1, 4, 8), 0.01)
    scores[..., 0] = 0.5  # amusement, which the set lacks, before all else
    scores[..., np.arange(4), [3, 5, 5, 5]] = 0.3
    grid = np.linspace(0, 1, 5)
    panel = elsewhere.record_judged(
        "artphoto", table, labels, {"convex": scores}, grid, ", ours", ""
    )
    assert panel["lines"] == {
        "chance, all eight": 1 / 8, "chance, its own": 1 / 2, "its most frequent emotion": 1 / 2
    }  # fmt: skip
    assert panel["curves"]["α, all eight emotions"][0.5].value == 0
    assert panel["curves"]["α, its own emotions"][0.5].value == 0.75
    rows = results.rows()
    found = rows[rows["row"] == "α = 0.25, ours"].set_index(["item", "column"])["value"]
    assert found.to_dict() == {
        ("Other sets", "all eight emotions"): 0,
        ("Other sets", "its own emotions"): 0.75,
        ("Table 2", "ArtPhoto"): 0,
    }
    chance = rows[rows["row"] == "chance"].set_index("column")["value"]
    assert chance.to_dict() == {"all eight emotions": 1 / 8, "its own emotions": 1 / 2}


def test_networks_learn_the_whole_of_one_set_and_are_asked_about_the_others(monkeypatch):
    learned = datasets.load("synthetic", n=10)
    sets = {f"set {s}": (datasets.load("synthetic", n=n, seed=s),) for s, n in ((1, 3), (2, 4))}
    sets = {name: (data.table, data.labels) for name, (data,) in sets.items()}
    seen = []

    def blocks(runs, networks, objects, **options):
        seen.append((runs, networks, objects, options))
        rng = np.random.default_rng(0)
        return lambda number: [rng.normal(size=(len(runs.y), 3)) for _ in range(3)]

    monkeypatch.setattr(elsewhere, "fused", blocks)
    runs = Runs("synthetic", learned.table, learned.labels, [])
    found = elsewhere.judged(runs, sets, ["a", "b"], "c", [0, 1], {"epochs": 1}, **TINY)
    ((every, networks, objects, options),) = seen
    assert (networks, objects, options) == (["a", "b"], "c", TINY)
    (fold,) = every.folds
    assert fold.train.tolist() == list(range(10)) and fold.test.tolist() == list(range(10, 17))
    assert every.X["path"].tolist()[10:13] == sets["set 1"][0]["path"].tolist()
    assert every.y[13:].tolist() == sets["set 2"][1].tolist()
    shapes = {name: {m: s.shape for m, s in by.items()} for name, by in found.items()}
    both = ("convex", "caption")
    expected = {
        "set 1": dict.fromkeys(both, (2, 3, 3, 8)),
        "set 2": dict.fromkeys(both, (2, 3, 4, 8)),
    }
    assert shapes == expected
    assert not np.isnan(found["set 2"]["convex"]).any()


def test_drawn_objects_are_shares_of_the_picture():
    boxes = [[("dog", 0, 0, 96, 96), ("dog", 96, 96, 192, 192)], [], [("skull", 0, 0, 192, 48)]]
    shares = elsewhere.drawn_objects(boxes)
    assert shares.shape == (3, 31) and np.count_nonzero(shares) == 2
    assert shares.max(axis=1).tolist() == [0.5, 0, 0.25]
    assert shares[0].argmax() != shares[2].argmax()


def test_what_is_told_helps_where_it_carries_the_emotion(monkeypatch):
    where = {"objects": 1, "background": 0, "palette": 0}
    world = datasets.load("synthetic", n=60, seed=5, emotion_in=where, ambiguity=0, voter_noise=0)
    folds = repeated_folds(world.labels, None, 2, 1)
    runs = Runs("synthetic, objects", world.table, world.labels, folds)
    noise = np.random.default_rng(0).normal(size=(2, 60, 20))

    class Blind:  # a network whose features say nothing
        def __init__(self, backbone, layer, pretrained):
            assert (backbone, pretrained) == ("a network", False)
            self.layer = ("pooled", "probabilities").index(layer)

        def transform(self, X):
            return noise[self.layer]

    monkeypatch.setattr(elsewhere, "DeepFeatures", Blind)
    head = {"epochs": 30, "unit_blocks": True, "lr": 0.3}
    gains = elsewhere.objects_told(runs, "a network", ", ours", pretrained=False, **head)
    true, named = gains.values()
    assert true[1] > 10 and named[1] < 10
    rows = results.rows()
    assert set(rows["row"]) >= {"α = 1, ours", "Diff-CNN1, ours"}
    assert {"S: true objects", "S: ImageNet's"} <= set(rows["column"])
