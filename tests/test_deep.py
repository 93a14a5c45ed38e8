"""DeepFeatures: the numbers of timm, once per picture, the same bits in whatever company."""

import contextlib
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image
from skimage import data
from sklearn.base import clone
from sklearn.datasets import load_sample_images
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from emobook.features import DeepFeatures, _engines, backbones
from emobook.features.base import content_key, images_of
from emobook.images import ImageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eight photos that are all different."""
    folder = tmp_path_factory.mktemp("photos")
    shots = [data.chelsea(), data.coffee(), data.astronaut(), data.rocket()]
    shots += load_sample_images().images
    shots += [shots[0][:, ::-1], shots[1][::-1]]
    for i, shot in enumerate(shots):
        Image.fromarray(shot).save(folder / f"{i}.jpg", quality=90)
    return folder


@pytest.fixture
def paths(folder):
    return [str(folder / f"{i}.jpg") for i in range(8)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, folder):
    """A cache with the exported network and nothing else, since exporting takes seconds."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOBOOK_CACHE", str(cache))
        DeepFeatures(cache=False).transform([str(folder / "0.jpg")])
    return cache


@pytest.fixture
def cache(exported, tmp_path, monkeypatch):
    """A cache of this test's own, without features."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "onnx").symlink_to(exported / "onnx")
    monkeypatch.setenv("EMOBOOK_CACHE", str(cache))
    return cache


@pytest.fixture
def passes(monkeypatch):
    """How many forward passes there were."""
    count = []
    for engine in (_engines.OnnxEngine, _engines.TorchEngine):

        def forward(self, batch, original=engine.forward):
            count.append(len(batch))
            return original(self, batch)

        monkeypatch.setattr(engine, "forward", forward)
    return count


def store(cache) -> Path:
    (file,) = (cache / "features").glob("*.sqlite")
    return file


# The numbers


def test_the_features_are_those_of_timm(cache, paths):
    backbone = backbones.load()
    body = backbone.module.body
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=body))
    with torch.no_grad():
        batch = torch.stack([transform(Image.open(path).convert("RGB")) for path in paths])
        pooled = body(batch)
        logits = backbone.module.head(pooled)
    np.testing.assert_allclose(DeepFeatures().transform(paths), pooled, atol=1e-4)
    np.testing.assert_allclose(DeepFeatures(layer="logits").transform(paths), logits, atol=1e-3)
    probabilities = DeepFeatures(layer="probabilities").transform(paths)
    np.testing.assert_allclose(probabilities, logits.softmax(1), atol=1e-4)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    assert probabilities.dtype == np.float32
    names = [timm.data.ImageNetInfo().index_to_description(i) for i in probabilities.argmax(1)]
    assert "cat" in names[0] or "tabby" in names[0]
    assert "espresso" in names[1] or "cup" in names[1]


def test_the_bits_do_not_depend_on_the_company(cache, paths):
    one = DeepFeatures(cache=False, workers=1)
    together = one.transform(paths)
    alone = np.concatenate([one.transform([path]) for path in paths])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(one.transform(paths[::-1]), together[::-1])
    np.testing.assert_array_equal(one.transform(paths[:3] * 2), together[[0, 1, 2, 0, 1, 2]])
    np.testing.assert_array_equal(DeepFeatures(cache=False, workers=3).transform(paths), together)
    np.testing.assert_array_equal(DeepFeatures().transform(paths), together)  # stored
    np.testing.assert_array_equal(DeepFeatures().transform(paths), together)  # read


def test_the_torch_engine_agrees_and_fills_its_batches(cache, paths, passes):
    onnx = DeepFeatures(cache=False).transform(paths)
    passes.clear()
    threads = torch.get_num_threads()
    torch_ = DeepFeatures(engine="torch", device="cpu", batch_size=3, cache=False)
    together = torch_.transform(paths)
    assert passes == [3, 3, 3]
    np.testing.assert_allclose(together, onnx, atol=1e-4)
    np.testing.assert_array_equal(torch_.transform([paths[4]]), together[4:5])
    np.testing.assert_array_equal(torch_.transform(paths[::-1]), together[::-1])
    assert torch.get_num_threads() == threads


def test_another_backbone_without_weights(cache, paths):
    """What the smoke run of the full profile does."""
    name, dim = "test_resnet", backbones.load("test_resnet", pretrained=False).feature_dim
    features = DeepFeatures(name, pretrained=False).fit_transform(paths[:2])
    assert features.shape == (2, dim) and dim != 1280
    again = DeepFeatures(name, pretrained=False, engine="torch").fit_transform(paths[:2])
    np.testing.assert_allclose(features, again, atol=1e-4)


# The cache


def test_nothing_is_computed_twice(cache, paths, passes, tmp_path):
    first = DeepFeatures().transform(paths)
    assert len(passes) == 8
    renamed = tmp_path / "another name.png"
    renamed.write_bytes(Path(paths[3]).read_bytes())
    for again in (DeepFeatures(), DeepFeatures(workers=2, batch_size=5), clone(DeepFeatures())):
        np.testing.assert_array_equal(again.transform(paths), first)
    DeepFeatures(layer="logits").transform(paths)
    DeepFeatures(layer="probabilities").transform(paths)
    np.testing.assert_array_equal(DeepFeatures().transform([renamed]), first[3:4])
    assert len(passes) == 8


def test_copies_are_computed_once(cache, paths, passes, tmp_path):
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(Path(paths[0]).read_bytes())
    DeepFeatures().transform([paths[0], str(copy), paths[0]])
    assert len(passes) == 1
    DeepFeatures(cache=False).transform([paths[0], copy])
    assert len(passes) == 2


def test_another_content_weight_or_engine_is_computed(cache, paths, passes, tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(Path(paths[0]).read_bytes())
    old = DeepFeatures().transform([file])
    file.write_bytes(Path(paths[1]).read_bytes())
    assert not np.array_equal(DeepFeatures().transform([file]), old)
    DeepFeatures(engine="torch").transform([file])
    DeepFeatures(engine="torch", batch_size=2).transform([file])
    assert passes == [1, 1, 32, 2]
    assert len(list((cache / "features").glob("*.sqlite"))) == 3


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty", "one bit"])
def test_a_damaged_cache_is_computed_again(damage, cache, paths, passes):
    expected = DeepFeatures().transform(paths)
    file = store(cache)
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "garbage":
        file.write_bytes(b"no database at all" * 1000)
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        place = content.index(expected[2].tobytes()[:64])
        content[place + 3] ^= 4
        file.write_bytes(content)
    passes.clear()
    if damage in ("truncated", "garbage"):
        with pytest.warns(UserWarning, match="feature cache .* was damaged .* begins anew"):
            got = DeepFeatures().transform(paths)
    else:
        got = DeepFeatures().transform(paths)
    np.testing.assert_array_equal(got, expected)
    assert len(passes) == (1 if damage == "one bit" else 8)
    assert len(DeepFeatures().transform(paths)) == 8
    assert len(passes) == (1 if damage == "one bit" else 8)


def test_a_cache_that_cannot_be_written_says_what_to_do(cache, paths):
    DeepFeatures().transform(paths[:1])
    file = store(cache)
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match=r"cannot be used .*EMOBOOK_CACHE.*cache=False"):
        DeepFeatures().transform(paths[:1])


WORKER = """
import sys, time
from emobook.features import DeepFeatures, _engines
import emobook.features.deep as deep

original, count = _engines.OnnxEngine.forward, []
def slow(self, batch):
    count.append(1)
    time.sleep(float(sys.argv[1]))
    return original(self, batch)
_engines.OnnxEngine.forward = slow
deep._KEPT_AT_ONCE = 1
features = DeepFeatures(workers=1)
features.fit(None)
print("ready", flush=True)
sys.stdin.readline()
print(features.transform(sys.argv[2:]).sum(dtype="float64").hex(), len(count), flush=True)
"""


def worker(paths, seconds):
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(seconds), *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return started


def test_two_processes_share_the_work(cache, paths):
    """Each picture is computed by one of them, and both get all."""
    both = [worker(paths, 0.1) for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    (sum_a, count_a), (sum_b, count_b) = (one.communicate()[0].split() for one in both)
    assert sum_a == sum_b
    assert int(count_a) + int(count_b) == 8
    assert min(int(count_a), int(count_b)) > 0


def test_a_killed_process_leaves_what_it_finished(cache, paths, passes):
    victim = worker(paths, 0.3)
    victim.stdout.readline()
    victim.stdin.write("\n")
    victim.stdin.flush()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not kept(cache):
        time.sleep(0.02)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    done = kept(cache)
    assert 0 < done < 8
    np.testing.assert_array_equal(
        DeepFeatures().transform(paths), DeepFeatures(cache=False).transform(paths)
    )
    assert len(passes) == 8 - done + 8


def kept(cache) -> int:
    """Pictures in the store."""
    for file in (cache / "features").glob("*.sqlite"):
        with contextlib.closing(sqlite3.connect(file)) as connection:
            try:
                return connection.execute("SELECT COUNT(DISTINCT key) FROM features").fetchone()[0]
            except sqlite3.OperationalError:  # the table is not there yet
                return 0
    return 0


# What goes in


def test_pictures_in_memory(cache, paths, passes):
    opened = [Image.open(path) for path in paths[:3]]
    expected = DeepFeatures().transform(paths[:3])
    np.testing.assert_array_equal(DeepFeatures().transform(opened), expected)
    assert len(passes) == 6  # other content keys: pixels, not files
    arrays = [np.asarray(image) for image in opened]
    np.testing.assert_array_equal(DeepFeatures().transform(arrays), expected)
    content = [Path(path).read_bytes() for path in paths[:3]]
    np.testing.assert_array_equal(DeepFeatures().transform(content), expected)
    assert len(passes) == 6
    stack = np.stack([arrays[0][:200, :200], arrays[1][:200, :200]])
    assert DeepFeatures().transform(stack).shape == (2, 1280)
    assert DeepFeatures().transform([]).shape == (0, 1280)


def test_a_table_is_read_by_its_paths_alone(cache, paths):
    table = pd.DataFrame({"path": paths, "p": 0.5}, index=list("abcdefgh"))
    plain = DeepFeatures().transform(paths)
    np.testing.assert_array_equal(DeepFeatures().transform(table), plain)
    frame = DeepFeatures().set_output(transform="pandas").fit_transform(table[["path"]])
    assert list(frame.index) == list("abcdefgh")
    assert frame.columns[7] == "tf_efficientnet_lite0_pooled_7"
    np.testing.assert_array_equal(frame, plain)


def test_it_is_a_scikit_learn_transformer(cache, paths):
    table, y = pd.DataFrame({"path": paths}), [0, 1] * 4
    model = make_pipeline(DeepFeatures(layer="logits"), LogisticRegression())
    assert clone(model).fit(table, y).score(table, y) == 1
    features = DeepFeatures(layer="probabilities", batch_size=7)
    assert clone(features).get_params() == features.get_params()
    assert features.n_features_out_ == len(features.get_feature_names_out()) == 1000
    assert vars(features) == vars(pickle.loads(pickle.dumps(features)))
    assert vars(features.fit(table)) == vars(clone(features))  # no state


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ("photo.jpg", "write \\[image\\]"),
        (np.zeros((9, 9, 3), np.uint8), "write \\[image\\]"),
        (pd.DataFrame({"file": ["a"]}), "no column 'path' .its columns: file"),
        ([1, 2], "X holds 1 in row 0"),
        (pd.DataFrame({"path": ["a.jpg", None]}), "X holds .* in row 1"),
        (3, "not int"),
    ],
)
def test_what_is_no_list_of_pictures(X, words):
    with pytest.raises(ValueError, match=words):
        images_of(X)


def test_bad_pictures_are_all_named_and_the_others_kept(cache, paths, passes, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(Path(paths[0]).read_bytes()[:3000])
    absent = tmp_path / "absent.jpg"
    with pytest.raises(ImageError) as caught:
        DeepFeatures().transform([paths[0], text, paths[1], absent, cut, paths[2]])
    for file in (text, absent, cut):
        assert str(file) in str(caught.value)
    assert "nor can 2 others be read" in str(caught.value)
    assert len(passes) == 3
    DeepFeatures().transform(paths[:3])
    assert len(passes) == 3
    with pytest.raises(ImageError, match=r"cut\.jpg"):
        DeepFeatures(engine="torch", cache=False).transform([paths[0], cut])


def test_the_content_key_is_of_the_bytes_or_the_pixels(paths):
    image = Image.open(paths[0])
    assert content_key(paths[0]) == content_key(Path(paths[0]).read_bytes())
    assert content_key(image) == content_key(np.asarray(image)) != content_key(paths[0])
    turned = Image.frombytes("RGB", image.size[::-1], image.tobytes())
    assert content_key(turned) != content_key(image)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"layer": "last"}, "layer must be one of pooled, logits, probabilities"),
        ({"engine": "jax"}, "engine must be"),
        ({"engine": "onnx", "device": "cuda"}, "device='cpu' only"),
        ({"device": "quantum"}, "device must be 'auto', 'cpu' or 'cuda'"),
        ({"workers": 0}, "workers must be"),
        ({"batch_size": "many"}, "batch_size must be"),
        ({"backbone": "nonsense"}, "'nonsense' is unknown"),
        (
            {"backbone": "vit_small_patch14_dinov2", "pretrained": False, "layer": "logits"},
            "has no classes: set layer='pooled'",
        ),
    ],
)
def test_bad_parameters(parameters, words):
    with pytest.raises(ValueError, match=words):
        DeepFeatures(**parameters).fit(None)


def test_a_gpu_that_is_not_there(monkeypatch):
    monkeypatch.setattr(_engines.torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="needs a GPU, and there is none"):
        DeepFeatures(device="cuda:1").fit(None)


def test_workers_follow_the_environment(monkeypatch):
    monkeypatch.setattr(_engines.joblib, "cpu_count", lambda: 4)
    for value, expected in (("1", 1), ("2,1", 2), ("9", 4), ("", 4), ("0", 4)):
        monkeypatch.setenv("OMP_NUM_THREADS", value)
        assert _engines.default_workers() == expected


def test_real_photos(real_data, cache):
    """Equal to timm on photos as they come, of many sizes."""
    files = sorted((real_data / "fi").glob("*/*.jpg"))[::24]
    body = backbones.load().module.body
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=body))
    with torch.no_grad():
        expected = [body(transform(Image.open(f).convert("RGB"))[None])[0] for f in files]
    np.testing.assert_allclose(DeepFeatures().transform(files), torch.stack(expected), atol=1e-4)
