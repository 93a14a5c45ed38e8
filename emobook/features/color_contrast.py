"""Itten's contrasts between the regions of a picture."""

from dataclasses import dataclass

import numpy as np
from skimage import color

from emobook.features.color_fuzzy import (
    luminance_memberships,
    saturation_memberships,
    temperature_memberships,
)
from emobook.features.color_spaces import lab_to_lch, pixels
from emobook.features.composition import segments
from emobook.features.crafted import CraftedFeatures

AREA = 200_000
"""Pixels that `IttenContrasts` works on, as Machajdik and Hanbury do."""

CONTRAST_NAMES = (
    "light_dark",
    "light_dark_max",
    "saturation",
    "saturation_max",
    "colored_area",
    "hue_spread",
    "hue_count",
    "hue_within",
    "hue_within_max",
    "complements",
    "complements_max",
    "warm_cold",
    "warm_cold_max",
    "warm_area",
    "cold_area",
    "harmony",
    "harmony_max",
    "extension",
    "simultaneous",
    "simultaneous_max",
)

_LARGEST = 500  # regions; pairs of thousands, as noise has, would fill the memory
_SECTORS = 12  # hues of Itten's wheel
_SUPPORT = 0.05  # of the coloured area, below which a hue does not count
# Itten's six pure hues: CIELAB hue of a typical sRGB colour in degrees, and the parts of 36 that
# balance one another, by Goethe's values of their light (9 for yellow … 3 for violet).
_PURE_HUES = {
    "yellow": (100, 3),
    "orange": (70, 4),
    "red": (35, 6),
    "violet": (315, 9),
    "blue": (280, 8),
    "green": (145, 6),
}


@dataclass(frozen=True)
class Regions:
    """What the contrasts are computed from; n regions.

    area: share of the picture (n,), sum 1. lch: mean CIELAB colour as L*, C*, hue in degrees
    (n, 3). mean_chroma: mean C* of the pixels (n,), at least that of the mean colour. border:
    length of the border between two regions, in pairs of neighbouring pixels (n, n), symmetric,
    0 on the diagonal.
    """

    area: np.ndarray
    lch: np.ndarray
    mean_chroma: np.ndarray
    border: np.ndarray


def color_regions(image: np.ndarray, labels: np.ndarray) -> Regions:
    """Areas, mean colours and borders of the regions with the labels 1 … n, int (H, W).

    Of more than 500 regions the largest 500 count, and their areas sum to 1.
    """
    size = np.bincount(labels.ravel())[1:]
    largest = np.sort(np.argsort(-size, kind="stable")[:_LARGEST])
    n, count = len(largest), size[largest]
    number = np.full(size.size + 1, n)  # of a region that does not count
    number[largest + 1] = np.arange(n)
    labels = number[labels]
    pixel_lab = color.rgb2lab(image).reshape(-1, 3)
    channels = (*pixel_lab.T, np.hypot(pixel_lab[:, 1], pixel_lab[:, 2]))
    sums = [np.bincount(labels.ravel(), channel, minlength=n)[:n] for channel in channels]
    *lab, mean_chroma = np.stack(sums) / count
    neighbours = (labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:])
    codes = np.concatenate([(one * (n + 1) + other).ravel() for one, other in neighbours])
    one_way = np.bincount(codes, minlength=(n + 1) ** 2).reshape(n + 1, n + 1)[:n, :n]
    border = one_way + one_way.T
    np.fill_diagonal(border, 0)
    lch = lab_to_lch(np.stack(lab, axis=-1))
    return Regions(count / count.sum(), lch, mean_chroma, border)


def itten_contrasts(image: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """Itten's contrasts of RGB pixels, uint8 (H, W, 3): (20,); see `IttenContrasts`.

    labels: regions 1 … n, int (H, W); None takes `composition.segments`.
    """
    regions = color_regions(image, segments(image) if labels is None else labels)
    lightness, chroma, hue = regions.lch.T
    colored = 1 - saturation_memberships(chroma)[:, 0]
    weight = regions.area * colored
    total = weight.sum()
    hues = np.exp(1j * np.radians(hue))
    spread = max(0.0, 1 - abs(weight @ hues) / total) if total > 0 else 0.0
    gap = np.abs(hue[:, None] - hue)
    opposite = np.minimum(gap, 360 - gap) / 180
    temperature = colored[:, None] * temperature_memberships(hue)
    warm, cold = regions.area @ temperature
    sectors = _sector_shares(hue, weight)
    values = (
        *_steps(luminance_memberships(lightness), regions.area),
        *_steps(saturation_memberships(chroma), regions.area),
        total,
        spread,
        np.count_nonzero(sectors),
        *_within(regions, weight),
        _mean_of_pairs(opposite, weight),
        np.max(opposite * colored[:, None] * colored),
        *_warm_cold(temperature, regions.area),
        warm,
        cold,
        *_harmony(sectors),
        _extension(hue, weight),
        *_simultaneous(regions),
    )
    return np.array(values, dtype=float)


def _steps(memberships: np.ndarray, area: np.ndarray) -> tuple[float, float]:
    """Standard deviation, weighted by area, and range of fuzzy levels, scaled to [0, 1]."""
    levels = memberships @ np.linspace(0, 1, memberships.shape[1])
    mean = area @ levels
    return np.sqrt(area @ (levels - mean) ** 2), np.ptp(levels)


def _mean_of_pairs(values: np.ndarray, weight: np.ndarray) -> float:
    """Mean of symmetric values (n, n) over pairs of two regions, weighted; 0 without a pair."""
    pairs = np.outer(weight, weight)
    np.fill_diagonal(pairs, 0)
    total = pairs.sum()
    return float((values * pairs).sum() / total) if total > 0 else 0.0


def _within(regions: Regions, weight: np.ndarray) -> tuple[float, float]:
    """Mean, weighted, and maximum of how far hues within a region cancel."""
    chroma, whole = regions.lch[:, 1], regions.mean_chroma
    cancelled = 1 - np.divide(chroma, whole, out=np.ones_like(whole), where=whole > 0)
    cancelled = np.where(weight > 0, np.clip(cancelled, 0, 1), 0)
    total = weight.sum()
    return (weight @ cancelled / total if total > 0 else 0.0), cancelled.max()


def _warm_cold(temperature: np.ndarray, area: np.ndarray) -> tuple[float, float]:
    sets = np.column_stack([temperature, 1 - temperature.sum(axis=1)])
    sets /= np.linalg.norm(sets, axis=1, keepdims=True)
    contrast = np.clip(1 - sets @ sets.T, 0, 1)
    np.fill_diagonal(contrast, 0)  # but for rounding
    return _mean_of_pairs(contrast, area), contrast.max()


def _sector_shares(hue: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Shares of the coloured area by twelfth of the wheel (12,); 0 for less than 5 %."""
    sector = np.minimum(hue // (360 / _SECTORS), _SECTORS - 1).astype(int)
    return _supported(np.bincount(sector, weight, minlength=_SECTORS))


def _supported(weight: np.ndarray) -> np.ndarray:
    total = weight.sum()
    shares = weight / total if total > 0 else weight
    return np.where(shares < _SUPPORT, 0, shares)


def _harmony(sectors: np.ndarray) -> tuple[float, float]:
    """Mean and maximum of how far the hues are from the corners of a regular polygon."""
    corners = np.flatnonzero(sectors) * (360 / _SECTORS)
    if corners.size < 2:
        return 0.0, 0.0
    gaps = np.diff(corners, append=corners[0] + 360)
    off = np.abs(gaps - 360 / corners.size) / 180
    return off.mean(), off.max()


def _extension(hue: np.ndarray, weight: np.ndarray) -> float:
    """Total variation between the areas of the pure hues and their harmonious proportions."""
    middles, parts = np.array(list(_PURE_HUES.values()), dtype=float).T
    gap = np.abs(hue[:, None] - middles)
    nearest = np.minimum(gap, 360 - gap).argmin(axis=1)
    shares = _supported(np.bincount(nearest, weight, minlength=len(parts)))
    if not shares.any():
        return 0.0
    balanced = np.where(shares > 0, parts, 0)
    return 0.5 * float(np.abs(shares / shares.sum() - balanced / balanced.sum()).sum())


def _simultaneous(regions: Regions) -> tuple[float, float]:
    """Mean, weighted by length of border, and maximum over neighbouring regions."""
    level = saturation_memberships(regions.lch[:, 1]) @ (0, 0.5, 1)
    lightness = np.clip(regions.lch[:, 0] / 100, 0, 1)
    strength = np.abs(level[:, None] - level) * (1 - np.abs(lightness[:, None] - lightness))
    total = regions.border.sum()
    if total == 0:
        return 0.0, 0.0
    return (regions.border * strength).sum() / total, strength[regions.border > 0].max()


class IttenContrasts(CraftedFeatures):
    """Itten's seven contrasts and harmony between regions: 20 values in [0, 1], but a count.

    In the style of Machajdik and Hanbury (2010) after Itten (1961). They map the mean colour of
    each region into Itten's sphere by the fuzzy sets of Wang et al. and take the mean and the
    maximum of each contrast, 20 values; their exact list is not known to us, and the formulas
    below are ours where it says so. The picture is reduced to 200,000 pixels where it has more
    and divided by `composition.segments`, of which the largest 500 count. Region r has the share
    a of the area and the mean CIELAB colour L*, C*, h; its degree of colour k is 1 less its
    membership in low saturation (`color_fuzzy`), so greys have no say in hue. Pairs are those
    of two different regions, weighted by the product of a, or of a·k where hues are compared.

    light_dark, light_dark_max: of the level of luminance, very dark 0 to very light 1, the
        standard deviation weighted by a, and the range. saturation, saturation_max: the same of
        low 0, middle 0.5, high 1.
    colored_area: Σ a·k (ours, to read the others by).
    hue_spread: 1 - |Σ a·k·exp(ih)| / Σ a·k. hue_count: of 12 equal sectors of hue, the number
        with at least 5 % of the coloured area, 0 to 12. hue_within, hue_within_max: mean,
        weighted by a·k, and maximum over coloured regions of 1 less the chroma of the mean colour
        over the mean chroma (ours).
    complements, complements_max: the difference of hue, at most 180°, over 180°: mean over pairs,
        and the maximum, there times k of both.
    warm_cold, warm_cold_max: 1 less the cosine of the angle between two regions' memberships in
        warm, cold and neutral: mean over pairs, and maximum. Machajdik and Hanbury give the
        cosine itself, which is largest where there is no contrast. warm_area, cold_area: Σ a
        times the membership, which is k·cos(h - 50°) and k·cos(h - 230°) where positive.
    harmony, harmony_max: of the sectors that count, how far the gaps between successive ones are
        from equal, |gap - 360°/n| / 180°, mean and maximum. Equal gaps are a regular polygon, to
        whose angles Machajdik and Hanbury compare; gaps suit two hues as well. 0 is harmonious.
    extension: half the sum of the absolute differences between the shares of the coloured area of
        the hues present (5 %) out of yellow, orange, red, violet, blue, green, and Itten's
        harmonious proportions 3 : 4 : 6 : 9 : 8 : 6 of the same hues (ours; Machajdik and Hanbury
        leave this contrast out).
    simultaneous, simultaneous_max: grey beside pure colour of equal lightness: of neighbouring
        regions the difference of the level of saturation times 1 - |ΔL*| / 100, mean weighted by
        length of border, and maximum (ours; theirs is the absence of complements).

    Where a contrast needs two regions or a colour and the picture has none, it is 0.
    """

    def _names(self):
        return list(CONTRAST_NAMES)

    def _describe(self, image):
        return itten_contrasts(pixels(image, AREA))
