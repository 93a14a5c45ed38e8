"""How well detectors find objects and emotional regions: Fig. 7 of Rao et al. (2019) in form.

The paper's caption speaks of emotional regions alone, found by object detectors and by emotional
ones; its text of object regions and of emotional regions. Here object regions are judged by both
truths, and emotional regions by theirs.
"""

import pandas as pd

from emobook import images
from emobook.evaluate import Interval, detection
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


def record_found(dataset: str, found: Found, resamples: int = 2000, note: str = "") -> None:
    """Record every metric of `matched` as a row of Figure 7."""
    for (truth, row, iou), runs in found.items():
        for metric in detection.METRICS:
            interval = detection.detection_interval(runs, metric, resamples)
            place = PAPER, FIGURE, row, column_of(truth, metric, iou), dataset, metric
            record_row(*place, *interval, len(runs[0].true), note=note)


def record_absent(dataset: str, truth: str, rows, reason: str, ious=(0.5, 0.7)) -> None:
    """Record that rows of Figure 7 were not run; the reason becomes their note."""
    for row in rows:
        for metric in detection.METRICS:
            for iou in ious:
                place = PAPER, FIGURE, row, column_of(truth, metric, iou), dataset, metric
                record_row(*place, None, note=f"not run: {reason}")


def gain(
    dataset: str, found: Found, truth: str, better: str, worse: str,
    metric: str = "average precision", iou: float = 0.5, resamples: int = 2000,
) -> Interval:  # fmt: skip
    """By how much one row of `matched` finds a truth better than another, paired; recorded in the
    item "Figure 7 in pairs"."""
    sides = (found[truth, row, iou] for row in (better, worse))
    interval = detection.detection_gain(*sides, metric, resamples)
    place = f"{better} over {worse}", column_of(truth, metric, iou), dataset, "gain"
    n = len(found[truth, better, iou][0].true)
    record_row(PAPER, f"{FIGURE} in pairs", *place, *interval, n)
    return interval


def ranked(table: pd.DataFrame, detector, iou: float = 0.5) -> dict[str, list[Matches]]:
    """The emotional regions of a detector, the same ten boxes of each picture, ranked by each of
    their numbers: "S_emo", "p_emo", "p_obj" → matches with the true emotional regions."""
    regions = detector.transform(table)["emotional_regions"]
    return {
        name: [detection.match(detectors.scored(regions, name.lower()), table["regions"], iou)]
        for name in ("S_emo", "p_emo", "p_obj")
    }
