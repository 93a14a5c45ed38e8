"""The scenery that backdrops are set with; drawn as in `sprites`."""


def tree(s, coat):
    leaf, dark = (("5da548", "3f7f38"), ("79b648", "57903a"), ("4c8f56", "34704a"))[coat]
    s.poly("6b4a2c", 45, 60, 55, 60, 58, 98, 42, 98)
    for x, y, r in ((30, 48, 22), (70, 48, 22), (50, 28, 26)):
        s.disc(dark, x, y + 5, r)
    for x, y, r in ((28, 44, 20), (66, 42, 20), (48, 24, 22)):
        s.disc(leaf, x, y, r)


def blossom(s, coat):
    s.poly("6b4a3a", 46, 55, 54, 55, 58, 98, 42, 98)
    s.line("6b4a3a", 4, 50, 74, 34, 52)
    for x, y, r in ((26, 44, 22), (74, 44, 22), (50, 26, 27), (50, 52, 18)):
        s.disc("e58fb2", x, y + 4, r)
    for x, y, r in ((24, 40, 19), (72, 40, 18), (48, 22, 23)):
        s.disc("f9bfd4", x, y, r)
    for i in range(14):
        s.disc("fff0f5", 14 + i * 29 % 74, 10 + i * 17 % 50, 3)


def pine(s, coat):
    leaf, dark = (("2f6a4a", "22523a"), ("3c7850", "2c5c40"), ("27584a", "1b4238"))[coat]
    s.rect("5a4030", 46, 84, 54, 98)
    for y, w in ((44, 36), (22, 28), (2, 20)):
        s.poly(leaf, 50, y, 50 + w, y + 44, 50 - w, y + 44)
        s.poly(dark, 50, y, 50 + w, y + 44, 50, y + 40)


def bare_tree(s, coat):
    wood = ("3c3632", "4a3c34", "2c2c30")[coat]
    s.poly(wood, 46, 40, 54, 40, 60, 98, 40, 98)
    for branch in (
        (5, 50, 46, 48, 24, 52, 2),
        (5, 50, 60, 30, 44, 14, 40),
        (4, 34, 46, 24, 30, 22, 16),
        (5, 50, 54, 68, 36, 88, 34),
        (4, 66, 38, 72, 24, 70, 8),
        (3, 49, 30, 38, 18, 38, 6),
        (3, 24, 43, 14, 32, 6, 30),
        (3, 78, 35, 86, 24, 94, 18),
        (3, 50, 20, 60, 12, 60, 2),
    ):
        s.line(wood, *branch)


def palm(s, coat):
    s.line("8a6238", 6, 44, 98, 54, 66, 50, 34)
    s.line("6f4c28", 1, 46, 88, 54, 66, 50, 40)
    for leaf in (
        (50, 32, 30, 10, 4, 24, 0, 44, 20, 28),
        (50, 32, 70, 10, 96, 24, 100, 44, 80, 28),
        (50, 32, 30, 26, 12, 48, 12, 70, 26, 46),
        (50, 32, 70, 26, 88, 48, 88, 70, 74, 46),
        (50, 32, 38, 0, 18, -2, 10, 12, 32, 16),
        (50, 32, 62, 0, 82, -2, 90, 12, 68, 16),
    ):
        s.blob("3f8f4a", *leaf)
    s.line("2f7038", 1, 50, 30, 28, 16, 4, 34)
    s.line("2f7038", 1, 50, 30, 72, 16, 96, 34)
    s.disc("6a4420", 46, 36, 4)
    s.disc("6a4420", 54, 37, 4)


def cloud(s, coat):
    tone, dark = (("ffffff", "dfe8f2"), ("8a8f9c", "6c7280"), ("3c424e", "2c313c"))[coat]
    s.blob(dark, 4, 64, 96, 64, 92, 78, 8, 78)
    for x, y, r in ((26, 58, 18), (48, 46, 24), (72, 56, 19)):
        s.disc(tone, x, y, r)
    s.rect(tone, 24, 58, 76, 72)


def lightning(s, coat):
    s.line("bfd0ff", 8, 58, -4, 56, 0)
    halo = (56, -4, 72, -4, 54, 34, 70, 36, 44, 70, 60, 70, 28, 104, 40, 76, 26, 76, 46, 42, 32, 42)
    bolt = (60, -4, 68, -4, 49, 37, 64, 39, 40, 72, 54, 72, 34, 94, 44, 73, 32, 73, 52, 39, 38, 39)
    s.poly("bfd0ff", *halo)
    s.poly("ffffff", *bolt)


def firework(s, coat):
    one, two = (("ffd84a", "ff6a8a"), ("7af0ff", "c08aff"), ("a8ff7a", "ffd84a"))[coat]
    for i, (x, y) in enumerate(((0, -46), (23, -40), (40, -23), (46, 0), (40, 23), (23, 40))):
        for a, b in ((x, y), (-x, -y)):
            s.line((one, two)[i % 2], 3, 50 + a // 3, 50 + b // 3, 50 + a, 50 + b)
            s.disc("ffffff", 50 + a, 50 + b, 3)
            s.disc((two, one)[i % 2], 50 + b // 2, 50 - a // 2, 3)
    s.disc("ffffff", 50, 50, 5)


def ferris_wheel(s, coat):
    rim = ((0, -40), (28, -28), (40, 0), (28, 28), (0, 40), (-28, 28), (-40, 0), (-28, -28))
    s.line("8a5a9a", 4, 50, 46, 26, 98)
    s.line("8a5a9a", 4, 50, 46, 74, 98)
    for (ax, ay), (bx, by) in zip(rim, rim[1:] + rim[:1], strict=True):
        s.line("f4f0ff", 2, 50, 46, 50 + ax, 46 + ay)
        s.line("f4f0ff", 3, 50 + ax, 46 + ay, 50 + bx, 46 + by)
    for i, (x, y) in enumerate(rim):
        s.disc(("e8384f", "ffc71f", "3f8ee8", "54b948")[i % 4], 50 + x, 48 + y, 7)
    s.disc("ffc71f", 50, 46, 6)


def tent(s, coat):
    one = ("e8384f", "3f7ee8", "f09a1a")[coat]
    s.poly(one, 50, 12, 96, 52, 4, 52)
    s.poly("fff4e4", 50, 12, 66, 52, 34, 52)
    s.rect(one, 8, 52, 92, 98)
    for x in (20, 44, 68):
        s.rect("fff4e4", x, 52, x + 12, 98)
    s.poly("4a2a4a", 50, 58, 60, 98, 40, 98)
    for x in (4, 27, 50, 73):
        s.oval("ffd84a", x, 46, x + 23, 60)
    s.poly("ffd84a", 50, -4, 64, 4, 50, 12)


def eyes(s, coat):
    s.blob("070b0c", 50, 6, 96, 24, 92, 98, 8, 98, 4, 24)
    for x in (24, 58):
        s.blob("ffe23a", x, 38, x + 10, 32, x + 20, 40, x + 10, 52)
        s.oval("1a0a00", x + 7, 34, x + 12, 50)
    for x in (36, 54, 66):
        s.disc("b8961a", x, 76 + x % 7, 2)


def cactus(s, coat):
    arms = ((15, 50, 98, 50, 18), (11, 50, 66, 24, 66, 24, 40), (11, 50, 56, 76, 56, 76, 30))
    for width, *bend in arms:
        s.line("4f8a4a", width, *bend)
    s.line("6fae62", 2, 47, 94, 47, 20)


def flame(s, coat):
    s.blob("e8401a", 50, -8, 64, 30, 88, 14, 96, 70, 70, 100, 30, 100, 4, 70, 12, 14, 36, 30)
    s.blob("ff9a1f", 50, 16, 60, 44, 76, 34, 82, 76, 64, 100, 36, 100, 18, 76, 24, 34, 40, 44)
    s.blob("ffe680", 50, 46, 64, 74, 58, 100, 42, 100, 36, 74)


def bubble(s, coat):
    s.disc("5c7018", 50, 50, 48)
    s.disc("a8c83a", 50, 48, 42)
    s.oval("e8f8a0", 24, 18, 50, 44)


def reeds(s, coat):
    leaf = ("7a8a3a", "5c6c2c", "8c8440")[coat]
    for x, tip in ((30, 12), (44, 40), (56, 58), (70, 90)):
        s.poly(leaf, x - 5, 100, x + 5, 100, tip, 10 + abs(tip - 50))
    s.line("5a3c20", 8, 46, 30, 46, 8)


def puddle(s, coat):
    s.oval("848e94", 0, 52, 100, 78)
    s.oval("aab6be", 6, 54, 94, 72)
    s.oval("c8d2d8", 24, 57, 60, 63)


def rug(s, coat):
    edge, middle = (("8a6a6a", "b09a90"), ("6a7a8a", "94a4b0"), ("7a8466", "a4ac90"))[coat]
    s.oval(edge, 0, 44, 100, 76)
    s.oval(middle, 7, 47, 93, 73)
    s.oval(edge, 26, 54, 74, 66)
