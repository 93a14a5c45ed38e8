"""The reader against pictures whose pixels are known, and against files that are no pictures."""

import io
import os
import pickle
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin, features

from emobook import images
from emobook.images import ImageError, read

UPRIGHT = np.zeros((20, 32, 3), np.uint8)  # four quarters that no turn or mirror leaves alone
UPRIGHT[:10, :16] = 255, 0, 0
UPRIGHT[:10, 16:] = 0, 255, 0
UPRIGHT[10:, :16] = 0, 0, 255
UPRIGHT[10:, 16:] = 250, 250, 10


def encode(picture, format="PNG", **options) -> bytes:
    file = io.BytesIO()
    (Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture).save(
        file, format, **options
    )
    return file.getvalue()


def smooth(width, height) -> Image.Image:
    """A picture without sharp edges, so that a JPEG hardly changes it."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 40), np.cos(y / 50), np.sin((x + y) / 60)]
    return Image.fromarray(np.uint8(128 + 100 * np.stack(waves, -1)))


def pixels(source, **options) -> np.ndarray:
    result = read(source, **options)
    assert type(result) is Image.Image and result.mode == "RGB" and result.info == {}
    return np.asarray(result)


# ---- sources ----


def test_every_kind_of_source(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(UPRIGHT))
    sources = [str(path), path, path.read_bytes(), memoryview(path.read_bytes()),
               io.BytesIO(path.read_bytes()), Image.fromarray(UPRIGHT), UPRIGHT,
               UPRIGHT.astype(np.uint16) * 257]  # fmt: skip
    for source in sources:
        np.testing.assert_array_equal(pixels(source), UPRIGHT)


def test_arrays_of_other_shapes():
    grey = UPRIGHT[..., 0]
    np.testing.assert_array_equal(pixels(grey), np.stack([grey] * 3, -1))
    np.testing.assert_array_equal(pixels(grey[..., None]), pixels(grey))
    clear = np.dstack([UPRIGHT, np.zeros_like(grey)])
    assert (pixels(clear) == 255).all()
    np.testing.assert_array_equal(pixels(UPRIGHT[:, ::-1]), UPRIGHT[:, ::-1])


def test_what_was_passed_stays_as_it_was():
    file = io.BytesIO(encode(smooth(400, 300), "JPEG"))
    assert read(file, max_side=40).size == read(file, max_side=40).size == (40, 30)
    assert not file.closed
    picture = Image.open(file)
    assert read(picture, max_side=40).size == (40, 30) and picture.size == (400, 300)
    upright = Image.fromarray(UPRIGHT)
    upright.info["comment"] = "kept"
    result = read(upright)
    result.putpixel((0, 0), (1, 2, 3))
    assert upright.getpixel((0, 0)) == (255, 0, 0) and upright.info == {"comment": "kept"}


def test_streams_that_cannot_seek():
    class Pipe(io.RawIOBase):
        inner = io.BytesIO(encode(UPRIGHT))

        def read(self, n=-1):
            return self.inner.read(n)

    np.testing.assert_array_equal(pixels(Pipe()), UPRIGHT)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc to count open files")
def test_no_file_is_left_open(tmp_path):
    paths = []
    for format in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        paths.append(tmp_path / f"photo.{format}")
        paths[-1].write_bytes(encode(UPRIGHT, format))
    paths.append(tmp_path / "cut.jpg")
    paths[-1].write_bytes(encode(UPRIGHT, "JPEG")[:-40])
    before, kept = len(os.listdir("/proc/self/fd")), []
    for path in paths:
        try:
            kept.append(read(path))
        except ImageError as error:
            kept.append(error)
    assert len(os.listdir("/proc/self/fd")) == before
    assert [isinstance(result, ImageError) for result in kept] == [False] * 6 + [True]


# ---- colours ----


def test_alpha_lies_over_white():
    half = np.full((4, 4, 4), (200, 0, 100, 128), np.uint8)
    expected = [round(c * 128 / 255 + 255 * 127 / 255) for c in (200, 0, 100)]
    for format in ("PNG", "TIFF"):
        assert np.abs(pixels(encode(half, format)).astype(int) - expected).max() <= 1
    grey = Image.merge("LA", [Image.new("L", (4, 4), 10), Image.new("L", (4, 4), 0)])
    assert (pixels(encode(grey)) == 255).all()


def test_transparent_palettes():
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.putdata([0, 1])
    for format, transparency in (("GIF", 0), ("PNG", 0), ("PNG", b"\x00\xff")):
        shown = pixels(encode(picture, format, transparency=transparency))
        assert shown.tolist() == [[[255, 255, 255], [0, 0, 255]]]
    assert pixels(encode(picture)).tolist() == [[[255, 0, 0], [0, 0, 255]]]


def test_one_transparent_colour():
    shown = pixels(encode(UPRIGHT, transparency=(0, 0, 255)))
    assert (shown[10:, :16] == 255).all() and (shown[:10, :16] == (255, 0, 0)).all()


def test_sixteen_bits_are_scaled_not_clipped():
    values = np.array([[0, 128, 129, 256, 257, 32768, 40000, 65406, 65535]], np.uint16)
    expected = np.round(values / 257).astype(int)
    assert expected.tolist() == [[0, 0, 1, 1, 1, 128, 156, 254, 255]]
    for source in (encode(values), encode(values, "TIFF"), encode(values, "PPM"), values,
                   Image.fromarray(values), Image.fromarray(values.astype(np.int32))):  # fmt: skip
        assert (pixels(source) == expected[..., None]).all()
    shown = pixels(encode(Image.fromarray(values), transparency=257))
    assert shown[0, :, 0].tolist() == [0, 0, 1, 1, 255, 128, 156, 254, 255]


def test_one_bit_grey_and_cmyk():
    bits = Image.fromarray(UPRIGHT[..., 0] > 100)
    assert bits.mode == "1" and set(np.unique(pixels(encode(bits)))) == {0, 255}
    assert ((pixels(encode(bits)) == 255) == (UPRIGHT[..., :1] > 100)).all()
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for format in ("JPEG", "TIFF"):
        assert np.abs(pixels(encode(red, format)).astype(int) - (255, 0, 0)).max() <= 3


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "lime", "blue")]
    for format in ("GIF", "PNG", "TIFF", "WEBP"):
        lossless = {"lossless": True} if format == "WEBP" else {}
        data = encode(frames[0], format, save_all=True, append_images=frames[1:], **lossless)
        assert (pixels(data) == (255, 0, 0)).all()


# ---- orientation ----

STORED = {  # how each orientation stores the upright picture, by its definition in EXIF
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT),
    7: np.rot90(UPRIGHT, 2).transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_orientation_is_applied_once(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exact = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95, "subsampling": 0}}.get(format, {})
    stored = np.ascontiguousarray(STORED[orientation])
    data = encode(stored, format, exif=exif, **exact)
    shown = pixels(data).astype(int)
    assert shown.shape == UPRIGHT.shape and np.abs(shown - UPRIGHT).mean() < 6
    np.testing.assert_array_equal(pixels(read(data)), shown)
    with Image.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(pixels(picture), shown)
    small = pixels(data, max_side=16).astype(int)
    assert small.shape == (10, 16, 3) and (small[1, 1] - small[8, 1]).tolist()[0] > 200


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_matter():
    data = encode(UPRIGHT, "PNG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\xff" * 40)
    np.testing.assert_array_equal(pixels(data), UPRIGHT)


# ---- size ----


@pytest.mark.parametrize(
    "size", [(640, 480), (333, 1000), (1001, 77), (64, 64), (65, 64), (900, 1)]
)
@pytest.mark.parametrize("side", [1, 63, 64, 100, 333, 5000])
def test_longest_side_and_same_size_with_and_without_draft(size, side):
    picture = smooth(*size)
    width, height = read(encode(picture, "JPEG"), max_side=side).size
    assert (width, height) == read(picture, max_side=side).size
    assert max(width, height) == min(side, max(size))
    ratio = max(width, height) / max(size)
    assert (width, height) == tuple(max(1, round(s * ratio)) for s in size)


def test_jpeg_is_decoded_small(monkeypatch):
    picture, decoded = smooth(1600, 1200), []
    data = encode(picture, "JPEG", quality=95)
    load = JpegImagePlugin.JpegImageFile.load

    def spy(image):
        if image.tile:  # not decoded yet
            decoded.append(image.size)
        return load(image)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", spy)
    reduced = {side: pixels(data, max_side=side) for side in (90, 100, 200, 300, 800, 1600)}
    assert decoded == [(200, 150), (200, 150), (400, 300), (800, 600), (1600, 1200), (1600, 1200)]
    for side, shown in reduced.items():
        whole = pixels(picture, max_side=side).astype(int)
        assert np.abs(shown - whole).mean() < 2, side


def test_reduction_is_no_subsampling():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.abs(pixels(stripes, max_side=16)[:, 2:-2].astype(int) - 127).max() <= 3


@pytest.mark.parametrize("side", [0, -1, 10.0, "64", True, float("nan")])
def test_bad_max_side(side):
    with pytest.raises(ValueError, match=r"^max_side must"):
        read(UPRIGHT, max_side=side)


# ---- what cannot be read ----


def png_header(width, height) -> bytes:
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


def bad(source, reason, **options):
    with pytest.raises(ImageError) as caught:
        read(source, **options)
    assert reason in caught.value.reason and "\n" not in str(caught.value)
    return caught.value


@pytest.mark.filterwarnings("error")  # also Pillow's own warnings of decompression bombs
@pytest.mark.parametrize("size", [(20_000, 10_001), (30_000, 10_000), (10**6, 10**6)])
def test_decompression_bombs(size):
    bad(png_header(*size), "more than 200 million")


@pytest.mark.filterwarnings("error")
def test_only_the_readers_own_limit_counts(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for format in ("PNG", "TIFF", "WEBP"):
        assert read(encode(UPRIGHT, format)).size == (32, 20)
    assert Image.MAX_IMAGE_PIXELS == 10
    monkeypatch.setattr(images, "MAX_PIXELS", 32 * 20 - 1)
    for source in (encode(UPRIGHT), UPRIGHT, Image.fromarray(UPRIGHT)):
        bad(source, "32 × 20 pixels are more than")


def test_threads_leave_pillows_limit_alone():
    before, data = Image.MAX_IMAGE_PIXELS, encode(smooth(300, 200), "JPEG")
    with ThreadPoolExecutor(8) as pool:
        sizes = set(pool.map(lambda i: read(data, max_side=10 + i % 2).size, range(200)))
    assert sizes == {(10, 7), (11, 7)}
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_truncated(format, share):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    data = encode(noise, format)
    bad(data[: int(share * len(data))], "")
    bad(data[: int(share * len(data))], "", max_side=20)


def test_truncated_jpeg_says_so(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(encode(smooth(300, 200), "JPEG")[:-100])
    error = bad(path, "it is truncated")
    assert error.path == str(path) and str(error).startswith(f"cannot read {path}: it is truncated")


def test_empty_missing_folder_and_no_picture(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no picture at all")
    bad(tmp_path / "empty.jpg", "it is empty")
    bad(b"", "it is empty")
    bad(tmp_path / "absent.jpg", "no such file")
    bad(str(tmp_path), "it is a folder")
    bad(tmp_path / "text.jpg", "it is none of JPEG, PNG")
    bad("a\0b.jpg", "cannot be opened")
    bad(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it is none of")
    os.mkfifo(tmp_path / "pipe")
    bad(tmp_path / "pipe", "not a regular file")
    bad("/dev/zero", "not a regular file")
    bad("a" * 300, "cannot be opened (File name too long)")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    bad(tmp_path / "circle", "cannot be opened (Too many levels")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (UPRIGHT / 255.0, "uint8 or uint16, not float64"),
        (UPRIGHT.astype(np.int64), "uint8 or uint16, not int64"),
        (UPRIGHT[..., :2], "(H, W, 3)"),
        (UPRIGHT[None], "(H, W, 3)"),
        (UPRIGHT[:0], "(H, W, 3)"),
        (Image.new("F", (4, 4)), "floats"),
        (Image.fromarray(np.array([[70_000]], np.int32)), "32 bits"),
        (None, "give a path"),
        (3.5, "give a path"),
    ],
)
def test_unfit_objects(source, reason):
    bad(source, reason)


def test_errors_cross_process_borders():
    error = bad("absent.jpg", "no such file")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(error, ValueError) and type(copy) is ImageError
    assert (copy.path, copy.reason, str(copy)) == (error.path, error.reason, str(error))
    assert bad(io.BytesIO(b"xx"), "none of").path == "<BytesIO>"


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow lacks AVIF")
def test_avif():
    assert np.abs(pixels(encode(UPRIGHT, "AVIF", quality=95)).astype(int) - UPRIGHT).mean() < 8


def test_real_photos(real_data):
    found = sorted(p for p in real_data.glob("[fo]*/*/*") if p.suffix in {".jpg", ".png"})[::10]
    if not found:
        pytest.skip("not run: neither fi nor oasis is in EMOBOOK_DATA")
    for path in found:
        assert max(read(path, max_side=96).size) == 96
