"""What the detector of regions costs, beside the detectors that its parts come from.

All have the same trunk (frozen), pyramid, weights as far as they share them, anchors, size and
number of proposals, see the same drawn scenes and take turns on one thread of one process:

- ours: `RegionNetwork`, which judges each proposal with two heads, for objects and for emotion,
  and chooses the best regions of both kinds;
- torchvision: its own `FasterRCNN`, with one head;
- detectron2: its `GeneralizedRCNN`, with one head, where it is installed.

Both rivals as they come, and once more with maps that lie in memory as ours do.

Inference goes from squares to regions, a training step from squares and true boxes of objects
through all gradients to new weights. Beside them, the whole path from JPEG files of 500 × 500
pixels to probabilities of eight emotions: with ten emotional regions; with the detector but a
classifier that sees the whole picture alone; and without regions, where nothing is above the trunk
but that classifier. Seconds are those that the processor spent, so that other programs matter less.

The aim was that ten regions make the whole path at most 1.15 times as long. It is missed, as the
line `path:` says; the multiplications of convolutions and linear layers, which are printed, too,
say why: a pyramid and an RPN with 3 × 3 convolutions, as in print, have nearly as many as
EfficientNet-Lite0 itself, and with 256 channels more than half as many as ResNet101 (`--backbone
resnet101 --channels 256`). Convolutions that look at one channel at a time would be cheaper, but a
detector that was built with them found less in drawn scenes.

Before anything is timed, regions and probabilities of objects are compared: they must be equal.

Ratios are ours / rival, below 1 where ours is faster. The last line, `ratio: X`, is the larger of
inference and training against torchvision's as it comes.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _region_rivals import Torchvision, detectron2
from PIL import Image
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from emobook import datasets
from emobook._threads import one_thread
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _looks, _squares
from emobook.models.detector import RegionNetwork

KEEP = 10
AIM = 1.15  # the whole path with regions / without


def trained(network: RegionNetwork, pixels, truth, steps: int) -> RegionNetwork:
    """So that proposals and scores are those of a detector that knows something."""
    optimizer = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 1e-3)
    with torch.no_grad():
        maps = network.eval().maps(pixels)
    network.train()
    for _ in range(steps):
        optimizer.zero_grad()
        network(*maps, truth).sum().backward()
        optimizer.step()
    network.emotion_head.load_state_dict(network.object_head.state_dict())
    return network


def step_of(module, losses):
    """A function that takes one step of SGD."""
    learning = [part for part in module.parameters() if part.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-4, momentum=0.9)

    def step():
        optimizer.zero_grad()
        losses().backward()
        optimizer.step()

    return step


def compare(network: RegionNetwork, rival, pixels) -> None:
    """The rival's regions must be the objects that `network` finds."""
    _, objects = network.detect(network.maps(pixels), KEEP)
    for row, (scores, boxes) in enumerate(rival(pixels)):
        assert len(scores), "no object is certain enough: train longer beforehand"
        expected = objects.p_obj[row, : len(scores)], objects.boxes[row, : len(scores)]
        torch.testing.assert_close(scores, expected[0], rtol=0, atol=1e-4)
        torch.testing.assert_close(boxes, expected[1], rtol=0, atol=1e-2)


def photos(paths, folder: Path) -> list[Path]:
    """The pictures as photos come: JPEG files of 500 × 500 pixels, in a folder."""
    found = [folder / f"{number}.jpg" for number in range(len(paths))]
    for path, place in zip(paths, found, strict=True):
        Image.open(path).convert("RGB").resize((500, 500)).save(place, quality=90)
    return found


def multiplications(network: RegionNetwork, pixels) -> dict[str, float]:
    """Of each part, in millions for a picture."""
    counter = FlopCounterMode(display=False)
    with counter:
        network.detect(network.maps(pixels[:1]), KEEP)
    counted = {name: sum(part.values()) / 2e6 for name, part in counter.get_flop_counts().items()}
    names = {"pyramid": "FeaturePyramid", "RPN": "RegionProposalNetwork", "heads": "Head"}
    found = {name: counted[module] for name, module in names.items()}
    return {"trunk": counted["Global"] - sum(found.values())} | found


def turns(rivals: dict, rounds: int) -> dict[str, list[float]]:
    """Seconds of each rival in each round; the order turns, and a first round is left out."""
    seconds = {name: [] for name in rivals}
    for turn in range(rounds + 1):
        order = list(rivals.items())
        for name, run in order if turn % 2 else order[::-1]:
            start = time.process_time()
            run()
            if turn:
                seconds[name].append(time.process_time() - start)
    return seconds


def report(title: str, seconds: dict, pictures: int) -> list[float]:
    """Prints milliseconds of a picture; gives the median ratio of the first and each other."""
    print(title)
    (_, ours), *others = seconds.items()
    for name, values in seconds.items():
        print(f"  {name:<26} {1000 * statistics.median(values) / pictures:7.1f} ms a picture")
    found = []
    for name, values in others:
        ratios = [a / b for a, b in zip(ours, values, strict=True)]
        found.append(statistics.median(ratios))
        print(f"  / {name:<24} {found[-1]:7.2f}, {min(ratios):.2f} to {max(ratios):.2f} in rounds")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--channels", type=int, default=64, help="of the pyramid")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--proposals", type=int, default=50)
    parser.add_argument("--images", type=int, default=8, help="drawn scenes in a batch")
    parser.add_argument("--before", type=int, default=40, help="steps of training beforehand")
    parser.add_argument("--rounds", type=int, default=9, help="times that each rival has its turn")
    options = parser.parse_args()

    table = datasets.load("synthetic", n=options.images).table
    loaded = backbones.load(options.backbone, pretrained=False)
    recipe = loaded.recipe
    torch.manual_seed(0)
    ours = RegionNetwork(
        stages(loaded), recipe.mean, recipe.std, options.size,
        channels=options.channels, proposals=options.proposals,
    )  # fmt: skip

    pixels, sizes = _squares.squares(table["path"], options.size, recipe.interpolation)
    _, truth = _squares.true_boxes(table["boxes"], sizes, options.size)
    known = [boxes[boxes[:, 0].isfinite()] for boxes in truth]
    trained(ours, pixels, truth, options.before)
    rivals = {}
    for name, make in (("torchvision", Torchvision), ("detectron2", detectron2)):
        try:
            rivals[name] = make(ours, recipe, KEEP, False)
            rivals[f"{name}, our layout"] = make(ours, recipe, KEEP, True)
        except ImportError as reason:
            print(f"{name}: not run, {reason}")

    folder = tempfile.TemporaryDirectory()
    files = photos(table["path"], Path(folder.name))

    def squares():
        return _squares.squares(files, options.size, recipe.interpolation)[0]

    def with_regions():
        seen = _looks._seen(ours, squares(), KEEP)
        parts = (seen["whole"], seen["local"][:, 0].reshape(options.images, -1))
        return above(torch.from_numpy(np.hstack(parts))).softmax(dim=1)

    def without_regions(detect: bool):
        maps = ours.maps(squares())
        if detect:
            ours.detect(maps, KEEP)
        return alone(ours.pool(maps[-1])).softmax(dim=1)

    with one_thread():
        for module in (ours, *rivals.values()):
            module.eval()
        with torch.no_grad():
            for module in rivals.values():
                compare(ours, module, pixels)
            seen = _looks._seen(ours, pixels[:1], KEEP)
            D, of_regions = seen["whole"].size, seen["local"][:, 0].size
            alone, above = (
                nn.Sequential(nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 8))
                for width in (D, D + of_regions)
            )
            looks = {"ours": lambda: ours.detect(ours.maps(pixels), KEEP)}
            for name, module in rivals.items():
                looks[name] = lambda module=module: module(pixels)
            inference = turns(looks, options.rounds)
            paths = {
                "with regions": with_regions,
                "found, not looked at": lambda: without_regions(True),
                "without": lambda: without_regions(False),
            }
            path = turns(paths, options.rounds)
        for module in (ours, *rivals.values()):
            module.train()
        steps = {"ours": step_of(ours, lambda: ours(pixels, truth).sum())}
        for name, module in rivals.items():
            steps[name] = step_of(module, lambda module=module: module(pixels, known))
        training = turns(steps, options.rounds)

    print(
        f"{options.backbone}, pyramid of {options.channels}, {options.size} pixels, "
        f"{options.proposals} proposals, {options.images} pictures at once, one thread, "
        f"median of {options.rounds}"
    )
    parts = multiplications(ours.eval(), pixels)
    counts = ", ".join(f"{name} {count:.0f}" for name, count in parts.items())
    print(f"million multiplications for a picture: {counts}")
    against = [
        report(title, seconds, options.images)[0]
        for title, seconds in (("inference", inference), ("training step", training))
    ]
    _, longer = report(f"from files to probabilities, {KEEP} regions", path, options.images)
    print(f"path: {longer:.2f} times that without regions, where {AIM} was aimed at")
    print(f"ratio: {max(against):.2f}")


if __name__ == "__main__":
    main()
