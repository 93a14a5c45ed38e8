"""Pictures on their way into a network: decoded once, cut, batched; frozen levels remembered."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import lightning_fabric
import numpy as np
import torch
from torch import nn

from emobook import images, train
from emobook._bar import progress
from emobook.features import backbones
from emobook.features.base import content_key, images_of

AT_ONCE = 8  # pictures per forward pass outside training, padded: other sizes round differently
_ROOM = 2 << 30  # bytes of maps that a process remembers
_remembered: dict[tuple, tuple[torch.Tensor, ...]] = {}


def sized(recipe: backbones.Recipe, size: int | None) -> backbones.Recipe:
    """The recipe for squares of `size` pixels, resized in nearly the same proportion.

    Raises ValueError for fewer than 32 pixels, which no backbone's levels can halve.
    """
    if size is None or size == recipe.size:
        return recipe
    if isinstance(size, bool) or not isinstance(size, int) or size < 32:
        raise ValueError(f"size must be a whole number of at least 32 pixels, not {size!r}")
    # a margin that can be halved twice: so the middle is the same whichever way it is cut
    margin = 4 * round(size * (recipe.resize / recipe.size - 1) / 4)
    return dataclasses.replace(recipe, size=size, resize=size + margin)


def channels_last(part):
    """The memory layout in which convolutions on a CPU are half as fast again."""
    return part.to(memory_format=torch.channels_last)


class Pictures:
    """The pictures of X for the fitted or half-built `estimator`, a `PictureNetwork`."""

    def __init__(self, X, estimator, fabric=None):
        self.sources, self.recipe = images_of(X), estimator.recipe_
        self.network, self.augment, self.seed = (
            estimator.network_, estimator.augment, estimator.seed,
        )  # fmt: skip
        self.batch_size = estimator.batch_size
        self.fabric = fabric or lightning_fabric.Fabric(
            accelerator=estimator.accelerator, devices=1, precision=estimator.precision
        )
        self._squares = self._keys = None
        self._made_by = (
            self.network.weights_id, self.recipe, estimator.precision, str(self.fabric.device),
            *getattr(self.network, "kept", ()),
        )  # fmt: skip

    @property
    def frozen(self) -> bool:
        """Whether the lowest levels never change, so that their maps can be remembered."""
        return bool(self.network.frozen)

    def batches(self, rows, tensors):
        """A `batches` for `train.fit`: inputs of `Trained` for `rows`, and theirs of `tensors`.

        The inputs are squares, random ones or the middle; or remembered maps.
        """
        self.ready(rows)
        plain = train.minibatches(
            torch.from_numpy(rows), *tensors, size=self.batch_size, seed=self.seed
        )
        room = self.recipe.resize - self.recipe.size

        def of_epoch(epoch: int):
            draw = np.random.default_rng([self.seed, epoch])
            for some, *rest in plain(epoch):
                if not self.augment:
                    yield self.inputs(some.numpy()), *rest
                    continue
                corners = draw.integers(room + 1, size=(len(some), 2))
                mirrored = draw.integers(2, size=len(some))
                yield (self._cut(some.numpy(), corners, mirrored),), *rest

        return of_epoch

    def ready(self, rows) -> None:
        """Do beforehand what `inputs` needs of these pictures, while the network is still here."""
        if self.frozen and not self.augment:
            self._remember(rows)
        else:
            self._decode()

    def inputs(self, rows) -> tuple[torch.Tensor, ...]:
        """What `Trained` takes for these pictures, without augmentation."""
        self.ready(rows)
        if self.frozen and not self.augment:
            found = [_remembered[self._key(row)] for row in rows]
            return tuple(channels_last(torch.stack(maps)) for maps in zip(*found, strict=True))
        room = self.recipe.resize - self.recipe.size
        return (self._cut(rows, np.full((len(rows), 2), room // 2), np.zeros(len(rows))),)

    def in_order(self, label: str):
        """(maps for `network.forward`, number of pictures among them) for batches of `AT_ONCE`
        pictures, on the device; the last is filled up."""
        every = np.arange(len(self.sources))
        if self.frozen:
            self._remember(every, label)
        with ThreadPoolExecutor() as pool:
            for start in progress(range(0, len(every), AT_ONCE), label, show=not self.frozen):
                rows = every[start : start + AT_ONCE]
                if self.frozen:
                    found = [_remembered[self._key(row)] for row in rows]
                    maps = tuple(_padded(torch.stack(some)) for some in zip(*found, strict=True))
                else:
                    maps = (_padded(self._prepared(rows, pool)),)
                yield self.fabric.to_device(tuple(channels_last(part) for part in maps)), len(rows)

    def _remember(self, rows, label: str = "frozen levels") -> None:
        """Compute the maps of frozen levels for the pictures that have none yet."""
        missing = {self._key(row): row for row in rows if self._key(row) not in _remembered}
        if not missing:
            return
        missing = list(missing.items())
        network = self.network.to(self.fabric.device)  # whose frozen levels never leave eval mode
        with ThreadPoolExecutor() as pool, torch.no_grad(), self.fabric.autocast():
            for start in progress(range(0, len(missing), AT_ONCE), label):
                some = missing[start : start + AT_ONCE]
                pixels = channels_last(_padded(self._prepared([row for _, row in some], pool)))
                maps = [part.float().cpu() for part in network.lower(self.fabric.to_device(pixels))]
                for (key, _), *parts in zip(some, *maps, strict=False):
                    _remembered[key] = tuple(part.clone() for part in parts)
        held, needed = sum(map(_bytes, _remembered.values())), {self._key(row) for row in rows}
        for key in [key for key in _remembered if key not in needed]:  # oldest first
            if held <= _ROOM:
                break
            held -= _bytes(_remembered.pop(key))

    def _key(self, row) -> tuple:
        if self._keys is None:
            with ThreadPoolExecutor() as pool:
                self._keys = list(pool.map(content_key, self.sources))
        return (*self._made_by, self._keys[row])

    def _prepared(self, rows, pool) -> torch.Tensor:
        def one(row):
            return backbones.prepare(images.read(self.sources[row]), self.recipe)

        return torch.from_numpy(np.stack(list(pool.map(one, rows))))

    def _decode(self) -> None:
        """All pictures as uint8 (N, 3, R, R): resized as the recipe says, cut to the square."""
        if self._squares is not None:
            return
        whole = dataclasses.replace(
            self.recipe, size=self.recipe.resize, mean=(0, 0, 0), std=(1, 1, 1)
        )

        def square(source):
            values = backbones.prepare(images.read(source), whole)
            return torch.from_numpy((values * 255).round().astype(np.uint8))

        with ThreadPoolExecutor() as pool:
            decoded = pool.map(square, self.sources)
            decoded = progress(decoded, "decode", total=len(self.sources))
            self._squares = torch.stack(list(decoded))

    def _cut(self, rows, corners, mirrored) -> torch.Tensor:
        size, parts = self.recipe.size, []
        for row, (top, left), mirror in zip(rows, corners, mirrored, strict=True):
            part = self._squares[row, :, top : top + size, left : left + size]
            parts.append(part.flip(-1) if mirror else part)
        return torch.stack(parts)


class Trained(nn.Module):
    """What is trained: pixels uint8 (N, 3, S, S), or the maps of frozen levels → outputs.

    live: whether batch normalisation estimates its means and variances anew.
    """

    def __init__(self, network, recipe: backbones.Recipe, live: bool):
        super().__init__()
        self.network, self.live = network, live
        self.register_buffer("mean", torch.tensor(recipe.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(recipe.std)[:, None, None], persistent=False)

    def forward(self, *inputs):
        if inputs[0].dtype == torch.uint8:
            (pixels,) = inputs
            inputs = self.network.lower(
                channels_last((pixels.float() / 255 - self.mean) / self.std)
            )
        return self.network(*inputs)

    def train(self, mode: bool = True):
        super().train(mode)
        for part in self.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm) and not self.live:
                part.eval()
        return self


def _padded(values: torch.Tensor) -> torch.Tensor:
    """Filled up with zeros to `AT_ONCE` rows."""
    if len(values) == AT_ONCE:
        return values
    more = torch.zeros(AT_ONCE - len(values), *values.shape[1:], dtype=values.dtype)
    return torch.cat([values, more])


def _bytes(maps) -> int:
    return sum(part.nbytes for part in maps)
