"""Balance: bilateral, rotational and radial symmetry of a picture's brightness.

Bilateral and rotational symmetry follow Loy & Eklundh (2006): local features that match each other,
mirrored or turned, vote for an axis or a centre. Radial symmetry is the fast radial symmetry
transform of Loy & Zelinsky (2003). How the votes and the map become 12, 12 and 36 numbers is our
choice.

Every function takes brightness as a uint8 array (H, W). Positions are counted from the middle of
the picture, x to the right and y downwards, in half diagonals: no point is farther than 1.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.distance import cdist

KEYPOINTS = 300
"""SIFT keypoints that vote: those of the greatest local contrast."""
RADII = (4, 8, 16, 32)
"""Radii of the fast radial symmetry transform in pixels."""

_PARTNERS = 3  # a keypoint of a square has three: one per axis or turn
_KEPT = 2  # symmetries described one by one
_COUNTED = 6  # symmetries looked for
# Of keypoints, for a symmetry to be found: in blurred noise the strongest reaches 0.06.
_LEAST_SHARE, _LEAST_PAIRS = 0.06, 4
_APART = 0.02  # half diagonals: a nearer pair is one point found twice
_REACH = 0.04  # half diagonals: how far apart votes for one axis or centre may be
_TURN = np.radians(6)  # and by what angle
_LEAST_TURN = np.radians(15)  # a smaller turn puts its centre anywhere
_ORDERS = range(2, 9)

BILATERAL_NAMES = ["count", "share"] + [
    f"axis{i + 1}_{what}"
    for i in range(_KEPT)
    for what in ("strength", "distance", "cos2angle", "sin2angle", "extent")
]
ROTATIONAL_NAMES = ["count", "share"] + [
    f"centre{i + 1}_{what}"
    for i in range(_KEPT)
    for what in ("strength", "x", "y", "order", "extent")
]
RADIAL_NAMES = [f"radius{n}_cell{r}{c}" for n in RADII for r in range(3) for c in range(3)]


@dataclass
class Keypoints:
    """Local features: positions (n, 2), sizes (n,) in pixels, orientations (n,) in radians from x
    towards y, SIFT descriptors (n, 128) of length 1."""

    position: np.ndarray
    size: np.ndarray
    angle: np.ndarray
    descriptor: np.ndarray


@dataclass
class Pairs:
    """Keypoints i and j that match, with weights in 0…1."""

    i: np.ndarray
    j: np.ndarray
    weight: np.ndarray

    def where(self, keep) -> "Pairs":
        return Pairs(self.i[keep], self.j[keep], self.weight[keep])


def keypoints(grey: np.ndarray) -> Keypoints:
    """The strongest `KEYPOINTS` SIFT keypoints of brightness (H, W), a few more with ties."""
    # Without the precise upscaling, positions are off by a quarter pixel and a mirrored picture
    # has other keypoints.
    sift = cv2.SIFT_create(KEYPOINTS, enable_precise_upscale=True)
    found, descriptor = sift.detectAndCompute(grey, None)
    if not found:
        return Keypoints(np.empty((0, 2)), np.empty(0), np.empty(0), np.empty((0, 128)))
    middle = (np.array(grey.shape[::-1]) - 1) / 2
    position = (np.array([k.pt for k in found]) - middle) / np.hypot(*grey.shape) * 2
    descriptor = descriptor / np.maximum(np.linalg.norm(descriptor, axis=1, keepdims=True), 1e-9)
    return Keypoints(
        position,
        np.array([k.size for k in found]),
        np.radians([k.angle for k in found]),
        descriptor,
    )


def mirrored(descriptor: np.ndarray) -> np.ndarray:
    """SIFT descriptors (n, 128) of the same points in a mirror.

    A descriptor is 4 × 4 places × 8 orientations, seen from its own orientation; a mirror along
    that orientation reverses the rows of places and the sense of the orientations.
    """
    places = descriptor.reshape(-1, 4, 4, 8)[:, ::-1]
    return places[..., -np.arange(8) % 8].reshape(-1, 128)


def _matches(points: Keypoints, others: np.ndarray) -> Pairs:
    """Every keypoint i with the `_PARTNERS` keypoints j whose `others` resemble its descriptor
    most, weighted by how alike they are in size: exp(−((si − sj) / (si + sj))²)."""
    n = len(points.size)
    like = points.descriptor @ others.T
    like[cdist(points.position, points.position) < _APART] = -1
    best = np.argsort(-like, axis=1, kind="stable")[:, :_PARTNERS]
    i, j = np.repeat(np.arange(n), best.shape[1]), best.ravel()
    a, b = points.size[i], points.size[j]
    pairs = Pairs(i, j, np.exp(-(((a - b) / (a + b)) ** 2)))
    return pairs.where(like[i, j] >= 0)


def mirror_votes(points: Keypoints) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Pairs of mirrored keypoints and the axis that each votes for.

    The axis is the line of the points q with q·(cos θ, sin θ) = r: θ is the direction from one
    keypoint to the other, r that of the point midway. A pair weighs by likeness in size and by
    how symmetric the two orientations are, (1 − cos(φi + φj − 2θ)) / 2; with half or less it does
    not vote.
    """
    pairs = _matches(points, mirrored(points.descriptor))
    p, q = points.position[pairs.i], points.position[pairs.j]
    theta = np.arctan2(*(q - p).T[::-1])
    midway = (p + q) / 2
    r = midway[:, 0] * np.cos(theta) + midway[:, 1] * np.sin(theta)
    lean = points.angle[pairs.i] + points.angle[pairs.j] - 2 * theta
    pairs.weight *= (1 - np.cos(lean)) / 2
    keep = pairs.weight > 0.5
    return pairs.where(keep), theta[keep], r[keep]


def turn_votes(points: Keypoints) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Pairs of turned keypoints, the angle of the turn and the centre that each votes for.

    The turn by φj − φi about the centre takes one keypoint to the other. Turns below 15° and
    centres outside the circle about the picture do not vote.
    """
    pairs = _matches(points, points.descriptor)
    turn = points.angle[pairs.j] - points.angle[pairs.i]
    turn = np.angle(np.exp(1j * turn))
    keep = np.abs(turn) >= _LEAST_TURN
    pairs, turn = pairs.where(keep), turn[keep]
    p, q = points.position[pairs.i], points.position[pairs.j]
    across = (q - p)[:, ::-1] * (-1, 1)
    centre = (p + q) / 2 + across / (2 * np.tan(turn / 2))[:, None]
    keep = np.linalg.norm(centre, axis=1) <= 1
    return pairs.where(keep), turn[keep], centre[keep]


def _strongest(pairs: Pairs, near: np.ndarray, n: int):
    """Groups of votes for one symmetry, the strongest first: (votes, strength 0…1) of each.

    near: (votes, votes), how close two votes are: 1 for equal ones, 0 for those out of reach. The
    strength is the share of keypoints in the group, each with the weight of its best pair.
    """
    left = pairs.weight > 0
    for _ in range(_COUNTED):
        if not left.any():
            return
        density = near @ (pairs.weight * left) * left
        group = left & (near[np.argmax(density)] > 0)
        best = np.zeros(n)
        for end in (pairs.i, pairs.j):
            np.maximum.at(best, end[group], pairs.weight[group])
        strength = best.sum() / n
        if strength < _LEAST_SHARE or group.sum() < _LEAST_PAIRS:
            return
        yield np.flatnonzero(group), strength
        left &= ~group


def _summary(pairs: Pairs, near: np.ndarray, n: int, describe) -> np.ndarray:
    count, taken, kept = 0, set(), []
    for group, strength in _strongest(pairs, near, n):
        count += 1
        taken |= {*pairs.i[group], *pairs.j[group]}
        if len(kept) < _KEPT:
            kept.append([strength, *describe(group, pairs.weight[group])])
    kept += [[0.0] * 5] * (_KEPT - len(kept))
    return np.array([count, len(taken) / max(n, 1), *np.ravel(kept)])


def bilateral(points: Keypoints) -> np.ndarray:
    """Mirror symmetry: 12 numbers, `BILATERAL_NAMES`.

    count: axes found, 0…6; share: of the keypoints that belong to one of them, 0…1. Of the two
    strongest axes each: strength 0…1 (the weighted share of its keypoints), distance of the axis
    from the middle of the picture 0…1, cosine and sine of twice the axis's angle (cosine 1 for a
    horizontal axis, −1 for an upright one), and extent (the mean distance of its keypoints from
    the axis, in half diagonals). An axis that is not there is five zeros.
    """
    pairs, theta, r = mirror_votes(points)
    # (θ, r) and (θ + 180°, −r) are the same axis: bring all to −90° ≤ θ < 90°, and compare those
    # near one end of that range with those near the other by the second name too.
    half = np.cos(theta) < 0
    theta, r = theta - np.pi * half * np.sign(theta), np.where(half, -r, r)
    turn = np.abs(theta[:, None] - theta)
    over = turn > np.pi / 2
    turn = np.where(over, np.pi - turn, turn)
    shift = r[:, None] - np.where(over, -r, r)
    near = np.maximum(1 - (turn / _TURN) ** 2 - (shift / _REACH) ** 2, 0)

    def describe(group, weight):
        double = np.angle(weight @ np.exp(2j * theta[group])) / 2  # the direction across the axis
        sense = np.sign(np.cos(theta[group] - double))
        distance = np.average(sense * r[group], weights=weight)
        across = np.array([np.cos(double), np.sin(double)])
        ends = points.position[np.r_[pairs.i[group], pairs.j[group]]]
        extent = np.abs(ends @ across - distance).mean()
        return abs(distance), -np.cos(2 * double), -np.sin(2 * double), extent

    return _summary(pairs, near, len(points.size), describe)


def rotational(points: Keypoints) -> np.ndarray:
    """Symmetry under turns: 12 numbers, `ROTATIONAL_NAMES`.

    count and share as in `bilateral`. Of the two strongest centres each: strength 0…1, x and y
    −1…1, order 2…8 (the picture coincides with itself after a turn by 360° / order: the smallest
    order that suits the turns almost as well as any) and extent (the mean distance of its
    keypoints from the centre, in half diagonals). A centre that is not there is five zeros.
    """
    pairs, turn, centre = turn_votes(points)
    near = np.maximum(1 - cdist(centre, centre, "sqeuclidean") / _REACH**2, 0)

    def describe(group, weight):
        middle = np.average(centre[group], axis=0, weights=weight)
        fit = np.array([np.average(np.cos(k * turn[group]), weights=weight) for k in _ORDERS])
        order = _ORDERS[int(np.argmax(fit >= fit.max() - 0.1))]
        ends = points.position[np.r_[pairs.i[group], pairs.j[group]]]
        return *middle, order, np.linalg.norm(ends - middle, axis=1).mean()

    return _summary(pairs, near, len(points.size), describe)


def radial_symmetry(grey: np.ndarray, radius: int, *, strictness: float = 2.0) -> np.ndarray:
    """Fast radial symmetry transform of brightness (H, W) at one radius in pixels: float (H, W).

    Loy & Zelinsky (2003), with their k = 9.9 (8 for radius 1), radial strictness α and a
    Gaussian of σ = radius / 4, here times the radius, so that large radii do not fade. Positive
    where the surround is darker, negative where it is brighter. The gradient is Sobel's, in
    brightness 0…1 per pixel; gradients below 0.02 do not vote, since the noise of a JPEG would.
    """
    height, width = grey.shape
    gx = cv2.Sobel(grey, cv2.CV_64F, 1, 0) / (8 * 255)
    gy = cv2.Sobel(grey, cv2.CV_64F, 0, 1) / (8 * 255)
    size = np.hypot(gx, gy)
    y, x = np.nonzero(size >= 0.02)
    strength = size[y, x]
    dx = np.rint(radius * gx[y, x] / strength).astype(int)
    dy = np.rint(radius * gy[y, x] / strength).astype(int)
    orientation, magnitude = np.zeros(height * width), np.zeros(height * width)
    for sign in (1, -1):
        to_x, to_y = x + sign * dx, y + sign * dy
        inside = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
        at = to_y[inside] * width + to_x[inside]
        orientation += sign * np.bincount(at, minlength=height * width)
        magnitude += sign * np.bincount(at, strength[inside], minlength=height * width)
    k = 8 if radius == 1 else 9.9
    full = magnitude / k * (np.minimum(np.abs(orientation), k) / k) ** strictness
    return radius * cv2.GaussianBlur(full.reshape(height, width), (0, 0), radius / 4)


def radial(grey: np.ndarray) -> np.ndarray:
    """Radial symmetry: 36 numbers, `RADIAL_NAMES`.

    The greatest absolute value of the transform in each of 3 × 3 cells (row, column from the top
    left), at each of the `RADII`: where on the picture something round of that size lies. The
    picture has at least 3 pixels a side.
    """
    cells = []
    for radius in RADII:
        symmetry = np.abs(radial_symmetry(grey, radius))
        for row in np.array_split(symmetry, 3):
            cells += [cell.max() for cell in np.array_split(row, 3, axis=1)]
    return np.array(cells)
