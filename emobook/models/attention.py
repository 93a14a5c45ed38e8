"""Attention to places of a feature map, beside the plain network (Agarwal 2019).

`AlexNet` and `TwoStreamAlexNet` are the networks of the text, to the letter; `AttentionLayer`
is its layer, in the printed form and in two that mend it. `AttentionClassifier` puts the layer on
any convolutional backbone.
"""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from emobook.features.recipes import Recipe
from emobook.features.stages import Stages
from emobook.models.network import NetworkClassifier, Top

FORMS = ("literal", "scaled", "context")
STREAMS = ("both", "attention", "plain")
_HIDDEN = 100  # units of the hidden layer and of the context vector in Yang et al. (2016)


class AttentionLayer(nn.Module):
    """One weight per place of a feature map, by what stands there: (N, C, h, w) → the map times
    the weights (N, C, h, w), and the weights (N, h, w), which sum to 1.

    form: how a place's C values x become its score, over which the softmax runs, and what happens
    to the map.

    - "literal": score wᵀx + b, map times weights, as printed (Agarwal 2019, section 2.2.1, read as
      256 → 1 per place). The weights average 1 / (h · w), and so does what is left of the map. The
      bias is the same at all places and cancels in the softmax; the text has it, so it is here.
    - "scaled": the same, times h · w: with equal weights the map stays as it is.
    - "context": score uᵀu_w of a hidden layer u = tanh(W x + b) with a learned context vector u_w,
      as in the hierarchical attention network that inspired the text (section 1.2.2; Yang et al.
      2016), times h · w.

    Raises ValueError for another form.
    """

    def __init__(self, channels: int, form: str = "scaled"):
        super().__init__()
        if form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}")
        self.form = form
        if form == "context":
            self.score = nn.Sequential(
                nn.Conv2d(channels, _HIDDEN, 1), nn.Tanh(), nn.Conv2d(_HIDDEN, 1, 1, bias=False)
            )
        else:
            self.score = nn.Conv2d(channels, 1, 1)

    def forward(self, x):
        scores = self.score(x)
        weights = scores.flatten(1).softmax(1).view_as(scores)  # (N, 1, h, w)
        places = 1 if self.form == "literal" else weights[0].numel()
        return places * weights * x, weights[:, 0]


class AlexNet(nn.Module):
    """AlexNet as section 2.1.1 describes it: (N, 3, 227, 227) → logits (N, classes).

    Kernels of layers 2, 4 and 5 see half of the channels (5×5×48, 3×3×192), as on Krizhevsky's two
    cards. 227 pixels without padding give 55 × 55 places. Pools are 3 × 3 at stride 2 and overlap.
    The text leaves out the local response normalisation; it stands here where Krizhevsky et al.
    (2012) have it, after the first and the second ReLU and before their pools. 60,965,224
    parameters for 1000 classes. No public ImageNet weights fit it: torchvision's AlexNet is a
    later one, without groups, with 64 to 384 kernels.

    stages: five of them, each giving what the next one takes: 27×27×96, 13×13×256, 13×13×384,
    13×13×384, 6×6×256. layers: fc6 and fc7 of `neurons` each, with dropout .5 before both.
    head: fc8.
    """

    side = 227  # pixels

    def __init__(self, classes: int = 1000, neurons: int = 4096):
        super().__init__()
        self.stages = nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), _Normalised(), _pool()),
            nn.Sequential(
                nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), _Normalised(), _pool()
            ),
            nn.Sequential(nn.Conv2d(256, 384, 3, padding=1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU()),
            nn.Sequential(nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), _pool()),
        )
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.5), nn.Linear(6 * 6 * 256, neurons), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(neurons, neurons), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(neurons, classes)

    def forward(self, x):
        return self.head(self.layers(self.stages(x)))


class TwoStreamAlexNet(nn.Module):
    """Agarwal's network (section 2.2): (N, 3, 227, 227) → logits (N, classes), weights (N, 6, 6).

    Two whole AlexNets see the same pictures up to their penultimate layers; in one of them
    attention stands between the last pool and fc6. Their 4096 + 4096 values make one softmax
    layer. 113,802,249 parameters for eight classes and form="literal".
    """

    def __init__(self, classes: int = 8, form: str = "literal", neurons: int = 4096):
        super().__init__()
        self.attention = AttentionLayer(256, form)
        self.attended, self.plain = AlexNet(neurons=neurons), AlexNet(neurons=neurons)
        self.attended.head = self.plain.head = nn.Identity()
        self.head = nn.Linear(2 * neurons, classes)

    def forward(self, x):
        attended, weights = self.attention(self.attended.stages(x))
        both = torch.cat([self.attended.layers(attended), self.plain(x)], 1)
        return self.head(both), weights


class _Normalised(nn.Module):
    """Local response normalisation across channels (Krizhevsky et al. 2012, section 3.3):
    a / (2 + 1e-4 Σ a²)^.75, the sum over the channel and two on either side. torch divides its
    alpha by the five channels, the paper does not."""

    def forward(self, x):
        return F.local_response_norm(x, 5, alpha=5e-4, beta=0.75, k=2)


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2)


class AttentionTop(Top):
    """The last map (N, C, h, w) seen in one or two ways, side by side, and a linear layer.

    plain, attended: what turns a map into features (N, D); either may be None, not both.
    layer: the `AttentionLayer` before `attended`, or None.
    """

    def __init__(self, plain, attended, layer, feature_dim: int, classes: int):
        super().__init__()
        self.plain, self.attended, self.layer = plain, attended, layer
        ways = sum(part is not None for part in (plain, attended))
        self.head = nn.Linear(ways * feature_dim, classes)

    def features(self, x):
        """(N, C, h, w) → (N, D) or (N, 2 D), the attended half first."""
        ways = []
        if self.attended is not None:
            ways.append(self.attended(self.layer(x)[0]))
        if self.plain is not None:
            ways.append(self.plain(x))
        return torch.cat(ways, 1)


class AttentionClassifier(NetworkClassifier):
    """Agarwal's two streams on any convolutional backbone.

    attention: the form of the `AttentionLayer` on the backbone's last map.
    streams: "both" sets what the backbone makes of the weighted map beside what it makes of the
        plain one, as section 2.2 does; "attention" and "plain" leave the other out.
    options: of `NetworkClassifier`.

    In the text the streams are two whole networks (`TwoStreamAlexNet`). Here they share all
    levels up to the last map, so that the layer is the only difference between them; of the fully
    connected layers of an AlexNet or VGG each has its own copy (where these are frozen, one
    serves both). Where the backbone ends in the mean over places, "scaled" and "context" make it
    the weighted mean, and "literal" that mean divided by the number of places.
    """

    def __init__(self, attention="scaled", streams="both", **options):
        super().__init__(**options)
        self.attention = attention
        self.streams = streams

    def _top(self, parts: Stages, classes: int) -> Top:
        if self.streams not in STREAMS:
            raise ValueError(f"streams must be one of {', '.join(STREAMS)}, not {self.streams!r}")
        if self.attention not in FORMS:
            raise ValueError(f"attention must be one of {', '.join(FORMS)}, not {self.attention!r}")
        plain = attended = layer = None
        if self.streams != "attention":
            plain = parts.pool
        if self.streams != "plain":
            layer = AttentionLayer(parts.channels[-1], self.attention)
            shared = plain is None or self.freeze == "trunk"
            attended = parts.pool if shared else copy.deepcopy(parts.pool)
        return AttentionTop(plain, attended, layer, parts.feature_dim, classes)

    def _build(self, classes: int, pretrained: bool):
        network, recipe = super()._build(classes, pretrained)
        # A copy of pretrained layers learns as slowly as these do.
        network.new = [name for name in network.new if not name.startswith("top.attended.")]
        return network, recipe

    def attention_maps(self, X) -> np.ndarray:
        """(N, h, w) float32, the weight of every place of the pictures of X; each map sums to 1.

        Places lie on the square that the network sees (see `covered`). Raises ValueError for
        streams="plain".
        """
        if self.streams == "plain":
            raise ValueError('there is no attention where streams="plain"')

        def weights(network, maps):
            seen = []
            hook = network.top.layer.register_forward_hook(lambda *given: seen.append(given[2][1]))
            try:
                network(*maps)
            finally:
                hook.remove()
            return seen[0].float()

        return self._each(X, weights)


def covered(boxes, width: int, height: int, recipe: Recipe, shape) -> np.ndarray:
    """How much of each place of a map the boxes cover: (h, w) shares in 0..1.

    boxes: (x0, y0, x1, y1) in pixels of a picture of `width` × `height` pixels, of which the
    network sees the square that `recipe` cuts out. shape: (h, w) of the map, whose places divide
    that square evenly; what a place has seen reaches further. Boxes may overlap: what two of them
    cover counts once.
    """
    scale = recipe.resize / min(width, height)
    left, top = (scale * np.array([width, height]) - recipe.size) / 2
    mask = torch.zeros(1, 1, recipe.size, recipe.size)
    for x0, y0, x1, y1 in boxes:
        columns, rows = (
            slice(*np.clip(np.round(scale * np.array(ends) - start), 0, recipe.size).astype(int))
            for ends, start in (((x0, x1), left), ((y0, y1), top))
        )
        mask[..., rows, columns] = 1
    return F.adaptive_avg_pool2d(mask, tuple(shape))[0, 0].numpy()


def looked(attention, boxes, recipe: Recipe, width: int, height: int):
    """How much of the attention lies on boxes, and how much equal weights would put there.

    attention: (N, h, w), each map sums to 1. boxes: N lists of boxes whose last four entries are
    (x0, y0, x1, y1), in pixels of pictures that are all of `width` × `height` pixels. Returns
    (M,) shares of the attention and (M,) shares of the area, for the M pictures in which a box is
    to be seen.
    """
    attention, cover = np.asarray(attention), []
    for some in boxes:
        ends = [box[-4:] for box in some]
        cover.append(covered(ends, width, height, recipe, attention.shape[1:]))
    cover = np.stack(cover)
    area = cover.mean(axis=(1, 2))
    return (attention * cover).sum(axis=(1, 2))[area > 0], area[area > 0]


def numbers() -> dict[tuple[str, str], float]:
    """What sections 2.0.1 to 2.2.1 say of the two networks, read off those above: (column, row)
    as in `results.reported("agarwal2019")` → number; and two that the text leaves out, the
    proposed network's parameters and the values before its last layer."""
    with torch.device("meta"):
        network, proposed = AlexNet(), TwoStreamAlexNet()
        x = torch.empty(1, 3, AlexNet.side, AlexNet.side)
        first, weights = network.stages[0][0](x), proposed(x)[1]
    kinds = (nn.Conv2d, nn.Linear, nn.MaxPool2d, nn.Dropout)
    convolutions, linear, pools, dropouts = (
        [part for part in network.modules() if isinstance(part, kind)] for kind in kinds
    )
    found = {"input side": network.side, "parameters": _size(network)}
    found |= {"convolutional layers": len(convolutions), "fully connected layers": len(linear)}
    found |= {"layers with weights": len(convolutions) + len(linear)}
    found |= {"classes": linear[-1].out_features, "dropout rate": dropouts[0].p}
    found |= {"neurons of each fully connected layer": linear[0].out_features}
    found |= {"pooling stride s": pools[0].stride, "pooling size z": pools[0].kernel_size}
    found |= {"layer 1, stride": convolutions[0].stride[0]}
    found |= {"layer 1, output side": first.shape[-1], "layer 1, output channels": first.shape[1]}
    for k, part in enumerate(convolutions, 1):
        kernels, depth, side, _ = part.weight.shape
        sizes = {"kernel side": side, "kernel depth": depth, "kernels": kernels}
        found |= {f"layer {k}, {name}": size for name, size in sizes.items()}
    ours = {"input side": network.side, "input channels": x.shape[1]}
    ours |= {"attention, map side": weights.shape[-1], "attention, weights": weights[0].numel()}
    ours |= {"attention, channels": proposed.attention.score.in_channels}
    ours |= {"values before the last layer": proposed.head.in_features}
    ours |= {"parameters": _size(proposed)}
    columns = {"AlexNet": found, "proposed network": ours}
    return {(column, row): n for column, rows in columns.items() for row, n in rows.items()}


def _size(module: nn.Module) -> int:
    return sum(part.numel() for part in module.parameters())
