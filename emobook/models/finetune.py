"""A pretrained network, trained further on the emotions that pictures evoke."""

import dataclasses
import warnings
from concurrent.futures import ThreadPoolExecutor

import lightning_fabric
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.validation import check_is_fitted
from torch import nn

from emobook import images, train
from emobook._bar import progress
from emobook.features import backbones
from emobook.features.base import images_of
from emobook.models import _targets

_AT_ONCE = 8  # pictures per forward pass in `predict`, padded: other sizes round differently


class FineTunedClassifier(ClassifierMixin, BaseEstimator):
    """A backbone with a new softmax layer, both trained by SGD with momentum.

    backbone, pretrained: as for `features.backbones.load`; pretrained=False draws the weights
        from `seed`.
    loss, lam, form, offset: as for `SoftmaxHead`.
    freeze: "none" trains everything, "trunk" the new layer alone.
    augment: in training, cut a random square out of the resized picture instead of the middle
        one, and mirror every other picture; prediction follows the backbone's recipe.
    epochs, lr, head_lr_factor, momentum, weight_decay, batch_size: of SGD; the new layer learns
        head_lr_factor times as fast.
    validation_share: share of the training images (whole groups, where X has a column `group`)
        on which the best epoch is chosen by its cross-entropy; 0 keeps the last epoch.
    patience: epochs without improvement after which training ends; None never ends it early.
    max_steps: end after so many batches (a smoke test).
    accelerator, devices, precision: of Fabric, such as "cpu", 1, "32-true" or "gpu", 1,
        "bf16-mixed".
    seed: of the new layer, the batches, the augmentation and the validation images.

    A pretrained network keeps the means and variances of its batch normalisation: the batches
    that a CPU has time for are too small to estimate them anew, and several processes then learn
    what one would. Only a network that starts from random weights estimates its own.

    Pictures are decoded once and kept in memory, about 200 kB each at 256 pixels.

    After `fit`: `classes_`, `network_` (a `backbones.Network`), `recipe_`, `history_` (a
    `train.History`).
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        loss="cross_entropy",
        lam=0.4,
        form="temperature",
        offset=1,
        freeze="none",
        augment=True,
        epochs=10,
        lr=0.001,
        head_lr_factor=10,
        momentum=0.9,
        weight_decay=1e-4,
        batch_size=32,
        validation_share=0.1,
        patience=None,
        max_steps=None,
        accelerator="cpu",
        devices=1,
        precision="32-true",
        seed=0,
    ):
        self.backbone = backbone
        self.pretrained = pretrained
        self.loss = loss
        self.lam = lam
        self.form = form
        self.offset = offset
        self.freeze = freeze
        self.augment = augment
        self.epochs = epochs
        self.lr = lr
        self.head_lr_factor = head_lr_factor
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.validation_share = validation_share
        self.patience = patience
        self.max_steps = max_steps
        self.accelerator = accelerator
        self.devices = devices
        self.precision = precision
        self.seed = seed

    def fit(self, X, y, distributions=None, p=None, validation=None):
        """Train on the pictures of X (see `features.base.images_of`) and labels y (N,).

        distributions, p: as for `SoftmaxHead.fit`. validation: (X, y) on which the best epoch is
        chosen, instead of a share of the training images.

        Raises ValueError that names the argument, ImageError for a picture that cannot be read.
        """
        if self.freeze not in ("none", "trunk"):
            raise ValueError(f'freeze must be "none" or "trunk", not {self.freeze!r}')
        _targets.check_sgd(self)
        targets = _targets.prepare(self, X, y, distributions, p)
        rows, held_out = self._split(X, targets.labels, validation)
        self.classes_, truth = targets.classes, targets.labels[held_out]
        if validation is not None:
            truth = _targets.positions(validation[1], self.classes_, "validation labels")
            if len(truth) != len(validation[0]):
                raise ValueError(
                    f"validation must be equally long, not {len(validation[0])} and {len(truth)}"
                )
        self._load(self.pretrained)
        pixels = _pixels(X, self.recipe_)
        watched = pixels[held_out] if validation is None else _pixels(validation[0], self.recipe_)
        trained = _Trained(self.network_, self.recipe_, self.freeze, live=not self.pretrained)
        self.history_ = train.fit(
            trained,
            targets.loss,
            self._batches(pixels[rows], *(part[rows] for part in targets.tensors)),
            optimizer=self._optimizer(),
            epochs=self.epochs,
            validate=_agreement(watched, truth, self.recipe_) if len(truth) else None,
            patience=float("inf") if self.patience is None else self.patience,
            max_steps=self.max_steps,
            seed=self.seed,
            label=f"{self.backbone} epochs",
            accelerator=self.accelerator,
            devices=self.devices,
            precision=self.precision,
        )
        return self

    def predict_proba(self, X) -> np.ndarray:
        """(N, C) float64 probabilities, columns in the order of `classes_`; of a table only the
        column `path` is read."""
        check_is_fitted(self)
        sources = images_of(X)
        fabric = lightning_fabric.Fabric(
            accelerator=self.accelerator, devices=1, precision=self.precision
        )
        network = fabric.setup(self.network_)
        network.eval()
        result = np.empty((len(sources), len(self.classes_)))
        starts = range(0, len(sources), _AT_ONCE)
        with torch.no_grad(), ThreadPoolExecutor() as pool:
            for start in progress(starts, f"{self.backbone} predicts"):
                some = sources[start : start + _AT_ONCE]
                batch = np.zeros((_AT_ONCE, 3, self.recipe_.size, self.recipe_.size), np.float32)
                for row, values in enumerate(pool.map(self._prepared, some)):
                    batch[row] = values
                logits = network(fabric.to_device(_channels_last(torch.from_numpy(batch))))
                result[start : start + len(some)] = logits.double().softmax(1).cpu()[: len(some)]
        return result

    def predict(self, X) -> np.ndarray:
        """(N,) the most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _prepared(self, source) -> np.ndarray:
        return backbones.prepare(images.read(source), self.recipe_)

    def _load(self, pretrained: bool) -> None:
        loaded = backbones.load(self.backbone, pretrained, len(self.classes_), seed=self.seed)
        self.network_, self.recipe_ = _channels_last(loaded.module), loaded.recipe

    def _split(self, X, labels, validation):
        """Positions of the images to learn from, and of those to choose the epoch on."""
        rows = np.arange(len(labels))
        if validation is not None or not self.validation_share:
            return rows, rows[:0]
        if not 0 < self.validation_share <= 0.5:
            raise ValueError(f"validation_share must lie in 0..0.5, not {self.validation_share}")
        parts = round(1 / self.validation_share)
        grouped = isinstance(X, pd.DataFrame) and "group" in X
        groups = X["group"].to_numpy() if grouped else rows
        if len(set(groups)) < parts or np.bincount(labels).max() < parts:
            raise ValueError(
                f"{len(rows)} images are too few for validation_share={self.validation_share}: "
                "pass validation=…, or validation_share=0"
            )
        with warnings.catch_warnings():  # of classes with fewer images than parts
            warnings.simplefilter("ignore", UserWarning)
            folds = StratifiedGroupKFold(parts, shuffle=True, random_state=self.seed)
            return next(folds.split(rows, labels, groups))

    def _optimizer(self):
        body, head = self.network_.body, self.network_.head
        body.requires_grad_(self.freeze == "none")
        layers = [{"params": list(head.parameters()), "lr": self.lr * self.head_lr_factor}]
        if self.freeze == "none":
            layers.append({"params": list(body.parameters()), "lr": self.lr})
        return torch.optim.SGD(layers, momentum=self.momentum, weight_decay=self.weight_decay)

    def _batches(self, pixels, *targets):
        """Batches of squares as the network takes them: random ones, or the middle."""
        plain = train.minibatches(pixels, *targets, size=self.batch_size, seed=self.seed)
        room = pixels.shape[-1] - self.recipe_.size

        def of_epoch(epoch: int):
            draw = np.random.default_rng([self.seed, epoch])
            for squares, *rest in plain(epoch):
                corners, mirrored = np.full((len(squares), 2), room // 2), np.zeros(len(squares))
                if self.augment:
                    corners = draw.integers(room + 1, size=(len(squares), 2))
                    mirrored = draw.integers(2, size=len(squares))
                ways = zip(squares, corners, mirrored, strict=True)
                yield torch.stack([_cut(*way, self.recipe_.size) for way in ways]), *rest

        return of_epoch

    def __getstate__(self):
        """The state without the network, but with its weights."""
        state = dict(super().__getstate__())
        if network := state.pop("network_", None):
            state["weights_"] = {name: part.cpu() for name, part in network.state_dict().items()}
        return state

    def __setstate__(self, state):
        weights = state.pop("weights_", None)
        super().__setstate__(state)
        if weights is not None:
            self._load(pretrained=False)
            self.network_.load_state_dict(weights)


class _Trained(nn.Module):
    """What is trained: pixels uint8 (N, 3, S, S), or a part of them → logits (N, C)."""

    def __init__(self, network, recipe, freeze: str, live: bool):
        super().__init__()
        self.network, self.freeze, self.live = network, freeze, live
        self.register_buffer("mean", torch.tensor(recipe.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(recipe.std)[:, None, None], persistent=False)

    def forward(self, pixels):
        return self.network(_channels_last((pixels.float() / 255 - self.mean) / self.std))

    def train(self, mode: bool = True):
        super().train(mode)
        if self.freeze == "trunk":
            self.network.body.eval()
        for part in self.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm) and not self.live:
                part.eval()
        return self


def _agreement(pixels, labels, recipe):
    """A `validate` for `train.fit`: minus the cross-entropy of the middle squares."""
    room = pixels.shape[-1] - recipe.size
    corner = (room // 2, room // 2)

    def validate(module):
        total = 0.0
        for start in range(0, len(labels), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            squares = torch.stack([_cut(one, corner, 0, recipe.size) for one in pixels[some]])
            truth = torch.from_numpy(labels[some])
            total += F.cross_entropy(module(squares).cpu(), truth, reduction="sum").item()
        return -total / len(labels)

    return validate


def _pixels(X, recipe) -> torch.Tensor:
    """The pictures of X as uint8 (N, 3, R, R): resized as `recipe` says, cut to the square."""
    whole = dataclasses.replace(recipe, size=recipe.resize, mean=(0, 0, 0), std=(1, 1, 1))

    def square(source):
        values = backbones.prepare(images.read(source), whole)
        return torch.from_numpy((values * 255).round().astype(np.uint8))

    sources = images_of(X)
    with ThreadPoolExecutor() as pool:
        decoded = progress(pool.map(square, sources), "decode", total=len(sources))
        return torch.stack(list(decoded))


def _cut(square, corner, mirrored, size: int) -> torch.Tensor:
    top, left = corner
    part = square[:, top : top + size, left : left + size]
    return part.flip(-1) if mirrored else part


def _channels_last(part):
    """The memory layout in which convolutions on a CPU are half as fast again."""
    return part.to(memory_format=torch.channels_last)
