"""Whether a region matters to a classifier: it is covered, and so is another box of its size."""

import numpy as np
from PIL import Image
from sklearn.base import clone

from emobook import evaluate, images, results
from emobook.evaluate import Interval
from emobook.evaluate.detection import moved_at_random
from emobook.evaluate.folds import class_scores
from emobook.features.base import images_of
from emobook.results.found import KINDS

ITEM = "Covered regions"


def strongest(name: str, data, folds, detector, method, said: str = "") -> dict[str, Interval]:
    """Cover the strongest region of either kind of each picture that the folds test, and record in
    `ITEM` what that costs the classifier, what another box of the size costs (the baseline), and
    the difference. Pictures in which nothing was found are left out,
    and a row for which fewer than two remain.

    name: of the data set. data: a `Dataset`; folds, method: as for `falls`. detector: fitted. said:
    what the names of rows of emotional regions say besides. Returns row → the difference, paired.
    """
    tested = data.table.iloc[np.concatenate([fold.test for fold in folds])]
    out = detector.transform(tested)
    best = {
        f"strongest {kind.removesuffix('s')}{said if by == 's_emo' else ''}": [
            regions[0] for regions in out[column]
        ]
        for kind, (column, by, _) in KINDS.items()
    }
    boxes, found = {row: [one[:4] for one in some] for row, some in best.items()}, {}
    for row, fall in falls(method, data.table, data.labels, folds, boxes).items():
        fall = fall[[one.found for one in best[row]]]
        if len(fall) < 2:
            place = "rao2019", ITEM, row, "beyond another box", name, "gain"
            results.record_row(*place, None, note="not run: no region was found")
            continue
        cost, found[row] = evaluate.bootstrap_interval(fall[:, 0]), evaluate.paired_gain(*fall.T)
        cell, n, chance = ("rao2019", ITEM, row), len(fall), float(fall[:, 1].mean())
        results.record_row(*cell, "fall of the probability", name, "share", *cost, n, chance)
        results.record_row(*cell, "beyond another box", name, "gain", *found[row], n)
    return found


def covered(picture, box) -> Image.Image:
    """A picture with the box (x0, y0, x1, y1) painted in the picture's mean colour."""
    picture = images.read(picture).copy()
    mean = np.asarray(picture).reshape(-1, 3).mean(axis=0).round().astype(int)
    x0, y0, x1, y1 = (round(end) for end in box)
    if x1 > x0 and y1 > y0:
        picture.paste(tuple(mean.tolist()), (x0, y0, x1, y1))
    return picture


def falls(method, X, y, folds, boxes: dict, seed: int = 0) -> dict[str, np.ndarray]:
    """What it costs a classifier when a box of each picture is covered, and when a box of the same
    size somewhere else is: by name float64 (M, 2), falls of the probability of the true class.

    method: an unfitted classifier; each picture is judged by one that learned from whole pictures
    of the other folds. X, y: N pictures and labels. folds: of `evaluate.repeated_folds`, some or
    all of one repeat. boxes: name → (M, 4), for the pictures that the folds test, in their order,
    and in the pictures' pixels. For the other box eight places are drawn, all equally probable, and
    that which overlaps the first least is taken: a large box could hardly avoid it otherwise.
    """
    sources, y = images_of(X), np.asarray(y)
    order = np.concatenate([fold.test for fold in folds])
    pictures = [images.read(sources[i]) for i in order]
    hidden = [[None] * len(order)]
    for some in boxes.values():
        hidden += [some, _elsewhere(some, [one.size for one in pictures], seed)]
    seen = []
    for fold in folds:
        model = clone(method).fit([sources[i] for i in fold.train], y[fold.train])
        rows = np.flatnonzero(np.isin(order, fold.test))
        for version in hidden:
            shown = [
                pictures[row] if version[row] is None else covered(pictures[row], version[row])
                for row in rows
            ]
            scores = class_scores(model, shown, y.max() + 1)
            seen.append(scores[np.arange(len(rows)), y[order[rows]]])
    parts = [np.concatenate(seen[row :: len(hidden)]) for row in range(len(hidden))]
    lost = (parts[0] - np.array(parts[1:])).reshape(len(boxes), 2, -1)
    return dict(zip(boxes, lost.mT, strict=True))


def _elsewhere(boxes, sizes, seed: int) -> np.ndarray:
    """Boxes (M, 4) of the same sizes at other places of their pictures; sizes (M, 2)."""
    boxes = np.array([[box] for box in boxes], dtype=float)
    drawn = np.stack([moved_at_random(boxes, sizes, 8 * seed + i) for i in range(8)])[:, :, 0]
    shared = np.minimum(drawn[..., 2:], boxes[:, 0, 2:]) - np.maximum(
        drawn[..., :2], boxes[:, 0, :2]
    )
    least = shared.clip(min=0).prod(axis=-1).argmin(axis=0)
    return drawn[least, np.arange(len(boxes))]
