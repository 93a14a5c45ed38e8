"""How well detectors find objects and emotional regions: Fig. 7 of Rao et al. (2019) in form.

The paper's caption speaks of emotional regions alone, found by object detectors and by emotional
ones; its text of object regions and of emotional regions. Here object regions are judged by both
truths, and emotional regions by theirs.
"""

import numpy as np
import pandas as pd

from emobook import images
from emobook.datasets.lists import DatasetError
from emobook.datasets.regions import boxes_from_map
from emobook.evaluate import Interval, bootstrap_interval, detection
from emobook.evaluate.detection import Matches
from emobook.results import detectors, record_row

PAPER, FIGURE = "rao2019", "Figure 7"
TRUTHS = {"objects": "boxes", "emotional regions": "regions"}
"""What there is to be found → the column of a table that has its true boxes."""
KINDS = {
    "object regions": ("object_regions", "p_obj", tuple(TRUTHS)),
    "emotional regions": ("emotional_regions", "s_emo", ("emotional regions",)),
}
"""What a detector finds → the column that it adds, the score, and by which truths it is judged."""

Found = dict[tuple[str, str, float], list[Matches]]  # truth, row, IoU → a run for each detector


def matched(table: pd.DataFrame, runs: dict[str, list], ious=(0.5, 0.7), seed: int = 0) -> Found:
    """What detectors find in the pictures of a table, matched with the truths that it has.

    runs: name → fitted detectors, such as "multi-level" → those of several seeds; its rows are
    "object regions, multi-level" and so on. More rows are baselines: "whole picture", and of the
    regions of the first name "…, moved at random".
    """
    known = {truth: table[column] for truth, column in TRUTHS.items() if column in table}
    sizes = [images.read(path).size for path in table["path"]]
    rows = {("whole picture", truth): [[[(0, 0, *size, 1.0)] for size in sizes]] for truth in known}
    for name, several in runs.items():
        seen = [one.transform(table) for one in several]
        for kind, (column, by, judged_by) in KINDS.items():
            boxes = [detectors.scored(one[column], by) for one in seen]
            for truth in judged_by:
                rows[f"{kind}, {name}", truth] = boxes
            if name == next(iter(runs)):
                moved = [
                    detection.moved_at_random(one, sizes, seed + i) for i, one in enumerate(boxes)
                ]
                own = "objects" if kind == "object regions" else kind
                rows[f"{kind}, moved at random", own] = moved
    return {
        (truth, row, iou): [detection.match(one, known[truth], iou) for one in boxes]
        for (row, truth), boxes in rows.items()
        for iou in ious
        if truth in known
    }


def column_of(truth: str, metric: str, iou: float) -> str:
    """The column of Figure 7 for a truth, a metric and an IoU."""
    return f"{truth}: {metric}, IoU {iou}"


def record_found(dataset: str, found: Found, resamples: int = 2000) -> None:
    """Record every metric of `matched` as a row of Figure 7."""
    for (truth, row, iou), runs in found.items():
        for metric in detection.METRICS:
            interval = detection.detection_interval(runs, metric, resamples)
            place = PAPER, FIGURE, row, column_of(truth, metric, iou), dataset, metric
            record_row(*place, *_known(interval), len(runs[0].true))


def record_absent(dataset: str, truth: str, rows, reason: str, ious=(0.5, 0.7)) -> None:
    """Record that rows of Figure 7 were not run; the reason becomes their note."""
    for row in rows:
        for metric in detection.METRICS:
            for iou in ious:
                place = PAPER, FIGURE, row, column_of(truth, metric, iou), dataset, metric
                record_row(*place, None, note=f"not run: {reason}")


def judge(
    tests: dict[str, dict], runs: dict[str, list], resamples: int = 2000
) -> dict[str, tuple[pd.DataFrame, Found]]:
    """Judge detectors on the test pictures of several sets (name → options, as for
    `detectors.at_hand`) and record Figure 7. Name → table and matches; a set that is not here is
    left out, and its rows for emotional regions read "not run"."""
    judged = {}
    for name, options in tests.items():
        try:
            table = detectors.at_hand({name: options})[1]
        except DatasetError:
            rows = [f"{kind}, {run}" for kind in KINDS for run in runs]
            record_absent(name, "emotional regions", rows, f"{name} is not at hand")
            continue
        table = table[table["split"] == "test"]
        judged[name] = table, matched(table, runs)
        record_found(name, judged[name][1], resamples)
    return judged


def gains(
    judged, truth: str, better: str, worse: str,
    metric: str = "average precision", iou: float = 0.5, resamples: int = 2000,
) -> dict[str, Interval]:  # fmt: skip
    """By how much one row finds a truth better than another, paired, in each set of `judge` that
    has both: name → interval; recorded in the item "Figure 7 in pairs"."""
    gained = {}
    for name, (_, found) in judged.items():
        sides = [found.get((truth, row, iou)) for row in (better, worse)]
        if None not in sides:
            gained[name] = detection.detection_gain(*sides, metric, resamples)
            place = over(better, worse), column_of(truth, metric, iou), name, "gain"
            n = len(sides[0][0].true)
            record_row(PAPER, f"{FIGURE} in pairs", *place, *_known(gained[name]), n)
    return gained


def over(better: str, worse: str) -> str:
    """The name of a comparison: what both rows end with, after a comma, is said once."""
    parts, others, shared = better.split(", "), worse.split(", "), []
    while min(len(parts), len(others)) > 1 and parts[-1] == others[-1]:
        shared.insert(0, parts.pop())
        others.pop()
    return ", ".join([f"{', '.join(parts)} over {', '.join(others)}", *shared])


def rank(judged, detector, resamples: int = 2000) -> dict[str, Interval]:
    """Rank the emotional regions of a detector, the same boxes of each picture, by each of their
    numbers, and record the average precisions at an IoU of .5 in the item "Equation 3".

    Returns for each set of `judge` that has true emotional regions what S_emo gains over p_emo.
    """
    metric, gained = "average precision", {}
    for name, (table, _) in judged.items():
        if "regions" not in table:
            continue
        regions = detector.transform(table)["emotional_regions"]
        orders = {
            score: [detection.match(detectors.scored(regions, score.lower()), table["regions"])]
            for score in ("S_emo", "p_emo", "p_obj")
        }
        for score, run in orders.items():
            place = f"ranked by {score}", f"{metric}, IoU 0.5", name, metric
            interval = detection.detection_interval(run, metric, resamples)
            record_row(PAPER, "Equation 3", *place, *_known(interval), len(table))
        gained[name] = detection.detection_gain(orders["S_emo"], orders["p_emo"], metric, resamples)
    return gained


def by_threshold(
    name: str, table: pd.DataFrame, detector, thresholds, resamples: int = 2000
) -> list[np.ndarray]:
    """What the rule for boxes of a map changes, for the pictures of a table with regions.

    Recorded in the item "Ground truth by threshold": boxes per picture, their area, and how well
    the same detector seems to find them. Returns the maps (H, W), 0 to 1: those of the column
    `map_path`, or simulated ones around the column `regions` (`detectors.drawn_map`).
    """
    if "map_path" in table:
        maps = [np.asarray(images.read(path).convert("L")) / 255 for path in table["map_path"]]
    else:
        pairs = enumerate(zip(table["path"], table["regions"], strict=True))
        maps = [detectors.drawn_map(b, images.read(p).size, seed=i) for i, (p, b) in pairs]
    seen = detectors.scored(detector.transform(table)["emotional_regions"], "s_emo")
    for tau in thresholds:
        boxes = [boxes_from_map(one, tau) for one in maps]
        areas = np.concatenate(
            [
                (b[:, 2:] - b[:, :2]).prod(axis=1) / one.size
                for b, one in zip(boxes, maps, strict=True)
            ]
        )
        place, n = (PAPER, "Ground truth by threshold", f"τ = {tau}"), len(maps)
        counts = bootstrap_interval([len(b) for b in boxes])
        record_row(*place, "boxes per picture", name, "count", *_known(counts), n)
        record_row(*place, "area", name, "share", *_known(bootstrap_interval(areas)), len(areas))
        for metric in detection.METRICS:
            interval = detection.detection_interval(
                [detection.match(seen, boxes)], metric, resamples
            )
            record_row(*place, f"{metric}, IoU 0.5", name, metric, *_known(interval), n)
    return maps


def _known(interval: Interval) -> list[float | None]:
    """Without bounds where there are none, as for a single picture."""
    return [None if np.isnan(bound) else bound for bound in interval]
