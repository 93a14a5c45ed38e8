"""The hidden layer against its description; streams against what they are made of."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from torch import nn

from emobook.models.streams import (
    HiddenLayer,
    HiddenLayerClassifier,
    StreamsClassifier,
    _held_out,
)

QUICK = {
    "size": 32, "freeze": "trunk", "augment": False, "epochs": 12, "lr": 0.002, "batch_size": 8,
    "validation_share": 0.25, "hidden": 16,
}  # fmt: skip


def seeded(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return HiddenLayer(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), 6, 5, 3)


@pytest.fixture
def pictures():
    """24 noisy pictures, red, green and blue in turn, and their labels."""
    dice, labels = np.random.default_rng(0), np.arange(24) % 3
    pixels = dice.integers(0, 60, (24, 32, 32, 3), dtype=np.uint8)
    pixels[np.arange(24), :, :, labels] += 180
    return list(pixels), labels


# ---- the network ----


def test_the_hidden_layer_is_what_it_says():
    top, maps = seeded(), torch.rand(4, 6, 2, 3)
    weights = {name: value.detach() for name, value in top.named_parameters()}
    assert sum(part.numel() for part in top.parameters()) == (6 * 5 + 5) + (5 * 3 + 3)
    pooled = maps.mean((2, 3))
    hidden = (pooled @ weights["hidden.0.weight"].T + weights["hidden.0.bias"]).clamp(min=0)
    logits = hidden @ weights["head.weight"].T + weights["head.bias"]
    torch.testing.assert_close(top.features(maps), hidden)
    torch.testing.assert_close(top(maps), logits)


def test_a_gradient_reaches_every_parameter_and_one_batch_is_learned():
    top, labels = seeded(), torch.arange(9) % 3
    maps = 3 * torch.randn(9, 6, 2, 2, generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.SGD(top.parameters(), lr=0.5, momentum=0.9)
    for step in range(400):
        loss = nn.functional.cross_entropy(top(maps), labels)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            assert all(part.grad.abs().sum() > 0 for part in top.parameters())
        optimizer.step()
    assert (top(maps).argmax(1) == labels).all() and loss < 0.1


def test_the_classifier_sorts_its_own_pictures_and_repeats_itself(pictures):
    X, y = pictures
    nets = [HiddenLayerClassifier(**QUICK, seed=s).fit(X, y) for s in (0, 0, 1)]
    scores = [net.predict_proba(X) for net in nets]
    assert nets[0].transform(X).shape == (24, 16) and (nets[0].transform(X) >= 0).all()
    assert (nets[0].predict(X) == y).mean() > 0.9
    assert np.array_equal(scores[0], scores[1]) and not np.allclose(scores[0], scores[2])
    assert clone(nets[0]).get_params()["hidden"] == 16


def test_a_width_that_is_none_is_refused(pictures):
    with pytest.raises(ValueError, match=r"^hidden must be a whole number"):
        HiddenLayerClassifier(**QUICK | {"hidden": 0}).fit(*pictures)


# ---- streams ----


class Colours:
    """A fitted part: the mean colour of a picture, once as it is and once a hundredfold."""

    def transform(self, X):
        return np.array([np.asarray(x).mean(axis=(0, 1)) / 255 for x in X])

    def predict_proba(self, X):
        return 100 * self.transform(X)[:, :2]


class TwoStreams(StreamsClassifier):
    def _streams(self, network, learn):
        return {
            "a": lambda: (Colours(), "transform"),
            "b": lambda: (Colours(), "predict_proba"),
        }


def network(**options):
    return HiddenLayerClassifier(**QUICK | options)


def test_each_stream_has_length_one_and_the_head_is_a_softmax_layer(pictures):
    X, y = pictures
    joined = TwoStreams(network(), Cs=(7.0,)).fit(X, y)
    given = joined.transform(X)
    assert given.shape == (24, 5) and joined.C_ == 7
    np.testing.assert_allclose(given.mean(axis=0), 0, atol=1e-12)
    for part, raw in (
        (given[:, :3], Colours().transform(X)),
        (given[:, 3:], Colours().predict_proba(X)),
    ):
        assert (part**2).sum(axis=1).mean() == pytest.approx(1)
        centred = raw - raw.mean(axis=0)
        np.testing.assert_allclose(part * np.linalg.norm(centred) / np.sqrt(24), centred)
    alone = LogisticRegression(C=7, max_iter=1000).fit(given, y)
    np.testing.assert_allclose(joined.predict_proba(X), alone.predict_proba(given))
    assert (joined.predict(X) == y).all()


def test_names_are_given_back(pictures):
    X, y = pictures
    names = np.array(["fear", "awe", "anger"])[y]
    joined = TwoStreams(network()).fit(X, names)
    assert list(joined.classes_) == ["anger", "awe", "fear"]
    assert list(joined.predict(X)) == list(names)


def test_the_penalty_is_chosen_on_held_out_pictures_alone():
    """What only training pictures show needs a strong penalty, what all show a weak one."""
    dice, rows, held_out = np.random.default_rng(1), np.arange(60), np.arange(60, 90)
    labels = np.arange(90) % 3
    true = np.eye(3)[labels] + 0.1 * dice.normal(size=(90, 3))
    leak = np.where(np.arange(90)[:, None] < 60, true, dice.normal(size=(90, 3)))
    chooser = TwoStreams(Cs=(0.01, 1.0, 100.0))
    assert chooser._choose(true, labels, rows, held_out) == 100
    assert chooser._choose(leak, labels, rows, held_out) == 0.01
    assert chooser._choose(leak, labels, rows, rows[:0]) == 1
    two = labels % 2
    assert chooser._choose(np.eye(2)[two], two, rows, held_out) == 100


class Watched(StreamsClassifier):
    """Keeps what its networks were given."""

    def _streams(self, network, learn):
        return {"net": lambda: (learn(network, [0, 1, 0]), "transform")}


def test_networks_learn_groups_of_classes_from_what_is_not_held_out(pictures, monkeypatch):
    X, y = pictures
    seen = {}

    def spy(net, X, y, validation):
        seen.update(X=X, y=y, validation=validation)
        return really(net, X, y, validation=validation)

    really = HiddenLayerClassifier.fit
    monkeypatch.setattr(HiddenLayerClassifier, "fit", spy)
    Watched(network()).fit(X, y)
    known = {picture.tobytes(): label for picture, label in zip(X, y, strict=True)}
    parts = {"train": (seen["X"], seen["y"]), "held out": seen["validation"]}
    for some, groups in parts.values():
        assert [known[picture.tobytes()] % 2 for picture in some] == list(groups)
    keys = {name: {p.tobytes() for p in some} for name, (some, _) in parts.items()}
    assert len(keys["held out"]) == 6 and len(keys["train"]) == 18
    assert not keys["train"] & keys["held out"]


def test_pictures_of_one_group_are_held_out_together(tmp_path, pictures, monkeypatch):
    X, y = pictures
    paths = [tmp_path / f"{i}.png" for i in range(len(X))]
    for path, picture in zip(paths, X, strict=True):
        Image.fromarray(picture).save(path)
    table = pd.DataFrame({"path": paths, "group": np.arange(24) // 6})
    held = []

    def spy(net, X, y, validation):
        held.extend(validation[0]["group"])
        return really(net, X, y, validation=validation)

    really = HiddenLayerClassifier.fit
    monkeypatch.setattr(HiddenLayerClassifier, "fit", spy)
    joined = Watched(network()).fit(table, y)
    assert len(held) == 6 and len(set(held)) == 1
    alone = joined.predict_proba(table[["path"]])
    np.testing.assert_array_equal(alone, joined.predict_proba(table.assign(group=0)))


def test_a_class_with_one_picture_is_not_held_out(pictures):
    X, y = pictures
    for lonely in range(24):  # whichever the split would have held out
        labels = np.where(np.arange(24) == lonely, 2, y % 2)
        rows, held_out = _held_out(network(), X, labels)
        assert lonely in rows and sorted([*rows, *held_out]) == list(range(24))
        assert 5 <= len(held_out) <= 6


def test_streams_that_are_known_are_taken_as_they_are(pictures):
    X, y = pictures

    class Constant:
        def transform(self, X):
            return np.arange(2.0 * len(X)).reshape(-1, 2)

    known = {"a": (Constant(), "transform"), "other": (Constant(), "transform")}
    joined = TwoStreams(network()).fit(X, y, known)
    assert joined.transform(X).shape == (24, 2 + 2)
    assert joined.streams_["a"] is known["a"] and list(joined.streams_) == ["a", "b"]


@pytest.mark.parametrize("Cs", [(), (1, 0), (-1,)])
def test_penalties_that_are_none_are_refused(pictures, Cs):
    with pytest.raises(ValueError, match=r"^Cs must be numbers above 0"):
        TwoStreams(network(), Cs=Cs).fit(*pictures)


def test_one_class_is_refused(pictures):
    with pytest.raises(ValueError, match=r"^y must hold at least two classes"):
        TwoStreams(network()).fit(pictures[0], np.zeros(24, int))
