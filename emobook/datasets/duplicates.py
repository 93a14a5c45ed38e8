"""Near-duplicates: the same photo in another size, compression or with a small mark on it.

A perceptual hash sums up what a picture shows in 64 bits; copies of a photo differ in few of
them. `perceptual_hashes` makes the hashes, `near_groups` puts together those within a distance.

How far apart copies are was measured on edits of 304 photos (every fourth of 838 of OASIS and of
374 of FI); share of the edits within 4, 6, 8 and 10 bits of the photo, in per cent:

    JPEG at quality 60; half the size; 10 % flatter   100 100 100 100
    JPEG at quality 20; a quarter of the size         100 100 100 100
    20 % brighter                                      94  99 100 100
    30 % more contrast                                 98 100 100 100
    1 % cropped from every side                        93  99 100 100
    2 % cropped                                        60  88  97  99
    5 % cropped                                         6  16  33  63
    turned by 2 degrees                                50  76  90  96
    a white border of 3 %                               3   7  22  48
    a white bar over 4 % of the picture                 8  16  26  36
    mirrored                                            0   0   0   0

Of the 1,076,778 pairs of different files (those photos and 256 of COCO), one is within 6 bits,
and it shows the same scene twice (OASIS, "Couple 2" and "Couple 9"); up to 10 bits there is no
other, then 9 more within 12, 48 within 14 and 263 within 16, all of different scenes. False
alarms grow about sixfold with every two bits, which makes some 10 for the 270 million pairs of FI
at 6 bits: `DISTANCE`, which finds what sites do to photos. Crops, frames and mirrored copies need
other means.
"""

import io
import itertools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import ImageOps

from emobook import _bar, images

BITS = 64
DISTANCE = 6
"""Bits by which the hashes of copies differ at most; see above."""
_SIDE = 64  # of the picture that is hashed; imagehash reduces it to 32 × 32
_PLAIN = 24  # bits set; 32 are, unless most frequencies are absent and equal their median
_CHUNK = 1 << 21  # candidate pairs compared at a time, some 100 MB


def perceptual_hash(image) -> np.uint64:
    """64 bits for a picture (whatever `images.read` takes): imagehash's pHash, first bit highest.

    Each bit says whether one of the 8 × 8 lowest frequencies (discrete cosine transform of the
    grey picture, reduced to 32 × 32) is above their median. Raises ImageError for no picture.
    """
    import imagehash

    bits = imagehash.phash(images.read(image, max_side=_SIDE)).hash
    return np.packbits(bits).view(">u8")[0].astype(np.uint64)


def is_plain(value: np.uint64) -> bool:
    """Whether it is the hash of a picture of one colour, or one even shade: all those are alike."""
    return np.bitwise_count(value) < _PLAIN


def perceptual_hashes(paths, *, progress: bool = True) -> tuple[np.ndarray, dict[int, str]]:
    """Hashes of picture files, and which of them have none.

    Returns uint64 (N,), 0 where there is no hash, and position → reason of those: files that
    cannot be read, and pictures of one colour or one even shade, whose hashes are all alike.
    """
    hashes = np.zeros(len(paths), dtype=np.uint64)
    failed = {}

    def hashed(path):
        try:
            value = perceptual_hash(path)
        except images.ImageError as error:
            return error.reason
        return "it is too plain to be compared" if is_plain(value) else value

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(hashed, paths)
        bar = _bar.progress(results, "hashes", total=len(paths), unit="image", show=progress)
        for i, result in enumerate(bar):
            if isinstance(result, str):
                failed[i] = result
            else:
                hashes[i] = result
    return hashes, failed


def near_groups(hashes, distance: int = DISTANCE) -> np.ndarray:
    """int64 (N,): the first position of the group each hash belongs to.

    Two hashes are in one group where a chain of pairs that differ in at most `distance` bits joins
    them; hashes: uint64 (N,); 0, no hash, is a group of its own. The result is exact: hashes within
    the distance agree, but for distance // m bits, in one of m bands of bits (pigeonhole), so only
    those that do are compared, whole. On one core 118,000 hashes take half a second, 3 million two
    minutes and 0.6 GB. Raises ValueError for other arrays, or a distance that is not in 0 … 16.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    hashes = np.asarray(hashes)
    if hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise ValueError(f"hashes have to be uint64 (N,), not {hashes.dtype} {hashes.shape}")
    if not 0 <= distance <= 16:
        raise ValueError(f"distance has to be 0 to 16 of {BITS} bits, not {distance}")
    rows = np.flatnonzero(hashes)
    values, inverse = np.unique(hashes[rows], return_inverse=True)
    pairs = _near_pairs(values, distance)
    joined = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(len(values),) * 2)
    component = connected_components(joined, directed=False)[1][inverse]
    first = np.full(len(values), len(hashes))
    np.minimum.at(first, component, rows)
    groups = np.arange(len(hashes))
    groups[rows] = first[component]
    return groups


def _spread(counts):
    """For counts (n,): which row each of their sum belongs to, and its number within the row."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)


def _near_pairs(values, distance: int):
    """int64 (k, 2): positions i < j of all pairs of distinct `values` within `distance`, sorted.

    Bands are about as wide as it takes to number the values, so that a bucket, of values equal in
    a band, holds few of them; for every way to flip the bits that a band may miss, each bucket
    meets its counterpart.
    """
    if len(values) < 2 or distance == 0:
        return np.zeros((0, 2), dtype=np.int64)
    # no wider than 22 bits: the table of a band's buckets would outgrow the hashes
    bands = max(3, min(round(BITS / np.log2(len(values))), distance + 1))
    edges = np.linspace(0, BITS, bands + 1).astype(int)
    found = []
    for low, high in itertools.pairwise(edges):
        width = int(high - low)
        keys = ((values >> np.uint64(low)) & np.uint64((1 << width) - 1)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        ends = np.cumsum(np.bincount(keys, minlength=1 << width))
        for flips in range(distance // bands + 1):
            for flipped in itertools.combinations(range(width), flips):
                found.append(
                    _meet(values[order], order, keys, ends, sum(1 << b for b in flipped), distance)
                )
    codes = np.unique(np.concatenate(found))
    return np.stack([codes // len(values), codes % len(values)], axis=1)


def _meet(values, order, keys, ends, flip: int, distance: int):
    """Codes low * N + high of the pairs within `distance`, one of whose keys is the other's with
    the bits `flip` turned; everything is sorted by the keys."""
    other = keys ^ flip
    until = ends[other]
    since = np.arange(len(keys)) + 1  # a value meets those after it
    if flip:
        since = np.where(other > keys, ends[other - 1], until)  # other > 0 where it is used
    counts = until - since
    codes = []
    total = np.cumsum(counts)
    start = 0
    while start < len(keys):
        stop = int(np.searchsorted(total, total[start] - counts[start] + _CHUNK, side="right"))
        stop = max(stop, start + 1)
        which, within = _spread(counts[start:stop])
        i = which + start
        j = since[i] + within
        near = np.bitwise_count(values[i] ^ values[j]) <= distance
        a, b = order[i[near]], order[j[near]]
        codes.append(np.minimum(a, b) * len(keys) + np.maximum(a, b))
        start = stop
    return np.concatenate(codes)


def copies(image) -> dict:
    """A PIL image as others may have saved it: name of the edit → PIL image, mode RGB.

    Five edits of those that were measured above, from harmless ones to one that no perceptual
    hash of this kind survives.
    """
    width, height = image.size
    saved = io.BytesIO()
    image.save(saved, "jpeg", quality=40)
    return {
        "JPEG at quality 40": images.read(saved),
        "half the size": image.resize((width // 2, height // 2)),
        "10 % brighter": image.point(lambda value: min(255, round(1.1 * value))),
        "5 % cropped": image.crop(
            (width // 20, height // 20, width - width // 20, height - height // 20)
        ),
        "mirrored": ImageOps.mirror(image),
    }


def copy_distances(pictures) -> dict[str, np.ndarray]:
    """Bits by which copies differ from their pictures, and the pictures from each other.

    pictures: N PIL images, mode RGB. Returns, per edit of `copies`, int (N,), and under "different
    pictures" the (N (N - 1) / 2,) of all pairs.
    """
    own, edited = [], {}
    for picture in pictures:
        own.append(perceptual_hash(picture))
        for name, copy in copies(picture).items():
            edited.setdefault(name, []).append(perceptual_hash(copy))
    own = np.array(own)
    pairs = own[np.array(np.triu_indices(len(own), 1))]
    far = {"different pictures": np.bitwise_count(pairs[0] ^ pairs[1])}
    return {name: np.bitwise_count(own ^ np.array(part)) for name, part in edited.items()} | far
