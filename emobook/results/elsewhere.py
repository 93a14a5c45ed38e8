"""Fused networks beyond the set that they learned, and told what is really there.

Rapolu et al. (2023), section 3.3: trained on one large set, tested on small ones. The paper does
not say whether an answer counts that a set of five emotions does not have, so both ways are kept.
"""

import numpy as np
import pandas as pd

from emobook import datasets, results
from emobook.datasets.synthetic.sprites import OBJECTS
from emobook.datasets.synthetic.stage import SIDE
from emobook.emotions import MIKELS8
from emobook.evaluate import Fold, majority_baseline
from emobook.features import DeepFeatures
from emobook.results.differential import MODELS, PAPER, curve, record, record_gains, rows, sweep
from emobook.results.fused import fused
from emobook.results.seeded import Runs

COLUMNS = {"artphoto": "ArtPhoto", "emotionroi": "E-ROI", "rapolu5": "Ours"}
COLUMNS |= {"abstract, ties first": "AP"}
"""Data set → its column of Table 2."""
KINDS = ("true objects", "ImageNet's")
_FILED = {"emotionroi": {"surprise": "awe", "joy": ""}}
_NOT_OURS = ("amusement", "anger", "awe")  # which the authors' own photos lack


def filed(data, name: str, five=()):
    """(table, labels) of a set, with its labels as positions in `MIKELS8`, as the paper files them.

    EmotionROI's surprise counts as awe, and its joy is left out. name: of the set; those in `five`
    keep only the five emotions of the authors' own photos.
    """
    under = dict.fromkeys(_NOT_OURS, "") if name in five else _FILED.get(name, {})
    words = [under.get(word, word) for word in data.classes]
    places = np.array([MIKELS8.index(word) if word in MIKELS8 else -1 for word in words])
    labels = places[data.labels]
    return data.table[labels >= 0], labels[labels >= 0]


def at_hand(others: dict, titles, five=()) -> dict:
    """Name → (table, labels) as `filed` gives, of the sets that are here.

    others: name, up to a comma that of the set → options of `datasets.load`. For a set of the
    paper whose photos are not here, the rows `titles` of Table 2 are recorded as not run.
    """
    found = {}
    for name, options in others.items():
        try:
            found[name] = filed(datasets.load(name.partition(",")[0], **options), name, five)
        except datasets.DatasetMissing:
            for row in titles:
                cell = PAPER, "Table 2", row, COLUMNS[name], name, "accuracy"
                results.record_row(*cell, None, note="not run: its photos are not here")
    return found


def judged(runs: Runs, sets: dict, networks, objects, grid, head: dict, **options) -> dict:
    """Set → model → (A, 3, n, 8) of networks that learned all of `runs`, by "convex" and "caption".

    sets: name → (table, labels) as `filed` gives. networks, objects, options: as for `fused`; head:
    options of the softmax layer, which has three random starts.
    """
    tables = [runs.X, *(table for table, _ in sets.values())]
    every = pd.concat(tables, ignore_index=True)[["path", "group"]]
    y = np.concatenate([runs.y, *(labels for _, labels in sets.values())])
    fold = Fold(0, 0, np.arange(len(runs.y)), np.arange(len(runs.y), len(y)))
    blocks = fused(Runs("all", every, y, [fold]), networks, objects, **options)
    found = {m: sweep([blocks] * 3, y, [fold], m, grid, **head) for m in ("convex", "caption")}
    ends = np.cumsum([len(table) for table in tables])
    return {
        name: {m: scores[:, :, ends[k] : ends[k + 1]] for m, scores in found.items()}
        for k, name in enumerate(sets)
    }


def record_judged(name: str, table, labels, scores: dict, grid, ending: str, note: str) -> dict:
    """Record what networks say of a set that they did not learn, counted in two ways.

    "all eight emotions" takes any answer, "its own emotions" the best of those that the set has.
    scores: model → (A, S, n, 8). Item "Other sets", and in Table 2 the sets that the paper has.
    Returns a panel for `plots.fusion.weight_panels`, with lines of chance.
    """
    own = np.unique(labels)
    panel = {"curves": {}, "lines": {"chance, all eight": 1 / 8, "chance, its own": 1 / len(own)}}
    panel["lines"]["its most frequent emotion"] = majority_baseline(labels)
    for way, some in {"all eight emotions": np.arange(8), "its own emotions": own}.items():
        truth, words = np.searchsorted(some, labels), [MIKELS8[k] for k in some]
        for model, every in scores.items():
            right = every[..., some].argmax(axis=-1) == truth
            panel["curves"][f"{MODELS[model][0]}, {way}"] = curve(right, grid)
        for row, found in rows(scores, grid, ending).items():
            record(name, table["id"], truth, "Other sets", row, way, found[..., some], words, note)
            if name in COLUMNS and len(some) == 8:
                record(name, table["id"], truth, "Table 2", row, COLUMNS[name], found, note=note)
        cell = PAPER, "Other sets", "chance", way, name, "accuracy"
        results.record_row(*cell, 1 / len(some), note="any answer alike")
    return panel


def drawn_objects(boxes) -> np.ndarray:
    """The share of each simulated scene that each kind of drawn thing covers: (N, 31).

    boxes: the column of `datasets.synthetic`, for each scene (kind, x0, y0, x1, y1) in pixels.
    """
    kinds = [*OBJECTS]
    shares = np.zeros((len(boxes), len(kinds)))
    for row, things in zip(shares, boxes, strict=True):
        for kind, left, top, right, bottom in things:
            row[kinds.index(kind)] += (right - left) * (bottom - top) / SIDE**2
    return shares


def objects_told(runs: Runs, backbone: str, ending: str, pretrained=True, **options) -> dict:
    """What simulated scenes gain by objects: name → (gain, low, high) in points, recorded as well.

    α = 1 (X1 and S) against X1 alone, where X1 is the backbone as ImageNet made it and S is the
    true objects (see `drawn_objects`) or the backbone's ImageNet probabilities. All blocks have the
    same size, else S would not be heard. In Table 2 each kind of S has a column. options: of
    `fusion_softmax_path`.
    """
    X1, named = (
        DeepFeatures(backbone, layer, pretrained=pretrained).transform(runs.X).astype(np.float64)
        for layer in ("pooled", "probabilities")
    )
    found, pair = {}, (f"α = 1{ending}", f"Diff-CNN1{ending}")
    for kind, S in zip(KINDS, (drawn_objects(runs.X["boxes"]), named), strict=True):
        cell = "Table 2", f"S: {kind}"
        for row, blocks in zip(pair, [(X1, X1, S), (X1, X1)], strict=True):
            scores = sweep([blocks] * 3, runs.y, runs.folds, "convex", [1], **options)[0]
            place = cell[0], row, cell[1], scores
            record(runs.name, runs.X["id"], runs.y, *place, note="blocks of equal size")
        (found[f"{kind},\n{runs.name}"],) = record_gains(runs.name, *cell, [pair]).values()
    return found
