"""Several levels of one network: low ones see colours and textures, high ones things.

`MldrNetClassifier` and `MldrPatchesClassifier` are the two versions of Rao, Xu & Xu, "Learning
multi-level deep representations for image emotion classification" (arXiv 1611.07145), which Rao et
al. (2019) list as Rao(b). What is known of them: section 5.3 of Rao et al. for the second version,
section 1.1 of Agarwal (2019) for the first.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from emobook import images
from emobook.features import backbones
from emobook.features.base import images_of
from emobook.features.stages import stages
from emobook.models._pictures import sized
from emobook.models.network import NetworkClassifier, Top

FUSIONS = ("concat", "min", "max", "mean")


class Branches(nn.Module):
    """One vector of the same length for each level: maps (N, c_k, h_k, w_k) → (N, K, width).

    A map becomes its mean over all places; the last level of the backbone goes through the
    backbone's own `pool` instead (for AlexNet fc6 and fc7). Then each level has a fully connected
    layer of its own with a ReLU. Before it the values of a picture are brought to mean 0 and
    variance 1: maps of different levels differ in scale by factors, and would learn at different
    speeds.

    parts: a `features.stages.Stages`; levels: positions in it, in the order of the maps.
    """

    def __init__(self, parts, levels, width: int):
        super().__init__()
        last = len(parts.levels) - 1
        self.pools = nn.ModuleList(parts.pool if k == last else _mean() for k in levels)
        sizes = [parts.feature_dim if k == last else parts.channels[k] for k in levels]
        self.layers = nn.ModuleList(_layer(size, width) for size in sizes)

    def forward(self, *maps):
        each = zip(self.pools, self.layers, maps, strict=True)
        return torch.stack([layer(pool(x)) for pool, layer, x in each], 1)


class MldrTop(Top):
    """Side branches from several levels, fused, and one softmax layer."""

    def __init__(self, parts, levels, width: int, fusion: str, classes: int):
        super().__init__()
        self.levels, self.fusion = levels, fusion
        self.branches = Branches(parts, levels, width)
        self.head = nn.Linear(width * (len(levels) if fusion == "concat" else 1), classes)

    def features(self, *maps):
        vectors = self.branches(*maps)
        if self.fusion == "concat":
            return vectors.flatten(1)
        return {"min": torch.amin, "max": torch.amax, "mean": torch.mean}[self.fusion](vectors, 1)


class PatchesTop(Top):
    """Networks of different depth on 1, 4, 16, … patches: the strongest patch of each speaks."""

    def __init__(self, parts, levels, sides, width: int, classes: int):
        super().__init__()
        self.levels, self.sides = levels, sides
        last = len(parts.levels) - 1
        whole = [k == last and side == 1 for k, side in zip(levels, sides, strict=True)]
        self.pools = nn.ModuleList(parts.pool if w else nn.Identity() for w in whole)
        self.networks = nn.ModuleList(
            nn.Sequential(
                _layer(parts.feature_dim if w else parts.channels[k], width),
                nn.Linear(width, classes),
            )
            for k, w in zip(levels, whole, strict=True)
        )
        self.head = _Average(len(levels))

    def patches(self, *maps) -> list[torch.Tensor]:
        """The class scores of every patch, one tensor for each scale: (N, patches, C)."""
        each = zip(self.pools, self.networks, self.sides, maps, strict=True)
        return [network(_cells(pool(x), side)) for pool, network, side, x in each]

    def features(self, *maps):
        return torch.cat([scores.amax(1) for scores in self.patches(*maps)], 1)


class MldrNetClassifier(NetworkClassifier):
    """MldrNet, second version: one network with side branches from several levels.

    fusion: how the vectors of the branches become one, "concat", "min", "max" or "mean" (unit by
        unit over the branches); the paper tried all four and found "mean" best.
    levels: which levels of `features.stages` have a branch; None takes all of them, which in
        AlexNet are the four lower convolutional layers and the trunk. (0,) is the lowest alone,
        (-1,) the last alone, which makes it a plain network with one more layer.
    width: units of the fully connected layer that ends each branch.
    options: of `NetworkClassifier`.

    MldrNet-style. Known are the AlexNet with side branches, one fully connected part for each,
    and the four fusions. Ours are: every level of a backbone as a branch, the mean over places in
    front of it, the normalisation, one layer of 512 units, and the fusion of these units (not of
    class scores). The original takes pictures of about 375 pixels: `size=375`.
    """

    def __init__(self, fusion="mean", levels=None, width=512, **options):
        super().__init__(**options)
        self.fusion = fusion
        self.levels = levels
        self.width = width

    def _top(self, parts, classes):
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion must be one of {', '.join(FUSIONS)}, not {self.fusion!r}")
        levels = checked_levels(self.levels, len(parts.levels))
        return MldrTop(parts, levels, checked_width(self.width), self.fusion, classes)


class MldrPatchesClassifier(NetworkClassifier):
    """MldrNet, first version: three networks of different depth on 1, 4 and 16 patches.

    The picture is cut into a pyramid of patches. A deep network sees it whole, a shallower one its
    quarters, the shallowest its sixteenths (semantics, aesthetics, low-level features). The patches
    of one scale are the instances of a bag (multiple-instance learning), and the mean of the three
    networks' outputs decides (Agarwal 2019, section 1.1.2).

    levels: how deep each network is, as the position of its last level; sides: its patches along
        each side of the picture, 1, 2 and 4. Negative positions count from the last level.
    width: units of the fully connected layer that ends each network.
    options: of `NetworkClassifier`.

    MldrNet-style. Known are the three depths, the numbers of patches, multiple-instance learning
    and the mean of the outputs. Ours are: for each class the strongest patch of a scale speaks
    (the maximum of its scores before the softmax); the shallower a network, the smaller its
    patches; the three networks are the first levels of one trunk, which they share, instead of
    three AlexNets; and a patch is a cell of that trunk's map, described by its mean, so that it
    sees a little across its border.
    """

    def __init__(self, levels=(-1, -2, -3), sides=(1, 2, 4), width=512, **options):
        super().__init__(**options)
        self.levels = levels
        self.sides = sides
        self.width = width

    def _top(self, parts, classes):
        levels = checked_levels(self.levels, len(parts.levels))
        sides = tuple(self.sides)
        if len(sides) != len(levels) or not all(isinstance(s, int) and s > 0 for s in sides):
            raise ValueError(
                f"sides must hold a whole number above 0 for each of the {len(levels)} levels, "
                f"not {self.sides!r}"
            )
        return PatchesTop(parts, levels, sides, checked_width(self.width), classes)


def level_maps(X, backbone="tf_efficientnet_lite0", size=None, pretrained=True):
    """For each picture of X (see `features.base.images_of`) the maps of all levels, lowest first,
    float32 (c, h, w), as the backbone makes them without any training.

    size: side of the square that the network sees, in pixels; None is the recipe's own.
    """
    loaded = backbones.load(backbone, pretrained)
    parts, recipe = stages(loaded).eval(), sized(loaded.recipe, size)
    for source in images_of(X):
        pixels = torch.from_numpy(backbones.prepare(images.read(source), recipe))
        with torch.inference_mode():
            maps = parts(pixels[None])
        yield [level[0].numpy() for level in maps]


def level_means(X, backbone="tf_efficientnet_lite0", size=None, pretrained=True):
    """What a linear head on a level sees: for each level, lowest first, the means of its channels
    over the picture, float32 (N, c). Arguments as for `level_maps`."""
    pictures = level_maps(X, backbone, size, pretrained)
    means = [[level.mean((1, 2)) for level in maps] for maps in pictures]
    return [np.stack(level) for level in zip(*means, strict=True)]


def checked_levels(levels, count: int) -> tuple[int, ...]:
    """Positions of levels, counted from the lowest of `count`; None means all. ValueError."""
    levels = range(count) if levels is None else levels
    try:
        found = tuple(range(count)[level] for level in levels)
    except (IndexError, TypeError):
        found = ()
    if not found:
        raise ValueError(
            f"levels must hold positions from {-count} to {count - 1}, as the backbone has {count} "
            f"levels, not {levels!r}"
        )
    return found


def checked_width(width, name: str = "width") -> int:
    """`width` if it is a number of units. Raises ValueError."""
    if not isinstance(width, int) or isinstance(width, bool) or width < 1:
        raise ValueError(f"{name} must be a whole number above 0, not {width!r}")
    return width


def _mean() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _layer(size: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.LayerNorm(size, elementwise_affine=False), nn.Linear(size, width), nn.ReLU()
    )


def _cells(x, side: int) -> torch.Tensor:
    """A map (N, c, h, w), or a vector (N, c) for one patch → the patches (N, side², c)."""
    if x.ndim == 2:
        return x[:, None]
    return F.adaptive_avg_pool2d(x, side).flatten(2).transpose(1, 2)


class _Average(nn.Module):
    """(N, K · C) → (N, C): the mean of K class scores."""

    def __init__(self, count: int):
        super().__init__()
        self.count = count

    def forward(self, scores):
        return scores.unflatten(1, (self.count, -1)).mean(1)
