"""Levels of a network read as a sequence: the CNN-RNN of Zhu et al. (IJCAI 2017)."""

import numbers

import torch.nn.functional as F
from torch import nn

from emobook import losses
from emobook.models.multilevel import Branches, checked_levels, checked_width
from emobook.models.network import NetworkClassifier, Top


class CNNRNNTop(Top):
    """A vector for each level, a bidirectional GRU across the levels, and one softmax layer.

    forward gives the logits (N, C) and the embedding (N, 2 · hidden · K) of K levels, of length 1.
    """

    def __init__(self, parts, levels, hidden: int, classes: int):
        super().__init__()
        self.levels = levels
        self.branches = Branches(parts, levels, 2 * hidden)
        self.gru = nn.GRU(2 * hidden, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden * len(levels), classes)

    def features(self, *maps):
        return self.gru(self.branches(*maps))[0].flatten(1)

    def forward(self, *maps):
        features = self.features(*maps)
        return self.head(features), F.normalize(features)


class CNNRNNClassifier(NetworkClassifier):
    """The CNN-RNN of Zhu et al.: levels depend on each other, so they are read as a sequence.

    Features of several levels become vectors of the same length. A bidirectional GRU runs over
    them from the lowest to the highest level and back. The softmax loss is joined by a contrastive
    loss on pairs, which wants pictures of one emotion close to each other:

        L = L_softmax + λ L_contrastive

    contrastive: λ, .5 in the paper; 0 leaves the softmax loss alone. margin: of the contrastive
        loss, 1 in the paper.
    hidden: units of the GRU in each direction.
    levels: the levels that are read; None takes all of the backbone's.
    options: of `NetworkClassifier`. The paper trains with batches of 64.

    CNN-RNN-style. Known are the branches, the bidirectional GRU, both losses, λ and the margin.
    Ours are: every level of the backbone as a branch (in AlexNet five, their number in the paper
    as far as we know), mean over places, normalisation and one layer with a ReLU for each; 256
    hidden units, so that five levels make 2560 values; the GRU's outputs at all levels, side by
    side, as what the softmax layer sees; and the contrastive loss on these values, scaled to
    length 1 (then a distance lies in 0..2, and a margin of 1 means something), over all pairs of
    a batch. Where several processes share a batch, pairs form within each one's part only, so that
    with λ above 0 they do not learn quite what one process would.
    """

    def __init__(self, contrastive=0.5, margin=1, hidden=256, levels=None, **options):
        super().__init__(**options)
        self.contrastive = contrastive
        self.margin = margin
        self.hidden = hidden
        self.levels = levels

    def _top(self, parts, classes):
        levels = checked_levels(self.levels, len(parts.levels))
        return CNNRNNTop(parts, levels, checked_width(self.hidden, "hidden"), classes)

    def _loss(self, targets):
        weight = self.contrastive
        if not isinstance(weight, numbers.Real) or not 0 <= weight < float("inf"):
            raise ValueError(f"contrastive must be a number of at least 0, not {weight!r}")

        def loss(outputs, labels, *rest):
            logits, embedding = outputs
            value = targets.loss(logits, labels, *rest)
            if weight == 0:
                return value
            return value + weight * losses.contrastive_loss(embedding, labels, self.margin)

        return loss
