"""GIST against the formula written out, torchgist, and pictures whose structure is known."""

import warnings

import numpy as np
import pytest
from PIL import Image
from skimage import data

from emobook.features.gist import GIST, gist, prefiltered, square

LEAR = (8, 8, 4)


def photo(name: str) -> np.ndarray:
    return square(Image.fromarray(getattr(data, name)()))


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (256, 256))


def by_the_formula(grey, orientations):
    """The whole of it in float64, one step after the other, over the full spectrum."""

    def axes(n):
        fx, fy = np.meshgrid(np.arange(-n // 2, n // 2), np.arange(-n // 2, n // 2))
        return fx, fy

    x = np.asarray(grey, float)
    x = 255 * (x - x.min()) / (x.max() - x.min())
    x = np.pad(np.log(x + 1), 5, mode="symmetric")
    fx, fy = axes(266)
    low = np.fft.ifftshift(np.exp(-(fx**2 + fy**2) / (4 / np.sqrt(np.log(2))) ** 2))
    x = x - np.fft.ifft2(np.fft.fft2(x) * low).real
    x = x / (0.2 + np.sqrt(np.abs(np.fft.ifft2(np.fft.fft2(x**2) * low))))
    x = np.pad(x[5:-5, 5:-5], 32, mode="symmetric")
    fx, fy = axes(320)
    values = []
    for scale, count in enumerate(orientations):
        for k in range(count):
            turned = np.angle(fx + 1j * fy) + np.pi * k / count
            turned = np.where(turned > np.pi, turned - 2 * np.pi, turned)
            f = np.hypot(fx, fy) / 320
            gain = np.exp(-10 * 0.35 * (f / (0.3 / 1.85**scale) - 1) ** 2)
            gain = gain * np.exp(-2 * (16 * count**2 / 32**2) * np.pi * turned**2)
            response = np.abs(np.fft.ifft2(np.fft.fft2(x) * np.fft.ifftshift(gain)))[32:-32, 32:-32]
            for column in range(4):
                for row in range(4):
                    block = response[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
                    values.append(block.mean())
    return np.array(values)


@pytest.mark.parametrize("orientations", [(8, 8, 8, 8), LEAR, (1, 3), (12, 1, 1, 1, 1, 1, 6)])
def test_values_follow_the_formula(orientations):
    for grey in (photo("astronaut"), noise()):
        found = gist(grey, orientations)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, by_the_formula(grey, orientations), atol=1e-6)


@pytest.mark.filterwarnings("ignore:torch.meshgrid")
@pytest.mark.parametrize(("orientations", "size"), [((8, 8, 8, 8), 512), (LEAR, 320)])
def test_values_and_their_order_are_those_of_torchgist(orientations, size):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():  # torchgist turns all warnings off when it is imported
        models = pytest.importorskip("torchgist.models")
    peer = models.GIST(orientations_per_scale=orientations)
    for grey in (photo("coffee"), noise(1)):
        pixels = grey.round().astype(np.uint8)
        expected = peer(torch.tensor(np.stack([pixels] * 3), dtype=torch.float32)).numpy()
        assert expected.shape == (size,)
        np.testing.assert_allclose(gist(pixels, orientations), expected, atol=1e-6)


def grating(scale: int, degrees: float, phase: float = 0.0) -> np.ndarray:
    """Brightness that changes in one direction, anticlockwise from the horizontal."""
    y, x = np.mgrid[:256, :256]
    along = x * np.cos(np.radians(degrees)) - y * np.sin(np.radians(degrees))
    return 128 + 50 * np.sin(2 * np.pi * (0.3 / 1.85**scale * along + phase))


@pytest.mark.parametrize("scale", range(4))
@pytest.mark.parametrize("turn", range(8))
def test_a_grating_lights_up_its_own_scale_and_orientation(scale, turn):
    picture = grating(scale, 22.5 * turn)
    channels = gist(picture).reshape(4, 8, 16).mean(axis=2)
    assert np.unravel_index(channels.argmax(), channels.shape) == (scale, turn)
    names = GIST().get_feature_names_out().reshape(4, 8, 16)[scale, turn]
    assert all(name.startswith(f"gist_scale{scale}_{22.5 * turn:g}deg_") for name in names)


def test_a_shifted_grating_keeps_its_values_while_a_turned_one_changes_them():
    here = gist(grating(1, 45))
    assert np.abs(here - gist(grating(1, 45, phase=0.25))).max() < 0.05 * here.max()
    assert np.abs(here - gist(grating(1, 90))).max() > 0.5 * here.max()


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_to_turn_or_mirror_a_photo_moves_orientations_and_blocks_alike(scale):
    # Not exactly: the spectrum of an even number of pixels has its highest frequency on one side.
    # The finest scale, which reaches that far, is left out.
    grey = photo("astronaut")
    values, turned, mirrored = (
        gist(some).reshape(4, 8, 4, 4)[scale] for some in (grey, np.rot90(grey), grey[:, ::-1])
    )
    blocks = values.transpose(0, 2, 1)  # orientation, row, column
    expected = np.rot90(np.roll(blocks, 4, axis=0), axes=(1, 2))
    np.testing.assert_allclose(turned.transpose(0, 2, 1), expected, atol=0.02 * values.max())
    expected = blocks[(8 - np.arange(8)) % 8][:, :, ::-1]
    np.testing.assert_allclose(mirrored.transpose(0, 2, 1), expected, atol=0.02 * values.max())


@pytest.mark.parametrize(("row", "column"), [(0, 0), (1, 2), (3, 0)])
def test_structure_in_one_block_shows_there(row, column):
    grey = np.full((256, 256), 128.0)
    block = np.s_[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
    grey[block] = noise()[block]
    names = GIST().get_feature_names_out()
    values = gist(grey).reshape(32, 16)
    assert set(values.argmax(axis=1)) == {4 * column + row}
    assert names[4 * column + row] == f"gist_scale0_0deg_row{row}_column{column}"


def test_brightness_and_contrast_of_the_whole_picture_do_not_matter():
    grey = photo("astronaut")
    np.testing.assert_allclose(gist(0.4 * grey + 30), gist(grey), atol=1e-5)
    assert np.abs(prefiltered(grey).mean()) < 0.1


@pytest.mark.parametrize("size", [(256, 256), (400, 300), (91, 250), (513, 256), (1000, 333)])
def test_the_square_is_the_middle_of_the_resized_picture(size):
    width, height = size
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    grey = pixels.astype(np.float64).mean(axis=2).astype(np.float32)
    scale = 256 / min(size)
    whole = tuple(int(side * scale + 0.5) for side in size)
    resized = np.asarray(Image.fromarray(grey).resize(whole, Image.Resampling.BILINEAR))
    left, top = ((side - 256) // 2 for side in whole)
    found = square(Image.fromarray(pixels))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, resized[top : top + 256, left : left + 256], atol=0.01)


def test_every_picture_has_finite_values_and_one_of_one_colour_has_zeros(clean_cache):
    draw = np.random.default_rng(0)
    flat = [
        np.full((1, 1, 3), 7, np.uint8),
        np.full((40, 30, 3), (255, 254, 254), np.uint8),
        np.zeros((300, 500), np.uint8),
        np.full((700, 3, 3), (1, 0, 0), np.uint8),
    ]
    others = [
        draw.integers(0, 256, (20, 30), dtype=np.uint8),
        draw.integers(0, 256, (20, 30, 4), dtype=np.uint8),
        draw.integers(0, 256, (1, 5000, 3), dtype=np.uint8),
        draw.integers(0, 256, (5000, 2, 3), dtype=np.uint8),
        np.arange(2, dtype=np.uint8).reshape(1, 2),
    ]
    values = GIST(progress=False).transform(flat + others)
    assert values.shape == (9, 512)
    assert np.isfinite(values).all()
    assert (values[:4] == 0).all()
    assert (values[4:].max(axis=1) > 0).all()


def test_the_transformer_gives_what_the_function_gives(tmp_path, clean_cache):
    Image.fromarray(data.coffee()).save(tmp_path / "coffee.png")
    transformer = GIST(LEAR, progress=False).fit()
    assert transformer.n_features_out_ == 320
    assert len(set(transformer.get_feature_names_out())) == 320
    found = transformer.transform([str(tmp_path / "coffee.png")])
    np.testing.assert_array_equal(found[0], gist(photo("coffee"), LEAR))
    np.testing.assert_array_equal(found, transformer.transform([data.coffee()]))


@pytest.mark.parametrize("orientations", [(), 8, (8, 0), (8, 2.5), (True, 8), "88", None])
def test_orientations_that_cannot_be_used_are_refused(orientations):
    with pytest.raises(ValueError, match="orientations"):
        GIST(orientations).fit()


def test_only_the_square_is_taken():
    with pytest.raises(ValueError, match="shape"):
        gist(np.zeros((256, 255)))
