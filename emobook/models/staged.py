"""A network in two parts: levels of a backbone, and what a method puts above them."""

import torch
from torch import nn

from emobook.features.stages import Stages

FREEZE = ("none", "lower", "trunk")


class Top(nn.Module):
    """What stands above the levels of a backbone. A subclass defines `head` and `features`.

    levels: the positions of the maps that it takes; negative ones count from the last.
    """

    levels = (-1,)

    def features(self, *maps) -> torch.Tensor:
        """Maps (N, c, h, w) of `levels`, in their order → (N, D), what the last layer sees."""
        raise NotImplementedError

    def forward(self, *maps):
        """The logits (N, C); or a tuple that begins with them, where the loss takes more."""
        return self.head(self.features(*maps))


class PartlyFrozen(nn.Module):
    """A network above a backbone, parts of which never change.

    still: these parts, modules of the backbone. weights_id: of the whole backbone
    (`features.backbones.Backbone`).
    """

    def __init__(self, weights_id: str):
        super().__init__()
        self.weights_id, self.still = weights_id, []

    def stored(self) -> dict:
        """What `restore` needs: the weights that training can have changed, and, where others are
        frozen, the backbone that these come from."""
        state = self.state_dict(keep_vars=True)
        # By identity: a frozen part may stand below `top`, too, and under several names.
        still = {id(v) for part in self.still for v in part.state_dict(keep_vars=True).values()}
        weights = {name: v.detach().cpu() for name, v in state.items() if id(v) not in still}
        return {"weights": weights, "weights_id": self.weights_id if self.still else None}

    def restore(self, stored: dict) -> None:
        """Become the network that gave `stored`. Raises ValueError where its frozen weights were
        not those of this one's backbone."""
        ours = self.stored()
        if stored["weights_id"] != ours["weights_id"]:
            raise ValueError("its frozen levels had other weights than the backbone has now")
        state = self.state_dict()
        frozen = {name: state[name] for name in state if name not in ours["weights"]}
        self.load_state_dict(frozen | stored["weights"])

    def train(self, mode: bool = True):
        """Frozen parts stay in evaluation mode."""
        super().train(mode)
        for part in self.still:
            part.eval()
        return self


class StagedNetwork(PartlyFrozen):
    """Levels of a backbone and a `Top`; `lower` is what stays as it is, `forward` the rest.

    frozen: number of levels, from the lowest, whose weights never change.
    weights_id: of the backbone that `parts` were cut from.
    """

    def __init__(self, parts: Stages, top: Top, freeze: str = "none", weights_id: str = ""):
        super().__init__(weights_id)
        if freeze == "lower" and len(parts.levels) < 2:
            raise ValueError('freeze="lower" needs a backbone with several levels')
        wanted = [level % len(parts.levels) for level in top.levels]
        self.levels, self.top = parts.levels[: max(wanted) + 1], top
        self.frozen = {"none": 0, "lower": len(parts.levels) - 1, "trunk": len(parts.levels)}[
            freeze
        ]
        self.frozen = min(self.frozen, len(self.levels))
        kept = {level for level in wanted if level < self.frozen}
        if 0 < self.frozen < len(self.levels):
            kept.add(self.frozen - 1)  # the next level goes on from there
        self.wanted, self.kept = wanted, sorted(kept)
        known = {id(value) for value in parts.parameters()}
        self.new = [name for name, value in self.named_parameters() if id(value) not in known]
        if freeze == "trunk":
            for value in parts.parameters():
                value.requires_grad_(False)
        self.levels[: self.frozen].requires_grad_(False)
        self.still = [*self.levels[: self.frozen], *([parts.pool] if freeze == "trunk" else [])]

    def lower(self, x) -> tuple[torch.Tensor, ...]:
        """Normalised pixels (N, 3, S, S) → the maps that `forward` takes, or the pixels where
        nothing is frozen."""
        if not self.frozen:
            return (x,)
        found = {}
        with torch.no_grad():
            for i, level in enumerate(self.levels[: self.frozen]):
                found[i] = x = level(x)
        return tuple(found[i] for i in self.kept)

    def forward(self, *maps):
        found, x = dict(zip(self.kept, maps, strict=False)), maps[-1]
        for i, level in enumerate(self.levels[self.frozen :], self.frozen):
            found[i] = x = level(x)
        return self.top(*(found[i] for i in self.wanted))
