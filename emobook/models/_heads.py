"""Linear layers that are trained side by side."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from emobook import train
from emobook._threads import one_thread
from emobook.models import _targets

_SGD = ("epochs", "lr", "momentum", "weight_decay", "batch_size")


def check_sgd_names(options: dict, function: str) -> None:
    """Raise TypeError for options that are no settings of SGD, of which `Heads.fit` takes five."""
    if unknown := set(options) - set(_SGD):
        raise TypeError(f"{function} takes {', '.join(_SGD)}, not {', '.join(sorted(unknown))}")


class Heads(nn.Module):
    """H independent linear layers on the same inputs: (N, D) → logits (N, C, H).

    seeds (H,): of the initial weights. scale (D, H): what each layer multiplies its inputs by; None
    is 1. The layer learns as if its inputs came so scaled, yet the product with a batch is shared.
    """

    def __init__(self, features: int, classes: int, seeds, scale=None):
        super().__init__()
        scale = None if scale is None else torch.tensor(scale, dtype=torch.float32)[:, None]
        self.register_buffer("scale", scale, persistent=False)
        drawn = [np.random.default_rng(seed).normal(0, 0.01, (features, classes)) for seed in seeds]
        self.weight = nn.Parameter(torch.tensor(np.stack(drawn, axis=-1), dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(classes, len(drawn)))

    def forward(self, x):
        weight = self.weight if self.scale is None else self.weight * self.scale
        product = torch.addmm(self.bias.flatten(), x, weight.flatten(1))
        return product.unflatten(1, self.bias.shape)

    def fit(self, inputs, targets, loss, validation, sgd) -> train.History:
        """SGD over inputs (N, D) with the settings of `sgd`, a SoftmaxHead."""
        _targets.check_sgd(sgd)
        inputs = torch.tensor(inputs, dtype=torch.float32)
        optimizer = torch.optim.SGD(
            [
                {"params": self.weight, "weight_decay": sgd.weight_decay},
                {"params": self.bias, "weight_decay": 0},
            ],
            lr=sgd.lr,
            momentum=sgd.momentum,
            fused=True,
        )
        validate = None
        if validation is not None:
            held_out = torch.tensor(validation[0], dtype=torch.float32)
            truth = torch.from_numpy(validation[1])
            if len(held_out) != len(truth):
                raise ValueError(
                    f"validation must be equally long, not {len(held_out)} and {len(truth)}"
                )

            def validate(module):  # minus the cross-entropy of each head
                log_p = F.log_softmax(module(held_out), dim=1)
                return log_p[torch.arange(len(truth)), truth].mean(dim=0)

        batches = train.minibatches(inputs, *targets, size=sgd.batch_size)
        with one_thread():
            return train.fit(
                self,
                loss,
                batches,
                optimizer=optimizer,
                epochs=sgd.epochs,
                validate=validate,
                label=f"{self.bias.shape[1]} head(s)",
            )
