"""The fusion of Rapolu et al. (2023) for a whole grid of weights and settings at once.

`fusion_path` is for the support vector machine, `fusion_softmax_path` for the softmax layer. Both
take the blocks X1, X2 and S once and give what scikit-learn, or `SoftmaxHead`, gives on the joined
vectors of each point of the grid.
"""

import dataclasses
import numbers

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_array

from emobook._bar import progress
from emobook.models._heads import Heads, check_sgd_names
from emobook.models.fusion import convex, join, softmax_head, spread, supplementary, svm_head

ALPHAS = (0, 0.25, 0.5, 0.75, 1)  # of Rapolu et al., Table 2
CS = (0.1, 0.25, 0.5, 1, 1.5, 2, 5, 10)


@dataclasses.dataclass(frozen=True, eq=False)
class FusionPath:
    """What a grid of A weights and C penalties says of N images, each judged in the fold that tests
    it.

    weights (A, K): of the blocks. Cs (C,). gammas: None, or G of them, and then every array below
    has an axis (G,) after that of Cs.
    predictions (A, C, N): positions in `classes`, -1 for an image that no fold tested.
    decisions (A, C, N, number of classes): the largest is the prediction; NaN where not tested.
    fold_scores (A, C, F): accuracy in each fold; `scores` (A, C) is their mean, which is what
    `GridSearchCV` calls mean_test_score.
    """

    weights: np.ndarray
    Cs: np.ndarray
    gammas: list | None
    classes: np.ndarray
    predictions: np.ndarray
    decisions: np.ndarray
    fold_scores: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        return self.fold_scores.mean(axis=-1)


def fusion_path(
    blocks,
    y,
    alphas=None,
    Cs=CS,
    gamma="scale",
    cv=5,
    *,
    betas=None,
    form="caption",
    unit_blocks=False,
) -> FusionPath:
    """Support vector machines with a radial kernel for every weight and penalty, in folds.

    blocks: X1 (N, D1), X2 (N, D2) and, where there is one, S (N, D3); or a function of a fold's
        number (0, 1, …) that gives them, where networks learn anew in each fold.
    y: labels (N,). alphas: weights as in `convex`, by default the paper's five; or betas and form,
        as in `supplementary`, which need S. Without S, the third weight falls away.
    Cs: penalties. gamma: of the kernel, "scale", "auto" or a number as in scikit-learn's SVC, or
        ("scale", 2.0) for twice as much; or a list of these, which adds an axis to the result.
    cv: number of stratified folds, a splitter, or pairs (train, test) of row positions; no image
        is tested twice.
    unit_blocks: as in `ConvexFusion`; the spread is that of a fold's training images.

    Squared distances add up over blocks: between αx1 ⊕ (1-α)x2 ⊕ s and its like they are
    α²d1² + (1-α)²d2² + d3². So three distance matrices, computed once, serve the whole grid. The
    predictions are those of `SVC(C=C, gamma=gamma, break_ties=True)` on the joined vectors, up to
    the rounding of the kernel.

    Raises ValueError that names the argument.
    """
    weights = _weights(alphas, betas, form)
    Cs, several = np.asarray(Cs, dtype=np.float64), isinstance(gamma, list)
    gammas = gamma if several else [gamma]
    if Cs.ndim != 1 or not Cs.size or not (Cs > 0).all():
        raise ValueError(f"Cs must be a list of numbers above 0, not {Cs}")
    if not gammas or not all(map(_is_gamma, gammas)):
        raise ValueError(
            "gamma must be 'scale', 'auto', a number above 0 or ('scale', a number above 0), or a "
            f"list of these, not {gamma!r}"
        )
    classes, labels = np.unique(y, return_inverse=True)
    folds = _folds(cv, labels)
    shape = len(weights), len(Cs), len(gammas)
    decisions = np.full((*shape, len(labels), len(classes)), np.nan)
    scores = np.empty((*shape, len(folds)))
    known = None
    for number, (train, test) in enumerate(progress(folds, "folds")):
        if known is None or callable(blocks):
            known = _Distances(_blocks(blocks, number, len(labels), betas))
        scale = known.spreads(train) if unit_blocks else 1.0
        for a, weight in enumerate(weights[:, : len(known.blocks)]):
            scaled = weight / scale
            squared = known.joined(scaled)
            for g, one in enumerate(gammas):
                kernel = np.exp(-known.gamma(one, scaled, train) * squared)
                inner, outer = kernel[np.ix_(train, train)], kernel[np.ix_(test, train)]
                for c, C in enumerate(Cs):
                    machine = svm_head(C).set_params(kernel="precomputed")
                    machine.fit(inner, labels[train])
                    found = _columns(machine, outer, len(classes))
                    decisions[a, c, g, test] = found
                    scores[a, c, g, number] = (found.argmax(axis=1) == labels[test]).mean()
    tested = ~np.isnan(decisions[..., 0])
    predictions = np.where(tested, decisions.argmax(axis=-1), -1)
    if not several:
        decisions, predictions, scores = decisions[:, :, 0], predictions[:, :, 0], scores[:, :, 0]
    return FusionPath(
        weights=weights,
        Cs=Cs,
        gammas=gammas if several else None,
        classes=classes,
        predictions=predictions,
        decisions=decisions,
        fold_scores=scores,
    )


def fusion_softmax_path(
    blocks,
    y,
    alphas=None,
    cv=5,
    *,
    betas=None,
    form="caption",
    unit_blocks=False,
    seeds=(0, 1, 2),
    **sgd,
) -> np.ndarray:
    """Softmax layers for every weight and seed, all of them trained at once, in folds.

    blocks, y, alphas, betas, form, cv and unit_blocks are those of `fusion_path`. sgd: epochs, lr,
    momentum, weight_decay and batch_size, with the defaults of `softmax_head`.

    Returns probabilities (A, seeds, N, C), columns in the order of the sorted labels; NaN for an
    image that no fold tested. Each layer comes out as `softmax_head(seed=seed)` would alone on the
    joined vectors, up to rounding: their weights lie side by side in one matrix, and scaling a
    block is the same as scaling its rows of that matrix.

    Raises ValueError that names the argument.
    """
    check_sgd_names(sgd, "fusion_softmax_path")
    head, weights = softmax_head(**sgd), _weights(alphas, betas, form)
    if not len(seeds) or not all(isinstance(seed, numbers.Integral) for seed in seeds):
        raise ValueError(f"seeds must be a list of whole numbers, not {seeds!r}")
    classes, labels = np.unique(y, return_inverse=True)
    shape = len(weights), len(seeds)
    folds = _folds(cv, labels)
    found = np.full((*shape, len(labels), len(classes)), np.nan)
    for number, (train, test) in enumerate(folds):
        given = _blocks(blocks, number, len(labels), betas)
        scaled = weights[:, : len(given)]
        if unit_blocks:
            scaled = scaled / [spread(block[train]) for block in given]
        joined = join(given, np.ones(len(given)))
        scale = np.repeat(scaled, [block.shape[1] for block in given], axis=1)  # (A, D)
        seen, targets = np.unique(labels[train], return_inverse=True)
        layers = Heads(
            joined.shape[1], len(seen), np.tile(seeds, len(weights)), scale.repeat(len(seeds), 0).T
        )
        layers.fit(joined[train], [torch.from_numpy(targets)], _cross_entropies, None, head)
        with torch.no_grad():
            logits = layers(torch.tensor(joined[test], dtype=torch.float32)).double()
        probabilities = logits.softmax(dim=1).numpy().transpose(2, 0, 1)
        found[:, :, test] = 0
        rows = np.ix_(range(shape[0]), range(shape[1]), test, seen)
        found[rows] = probabilities.reshape(*shape, *probabilities.shape[1:])
    return found


class _Distances:
    """Squared distances (N, N) in each block, and the sums that the width of a kernel needs."""

    def __init__(self, blocks):
        self.blocks = blocks
        self.squared = [euclidean_distances(block, squared=True) for block in blocks]
        self.sums = [block.sum(axis=1) for block in blocks]
        self.squares = [(block**2).sum(axis=1) for block in blocks]
        self.dim = sum(block.shape[1] for block in blocks)

    def joined(self, weights) -> np.ndarray:
        return sum(w**2 * part for w, part in zip(weights, self.squared, strict=True))

    def spreads(self, rows) -> np.ndarray:
        return np.array([spread(block[rows]) for block in self.blocks])

    def gamma(self, gamma, weights, rows) -> float:
        """As SVC would have it for the joined vectors of `rows`."""
        if gamma == "auto":
            return 1 / self.dim
        times = gamma[1] if isinstance(gamma, tuple) else 1.0
        if isinstance(gamma, numbers.Real):
            return gamma
        size = len(rows) * self.dim
        mean = sum(w * part[rows].sum() for w, part in zip(weights, self.sums, strict=True)) / size
        square = sum(w**2 * part[rows].sum() for w, part in zip(weights, self.squares, strict=True))
        variance = square / size - mean**2
        return times / (self.dim * variance) if variance > 0 else times


def _is_gamma(gamma) -> bool:
    if isinstance(gamma, tuple):
        return len(gamma) == 2 and gamma[0] == "scale" and _is_gamma(gamma[1])
    number = isinstance(gamma, numbers.Real) and 0 < gamma < np.inf
    return number or gamma in ("scale", "auto")


def _weights(alphas, betas, form) -> np.ndarray:
    if alphas is not None and betas is not None:
        raise ValueError("give alphas or betas, not both")
    if betas is None:
        found = convex(ALPHAS if alphas is None else alphas)
    else:
        found = supplementary(betas, form)
    if not found.size:
        raise ValueError("alphas, or betas, must hold at least one number")
    return np.atleast_2d(found)


def _folds(cv, labels) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = np.zeros(len(labels))
    folds = list(check_cv(cv, labels, classifier=True).split(rows, labels))
    tested = np.concatenate([test for _, test in folds])
    if len(np.unique(tested)) < len(tested):
        raise ValueError("cv must test no image twice: call once for each repeat")
    return folds


def _blocks(blocks, number: int, length: int, betas) -> list[np.ndarray]:
    given = blocks(number) if callable(blocks) else blocks
    given = [check_array(block, dtype=np.float64, input_name="a block") for block in given]
    if len(given) not in (2, 3) or {len(block) for block in given} != {length}:
        raise ValueError(
            f"blocks must be X1, X2 and perhaps S, of {length} rows each like y, "
            f"not {[block.shape for block in given]}"
        )
    if betas is not None and len(given) == 2:
        raise ValueError("betas weigh S against X1 and X2, and blocks has no S")
    return given


def _columns(machine, kernel, classes: int) -> np.ndarray:
    """(N, C) decisions with the columns where the classes belong."""
    given = machine.decision_function(kernel)
    if given.ndim == 1:  # two classes: one value, the second class's
        given = np.stack([-given, given], axis=1)
    found = np.full((len(given), classes), -np.inf)
    found[:, machine.classes_] = given
    return found


def _cross_entropies(logits, labels):
    """The sum over layers of their mean cross-entropy, for logits (N, C, H)."""
    each = labels[:, None].expand(-1, logits.shape[2])
    return F.cross_entropy(logits, each, reduction="sum") / len(logits)
