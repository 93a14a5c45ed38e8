"""Every loss against a slow reference, its closed forms, its limits and its gradient."""

import math

import numpy as np
import pytest
import torch

from emobook import losses
from emobook.emotions import wheel_distribution

N, C = 6, 8
P = torch.tensor([0.6, 0.8, 1.0, 0.6, 0.8, 0.3], dtype=torch.float64)
LABELS = torch.tensor([0, 7, 3, 3, 5, 2])
F = torch.tensor(wheel_distribution(LABELS.numpy(), P.numpy()))


@pytest.fixture
def logits():
    drawn = torch.randn(N, C, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return (3 * drawn).requires_grad_()


def reference(name, logits, lam=0.4):
    """The equations, one image and one class at a time."""
    total = 0.0
    for a, label, f, p in zip(
        logits.tolist(), LABELS.tolist(), F.tolist(), P.tolist(), strict=True
    ):
        log_p = [x - math.log(sum(math.exp(z) for z in a)) for x in a]
        y = [float(i == label) for i in range(C)]
        cls = -sum(y[i] * log_p[i] for i in range(C))
        ed = -sum(f[i] * log_p[i] for i in range(C))
        exact = -math.log(math.exp(p * p * a[label]) / sum(math.exp(p * p * z) for z in a))
        total += {
            "cross_entropy": cls,
            "distribution": ed,
            "multi_task": (1 - lam) * cls + lam * ed,
            "temperature": exact,
            "weight": p * p * cls + math.log(1 / p),
        }[name]
    return total / N


def call(name, logits, lam=0.4, labels=LABELS, distributions=F, p=P):
    if name == "cross_entropy":
        return losses.cross_entropy(logits, labels)
    if name == "distribution":
        return losses.distribution_loss(logits, distributions)
    if name == "multi_task":
        return losses.multi_task_loss(logits, labels, distributions, lam)
    return losses.label_probability_loss(logits, labels, p, form=name)


ALL = ["cross_entropy", "distribution", "multi_task", "temperature", "weight"]


@pytest.mark.parametrize("name", ALL)
def test_slow_reference(name, logits):
    loss = call(name, logits)
    assert loss.shape == () and loss.item() == pytest.approx(reference(name, logits), rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_gradcheck(name, logits):
    assert torch.autograd.gradcheck(lambda a: call(name, a), logits)


@pytest.mark.parametrize("name", ALL)
def test_equal_logits(name):
    """A network that knows nothing pays log C, whatever the target."""
    loss = call(name, torch.zeros(N, C, dtype=torch.float64)).item()
    expected = math.log(C)
    if name == "weight":
        expected = (P**2 * math.log(C) - P.log()).mean().item()
    assert loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_other_precisions(name, dtype, logits):
    rounded = logits.detach().to(dtype).requires_grad_()
    loss = call(name, rounded)
    loss.backward()
    assert loss.dtype == torch.float32 and rounded.grad.dtype == dtype
    assert loss.item() == pytest.approx(call(name, rounded.double()).item(), rel=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_under_autocast(name, logits):
    layer = torch.nn.Linear(C, C)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(logits.detach().float())
        loss = call(name, out)
    loss.backward()
    assert out.dtype == torch.bfloat16 and loss.dtype == torch.float32
    assert loss.item() == pytest.approx(call(name, out.double()).item(), rel=1e-5)
    assert layer.weight.grad.isfinite().all()


@pytest.mark.parametrize("name", ALL)
def test_large_logits_stay_finite(name, logits):
    steep = (1e4 * logits.detach()).requires_grad_()
    call(name, steep).backward()
    assert steep.grad.isfinite().all()


def test_limits_of_lambda(logits):
    multi = [losses.multi_task_loss(logits, LABELS, F, lam).item() for lam in (0, 1, 0.5)]
    cls = losses.cross_entropy(logits, LABELS).item()
    ed = losses.distribution_loss(logits, F).item()
    assert multi == pytest.approx([cls, ed, (cls + ed) / 2], rel=1e-12)


def test_everything_is_cross_entropy_at_p_1(logits):
    expected = losses.cross_entropy(logits, LABELS).item()
    certain = torch.tensor(wheel_distribution(LABELS.numpy(), 1.0))
    for p in (1, 1.0, torch.ones(N), torch.tensor(1.0)):
        for form in ("temperature", "weight"):
            loss = losses.label_probability_loss(logits, LABELS, p, form)
            assert loss.item() == pytest.approx(expected, rel=1e-12)
    assert losses.distribution_loss(logits, certain).item() == pytest.approx(expected, rel=1e-12)


def test_multi_task_is_cross_entropy_with_a_soft_target(logits):
    y = torch.nn.functional.one_hot(LABELS, C)
    target = 0.6 * y + 0.4 * F
    assert target[range(N), LABELS].tolist() == pytest.approx((0.6 + 0.4 * P).tolist())
    expected = losses.distribution_loss(logits, target).item()
    assert losses.multi_task_loss(logits, LABELS, F, 0.4).item() == pytest.approx(expected)


def test_eq_8_is_divergence_plus_entropy(logits):
    entropy = torch.distributions.Categorical(F).entropy().mean()
    divergence = torch.nn.functional.kl_div(logits.log_softmax(1), F, reduction="batchmean")
    assert losses.distribution_loss(logits, F).item() == pytest.approx(
        (divergence + entropy).item()
    )


@pytest.mark.parametrize("lam", [0, 0.4, 1])
def test_corrected_eq_9_is_the_gradient_and_the_printed_one_is_not(lam, logits):
    (gradient,) = torch.autograd.grad(losses.multi_task_loss(logits, LABELS, F, lam), logits)
    p, y = logits.softmax(1), torch.nn.functional.one_hot(LABELS, C).double()
    corrected, printed = p - (1 - lam) * y - lam * F, p + (1 - lam) * y + lam * F
    torch.testing.assert_close(N * gradient, corrected, rtol=0, atol=1e-12)
    assert gradient.sum(1).abs().max() < 1e-12
    assert printed.sum(1).tolist() == pytest.approx([2] * N)
    assert not torch.allclose(N * gradient, printed)


def test_gradients_of_the_two_forms(logits):
    y, square = torch.nn.functional.one_hot(LABELS, C), (P**2)[:, None]
    for form, p in (("temperature", (square * logits).softmax(1)), ("weight", logits.softmax(1))):
        loss = losses.label_probability_loss(logits, LABELS, P, form)
        (gradient,) = torch.autograd.grad(loss, logits)
        torch.testing.assert_close(N * gradient, square * (p - y), rtol=0, atol=1e-12)


def test_eq_11_keeps_its_constant(logits):
    cls = losses.cross_entropy(logits, LABELS).item()
    loss = losses.label_probability_loss(logits, LABELS, 0.6, "weight").item()
    assert loss == pytest.approx(0.36 * cls + math.log(1 / 0.6), rel=1e-12)


def test_eq_11_approximates_eq_10_roughly():
    a = 3 * torch.randn(20_000, C, generator=torch.Generator().manual_seed(1))
    labels = torch.zeros(len(a), dtype=torch.long)
    each = [
        [losses.label_probability_loss(a[i : i + 1], labels[:1], 0.6, form) for i in range(300)]
        for form in ("temperature", "weight")
    ]
    gap = (torch.stack(each[0]) - torch.stack(each[1])).abs().mean().item()
    assert gap == pytest.approx(0.37, abs=0.06)


def test_printed_eq_10_cannot_be_trained():
    """With a probability in the exponential even a perfect network is held at .17 to .28."""
    perfect = torch.eye(C, dtype=torch.float64)[:1]
    best = [torch.softmax(p * p * perfect, 1)[0, 0].item() for p in (0.6, 0.8, 1)]
    assert best == pytest.approx([0.17, 0.21, 0.28], abs=0.005)
    assert -math.log(best[2]) >= 1.27


def test_arrays_lists_and_integer_types_will_do(logits):
    expected = losses.multi_task_loss(logits, LABELS, F, 0.4).item()
    loss = losses.multi_task_loss(logits, LABELS.tolist(), F.numpy(), np.float64(0.4))
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    loss = losses.multi_task_loss(logits, LABELS.to(torch.uint8), F.float(), torch.tensor(0.4))
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    by_array = losses.label_probability_loss(logits, LABELS, P.numpy())
    assert by_array.item() == losses.label_probability_loss(logits, LABELS, P).item()


def spoil(tensor, index, value):
    tensor = tensor.detach().clone()
    tensor[index] = value
    return tensor


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "change",
    [
        lambda a: spoil(a, (1, 2), float("nan")),
        lambda a: spoil(a, (1, 2), float("inf")),
        lambda a: a[0],
        lambda a: a[:0],
        lambda a: a[None],
        lambda a: a.long(),
        lambda a: a.tolist(),
    ],
)
def test_bad_logits(name, change, logits):
    with pytest.raises(ValueError, match=r"^logits must"):
        call(name, change(logits))


@pytest.mark.parametrize("name", ["cross_entropy", "multi_task", "temperature", "weight"])
@pytest.mark.parametrize(
    "labels",
    [spoil(LABELS, 2, 8), spoil(LABELS, 2, -1), LABELS[:5], LABELS[:, None], LABELS.double(),
     LABELS.bool(), torch.tensor(3), ["awe"] * N],
)  # fmt: skip
def test_bad_labels(name, labels, logits):
    with pytest.raises(ValueError, match=r"^labels must"):
        call(name, logits, labels=labels)


@pytest.mark.parametrize("name", ["distribution", "multi_task"])
@pytest.mark.parametrize(
    "distributions",
    [1.01 * F, spoil(F, 3, 0), spoil(F, (0, 1), float("nan")), F[:5], F[:, :7], F[0], F.T,
     torch.eye(C, dtype=torch.float64)[:N] * 2 - 1 / C],
)  # fmt: skip
def test_bad_distributions(name, distributions, logits):
    with pytest.raises(ValueError, match=r"^distributions must"):
        call(name, logits, distributions=distributions)


def test_negative_shares_that_sum_to_one(logits):
    crooked = spoil(spoil(F, (0, 0), 1.2), (0, slice(1, None)), -0.2 / 7)
    with pytest.raises(ValueError, match=r"^distributions must not contain"):
        losses.distribution_loss(logits, crooked)


@pytest.mark.parametrize("lam", [-0.01, 1.01, float("nan"), None, "half", torch.ones(2)])
def test_bad_lambda(lam, logits):
    with pytest.raises(ValueError, match=r"^lam must"):
        losses.multi_task_loss(logits, LABELS, F, lam)


@pytest.mark.parametrize(
    "p",
    [0, -0.5, 1.001, float("nan"), spoil(P, 1, 0), spoil(P, 1, float("nan")), P[:5], P[:, None],
     None, "half"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["temperature", "weight"])
def test_bad_p(form, p, logits):
    with pytest.raises(ValueError, match=r"^p must"):
        losses.label_probability_loss(logits, LABELS, p, form)


@pytest.mark.parametrize("form", ["kendall", "", None])
def test_unknown_form(form, logits):
    with pytest.raises(ValueError, match=r"^form must"):
        losses.label_probability_loss(logits, LABELS, P, form)


# ---- contrastive_loss

PAIRED = torch.tensor([0, 1, 0, 2, 1, 0])


def embedded(scale=0.3):
    drawn = torch.randn(N, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    return (scale * drawn).requires_grad_()


def contrastive_reference(embeddings, labels, margin):
    """One pair at a time."""
    rows, total, pairs = embeddings.tolist(), 0.0, 0
    for i in range(len(rows)):
        for j in range(i):
            d = math.sqrt(sum((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True)))
            total += d**2 if labels[i] == labels[j] else max(0.0, margin - d) ** 2
            pairs += 1
    return total / pairs


@pytest.mark.parametrize("margin", [0.2, 1, 5])
@pytest.mark.parametrize("scale", [0.1, 0.3, 3])
def test_contrastive_slow_reference(scale, margin):
    loss = losses.contrastive_loss(embedded(scale), PAIRED, margin)
    expected = contrastive_reference(embedded(scale), PAIRED.tolist(), margin)
    assert loss.shape == () and loss.item() == pytest.approx(expected, rel=1e-12)


def test_contrastive_gradcheck():
    assert torch.autograd.gradcheck(lambda e: losses.contrastive_loss(e, PAIRED, 1), embedded())


def test_contrastive_limits():
    e = embedded().detach()
    close, far = torch.full((N,), 3), torch.arange(N)
    squares = torch.nn.functional.pdist(e).square().mean().item()
    assert losses.contrastive_loss(e, close, 1).item() == pytest.approx(squares)  # one class
    assert losses.contrastive_loss(100 * e, far, 1) == 0  # all different, beyond the margin
    assert losses.contrastive_loss(0 * e, far, 1.5).item() == pytest.approx(1.5**2)
    assert losses.contrastive_loss(0 * e, close, 1) == 0
    assert losses.contrastive_loss(e + 7, PAIRED, 1).item() == pytest.approx(
        losses.contrastive_loss(e, PAIRED, 1).item()
    )  # only differences count
    assert losses.contrastive_loss(e, 10 * PAIRED - 5) == losses.contrastive_loss(e, PAIRED)


def test_contrastive_gradient_pulls_and_pushes():
    near = torch.tensor([[0.0, 0.0], [0.4, 0.0]], requires_grad=True)
    for labels, sign in (([1, 1], -1), ([0, 1], 1)):
        (slope,) = torch.autograd.grad(losses.contrastive_loss(near, labels, 1), near)
        after = near - 0.01 * slope  # a step downhill
        moved = (after[1] - after[0]).norm() - 0.4
        assert sign * moved.item() > 0


def test_contrastive_without_a_pair_or_a_distance():
    one = embedded()[:1].detach().requires_grad_()
    loss = losses.contrastive_loss(one, PAIRED[:1])
    loss.backward()
    assert loss.item() == 0 and one.grad.abs().max() == 0
    same = torch.zeros(3, 2, requires_grad=True)  # the direction in which to push is open
    losses.contrastive_loss(same, [0, 1, 1]).backward()
    assert same.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_contrastive_in_half_precision(dtype):
    rounded = embedded().detach().to(dtype).requires_grad_()
    loss = losses.contrastive_loss(rounded, PAIRED)
    loss.backward()
    assert loss.dtype == torch.float32 and rounded.grad.dtype == dtype
    expected = losses.contrastive_loss(rounded.double(), PAIRED).item()
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("margin", [0, -1, float("nan"), float("inf"), None, "one", torch.ones(2)])
def test_bad_margin(margin):
    with pytest.raises(ValueError, match=r"^margin must"):
        losses.contrastive_loss(embedded(), PAIRED, margin)


def test_contrastive_refuses_what_it_cannot_pair():
    for wrong in (PAIRED[:5], PAIRED.double(), PAIRED[:, None], ["awe"] * N):
        with pytest.raises(ValueError, match=r"^labels must"):
            losses.contrastive_loss(embedded(), wrong)
    for wrong in (embedded()[0], embedded()[:0], embedded().tolist(), embedded() / 0):
        with pytest.raises(ValueError, match=r"^embeddings must"):
            losses.contrastive_loss(wrong, PAIRED)
