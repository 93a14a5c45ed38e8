"""The fine-tuned regressor, on tiny pictures and tiny or cut-down networks."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from emobook import models, train
from emobook.features import backbones
from emobook.models.finetune import FineTunedRegressor

TINY = {"backbone": "test_efficientnet", "pretrained": False, "batch_size": 8, "lr": 0.005}
QUICK = TINY | {"epochs": 1, "validation_share": 0}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """24 noisy pictures: the redder, the higher the first rating; the bluer, the second."""
    folder, draw, rows = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0), []
    for i in range(24):
        red, blue = draw.uniform(size=2)
        pixels = np.array([255 * red, 90, 255 * blue]) + draw.normal(0, 20, (64, 64 + i % 3, 3))
        path = folder / f"{i}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        rows.append({"path": str(path), "valence": 1 + 6 * red, "arousal": 1 + 6 * blue})
    return pd.DataFrame(rows).assign(group=np.arange(24) // 2)


def ratings(table, both=True):
    return table[["valence", "arousal"]].to_numpy() if both else table["valence"].to_numpy()


def start_of(model, outputs=2):
    return model._build(outputs, False)[0].state_dict()


def test_it_overfits_one_batch(table):
    few = table.iloc[:8]
    model = FineTunedRegressor(**TINY | {"epochs": 40, "size": 64}, validation_share=0)
    said = model.fit(few, ratings(few)).predict(few)
    assert said.shape == (8, 2) and said.dtype == np.float64
    assert ((said - ratings(few)) ** 2).mean() < 0.2 * ratings(few).var(axis=0).mean()


def test_one_rating_or_two_outputs_and_their_number_of_parameters(table):
    one = FineTunedRegressor(**QUICK).fit(table, ratings(table, both=False))
    two = FineTunedRegressor(**QUICK).fit(table, ratings(table))
    assert one.predict(table).shape == (24,) and two.predict(table).shape == (24, 2)
    width = two.network_.top.head.in_features
    size = [sum(p.numel() for p in model.network_.parameters()) for model in (one, two)]
    assert size[1] - size[0] == width + 1
    bare = backbones.load("test_efficientnet", False, seed=0).module.body
    assert size[0] == sum(p.numel() for p in bare.parameters()) + width + 1


def test_it_begins_with_the_mean_and_steps_down_the_mean_squared_error(table):
    """One step of SGD on the last layer, done by hand."""
    model = FineTunedRegressor(**QUICK | {"batch_size": 24, "freeze": "trunk"})
    y = ratings(table)
    seen = model.fit(table, y).transform(table).astype(np.float64)  # of frozen levels: no change
    start = start_of(model)["top.head.weight"].double().numpy()
    error = seen @ start.T + y.mean(axis=0) - y
    head = model.network_.top.head
    expected = start - 0.005 * 2 * error.T @ seen / 24
    np.testing.assert_allclose(head.weight.detach().numpy(), expected, atol=1e-4)
    expected = y.mean(axis=0) - 0.005 * 2 * error.mean(axis=0)
    np.testing.assert_allclose(head.bias.detach().numpy(), expected, atol=1e-4)
    assert model.history_.losses[0] == pytest.approx((error**2).sum(axis=1).mean(), rel=1e-3)


def moved(table, **options):
    model = FineTunedRegressor(**QUICK | {"pretrained": False} | options)
    start = start_of(model)
    state = model.fit(table, ratings(table)).network_.state_dict()
    return {name for name in state if not torch.equal(state[name], start[name])}


def test_what_is_frozen_stays(table):
    head = {"top.head.weight", "top.head.bias"}
    # an EfficientNet has no fully connected layer besides: both ranges are one
    assert moved(table, freeze="trunk") == moved(table, freeze="convolutions") == head
    lower = moved(table, freeze="lower")
    assert head < lower and {name.split(".")[1] for name in lower - head} == {"3"}
    whole = moved(table)
    assert {f"levels.{i}" for i in range(4)} <= {name[:8] for name in whole}


@pytest.mark.parametrize("backbone", ["alexnet", "vgg19"])
def test_conv_frozen_trains_all_fully_connected_layers(backbone):
    """Kim et al., section VI-C: AlexNet and VGG19 have three of them, the last one new."""
    model = FineTunedRegressor(backbone, pretrained=False, freeze="convolutions")
    network, _ = model._build(1, False)
    learns = {name for name, part in network.named_parameters() if part.requires_grad}
    weights = {name for name in learns if name.endswith("weight")}
    assert len(weights) == 3 and "top.head.weight" in weights
    assert all(name.startswith("top.") for name in learns)
    convolutions = [part for part in network.levels.modules() if isinstance(part, torch.nn.Conv2d)]
    assert len(convolutions) == {"alexnet": 5, "vgg19": 16}[backbone]
    network.train()
    assert not any(level.training for level in network.levels)
    assert network.top.pool.training  # whose dropout is at work
    assert set(network.stored()["weights"]) >= learns


def test_gradients_reach_every_trainable_parameter(table):
    model = FineTunedRegressor(**QUICK).fit(table, ratings(table))
    model.network_.train()
    pixels = torch.randn(4, 3, 64, 64)
    model.network_(*model.network_.lower(pixels)).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.network_.parameters())


def test_groups_are_held_out_whole_and_the_best_epoch_is_kept(table):
    model = FineTunedRegressor(**TINY | {"epochs": 4}, validation_share=0.25)
    rows, rest = model._split(table, ratings(table))
    assert not set(table["group"][rows]) & set(table["group"][rest]) and len(rest) == 6
    model.fit(table, ratings(table))
    error = ((model.predict(table.iloc[rest]) - ratings(table)[rest]) ** 2).sum(axis=1).mean()
    assert error == pytest.approx(-model.history_.scores.max(), rel=1e-3)
    np.testing.assert_allclose(model.mean_, ratings(table)[rows].mean(axis=0), rtol=1e-5)


def test_given_validation_images_choose_the_epoch(table):
    rest, y = table.iloc[:6], ratings(table)
    model = FineTunedRegressor(**TINY | {"epochs": 3})
    model.fit(table.iloc[6:], y[6:], validation=(rest, y[:6]))
    error = ((model.predict(rest) - y[:6]) ** 2).sum(axis=1).mean()
    assert error == pytest.approx(-model.history_.scores.max(), rel=1e-3)


def test_same_seed_same_bits_and_predict_reads_the_path_alone(table):
    first = FineTunedRegressor(**QUICK).fit(table, ratings(table)).predict(table)
    again = FineTunedRegressor(**QUICK).fit(table, ratings(table))
    np.testing.assert_array_equal(again.predict(table[["path"]]), first)
    other = FineTunedRegressor(**QUICK, seed=1).fit(table, ratings(table)).predict(table)
    assert not np.array_equal(other, first)


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("freeze", ["none", "lower", "trunk", "convolutions"])
def test_what_comes_back_predicts_the_same_bits(clean_cache, table, freeze):
    model = models.create("fine-tuned-regressor", **QUICK, freeze=freeze)
    trained = FineTunedRegressor(**QUICK, freeze=freeze).fit(table, ratings(table))
    expected = trained.predict(table)
    stored = train.fitted(model, table, ratings(table))
    for other in (stored, copy.deepcopy(trained)):
        np.testing.assert_array_equal(other.predict(table), expected)


def test_warm_start_goes_on_unless_there_are_other_outputs(table):
    model = FineTunedRegressor(**QUICK, warm_start=True).fit(table, ratings(table))
    first = model.network_
    assert model.fit(table, ratings(table)).network_ is first
    assert model.fit(table, ratings(table, both=False)).network_ is not first


@pytest.mark.parametrize(
    ("options", "fit", "sentence"),
    [
        ({"freeze": "half"}, {}, "freeze must be one of none, lower, trunk, convolutions"),
        ({"lr": 1e12}, {}, "training diverged with lr=1000000000000.0"),
        ({}, {"y": np.ones(3)}, "y must be as long as X"),
        ({}, {"y": np.full(24, np.nan)}, "y must be finite ratings"),
        ({}, {"validation": (["x.png"], [1.0, 2.0])}, "y must be as long as X"),
        ({"validation_share": 0.04}, {}, "too few for validation_share=0.04"),
    ],
)
def test_fit_refuses(table, options, fit, sentence):
    arguments = {"X": table, "y": ratings(table)} | fit
    with pytest.raises(ValueError, match=sentence):
        FineTunedRegressor(**QUICK | options).fit(**arguments)
