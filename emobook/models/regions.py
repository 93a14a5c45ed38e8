"""Emotional regions of pictures and what a classifier sees of them (Rao et al. 2019, section 4)."""

import importlib
import numbers
from typing import NamedTuple

import lightning_fabric
import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from torch import nn

from emobook import train
from emobook._state import state_digest
from emobook.features import backbones
from emobook.features.base import images_of
from emobook.features.stages import stages
from emobook.models import _squares, _targets
from emobook.models._looks import look
from emobook.models.staged import FREEZE

BACKENDS = {  # module below emobook.models : network
    "torchvision": "detector:RegionNetwork",
    "detectron2": "detectron:DetectronNetwork",
}
KINDS = ("emotional", "object")
STEEPEST = 10  # norm of a gradient that is followed: some of the first are ten times as long


class Region(NamedTuple):
    """A box in pixels of its picture, with p_obj, p_emo and S_emo (eq. 3).

    found: False for the whole picture, with scores of 0, that stands in for a region where a
    picture has too few.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    p_obj: float
    p_emo: float
    s_emo: float
    found: bool


class RegionDetector(TransformerMixin, BaseEstimator):
    """Finds objects and emotional regions; a transformer that adds columns to a table.

    Two steps, see `emobook.models.detector`: first object detection, from the column `boxes`;
    then the head for emotion, from the column `regions`, with all that detects objects fixed. In
    Rao et al. the first is done by weights that were trained on COCO.

    backbone, pretrained: as for `features.backbones.load`; pretrained=False draws the weights
        from `seed`.
    size: side of the square that the network sees, a multiple of 32; None is the recipe's own,
        rounded down to one. The whole picture is scaled to that square.
    channels: of the pyramid; None is 64 for an EfficientNet and 256 for the others, as in print.
    single_level: one map in place of the pyramid (the ablation of Fig. 7).
    anchors: sides in pixels of the square, one for each level, aspect ratio 1:1.
    proposals: boxes per picture that are looked at, at least 100 in the first step. keep: K,
        regions per picture.
    freeze: "none" trains the whole backbone, "lower" its last level, "trunk" nothing of it; only
        in the first step. Maps of a frozen trunk are computed once per picture.
    augment: mirror every other picture.
    epochs: of each step. lr, head_lr_factor, momentum, weight_decay, batch_size: of SGD; what is
        new learns head_lr_factor times as fast as the backbone; longer gradients are cut to a norm
        of 10, without which some random starts diverge.
    max_steps: end each step after so many batches (a smoke test).
    backend: whose parts the detector is made of.
    accelerator, devices, precision: of Fabric. seed: of new layers, batches and samples.

    After `fit`: `network_`, `recipe_`, `size_`, `weights_id_`, `history_` (a `train.History` for
    "object" and for "emotion").
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        size=None,
        channels=None,
        single_level=False,
        anchors=(32, 64, 128, 256),
        proposals=50,
        keep=10,
        freeze="trunk",
        augment=True,
        epochs=10,
        lr=0.001,
        head_lr_factor=10,
        momentum=0.9,
        weight_decay=1e-4,
        batch_size=8,
        max_steps=None,
        backend="torchvision",
        accelerator="cpu",
        devices=1,
        precision="32-true",
        seed=0,
    ):
        self.backbone = backbone
        self.pretrained = pretrained
        self.size = size
        self.channels = channels
        self.single_level = single_level
        self.anchors = anchors
        self.proposals = proposals
        self.keep = keep
        self.freeze = freeze
        self.augment = augment
        self.epochs = epochs
        self.lr = lr
        self.head_lr_factor = head_lr_factor
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.backend = backend
        self.accelerator = accelerator
        self.devices = devices
        self.precision = precision
        self.seed = seed

    def fit(self, X, y=None):
        """Learn from a table X with the columns `path`, `boxes` (objects) and `regions`.

        Each of the two holds lists of boxes in pixels of the picture, (x0, y0, x1, y1) or with a
        name before them, which is not looked at. An empty list says that there is nothing in this
        picture; with None, the picture is left out of that step, so that tables of two data sets
        can be joined. A box that reaches beyond its picture is cut, one without area left out.

        Raises ValueError that names the argument, ImageError for a picture that cannot be read,
        FloatingPointError where the training diverges.
        """
        self._check()
        missing = [
            name for name in ("path", "boxes", "regions") if name not in getattr(X, "columns", ())
        ]
        if missing:
            raise ValueError(
                "X must be a table with the columns path, boxes and regions; it lacks "
                + ", ".join(missing)
            )
        self._load(self.pretrained)
        pixels, sizes = _squares.squares(images_of(X), self.size_, self.recipe_.interpolation)
        steps = {
            step: _squares.true_boxes(X[column], sizes, self.size_)
            for step, column in (("object", "boxes"), ("emotion", "regions"))
        }
        training = _squares.Training(
            self.network_, pixels, self._fabric(), frozen=self.freeze == "trunk",
            augment=bool(self.augment), batch_size=self.batch_size, seed=self.seed,
        )  # fmt: skip
        self.history_ = {}
        for step, (rows, truth) in steps.items():
            self.network_.begin(step)
            self.history_[step] = train.fit(
                self.network_,
                torch.sum,
                training.batches(rows, truth),
                optimizer=self._optimizer(),
                epochs=self.epochs,
                max_steps=self.max_steps,
                seed=self.seed,
                label=f"{self.backbone} {step} epochs",
                accelerator=self.accelerator,
                devices=self.devices,
                precision=self.precision,
            )
            if not np.isfinite(self.history_[step].losses).all():
                raise FloatingPointError(f"the training for {step} diverged: choose a lower lr")
        self.weights_id_ = state_digest(self.network_)
        return self

    def transform(self, X) -> pd.DataFrame:
        """The table X (or one with the column `path` of the pictures of X) and two more columns,
        `emotional_regions` and `object_regions`: lists of K `Region`, those with the highest S_emo
        and those with the highest p_obj. Of X only the column `path` is read.
        """
        seen = look(self, X)
        table = X.copy() if isinstance(X, pd.DataFrame) else pd.DataFrame({"path": images_of(X)})
        for which, kind in enumerate(KINDS):
            found = [
                [
                    Region(*map(float, box), *map(float, numbers), bool(there))
                    for box, (*numbers, there) in zip(
                        one["boxes"][which] * np.tile(one["size"] / self.size_, 2),
                        one["scores"][which],
                        strict=True,
                    )
                ]
                for one in seen
            ]
            table[f"{kind}_regions"] = pd.Series(found, index=table.index, dtype=object)
        return table

    def _check(self) -> None:
        _targets.check_sgd(self)
        if self.freeze not in FREEZE:
            raise ValueError(f"freeze must be one of {', '.join(FREEZE)}, not {self.freeze!r}")
        if self.backend not in BACKENDS:
            raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {self.backend!r}")
        wanted = {"keep": self.keep, "proposals": self.proposals}
        wanted |= {
            name: getattr(self, name) for name in ("size", "channels") if getattr(self, name)
        }
        for name, value in wanted.items():
            if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
                raise ValueError(f"{name} must be a whole number above 0, not {value!r}")
        if (self.size or 32) % 32:
            raise ValueError(f"size must be a multiple of 32, not {self.size}")
        anchors = tuple(self.anchors)
        if len(anchors) != 4 or sorted(set(anchors)) != list(anchors) or not anchors[0] > 0:
            raise ValueError(f"anchors must be four rising sides in pixels, not {self.anchors!r}")

    def _load(self, pretrained: bool) -> None:
        loaded = backbones.load(self.backbone, pretrained, seed=self.seed)
        self.recipe_ = loaded.recipe
        self.size_ = self.size or loaded.recipe.size // 32 * 32
        module, _, name = BACKENDS[self.backend].partition(":")
        made = getattr(importlib.import_module(f"emobook.models.{module}"), name)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            self.network_ = made(
                stages(loaded), loaded.recipe.mean, loaded.recipe.std, self.size_,
                channels=self.channels or (64 if "efficientnet" in self.backbone else 256),
                anchors=tuple(self.anchors), proposals=self.proposals,
                single_level=self.single_level, freeze=self.freeze, live=not self.pretrained,
                weights_id=loaded.weights_id,
            ).eval()  # fmt: skip

    def _optimizer(self):
        learning = {n: p for n, p in self.network_.named_parameters() if p.requires_grad}
        trunk = [part for name, part in learning.items() if name in self.network_.trunk]
        new = [part for name, part in learning.items() if name not in self.network_.trunk]
        layers = [{"params": new, "lr": self.lr * self.head_lr_factor}]
        if trunk:
            layers.append({"params": trunk, "lr": self.lr})
        optimizer = torch.optim.SGD(layers, momentum=self.momentum, weight_decay=self.weight_decay)

        def cut(*_) -> None:
            nn.utils.clip_grad_norm_(list(learning.values()), STEEPEST)

        optimizer.register_step_pre_hook(cut)
        return optimizer

    def _fabric(self):
        return lightning_fabric.Fabric(
            accelerator=self.accelerator, devices=1, precision=self.precision
        )

    def __getstate__(self):
        """The state without the network, but with those of its weights that are its own."""
        state = dict(super().__getstate__())
        if network := state.pop("network_", None):
            state["stored_"] = network.stored()
        return state

    def __setstate__(self, state):
        stored = state.pop("stored_", None)
        super().__setstate__(state)
        if stored is not None:
            self._load(self.pretrained and self.freeze != "none")  # else all weights are stored
            self.network_.restore(stored)


def region_features(detector: RegionDetector, X) -> pd.DataFrame:
    """What the classifier sees of the pictures of X, by a fitted detector; a row for each.

    Columns: `whole` (D,), X_global of eq. 5; `emotional` and `objects` (K, d), X_local of the
    emotional regions and of the objects, best first; all float32. Where a picture has too few
    regions, the last ones are of the whole picture.

    Each picture is looked at once per process, and the table can be cut like any other: all
    configurations, losses, folds and seeds of a classifier share it.
    """
    seen = look(detector, X)
    parts = {
        "whole": [one["whole"] for one in seen],
        "emotional": [one["local"][0] for one in seen],
        "objects": [one["local"][1] for one in seen],
    }
    index = X.index if isinstance(X, pd.DataFrame) else range(len(seen))
    columns = {name: pd.Series(part, index=index, dtype=object) for name, part in parts.items()}
    return pd.DataFrame(columns)
