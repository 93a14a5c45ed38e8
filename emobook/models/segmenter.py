"""What covers which part of a picture: a small semantic segmenter, trained on 200 masks.

Kim et al. (2018) describe the background of a picture by the share of its area that each of
ADE20K's 150 classes covers, as a large network sees them. `Segmenter` is a stand-in that is trained
in minutes on what can be had. It is ours and not theirs, knows other and fewer classes, and
whatever is made with it carries its name.

It is the simplest member of the family of Long et al. ("Fully convolutional networks for semantic
segmentation", 2015): at each place of the three last maps of a frozen backbone, C3 to C5, a linear
layer (a 1 × 1 convolution) scores the classes, the scores of the maps are enlarged to an eighth of
the picture's side, added, and go through a softmax. All maps are standardised per channel. This is
a multinomial regression: it starts from zero, and the only local minimum of its loss is the global
one. C2, which costs most, made nothing better on held-out pictures and is left out.

The masks name 133 things and stuffs, most of which are in a handful of the 200 photos. They are
merged as in `GROUPS`: along COCO's supercategories, but what makes a landscape (sky, water, grass,
trees, snow, roads) keeps a class of its own, and all small things share one.
"""

import lightning_fabric
import numpy as np
import torch
import torch.nn.functional as F
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from emobook import train
from emobook._bar import progress
from emobook.features import backbones
from emobook.features.base import images_of
from emobook.features.semantic import read_mask
from emobook.features.stages import Stages, stages
from emobook.models import _squares
from emobook.models._pictures import AT_ONCE, channels_last
from emobook.models.staged import PartlyFrozen

_SMALL = (*range(10, 16), *range(27, 52), 64, *range(72, 91), 92, 93, 100, 130, 138, 141, 168, 195)
GROUPS = {
    "person": (1,),
    "vehicle": range(2, 10),
    "animal": range(16, 26),
    "food": (*range(52, 62), 122, 196),
    "furniture": (62, 63, 65, 67, 70, 107, 156, 188, 189),
    "thing": _SMALL,
    "sky": (187,),
    "water": (148, 155, 178),
    "grass": (193,),
    "tree": (119, 184),
    "snow": (159,),
    "ground": (125, 145, 154, 192, 194, 198),
    "road": (144, 147, 149, 191),
    "building": (95, 128, 151, 161, 166, 185, 197),
    "wall": (171, 175, 176, 177, 199),
    "floor": (118, 190, 200),
    "ceiling": (186,),
    "window": (109, 112, 133, 180, 181),
}
"""The classes, and the numbers of COCO's panoptic categories that each holds. "thing" is what is
small (tools, sports, kitchen, electronics …), with banners, paper and nets; "ground" sand, dirt,
gravel, rock, mountains and playing fields; "building" has bridges, fences, roofs, tents and stairs;
"window" curtains, doors and mirrors; "tree" flowers; "road" pavements and rails."""

_LEVELS = 3


def true_maps(X) -> list[np.ndarray]:
    """The masks in the column `mask_path` of a table, in COCO's panoptic numbers, as positions in
    `GROUPS`: int8 (H, W) each, -1 where nobody labelled anything.

    Raises ValueError for a table without that column or a row without a mask, DatasetError for a
    file that is no such mask.
    """
    paths = list(X["mask_path"]) if "mask_path" in getattr(X, "columns", ()) else [None]
    if not all(isinstance(path, str) for path in paths):
        raise ValueError("X must be a table with a mask for each row in the column mask_path")
    positions = _positions()
    return [positions[read_mask(path).clip(0, 255)] for path in paths]


def _positions() -> np.ndarray:
    found = np.full(256, -1, dtype=np.int8)
    for position, numbers in enumerate(GROUPS.values()):
        found[list(numbers)] = position
    return found


def shares_of_cells(classes, cells: int) -> torch.Tensor:
    """How much of each cell each class covers: a map (H, W) of positions → (C, cells, cells).

    In a cell the shares add up to 1 less what is -1.
    """
    classes = torch.from_numpy(np.asarray(classes))
    layers = (classes == torch.arange(len(GROUPS))[:, None, None]).float()
    return F.adaptive_avg_pool2d(layers, cells)


class PlaceClassifier(PartlyFrozen):
    """Frozen levels of a backbone, `parts`, the last three with a softmax regression at each place.

    mean, std: (3,), by which the backbone expects pixels to be normalised. classes: C.
    """

    def __init__(self, parts: Stages, mean, std, classes: int, weights_id: str):
        super().__init__(weights_id)
        self.levels, self.still = parts.levels.requires_grad_(False), [parts.levels]
        channels = parts.channels[-_LEVELS:]
        self.scores = nn.ModuleList(
            nn.Conv2d(c, classes, 1, bias=not i) for i, c in enumerate(channels)
        )
        for value in self.scores.parameters():
            nn.init.zeros_(value)
        for i, c in enumerate(channels):
            self.register_buffer(f"centre{i}", torch.zeros(c, 1, 1))
            self.register_buffer(f"spread{i}", torch.ones(c, 1, 1))
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)

    @torch.no_grad()
    def maps(self, pixels) -> tuple[torch.Tensor, ...]:
        """Squares, uint8 (N, 3, S, S) → the last three maps, each (N, c, h, w)."""
        x, found = channels_last((pixels.float() / 255 - self.mean) / self.std), []
        for level in self.levels:
            x = level(x)
            found.append(x)
        return tuple(found[-_LEVELS:])

    def standardise(self, levels) -> None:
        """Take means and deviations of channels from maps (N, c, h, w), a tensor per level."""
        for i, part in enumerate(levels):
            deviation, mean = torch.std_mean(part, dim=(0, 2, 3), correction=0)
            getattr(self, f"centre{i}").copy_(mean[:, None, None])
            getattr(self, f"spread{i}").copy_(deviation.clamp(min=1e-6)[:, None, None])

    def forward(self, *maps):
        """The last three maps → logits (N, C, h, w), as large as the first of them."""
        side, total = maps[0].shape[-2:], 0
        for i, (part, score) in enumerate(zip(maps, self.scores, strict=True)):
            logits = score((part - getattr(self, f"centre{i}")) / getattr(self, f"spread{i}"))
            total = total + F.interpolate(logits, side, mode="bilinear", align_corners=False)
        return total


class Segmenter(BaseEstimator):
    """Says for each pixel of a picture which of `classes` is there.

    backbone, pretrained: as for `features.backbones.load`; pretrained=False draws the weights
        from `seed`.
    size: side of the square that the network sees, a multiple of 32; the whole picture is scaled
        to it.
    augment: learn from the mirrored pictures, too.
    epochs, lr, batch_size: of Adam on the cross-entropy with the shares of the classes in each
        cell of 8 × 8 pixels; what nobody labelled does not count. max_steps: end after so many
        batches (a smoke test).
    accelerator: of Fabric, such as "cpu" or "gpu". seed: of the batches.

    In training the maps are kept in memory, 0.6 MB for each picture at 256 pixels, mirrored twice.

    After `fit`: `network_`, `history_` (a `train.History`). Stored are the linear layer and the
    means and deviations of the channels; the backbone comes from its own file.
    """

    name = "coco128 segmenter"
    classes = tuple(GROUPS)

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        size=256,
        augment=True,
        epochs=10,
        lr=0.001,
        batch_size=16,
        max_steps=None,
        accelerator="cpu",
        seed=0,
    ):
        self.backbone = backbone
        self.pretrained = pretrained
        self.size = size
        self.augment = augment
        self.epochs = epochs
        self.lr = lr
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.accelerator = accelerator
        self.seed = seed

    def fit(self, X, y=None):
        """Learn from a table X with the columns `path` and `mask_path` (see `true_maps`).

        Raises ValueError for an unfit size or X, ImageError, DatasetError.
        """
        if type(self.size) is not int or self.size < 32 or self.size % 32:
            raise ValueError(f"size must be a multiple of 32, not {self.size!r}")
        truth = true_maps(X)
        made_by = ("backbone", "pretrained", "size", "seed")
        self.made_ = {name: getattr(self, name) for name in made_by}
        self._load()
        fabric = lightning_fabric.Fabric(accelerator=self.accelerator, devices=1)
        network = self.network_.to(fabric.device)
        sides = [False, True][: 1 + bool(self.augment)]
        kept = {turned: self._maps(X, fabric, turned) for turned in sides}
        cells = kept[False][0].shape[-1]
        shares = torch.stack([shares_of_cells(one, cells) for one in truth])
        network.standardise([part.to(fabric.device) for part in kept[False]])

        def batches(epoch: int):
            draw = np.random.default_rng([self.seed, epoch])
            for some in torch.from_numpy(draw.permutation(len(truth))).split(self.batch_size):
                turned = bool(draw.integers(len(sides)))
                wanted = shares[some].flip(-1) if turned else shares[some]
                yield tuple(part[some] for part in kept[turned]), wanted

        self.history_ = train.fit(
            network,
            cross_entropy,
            batches,
            optimizer=torch.optim.Adam(network.scores.parameters(), lr=self.lr),
            epochs=self.epochs,
            max_steps=self.max_steps,
            seed=self.seed,
            label=f"{self.backbone} epochs",
            accelerator=self.accelerator,
        )
        return self

    def segment(self, X) -> list[np.ndarray]:
        """For each picture of X (see `features.base.images_of`) the most probable class at each
        pixel, as a position in `classes`: int8 (H, W), the size of the picture.

        Every pixel has a class. In larger pictures it is found at 512 pixels. Raises ImageError.
        """
        check_is_fitted(self)
        fabric = lightning_fabric.Fabric(accelerator=self.accelerator, devices=1)
        sources, found = images_of(X), []
        network = self.network_.to(fabric.device).eval()
        for start in progress(range(0, len(sources), AT_ONCE), f"{self.name} looks"):
            pixels, sizes = self._squares(sources[start : start + AT_ONCE])
            with torch.no_grad():
                scores = network(*network.maps(fabric.to_device(_filled(pixels)))).cpu()
            found += [_enlarged(*both) for both in zip(scores, sizes.astype(int), strict=False)]
        return found

    def _maps(self, X, fabric, turned: bool) -> list[torch.Tensor]:
        sources, found = images_of(X), []
        for start in progress(range(0, len(sources), AT_ONCE), "frozen levels"):
            pixels, _ = self._squares(sources[start : start + AT_ONCE])
            pixels = fabric.to_device(_filled(pixels.flip(-1) if turned else pixels))
            found.append([part.cpu() for part in self.network_.maps(pixels)])
        return [torch.cat(parts)[: len(sources)] for parts in zip(*found, strict=True)]

    def _squares(self, sources):
        return _squares.squares(sources, self.made_["size"], self._interpolation)

    def _load(self) -> None:
        name, pretrained, seed = (self.made_[part] for part in ("backbone", "pretrained", "seed"))
        loaded = backbones.load(name, pretrained, seed=seed)
        recipe, self._interpolation = loaded.recipe, loaded.recipe.interpolation
        self.network_ = PlaceClassifier(
            stages(loaded), recipe.mean, recipe.std, len(self.classes), loaded.weights_id
        ).eval()

    def __getstate__(self):
        """The state without the network, but with what it learned."""
        state = dict(super().__getstate__())
        state.pop("_interpolation", None)
        if network := state.pop("network_", None):
            state["stored_"] = network.stored()
        return state

    def __setstate__(self, state):
        stored = state.pop("stored_", None)
        super().__setstate__(state)
        if stored is not None:
            self._load()
            self.network_.restore(stored)


def cross_entropy(logits, shares) -> torch.Tensor:
    """Of logits (N, C, h, w) with the shares of the classes in each place, mean over all places."""
    return -(shares * logits.log_softmax(dim=1)).sum(dim=1).mean()


def _filled(pixels) -> torch.Tensor:
    """`AT_ONCE` pictures, since other numbers of them round differently."""
    filled = torch.zeros(AT_ONCE, *pixels.shape[1:], dtype=torch.uint8)
    filled[: len(pixels)] = pixels
    return filled


def _enlarged(scores, size) -> np.ndarray:
    """The best class of scores (C, h, w) at each pixel of a picture of this width and height."""
    width, height = size
    shrunk = min(1, 512 / max(width, height))
    sides = [max(1, round(side * shrunk)) for side in (height, width)]
    best = F.interpolate(scores[None], sides, mode="bilinear", align_corners=False).argmax(dim=1)
    whole = F.interpolate(best[None].to(torch.uint8), (int(height), int(width)), mode="nearest")
    return whole[0, 0].numpy().astype(np.int8)
