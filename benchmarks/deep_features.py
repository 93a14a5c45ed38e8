"""DeepFeatures against a plain timm loop: same photos, same weights, same run.

The peer is the plain loop: open with Pillow, timm's own transform, batches of 32 through the model
under no_grad, with torch's default threads. The same loop one picture at a time, which some
processors like better, is timed beside it. DeepFeatures starts every time with an empty feature
cache. What happens once per machine or process (building the network, exporting it)
is left out on both sides, and printed.

Photos: `$EMOBOOK_DATA/fi` where it is there; else sample photos made of the six that scikit-image
and scikit-learn ship, each copy cut differently so that none is a duplicate.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image

from emobook._files import data_dir
from emobook.features import DeepFeatures, backbones

BACKBONE = "tf_efficientnet_lite0"
BATCHES = (32, 1)


def photos(count: int, folder: Path) -> tuple[str, list[str]]:
    """What the photos are, and the paths of at most `count`, spread over all of them."""
    fi = data_dir() and data_dir() / "fi"
    found = sorted(map(str, fi.glob("*/*.jpg"))) if fi else []
    if found:
        places = np.linspace(0, len(found) - 1, min(count, len(found))).astype(int)
        return "photos of fi", [found[i] for i in places]
    from skimage import data
    from sklearn.datasets import load_sample_images

    shots = [data.astronaut(), data.chelsea(), data.coffee(), data.rocket()]
    shots += load_sample_images().images
    paths = []
    for i in range(min(count, 200 * len(shots))):
        copy, shot = divmod(i, len(shots))
        image = Image.fromarray(shots[shot]).crop((copy, copy, 440, 290)).resize((500, 333))
        paths.append(str(folder / f"sample_{i:04}.jpg"))
        image.save(paths[-1], quality=92)
    return "sample photos (cut differently from six pictures)", paths


def eager(model, transform, paths, batch_size) -> np.ndarray:
    features = []
    with torch.no_grad():
        for first in range(0, len(paths), batch_size):
            some = paths[first : first + batch_size]
            batch = torch.stack([transform(Image.open(path).convert("RGB")) for path in some])
            features.append(model(batch).numpy())
    return np.concatenate(features)


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=192, help="photos to use (default: 192)")
    parser.add_argument("--repeats", type=int, default=5, help="rounds (default: 5)")
    options = parser.parse_args()
    if options.images < 1 or options.repeats < 1:
        parser.error("--images and --repeats must be at least 1")

    with tempfile.TemporaryDirectory() as folder:
        os.environ["EMOBOOK_CACHE"] = folder
        what, paths = photos(options.images, Path(folder))
        model = backbones.load(BACKBONE).module.body  # timm's network without its classifier
        config = timm.data.resolve_data_config({}, model=model)
        transform = timm.data.create_transform(**config)
        ours = DeepFeatures(BACKBONE, progress=False)
        eager(model, transform, paths[:4], 4)
        seconds, _ = timed(ours.fit_transform, paths[:1])
        print(f"{len(paths)} {what}; exporting the network (once per machine): {seconds:.1f} s")

        def fresh():
            shutil.rmtree(Path(folder, "features"))
            return ours.transform(paths)

        ratios, difference = {size: [] for size in BATCHES}, 0.0
        for _ in range(options.repeats):
            peers, own = [], []
            for batch_size in BATCHES:
                seconds, expected = timed(eager, model, transform, paths, batch_size)
                peers.append(seconds)
                seconds, features = timed(fresh)
                own.append(seconds)
                difference = max(difference, float(np.abs(features - expected).max()))
            mean = statistics.mean(own)
            rates = []
            for size, seconds in zip(BATCHES, peers, strict=True):
                ratios[size].append(seconds / mean)
                rates.append(f"timm by {size}: {len(paths) / seconds:.1f}")
            print(f"images/s: {', '.join(rates)}, DeepFeatures: {len(paths) / mean:.1f}")
    print(f"largest difference of a feature: {difference:.1e} (values to {expected.max():.1f})")
    for size, values in ratios.items():
        print(f"to timm by {size}: {summary(values)}")
    print(f"ratio: {statistics.median(ratios[BATCHES[0]]):.2f}")


def summary(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
