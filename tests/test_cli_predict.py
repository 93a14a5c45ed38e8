"""`emobook predict` and `emobook head`: what is printed, what is refused, and what goes on."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from emobook import datasets, models
from emobook.cli import main
from emobook.evaluate import conformal
from emobook.features.base import images_of
from emobook.images import read
from emobook.models import rated_head


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No data of the reader's, and features that cost nothing: drawn from each picture's mean."""
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)
    monkeypatch.chdir(tmp_path)

    def drawn(X, names):
        seeds = [int(1000 * np.asarray(read(one)).mean()) for one in images_of(X)]
        return np.stack([np.random.default_rng(s).random(1280 * len(names)) for s in seeds])

    monkeypatch.setattr(rated_head, "pooled", drawn)


@pytest.fixture
def pictures(tmp_path, write_photo):
    """Three pictures of awe and one of fear, as folders."""
    for number, emotion in enumerate(["awe", "awe", "awe", "fear"]):
        write_photo(tmp_path / "mine" / emotion / f"{number}.png", seed=number)
    return tmp_path / "mine"


def majority(pictures) -> list[str]:
    return ["predict", "--model", "majority", "--train-on", str(pictures)]


def test_every_good_picture_has_a_line_and_every_bad_one_a_sentence(pictures, capsys):
    (pictures / "bad.jpg").write_bytes(b"no picture")
    (pictures / "awe" / "bad.jpg").write_bytes(b"no picture either")
    images = [str(pictures / name) for name in ("awe/0.png", "bad.jpg", "fear/3.png", "gone.png")]
    assert main([*majority(pictures), *images]) == 1
    out, err = capsys.readouterr()
    head, *lines = out.splitlines()
    assert "valence 1–7 (90%)" in head and "arousal 1–7 (90%)" in head
    assert [line.split()[0][-9:] for line in lines] == ["awe/0.png", "ear/3.png"]
    said = [line for line in err.splitlines() if line.startswith("emobook: ")]
    assert len(said) == 2 and "bad.jpg" in said[0] and "gone.png" in said[1]
    assert "trained on 4 images" in err
    assert main([*majority(pictures), images[0]]) == 0


def test_json_holds_the_numbers_of_the_head(pictures, capsys):
    image = str(pictures / "awe" / "0.png")
    assert main([*majority(pictures), "--format", "json", image]) == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = told["pictures"]
    head = rated_head.load()
    (values,), (bounds,) = (head.predict([image]), head.bounds(head.predict([image])))
    for k, name in enumerate(("valence", "arousal")):
        assert one[name]["value"] == pytest.approx(values[k], abs=1e-3)
        assert [one[name]["low"], one[name]["high"]] == pytest.approx(bounds[k], abs=1e-3)
    assert (told["scale"], told["level"], told["unreadable"]) == ([1, 7], 0.9, [])
    assert one["path"] == image and one["emotions"] == {"awe": 1.0, "fear": 0.0}
    assert told["emotions"]["trained_on"] == str(pictures) and not told["emotions"]["synthetic"]


def test_a_folder_is_all_pictures_below_it(pictures, capsys):
    (pictures / "notes.txt").write_text("no picture, and not meant to be one")
    (pictures / ".hidden.png").write_bytes(b"")
    (pictures / ".trash").mkdir()
    shutil.copy(pictures / "awe" / "0.png", pictures / ".trash")
    (pictures / "empty").mkdir()
    assert main(["predict", "--format", "json", str(pictures)]) == 0
    found = [one["path"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert found == [
        str(pictures / n) for n in ("awe/0.png", "awe/1.png", "awe/2.png", "fear/3.png")
    ]
    (pictures / "awe" / "bad.jpg").write_bytes(b"")
    assert main(["predict", str(pictures / "awe"), str(pictures / "empty")]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4 and "bad.jpg" in err and "holds no picture" in err
    assert main(["predict", str(pictures / "empty")]) == 1
    assert capsys.readouterr().out == ""


def test_without_data_there_are_no_emotions_and_a_sentence_says_why(pictures, capsys):
    assert main(["predict", str(pictures / "awe" / "0.png")]) == 0
    out, err = capsys.readouterr()
    assert "valence" in out and "emotions" not in out
    assert err.startswith("no emotions: ") and "--synthetic" in err


def test_what_cannot_train_is_refused(pictures, tmp_path, capsys):
    image = str(pictures / "awe" / "0.png")
    assert main(["predict", "--model", "mean", "--train-on", str(pictures), image]) == 2
    assert "mean gives no probabilities" in capsys.readouterr().err
    assert main(["predict", "--train-on", str(pictures / "awe"), image]) == 2
    assert "2 or more emotions" in capsys.readouterr().err
    assert main(["predict", "--train-on", "nowhere", image]) == 2
    assert main(["predict", "--head", str(tmp_path), image]) == 2
    assert "holds no head" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["predict", "--synthetic", "--train-on", "fi", image])


@pytest.fixture
def few_scenes(monkeypatch):
    """Sixty synthetic scenes instead of all."""
    load = datasets.load
    monkeypatch.setattr(datasets, "load", lambda name, **o: load(name, n=60, **o), raising=False)
    return load("synthetic", n=60)


def test_synthetic_emotions_are_called_so_everywhere(pictures, few_scenes, capsys):
    image = str(pictures / "awe" / "0.png")
    assert main(["predict", "--model", "majority", "--synthetic", image]) == 0
    out, err = capsys.readouterr()
    assert "synthetic emotions in the 90% set" in out and "these emotions are synthetic" in err
    assert main(["predict", "--model", "majority", "--synthetic", "--format", "json", image]) == 0
    assert json.loads(capsys.readouterr().out)["emotions"]["synthetic"] is True


def test_sets_are_those_of_held_out_groups(pictures, few_scenes, capsys):
    image = str(pictures / "awe" / "0.png")
    assert main(["predict", "--model", "gch", "--synthetic", "--format", "json", image]) == 0
    told = json.loads(capsys.readouterr().out)
    table, y = few_scenes.table, np.asarray(few_scenes.classes)[few_scenes.labels]
    rows, held_out = conformal.calibration_split(y, table["group"].to_numpy())
    model = models.create("gch").fit(table.iloc[rows], y[rows])
    chances = dict(zip(model.classes_, model.predict_proba([image])[0], strict=True))
    others = model.predict_proba(table.iloc[held_out])
    scores = [
        1 - dict(zip(model.classes_, row, strict=True)).get(name, 0)
        for row, name in zip(others, y[held_out], strict=True)
    ]
    worst = sorted(scores)[int(np.ceil((len(scores) + 1) * 0.9)) - 1]
    wanted = {name for name, p in chances.items() if 1 - p <= worst}
    (one,) = told["pictures"]
    assert set(one["set"]) == wanted | {max(chances, key=chances.get)}
    assert one["emotions"] == pytest.approx(chances, abs=1e-4)
    assert list(one["emotions"].values()) == sorted(one["emotions"].values(), reverse=True)
    counts = told["emotions"]["images"], told["emotions"]["calibration_images"]
    assert counts == (len(rows), len(held_out))


def test_a_head_can_be_fitted_anew_and_used(pictures, tmp_path, monkeypatch, capsys):
    from emobook.results import rated_head as fitting

    load = datasets.load
    monkeypatch.setattr(fitting, "pooled", rated_head.pooled)
    monkeypatch.setattr(datasets, "load", lambda name, **o: load(name, n=60, **o), raising=False)
    assert main(["head", "synthetic", "--write", "mine/head"]) == 0
    card = capsys.readouterr().out
    assert card == (tmp_path / "mine" / "head" / "card.md").read_text("utf-8")
    assert "from 1 to 9" in card
    image = str(pictures / "awe" / "0.png")
    assert main(["predict", "--head", "mine/head", image]) == 0
    assert "valence 1–9 (90%)" in capsys.readouterr().out


def test_a_picture_is_named_below_the_folder_that_all_are_in(tmp_path, capsys):
    long = "long" * 15
    for folder in ("one", long):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / folder / "picture.png")
    assert main(["predict", str(tmp_path / "one" / "picture.png")]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("picture.png  ")
    assert main(["predict", str(tmp_path)]) == 0
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert first.startswith("…") and "g/picture.png  " in first
    assert second.startswith("one/picture.png  ")
