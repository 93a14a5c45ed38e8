"""Movement: where the eye would go on a picture, simulated, and the shape of its path.

The path follows Sun, Yao & Ji (2012): the next fixation is where the next super-Gaussian component
of the picture's patches responds most. A super-Gaussian component is a direction, among whitened
patches, whose responses have a high kurtosis: near zero almost everywhere and large in a few
places. The choices that the abstract leaves open (patch size, start, number of fixations) are ours,
as are the 16 numbers that describe the path.
"""

import cv2
import numpy as np

PIXELS = 4096
"""Size at which patches are taken, in pixels; the shape of the picture is kept."""
PATCH = 8
"""Side of a patch in those pixels."""
FIXATIONS = 10

_VARIANCE = 1e-4  # of the largest component: below it there is only rounding
_COMPONENTS = 40
_ITERATIONS = 30
_LENGTHS = (0.125, 0.25, 0.5)  # of the diagonal

MOVEMENT_NAMES = [
    *(f"direction{angle:03d}" for angle in range(0, 360, 45)),
    *(f"length{i + 1}" for i in range(4)),
    "mean_length",
    "straightness",
    "mean_turn",
    "spread",
]


def _whitened(rgb: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Patches of the picture in uncorrelated directions of variance 1: (patches, directions), and
    rows and columns of the patches. A picture of one colour has no directions."""
    patches = np.lib.stride_tricks.sliding_window_view(rgb / 255.0, (PATCH, PATCH), axis=(0, 1))
    rows, columns = patches.shape[:2]
    flat = patches.reshape(rows * columns, -1)
    flat = flat - flat.mean(axis=0)
    variance, direction = np.linalg.eigh(flat.T @ flat / len(flat))
    order = np.argsort(-variance)[:_COMPONENTS]
    order = order[variance[order] > max(_VARIANCE * variance.max(), 1e-9)]
    return flat @ (direction[:, order] / np.sqrt(variance[order])), (rows, columns)


def scan_path(rgb: np.ndarray) -> np.ndarray:
    """Simulated fixations on a picture, in their order: (n, 2), n ≤ `FIXATIONS`.

    rgb: uint8 (H, W, 3) with at least 8 pixels a side. Positions are x and y in half diagonals
    from the middle, x to the right, y downwards.

    Each component starts from the patch that stands out most (the largest whitened norm) once the
    earlier components are removed, and is improved by the fixed-point iteration for kurtosis; the
    fixation is the patch with its largest response, not within one patch of an earlier fixation.
    """
    height, width = rgb.shape[:2]
    scale = np.sqrt(PIXELS / (height * width))
    size = [max(PATCH, round(side * scale)) for side in (width, height)]
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    z, (rows, columns) = _whitened(small)
    y, x = np.divmod(np.arange(len(z)), columns)
    free = np.ones(len(z), bool)
    earlier = np.empty((0, z.shape[1]))
    path = []
    for _ in range(min(FIXATIONS, z.shape[1])):
        if not free.any():
            break
        rest = z - (z @ earlier.T) @ earlier
        component = _component(rest, np.argmax((rest**2).sum(axis=1)))
        at = np.argmax(np.where(free, np.abs(rest @ component), -1))
        free &= np.maximum(np.abs(x - x[at]), np.abs(y - y[at])) >= PATCH
        earlier = np.vstack([earlier, component])
        path.append((x[at] - (columns - 1) / 2, y[at] - (rows - 1) / 2))
    return np.array(path).reshape(-1, 2) / (np.hypot(*size) / 2)


def _component(rest: np.ndarray, start: int) -> np.ndarray:
    """The direction of locally highest kurtosis from the patch `start`, of length 1."""
    w = rest[start] / max(np.linalg.norm(rest[start]), 1e-12)
    for _ in range(_ITERATIONS):
        response = rest @ w
        new = (response * response * response) @ rest / len(rest) - 3 * w
        new /= max(np.linalg.norm(new), 1e-12)
        done = abs(new @ w) > 1 - 1e-9
        w = new
        if done:
            break
    return w


def movement(path: np.ndarray) -> np.ndarray:
    """The shape of a path of fixations (n, 2), as from `scan_path`: 16 numbers, `MOVEMENT_NAMES`.

    direction000…315: share of the path's length that goes about 0° (right), 45° (down and right),
    90° (down) …, ± 22.5°. length1…4: share of the steps that are shorter than 1/8, 1/4, 1/2 of
    the diagonal, and longer. mean_length of a step, in diagonals; straightness: from first to last
    fixation over the path's length, 0…1; mean_turn: mean absolute angle between steps, 0…1 (1 is
    180°); spread: root mean square distance of the fixations from their mean, in diagonals. A path
    of fewer than two fixations is all zeros.
    """
    if len(path) < 2:
        return np.zeros(len(MOVEMENT_NAMES))
    steps = np.diff(path / 2, axis=0)
    length = np.hypot(*steps.T)
    angle = np.arctan2(steps[:, 1], steps[:, 0])
    sector = np.rint(angle / (np.pi / 4)).astype(int) % 8
    turn = np.abs(np.angle(np.exp(1j * np.diff(angle))))
    return np.concatenate(
        [
            np.bincount(sector, length, minlength=8) / length.sum(),
            np.bincount(np.searchsorted(_LENGTHS, length, side="right"), minlength=4) / len(length),
            [
                length.mean(),
                np.hypot(*steps.sum(axis=0)) / length.sum(),
                turn.mean() / np.pi if len(turn) else 0.0,
                np.sqrt((((path - path.mean(axis=0)) / 2) ** 2).sum(axis=1).mean()),
            ],
        ]
    )
