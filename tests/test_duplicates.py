"""Copies of a photo are found, other photos are not, and the search misses no pair."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from emobook.datasets.duplicates import (
    DISTANCE,
    _near_pairs,
    copies,
    copy_distances,
    near_groups,
    perceptual_hash,
    perceptual_hashes,
)

PHOTOS = ("astronaut", "camera", "cat", "coffee", "coins", "rocket", "page", "grass", "brick")


def jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [Image.fromarray(getattr(data, name)()).convert("RGB") for name in PHOTOS]


def bits(a, b) -> int:
    return int(np.bitwise_count(perceptual_hash(a) ^ perceptual_hash(b)))


def test_copies_of_a_photo_are_near(photos):
    for photo in photos:
        half = photo.resize((photo.width // 2, photo.height // 2))
        small = photo.crop((2, 2, photo.width - 2, photo.height - 2))
        for copy in (jpeg(photo, 60), jpeg(photo, 25), jpeg(half, 60), photo.convert("L"), small):
            assert bits(photo, copy) <= DISTANCE


def test_different_photos_are_far(photos):
    hashes = np.array([perceptual_hash(photo) for photo in photos])
    assert near_groups(hashes).tolist() == near_groups(hashes, 10).tolist() == [*range(len(photos))]
    mirrored = [photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for photo in photos]
    assert min(map(bits, photos, mirrored)) > DISTANCE, "as the module says"


def test_hashes_of_files(tmp_path, photos):
    for name, photo in (("a.jpg", photos[0]), ("plain.png", Image.new("RGB", (50, 40), "teal"))):
        photo.save(tmp_path / name)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    paths = [tmp_path / name for name in ("bad.jpg", "a.jpg", "plain.png", "gone.jpg")]
    hashes, failed = perceptual_hashes(paths, progress=False)
    assert hashes.dtype == np.uint64
    assert hashes.tolist() == [0, perceptual_hash(tmp_path / "a.jpg"), 0, 0]
    assert failed[2] == "it is too plain to be compared"
    assert failed[3] == "there is no such file" and "damaged" in failed[0]
    assert near_groups(hashes).tolist() == [0, 1, 2, 3], "what has no hash is near to nothing"
    assert perceptual_hashes([], progress=False)[0].shape == (0,)


def some_hashes(n: int, seed: int = 0) -> np.ndarray:
    """n / 2 random hashes, and each again with 0 to 9 bits turned; some repeated."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(1, 2**64, n, dtype=np.uint64)
    for i in range(n // 2):
        for bit in rng.choice(64, i % 10, replace=False):
            hashes[i] ^= np.uint64(1) << np.uint64(bit)
            hashes[n // 2 + i] = hashes[i] ^ np.uint64(1) << np.uint64(bit)
    hashes[[n - 1, n - 2, 3]] = hashes[4]
    hashes[[0, n // 2]] = 0
    return hashes


@pytest.mark.parametrize("distance", [0, 1, 2, 5, 6, 8, 11, 16])
@pytest.mark.parametrize("n", [6, 40, 700])
def test_pairs_are_those_of_the_full_comparison(n, distance):
    values = np.unique(some_hashes(n))
    between = np.bitwise_count(values[:, None] ^ values)
    expected = np.argwhere(np.triu(between <= distance, 1))
    assert _near_pairs(values, distance).tolist() == expected.tolist()
    assert len(expected) or distance < 5


@pytest.mark.parametrize("distance", [0, 2, 6])
def test_groups_are_those_of_the_full_comparison(distance):
    hashes = some_hashes(300)
    between = np.bitwise_count(hashes[:, None] ^ hashes)
    near = (between <= distance) & (hashes[:, None] != 0) & (hashes != 0) | np.eye(300, dtype=bool)
    while (wider := near @ near).sum() > near.sum():
        near = wider
    assert near_groups(hashes, distance).tolist() == near.argmax(axis=1).tolist()


def test_candidates_in_chunks_are_the_same(monkeypatch):
    values = np.unique(some_hashes(300))
    whole = _near_pairs(values, 8)
    monkeypatch.setattr("emobook.datasets.duplicates._CHUNK", 7)
    assert _near_pairs(values, 8).tolist() == whole.tolist() and len(whole)


def test_groups_are_chains_of_pairs():
    a, far = 0xFFFF_0000_FFFF_0000, 0x1234_5678_9ABC_DEF0
    hashes = np.array([far, a, 0, a ^ 0b111, a ^ 0b111_111, far, 0], dtype=np.uint64)
    assert near_groups(hashes, 3).tolist() == [0, 1, 2, 1, 1, 0, 6]
    assert near_groups(hashes, 0).tolist() == [0, 1, 2, 3, 4, 0, 6]
    assert near_groups(hashes[:0], 3).tolist() == []


def test_many_equal_hashes_are_one_group_at_once():
    assert set(near_groups(np.full(1_000_000, 5, dtype=np.uint64)).tolist()) == {0}


def test_what_is_no_hash_is_refused():
    with pytest.raises(ValueError, match=r"uint64 \(N,\), not int64"):
        near_groups(np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="0 to 16"):
        near_groups(np.zeros(3, dtype=np.uint64), 17)


def test_real_photos_are_told_apart(real_data):
    photos = sorted((real_data / "oasis" / "images").glob("C*.jpg"))
    hashes, failed = perceptual_hashes(photos, progress=False)
    assert not failed and len(hashes) > 90
    first = near_groups(hashes)
    pairs = {(photos[i].stem, photos[j].stem) for j, i in enumerate(first) if i < j}
    assert pairs == {("Couple 2", "Couple 9")}, "one scene, photographed twice"


def test_copies_and_strangers_are_counted_apart(photos):
    apart = copy_distances(photos)
    assert list(apart) == [*copies(photos[0]), "different pictures"]
    assert all(len(part) == len(photos) for name, part in apart.items() if "pictures" not in name)
    assert len(apart["different pictures"]) == len(photos) * (len(photos) - 1) // 2
    assert apart["half the size"][1] == bits(photos[1], copies(photos[1])["half the size"])
    assert apart["different pictures"][0] == bits(photos[0], photos[1])
    assert apart["JPEG at quality 40"].max() <= DISTANCE < apart["mirrored"].min()
    assert copies(photos[0])["5 % cropped"].size == (462, 462)  # of 512, with 25 off each side
