"""From tags to words: each step of the rule, and what the correlation makes of the words."""

import numpy as np
import pandas as pd
import pytest

from emobook import datasets, evaluate
from emobook.datasets import DatasetMissing
from emobook.datasets.tables import word_norms
from emobook.evaluate import words

KNOWN = {
    "acorn", "baby", "bike", "box", "car", "cat", "dance", "glass", "duck", "face", "hot dog",
    "jump", "knife", "run", "shoot",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "word", "step"),
    [
        ("Knife 12", "knife", "as it is"),
        (" Hot dog ", "hot dog", "as it is"),
        ("Glass", "glass", "as it is"),
        ("Acorns 1", "acorn", "lemma"),
        ("Babies", "baby", "lemma"),
        ("Boxes", "box", "lemma"),
        ("hot dogs", "hot dog", "lemma"),
        ("Dancing", "dance", "lemma"),
        ("Shooting", "shoot", "lemma"),
        ("running", "run", "lemma"),
        ("Scared cat", "cat", "last word"),
        ("Rubber duck 3", "duck", "last word"),
        ("Bungee jumping", "jump", "lemma of the last word"),
        ("Angry faces", "face", "lemma of the last word"),
        ("Meerkat", "", "no match"),
        ("cat food", "", "no match"),
    ],
)
def test_each_step_of_the_rule(tag, word, step):
    assert words.match(tag, KNOWN) == (word, step)


def test_an_ending_that_is_none_is_left():
    assert words.lemmas("ring") == [] and words.lemmas("thing") == []
    assert words.lemmas("grass") == []
    assert words.lemmas("cat") == []


def test_norms_stand_beside_their_tags_in_order():
    norms = pd.DataFrame({"valence": [2.0, 8.0]}, index=["knife", "duck"])
    tags = ["Rubber ducks", "Knife 1", "Meerkat", "Knife 2"]
    found = words.lookup(tags, norms)
    np.testing.assert_array_equal(found["valence"], [8, 2, np.nan, 2])
    assert list(found["word"]) == ["duck", "knife", "", "knife"]
    counts = words.steps(found, ["Rubber ducks", "Knife", "Meerkat", "Knife"])
    assert list(counts["tags"]) == [1, 0, 0, 1, 1]
    assert list(counts["pictures"]) == [2, 0, 0, 1, 1]
    assert counts["share of tags"].sum() == pytest.approx(1)
    assert counts.loc["no match", "share of pictures"] == 0.25


def test_oasis_tags_are_words_for_the_most_part():
    try:
        table, norms = datasets.load("oasis", on_error="drop").table, word_norms()
    except DatasetMissing:
        pytest.skip("no copy of OASIS or of the norms is here")
    found = words.steps(words.lookup(table["group"], norms), table["group"])
    assert found.loc["as it is", "share of tags"] > 0.6
    assert found.loc["no match", "share of pictures"] < 0.05


# ---- the difference of two correlations ----


def pairs(n=400, first=0.8, second=0.3, seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for r in (first, second):
        x = rng.normal(size=n)
        found.append((x, r * x + (1 - r**2) ** 0.5 * rng.normal(size=n)))
    return found


def test_difference_is_that_of_the_two_correlations():
    a, b = pairs()
    value, low, high = evaluate.pearson_difference(a, b)
    assert value == pytest.approx(np.corrcoef(*a)[0, 1] - np.corrcoef(*b)[0, 1])
    assert 0 < low < 0.5 < high
    assert evaluate.pearson_difference(b, a).value == pytest.approx(-value)


def test_difference_resamples_both_together_as_a_plain_loop_does():
    a, b = pairs(60)
    rng, drawn = np.random.default_rng(1), []
    for _ in range(4000):
        i = rng.integers(0, 60, 60)
        drawn.append(np.corrcoef(a[0][i], a[1][i])[0, 1] - np.corrcoef(b[0][i], b[1][i])[0, 1])
    found = evaluate.pearson_difference(a, b, resamples=4000)
    np.testing.assert_allclose(found[1:], np.percentile(drawn, [2.5, 97.5]), atol=0.03)
    shared = evaluate.pearson_difference(a, a)
    assert shared == (0, 0, 0)  # paired: what both share cancels


def test_copies_of_an_image_in_one_group_tell_nothing_new():
    a, b = pairs(50)
    alone = evaluate.pearson_difference(a, b)
    doubled = [tuple(np.tile(side, 4) for side in part) for part in (a, b)]
    grouped = evaluate.pearson_difference(*doubled, groups=np.tile(np.arange(50), 4))
    np.testing.assert_allclose(grouped, alone, atol=1e-9)
    apart = evaluate.pearson_difference(*doubled)
    assert apart.high - apart.low < 0.7 * (alone.high - alone.low)


def test_difference_of_what_does_not_vary_is_undefined():
    a, b = pairs(20)
    assert np.isnan(evaluate.pearson_difference(a, (np.ones(20), b[1]))).all()
    with pytest.raises(ValueError, match="same images"):
        evaluate.pearson_difference(a, pairs(21)[1])
