"""What a network learned, as figures: first filters, feature spaces, class-activation maps."""

import dataclasses
import math

import cv2
import matplotlib
import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from torch import nn

from emobook import images
from emobook.emotions import MIKELS8
from emobook.features import DeepFeatures, backbones
from emobook.features.base import images_of
from emobook.plots import EMOTION_COLORS, curve_with_band
from emobook.plots.figure import figure, style

_FOR = matplotlib.colors.LinearSegmentedColormap.from_list(
    "against and for", ["#5e3c99", "#ffffff", "#e66101"]
)
MARKERS = dict(zip(MIKELS8, "o^sDvPX*", strict=True))  # with the colours, two ways to tell apart
_OTHERS = ("#0173b2", "#de8f05", "#029e73", "#cc78bc", "#ca9161", "#949494", "#ece133", "#56b4e9")


# ---- first-layer filters (You et al. 2016, Fig. 4) ----


def first_filters(network: nn.Module) -> np.ndarray:
    """The filters of the first convolution that sees the picture: float (K, h, w, 3) in 0..1.

    Each is divided by twice its largest absolute weight and moved by one half: grey (.5) is a
    weight of 0, brighter is above, darker below, and no two filters share a scale.
    Raises ValueError where no convolution takes three channels.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d) and part.in_channels == 3:
            weights = part.weight.detach().double().cpu().numpy().transpose(0, 2, 3, 1)
            largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
            return 0.5 + weights / np.where(largest > 0, 2 * largest, 1)
    raise ValueError(
        "network has no convolution of three channels: its first layer sees no colours"
    )


def sheet(filters: np.ndarray, columns: int = 8) -> np.ndarray:
    """Filters (K, h, w, 3) side by side, row by row, with white lines between them: (H, W, 3)."""
    count, height, width, _ = filters.shape
    rows = math.ceil(count / columns)
    gap = max(1, height // 8)
    page = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, 3))
    for k, part in enumerate(filters):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        page[top : top + height, left : left + width] = part
    return page


def filter_sheets(networks: dict, columns: int = 8) -> Figure:
    """The first filters of several networks, side by side; see `first_filters` for the scale.

    networks: title → module, or → filters (K, h, w, 3) that were drawn from one.
    """
    fig, axes = figure(1, len(networks), size=(3.4 * len(networks), 2.6), squeeze=False)
    with style():
        for axis, (title, part) in zip(axes[0], networks.items(), strict=True):
            filters = first_filters(part) if isinstance(part, nn.Module) else np.asarray(part)
            axis.imshow(sheet(filters, columns), interpolation="nearest")
            axis.set_title(title)
            axis.axis("off")
    return fig


# ---- feature spaces (You et al. 2016, "The embedding of the testing images") ----


def embed(features, seed: int = 0, perplexity: float = 30) -> np.ndarray:
    """t-SNE (van der Maaten & Hinton 2008) of features (N, D): (N, 2), the same for each seed.

    As its authors do, at most 50 principal components go in. With few images the perplexity, the
    number of neighbours that count, is at most a third of the others.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 5:
        raise ValueError(f"features must be (N, D) with N of at least 5, not {features.shape}")
    parts = min(50, len(features) - 1, features.shape[1])
    reduced = PCA(parts, svd_solver="full").fit_transform(features)
    near = min(perplexity, (len(features) - 1) / 3)
    return TSNE(perplexity=near, init="pca", random_state=seed).fit_transform(reduced)


def embeddings(places: dict, labels, classes=MIKELS8) -> Figure:
    """Images as points, side by side in several feature spaces, by class.

    places: title → (N, 2), such as `embed` gives; labels: (N,) positions in `classes`. Each class
    has a colour and a marker of its own. The axes of t-SNE mean nothing, so they have no numbers.
    """
    labels = np.asarray(labels)
    fig, axes = figure(1, len(places), size=(4.4 * len(places), 4.2), squeeze=False)
    with style():
        for axis, (title, points) in zip(axes[0], places.items(), strict=True):
            points = np.asarray(points, dtype=float)
            if points.shape != (len(labels), 2):
                raise ValueError(f"places[{title!r}] must be of shape ({len(labels)}, 2)")
            for k, name in enumerate(classes):
                axis.scatter(
                    *points[labels == k].T,
                    s=34,
                    color=EMOTION_COLORS.get(name, _OTHERS[k % len(_OTHERS)]),
                    marker=MARKERS.get(name, "o^sDvPX*"[k % 8]),
                    edgecolor="#333333",
                    linewidth=0.4,
                    label=name if axis is axes[0][0] else None,
                )
            axis.set(title=title, xticks=[], yticks=[])
        fig.legend(loc="outside lower center", ncols=4)
    return fig


def neighbour_agreement(features, alike, neighbours: int = 5) -> np.ndarray:
    """(N,) how alike each image and its nearest neighbours are (cosine of centred features).

    features: (N, D). alike: (N,) labels, such as scenes, of which the share that agree is counted;
    or (N, N) numbers, such as how similar two pictures' objects are, which are averaged. It says
    in a number what an embedding shows.
    """
    features, alike = np.asarray(features, dtype=np.float64), np.asarray(alike)
    if alike.ndim == 1:
        alike = alike[:, None] == alike
    if not 1 <= neighbours < len(features) or alike.shape != (len(features),) * 2:
        raise ValueError(
            f"neighbours must be from 1 to N - 1, and alike as long as features, not {neighbours} "
            f"and {len(alike)} for N = {len(features)}"
        )
    unit = features - features.mean(axis=0)
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    near = unit @ unit.T
    np.fill_diagonal(near, -np.inf)
    found = np.argsort(-near, axis=1, kind="stable")[:, :neighbours]
    return np.take_along_axis(alike, found, axis=1).mean(axis=1)


def neighbours_in_folds(features, alike, folds, neighbours: int = 5) -> np.ndarray:
    """(N,) `neighbour_agreement` of each image among the test images of its fold.

    features: for each fold those of its test images (n, D); alike: (N, N); folds: of one repeat.
    """
    found = np.empty(len(alike))
    for given, fold in zip(features, folds, strict=True):
        among = np.asarray(alike)[np.ix_(fold.test, fold.test)]
        found[fold.test] = neighbour_agreement(given, among, neighbours)
    return found


def likeness_of_scenes(X) -> np.ndarray:
    """(N, N) how alike the scenes of the pictures in the table X are, for `neighbour_agreement`.

    1 or 0 where X has a column `background`; else the Bhattacharyya coefficient, 0 … 1, of what
    another network than the default one (EfficientNet-Lite2) says of the objects.
    """
    if "background" in X:
        scenes = X["background"].to_numpy()
        return (scenes[:, None] == scenes).astype(float)
    objects = np.sqrt(DeepFeatures("tf_efficientnet_lite2", "probabilities").transform(X))
    return objects @ objects.T


# ---- class-activation maps (Zhou et al. 2016; Rao et al. 2019, Fig. 1b) ----


def class_maps(maps: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Σ_k w_k^c A_k: maps (N, K, h, w) and weights (C, K) → (N, C, h, w).

    Zhou et al. (2016), eq. 2. The mean over all places plus the bias of class c is its logit.
    """
    return torch.einsum("nkhw,ck->nchw", maps, weights)


def activation_maps(classifier, X) -> np.ndarray:
    """Which places of each picture speak for each class: float32 (N, C, h, w).

    classifier: a fitted `models.network.NetworkClassifier` whose network ends in the mean over all
    places of its last map and one linear layer; there the map is exact, and needs no gradient.
    Raises ValueError for any other network.
    """
    name = type(classifier).__name__
    head = classifier.network_.top.head
    if not isinstance(head, nn.Linear):
        raise ValueError(f"{name} ends in more than one linear layer: its maps have no weights")

    def of_batch(network, maps):
        given, seen = [], []
        hooks = [
            network.top.register_forward_pre_hook(lambda _, args: given.append(args)),
            head.register_forward_pre_hook(lambda _, args: seen.append(args[0])),
        ]
        try:
            network(*maps)
        finally:
            for hook in hooks:
                hook.remove()
        last, pooled = given[0][-1].float(), seen[0].float()
        mean, rounding = last.mean(dim=(2, 3)), 1e-3 if seen[0].dtype == torch.float32 else 3e-2
        if mean.shape != pooled.shape or (mean - pooled).norm() > rounding * pooled.norm():
            raise ValueError(
                f"the last layer of {name} with backbone {classifier.backbone!r} does not see the "
                "mean of the last map over its places, so these maps would not be exact: take an "
                "EfficientNet, ResNet or DenseNet"
            )
        # in double precision, which autocast leaves alone
        return class_maps(last.double(), head.weight.double()).float()

    return classifier._each(X, of_batch)


def seen(X, recipe: backbones.Recipe) -> np.ndarray:
    """The pictures of X as the network sees them, resized and cut: float32 (N, S, S, 3) in 0..1."""
    plain = dataclasses.replace(recipe, mean=(0.0,) * 3, std=(1.0,) * 3)
    squares = backbones.preprocess((images.read(source) for source in images_of(X)), plain)
    return squares.transpose(0, 2, 3, 1)


def activation_overlays(pictures, maps, titles) -> Figure:
    """Pictures (N, S, S, 3) in 0..1, and below each its map (N, h, w) over a grey copy.

    Each map is divided by its own largest absolute value: orange places speak for the class and
    purple ones against it, the more the less of the picture is seen through.
    """
    pictures, maps = np.asarray(pictures, dtype=float), np.asarray(maps, dtype=float)
    if not len(pictures) == len(maps) == len(titles):
        raise ValueError("pictures, maps and titles must be equally long")
    fig, axes = figure(2, len(pictures), size=(1.5 + 1.9 * len(pictures), 4.2), squeeze=False)
    with style():
        for column, picture, part, title in zip(axes.T, pictures, maps, titles, strict=True):
            above, below = column
            above.imshow(picture)
            above.set_title(title, fontsize=11)
            below.imshow(picture.mean(axis=2), cmap="gray", vmin=0, vmax=1)
            large = cv2.resize(part, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            large = large / max(np.abs(part).max(), 1e-12)
            shown = below.imshow(large, cmap=_FOR, vmin=-1, vmax=1, alpha=0.8 * np.abs(large))
            for axis in column:
                axis.axis("off")
        scale = matplotlib.cm.ScalarMappable(shown.norm, shown.cmap)
        words = "against ← the class → for"
        fig.colorbar(scale, ax=axes[1].tolist(), label=words, shrink=0.85, ticks=[-1, 0, 1])
    return fig


def named_maps(classifier, X) -> tuple[np.ndarray, np.ndarray]:
    """The class that is named in each picture, as a position in `classes_` (N,), and its map
    (N, h, w) of `activation_maps`."""
    named = classifier.predict_proba(X).argmax(axis=1)
    return named, activation_maps(classifier, X)[np.arange(len(named)), named]


# ---- what labels are worth ----


def label_curves(sizes, curves: dict, majority: float) -> Figure:
    """Accuracy in percent over the number of labels, on a logarithmic axis, with bands over draws.

    curves: name → shares (draws, K), see `evaluate.label_curves.noise_curves`; majority: a share.
    """
    percent = {name: 100 * np.asarray(rows) for name, rows in curves.items()}
    words = {"xlabel": "labels to learn from", "ylabel": "accuracy (%)"}
    fig = curve_with_band(sizes, percent, dashed={"majority": 100 * majority}, **words)
    fig.axes[0].set_xscale("log")
    fig.axes[0].set_xticks(sizes, [str(size) for size in sizes])
    fig.axes[0].minorticks_off()
    return fig
