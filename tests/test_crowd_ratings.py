"""Ratings of valence and arousal: the protocol, its corrections against closed forms, its limit."""

import numpy as np
import pandas as pd
import pytest

from emobook.datasets.crowd.ratings import (
    SCALES,
    adjust,
    carry_over,
    draw_ratings,
    mean_ratings,
    reliability,
    simulate_ratings,
    squared_errors,
)

BIAS = {"r0": 1.0, "r1": -1.0, "r2": 0.5}


def some_truth(n, seed=0):
    return np.random.default_rng(seed).normal([5.5, 5], [1.5, 1.2], (n, 2)).clip(1, 9)


def table(rows, **columns):
    """Ratings of (worker, image, value), the same for valence and arousal."""
    ratings = pd.DataFrame(rows, columns=["worker", "image", "valence"])
    return ratings.assign(arousal=ratings["valence"], **columns)


def biased(seen):
    """Ratings = image number + the worker's level, without noise."""
    return table([(w, i, float(i) + BIAS[w]) for w, images in seen.items() for i in images])


def error(ratings, truth, correct=None):
    found = mean_ratings(ratings, correct)[list(SCALES)].to_numpy()
    return np.sqrt(((found - truth) ** 2).mean())


# The protocol


def test_kims_numbers_hold():
    """10,766 images, five ratings each, 1,339 workers of at most 200 questions."""
    truth = some_truth(10_766)
    ratings = simulate_ratings(truth, seed=1)
    assert len(ratings) == 5 * 10_766
    assert ratings.groupby("image").size().eq(5).all()
    per_worker = ratings.groupby("worker").size()
    assert per_worker.max() == 200
    assert len(per_worker) == pytest.approx(1339, abs=20)
    assert not ratings.duplicated(["worker", "image"]).any()
    for scale in SCALES:
        assert sorted(ratings[scale].unique()) == list(range(1, 10))
    assert list(ratings) == ["worker", "order", "image", "valence", "arousal", "previous"]


def test_the_image_before_is_the_one_rated_before():
    ratings = simulate_ratings(some_truth(60), raters=20, per_image=5, seed=2)
    for _, own in ratings.groupby("worker"):
        assert own["order"].tolist() == list(range(len(own)))
        assert pd.isna(own["previous"].iloc[0])
        assert own["previous"].iloc[1:].tolist() == own["image"].iloc[:-1].tolist()
    order = np.corrcoef(ratings["order"], ratings["image"])[0, 1]
    assert abs(order) < 0.2  # shown at random


def test_the_same_seed_gives_the_same_and_another_does_not():
    truth = some_truth(40)
    first = simulate_ratings(truth, raters=30, seed=4)
    pd.testing.assert_frame_equal(first, simulate_ratings(truth, raters=30, seed=4))
    assert not first.equals(simulate_ratings(truth, raters=30, seed=5))


def test_without_any_fault_all_rate_the_truth():
    truth = np.random.default_rng(0).integers(1, 10, (50, 2))
    ratings = simulate_ratings(truth, raters=9, bias_sd=0, scale_sd=0, noise_sd=0)
    assert (ratings[list(SCALES)].to_numpy() == truth[ratings["image"]]).all()


def test_who_repeats_the_rating_before_never_leaves_his_first():
    ratings = simulate_ratings(some_truth(80), raters=12, anchoring=1)
    assert (ratings.groupby("worker")[list(SCALES)].nunique() == 1).all().all()


@pytest.mark.parametrize("anchoring", [-0.3, 0.4])
def test_anchoring_follows_its_rule(anchoring):
    """Without other faults the rating is the truth moved towards the rating before, rounded."""
    truth = some_truth(60).clip(3, 7)
    options = {"raters": 10, "bias_sd": 0, "scale_sd": 0, "noise_sd": 0, "anchoring": anchoring}
    ratings = simulate_ratings(truth, **options)
    for _, own in ratings.groupby("worker"):
        felt, said = truth[own["image"]], own[list(SCALES)].to_numpy()
        expected = felt[1:] + anchoring * (said[:-1] - felt[1:])
        assert np.abs(said[1:] - expected).max() <= 0.5


# Corrections


def test_biased_workers_who_see_the_same_need_no_correction_but_keep_their_mean():
    """Everyone saw everything: all three give the image's number, up to one constant."""
    ratings = biased(dict.fromkeys(BIAS, range(6)))
    for correct in (None, "centre", "additive"):
        found = mean_ratings(ratings, correct)
        assert found["image"].tolist() == list(range(6))
        assert (found["valence"] - found["image"]).to_numpy() == pytest.approx(0.5 / 3)


def test_the_additive_fit_finds_what_bias_hid():
    """r0 saw the low half, r1 the high half, r2 the middle: only the fit undoes that exactly."""
    ratings = biased({"r0": range(6), "r1": range(4, 10), "r2": range(3, 7)})
    fitted = mean_ratings(ratings, "additive")
    shift = fitted["valence"] - fitted["image"]
    assert np.ptp(shift) == pytest.approx(0, abs=1e-8)
    # workers' parts are 0 on average over the ratings, so the constant is their mean level
    assert shift.mean() == pytest.approx((6 * 1 - 6 * 1 + 4 * 0.5) / 16)
    for correct in (None, "centre"):
        found = mean_ratings(ratings, correct)
        assert np.ptp(found["valence"] - found["image"]) > 1
    assert fitted["raters"].tolist() == [1, 1, 1, 2, 3, 3, 2, 1, 1, 1]


def test_adjusting_keeps_the_grand_mean_and_the_rows():
    ratings = simulate_ratings(some_truth(80), raters=25, seed=3)
    for correct in ("centre", "additive"):
        found = adjust(ratings, correct)
        assert found.index.equals(ratings.index)
        for scale in SCALES:
            assert found[scale].mean() == pytest.approx(ratings[scale].mean())
    centred = adjust(ratings, "centre").groupby("worker")["valence"].mean()
    assert centred.to_numpy() == pytest.approx(ratings["valence"].mean())


def test_the_additive_fit_is_least_squares():
    """Against dense least squares with the same constraint."""
    ratings = simulate_ratings(some_truth(40), raters=15, seed=6)
    worker, workers = pd.factorize(ratings["worker"])
    design = np.hstack([np.eye(40)[ratings["image"]], np.eye(len(workers))[worker]])
    constraint = np.hstack([np.zeros(40), np.bincount(worker)])
    for scale in SCALES:
        left = np.vstack([design, constraint])
        fit = np.linalg.lstsq(left, np.append(ratings[scale], 0), rcond=None)[0]
        found = mean_ratings(ratings, "additive")[scale]
        assert found.to_numpy() == pytest.approx(fit[:40], abs=1e-6)


def test_which_mean_is_nearest_to_the_truth():
    """Corrections pay where workers differ and rate much; they cost where neither holds."""
    truth = some_truth(400).clip(2, 8)
    much = {"raters": 60, "limit": None, "scale_sd": 0, "seed": 1}
    apart = simulate_ratings(truth, bias_sd=1.2, **much)
    errors = {c: error(apart, truth, c) for c in (None, "centre", "additive")}
    assert errors["additive"] < 0.8 * errors[None]
    assert errors["centre"] < 0.8 * errors[None]
    little = {"raters": 700, "scale_sd": 0, "activity": 0, "seed": 1}  # some three ratings each
    alike = simulate_ratings(truth, bias_sd=0.1, **little)
    assert error(alike, truth) < 0.9 * error(alike, truth, "additive")
    assert error(alike, truth) < 0.9 * error(alike, truth, "centre")


def test_groups_without_a_common_worker_cannot_be_compared():
    ratings = biased({"r0": range(3), "r1": range(3, 6)})
    with pytest.raises(ValueError, match=r"fall into 2 groups of images without a common worker"):
        mean_ratings(ratings, "additive")
    assert len(mean_ratings(ratings, "centre")) == 6


# Reliability

# The ratings of six targets by four judges in Shrout and Fleiss (1979), whose one-way intraclass
# correlations they give as .17 and .44
SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_intraclass_correlation_of_the_textbook():
    ratings = table([(f"w{i}{j}", i, x) for i, row in enumerate(SHROUT) for j, x in enumerate(row)])
    found = reliability(ratings).set_index("scale").loc["valence"]
    # mean squares by hand: 56.2083 / 5 between targets, 112.75 / 18 within
    between, within = 56.208333 / 5, 112.75 / 18
    assert found["raters"] == 4
    assert found["single"] == pytest.approx((between - within) / (between + 3 * within), rel=1e-6)
    assert found["mean"] == pytest.approx((between - within) / between, rel=1e-6)
    assert found["single"] == pytest.approx(0.17, abs=5e-3)
    assert found["mean"] == pytest.approx(0.44, abs=5e-3)
    assert found["floor"] == pytest.approx(np.sqrt(within / 4))
    # 95 % of F with 5 and 18 degrees of freedom lie from 0.1572 to 3.3820
    assert found["low"] == pytest.approx(1 - 3.3820 * within / between, abs=1e-3)
    assert found["high"] == pytest.approx(1 - 0.1572 * within / between, abs=1e-3)


def test_the_ceiling_is_what_the_truth_itself_reaches():
    """No predictor is better than the truth: its correlation and error are the ceiling and floor,
    the floor with the workers' own spread on top."""
    truth = some_truth(3000)
    ratings = simulate_ratings(truth, raters=600, scale_sd=0, bias_sd=0.8)
    means, limits = mean_ratings(ratings), reliability(ratings).set_index("scale")
    for i, scale in enumerate(SCALES):
        correlation = np.corrcoef(means[scale], truth[:, i])[0, 1]
        assert limits.loc[scale, "ceiling"] == pytest.approx(correlation, abs=0.01)
        off = np.sqrt(((means[scale] - truth[:, i]) ** 2).mean())
        assert limits.loc[scale, "floor"] == pytest.approx(off, rel=0.03)
        assert limits.loc[scale, "low"] < limits.loc[scale, "mean"] < limits.loc[scale, "high"]


def test_reliability_foretells_a_second_crowd():
    truth = some_truth(3000)
    first, second = (simulate_ratings(truth, raters=900, seed=s) for s in (1, 2))
    means = [mean_ratings(r)["arousal"] for r in (first, second)]
    between = np.corrcoef(*means)[0, 1]
    assert reliability(first).loc[1, "mean"] == pytest.approx(between, abs=0.02)


def test_unequal_numbers_of_raters():
    """k by the formula for unequal groups; a rating of an image rated once still counts."""
    ratings = biased({"r0": range(6), "r1": range(4, 10), "r2": range(3, 7)})
    found = reliability(ratings)
    squares = 6 * 1 + 2 * 4 + 2 * 9
    assert found["raters"][0] == pytest.approx((16 - squares / 16) / 9)


def test_images_that_nobody_tells_apart_or_all_agree_on():
    alike = table([("a", 0, 5), ("b", 0, 5), ("a", 1, 7), ("b", 1, 7)])
    found = reliability(alike).iloc[0]
    assert found[["single", "mean", "ceiling", "floor"]].tolist() == [1, 1, 1, 0]
    noise = table([("a", 0, 4), ("b", 0, 6), ("a", 1, 6), ("b", 1, 4)])
    found = reliability(noise).iloc[0]
    assert found["single"] == pytest.approx(-1)
    assert found["ceiling"] == 0


@pytest.mark.parametrize("rows", [[("a", 0, 5), ("b", 0, 6)], [("a", 0, 5), ("a", 1, 5)]])
def test_too_little_to_tell(rows):
    with pytest.raises(ValueError, match=r"^ratings must have at least two images, and one"):
        reliability(table(rows))


# The image before


@pytest.mark.parametrize(("anchoring", "sign"), [(0.3, 1), (0, 0), (-0.3, -1)])
def test_carry_over_has_the_sign_of_anchoring(anchoring, sign):
    ratings = simulate_ratings(some_truth(1500), raters=200, anchoring=anchoring, bias_sd=1.0)
    found = carry_over(ratings)
    assert list(found.index) == list(SCALES)
    if sign:
        assert (found * sign > 0.08).all()
    else:
        assert (found.abs() < 3.5 / np.sqrt(len(ratings))).all()


def test_carry_over_by_hand():
    ratings = table(
        [("a", 0, 2), ("a", 1, 5), ("a", 2, 7), ("b", 1, 4), ("b", 2, 9), ("b", 0, 3)],
        previous=[None, 0, 1, None, 1, 2],
    )
    # minus the other's rating of the image, against the other's rating of the image before
    surplus, before = [5 - 4, 7 - 9, 9 - 7, 3 - 2], [3, 4, 5, 7]
    assert carry_over(ratings)["valence"] == pytest.approx(np.corrcoef(surplus, before)[0, 1])


def test_carry_over_needs_others():
    ratings = table([("a", 0, 2), ("a", 1, 5)], previous=[None, 0])
    with pytest.raises(ValueError, match=r"^ratings must have three rows with a previous image"):
        carry_over(ratings)
    with pytest.raises(ValueError, match=r"^ratings must have the column 'previous'"):
        carry_over(ratings.drop(columns="previous"))


# Arguments


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"raters": 3}, r"^5 different workers for an image cannot be had of 3$"),
        (
            {"raters": 10, "limit": 20},
            r"^100 images × 5 answers are more than 10 workers × 20 can give: "
            r"take at least 25 workers, or a higher limit$",
        ),
        ({"truth": [[1, 2, 3]]}, r"^truth must hold valence and arousal, \(N, 2\)"),
        ({"truth": [[0, 5]]}, r"^truth must lie from 1 to 9$"),
        ({"truth": [[np.nan, 5]]}, r"^truth must lie from 1 to 9$"),
        ({"noise_sd": -1}, r"^noise_sd must be a number from 0 to 8, not -1$"),
        ({"anchoring": 1.5}, r"^anchoring must be a number from -1 to 1, not 1.5$"),
        ({"raters": 2.5}, r"^raters must be a whole number"),
        ({"per_image": 0}, r"^per_image must be a whole number of at least 1, not 0$"),
        ({"limit": 0}, r"^limit must be a whole number of at least 1, not 0$"),
    ],
)
def test_what_cannot_be_simulated(options, message):
    with pytest.raises(ValueError, match=message):
        simulate_ratings(**{"truth": some_truth(100), "raters": 50, **options})


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        (table([("a", 0, 5)]).drop(columns="arousal"), r"^ratings must be a table with the column"),
        (table([("a", 0, 5), ("a", 0, 6)]), r"^ratings: worker 'a' rates image 0 twice \(row 1\)"),
        (table([("a", 0, 5), ("b", 0, None)]), r"^ratings: row 1 has no valence"),
        (table([("a", 0, "5")]), r"^ratings: valence must hold numbers"),
        (table([("a", 0, 5)])[:0], r"^ratings must have at least one row$"),
        (None, r"^ratings must be a table"),
    ],
)
def test_ratings_that_cannot_be_used(ratings, message):
    with pytest.raises(ValueError, match=message):
        mean_ratings(ratings)


def test_an_unknown_correction():
    with pytest.raises(ValueError, match=r"^correct must be None, 'centre' or 'additive'"):
        mean_ratings(table([("a", 0, 5)]), "center")


def test_squared_errors_belong_to_the_images_that_were_rated():
    given = pd.DataFrame(
        {
            "worker": ["a", "b", "a", "b"],
            "image": [2, 2, 0, 0],
            "valence": [4, 6, 1, 1],
            "arousal": [9, 9, 2, 4],
        }
    )
    truth = [[1, 5], [0, 0], [7, 9]]
    found = squared_errors(given, truth)  # image 0: 0 and 2², image 2: 2² and 0
    assert found.tolist() == [2, 2]
    with pytest.raises(ValueError, match="every image"):
        squared_errors(given, truth[:2])


def test_drawn_ratings_have_the_published_means_spreads_and_reliability():
    rng = np.random.default_rng(0)
    means = np.stack([rng.normal(4, 1.0, 800), rng.normal(4, 0.5, 800)], axis=1)
    given = draw_ratings(means, np.full((800, 2), 0.9), scale=(1, 7), per_image=5)
    assert len(given) == 4000 and given["worker"].is_unique
    assert given["image"].tolist()[:6] == [0, 0, 0, 0, 0, 1]
    found = given.groupby("image")[list(SCALES)].mean()
    assert np.abs((found - means).mean()).max() < 0.05
    within = 0.9**2 + 1 / 12  # a whole number is off by the variance of an even spread over 1
    expected = [v / (v + within / 5) for v in means.var(axis=0)]
    assert reliability(given)["mean"].tolist() == pytest.approx(expected, abs=0.03)
    with pytest.raises(ValueError, match="at least 0"):
        draw_ratings(means, -means)
