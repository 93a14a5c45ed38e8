"""Hand-crafted features: what each costs per photo, and GIST against torchgist.

All take the same photos in the same run: `$EMOBOOK_DATA/fi` where it is there, else sample photos
made of those that scikit-image and scikit-learn ship. Caches of features are off.

- table: each crafted feature in one process, one thread, reading the files included. What has to
  be fitted (a vocabulary) is fitted before, on the same photos.
- wrappers: a library's function called through ours and bare, in turn, on the same arrays. Ours
  may cost 1.1 × as much.
- a whole data set: Machajdik and ArtPrinciples in two processes, extrapolated to the 23,308 photos
  of FI.
- GIST: ours and torchgist in turn, photo by photo, one thread each, on the same 256 × 256 crops in
  memory, which torchgist gets as ready-made tensors. It is also given all crops at once, and what
  is faster counts. The outputs have to be equal to 1e-6. The way from the file to the 512 values
  is timed too.

The last line, `ratio: X`, is the time of torchgist / ours.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import cv2
import joblib
import numpy as np
import torch
from deep_features import photos, summary, timed
from PIL import Image, ImageOps
from skimage.feature import hog, local_binary_pattern
from threadpoolctl import threadpool_limits
from torchgist.models import GIST as TorchGIST

from emobook import features, images
from emobook.features.gist import GIST, SIZE, gist, square

EXPECTED = ("ColorHistogram", "ColorNames", "PAD", "GIST", "LBP", "HOG", "SIFTWords", "Blocks")
WHOLE = ("Machajdik", "ArtPrinciples")
FI = 23_308
FEW = 24  # photos for all but the extrapolation
TOLERANCE = 1e-6
LIMIT = 1.1


def found(name: str):
    """The class of that name, or None where the package has none."""
    return getattr(features, name, None)


def per_photo(paths: list[str]) -> None:
    others = [
        name
        for name in features.__all__
        if isinstance(found(name), type)
        and issubclass(found(name), features.CraftedFeatures)
        and found(name) is not features.CraftedFeatures
    ]
    seconds, _ = timed(lambda: [images.read(path) for path in paths])
    print(f"{'feature':<20}{'values':>8}{'ms/photo':>10}   ({len(paths)} photos, one thread)")
    print(f"{'reading alone':<20}{'':>8}{1000 * seconds / len(paths):>10.1f}")
    for name in dict.fromkeys((*EXPECTED, *others, *WHOLE)):
        if found(name) is None:
            print(f"{name:<20} not there")
            continue
        feature = found(name)(cache=False, progress=False).fit(paths)
        feature.transform(paths[:1])
        seconds, rows = timed(feature.transform, paths)
        print(f"{name:<20}{np.shape(rows[0])[-1]:>8}{1000 * seconds / len(paths):>10.1f}")


def wrappers(paths: list[str], rounds: int) -> None:
    if found("LBP") is None or found("HOG") is None:
        print("wrappers: LBP and HOG are not there")
        return
    from emobook.features.texture import grey_8, lbp

    read = [images.read(path) for path in paths]
    wrapper = found("HOG")()
    stretched = [image.resize((wrapper.size, wrapper.size)) for image in read]
    options = {
        "orientations": wrapper.orientations,
        "pixels_per_cell": (wrapper.cell, wrapper.cell),
        "cells_per_block": (wrapper.block, wrapper.block),
        "channel_axis": -1,
    }
    rivals = {
        "LBP": (lbp, lambda grey: local_binary_pattern(grey, 8, 1, method="nri_uniform"),
                [grey_8(image) for image in read]),
        "HOG": (wrapper._describe, lambda image: hog(np.asarray(image), **options), stretched),
    }  # fmt: skip
    for name, (ours, bare, inputs) in rivals.items():
        ratios = []
        for _ in range(rounds + 1):
            own, peer = 0.0, 0.0
            for some in inputs:
                own += timed(ours, some)[0]
                peer += timed(bare, some)[0]
            ratios.append(own / peer)
        ratios = ratios[1:]  # the first is for warming up
        verdict = "within" if statistics.median(ratios) <= LIMIT else "ABOVE"
        print(f"{name} / bare call of scikit-image: {summary(ratios)}, {verdict} {LIMIT}")


def whole_set(paths: list[str]) -> None:
    missing = [name for name in WHOLE if found(name) is None]
    if missing:
        print(f"{' + '.join(WHOLE)} for FI: {' and '.join(missing)} not there")
        return
    total = 0.0
    for name in WHOLE:
        feature = found(name)(cache=False, progress=False, n_jobs=2)
        feature.transform(paths[:2])  # starts the processes
        total += timed(feature.transform, paths)[0]
    hours = total / len(paths) * FI / 3600
    print(
        f"all of {' + '.join(WHOLE)} for FI's {FI:,} photos on 2 cores: {hours:.2f} hours, "
        f"extrapolated from {len(paths)} photos ({joblib.cpu_count()} cores here)"
    )


def crop(image: Image.Image) -> Image.Image:
    return ImageOps.fit(image, (SIZE, SIZE), Image.Resampling.BILINEAR)


def tensor(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float()


def against_torchgist(paths: list[str], rounds: int) -> float:
    peer = TorchGIST(image_size=(SIZE, SIZE))
    crops = [crop(images.read(path)) for path in paths]
    tensors = [tensor(some) for some in crops]
    transformer = GIST(cache=False, progress=False)

    def from_file(path):
        return peer(tensor(crop(Image.open(path).convert("RGB"))))

    transformer.transform(paths[:1])  # makes the filters
    seconds = {name: [] for name in ("one by one", "all at once", "ours", "files", "our files")}
    for _ in range(rounds):
        spent = dict.fromkeys(seconds, 0.0)
        own, other = [], []

        def run(name, function, *arguments, spent=spent):
            duration, result = timed(function, *arguments)
            spent[name] += duration
            return np.asarray(result)

        for path, cropped, ready in zip(paths, crops, tensors, strict=True):
            other.append(run("one by one", peer, ready))
            own.append(run("ours", lambda some: gist(square(some)), cropped))
            run("files", from_file, path)
            run("our files", transformer.transform, [path])
        batch = run("all at once", peer, torch.stack(tensors))
        worst = max(float(np.abs(np.array(own) - rows).max()) for rows in (np.array(other), batch))
        if not worst <= TOLERANCE:
            sys.exit(f"the two do not come to the same values: they differ by {worst:.1e}")
        for name, value in spent.items():
            seconds[name].append(value)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    each = {name: f"{1000 * value / len(paths):.1f}" for name, value in median.items()}
    print(
        f"GIST, ms/photo: torchgist {each['one by one']} one by one, {each['all at once']} all at "
        f"once, ours {each['ours']}; values to {np.max(own):.2f}, largest difference {worst:.1e}"
    )
    print(
        f"from the file: torchgist {each['files']}, ours {each['our files']}: "
        f"{median['files'] / median['our files']:.2f} ×"
    )
    faster = min(("one by one", "all at once"), key=median.get)
    ratios = [a / b for a, b in zip(seconds[faster], seconds["ours"], strict=True)]
    print(f"torchgist {faster} / ours: {summary(ratios)}")
    return statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--images", type=int, default=200, help="photos to extrapolate from (default: 200)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each rival (default: 5)")
    options = parser.parse_args()
    if options.images < 2 or options.rounds < 1:
        parser.error("--images must be at least 2 and --rounds at least 1")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1), torch.inference_mode():
        os.environ["EMOBOOK_CACHE"] = folder
        what, paths = photos(options.images, Path(folder))
        sizes = [np.prod(images.read(path).size) / 1e6 for path in paths]
        print(f"{len(paths)} {what}, {statistics.median(sizes):.2f} megapixels in the median")
        some = [paths[i] for i in np.linspace(0, len(paths) - 1, min(FEW, len(paths))).astype(int)]
        per_photo(some)
        wrappers(some, options.rounds)
        whole_set(paths)
        ratio = against_torchgist(some, options.rounds)
    print(f"ratio: {ratio:.2f}")


if __name__ == "__main__":
    main()
