"""What the networks on pictures share: a backbone's levels, what stands above them, and how both
learn.

Decoding, augmentation, validation, training, resuming, prediction and storing are done here, once,
for classifiers (`network.NetworkClassifier`) and for regressors (`finetune.FineTunedRegressor`).
"""

import inspect

import lightning_fabric
import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from emobook import train
from emobook.features import backbones
from emobook.features.stages import Stages, stages
from emobook.models import _targets
from emobook.models._pictures import AT_ONCE, Pictures, Trained, channels_last, sized
from emobook.models._validation import held_out
from emobook.models.staged import FREEZE, StagedNetwork, Top

RANGES = (*FREEZE, "convolutions")


class PictureNetwork(BaseEstimator):
    """Base of estimators that are trained by SGD with momentum on pictures.

    backbone, pretrained: as for `features.backbones.load`; pretrained=False draws the weights
        from `seed`.
    size: side of the square that the network sees, in pixels; None is the recipe's own. Pictures
        are resized to the same proportion of it as in the recipe.
    freeze: "none" trains everything; "lower" the last level of the backbone and what stands above
        it; "convolutions" what stands above the levels, which in AlexNet and VGG includes fc6 and
        fc7; "trunk" only the layers that are new. Frozen levels are computed once per picture
        where there is no augmentation.
    augment: in training, cut a random square out of the resized picture instead of the middle
        one, and mirror every other picture; prediction follows the backbone's recipe.
    epochs, lr, head_lr_factor, momentum, weight_decay, batch_size: of SGD; new layers learn
        head_lr_factor times as fast.
    validation_share: share of the training images (whole groups, where X has a column `group`)
        on which the best epoch is chosen by its error; 0 keeps the last epoch.
    patience: epochs without improvement after which training ends; None never ends it early.
    max_steps: end after so many batches (a smoke test).
    accelerator, devices, precision: of Fabric, such as "cpu", 1, "32-true" or "gpu", 1,
        "bf16-mixed".
    seed: of the new layers, the batches, the augmentation and the validation images.
    warm_start: go on from the network of the last `fit`, if it had the same outputs and design.

    A pretrained network keeps the means and variances of its batch normalisation: the batches
    that a CPU has time for are too small to estimate them anew, and several processes then learn
    what one would. Only a network that starts from random weights estimates its own.

    Pictures are decoded once and kept in memory, about 200 kB each at 256 pixels.

    A subclass defines `fit`, `_top` and `_outputs`, and may add parameters of its own: `def
    __init__(self, mine=1, **options): super().__init__(**options); self.mine = mine`.

    After `fit`: `network_`, `recipe_`, `history_` (a `train.History`).
    """

    def __init__(
        self,
        backbone="tf_efficientnet_lite0",
        pretrained=True,
        size=None,
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
        warm_start=False,
    ):
        self.backbone = backbone
        self.pretrained = pretrained
        self.size = size
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
        self.warm_start = warm_start

    @classmethod
    def _get_param_names(cls):
        """The names of every class up to this one, not only of the last `__init__`."""
        names = set()
        for kind in cls.__mro__:
            if issubclass(kind, PictureNetwork) and "__init__" in vars(kind):
                given = list(inspect.signature(kind.__init__).parameters.values())[1:]
                names |= {one.name for one in given if one.kind is not one.VAR_KEYWORD}
        return sorted(names)

    def _top(self, parts: Stages, outputs: int) -> Top:
        """What stands above the backbone; its weights may be drawn from torch's generator."""
        raise NotImplementedError

    def _outputs(self) -> int:
        """Number of outputs of the network, once `fit` has seen its targets."""
        raise NotImplementedError

    def _stages(self, loaded: backbones.Backbone) -> Stages:
        return stages(loaded)

    def _build(self, outputs: int, pretrained: bool):
        """The network and the recipe of its pictures."""
        loaded = backbones.load(self.backbone, pretrained, seed=self.seed)
        parts = self._stages(loaded)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            top = self._top(parts, outputs)
        only = self.freeze == "convolutions"
        network = StagedNetwork(parts, top, "trunk" if only else self.freeze, loaded.weights_id)
        if only:  # fully connected layers of the backbone learn as well
            parts.pool.requires_grad_(True)
            network.still.remove(parts.pool)
        return channels_last(network.eval()), sized(loaded.recipe, self.size)

    def _check(self) -> None:
        """Raise ValueError for settings that no training can have."""
        if self.freeze not in RANGES:
            raise ValueError(f"freeze must be one of {', '.join(RANGES)}, not {self.freeze!r}")
        _targets.check_sgd(self)

    def _goes_on(self) -> bool:
        """Whether training begins where the last `fit` ended, if that had the same outputs."""
        return self.warm_start and getattr(self, "design_", None) == self._design()

    def _begin(self) -> None:
        """A new network."""
        self.design_ = self._design()
        self.network_, self.recipe_ = self._build(self._outputs(), self.pretrained)

    def _learn(self, X, targets, loss, rows, watched, truth, error):
        """Train the network on the pictures of X at `rows`.

        targets: tensors of as many rows as X; loss: of the network's outputs and these.
        watched: (pictures, their rows) on which the best epoch is chosen, and truth, one row for
        each; error(outputs, truth) → scalar tensor, the sum over the pictures of a batch.
        """
        pictures = Pictures(X, self)
        others, held_out = watched
        watched = pictures if others is X else Pictures(others, self)
        watched.ready(held_out)
        self.history_ = train.fit(
            Trained(self.network_, self.recipe_, live=not self.pretrained),
            loss,
            pictures.batches(rows, [part[rows] for part in targets]),
            optimizer=self._optimizer(),
            epochs=self.epochs,
            validate=_minus_error(watched, held_out, truth, error) if len(truth) else None,
            patience=float("inf") if self.patience is None else self.patience,
            max_steps=self.max_steps,
            seed=self.seed,
            label=f"{self.backbone} epochs",
            accelerator=self.accelerator,
            devices=self.devices,
            precision=self.precision,
        )
        return self

    def transform(self, X) -> np.ndarray:
        """(N, D) float32, what the last layer sees."""

        def features(network, maps):
            seen = []
            hook = network.top.head.register_forward_pre_hook(lambda _, given: seen.append(*given))
            try:
                network(*maps)
            finally:
                hook.remove()
            return seen[0].float()

        return self._each(X, features)

    def _each(self, X, apply) -> np.ndarray:
        """apply(network, maps) → (B, …) for the pictures of X in batches, without gradients; the
        results, one for each picture."""
        check_is_fitted(self)
        fabric = lightning_fabric.Fabric(
            accelerator=self.accelerator, devices=1, precision=self.precision
        )
        network = self.network_.to(fabric.device).eval()
        pictures, found = Pictures(X, self, fabric), []
        with torch.no_grad():
            for maps, count in pictures.in_order(f"{self.backbone} predicts"):
                with fabric.autocast():
                    found.append(apply(network, maps)[:count].cpu().numpy())
        return np.concatenate(found)

    def _design(self) -> dict:
        """The parameters that say which network it is."""
        own = {*self._get_param_names()} - {*self._of_training()}
        own |= {"backbone", "pretrained", "size", "freeze", *(() if self.pretrained else ("seed",))}
        return {name: getattr(self, name) for name in sorted(own)}

    @classmethod
    def _of_training(cls):
        """Names of parameters that do not say which network it is, but how it learns."""
        return PictureNetwork._get_param_names()

    def _split(self, X, y, validation=None):
        """Positions of the images to learn from, and of those to choose the epoch on.

        Classes, y of whole numbers (N,), have about the same shares in both.
        """
        rows = np.arange(len(y))
        if validation is not None or not self.validation_share:
            return rows, rows[:0]
        grouped = isinstance(X, pd.DataFrame) and "group" in X
        groups = X["group"].to_numpy() if grouped else rows
        return held_out(y, groups, self.validation_share, self.seed)

    def _optimizer(self):
        names, new = dict(self.network_.named_parameters()), set(self.network_.new)
        old = [value for name, value in names.items() if name not in new and value.requires_grad]
        fresh = [names[name] for name in names if name in new]
        layers = [{"params": fresh, "lr": self.lr * self.head_lr_factor}]
        if old:
            layers.append({"params": old, "lr": self.lr})
        return torch.optim.SGD(layers, momentum=self.momentum, weight_decay=self.weight_decay)

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
            made = clone(self).set_params(**self.design_)  # parameters may be others since `fit`
            pretrained = made.pretrained and made.freeze != "none"  # else all weights are stored
            self.network_, _ = made._build(self._outputs(), pretrained)
            self.network_.restore(stored)


def _minus_error(pictures: Pictures, rows, truth, error):
    """A `validate` for `train.fit`: minus the mean error, without augmentation."""

    def validate(module):
        device, total = next(module.parameters()).device, 0.0
        for start in range(0, len(truth), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            inputs = (part.to(device) for part in pictures.inputs(rows[some]))
            outputs = logits_of(module(*inputs)).float().cpu()
            total += error(outputs, torch.from_numpy(truth[some])).item()
        return -total / len(truth)

    return validate


def logits_of(outputs) -> torch.Tensor:
    """The logits, or ratings, among what a network gives."""
    return outputs[0] if isinstance(outputs, tuple) else outputs
