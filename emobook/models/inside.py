"""What a detector of regions has inside for one picture."""

from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torchvision.models.detection.image_list import ImageList

from emobook.models._boxes import assign
from emobook.models._squares import boxes_in_square, squares
from emobook.models.regions import RegionDetector


class Inside(NamedTuple):
    """What a detector has inside for one picture, the square that it sees.

    below, above: C2 to C5 and the levels of its pyramid, name → (c, h, w). anchors (A, 4) and
    proposals (P, 4), in pixels of the square, and what each would count as in training: labels 1,
    0 or -1 (positive, negative, ignored), (A,) and (P,).
    """

    square: Image.Image
    below: dict[str, np.ndarray]
    above: dict[str, np.ndarray]
    anchors: np.ndarray
    anchor_labels: np.ndarray
    proposals: np.ndarray
    proposal_labels: np.ndarray
    truth: np.ndarray


def inside(detector: RegionDetector, picture, truth=()) -> Inside:
    """Look into a fitted detector (its torchvision backend). truth: true boxes in pixels of the
    picture, of more numbers the last four count; in the result they are those of the square."""
    network, side = detector.network_.cpu().eval(), detector.size_
    pixels, sizes = squares([picture], side, detector.recipe_.interpolation)
    ends = np.array([tuple(box)[-4:] for box in truth], dtype=float).reshape(-1, 4)
    true = torch.from_numpy(boxes_in_square(ends, sizes[0], side))
    with torch.no_grad():
        maps = network.maps(pixels)
        levels = network.pyramid(maps)
        shape = ImageList(torch.empty(0, 3, side, side), [(side, side)])
        anchors = network.rpn.anchor_generator(shape, list(levels.values()))[0]
        proposals = network.rpn(shape, levels)[0][0]
    return Inside(
        Image.fromarray(pixels[0].permute(1, 2, 0).numpy()),
        {f"C{number}": part[0].numpy() for number, part in enumerate(maps, 2)},
        {name: part[0].numpy() for name, part in levels.items()},
        anchors.numpy(), assign(anchors, true)[0].numpy(),
        proposals.numpy(), assign(proposals, true)[0].numpy(), true.numpy(),
    )  # fmt: skip
