"""The cast, second half: things that people made; drawn as in `sprites`."""


def tank(s, coat):
    hull, dark = (("6b7442", "434a28"), ("8a7b52", "574d33"), ("6f7478", "45494c"))[coat]
    s.poly(dark, 58, 34, 99, 26, 99, 33, 58, 44)
    s.blob(hull, 26, 30, 58, 26, 70, 48, 68, 56, 20, 56, 20, 44)
    s.blob(dark, 34, 22, 50, 22, 52, 34, 32, 34)
    s.poly(hull, 4, 60, 16, 50, 84, 50, 98, 62, 94, 74, 8, 74)
    s.blob("2b2b28", 2, 68, 98, 68, 99, 84, 88, 98, 12, 98, 1, 84)
    for x in (16, 33, 50, 67, 84):
        s.disc("77776c", x, 84, 8)
        s.disc("3b3b36", x, 84, 3)
    s.rect("c8b23a", 36, 40, 46, 48)


def bomb(s, coat):
    body = ("4c4c5c", "5e4450", "44565e")[coat]
    s.line("c9a468", 4, 62, 24, 72, 8, 84, 16)
    s.poly("ff7a1a", 84, 2, 88, 11, 98, 9, 92, 17, 98, 26, 87, 22, 80, 30, 79, 20, 70, 17, 80, 12)
    s.disc("fff2a0", 85, 16, 5)
    s.poly(body, 48, 20, 70, 26, 64, 40, 44, 34)
    s.disc(body, 46, 62, 36)
    s.oval("8d8d9c", 22, 38, 40, 54)


def knife(s, coat):
    grip = ("4a2d1c", "2c2c34", "7a1f1f")[coat]
    s.poly("d5dce2", 40, 2, 58, 20, 60, 62, 40, 62)
    s.poly("8f9aa5", 40, 2, 47, 9, 47, 62, 40, 62)
    s.poly("b0151c", 52, 14, 58, 20, 60, 50, 54, 44, 50, 30)
    s.disc("b0151c", 57, 56, 4)
    s.rect("9a7b3a", 32, 61, 68, 68)
    s.blob(grip, 40, 67, 60, 67, 62, 98, 38, 98)
    for y in (74, 82, 90):
        s.disc("d8c48a", 50, y, 2)


def temple(s, coat):
    stone, shade = (("efe6d0", "b9ab8a"), ("e3d3b4", "a58f66"), ("dfe4ea", "9ca6b2"))[coat]
    s.poly(stone, 50, 6, 98, 34, 2, 34)
    s.poly(shade, 50, 13, 82, 31, 18, 31)
    s.rect(stone, 4, 34, 96, 42)
    s.rect("4d4436", 10, 42, 90, 84)
    for x in (10, 26, 43, 60, 76):
        s.rect(stone, x, 42, x + 13, 84)
        s.rect(shade, x + 9, 42, x + 13, 84)
    s.rect(stone, 4, 82, 96, 89)
    s.rect(shade, 0, 89, 100, 98)


def hot_air_balloon(s, coat):
    one, two = (("e8384f", "ffe08a"), ("3c6fd1", "f7f3e6"), ("8a4fc0", "ffb43a"))[coat]
    s.line("6a5540", 2, 34, 58, 42, 82)
    s.line("6a5540", 2, 66, 58, 58, 82)
    s.blob(one, 50, 0, 86, 6, 94, 40, 60, 74, 40, 74, 6, 40, 14, 6)
    s.blob(two, 34, 4, 40, 4, 38, 70, 42, 70, 24, 44, 24, 16)
    s.blob(two, 66, 4, 60, 4, 62, 70, 58, 70, 76, 44, 76, 16)
    s.blob(two, 46, 2, 54, 2, 53, 72, 47, 72)
    s.blob("8a5a2b", 40, 81, 60, 81, 58, 98, 42, 98)
    s.rect("5a3a1a", 39, 80, 61, 85)


def house(s, coat):
    wall, roof = (("f6e7c8", "b8442f"), ("d7e6ee", "4a6078"), ("f2cdb0", "7a4a30"))[coat]
    s.rect("8a6a5a", 68, 10, 78, 34)
    s.rect(wall, 14, 44, 86, 98)
    s.poly(roof, 50, 8, 98, 48, 2, 48)
    s.rect("7a4a24", 42, 66, 58, 98)
    s.disc("ffd84a", 55, 83, 2)
    for x in (20, 64):
        s.rect("ffffff", x, 56, x + 16, 76)
        s.rect("8fc4e8", x + 2, 58, x + 7, 74)
        s.rect("8fc4e8", x + 9, 58, x + 14, 74)
    s.disc("ffffff", 50, 34, 6)
    s.disc("8fc4e8", 50, 34, 4)


def boat(s, coat):
    hull, sail = (("a8442c", "fbf7ea"), ("2f5f9a", "ffffff"), ("7a5230", "f8d9a0"))[coat]
    s.rect("6a4a2a", 48, 4, 52, 76)
    s.poly(sail, 54, 6, 92, 68, 54, 68)
    s.poly("e8dcc0", 46, 18, 46, 68, 14, 68)
    s.poly("e8384f", 52, 2, 66, 6, 52, 11)
    s.blob(hull, 4, 76, 96, 76, 94, 84, 82, 98, 20, 98, 8, 86)
    s.rect("f4ead0", 8, 77, 92, 81)


def rubbish(s, coat):
    bag = ("5c5c6c", "4f6654", "685a60")[coat]
    s.blob("d8cfae", 62, 74, 98, 80, 98, 98, 60, 98)
    s.blob(bag, 40, 22, 58, 22, 84, 60, 82, 98, 12, 98, 8, 62)
    s.poly(bag, 40, 26, 32, 6, 48, 14, 58, 4, 66, 10, 58, 26)
    s.line("e0c030", 4, 38, 25, 60, 25)
    s.line("8a8a9a", 3, 30, 42, 22, 64, 26, 84)
    s.line("8a8a9a", 3, 62, 44, 68, 60)
    s.poly("f0e4c8", 74, 98, 92, 70, 96, 74, 84, 98)
    s.line("8aa04a", 5, 4, 96, 14, 88, 26, 97, 40, 93, 52, 98)
    for x, y in ((14, 24), (80, 30), (88, 12), (22, 8)):
        s.disc("1c1c1c", x, y, 3)
        s.line("c8d4d8", 2, x - 5, y - 3, x + 5, y - 3)


def car(s, coat):
    body = ("e02a2a", "f2b01a", "2a6ae0")[coat]
    s.rect("20242c", 8, 44, 14, 70)
    s.rect("20242c", 0, 42, 18, 47)
    s.blob(body, 4, 62, 22, 58, 36, 42, 60, 40, 76, 58, 100, 66, 98, 86, 4, 86)
    s.blob("bfe2f4", 38, 56, 44, 46, 56, 45, 66, 57)
    s.rect(body, 50, 44, 53, 60)
    s.rect("fff6e0", 8, 69, 92, 73)
    s.disc("ffffff", 52, 70, 9)
    s.rect("20242c", 50, 65, 54, 76)
    for x in (24, 78):
        s.disc("20242c", x, 84, 14)
        s.disc("c8ccd4", x, 84, 6)
    s.oval("fff2a0", 92, 66, 100, 74)


def rocket(s, coat):
    body, fin = (("f4f4f8", "e0343f"), ("e4ecf6", "2f6fd8"), ("fff0d8", "f08a1a"))[coat]
    s.blob("ff8a1a", 36, 72, 64, 72, 60, 90, 50, 100, 40, 90)
    s.blob("fff09a", 43, 72, 57, 72, 53, 88, 47, 88)
    s.poly(fin, 32, 48, 14, 78, 34, 74)
    s.poly(fin, 68, 48, 86, 78, 66, 74)
    s.blob(body, 50, -6, 68, 26, 68, 60, 62, 76, 38, 76, 32, 60, 32, 26)
    s.blob(fin, 50, -6, 62, 18, 60, 24, 40, 24, 38, 18)
    s.disc("5a6474", 50, 40, 10)
    s.disc("8fd0f4", 50, 40, 7)
    s.rect(fin, 47, 56, 53, 80)


def gravestone(s, coat):
    stone, dark = (("9aa0a6", "5c6268"), ("a89c8c", "685c4c"), ("8a9690", "4c5852"))[coat]
    s.blob("5a4632", 4, 98, 14, 88, 50, 84, 88, 88, 98, 98, 50, 104)
    s.rect(stone, 22, 32, 78, 92)
    s.oval(stone, 22, 4, 78, 60)
    s.rect(dark, 47, 16, 53, 50)
    s.rect(dark, 37, 25, 63, 31)
    for y in (58, 66, 74):
        s.rect(dark, 32, y, 66, y + 3)
    for x in (14, 86, 28):
        s.line("4a6a3a", 3, x, 96, x - 3, 82)
        s.line("4a6a3a", 3, x, 96, x + 4, 84)


def chair(s, coat):
    wood, dark = (("b07a44", "75481f"), ("8a8f96", "585e66"), ("e4d8c0", "a8987a"))[coat]
    s.rect(dark, 26, 4, 33, 60)
    s.rect(dark, 67, 4, 74, 60)
    for y in (8, 22, 36):
        s.rect(wood, 30, y, 70, y + 8)
    s.poly(wood, 26, 54, 74, 54, 84, 68, 16, 68)
    s.rect(dark, 16, 68, 84, 73)
    for x in (17, 76):
        s.rect(dark, x, 72, x + 7, 98)
    for x in (30, 65):
        s.rect(dark, x, 72, x + 5, 90)


def box(s, coat):
    front, side, top = (
        ("c89a60", "9a7040", "e0b880"),
        ("a8a8a0", "7c7c74", "c4c4bc"),
        ("b08a5a", "84623a", "cca878"),
    )[coat]
    s.poly(front, 4, 40, 66, 46, 66, 98, 4, 88)
    s.poly(side, 66, 46, 96, 36, 96, 84, 66, 98)
    s.poly(top, 4, 40, 36, 30, 96, 36, 66, 46)
    s.poly("efe4c8", 30, 42, 40, 43, 40, 60, 30, 59)
    s.poly("efe4c8", 30, 42, 62, 33, 72, 34, 40, 43)


def bottle(s, coat):
    glass, light = (("3f7a4a", "8cc49a"), ("7a5230", "c49a6a"), ("5a86a8", "b4d4e8"))[coat]
    s.blob(glass, 42, 18, 58, 18, 58, 36, 70, 50, 70, 98, 30, 98, 30, 50, 42, 36)
    s.rect(glass, 31, 56, 69, 97)
    s.rect("c8a878", 43, 4, 57, 18)
    s.rect("f2ead6", 31, 60, 69, 84)
    s.rect("9a948a", 36, 66, 64, 69)
    s.rect("9a948a", 36, 74, 58, 77)
    s.line(light, 3, 38, 52, 46, 38, 47, 24)


def barrel(s, coat):
    wood, hoop = (("a8703a", "54504c"), ("8a8f96", "50555c"), ("94683a", "3f3a34"))[coat]
    s.blob(wood, 22, 6, 78, 6, 92, 50, 78, 98, 22, 98, 8, 50)
    for x in (34, 50, 66):
        s.line("6a4420" if coat != 1 else "666c74", 2, x, 12, x + (x - 50) // 4, 50, x, 94)
    s.oval("7a5028" if coat != 1 else "70767e", 22, 4, 78, 18)
    for y in (30, 70):
        s.line(hoop, 6, 16, y, 50, y + 6, 84, y)


def clock(s, coat):
    rim = ("7a5230", "5a626c", "3f5a78")[coat]
    s.poly(rim, 24, 84, 34, 84, 26, 98, 16, 98)
    s.poly(rim, 76, 84, 66, 84, 74, 98, 84, 98)
    s.disc(rim, 50, 48, 46)
    s.disc("f8f4e8", 50, 48, 38)
    for x, y in ((50, 16), (82, 48), (50, 80), (18, 48), (73, 25), (73, 71), (27, 25), (27, 71)):
        s.disc("4a4a4a", x, y, 3)
    s.line("2c2c2c", 5, 50, 48, 50, 24)
    s.line("2c2c2c", 5, 50, 48, 66, 56)
    s.disc("2c2c2c", 50, 48, 4)


def umbrella(s, coat):
    cloth, fold = (("6a7a8a", "4c5a68"), ("8a7a5a", "66583c"), ("7a6a86", "584a64"))[coat]
    s.line("5a4630", 4, 50, 4, 50, 86, 58, 99, 68, 88)
    s.blob(cloth, 50, 2, 94, 8, 102, 60, 84, 48, 67, 60, 50, 48, 33, 60, 16, 48, -2, 60, 6, 8)
    s.blob(fold, 50, 2, 60, 16, 68, 58, 50, 48, 32, 58, 40, 16)
