"""The losses of Rao et al. (2019), section 4.3, as functions of logits, and one on pairs.

Throughout, `logits` (N, C) are activations before the softmax, p = softmax(logits) is what the
network says, y the one-hot label, f the label's emotion distribution (eq. 4, see `emotions`),
p* the share of voters who chose the label. Every function returns the mean over the batch as a
scalar tensor that gradients flow through; half precision is computed in float32.

    L_cls   = -Σ y log p                              eq. 7    cross_entropy
    L_ed    = -Σ f log p                              eq. 8    distribution_loss
    L_multi = (1 - λ) L_cls + λ L_ed                  eq. 6    multi_task_loss
    L_p     = -log softmax(p*² a)_c                   eq. 10   label_probability_loss("temperature")
    L_p     ≈ -p*² log softmax(a)_c + log(1 / p*)     eq. 11   label_probability_loss("weight")

Eq. 8 is printed as a Kullback-Leibler loss but is the cross-entropy with f: the two differ by the
entropy of f, which no weight can change. Eq. 9 is the gradient of L_multi; correctly it is

    ∂L_multi / ∂a = p - (1 - λ) y - λ f,

printed with plus signs, although a softmax gradient has to sum to 0. L_multi is therefore plain
cross-entropy with the soft target (1 - λ) y + λ f. Eq. 10 is printed with the probability inside
the exponential, which bounds the prediction at .17, .21 or .28 (p* = .6, .8, 1; eight classes)
and cannot be trained; the source that it cites scales the logits, as is done here.

Beside them stands the loss on pairs that Zhu et al. (2017) add to the softmax loss, on embeddings
(N, D) instead of logits: `contrastive_loss`.

Labels, distributions and probabilities may be tensors, arrays or lists; they are moved to the
device of the logits. Bad input raises ValueError naming the argument, at the price of one
transfer from the device.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Eq. 7. logits (N, C); labels (N,), whole numbers in 0..C-1."""
    logits, checks = _logits(logits)
    labels = _labels(labels, logits, checks)
    _refuse(checks)
    return F.cross_entropy(logits, labels)


def distribution_loss(logits: Tensor, distributions: Tensor) -> Tensor:
    """Eq. 8. logits (N, C); distributions (N, C), each row non-negative with sum 1."""
    logits, checks = _logits(logits)
    distributions = _distributions(distributions, logits, checks)
    _refuse(checks)
    return F.cross_entropy(logits, distributions)


def multi_task_loss(logits: Tensor, labels: Tensor, distributions: Tensor, lam: float) -> Tensor:
    """Eq. 6, arguments as above; lam = λ in [0, 1]: 0 is eq. 7 alone, 1 is eq. 8 alone."""
    logits, checks = _logits(logits)
    labels = _labels(labels, logits, checks)
    distributions = _distributions(distributions, logits, checks)
    lam = _lambda(lam)
    _refuse(checks)
    return (1 - lam) * F.cross_entropy(logits, labels) + lam * F.cross_entropy(
        logits, distributions
    )


def label_probability_loss(
    logits: Tensor, labels: Tensor, p: Tensor | float, form: str = "temperature"
) -> Tensor:
    """Eq. 10 (form="temperature", exact) or eq. 11 (form="weight", the paper's approximation).

    logits (N, C); labels (N,); p = p* in (0, 1], one number or (N,). At p = 1 both forms are
    eq. 7. "weight" keeps its constant log(1 / p*), which has no gradient.
    """
    if form not in ("temperature", "weight"):
        raise ValueError(f'form must be "temperature" or "weight", not {form!r}')
    logits, checks = _logits(logits)
    labels = _labels(labels, logits, checks)
    p = _tensor("p", p, logits, logits.dtype)
    if p.ndim and p.shape != labels.shape:
        raise ValueError(f"p must be one number or of shape ({len(logits)},), not {_shape(p)}")
    checks.append((((p > 0) & (p <= 1)).all(), "p must lie in (0, 1]"))
    _refuse(checks)
    if form == "temperature":
        return F.cross_entropy(logits * p.square().reshape(-1, 1), labels)
    return (p.square() * F.cross_entropy(logits, labels, reduction="none") - p.log()).mean()


def contrastive_loss(embeddings: Tensor, labels: Tensor, margin: float = 1) -> Tensor:
    """Pulls the images of one class together and pushes those of different classes apart.

    embeddings (N, D); labels (N,), whole numbers. Over all pairs of two images in the batch, with
    Euclidean distance d, the mean of d² for a pair of one class and of max(0, margin - d)² for
    one of two classes; 0 for a batch of one image, which has no pair. So the value depends on the
    batch, and where several processes share one, on which images each of them holds.

    After Hadsell, Chopra & LeCun (CVPR 2006, eq. 4), without their halves. Zhu et al. (IJCAI
    2017) take margin 1; which pairs they form is not known to us: all pairs of a batch are ours.
    """
    embeddings, checks = _logits(embeddings, "embeddings", "(N, D)")
    labels = _whole_numbers(labels, embeddings, "embeddings")
    try:
        margin = float(margin)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"margin must be one number above 0, not {margin!r}") from None
    if not 0 < margin < float("inf"):
        raise ValueError(f"margin must be a finite number above 0, not {margin}")
    _refuse(checks)
    distance = F.pdist(embeddings)  # (0, 1), (0, 2) … (1, 2) …: its slope at distance 0 is 0
    first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
    apart = (margin - distance).clamp(min=0)
    each = torch.where(labels[first] == labels[second], distance, apart).square()
    return each.sum() / max(len(each), 1)


# The checks below collect (flag on the device, sentence) pairs, so that all of them together cost
# one transfer instead of one each.


def _refuse(checks: list[tuple[Tensor, str]]) -> None:
    passed = torch.stack([flag for flag, _ in checks]).tolist()
    for good, (_, sentence) in zip(passed, checks, strict=True):
        if not good:
            raise ValueError(sentence)


def _logits(logits, name: str = "logits", shape: str = "(N, C)") -> tuple[Tensor, list]:
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        raise ValueError(f"{name} must be a tensor of floating-point numbers")
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(f"{name} must be of shape {shape} and not empty, not {_shape(logits)}")
    if logits.dtype in (torch.float16, torch.bfloat16):
        logits = logits.float()
    return logits, [
        (logits.isfinite().all(), f"{name} must be finite, but contain NaN or infinity")
    ]


def _labels(labels, logits: Tensor, checks: list) -> Tensor:
    labels = _whole_numbers(labels, logits, "logits")
    classes = logits.shape[1]
    fits = ((labels >= 0) & (labels < classes)).all()
    checks.append((fits, f"labels must lie in 0..{classes - 1}, one class per column of logits"))
    return labels


def _whole_numbers(labels, rows: Tensor, of: str) -> Tensor:
    """Labels (N,), one for each of the `rows` of what is called `of`."""
    labels = _tensor("labels", labels, rows)
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise ValueError(f"labels must be whole numbers, not of type {labels.dtype}")
    if labels.shape != rows.shape[:1]:
        raise ValueError(
            f"labels must be of shape ({len(rows)},) like the {of}, not {_shape(labels)}"
        )
    return labels.long()


def _distributions(distributions, logits: Tensor, checks: list) -> Tensor:
    # Half precision keeps two to three decimals of each share.
    half = getattr(distributions, "dtype", None) in (torch.float16, torch.bfloat16)
    result = _tensor("distributions", distributions, logits, logits.dtype)
    if result.shape != logits.shape:
        raise ValueError(
            f"distributions must be of shape {_shape(logits)} like the logits, not {_shape(result)}"
        )
    checks.append(((result >= 0).all(), "distributions must not contain NaN or negative shares"))
    sums_to_one = ((result.sum(dim=1) - 1).abs() <= (1e-2 if half else 1e-4)).all()
    checks.append((sums_to_one, "distributions must have rows that sum to 1"))
    return result


def _lambda(lam) -> float:
    try:
        value = float(lam)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"lam must be one number in [0, 1], not {lam!r}") from None
    if not 0 <= value <= 1:
        raise ValueError(f"lam must lie in [0, 1], not {value}")
    return value


def _tensor(name: str, values, logits: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    try:
        return torch.as_tensor(values, dtype=dtype, device=logits.device)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} must be a tensor, an array or numbers") from None


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
