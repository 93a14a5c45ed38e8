"""The blocks X1, X2 and S of Rapolu et al. (2023) for the folds of a data set."""

import functools
from collections.abc import Callable

import numpy as np

from emobook.features import DeepFeatures
from emobook.results.seeded import Runs


def fused(
    runs: Runs,
    networks=("tf_efficientnet_lite0", "tf_efficientnet_lite2"),
    objects: str | None = "tf_efficientnet_lite1",
    *,
    tuned: bool = True,
    seeds=(0, 0),
    pretrained: bool = True,
    **options,
) -> Callable[[int], tuple[np.ndarray, ...]]:
    """A function of a fold's number that gives the blocks of all N images of `runs`, float64.

    networks: two backbones. tuned: each has learned the emotions of the fold's training images, as
    "fine-tuned" with `options` and its own of the two `seeds` (the same backbone twice with two
    seeds is a fair rival of two backbones); False leaves them as ImageNet made them, and then every
    fold has the same blocks, and seeds and options have nothing to say. objects: the backbone whose
    ImageNet probabilities are S, or None for X1 and X2 alone. What was computed is remembered, and
    the networks are kept by `train.fitted`.

    Raises WeightsError where weights cannot be had, TypeError for options of networks that do not
    learn.
    """
    if not tuned and (options or tuple(seeds) != (0, 0)):
        raise TypeError("seeds and options are for networks that learn: leave them out, or tuned")

    def described(backbone, layer="pooled"):
        features = DeepFeatures(backbone, layer, pretrained=pretrained)
        return features.transform(runs.X).astype(np.float64)

    @functools.cache
    def supplement():
        return () if objects is None else (described(objects, "probabilities"),)

    @functools.cache
    def frozen():
        return tuple(map(described, networks)) + supplement()

    @functools.cache
    def of_fold(number: int) -> tuple[np.ndarray, ...]:
        learned = [
            runs.fitted(
                number, "fine-tuned", seed=seed, backbone=name, pretrained=pretrained, **options
            ).transform(runs.X)
            for name, seed in zip(networks, seeds, strict=True)
        ]
        return tuple(part.astype(np.float64) for part in learned) + supplement()

    return of_fold if tuned else lambda number: frozen()
