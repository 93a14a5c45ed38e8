"""Recall and average precision of boxes, against hand-made cases and slow references."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from emobook.evaluate import detection
from emobook.evaluate.detection import Matches, average_precision, match, recall

A, B, C = (0, 0, 10, 10), (20, 0, 30, 10), (0, 20, 10, 30)


def overlap(a, b):
    wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - wide * high
    return wide * high / area


def slow(found, truth, iou):
    """Recall and average precision, loop by loop."""
    listed, total = [], 0
    for boxes, true in zip(found, truth, strict=True):
        if true is None:
            continue
        free, total = list(range(len(true))), total + len(true)
        for *box, score in sorted(boxes, key=lambda one: -one[4]):
            best = max(free, key=lambda i: overlap(box, true[i]), default=None)
            good = best is not None and overlap(box, true[best]) >= iou
            if good:
                free.remove(best)
            listed.append((score, good))
    points = []
    for least in {score for score, _ in listed}:
        called = [good for score, good in listed if score >= least]
        points.append((sum(called) / total, sum(called) / len(called)))
    area, before = 0.0, 0.0
    for reached, _ in sorted(points):
        area += (reached - before) * max(p for r, p in points if r >= reached)
        before = reached
    return sum(good for _, good in listed) / total, area


def random_case(seed, pictures=12, ties=False):
    dice = np.random.default_rng(seed)

    def boxes(most):
        low = dice.uniform(0, 60, size=(dice.integers(0, most + 1), 2))
        return np.hstack([low, low + dice.uniform(10, 40, size=low.shape)])

    truth = [boxes(3).tolist() for _ in range(pictures)]
    found = []
    for true in truth:
        near = [np.array(box) + dice.normal(0, 3, 4) for box in true for _ in range(2)]
        ours = np.vstack([boxes(4), *near])
        scores = dice.random(len(ours))
        found.append(np.column_stack([ours, scores.round(1) if ties else scores]))
    return found, truth


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("iou", [0.3, 0.5, 0.7])
def test_both_measures_equal_a_slow_reference(iou, ties):
    for seed in range(8):
        found, truth = random_case(seed, ties=ties)
        matches = match(found, truth, iou)
        assert (recall(matches), average_precision(matches)) == pytest.approx(
            slow(found, truth, iou)
        )


def test_average_precision_is_the_sum_of_scikit_learn_where_precision_only_falls():
    hit = np.array([True, True, True, False, False, True, False, False])
    score = np.linspace(0.9, 0.2, 8)
    matches = Matches(np.array([4, 4]), np.zeros(8, int), score, hit)
    wanted = average_precision_score(hit, score) * 4 / 8  # of eight true boxes four were found
    assert average_precision(matches) == pytest.approx(wanted)


def test_by_hand():
    """Two of three true boxes: a hit, a false alarm, a hit: precision 1, then 2/3."""
    found = [[(*A, 0.9), (*C, 0.8)], [(*B, 0.7)]]
    matches = match(found, [[A], [B, C]])
    assert matches.hit.tolist() == [True, False, True]
    assert recall(matches) == pytest.approx(2 / 3)
    assert average_precision(matches) == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)


def test_limits():
    perfect = match([[(*A, 0.5)], [(*B, 0.9), (*C, 0.1)]], [[A], [B, C]])
    assert recall(perfect) == average_precision(perfect) == 1
    for nothing in ([[], []], [[(*C, 1.0)], [(*A, 1.0)]]):
        missed = match(nothing, [[A], [B]])
        assert recall(missed) == average_precision(missed) == 0
    assert np.isnan(recall(match([[(*A, 1.0)]], [[]])))


def test_a_true_box_is_found_once_and_by_the_strongest():
    matches = match([[(*A, 0.4), (*A, 0.9)]], [[A]])
    assert matches.hit.tolist() == [True, False] and matches.score.tolist() == [0.9, 0.4]
    beside = (1, 0, 11, 10)  # the second box takes what is left: as in COCO, not as in VOC
    matches = match([[(*A, 0.9), (*A, 0.8)]], [[A, beside]])
    assert matches.hit.tolist() == [True, True]


def test_the_threshold_itself_is_a_hit():
    half = match([[(0, 0, 10, 5, 1.0)]], [[A]], iou=0.5)
    assert recall(half) == 1
    assert recall(match([[(0, 0, 10, 5, 1.0)]], [[A]], iou=0.51)) == 0


def test_order_of_pictures_and_of_equal_scores_does_not_matter():
    found, truth = random_case(3, ties=True)
    turned = match(found[::-1], truth[::-1])
    assert average_precision(turned) == pytest.approx(average_precision(match(found, truth)))


def test_names_before_boxes_are_not_looked_at_and_unknown_pictures_left_out():
    named = match([[(*A, 1.0)], [(*B, 0.5)], []], [[("dog", *A)], None, []])
    assert named.true.tolist() == [1, 0] and recall(named) == average_precision(named) == 1


@pytest.mark.parametrize(
    ("found", "truth", "iou", "words"),
    [
        ([[A]], [[A]], 0.5, "found must hold 5 numbers"),
        ([[(*A, 1.0)]], [[(1, 2, 3)]], 0.5, "truth must hold 4 numbers"),
        ([[(*A, np.nan)]], [[A]], 0.5, "finite"),
        ([[(*A, 1.0)]], [[(9, 0, 2, 5)]], 0.5, "x0 <= x1"),
        ([[(*A, 1.0)]], [[A], [B]], 0.5, "equally long"),
        ([[(*A, 1.0)]], [[A]], 0, "iou"),
    ],
)
def test_bad_input_says_what_is_wrong(found, truth, iou, words):
    with pytest.raises(ValueError, match=words):
        match(found, truth, iou)


@pytest.mark.parametrize("metric", detection.METRICS)
def test_weights_are_pictures_that_occur_several_times(metric):
    found, truth = random_case(5, ties=True)
    times = np.random.default_rng(0).integers(0, 4, size=(3, len(found)))
    weighted = detection.METRICS[metric](match(found, truth), times)
    for row, value in zip(times, weighted, strict=True):
        again = [i for i, count in enumerate(row) for _ in range(count)]
        repeated = match([found[i] for i in again], [truth[i] for i in again])
        assert value == pytest.approx(detection.METRICS[metric](repeated))


@pytest.mark.parametrize("metric", detection.METRICS)
def test_the_interval_is_that_of_a_slow_bootstrap(metric):
    found, truth = random_case(7)
    matches = match(found, truth)
    value, low, high = detection.detection_interval([matches], metric, resamples=400)
    dice, slowly = np.random.default_rng(1), []
    for _ in range(400):
        rows = dice.integers(0, 12, size=12)
        slowly.append(slow([found[i] for i in rows], [truth[i] for i in rows], 0.5))
    column = np.array(slowly)[:, list(detection.METRICS).index(metric)]
    assert value == detection.METRICS[metric](matches)
    assert (low, high) == pytest.approx(np.percentile(column, [2.5, 97.5]), abs=0.04)


def test_paired_gains_are_tighter_than_their_sides():
    """A detector that misses one box in 40 pictures more than another does."""
    truth = [[A, B]] * 20 + [[A]] * 20
    good = [[(*A, 0.9), (*B, 0.8)] if i % 2 else [(*A, 0.9)] for i in range(40)]
    worse = [*good[:-1], [(*C, 0.9)]]
    good, worse = match(good, truth), match(worse, truth)
    gain = detection.detection_gain([good], [worse], "recall")
    assert gain.value == pytest.approx(1 / 60) and 0 <= gain.low <= gain.value <= gain.high
    alone = detection.detection_interval([good], "recall")
    assert gain.high - gain.low < (alone.high - alone.low) / 2
    same = detection.detection_gain([good], [good], "average precision")
    assert tuple(same) == (0, 0, 0)


def test_runs_are_averaged_and_their_spread_joins():
    found, truth = random_case(2, pictures=20)
    runs = [match(found, truth), match([boxes[:1] for boxes in found], truth)]
    both = detection.detection_interval(runs, "recall")
    assert both.value == pytest.approx(np.mean([recall(run) for run in runs]))
    three = detection.detection_interval([*runs, runs[1]], "recall")
    assert three.high - three.low > both.high - both.low
    gain = detection.detection_gain(runs, runs[::-1], "recall")
    assert gain.value == pytest.approx(0)


def test_intervals_refuse_what_cannot_be_compared():
    one, other = match([[(*A, 1.0)]] * 2, [[A]] * 2), match([[]] * 2, [[A, B]] * 2)
    with pytest.raises(ValueError, match="same pictures"):
        detection.detection_gain([one], [other], "recall")
    with pytest.raises(ValueError, match="metric"):
        detection.detection_interval([one], "accuracy")
    with pytest.raises(ValueError, match="no true box"):
        detection.detection_interval([match([[(*A, 1.0)]], [[]])], "recall")
    with pytest.raises(ValueError, match="at least one run"):
        detection.detection_interval([], "recall")
    assert np.isnan(detection.detection_interval([match([[(*A, 1.0)]], [[A]])], "recall").low)


def test_chance_keeps_sizes_and_scores_and_stays_inside():
    found = [[(*A, 0.9), (5, 5, 35, 40, 0.2)], [], [(0, 0, 40, 40, 1.0)]] * 30
    moved = detection.moved_at_random(found, [(40, 40)] * 90, seed=1)
    for before, after in zip(found, moved, strict=True):
        before = np.array(before).reshape(-1, 5)
        assert np.allclose(after[:, 2:4] - after[:, :2], before[:, 2:4] - before[:, :2])
        assert after.size == 0 or (after[:, :4].min() >= 0 and after[:, :4].max() <= 40)
        assert np.array_equal(after[:, 4:], before[:, 4:])
    left = np.array([boxes[0, 0] for boxes in moved[::3]])
    assert left.min() < 5 and left.max() > 25  # anywhere from 0 to 30
    again = detection.moved_at_random(found, [(40, 40)] * 90, seed=1)
    assert all(map(np.array_equal, moved, again))
    with pytest.raises(ValueError, match="larger than its picture"):
        detection.moved_at_random([[(0, 0, 50, 10, 1.0)]], [(40, 40)])
