"""The rivals of `regions.py`, torchvision's and detectron2's own detectors, with equal weights.

Each is a module. In evaluation it takes squares, uint8 (N, 3, S, S), and gives scores and boxes of
the objects in each picture, best first; in training also the true boxes, and gives its loss.

channels_last: whether pixels, and so all maps, lie in memory with their channels side by side, as
`RegionNetwork` has them; neither package does that by itself.
"""

import copy

import torch
from torch import nn
from torchvision.models.detection.faster_rcnn import FasterRCNN, FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from emobook.models.detector import _DRAWN, RegionNetwork


class _Pyramid(nn.Module):
    """Normalised pixels → P2 to P5, by copies of the frozen trunk and the pyramid of `network`."""

    def __init__(self, network: RegionNetwork, channels_last: bool):
        super().__init__()
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.levels, self.pyramid = map(copy.deepcopy, (network.levels, network.pyramid))
        self.out_channels = network.pyramid.channels

    def forward(self, x):
        x, maps = x.contiguous(memory_format=self.layout), []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        return self.pyramid(maps[-4:])

    def train(self, mode: bool = True):
        super().train(mode)
        self.levels.eval()
        return self


class Torchvision(nn.Module):
    """`FasterRCNN`."""

    def __init__(self, network: RegionNetwork, recipe, keep: int, channels_last: bool):
        super().__init__()
        channels, count = network.pyramid.channels, network.proposals
        candidates, taught = network.rpn._pre_nms_top_n, network.rpn._post_nms_top_n["training"]
        self.inner = FasterRCNN(
            _Pyramid(network, channels_last), min_size=network.side, max_size=network.side,
            image_mean=recipe.mean, image_std=recipe.std,
            rpn_anchor_generator=copy.deepcopy(network.rpn.anchor_generator),
            rpn_head=copy.deepcopy(network.rpn.head),
            rpn_pre_nms_top_n_train=candidates["training"],
            rpn_pre_nms_top_n_test=candidates["testing"], rpn_post_nms_top_n_train=taught,
            rpn_post_nms_top_n_test=count,
            box_roi_pool=MultiScaleRoIAlign(list(network.pyramid.names), 7, 2),
            box_head=TwoMLPHead(channels * 49, 4 * channels),
            box_predictor=FastRCNNPredictor(4 * channels, 2),
            box_fg_iou_thresh=0.7, box_bg_iou_thresh=0.3,
            box_batch_size_per_image=_DRAWN, box_detections_per_img=keep,
        )  # fmt: skip
        known, heads = copy.deepcopy(network.object_head), self.inner.roi_heads
        _, heads.box_head.fc6, _, heads.box_head.fc7, _ = known.hidden
        first = heads.box_head.fc6.weight  # places of each channel, not channels of each place
        first.data = first.data.unflatten(1, (49, -1)).mT.flatten(1)
        heads.box_predictor.cls_score = known.score
        moves = heads.box_predictor.bbox_pred.state_dict()
        for name, part in known.move.state_dict().items():
            moves[name][4:] = part  # those before are of "none"

    def forward(self, squares, truth=None):
        images = [one / 255 for one in squares]
        if truth is None:
            return [(found["scores"], found["boxes"]) for found in self.inner(images)]
        targets = [
            {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64)} for boxes in truth
        ]
        return sum(self.inner(images, targets).values())


def detectron2(network: RegionNetwork, recipe, keep: int, channels_last: bool) -> nn.Module:
    """`GeneralizedRCNN`. Raises ImportError."""
    from detectron2.layers import ShapeSpec
    from detectron2.modeling import GeneralizedRCNN, build_proposal_generator, build_roi_heads
    from detectron2.modeling.backbone import Backbone
    from detectron2.structures import Boxes, Instances
    from detectron2.utils.events import EventStorage

    from emobook.models.detectron import config, translated

    class Trunk(Backbone):
        def __init__(self):
            super().__init__()
            self.inner = _Pyramid(network, channels_last)

        def forward(self, x):
            return self.inner(x)

    class Detectron2(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, squares, truth=None):
            inputs = [{"image": one} for one in squares]
            if truth is None:
                found = [one["instances"] for one in self.inner(inputs)]
                return [(one.scores, one.pred_boxes.tensor) for one in found]
            for one, boxes in zip(inputs, truth, strict=True):
                kinds = torch.zeros(len(boxes), dtype=torch.int64)
                size = one["image"].shape[1:]
                one["instances"] = Instances(size, gt_boxes=Boxes(boxes), gt_classes=kinds)
            with EventStorage():
                return sum(self.inner(inputs).values())

    settings = config(channels=network.pyramid.channels, proposals=network.proposals)
    settings.MODEL.ROI_HEADS.NAME = "StandardROIHeads"
    settings.TEST.DETECTIONS_PER_IMAGE = keep
    shapes = {
        name: ShapeSpec(channels=network.pyramid.channels, stride=stride)
        for name, stride in zip(network.pyramid.names, network.pyramid.strides, strict=True)
    }
    rpn, heads = build_proposal_generator(settings, shapes), build_roi_heads(settings, shapes)
    state = translated(network.state_dict())
    rpn.load_state_dict(_below("rpn.", state))
    known = _below("roi_heads.heads.object.", state)
    heads.box_head.load_state_dict(_below("hidden.", known))
    heads.box_predictor.load_state_dict(_below("predict.", known))
    mean, std = ([255 * value for value in part] for part in (recipe.mean, recipe.std))
    return Detectron2(
        GeneralizedRCNN(
            backbone=Trunk(), proposal_generator=rpn, roi_heads=heads,
            pixel_mean=mean, pixel_std=std,
        )
    )  # fmt: skip


def _below(prefix: str, state: dict) -> dict:
    return {n.removeprefix(prefix): part for n, part in state.items() if n.startswith(prefix)}
