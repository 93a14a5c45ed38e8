"""The CNN-RNN: its recurrence step by step, its two losses, shapes, counts, and learning."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from test_multilevel import LITE, SMALL, branch_by_hand, count, maps_of, pictures

from emobook import losses, models
from emobook.features import backbones
from emobook.features.stages import stages
from emobook.models import _targets
from emobook.models.cnn_rnn import CNNRNNClassifier, CNNRNNTop


@pytest.fixture(scope="module")
def lite():
    return stages(backbones.load(pretrained=False))


def test_shapes_and_counts(lite):
    top = CNNRNNTop(lite, (0, 1, 2, 3), 256, 8)
    logits, embedding = top(*maps_of(lite))
    assert logits.shape == (3, 8) and embedding.shape == (3, 4 * 512)
    assert torch.allclose(embedding.norm(dim=1), torch.ones(3))
    branches = sum((c + 1) * 512 for c in LITE)
    gru = 2 * 3 * 256 * (512 + 256 + 2)  # directions, gates, input + state + two biases
    assert count(top) == branches + gru + (4 * 512 + 1) * 8


def test_alexnet_has_five_steps_and_2560_values():
    parts = stages(backbones.load("alexnet", pretrained=False))
    top = CNNRNNTop(parts, range(5), 256, 8)
    assert top.features(*maps_of(parts, n=1)).shape == (1, 2560)


def gru_by_hand(steps, weights):
    """The states of one direction (Cho et al. 2014), in numpy."""
    w_in, w_state, b_in, b_state = (part.detach().double().numpy() for part in weights)
    size = w_state.shape[1]
    state, states = np.zeros(size), []
    for x in steps:
        of_x = (w_in @ x + b_in).reshape(3, size)
        of_state = (w_state @ state + b_state).reshape(3, size)
        reset, update = 1 / (1 + np.exp(-(of_x + of_state)[:2]))
        new = np.tanh(of_x[2] + reset * of_state[2])
        state = (1 - update) * new + update * state
        states.append(state)
    return states


def test_the_recurrence_step_by_step(lite):
    torch.manual_seed(4)
    top, maps = CNNRNNTop(lite, (0, 1, 2, 3), 3, 4), maps_of(lite)
    weights = list(top.gru.parameters())
    for i in range(3):
        steps = [
            branch_by_hand(layer, x[i].double().flatten(1).mean(1).numpy())
            for layer, x in zip(top.branches.layers, maps, strict=True)
        ]
        up = gru_by_hand(steps, weights[:4])  # from the lowest level to the highest
        down = gru_by_hand(steps[::-1], weights[4:])[::-1]
        expected = np.concatenate([part for pair in zip(up, down, strict=True) for part in pair])
        features = top.features(*maps)[i].detach().numpy()
        assert np.allclose(features, expected, atol=1e-5)
        logits, embedding = top(*maps)
        assert np.allclose(embedding[i].detach(), expected / np.linalg.norm(expected), atol=1e-5)
        weight, bias = (part.detach().numpy() for part in top.head.parameters())
        assert np.allclose(logits[i].detach(), weight @ expected + bias, atol=1e-5)


def test_the_order_of_levels_counts(lite):
    """Unlike a mean, a sequence knows which level came first."""
    top, maps = CNNRNNTop(lite, (0, 1, 2, 3), 3, 4), maps_of(lite)
    vectors = top.branches(*maps)
    forth, back = top.gru(vectors)[0], top.gru(vectors.flip(1))[0]
    assert not torch.allclose(forth, back.flip(1), atol=1e-3)


def test_the_loss_is_the_sum_of_two(lite):
    y = np.array([0, 1, 0, 2])
    draw = torch.Generator().manual_seed(5)
    outputs = torch.randn(4, 3, generator=draw), torch.randn(4, 6, generator=draw)
    for weight, margin in ((0, 1), (0.5, 1), (2, 1.7)):
        model = CNNRNNClassifier(contrastive=weight, margin=margin)
        targets = _targets.prepare(model, y, y)
        found = model._loss(targets)(outputs, *targets.tensors).item()
        expected = losses.cross_entropy(outputs[0], y).item()
        expected += weight * losses.contrastive_loss(outputs[1], y, margin).item()
        assert found == pytest.approx(expected, rel=1e-6)


def test_pairs_form_within_a_part_of_a_batch():
    """Two processes with half a batch each do not see the pairs across."""
    draw = torch.Generator().manual_seed(6)
    embedding, y = torch.randn(6, 4, generator=draw), torch.tensor([0, 1, 0, 1, 0, 1])
    whole = losses.contrastive_loss(embedding, y)
    parts = [losses.contrastive_loss(embedding[half::2], y[half::2]) for half in (0, 1)]
    assert whole.item() != pytest.approx((sum(parts) / 2).item(), rel=0.01)


@pytest.mark.parametrize("weight", [0, 0.5])
def test_a_gradient_reaches_every_parameter(weight):
    model = CNNRNNClassifier(contrastive=weight, hidden=8, pretrained=False)
    y = np.array([0, 0, 1, 1])
    targets = _targets.prepare(model, y, y)
    network, _ = model._build(2, pretrained=False)
    network.train()
    x = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    model._loss(targets)(network(*network.lower(x)), *targets.tensors).backward()
    for name, value in network.named_parameters():
        assert value.grad is not None and value.grad.abs().max() > 0, name


def test_overfits_one_batch():
    X, y = pictures()
    model = CNNRNNClassifier(hidden=16, epochs=12, lr=0.006, **SMALL).fit(X, y)
    assert model.history_.losses[-1] < 0.1 * model.history_.losses[0]
    assert (model.predict(X) == y).all()
    assert model.transform(X).shape == (8, 4 * 32)


def test_the_contrastive_loss_draws_a_class_together():
    X, y = pictures(16)
    spread = []
    for weight in (0, 5):
        model = CNNRNNClassifier(weight, hidden=8, epochs=15, freeze="trunk", **SMALL).fit(X, y)
        seen = model.transform(X)
        seen /= np.linalg.norm(seen, axis=1, keepdims=True)
        d = np.linalg.norm(seen[:, None] - seen, axis=2)
        same = y[:, None] == y
        spread.append(d[same].mean() / d[~same].mean())
    assert spread[1] < 0.8 * spread[0]


def test_same_seed_same_weights():
    X, y = pictures()
    options = {"hidden": 4, "epochs": 1, "freeze": "trunk", **SMALL}
    one, again, other = (
        CNNRNNClassifier(seed=seed, **options).fit(X, y).network_.top.state_dict()
        for seed in (3, 3, 4)
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_parameters_are_those_of_both_classes():
    model = CNNRNNClassifier(0.2, margin=0.7, hidden=9, levels=(0, -1), seed=5)
    assert clone(model).get_params() == model.get_params()
    assert isinstance(models.create("cnn-rnn", contrastive=0), CNNRNNClassifier)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"contrastive": -1}, "contrastive"),
        ({"contrastive": "half"}, "contrastive"),
        ({"contrastive": float("nan")}, "contrastive"),
        ({"margin": 0}, "margin"),
        ({"hidden": 0}, "hidden"),
        ({"levels": (7,)}, "levels"),
    ],
)
def test_bad_parameters(options, name):
    X, y = pictures()
    with pytest.raises(ValueError, match=f"^{name} must"):
        CNNRNNClassifier(epochs=1, freeze="trunk", **options, **SMALL).fit(X, y)
