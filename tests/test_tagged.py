"""Objects and emotion: in the simulator the correlation is there if, and only if, it was put in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emobook import datasets, evaluate, results
from emobook.datasets.base import Dataset
from emobook.datasets.oasis import INFO
from emobook.datasets.synthetic.emotion import VALENCE
from emobook.evaluate import reliability
from emobook.results import tagged
from emobook.results.tagged import Tagged


@pytest.fixture(scope="module")
def norms():
    return tagged.kind_norms(600)


@pytest.fixture(scope="module")
def worlds(norms):
    found = {}
    for name, shares in {"on": {}, "off": {"objects": 0}}.items():
        data = datasets.load("synthetic", n=100, emotion_in=shares)
        found[name] = Tagged.of_scenes(data, norms, f"synthetic, {name}")
    return found


@pytest.fixture
def photos():
    """Twelve made-up photos of six themes, one of which is no word."""
    themes = [
        f"{name} {k}" for name in ("Cat", "Cats", "Sad cat", "Gun", "Zyx", "Sea") for k in "12"
    ]
    rng = np.random.default_rng(0)
    spread = {f"{r}_{end}": v for r in tagged.RATINGS for end, v in (("sd", 1.0), ("n", 100))}
    table = pd.DataFrame(
        {
            "path": None, "id": themes, "split": "train", "group": [t[:-2] for t in themes],
            "category": ["Animal"] * 6 + ["Object"] * 6, **spread,
        }
    )  # fmt: skip
    ratings = pd.DataFrame(rng.uniform(1, 7, (12, 2)), columns=list(tagged.RATINGS))
    return Dataset(INFO, table, ratings=ratings, scale=(1, 7))


@pytest.fixture
def known():
    means = pd.DataFrame(
        {"valence": [7.0, 2.0, 7.5], "arousal": [4.0, 6.0, 3.0]}, index=["cat", "gun", "sea"]
    )
    for rating in tagged.RATINGS:
        means[f"{rating}_sd"], means[f"{rating}_n"] = 1.5, 20
    return means


def test_the_largest_charged_object_is_the_tag():
    boxes = [("dog", 0, 0, 10, 10), ("snake", 0, 0, 20, 10), ("chair", 0, 0, 90, 90)]
    assert tagged.main_object(boxes) == "snake"
    assert tagged.main_object(boxes[2:]) is None


def test_norms_of_kinds_are_what_they_evoke(norms):
    assert norms.loc["snake", "valence"] < 4 < 6 < norms.loc["cat", "valence"]
    assert norms.loc["cat", "arousal"] < norms.loc["car", "arousal"]
    assert not norms.isna().any(axis=None)


def test_correlation_appears_with_the_mechanism_and_vanishes_with_it(worlds):
    for rating in tagged.RATINGS:
        assert worlds["on"].correlation(rating).low > 0.3
        off = worlds["off"].correlation(rating)
        assert off.low < 0 < off.high and off.value < 0.25
        assert worlds["on"].parts(rating).loc["between groups", "low"] > 0.15
        assert worlds["off"].parts(rating).loc["between groups", "share"] < 0.15


def test_spread_of_votes_is_that_of_the_voters(norms):
    data = datasets.load("synthetic", n=12)
    found = Tagged.of_scenes(data, norms, "synthetic").pictures.set_index("id")
    rows = data.table["id"].isin(found.index).to_numpy()
    for name, votes in zip(data.table["id"][rows], data.votes[rows], strict=True):
        said = np.repeat(np.array(VALENCE) / 100, votes)
        assert found.loc[name, "valence_sd"] == pytest.approx(said.std(ddof=1))
        assert found.loc[name, "valence"] == pytest.approx(said.mean())
        assert found.loc[name, "valence_n"] == 11


def test_photos_take_the_norms_of_their_tags(photos, known):
    found = Tagged.of_photos(photos, known)
    assert list(found.steps["tags"]) == [3, 1, 1, 0, 1]
    assert list(found.pictures["valence_word"].dropna()) == [7] * 6 + [2] * 2 + [7.5] * 2
    exact = found.matched[found.matched["step"] == "as it is"]
    expected = np.corrcoef(exact["arousal"], exact["arousal_word"])[0, 1]
    assert found.correlation("arousal", exact=True).value == pytest.approx(expected)
    animals = found.matched["category"] == "Animal"
    assert len(found._some(category="Animal")) == animals.sum() == 6
    r = [found.correlation(rating).value for rating in tagged.RATINGS]
    assert found.difference().value == pytest.approx(r[0] - r[1])


def test_pictures_with_one_word_are_resampled_together(photos, known):
    found = Tagged.of_photos(photos, known)
    some = found.matched
    assert some["tag"].nunique() > some["word"].nunique() == 3  # three tags are cats
    sides = some["valence"], some["valence_word"]
    expected = evaluate.pearson_interval(*sides, groups=some["word"])
    assert found.correlation("valence") == expected
    assert expected.low != evaluate.pearson_interval(*sides, groups=some["tag"]).low


def test_noise_is_that_of_all_pictures_and_empty_where_unknown(photos):
    assert tagged.noise_of(photos) == pytest.approx({"valence": 0.01, "arousal": 0.01})
    bare = photos.table.drop(columns=[f"{r}_n" for r in tagged.RATINGS])
    assert tagged.noise_of(replace(photos, table=bare)) == {}
    scenes = datasets.load("synthetic", n=12)
    charged = scenes.table["boxes"].map(tagged.main_object).notna()
    assert not charged.all()
    said = [np.repeat(np.array(VALENCE) / 100, votes) for votes in scenes.votes]
    expected = np.mean([one.var(ddof=1) / len(one) for one in said])
    assert tagged.noise_of(scenes)["valence"] == pytest.approx(expected)


def test_ceiling_is_what_raters_leave_of_perfect_agreement():
    rng = np.random.default_rng(0)
    true = rng.normal(5, 1, 4000)
    sides = {"valence": (30, 2.0), "valence_word": (10, 1.5)}
    pictures = pd.DataFrame({"id": np.arange(4000), "step": "as it is", "tag": np.arange(4000)})
    pictures["word"] = pictures["tag"]
    for name, (n, sd) in sides.items():
        pictures[name] = true + rng.normal(0, sd / n**0.5, 4000)
        pictures[f"{name}_sd"], pictures[f"{name}_n"] = sd, n
    found = Tagged("made", pictures)
    assert found.ceiling("valence") == pytest.approx(found.correlation("valence").value, abs=0.02)


def test_a_set_takes_the_norms_that_fit(photos, known, monkeypatch):
    monkeypatch.setattr(tagged, "word_norms", lambda: known)
    assert Tagged.of(photos).pictures.equals(Tagged.of_photos(photos, known).pictures)
    scenes = Tagged.of(datasets.load("synthetic", n=12), "synthetic, few")
    assert scenes.name == "synthetic, few" and scenes.steps.loc["as it is", "share of tags"] == 1


def test_what_is_recorded(photos, known, worlds, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_OUT", str(tmp_path))
    Tagged.of_photos(photos, known).record()
    worlds["on"].record()
    frame = results.record.current().frame().set_index(["item", "row", "column", "dataset"])
    at = frame.loc[("Figure 8", "valence of word and image", "Pearson correlation")]
    assert at.loc["synthetic, on", "value"] == pytest.approx(
        worlds["on"].correlation("valence").value, rel=1e-5
    )
    assert at.loc["oasis", "n"] == 10 and at.loc["oasis", "ceiling"] < 1
    rows = frame.reset_index()
    # where every tag is a word there is no second way to match, and no second row
    assert list(rows[rows["row"].str.contains("exact")]["dataset"].unique()) == ["oasis"]
    assert rows[rows["item"] == "Figure 8, by category"]["dataset"].unique() == ["oasis"]
    steps = rows[(rows["item"] == "Tags that are words") & (rows["dataset"] == "synthetic, on")]
    assert set(steps["row"]) == {"as it is"} and (steps["value"] == 1).all()
    parts = rows[rows["item"] == "Same object, different emotion"]
    for _, part in parts.groupby(["dataset", "column"]):
        assert part["value"].sum() == pytest.approx(1, abs=1e-5)
        assert set(part["row"]) == set(reliability.PARTS)
    gain = frame.loc[("Figure 8, in pairs", "all matches", "valence over arousal", "oasis")]
    some = Tagged.of_photos(photos, known).matched
    sides = [(some[r], some[f"{r}_word"]) for r in tagged.RATINGS]
    expected = evaluate.pearson_difference(*sides, groups=some["word"])
    said = list(gain[["value", "low", "high"]])
    assert said == pytest.approx(list(expected), rel=1e-5, nan_ok=True)
    one = frame.loc[("Figure 8, by category", "valence of word and image, Animal")]
    assert np.isnan(one["value"].item()) and one["note"].item().startswith("not run")
