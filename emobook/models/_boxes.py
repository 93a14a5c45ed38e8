"""Boxes (x0, y0, x1, y1) in pixels: matched with the truth, moved, sampled, thinned out."""

import math

import torch
import torch.nn.functional as F
from torchvision.ops import box_iou, nms

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1
_SCALE = (10.0, 10.0, 5.0, 5.0)  # of moves, so that all four have a deviation of about 1
_MOST = math.log(1000 / 16)  # the logarithm of a side's largest growth, against overflow


def assign(boxes, truth, positive: float = 0.7, negative: float = 0.3):
    """Labels of boxes (P, 4) and the true box that each overlaps most, both int64 (P,).

    As in section 4.1 of Rao et al. (2019): a box is positive (1) whose IoU with a true box is
    above `positive`, or that has the highest IoU with some true box; of the others, one is
    negative (0) whose IoU with every true box is below `negative`; the rest are ignored (-1).

    truth (T, 4). Without true boxes all are negative and the positions 0. A true box that no box
    touches makes none positive. The best box of a true box is matched with it, unless it overlaps
    another more.
    """
    if not len(truth) or not len(boxes):
        empty = torch.zeros(len(boxes), dtype=torch.int64, device=boxes.device)
        return empty, empty.clone()
    overlap = box_iou(truth, boxes)
    most, nearest = overlap.max(dim=0)
    labels = torch.full_like(nearest, IGNORED)
    labels[most < negative] = NEGATIVE
    best = overlap.max(dim=1, keepdim=True).values
    labels[((overlap == best) & (best > 0)).any(dim=0)] = POSITIVE
    labels[most > positive] = POSITIVE
    return labels, nearest


def encode(truth, boxes) -> torch.Tensor:
    """The moves (P, 4) that turn boxes (P, 4) into the true ones (P, 4): of the middle, in widths
    and heights, and of the logarithms of width and height (Girshick 2014), each scaled."""
    (x, y, w, h), (tx, ty, tw, th) = _middle(boxes), _middle(truth)
    moves = torch.stack([(tx - x) / w, (ty - y) / h, (tw / w).log(), (th / h).log()], dim=-1)
    return moves * moves.new_tensor(_SCALE)


def decode(moves, boxes) -> torch.Tensor:
    """The boxes (…, 4) that moves (…, 4) make of boxes (…, 4)."""
    x, y, w, h = _middle(boxes)
    dx, dy, dw, dh = (moves / moves.new_tensor(_SCALE)).unbind(-1)
    x, y = x + dx * w, y + dy * h
    w, h = w * dw.clamp(max=_MOST).exp() / 2, h * dh.clamp(max=_MOST).exp() / 2
    return torch.stack([x - w, y - h, x + w, y + h], dim=-1)


def sample(labels, count: int, share: float) -> torch.Tensor:
    """Positions of at most `count` of the labels (P,), drawn from torch's generator: positive ones,
    but not more than `share` of `count`, and negative ones."""
    positive, negative = (labels == kind for kind in (POSITIVE, NEGATIVE))
    positive, negative = (_drawn(kind.nonzero()[:, 0]) for kind in (positive, negative))
    positive = positive[: int(share * count)]
    return torch.cat([positive, negative[: count - len(positive)]])


def losses(logits, moves, labels, targets) -> torch.Tensor:
    """(2,): the cross-entropy of logits (R, 2) with labels (R,), and L_reg of the moves (R, 4).

    L_reg is the robust loss of Fast R-CNN, ½ d² for |d| < 1 and |d| - ½ beyond, between moves and
    targets (R, 4), summed over the positive boxes and divided by R. Without boxes both are 0.
    """
    if not len(labels):
        return torch.stack([logits.sum(), moves.sum()]) * 0
    positive = labels == POSITIVE
    apart = F.smooth_l1_loss(moves[positive], targets[positive], reduction="sum")
    return torch.stack([F.cross_entropy(logits, labels), apart / len(labels)])


def strongest(boxes, scores, valid, side: int, overlap: float, count: int):
    """For each of N pictures of `side` × `side` pixels the `count` boxes with the highest scores.

    boxes (N, P, 4), scores (N, P), valid (N, P): which of them there are. Boxes are cut at the
    picture's edges, those with a side of less than one pixel dropped; of two with an IoU above
    `overlap` the one with the lower score is dropped too.

    Returns boxes (N, count, 4), best first; their positions among the P, int64 (N, count); and
    bool (N, count), False where there were too few: the box is then the whole picture, position 0.
    """
    boxes = boxes.clamp(0, side)
    sides = boxes[..., 2:] - boxes[..., :2]
    fit = valid & (sides >= 1).all(dim=-1) & scores.isfinite()
    best = boxes.new_tensor([0, 0, side, side]).expand(len(boxes), count, 4).clone()
    places = torch.zeros(len(boxes), count, dtype=torch.int64, device=boxes.device)
    found = torch.zeros_like(places, dtype=torch.bool)
    for row in range(len(boxes)):  # one by one: together, boxes of all pictures are compared
        place = fit[row].nonzero()[:, 0]
        place = place[nms(boxes[row, place], scores[row, place], overlap)[:count]]
        best[row, : len(place)] = boxes[row, place]
        places[row, : len(place)], found[row, : len(place)] = place, True
    return best, places, found


def _drawn(places) -> torch.Tensor:
    return places[torch.randperm(len(places), device=places.device)]


def _middle(boxes):
    """Middle, width and height."""
    x0, y0, x1, y1 = boxes.unbind(-1)
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
