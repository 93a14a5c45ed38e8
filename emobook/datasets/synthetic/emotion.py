"""What a scene evokes: the stated truth of the simulator, as tables of integers.

The only real numbers are quotients of two integers at the very end, which every processor
rounds alike; exp and pow it does not.
"""

import numbers
from collections.abc import Mapping

import numpy as np

from emobook.datasets.lists import DatasetError
from emobook.emotions import MIKELS8

PARTS = ("objects", "background", "palette")
DEFAULT_EMOTION_IN = {"objects": 0.8, "background": 0.6, "palette": 0.5}


def _row(main: str, second: str) -> tuple[int, ...]:
    return tuple(6 * (e == main) + 2 * (e == second) for e in MIKELS8)


# What each part evokes: 6 for its main emotion, 2 for a second one, chosen such that the second
# ones lie near and far on Mikels' wheel about as often as chance has it: the truth itself knows
# no wheel. What is not listed evokes nothing.
EVOKES = {
    "dog": _row("amusement", "contentment"),
    "duck": _row("amusement", "excitement"),
    "balloon": _row("amusement", "awe"),
    "tank": _row("anger", "fear"),
    "bomb": _row("anger", "excitement"),
    "knife": _row("anger", "disgust"),
    "temple": _row("awe", "sadness"),
    "hot-air balloon": _row("awe", "amusement"),
    "planet": _row("awe", "fear"),
    "cat": _row("contentment", "amusement"),
    "flower": _row("contentment", "awe"),
    "house": _row("contentment", "sadness"),
    "boat": _row("contentment", "excitement"),
    "fly": _row("disgust", "fear"),
    "rotten apple": _row("disgust", "sadness"),
    "rubbish": _row("disgust", "anger"),
    "car": _row("excitement", "amusement"),
    "rocket": _row("excitement", "awe"),
    "cake": _row("excitement", "contentment"),
    "snake": _row("fear", "anger"),
    "spider": _row("fear", "disgust"),
    "skull": _row("fear", "sadness"),
    "gravestone": _row("sadness", "awe"),
    "child": _row("sadness", "anger"),
    "broken heart": _row("sadness", "contentment"),
    "beach": _row("contentment", "excitement"),
    "meadow": _row("contentment", "amusement"),
    "mountain": _row("awe", "fear"),
    "forest": _row("fear", "sadness"),
    "city": _row("excitement", "anger"),
    "storm": _row("fear", "anger"),
    "fairground": _row("amusement", "excitement"),
    "swamp": _row("disgust", "fear"),
    "volcano": _row("anger", "awe"),
    "moor": _row("sadness", "awe"),
    "vivid": _row("excitement", "amusement"),
    "pastel": _row("amusement", "awe"),
    "golden": _row("contentment", "excitement"),
    "azure": _row("awe", "contentment"),
    "red": _row("anger", "excitement"),
    "sickly": _row("disgust", "fear"),
    "dark": _row("fear", "anger"),
    "grey": _row("sadness", "fear"),
}
NOTHING = (0,) * len(MIKELS8)

# hundredths of a point of arousal (scale 1 to 9) that texture and composition add
TEXTURES = {"smooth": 0, "grain": 20, "brush": 30, "canvas": -10}
COMPOSITIONS = {"thirds": 0, "centred": 20}
# hundredths of a point on the scale 1 to 9, in the order of MIKELS8
VALENCE = (720, 250, 680, 750, 220, 760, 260, 200)
AROUSAL = (560, 680, 550, 300, 500, 760, 720, 340)
# 2^(k/16) in units of 2^-20: floating-point powers differ between processors
_POWERS = (
    1048576, 1095000, 1143480, 1194106, 1246974, 1302182, 1359835, 1420040,
    1482910, 1548564, 1617125, 1688722, 1763488, 1841564, 1923097, 2008240,
)  # fmt: skip


def shares(emotion_in=None) -> dict[str, int]:
    """Where the emotion is, in hundredths; parts that are not named keep their default.

    Raises DatasetError unless `emotion_in` maps "objects", "background", "palette" to 0…1.
    """
    given = {} if emotion_in is None else emotion_in
    if not isinstance(given, Mapping) or not all(
        part in PARTS and isinstance(value, numbers.Real) and 0 <= value <= 1
        for part, value in given.items()
    ):
        raise DatasetError(
            f"emotion_in must map some of {', '.join(PARTS)} to numbers from 0 to 1, not {given!r}"
        )
    return {part: round(100 * {**DEFAULT_EMOTION_IN, **given}[part]) for part in PARTS}


def emotion_of(scene, emotion_in=None, ambiguity: float = 1) -> np.ndarray:
    """The truth: probabilities of the eight emotions, float64 (8,), in the order of MIKELS8.

    p(e) ∝ 2^(score(e) / (0.75 · ambiguity)), where the score adds up what objects, background and
    palette evoke (`EVOKES`), each times its share in `emotion_in`. Of two charged objects the
    larger counts 2/3. At ambiguity 0 the best emotion takes all; the more (to 10), the flatter.
    Both settings count in hundredths.
    """
    share = shares(emotion_in)
    if not 0 <= ambiguity <= 10:
        raise DatasetError(f"ambiguity must be a number from 0 to 10, not {ambiguity!r}")
    charged = sorted((i for i in scene.objects if i.kind in EVOKES), key=lambda i: -i.size)
    weights = {0: (), 1: (6,)}.get(len(charged), (4, 2))
    parts = [(share["objects"] * w, i.kind) for w, i in zip(weights, charged, strict=False)]
    parts += [(6 * share["background"], scene.background), (6 * share["palette"], scene.palette)]
    score = [sum(w * EVOKES.get(name, NOTHING)[e] for w, name in parts) for e in range(8)]
    spread = round(100 * ambiguity)
    if spread == 0:
        weight = [int(s == max(score)) for s in score]
    else:  # a score of 600 is 1; below 2^-40 of the best counts as nothing
        steps = [max((s - max(score)) * 16 * 100 // (450 * spread), -640) for s in score]
        weight = [_POWERS[k % 16] << (40 + k // 16) for k in steps]
    return np.array([w / sum(weight) for w in weight])


def ratings_of(scene, distribution) -> tuple[float, float]:
    """Valence and arousal, scale 1 to 9, where the emotions have the shares `distribution` (8,).

    Valence is the mean of `VALENCE`. Arousal is the mean of `AROUSAL`, and the way the scene is
    made adds a little: its texture, its composition, and the size of its largest charged object.
    """
    charged = [item.size for item in scene.objects if item.kind in EVOKES]
    manner = TEXTURES[scene.texture] + COMPOSITIONS[scene.composition]
    manner += max(charged) - 64 if charged else 0
    valence, arousal = (
        sum(float(p) * value for p, value in zip(distribution, table, strict=True))
        for table in (VALENCE, AROUSAL)
    )
    return valence / 100, (arousal + manner) / 100
