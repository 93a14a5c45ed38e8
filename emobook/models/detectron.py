"""The detector of `emobook.models.detector`, made of detectron2's parts (Wu et al. 2019).

Anchors, RPN, matching, sampling, RoI pooling, box heads, moves and losses are detectron2's, as
`detectron.yaml` sets them; `EmotionROIHeads` is registered among its RoI heads. The trunk, the
pyramid and the choice of the best regions are those of the default backend. From equal weights
(`translated`) both find the same proposals, probabilities, scores and boxes, and from the same
random numbers the same losses, except that:

- torchvision rounds half of an anchor's side to whole pixels; detectron2 does not: anchors with
  odd sides differ by half a pixel.
- the RPN's losses are divided by the anchors that a batch should draw, 256 per picture, not by
  those that were drawn: less only where a picture has fewer anchors that count.
- an IoU of exactly .7 is positive here, and ignored by the default's heads.
- torchvision drops proposals that are narrower than a thousandth of a pixel, detectron2 only those
  without area.
- a RoI less than about 10⁻⁶ below the size at which the level changes goes to the lower level.
- boxes of equal probability after rounding are ranked by their logits.
- numbers that are not finite raise FloatingPointError in training.
- new layers draw their first weights from detectron2's distributions.
"""

from pathlib import Path

import torch
from torch import nn

try:
    from detectron2.config import CfgNode, configurable, get_cfg
    from detectron2.layers import ShapeSpec
    from detectron2.modeling.matcher import Matcher
    from detectron2.modeling.poolers import ROIPooler
    from detectron2.modeling.proposal_generator import build_proposal_generator
    from detectron2.modeling.roi_heads import ROI_HEADS_REGISTRY, ROIHeads, build_roi_heads
    from detectron2.modeling.roi_heads.box_head import build_box_head
    from detectron2.modeling.roi_heads.fast_rcnn import FastRCNNOutputLayers
    from detectron2.structures import Boxes, ImageList, Instances
    from detectron2.utils.events import EventStorage
except ImportError as reason:
    raise ImportError(
        f"the backend detectron2 cannot be imported ({reason}): create the conda environment of "
        "environment.yml, since it comes from conda-forge and not from the Python package index"
    ) from reason

from emobook.features.stages import Stages
from emobook.models._rois import PLACES
from emobook.models.detector import _TAUGHT, ANCHORS, RegionNetwork
from emobook.models.pyramid import FeaturePyramid
from emobook.models.staged import PartlyFrozen

_CONFIG = Path(__file__).with_suffix(".yaml")


def config(*, channels=256, anchors=ANCHORS, proposals=50, single_level=False) -> CfgNode:
    """The settings in `detectron.yaml`, with these arguments of `RegionNetwork`."""
    settings = get_cfg()
    settings.merge_from_file(str(_CONFIG), allow_unsafe=False)
    model = settings.MODEL
    model.FPN.OUT_CHANNELS, model.ROI_BOX_HEAD.FC_DIM = channels, 4 * channels
    sides = [list(anchors)] if single_level else [[one] for one in anchors]
    model.ANCHOR_GENERATOR.SIZES = sides
    if single_level:
        model.RPN.IN_FEATURES = model.ROI_HEADS.IN_FEATURES = ["P4"]
    model.RPN.POST_NMS_TOPK_TRAIN = max(_TAUGHT, proposals)
    model.RPN.POST_NMS_TOPK_TEST = proposals
    return settings


class TouchingMatcher(Matcher):
    """detectron2's rule, but where no box touches a true box none is its best."""

    def set_low_quality_matches_(self, match_labels, match_quality_matrix):
        touched = match_quality_matrix[match_quality_matrix.amax(dim=1) > 0]
        super().set_low_quality_matches_(match_labels, touched)


class _Head(nn.Module):
    """RoIs (R, d, 7, 7) → two layers (R, width) → logits (R, 2) of yes and no, and moves (R, 4)."""

    def __init__(self, settings: CfgNode, shape: ShapeSpec):
        super().__init__()
        self.hidden = build_box_head(settings, shape)
        self.predict = FastRCNNOutputLayers(settings, self.hidden.output_shape)

    def forward(self, rois):
        return self.predict(self.hidden(rois))


@ROI_HEADS_REGISTRY.register()
class EmotionROIHeads(ROIHeads):
    """Two heads on the same RoIs, for objects and for emotion (Rao et al. 2019, section 4.1).

    learning: which of them is trained, "object" or "emotion". In training `forward` gives no
    detections and the losses of that head; otherwise the proposals, with the fields p_obj and
    p_emo (P,), object_moves and emotion_moves (P, 4), and no losses.
    """

    @configurable
    def __init__(self, *, in_features, pooler, object_head, emotion_head, **options):
        super().__init__(**options)
        self.in_features, self.pooler, self.learning = in_features, pooler, "object"
        self.heads = nn.ModuleDict({"object": object_head, "emotion": emotion_head})

    @classmethod
    def from_config(cls, cfg, input_shape):
        heads, box = cfg.MODEL.ROI_HEADS, cfg.MODEL.ROI_BOX_HEAD
        shapes, side = [input_shape[name] for name in heads.IN_FEATURES], box.POOLER_RESOLUTION
        pooled = ShapeSpec(channels=shapes[0].channels, height=side, width=side)
        smallest = cfg.MODEL.ANCHOR_GENERATOR.SIZES[0][0]
        return super().from_config(cfg) | {
            "proposal_matcher": TouchingMatcher(
                heads.IOU_THRESHOLDS, heads.IOU_LABELS, allow_low_quality_matches=True
            ),
            "in_features": heads.IN_FEATURES,
            "pooler": ROIPooler(
                side, [1 / shape.stride for shape in shapes], box.POOLER_SAMPLING_RATIO,
                box.POOLER_TYPE, canonical_box_size=round(224 * smallest / ANCHORS[0]),
            ),
            "object_head": _Head(cfg, pooled),
            "emotion_head": _Head(cfg, pooled),
        }  # fmt: skip

    def forward(self, images, features, proposals, targets=None):
        if self.training:
            proposals = self.label_and_sample_proposals(proposals, targets)
        boxes = [one.proposal_boxes for one in proposals]
        rois = self.pool(features, boxes)
        if self.training:
            head = self.heads[self.learning]
            return [], head.predict.losses(head(rois), proposals)
        for kind, short in (("object", "p_obj"), ("emotion", "p_emo")):
            logits, moves = self.heads[kind](rois)
            yes, counts = logits.softmax(dim=1)[:, 0], list(map(len, boxes))
            parts = zip(proposals, yes.split(counts), moves.split(counts), strict=True)
            for one, share, move in parts:
                one.set(short, share)
                one.set(f"{kind}_moves", move)
        return proposals, {}

    def pool(self, features, boxes) -> torch.Tensor:
        """RoIs (R, d, 7, 7) of R boxes in all, a list of `Boxes`, one for each picture."""
        return self.pooler([features[name] for name in self.in_features], boxes)


class DetectronNetwork(RegionNetwork):
    """`RegionNetwork`, made of detectron2's parts; the same arguments, steps and results."""

    def __init__(
        self, parts: Stages, mean, std, side: int, *, channels: int, anchors=ANCHORS,
        proposals: int = 50, single_level: bool = False, freeze: str = "trunk", live: bool = False,
        weights_id: str = "",
    ):  # fmt: skip
        PartlyFrozen.__init__(self, weights_id)  # RegionNetwork's would build torchvision's parts
        self.levels, self.pool = parts.levels, parts.pool
        self.side, self.proposals, self.live = side, proposals, live
        self.register_buffer("mean", torch.tensor(mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(std)[:, None, None], persistent=False)
        self.pyramid = FeaturePyramid(parts, channels, single_level)
        settings = config(
            channels=channels, anchors=anchors, proposals=proposals, single_level=single_level
        )
        shapes = {
            name: ShapeSpec(channels=channels, stride=stride)
            for name, stride in zip(self.pyramid.names, self.pyramid.strides, strict=True)
        }
        self.rpn = build_proposal_generator(settings, shapes)
        self.roi_heads = build_roi_heads(settings, shapes)
        self._freeze(freeze)
        self.begin("object")

    @property
    def object_head(self):
        return self.roi_heads.heads["object"]

    @property
    def emotion_head(self):
        return self.roi_heads.heads["emotion"]

    def begin(self, step: str) -> None:
        super().begin(step)
        self.roi_heads.learning = step

    def forward(self, *inputs) -> torch.Tensor:
        *maps, truth = inputs
        known = [Boxes(boxes[boxes[:, 0].isfinite()]) for boxes in truth]
        targets = [
            self._picture(gt_boxes=boxes, gt_classes=boxes.tensor.new_zeros(len(boxes)).long())
            for boxes in known
        ]
        levels = self._levels(maps if len(maps) > 1 else self.maps(*maps))
        with torch.autocast(truth.device.type, enabled=False), EventStorage():
            proposals, rpn_losses = self.rpn(self._shapes(len(truth)), levels, targets)
            _, losses = self.roi_heads(None, levels, proposals, targets)
        return torch.stack([*rpn_losses.values(), *losses.values()])

    def judge(self, levels, boxes) -> tuple[torch.Tensor, ...]:
        proposals = [self._picture(proposal_boxes=Boxes(some)) for some in boxes]
        seen, _ = self.roi_heads(None, levels, proposals)
        names = ("p_obj", "p_emo", "object_moves", "emotion_moves")
        return tuple(torch.stack([one.get(name) for one in seen]) for name in names)

    def _propose(self, levels):
        proposals, losses = self.rpn(self._shapes(len(levels["P4"])), levels)
        return [one.proposal_boxes.tensor for one in proposals], losses

    def _rois(self, levels, boxes):
        return self.roi_heads.pool(levels, [Boxes(some) for some in boxes])

    def _picture(self, **fields) -> Instances:
        return Instances((self.side, self.side), **fields)

    def _shapes(self, count: int) -> ImageList:
        """Of pixels only the shape is looked at."""
        return ImageList(torch.empty(0), [(self.side, self.side)] * count)


def translated(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state of a `RegionNetwork` as that of a `DetectronNetwork` with the same arguments."""
    names = {
        "rpn.head.conv.0.0.": "rpn.rpn_head.conv.",
        "rpn.head.cls_logits.": "rpn.rpn_head.objectness_logits.",
        "rpn.head.bbox_pred.": "rpn.rpn_head.anchor_deltas.",
    }
    layers = {
        "hidden.1.": "hidden.fc1.",
        "hidden.3.": "hidden.fc2.",
        "score.": "predict.cls_score.",
        "move.": "predict.bbox_pred.",
    }
    for kind in ("object", "emotion"):
        names |= {f"{kind}_head.{a}": f"roi_heads.heads.{kind}.{b}" for a, b in layers.items()}
    found = {}
    for name, part in state.items():
        start, _, end = name.rpartition(".")
        renamed = names.get(f"{start}.", f"{start}.") + end
        if ".cls_score." in renamed:  # rows of no and yes become rows of yes and no
            part = part.flip(0)
        elif renamed.endswith("fc1.weight"):  # channels of each place → places of each channel
            part = part.unflatten(1, (PLACES**2, -1)).mT.flatten(1)
        found[renamed] = part
    return found
