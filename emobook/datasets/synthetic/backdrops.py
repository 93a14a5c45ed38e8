"""Twelve backdrops, each painted from the sky forward.

A painter gets the stage, dice of its own, the row of the horizon, and `patch`: the box
(x0, y0, x1, y1) where the thing that carries the backdrop's emotion belongs.
"""

import numpy as np

from emobook.datasets.synthetic import props
from emobook.datasets.synthetic.raster import Dice
from emobook.datasets.synthetic.stage import SIDE, Stage, mound, skyline

STUFF = (
    "sky", "sea", "sand", "grass", "mountain", "earth", "water", "road", "wall", "floor", "tree",
    "plant", "building", "rock", "windowpane", "painting", "rug", "tent", "ferris wheel",
)  # fmt: skip


def clouds(stage: Stage, dice: Dice, horizon: int, coat: int, count: int) -> None:
    for _ in range(count):
        size = 8 * dice.between(5, 9)
        stage.put(None, props.cloud, dice.below(SIDE), dice.between(30, horizon - 8), size, coat)


def centre(patch) -> tuple[int, int]:
    return (patch[0] + patch[2]) // 2, (patch[1] + patch[3]) // 2


def beach(stage, dice, horizon, patch):
    x, _ = centre(patch)
    stage.rows("sky", 0, horizon, "3f8fdc", "a8d4f0", "fde2b0")
    clouds(stage, dice, horizon - 24, 0, 3)
    stage.glow(x, horizon - 12, 60, "fff0b0", 105)
    stage.glow(x, horizon - 12, 18, "fffbe6", 450)
    stage.rows("sea", horizon, horizon + 40, "2a7fb4", "4fb4cc", "8fd8d4")
    for row in range(horizon + 2, horizon + 30, 3):
        half = 4 + dice.below(12)
        shift = x + dice.between(-6, 6)
        stage.rect(None, shift - half, row, shift + half, row + 1, "fff2c0")
    stage.ridge("sea", skyline(dice, horizon + 34, 5, 40), "f6fcfa")
    stage.ridge("sand", skyline(dice, horizon + 38, 5, 40), "f2dca4", "d2a868")
    for _ in range(60):
        spot_x, spot_y = dice.below(SIDE), dice.between(horizon + 46, SIDE - 1)
        stage.rect(None, spot_x, spot_y, spot_x + 2, spot_y + 1, "c49a5c")
    side = 24 if x > SIDE // 2 else SIDE - 24
    stage.put("tree", props.palm, side, horizon + 62, 104, 0, side > 90)


def meadow(stage, dice, horizon, patch):
    stage.rows("sky", 0, horizon + 10, "4fa0ec", "b4dcf8", "eef8fa")
    clouds(stage, dice, horizon - 10, 0, 5)
    stage.ridge("mountain", skyline(dice, horizon - 16, 12, 46), "a9cbb8", "86b08c")
    stage.ridge("grass", skyline(dice, horizon - 2, 8, 40), "9ccc74", "78b050")
    for _ in range(5):
        stage.put("tree", props.tree, dice.below(SIDE), horizon + 8, 8 * dice.between(2, 4), 2)
    stage.ridge("grass", skyline(dice, horizon + 8, 5, 40), "84c458", "4a8c38")
    stage.shadow(centre(patch)[0], patch[3], 40)
    stage.put("tree", props.blossom, centre(patch)[0], patch[3], patch[3] - patch[1])
    for _ in range(70):
        x, y = dice.below(SIDE), dice.between(horizon + 18, SIDE - 3)
        wide = 1 + (y - horizon) // 34
        stage.rect(None, x, y, x + wide, y + wide, dice.choice(("fff6f0", "ffd84a", "f07aa0")))


def mountain(stage, dice, horizon, patch):
    x, _ = centre(patch)
    stage.rows("sky", 0, horizon + 10, "2f62b8", "8fb8ea", "f4d8cc")
    stage.ridge("mountain", skyline(dice, horizon - 26, 20, 56), "a9b6d8", "8f9cc4")
    stage.glow(x, patch[1] + 14, 70, "fff4dc", 75)
    peak = mound(x, patch[1] + 4, 22, dice)
    stage.ridge("mountain", peak, "6a7aa6", "4c5a80")
    lit = np.arange(SIDE, dtype=np.int32) > x + 4
    snow = np.maximum(peak, 0) + np.where(lit, 10**6, 0)
    _between(stage, peak, 16 * (patch[3] - 6) + skyline(dice, 0, 9, 75), "d4dff4")
    _between(stage, snow, 16 * (patch[3] - 8) + skyline(dice, 0, 9, 75), "ffffff")
    stage.ridge("mountain", skyline(dice, horizon - 4, 12, 52), "5a7492", "46607c")
    stage.rows("water", horizon + 6, horizon + 34, "9fc4e4", "6a9cc8")
    for row in range(horizon + 9, horizon + 32, 4):
        left = dice.below(SIDE)
        stage.rect(None, left, row, left + dice.between(10, 50), row + 1, "d8ecf8")
    stage.ridge("grass", skyline(dice, horizon + 30, 6, 45), "5f8a52", "3c6038")
    for _ in range(7):
        place = dice.choice((dice.between(0, 50), dice.between(142, SIDE)))
        stage.put("tree", props.pine, place, horizon + dice.between(32, 52), 8 * dice.between(4, 8),
                  dice.below(3))  # fmt: skip


def _between(stage: Stage, top: np.ndarray, bottom: np.ndarray, colour: str) -> None:
    """Fill between two lines; where `bottom` lies above `top`, nothing."""
    under = stage.rgb.copy()
    stage.ridge("mountain", top, colour)
    rows = 16 * np.arange(SIDE, dtype=np.int32)[:, None]
    stage.rgb[:, rows >= bottom] = under[:, rows >= bottom]


def forest(stage, dice, horizon, patch):
    stage.rows("tree", 0, horizon + 20, "0e1f2c", "1d3a42", "3c5f58")
    stage.glow(dice.between(60, 130), horizon - 20, 90, "7fa898", 60)
    stage.ridge("earth", skyline(dice, horizon + 10, 5, 40), "2c4036", "0f1a16")
    for tone, width, count in (("2c4a48", 6, 12), ("1c3234", 10, 8), ("101f22", 15, 5)):
        base = horizon + 10 + 2 * width
        for _ in range(count):
            x, lean = dice.below(SIDE), dice.between(-3, 3)
            for row in range(0, base, 16):
                shift = lean * (base - row) // 40
                stage.rect("tree", x + shift, row, x + shift + width, min(row + 16, base), tone)
    for _ in range(5):
        stage.put("tree", props.bare_tree, dice.below(SIDE), horizon + dice.between(24, 40),
                  8 * dice.between(8, 13), 2, dice.below(2) > 0)  # fmt: skip
    stage.ridge("plant", skyline(dice, horizon + 34, 9, 85), "14261f", "0a120f")
    stage.put("tree", props.eyes, centre(patch)[0], patch[3], patch[3] - patch[1])


def city(stage, dice, horizon, patch):
    ground = horizon + 26
    stage.rows("sky", 0, ground, "0e1038", "37226c", "a04a8c")
    for _ in range(40):
        x, y = dice.below(SIDE), dice.below(horizon - 20)
        stage.rect(None, x, y, x + 1, y + 1, "dcdcff")
    stage.glow(*centre(patch), (patch[3] - patch[1]) * 3 // 4, "c070e0", 60)
    stage.put(None, props.firework, centre(patch)[0], patch[3], patch[3] - patch[1], dice.below(3))
    far, near = ("4a3a80", "54407e"), ("241c44", "2c2250", "1e1a3c")
    for tones, low, high in ((far, 24, 62), (near, 10, 48)):
        x = -dice.below(12)
        while x < SIDE:
            wide, top = dice.between(16, 30), ground - dice.between(low, high)
            stage.rect("building", x, top, x + wide, ground, dice.choice(tones))
            for row in range(top + 4, ground - 4, 6):
                for column in range(x + 3, x + wide - 3, 5):
                    if dice.below(10) < 5:
                        lamp = dice.choice(("ffe08a", "ffc45a", "8ae4ff", "ff8ad0"), (6, 4, 1, 1))
                        stage.rect(None, column, row, column + 2, row + 3, lamp)
            x += wide + dice.below(3)
    stage.rows("road", ground, SIDE, "4a4468", "28263c")
    stage.rect("road", 0, ground, SIDE, ground + 5, "6c6488")
    middle = (ground + SIDE) // 2
    for x in range(-10 + dice.below(20), SIDE, 36):
        stage.rect(None, x, middle, x + 20, middle + 3, "e8d88a")


def storm(stage, dice, horizon, patch):
    x, y = centre(patch)
    stage.rows("sky", 0, horizon, "1c2230", "39465c", "6c7c8c")
    clouds(stage, dice, horizon - 30, 2, 7)
    stage.glow(x, y, 64, "b8ccff", 65)
    stage.put(None, props.lightning, x, patch[3], patch[3] - patch[1], 0, dice.below(2) > 0)
    for _ in range(4):
        stage.put(None, props.cloud, x + dice.between(-50, 50), patch[1] + 26, 72, 2)
    stage.rows("sea", horizon, horizon + 20, "33505e", "28424f")
    tones = (("4c7280", "1f3a48"), ("3f6474", "182f3c"), ("35586a", "102430"))
    for step, (top, bottom) in enumerate(tones):
        wave = skyline(dice, horizon + 8 + 14 * step, 16 + 3 * step, 55)
        stage.ridge("sea", wave - 40, "c8dcdc")
        stage.ridge("sea", wave, top, bottom)
    stage.ridge("rock", skyline(dice, horizon + 52, 9, 60), "4e4a48", "262424")


def fairground(stage, dice, horizon, patch):
    stage.rows("sky", 0, horizon + 10, "54b4f0", "a4dcf8", "fff0d0")
    clouds(stage, dice, horizon - 20, 0, 3)
    stage.ridge("tree", skyline(dice, horizon - 6, 6, 85), "7fbc7c", "5f9c60")
    stage.put("ferris wheel", props.ferris_wheel, centre(patch)[0], patch[3], patch[3] - patch[1])
    for x in range(dice.below(30), SIDE, 52):
        stage.put("tent", props.tent, x, horizon + 16, 8 * dice.between(5, 7), dice.below(3))
    stage.ridge("grass", skyline(dice, horizon + 14, 3, 40), "a8d468", "6aa040")
    stage.ridge("earth", skyline(dice, horizon + 30, 5, 40), "f0d8a0", "d0ac6c")
    colours = ("e8384f", "ffc71f", "3f8ee8", "54b948")
    for i, x in enumerate(range(0, SIDE, 12)):
        sag = ((x % 96) - 48) ** 2 * 12 // 2304
        for row in range(9):
            stage.rect(None, x + row // 2, 16 - sag + row, x + 9 - row // 2, 17 - sag + row,
                       colours[i % 4])  # fmt: skip
        stage.rect(None, x, 15 - sag, x + 12, 16 - sag, "f8f4ec")
    for _ in range(50):
        x, y = dice.below(SIDE), dice.between(horizon + 38, SIDE - 2)
        stage.rect(None, x, y, x + 2, y + 2, dice.choice(colours))


def swamp(stage, dice, horizon, patch):
    x, y = centre(patch)
    stage.rows("sky", 0, horizon + 6, "6c7044", "98985c", "bcb878")
    for tone, size, count in ((1, 11, 5), (0, 14, 3)):
        for _ in range(count):
            stage.put("tree", props.bare_tree, dice.below(SIDE), horizon + dice.between(2, 8),
                      8 * dice.between(size - 4, size), tone, dice.below(2) > 0)  # fmt: skip
    stage.rows("water", horizon, SIDE, "8a9248", "66752c", "4a5424")
    for _ in range(26):
        left, row = dice.below(SIDE), dice.between(horizon + 4, SIDE - 6)
        stage.shadow(left, row, dice.between(14, 40))
    stage.glow(x, y, (patch[2] - patch[0]) * 2 // 3, "b8e02c", 105)
    for _ in range(22):
        stage.put(None, props.bubble, x + dice.between(-26, 26), y + dice.between(-6, 22),
                  dice.between(4, 16))  # fmt: skip
    stage.ridge("earth", skyline(dice, horizon + 44, 9, 60), "5c4c2c", "33291a")
    for _ in range(16):
        left, base = dice.below(SIDE), dice.between(horizon + 40, SIDE)
        stage.put("plant", props.reeds, left, base, 8 * dice.between(2, 4), dice.below(3))


def volcano(stage, dice, horizon, patch):
    x = centre(patch)[0]
    stage.rows("sky", 0, horizon + 10, "2a1216", "7a2418", "e06a28")
    clouds(stage, dice, horizon - 30, 2, 5)
    stage.glow(x, patch[3] - 10, 80, "ff7a1a", 95)
    stage.put(None, props.flame, x, patch[3], patch[3] - patch[1])
    for _ in range(16):
        left, top = x + dice.between(-30, 30), dice.between(patch[1], patch[3])
        stage.rect(None, left, top, left + 2, top + 3, "ffd86a")
    cone = np.maximum(mound(x, patch[3] - 16, 17, dice), 16 * (patch[3] - 6))
    stage.ridge("mountain", cone, "4a2c28", "241816")
    for lean in (-2, 1, 3):
        place = x + 3 * lean
        for row in range(patch[3] - 6, horizon + 10, 2):
            place += (lean + dice.between(-3, 3)) // 2
            stage.rect(None, place - 2, row, place + 2, row + 2, "ff6a1a")
            stage.rect(None, place - 1, row, place + 1, row + 2, "ffc84a")
    stage.ridge("rock", skyline(dice, horizon + 10, 8, 60), "3a2826", "191112")
    for _ in range(9):
        place, row = dice.below(SIDE), dice.between(horizon + 22, SIDE - 4)
        for _ in range(dice.between(6, 16)):
            stage.rect(None, place, row, place + 3, row + 2, "f05a1a")
            place, row = place + 2, row + dice.between(-1, 1)


def moor(stage, dice, horizon, patch):
    stage.rows("sky", 0, horizon + 10, "7c8896", "9aa4ae", "b8bec2")
    clouds(stage, dice, horizon - 16, 1, 6)
    stage.ridge("mountain", skyline(dice, horizon - 12, 10, 44), "8e98a0", "7c868c")
    stage.ridge("grass", skyline(dice, horizon, 8, 42), "77827a", "626c60")
    stage.ridge("grass", skyline(dice, horizon + 12, 6, 42), "66705c", "464c3c")
    stage.put("tree", props.bare_tree, centre(patch)[0], patch[3], patch[3] - patch[1], 0)
    for _ in range(3):
        x, y = dice.below(SIDE), dice.between(horizon + 30, SIDE - 10)
        stage.put("water", props.puddle, x, y + 22, 8 * dice.between(4, 7))
    for _ in range(150):
        x, y, long = dice.below(SIDE), dice.below(SIDE), dice.between(3, 7)
        for row in range(long):
            stage.rect(None, x - row // 2, y + row, x - row // 2 + 1, y + row + 1, "c4ccd4")


def room(stage, dice, horizon, patch):
    one, two = dice.choice((("c8d4c4", "bccab8"), ("d8ccb8", "cec0a8"), ("c4ccd8", "b8c2d0")))
    floor = horizon + 22
    stage.rows("wall", 0, floor, one, one)
    for x in range(0, SIDE, 16):
        stage.rect("wall", x, 0, x + 8, floor, two)
    left = dice.choice((18, 110))
    stage.rect("windowpane", left, 18, left + 62, 88, "f4f0e8")
    for x in (left + 4, left + 33):
        for y in (22, 55):
            stage.rect("windowpane", x, y, x + 25, y + 29, "a8d0ec")
            stage.rect(None, x, y + 22, x + 25, y + 29, "b4d4c0")
    frame = 192 - left - 62 + 14
    stage.rect("painting", frame, 32, frame + 34, 66, "7a5a38")
    stage.rect("painting", frame + 4, 36, frame + 30, 62, "e8e0c8")
    stage.rect(None, frame + 4, 52, frame + 30, 62, dice.choice(("8a9a78", "788a9a", "9a8a78")))
    stage.rect("wall", 0, floor - 5, SIDE, floor, "efe8dc")
    stage.rows("floor", floor, SIDE, "a87c50", "8a6038")
    for i, row in enumerate(range(floor, SIDE, 9)):
        stage.rect(None, 0, row, SIDE, row + 1, "74502e")
        for x in range(-30 + i * 37 % 60, SIDE, 60):
            stage.rect(None, x, row, x + 1, row + 9, "74502e")
    stage.put("rug", props.rug, SIDE // 2, SIDE + 46, 152, dice.below(3))


def desert(stage, dice, horizon, patch):
    stage.rows("sky", 0, horizon + 10, "7fb0d8", "b8d4e4", "ece4cc")
    stage.ridge("rock", skyline(dice, horizon - 4, 12, 60), "c09a78", "a88464")
    tones = (("e4c896", "c8a470"), ("dcbc84", "b8925c"), ("e0c088", "b08850"))
    for step, (top, bottom) in enumerate(tones):
        stage.ridge("sand", skyline(dice, horizon + 4 + 16 * step, 9, 36), top, bottom)
    for _ in range(4):
        x = dice.choice((dice.between(4, 44), dice.between(148, 188)))
        stage.put("plant", props.cactus, x, horizon + dice.between(12, 40), 8 * dice.between(3, 6))


# name → (painter, side of the patch in pixels, its top relative to the horizon); None: no patch
BACKDROPS = {
    "beach": (beach, 56, -40),
    "meadow": (meadow, 64, -44),
    "mountain": (mountain, 64, -80),
    "forest": (forest, 56, -30),
    "city": (city, 64, -92),
    "storm": (storm, 72, -72),
    "fairground": (fairground, 80, -66),
    "swamp": (swamp, 56, 2),
    "volcano": (volcano, 64, -78),
    "moor": (moor, 72, -52),
    "room": (room, None, 0),
    "desert": (desert, None, 0),
}
