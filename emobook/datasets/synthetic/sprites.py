"""The cast, first half: what lives, moves or is eaten; see `things` for the rest.

One drawing per kind of object, on a board of 100 × 100 units, y down, feet at 98. Every drawing
takes a `Sprite` board and a coat (0, 1 or 2) that picks its colours; `_raster.sprite` calls it.
"""

from emobook.datasets.synthetic import things


def dog(s, coat):
    fur, dark = (("b5763a", "75461c"), ("dcb67e", "94683a"), ("8f8f98", "53535c"))[coat]
    s.line(dark, 7, 18, 56, 8, 48, 6, 32)
    for x in (20, 32, 58, 69):
        s.blob(dark if x in (32, 69) else fur, x, 62, x + 10, 62, x + 11, 98, x - 1, 98)
    s.blob(fur, 14, 50, 26, 44, 56, 46, 74, 38, 82, 50, 76, 76, 44, 70, 14, 78)
    s.disc(fur, 75, 32, 17)
    s.blob(fur, 78, 30, 98, 34, 99, 46, 78, 50)
    s.oval("20181a", 92, 31, 99, 38)
    s.blob(dark, 56, 16, 68, 14, 70, 36, 62, 48, 54, 42)
    s.disc("ffffff", 80, 26, 4)
    s.disc("20181a", 81, 26, 3)
    s.line("d8344a", 5, 64, 47, 72, 52, 82, 49)
    s.blob("ee6f86", 84, 46, 91, 46, 90, 58, 84, 58)


def duck(s, coat):
    body, wing = (("ffd21f", "f0a500"), ("ffe27a", "f2b632"), ("f7f3e6", "d8cfae"))[coat]
    s.blob(body, 8, 44, 26, 62, 54, 56, 84, 54, 92, 78, 74, 98, 28, 98, 10, 82)
    s.disc(body, 66, 32, 23)
    s.blob(wing, 24, 66, 44, 62, 62, 68, 54, 84, 32, 84)
    s.blob("f47a14", 82, 30, 100, 34, 100, 44, 82, 46)
    s.line("b8500a", 2, 85, 38, 97, 39)
    s.disc("ffffff", 72, 26, 6)
    s.disc("20181a", 74, 26, 4)


def balloon(s, coat):
    colours = ("e8384f", "ffc71f", "3f8ee8", "54b948")
    for x in (28, 70, 50):
        s.line("f4f0e6", 4, x, 48, 50, 74, 50, 98)
    for i, (x, y) in enumerate(((26, 30), (72, 28), (50, 24))):
        colour = colours[(i + coat) % 4]
        s.oval(colour, x - 19, y - 23, x + 19, y + 24)
        s.poly(colour, x, y + 20, x + 5, y + 30, x - 5, y + 30)
        s.oval("fff3ee", x - 11, y - 15, x - 4, y - 4)


def planet(s, coat):
    body, band, ring = (
        ("e0a060", "b9743a", "f4dcae"),
        ("7fa8e8", "4f78c0", "e6ecff"),
        ("c98ad8", "9858ae", "ffe3b8"),
    )[coat]
    s.line(ring, 6, 2, 68, 26, 36, 74, 22, 98, 32)
    s.disc(body, 50, 50, 31)
    s.blob(band, 22, 42, 60, 36, 78, 40, 78, 46, 40, 50, 20, 54)
    s.blob(band, 26, 66, 60, 60, 76, 60, 70, 70, 40, 74)
    s.line(ring, 6, 2, 68, 26, 74, 74, 60, 98, 32)


def cat(s, coat):
    fur, dark = (("e8963c", "b8641a"), ("8c8c98", "5c5c68"), ("f0e4d0", "c49a6c"))[coat]
    s.line(dark, 8, 72, 92, 96, 88, 92, 64, 84, 58)
    s.blob(fur, 34, 44, 66, 44, 80, 74, 78, 98, 22, 98, 20, 74)
    s.poly(fur, 26, 2, 46, 18, 26, 34)
    s.poly(fur, 74, 2, 54, 18, 74, 34)
    s.poly("f2a6a6", 30, 10, 40, 18, 30, 26)
    s.poly("f2a6a6", 70, 10, 60, 18, 70, 26)
    s.oval(fur, 22, 12, 78, 56)
    for x in (42, 50, 58):
        s.line(dark, 3, x, 14, x, 22)
    s.oval("f6fff0", 32, 27, 44, 39)
    s.oval("f6fff0", 56, 27, 68, 39)
    s.oval("20301a", 36, 27, 41, 39)
    s.oval("20301a", 59, 27, 64, 39)
    s.poly("d86a78", 46, 41, 54, 41, 50, 46)
    for y in (42, 48):
        s.line("ffffff", 1, 34, 45, 12, y)
        s.line("ffffff", 1, 66, 45, 88, y)
    s.oval(dark, 30, 88, 46, 98)
    s.oval(dark, 54, 88, 70, 98)


def flower(s, coat):
    petal, heart = (("f25a8c", "ffd84a"), ("fff4f8", "ffb81f"), ("9a6ae0", "ffe06a"))[coat]
    s.line("3f8a3a", 5, 50, 44, 48, 70, 50, 98)
    s.blob("54a84a", 50, 84, 60, 66, 84, 60, 76, 82)
    s.blob("4a9a42", 50, 92, 40, 76, 16, 72, 26, 92)
    for x, y in ((50, 12), (71, 24), (71, 46), (50, 56), (29, 46), (29, 24)):
        s.disc(petal, x, y, 14)
    s.disc(heart, 50, 34, 14)
    s.disc("c98a1a", 50, 36, 7)


def fly(s, coat):
    body = ("5a6a48", "66607c", "5c5c58")[coat]
    for y in (44, 60, 74):
        s.line("2a2a24", 3, 50, y, 22, y + 2, 8, y + 14)
        s.line("2a2a24", 3, 50, y, 78, y + 2, 92, y + 14)
    s.oval(body, 32, 40, 68, 98)
    for y in (66, 76, 86):
        s.line("8ea06a", 3, 38, y, 62, y)
    s.oval(body, 30, 24, 70, 60)
    s.blob("cfe0e6", 42, 40, 20, 50, 4, 88, 26, 92, 42, 62)
    s.blob("cfe0e6", 58, 40, 80, 50, 96, 88, 74, 92, 58, 62)
    s.line("93a7b0", 1, 38, 48, 14, 82)
    s.line("93a7b0", 1, 62, 48, 86, 82)
    s.oval("b0281e", 28, 10, 50, 36)
    s.oval("b0281e", 50, 10, 72, 36)
    s.disc("f08a7a", 36, 19, 3)
    s.disc("f08a7a", 58, 19, 3)


def rotten_apple(s, coat):
    skin, rot = (("8f7a2a", "54421a"), ("a04a2a", "5a2c16"), ("7f8a34", "4a4a1c"))[coat]
    s.line("4a3018", 5, 50, 30, 54, 10)
    s.blob("6f7a3a", 54, 18, 70, 4, 88, 8, 74, 24)
    s.blob(skin, 50, 28, 74, 18, 96, 36, 92, 74, 70, 98, 50, 92, 30, 98, 8, 74, 4, 36, 26, 18)
    s.blob(rot, 14, 44, 34, 40, 42, 58, 28, 74, 14, 64)
    s.disc(rot, 44, 82, 6)
    s.disc(rot, 80, 78, 7)
    s.disc("2c1c10", 66, 50, 10)
    s.line("c8e070", 9, 66, 50, 76, 36, 86, 46, 94, 36)
    s.disc("c8e070", 93, 36, 6)
    s.disc("20181a", 95, 34, 2)
    for x in (24, 34, 28):
        s.disc("d8dcc0", x, 48 + x // 3, 2)


def cake(s, coat):
    icing, sponge = (("f78fb3", "f5dca4"), ("8ad4d0", "f7e6c0"), ("fff4ea", "a5683a"))[coat]
    for x, flame in ((32, "e8384f"), (50, "3f8ee8"), (68, "54b948")):
        s.rect(flame, x - 3, 24, x + 3, 46)
        s.oval("ff9a1a", x - 4, 8, x + 4, 24)
        s.oval("fff6b0", x - 2, 14, x + 2, 23)
    s.rect(sponge, 22, 44, 78, 68)
    s.blob(icing, 20, 42, 80, 42, 80, 54, 72, 60, 64, 50, 54, 60, 44, 50, 34, 60, 26, 52, 20, 56)
    s.rect(sponge, 10, 66, 90, 94)
    s.blob(icing, 8, 64, 92, 64, 92, 78, 80, 84, 70, 74, 56, 86, 44, 74, 30, 84, 20, 74, 8, 80)
    for x in (16, 34, 52, 70, 86):
        s.disc("e8384f", x, 68, 3)
    s.oval("dfe6ee", 2, 90, 98, 98)


def snake(s, coat):
    skin, mark = (("5f9a34", "2f5a1c"), ("c9a02c", "6a4a12"), ("8a4a3a", "4a2018"))[coat]
    s.oval(skin, 6, 74, 94, 98)
    s.oval(mark, 18, 80, 82, 92)
    s.oval(skin, 14, 58, 86, 86)
    s.oval(mark, 28, 65, 72, 77)
    s.oval(skin, 24, 46, 74, 72)
    s.line(skin, 15, 40, 60, 30, 34, 48, 26, 58, 16)
    low, high = ((16, 88), (32, 94), (50, 95), (68, 94), (84, 88)), ((22, 76), (40, 82), (60, 82))
    for x, y in (*low, *high, (78, 76)):
        s.oval(mark, x - 5, y - 3, x + 5, y + 3)
    for x, y in ((36, 52), (37, 40), (42, 30)):
        s.oval(mark, x - 4, y - 3, x + 4, y + 3)
    s.blob(skin, 46, 4, 66, 0, 86, 14, 84, 26, 62, 30, 46, 22)
    s.line("e0203a", 3, 82, 20, 94, 22)
    s.line("e0203a", 3, 92, 22, 99, 17)
    s.line("e0203a", 3, 92, 22, 99, 28)
    s.oval("fff04a", 60, 6, 70, 16)
    s.oval("101010", 64, 6, 67, 16)


def spider(s, coat):
    body, mark = (("4a4456", "e0303a"), ("62462f", "f0b040"), ("3c5356", "c8e050"))[coat]
    for side in (-1, 1):
        for foot, knee, height in ((48, 30, 14), (46, 40, 34), (46, 40, 66), (38, 32, 98)):
            bend = min(50 if height > 50 else 40, height + 8)
            s.line(body, 5, 50, 52, 50 + side * knee, bend, 50 + side * foot, height)
    s.oval(body, 26, 44, 74, 96)
    s.disc(body, 50, 38, 17)
    s.poly(mark, 42, 60, 58, 60, 50, 70)
    s.poly(mark, 42, 82, 58, 82, 50, 70)
    for x in (40, 47, 53, 60):
        s.disc("ff4a3a" if coat == 0 else "f4f4d0", x, 32 if x in (47, 53) else 30, 3)
    s.line("f4f4f0", 3, 45, 48, 46, 55)
    s.line("f4f4f0", 3, 55, 48, 54, 55)


def skull(s, coat):
    bone, dark = (("f4efdf", "2a2422"), ("d9ceb0", "30261c"), ("dfe6e4", "1f2a2c"))[coat]
    s.blob(bone, 28, 56, 72, 56, 74, 92, 64, 98, 36, 98, 26, 92)
    s.blob(bone, 50, 2, 84, 6, 96, 36, 84, 66, 60, 74, 40, 74, 16, 66, 4, 36, 16, 6)
    s.blob(dark, 18, 40, 30, 32, 44, 40, 42, 58, 26, 60, 16, 54)
    s.blob(dark, 82, 40, 70, 32, 56, 40, 58, 58, 74, 60, 84, 54)
    s.poly(dark, 50, 56, 57, 70, 43, 70)
    for x in (37, 45, 54, 62):
        s.line(dark, 2, x, 78, x, 96)
    s.line(dark, 2, 32, 86, 68, 86)
    s.line("b8ac90", 2, 60, 6, 66, 16, 62, 24)


def child(s, coat):
    shirt, hair = (("5a7aa8", "4a3020"), ("8a6a8a", "2a2020"), ("7a8a6a", "8a5a2a"))[coat]
    s.blob("3a4458", 12, 86, 44, 70, 80, 70, 92, 86, 88, 98, 12, 98)
    s.blob(shirt, 32, 44, 68, 44, 76, 86, 24, 86)
    s.line("3a4458", 13, 30, 92, 26, 64, 44, 92)
    s.line("3a4458", 13, 70, 92, 74, 64, 56, 92)
    s.disc("f0c8a4", 50, 28, 22)
    s.blob(hair, 26, 30, 26, 2, 50, 0, 74, 2, 74, 30, 66, 16, 34, 16)
    s.line("3a2a20", 2, 36, 25, 43, 22)
    s.line("3a2a20", 2, 64, 25, 57, 22)
    s.line("3a2a20", 2, 38, 31, 44, 31)
    s.line("3a2a20", 2, 62, 31, 56, 31)
    s.line("a04038", 2, 43, 45, 50, 40, 57, 45)
    s.blob("6ac0f4", 39, 32, 43, 32, 44, 44, 38, 44)
    s.blob("6ac0f4", 57, 32, 61, 32, 62, 44, 56, 44)
    s.line(shirt, 11, 28, 54, 22, 72, 46, 76)
    s.line(shirt, 11, 72, 54, 78, 72, 54, 76)
    s.disc("f0c8a4", 48, 77, 6)
    s.disc("f0c8a4", 54, 77, 6)


def broken_heart(s, coat):
    red, dark = (("c8283c", "7a1020"), ("a83a5a", "5c1830"), ("8a4048", "4a1c24"))[coat]
    s.blob(red, 46, 18, 26, -2, -4, 14, 2, 52, 44, 98, 42, 74, 52, 60, 38, 46, 50, 34)
    s.blob(dark, 56, 20, 74, -2, 104, 14, 98, 52, 52, 98, 50, 76, 60, 62, 46, 46, 58, 36)
    crack = (46, 18, 56, 20, 56, 34, 44, 46, 58, 60, 48, 74, 52, 96, 44, 94, 42, 76, 50, 61, 36, 46)
    s.poly("2a1016", *crack, 50, 32)
    s.oval("f4a0a8", 14, 16, 26, 28)


OBJECTS = {
    function.__name__.replace("hot_air", "hot-air").replace("_", " "): function
    for function in (
        dog,
        duck,
        balloon,
        things.tank,
        things.bomb,
        things.knife,
        things.temple,
        things.hot_air_balloon,
        planet,
        cat,
        flower,
        things.house,
        things.boat,
        fly,
        rotten_apple,
        things.rubbish,
        things.car,
        things.rocket,
        cake,
        snake,
        spider,
        skull,
        things.gravestone,
        child,
        broken_heart,
        things.chair,
        things.box,
        things.bottle,
        things.barrel,
        things.clock,
        things.umbrella,
    )
}
AIRBORNE = ("balloon", "hot-air balloon", "planet", "fly", "rocket", "broken heart")
