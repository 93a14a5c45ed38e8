"""Scenes of the simulator: what is in them, and how they look.

A scene is drawn in two steps, each of which can be looked at by itself: `sample_scene` throws the
dice, `render` paints; `emotion` then states what the scene evokes. All of it is integer
arithmetic, so that every machine gets the same pixels.
"""

import dataclasses

import numpy as np
from PIL import Image

from emobook.datasets.lists import one_of
from emobook.datasets.synthetic.backdrops import BACKDROPS, STUFF
from emobook.datasets.synthetic.emotion import COMPOSITIONS, EVOKES, NOTHING, TEXTURES, shares
from emobook.datasets.synthetic.raster import COATS, Dice, extent, noise
from emobook.datasets.synthetic.sprites import AIRBORNE, OBJECTS
from emobook.datasets.synthetic.stage import SIDE, Stage
from emobook.emotions import MIKELS8

MAP_LABELS = (*STUFF, *OBJECTS)  # a pixel's value in a semantic map counts through these
CHARGED = tuple(kind for kind in OBJECTS if kind in EVOKES)
NEUTRAL = tuple(kind for kind in OBJECTS if kind not in EVOKES)

# palette → (saturation, gain of red, green, blue; all in 64ths; what is added to each)
PALETTES = {
    "plain": (64, (64, 64, 64), (0, 0, 0)),
    "vivid": (95, (68, 68, 68), (-6, -6, -6)),
    "pastel": (41, (49, 47, 49), (66, 62, 68)),
    "golden": (62, (70, 64, 48), (14, 6, -2)),
    "azure": (59, (51, 64, 73), (0, 8, 20)),
    "red": (59, (72, 48, 45), (16, -4, -2)),
    "sickly": (51, (60, 66, 40), (8, 16, -2)),
    "dark": (48, (38, 40, 49), (0, 0, 8)),
    "grey": (14, (56, 57, 58), (8, 8, 10)),
}
FACTORS = {
    "background": BACKDROPS,
    "palette": PALETTES,
    "texture": TEXTURES,
    "composition": COMPOSITIONS,
}
# how often each emotion is aimed at, per hundred: the mild imbalance of a collected set
AIMS = (14, 9, 13, 15, 11, 14, 12, 12)


@dataclasses.dataclass(frozen=True)
class Item:
    """An object of `kind`: `size` pixels, the middle of its feet at (x, base), y down."""

    kind: str
    x: int
    base: int
    size: int
    coat: int = 0
    flip: bool = False

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) of what is drawn, to two pixels; x1 and y1 lie just outside."""
        x0, y0, x1, y1 = extent(OBJECTS[self.kind])
        if self.flip:
            x0, x1 = 100 - x1, 100 - x0
        left, top = self.x - self.size // 2, self.base - self.size
        ends = (left + x0 * self.size // 100, top + y0 * self.size // 100,
                left - (-x1 * self.size // 100), top - (-y1 * self.size // 100))  # fmt: skip
        return tuple(min(max(end, 0), SIDE) for end in ends)


@dataclasses.dataclass(frozen=True)
class Scene:
    """Everything that is visible in picture `index`.

    Change a part and look again: `scene.swap("dog", "snake")`, or
    `dataclasses.replace(scene, background="storm")`. Raises DatasetError for unknown names.
    """

    seed: int
    index: int
    background: str
    palette: str
    texture: str
    composition: str
    horizon: int
    patch_x: int
    objects: tuple[Item, ...]

    def __post_init__(self):
        for factor, known in FACTORS.items():
            one_of(factor, getattr(self, factor), known)
        for item in self.objects:
            one_of("object", item.kind, OBJECTS)

    def swap(self, old: str, new: str) -> "Scene":
        """The same scene with every `old` object turned into a `new` one."""
        one_of("object of this scene", old, [item.kind for item in self.objects])
        items = (dataclasses.replace(i, kind=new) if i.kind == old else i for i in self.objects)
        return dataclasses.replace(self, objects=tuple(items))

    @property
    def patch(self) -> tuple[int, int, int, int] | None:
        """Box (x0, y0, x1, y1) of what carries the backdrop's emotion; None where there is none."""
        _, side, lift = BACKDROPS[self.background]
        if side is None:
            return None
        left, top = self.patch_x - side // 2, max(self.horizon + lift, 2)
        return (max(left, 0), top, min(left + side, SIDE), min(top + side, SIDE))

    @property
    def boxes(self) -> list[tuple]:
        """(kind, x0, y0, x1, y1) of every object, distractors included, from back to front."""
        return [(item.kind, *item.box) for item in self.objects]

    def regions(self, emotion_in=None) -> list[tuple]:
        """Boxes (x0, y0, x1, y1) of what carries the emotion, given where the emotion is.

        Each charged object with its surroundings, and the backdrop's patch (the lightning in
        the storm, the eyes in the forest). Distractors have none.
        """
        share = shares(emotion_in)
        found = []
        if share["objects"]:
            for item in self.objects:
                if item.kind in EVOKES:
                    x0, y0, x1, y1 = item.box
                    wide, high = (x1 - x0) * 2 // 5, (y1 - y0) // 5
                    found += [(max(x0 - wide, 0), max(y0 - high, 0),
                               min(x1 + wide, SIDE), min(y1 + high, SIDE))]  # fmt: skip
        if share["background"] and self.patch:
            found.append(self.patch)
        return found


def sample_scene(index: int, seed: int = 0, *, emotion_in=None, distractors=0.5) -> Scene:
    """Throw the dice for picture `index`.

    An emotion to aim at is drawn first. Each part then follows it with the probability that
    `emotion_in` gives the part (kinds that evoke it more come up more), and is anything at all
    otherwise: at 0 the part knows nothing of the emotion. With probability `distractors` one or
    two objects join that evoke nothing.
    """
    share, dice = shares(emotion_in), Dice("scene", seed, index)
    aim = MIKELS8.index(dice.choice(MIKELS8, AIMS))

    def draw(part: str, options) -> str:
        luck, options = dice.below(100), list(options)
        following = dice.choice(options, [EVOKES.get(o, NOTHING)[aim] ** 2 for o in options])
        anything = dice.choice(options)
        return following if luck < share[part] else anything

    background, palette = draw("background", BACKDROPS), draw("palette", PALETTES)
    texture, composition = dice.choice(TEXTURES), dice.choice(COMPOSITIONS)
    horizon, side = dice.between(92, 104), dice.choice((-1, 1))
    middle = SIDE // 2 - (side * SIDE // 6 if composition == "thirds" else 0)
    patch_x = SIDE // 2 + side * dice.between(28, 48)
    empty = Scene(seed, index, background, palette, texture, composition, horizon, patch_x, ())
    sizes = [dice.between(8, 11), dice.between(6, 8)][: dice.choice((0, 1, 2), (8, 60, 32))]
    cast = [(draw("objects", CHARGED), 8 * size) for size in sizes]
    crowd = 1 + dice.below(2) if dice.below(10**6) < round(10**6 * distractors) else 0
    cast += [(dice.choice(NEUTRAL), 8 * dice.between(5, 7)) for _ in range(crowd)]
    items, patch = [], [empty.patch] if empty.patch else []
    for kind, size in cast:
        taken = [item.box for item in items] + patch
        tries = [_place(dice, kind, size, horizon, None if items else middle) for _ in range(8)]
        items.append(min(tries, key=lambda item: sum(_overlap(item.box, t) for t in taken)))
    return dataclasses.replace(empty, objects=tuple(sorted(items, key=lambda item: item.base)))


def _place(dice: Dice, kind: str, size: int, horizon: int, middle: int | None) -> Item:
    margin = size // 2 + 2
    x = dice.between(margin, SIDE - margin) if middle is None else middle + dice.between(-6, 6)
    if kind in AIRBORNE:
        base = dice.between(size + 4, max(horizon + 12, size + 8))
    else:
        base = min(SIDE - 6, max(horizon + size // 2 + dice.between(0, 30), size + 4))
    return Item(kind, x, base, size, dice.below(COATS), bool(dice.below(2)))


def _overlap(a, b) -> int:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(wide, 0) * max(high, 0)


def paint(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Pixels uint8 (192, 192, 3) and semantic map uint8 (192, 192), values as in MAP_LABELS."""
    stage, dice = Stage(MAP_LABELS), Dice("backdrop", scene.seed, scene.index)
    BACKDROPS[scene.background][0](stage, dice, scene.horizon, scene.patch)
    for item in scene.objects:
        if item.kind not in AIRBORNE:
            stage.shadow(item.x, item.base - 2, item.size)
        stage.put(item.kind, OBJECTS[item.kind], item.x, item.base, item.size, item.coat, item.flip)
    pixels = np.clip(_textured(stage.rgb, scene), 0, 255)
    if scene.palette != "plain":
        saturation, gain, lift = PALETTES[scene.palette]
        grey = (pixels[0] + 2 * pixels[1] + pixels[2]) >> 2
        pixels = np.clip(grey + ((pixels - grey) * saturation >> 6), 0, 255)
        for plane, factor, constant in zip(pixels, gain, lift, strict=True):
            plane *= factor
            plane >>= 6
            plane += constant
        np.clip(pixels, 0, 255, out=pixels)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0), np.uint8), stage.map


def _textured(pixels: np.ndarray, scene: Scene) -> np.ndarray:
    key = ("texture", scene.seed, scene.index)
    if scene.texture == "grain":
        return pixels + ((noise((SIDE, SIDE), *key) - 128) >> 3)
    if scene.texture == "brush":  # every stroke of paint takes its colour from a nearby place
        cells = noise((SIDE // 2, SIDE // 12), *key)
        strokes = np.repeat(np.repeat(cells, 2, axis=0), 12, axis=1)
        there = np.arange(SIDE)
        columns = np.clip(there + strokes % 5 - 2, 0, SIDE - 1)
        return pixels[:, there[:, None], columns] + ((strokes - 128) >> 4)
    if scene.texture == "canvas":
        thread = np.arange(SIDE, dtype=np.int16) // 2 % 2
        return pixels + (8 * (thread[:, None] ^ thread) - 4)
    return pixels


def render(scene: Scene) -> Image.Image:
    """The picture, 192 × 192, mode RGB."""
    return Image.fromarray(paint(scene)[0])
