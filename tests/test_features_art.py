"""The list of Machajdik & Hanbury: its table, its borders, and values by way of the families."""

import functools
import re

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps
from skimage.data import astronaut, chelsea, coffee

from emobook.features import color, color_contrast, color_fuzzy, color_names, content, texture
from emobook.features import composition as layout
from emobook.features.art import AREA, Machajdik, without_border

NAMES = list(Machajdik().get_feature_names_out())


def photo(size=(500, 400)):
    return Image.fromarray(coffee()).resize(size)


@functools.cache
def of_photo() -> np.ndarray:
    return Machajdik(cache=False).transform([photo()])[0]


def described(image) -> dict[str, float]:
    return dict(zip(NAMES, Machajdik(cache=False).transform([image])[0].tolist(), strict=True))


def table() -> list[tuple[list[str], int]]:
    """Beginnings of names, and how many there are, line by line of the class's description."""
    lines = re.findall(r"^ +([a-z_]+(?:, [a-z_]+)*) +(\d+)  \w+\.", Machajdik.__doc__, re.M)
    return [(names.split(", "), int(number)) for names, number in lines]


def test_the_table_in_the_description_is_that_of_the_names():
    assert sum(number for _, number in table()) == len(NAMES) == 104
    assert Machajdik().n_features_out_ == 104 and len(set(NAMES)) == 104
    start = 0
    for beginnings, number in table():
        for name in NAMES[start : start + number]:
            assert name.startswith(tuple(beginnings)), name
        start += number
    groups = [sum(name.startswith(g) for name in NAMES) for g in ("color_", "texture_")]
    groups += [sum(name.startswith(g) for name in NAMES) for g in ("composition_", "content_")]
    assert groups == [60, 27, 13, 4]


@pytest.mark.parametrize(
    ("beginning", "family"),
    [
        ("color_hue", color.HueStatistics()),
        ("color_distance_to_all_colors", color.Colorfulness()),
        ("color_pleasure", color.PAD()),
        ("color_name_", color_names.ColorNames()),
        ("color_itten_", color_contrast.IttenContrasts()),
        ("color_wang_", color_fuzzy.WangHistograms()),
        ("texture_wavelet_", texture.WaveletTexture()),
        ("texture_tamura_", texture.Tamura()),
        ("texture_glcm_", texture.GLCM()),
    ],
)
def test_a_picture_of_the_working_size_has_the_values_of_each_family(beginning, family):
    """At 500 × 400 pixels nothing is resized, and a photo has no border."""
    family.set_params(cache=False)
    start = next(i for i, name in enumerate(NAMES) if name.startswith(beginning))
    names = family.get_feature_names_out()
    ours = of_photo()[start : start + len(names)]
    assert np.allclose(ours, family.transform([photo()])[0], rtol=1e-5, atol=1e-6)
    assert all(ours.endswith(name) for ours, name in zip(NAMES[start:], names, strict=False))


def test_composition_and_content_are_those_of_the_picture():
    found, pixels = dict(zip(NAMES, of_photo().tolist(), strict=True)), np.asarray(photo())
    rows = [v for k, v in found.items() if k.startswith("composition_lines")]
    assert rows == pytest.approx(layout.dynamics(pixels))
    assert found["composition_level_of_detail"] == layout.level_of_detail(pixels)
    assert list(found.values())[-4:] == pytest.approx(content.content(pixels))
    third = pixels[133:267, 167:333] / 255
    luminance = third @ (0.2126, 0.7152, 0.0722)
    saturation = third.max(axis=2) - third.min(axis=2)
    assert found["composition_inner_third_luminance"] == pytest.approx(luminance.mean())
    assert found["composition_inner_third_saturation"] == pytest.approx(saturation.mean())


def test_the_inner_third_alone_decides_on_its_means():
    image = Image.new("RGB", (300, 300), (0, 0, 255))
    ImageDraw.Draw(image).rectangle((99, 99, 200, 200), fill=(255, 0, 0))
    found = described(image)
    assert found["composition_inner_third_hue"] == pytest.approx(0)
    assert found["composition_inner_third_luminance"] == pytest.approx(0.2126)
    assert found["composition_inner_third_saturation"] == 1
    assert found["color_luminance_mean"] < 0.1 and found["composition_level_of_detail"] == 2


def test_brightness_makes_pleasant_and_weak_and_saturation_arouses():
    """The signs of Valdez & Mehrabian: dominance falls with brightness, not rises."""
    dark, light = (described(Image.new("RGB", (40, 40), (v, v, v))) for v in (60, 200))
    dull, pure = (
        described(Image.new("RGB", (40, 40), c)) for c in ((140, 110, 110), (255, 80, 80))
    )
    assert light["color_pleasure"] > dark["color_pleasure"]
    assert light["color_dominance"] < dark["color_dominance"]
    assert light["color_arousal"] < dark["color_arousal"]
    assert pure["color_arousal"] > dull["color_arousal"]


def test_a_larger_picture_is_reduced_to_the_working_size():
    large = Image.fromarray(np.asarray(photo()).repeat(3, axis=0).repeat(3, axis=1))
    assert np.array_equal(Machajdik(cache=False).transform([large])[0], of_photo())
    assert photo().width * photo().height == AREA


FRAMES = {"white": (255, 255, 255), "black": (0, 0, 0), "gold": (190, 150, 60)}


@pytest.mark.parametrize("colour", FRAMES)
@pytest.mark.parametrize("width", [1, 12, 60])
def test_a_frame_is_cut_off(colour, width):
    framed = ImageOps.expand(photo(), width, FRAMES[colour])
    noise = np.random.default_rng(0).integers(-5, 6, (*framed.size[::-1], 3))
    noisy = np.clip(np.asarray(framed) + noise, 0, 255).astype(np.uint8)
    inside = without_border(noisy)
    # the picture itself, without one row that a filter might have mixed with the frame
    assert inside.shape == (398, 498, 3)
    assert np.array_equal(inside, noisy[width + 1 : -width - 1, width + 1 : -width - 1])


def test_black_bars_are_cut_off_and_a_frame_changes_few_features():
    bars = ImageOps.expand(photo(), (0, 50, 0, 70), "black")
    assert without_border(np.asarray(bars)).shape == (398, 500, 3)
    framed, bare = (
        described(ImageOps.expand(photo((480, 380)), 10, "white")),
        described(photo((480, 380))),
    )
    near = [abs(framed[k] - bare[k]) <= 0.15 * abs(bare[k]) + 0.02 for k in NAMES]
    assert np.mean(near) > 0.9


def test_what_is_no_border_stays():
    grey = Image.new("L", (500, 400), 255)
    disc = grey.copy()
    ImageDraw.Draw(disc).ellipse((150, 40, 350, 360), fill=30)  # a thing before a white wall
    sky = np.asarray(photo()).copy()
    sky[:80] = (120, 170, 240)  # a clear sky has no counterpart below
    halves = np.asarray(photo()).copy()
    halves[:60], halves[-60:] = 255, 0  # two colours are no frame
    wide = ImageOps.expand(photo((500, 100)), (0, 150), "white")  # more than a quarter
    for image in (grey, disc, sky, halves, wide, photo(), astronaut(), chelsea()):
        pixels = np.asarray(image.convert("RGB") if isinstance(image, Image.Image) else image)
        assert without_border(pixels).shape == pixels.shape


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((1, 1, 3), 255, np.uint8),
        np.random.default_rng(1).integers(0, 256, (1, 7, 3), dtype=np.uint8),
        np.random.default_rng(2).integers(0, 256, (2, 2, 3), dtype=np.uint8),
        np.random.default_rng(3).integers(0, 256, (4000, 2, 3), dtype=np.uint8),
        np.full((90, 70, 3), (200, 30, 90), np.uint8),
        np.random.default_rng(4).integers(0, 256, (60, 50), dtype=np.uint8),
        np.random.default_rng(5).integers(0, 256, (60, 50, 4), dtype=np.uint8),
    ],
    ids=["black_1", "white_1", "row", "four", "column", "constant", "grey", "rgba"],
)
@pytest.mark.filterwarnings("error")
def test_any_picture_gives_finite_numbers(pixels):
    assert np.isfinite(Machajdik(cache=False).transform([pixels])).all()


def test_threads_change_no_bit_and_opencv_keeps_its_own():
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        again = Machajdik(cache=False).transform([photo(), astronaut()])
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)
    assert again[0].tobytes() == of_photo().tobytes()
    assert again[:, NAMES.index("content_faces_number")].tolist() == [0, 1]
