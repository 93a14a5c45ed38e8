"""A detector of objects that also finds emotional regions (Rao et al. 2019, sections 3.2 and 4.1).

Faster R-CNN on a feature pyramid, made of torchvision's parts: a region proposal network (RPN)
suggests boxes, RoIAlign describes each by 7 × 7 places of one pyramid level, and a head of two
hidden layers says what it holds and moves its edges. There are two such heads. That for objects is
trained first, with the pyramid and the RPN, on L_det = L_obj + L_reg (eq. 1), where L_obj knows
two classes, an object or none: what kind of object is no question here. Then all of that is fixed
and the head for emotion, which starts as a copy of it, is trained on L*_det = L_emo + L_reg
(eq. 2). So a box has p_obj and p_emo, and S_emo = √(p_emo² + p_obj²) (eq. 3), from 0 to √2.

What the text leaves open, and what was chosen:

- "fix the object classifier": whatever p_obj depends on is fixed, and not only its last layer,
  since p_obj would otherwise change while nothing teaches it. Emotional regions are therefore
  selected "from the candidate object proposals", as section 4.1 says.
- the rule for labels (IoU > .7 or the best: positive, < .3: negative) is that of both heads and,
  as in Faster R-CNN, of the RPN. True boxes are not added to the proposals: the best proposal
  takes that part.
- each loss is weighted by 1. For a head 32 boxes of a picture are drawn, at most a quarter of
  them positive (Fast R-CNN draws 64), and the RPN chooses among the 300 most probable boxes of
  each level (usual are 1000): a step on a CPU then takes little more than half as long.
- once it is fixed, in the second step and after training, it chooses among 100 of each level and
  gives 50 proposals: on drawn scenes the ten best regions are found as well as with 300 and 100.
- of two regions with an IoU above .5 the weaker is dropped before the best are taken.
- X_local, "local deep representations", are means of the region in C2, C3 and C4, side by side: of
  several levels, and of maps that know what is seen. The pyramid and the heads, which learned to
  tell something from nothing, have forgotten most of that: with them, in scenes whose emotion is
  in the objects, even true regions were worth no more than moved ones. A place of C5 sees nearly
  the whole picture, which X_global has already. (Chosen on drawn scenes that no chapter shows.)
- RoIs are spread over the levels as in Lin et al. (2017, eq. 1), in proportion to the anchors.
"""

from typing import NamedTuple

import torch
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead

from emobook.features.stages import Stages
from emobook.models import _boxes, _local
from emobook.models._rois import PLACES, RoIAlign
from emobook.models.pyramid import FeaturePyramid
from emobook.models.staged import FREEZE, PartlyFrozen

ANCHORS = (32, 64, 128, 256)  # sides in pixels, one for each of P2 to P5
SUPPRESSED = 0.5  # IoU
# boxes of each level, the most probable, of which the RPN makes its proposals
_CANDIDATES = {"training": 300, "testing": 100}
_TAUGHT = 100  # proposals of a picture while the RPN learns, at least
_DRAWN, _SHARE = 32, 0.25  # boxes of a picture per step, at most so many of them positive


class Found(NamedTuple):
    """What was found in N pictures, K regions in each, best first.

    boxes (N, K, 4) in pixels of the square that the network sees; p_obj, p_emo, s_emo (N, K);
    found, bool (N, K): False where a picture had fewer than K; the region is then the whole
    picture, and its three numbers are 0.
    """

    boxes: torch.Tensor
    p_obj: torch.Tensor
    p_emo: torch.Tensor
    s_emo: torch.Tensor
    found: torch.Tensor


def emotion_score(p_emo, p_obj):
    """Eq. 3: S_emo = √(p_emo² + p_obj²), elementwise, from 0 to √2."""
    return (p_emo**2 + p_obj**2) ** 0.5


class Head(nn.Module):
    """RoIs (R, d, 7, 7) → two layers (R, width) → logits (R, 2) of no and yes, and moves (R, 4)."""

    def __init__(self, channels: int, width: int):
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * PLACES**2, width), nn.ReLU(),
            nn.Linear(width, width), nn.ReLU(),
        )  # fmt: skip
        self.score, self.move = nn.Linear(width, 2), nn.Linear(width, 4)

    def forward(self, rois):
        known = self.hidden(rois.permute(0, 2, 3, 1))  # as they lie in memory: nothing is copied
        return self.score(known), self.move(known)


class RegionNetwork(PartlyFrozen):
    """The detector as a network; pictures are squares of `side` pixels.

    parts: levels of a backbone. mean, std: (3,), by which it expects pixels to be normalised.
    side: a multiple of 32. channels: of the pyramid; the heads are four times as wide, 1024 for
    256 channels as in Lin et al. anchors: four sides in pixels, aspect ratio 1:1. proposals: P,
    boxes that the RPN suggests for a picture, at least 100 in the first step. single_level: see
    `FeaturePyramid`; all four anchors then stand at each place of the one map. freeze: "none",
    "lower" or "trunk", levels of the backbone that never change. live: whether batch normalisation
    that is not frozen estimates its means anew in the first step. weights_id: of the backbone that
    `parts` were cut from.
    """

    def __init__(
        self, parts: Stages, mean, std, side: int, *, channels: int, anchors=ANCHORS,
        proposals: int = 50, single_level: bool = False, freeze: str = "trunk", live: bool = False,
        weights_id: str = "",
    ):  # fmt: skip
        super().__init__(weights_id)
        self.levels, self.pool = parts.levels, parts.pool
        self.side, self.proposals, self.live, self.step = side, proposals, live, "object"
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)
        self.pyramid = FeaturePyramid(parts, channels, single_level)
        sides = (tuple(anchors),) if single_level else tuple((one,) for one in anchors)
        self.rpn = RegionProposalNetwork(
            AnchorGenerator(sides, ((1.0,),) * len(sides)), RPNHead(channels, len(sides[0])),
            fg_iou_thresh=0.7, bg_iou_thresh=0.3, batch_size_per_image=256, positive_fraction=0.5,
            pre_nms_top_n=_CANDIDATES,
            post_nms_top_n={"training": max(_TAUGHT, proposals), "testing": proposals},
            nms_thresh=0.7,
        )  # fmt: skip
        self.align = RoIAlign(self.pyramid.strides, round(224 * anchors[0] / ANCHORS[0]))
        self.object_head, self.emotion_head = (Head(channels, 4 * channels) for _ in range(2))
        self._freeze(freeze)
        self.begin("object")

    def _freeze(self, freeze: str) -> None:
        count = len(self.levels)
        self.frozen = dict(zip(FREEZE, (0, count - 1, count), strict=True))[freeze]
        self.still = [*self.levels[: self.frozen], self.pool] if self.frozen else []
        self.trunk = [name for name, _ in self.named_parameters() if name.startswith("levels.")]

    def begin(self, step: str) -> None:
        """Go over to a step of training, "object" or "emotion": its parameters take gradients.

        The head for emotion begins as a copy of that for objects.
        """
        self.step = step
        self.requires_grad_(False)
        if step == "emotion":
            self.emotion_head.load_state_dict(self.object_head.state_dict())
            self.emotion_head.requires_grad_(True)
            return
        for part in (self.levels[self.frozen :], self.pyramid, self.rpn, self.object_head):
            part.requires_grad_(True)

    def train(self, mode: bool = True):
        """Parts that do not learn in this step stay in evaluation mode."""
        super().train(mode)
        still = [self.pool, *(self.levels[: self.frozen] if self.live else self.levels)]
        if self.step == "emotion":
            still += [self.levels, self.pyramid, self.rpn]
        for part in still:
            part.eval()
        return self

    def maps(self, pixels) -> tuple[torch.Tensor, ...]:
        """Squares, uint8 (N, 3, S, S) → C2 to C5, each (N, c, h, w)."""
        x = (pixels.float() / 255 - self.mean) / self.std
        x, found = x.contiguous(memory_format=torch.channels_last), []
        for level in self.levels:
            x = level(x)
            found.append(x)
        return tuple(found[-4:])

    def forward(self, *inputs) -> torch.Tensor:
        """The losses of this step: (4,), classes and boxes of the RPN and of the head for objects;
        or (2,), of the head for emotion.

        inputs: squares, or the maps C2 to C5; then the true boxes (N, T, 4), of objects or of
        emotional regions, filled up with NaN.
        """
        *maps, truth = inputs
        truth = [boxes[boxes[:, 0].isfinite()] for boxes in truth]
        levels = self._levels(maps if len(maps) > 1 else self.maps(*maps))
        with _exact(truth[0]):
            proposals, rpn_losses = self._propose(levels, truth)
            chosen, labels, targets = [], [], []
            for boxes, true in zip(proposals, truth, strict=True):
                kinds, nearest = _boxes.assign(boxes, true)
                some = _boxes.sample(kinds, _DRAWN, _SHARE)
                chosen.append(boxes[some])
                labels.append(kinds[some])
                known = true[nearest[some]] if len(true) else boxes[some]
                targets.append(_boxes.encode(known, boxes[some]))
            head = self.object_head if self.step == "object" else self.emotion_head
            logits, moves = head(self._rois(levels, chosen))
            found = _boxes.losses(logits, moves, torch.cat(labels), torch.cat(targets))
        return torch.cat([*(part[None] for part in rpn_losses.values()), found])

    @torch.no_grad()
    def detect(self, maps, count: int) -> tuple[Found, Found]:
        """From C2 to C5 the `count` best emotional regions, by S_emo, and objects, by p_obj.

        An emotional region lies where the head for emotion moves a proposal, an object where that
        for objects does; p_obj, p_emo and S_emo are those of the proposal.
        """
        levels = self._levels(maps)
        with _exact(levels["P4"]):
            proposals, _ = self._propose(levels)
            boxes = self._whole(len(proposals), self.proposals)
            valid = torch.zeros(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
            for row, some in enumerate(proposals):
                boxes[row, : len(some)], valid[row, : len(some)] = some, True
            p_obj, p_emo, *moves = self.judge(levels, boxes)
            s_emo = emotion_score(p_emo, p_obj)
            found = []
            for move, score in zip(moves[::-1], (s_emo, p_obj), strict=True):
                moved = _boxes.decode(move, boxes)
                best, places, there = _boxes.strongest(
                    moved, score, valid, self.side, SUPPRESSED, count
                )
                numbers = (part.gather(1, places).where(there, 0) for part in (p_obj, p_emo, s_emo))
                found.append(Found(best, *numbers, there))
        return tuple(found)

    def judge(self, levels, boxes) -> tuple[torch.Tensor, ...]:
        """From P2 to P5, by name, and boxes (N, P, 4): p_obj and p_emo (N, P), and how the heads
        for objects and for emotion move them (N, P, 4)."""
        rois = self._rois(levels, list(boxes))  # as many for each picture: a batch rounds alike
        logits, moves = zip(self.object_head(rois), self.emotion_head(rois), strict=True)
        shares = (part.softmax(dim=1)[:, 1].reshape(boxes.shape[:2]) for part in logits)
        return *shares, *(part.reshape(boxes.shape) for part in moves)

    @torch.no_grad()
    def describe(self, maps, emotional, objects) -> tuple[torch.Tensor, ...]:
        """From C2 to C5 and boxes (N, K, 4) of both kinds what the classifier sees.

        Returns X_global (N, D), what the backbone's own last layer sees of the whole picture, and
        X_local of either kind, (N, K, d): the means of these boxes (RoIAlign) in C2, C3 and C4,
        side by side, as X_global is the mean of the picture in C5.
        """
        boxes = torch.cat([emotional, objects], dim=1)
        with _exact(boxes):
            local = [_local.means(level.float(), boxes, self.side) for level in maps[:-1]]
        local = torch.cat(local, dim=-1).split([emotional.shape[1], objects.shape[1]], dim=1)
        return self.pool(maps[-1]).float(), *local

    def _levels(self, maps):
        return {name: level.float() for name, level in self.pyramid(maps).items()}

    def _propose(self, levels, truth=None):
        """Proposals, a list of at most (P, 4), and where the RPN learns its losses by name."""
        count = len(levels["P4"])
        shapes = ImageList(  # of pixels only the shape is looked at
            torch.empty(0, 3, self.side, self.side), [(self.side, self.side)] * count
        )
        return self.rpn(shapes, levels, truth and [{"boxes": boxes} for boxes in truth])

    def _rois(self, levels, boxes):
        """RoIs (R, d, 7, 7) of R boxes in all, a list of (r, 4)."""
        return self.align(levels.values(), boxes)

    def _whole(self, *shape) -> torch.Tensor:
        whole = self.mean.new_tensor([0.0, 0.0, self.side, self.side])
        return whole.expand(*shape, 4).clone()


def _exact(like):
    """Single precision: in half of it, the edges of a box are some pixels off."""
    return torch.autocast(like.device.type, enabled=False)
