"""Binary-assisted learning: a network for positive and negative beside one for the eight."""

import numpy as np
from sklearn.base import clone

from emobook.emotions import polarity
from emobook.models.streams import CS, StreamsClassifier

_ANOTHER_SEED = 1000


class BinaryAssistedClassifier(StreamsClassifier):
    """He-and-Zhang-style: features of two networks, one of them trained on positive/negative.

    network: trained twice from the same weights, once on the classes and once, with another seed
        for its new layers and batches, as the assistant.
    assist: what the assistant learns. "polarity": whether a class is positive or negative (two
        classes that are not emotions are taken as they are). None: there is no assistant. Or for
        each class, in the order of `classes_`, the number of its group; range(C) makes the
        assistant learn the classes themselves, which is the control for its mere presence.
    Cs: as for `StreamsClassifier`, which says how the networks and the softmax layer are trained.

    Source: He and Zhang, "Emotion recognition by assisted learning with convolutional neural
    networks" (Neurocomputing 291, 2018). Its abstract names "a binary positive-or-negative emotion
    classification network and a deep network for specific emotion recognition"; Lim et al. (ICIP
    2020) say that the features of the first are concatenated with those of the second before
    classification. Networks, layers and the order of training are not public; the choices here
    are ours.
    """

    def __init__(self, network=None, assist="polarity", Cs=CS):
        super().__init__(network, Cs)
        self.assist = assist

    def _streams(self, network, learn):
        groups = self._groups()
        other = clone(network).set_params(seed=network.seed + _ANOTHER_SEED)
        tasks = {"fine": (network, np.arange(len(self.classes_))), "assistant": (other, groups)}
        if groups is None:
            del tasks["assistant"]
        return {name: lambda task=task: (learn(*task), "transform") for name, task in tasks.items()}

    def _groups(self) -> np.ndarray | None:
        """(C,) the number of each class's group."""
        if self.assist is None:
            return None
        count = len(self.classes_)
        if isinstance(self.assist, str):
            if self.assist != "polarity":
                raise ValueError(
                    f'assist must be "polarity", None or a group for each class, '
                    f"not {self.assist!r}"
                )
            groups = np.arange(2) if count == 2 else polarity(self.classes_)
        else:
            groups = np.asarray(self.assist)
        found = np.unique(groups, return_inverse=True)[1]
        if found.shape != (count,) or found.max() < 1:
            raise ValueError(
                f"assist must give each of {count} classes a group, and at least two groups, "
                f"not {self.assist!r}"
            )
        return found


def random_halving(seed: int = 0) -> np.ndarray:
    """A group for each of Mikels' eight, 0 or 1, which says nothing of polarity: (8,).

    Either group holds two positive and two negative emotions, drawn from `seed`: the control for
    an assistant that learns polarity.
    """
    halves = np.random.default_rng(seed).permuted([[0, 0, 1, 1]] * 2, axis=1)
    side = polarity(np.arange(8))
    groups = np.empty(8, dtype=int)
    for half, which in zip(halves, np.unique(side), strict=True):
        groups[side == which] = half
    return groups
