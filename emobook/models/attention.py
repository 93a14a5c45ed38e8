"""Attention to places of a feature map, beside the plain network (Agarwal 2019).

`AlexNet` and `TwoStreamAlexNet` are the networks of the text, to the letter; `AttentionLayer`
is its layer, in the printed form and in two that mend it.
"""

import torch
import torch.nn.functional as F
from torch import nn

FORMS = ("literal", "scaled", "context")
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
