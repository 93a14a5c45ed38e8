"""The simulator: same pixels everywhere, and every mechanism does what it says, and only that."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from emobook import datasets
from emobook.datasets import synthetic
from emobook.datasets.synthetic.backdrops import BACKDROPS
from emobook.datasets.synthetic.raster import Dice, ellipse, polygon, sprite
from emobook.datasets.synthetic.scene import CHARGED, NEUTRAL, PALETTES, paint
from emobook.datasets.synthetic.sprites import OBJECTS
from emobook.datasets.synthetic.stage import Stage
from emobook.emotions import (
    MIKELS8,
    WHEEL,
    uniform_distribution,
    wheel_distribution,
    wheel_steps,
)

NOWHERE = {"objects": 0, "background": 0, "palette": 0}


def only(part):
    return {**NOWHERE, part: 1}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("synthetic")


@pytest.fixture(scope="module")
def small(root):
    return datasets.load("synthetic", root=root, n=60)


@pytest.fixture(scope="module")
def many():
    return [synthetic.sample_scene(i) for i in range(1500)]


def test_the_first_pictures_have_the_committed_hashes():
    # after a wanted change of the drawings: write the new hashes of these 48 scenes to the file
    path = Path(synthetic.__file__).with_name("hashes.json")
    known = json.loads(path.read_text())
    assert len(known) == 48
    for i, (name, value) in enumerate(known.items()):
        assert synthetic.picture_hash(synthetic.sample_scene(i)) == value, name


def test_files_hold_what_is_hashed(small):
    for i in (0, 17, 59):
        pixels = np.asarray(small.image(i))
        semantic = np.asarray(Image.open(small.table["mask_path"][i]))
        assert pixels.shape == (192, 192, 3) and semantic.shape == (192, 192)
        assert semantic.max() < len(synthetic.MAP_LABELS)
        value = hashlib.sha256(pixels.tobytes() + semantic.tobytes()).hexdigest()
        assert value == synthetic.picture_hash(synthetic.sample_scene(i))


def test_dice_do_not_depend_on_how_they_are_asked():
    one, other = Dice("a", 1), Dice("a", 1)
    single = [one.between(-5, 5) for _ in range(700)]  # past the first block of bytes
    assert single == [*other.array(300, -5, 5), *other.array(400, -5, 5)]
    assert Dice("a", 1).below(10**9) != Dice("a", 2).below(10**9)
    assert stats.chisquare(np.bincount(Dice("b").array(7000, 0, 6))).pvalue > 1e-3


def test_shapes_cover_their_area():
    square = polygon([(10, 10), (30, 10), (30, 25), (10, 25)], 0, 0, 40, 40)
    assert square.sum() == 300 and square[10:25, 10:30].all()
    triangle = polygon([(0, 0), (100, 0), (0, 100)], 0, 0, 100, 100)
    assert abs(triangle.sum() - 5000) <= 50
    window = polygon([(0, 0), (100, 0), (0, 100)], 20, 30, 15, 10)
    assert (window == triangle[30:40, 20:35]).all()
    disc = ellipse((0, 0, 100, 60), 0, 0, 100, 60)
    assert abs(disc.sum() - np.pi * 50 * 30) < 60


@pytest.mark.parametrize("kind", OBJECTS)
def test_every_object_can_be_seen_at_every_size(kind):
    for size in (40, 88):
        image = sprite(OBJECTS[kind], size)
        filled = image.alpha >= 64
        assert 0.08 < filled.mean() < 0.95
        assert filled.any(axis=1).mean() > 0.5  # stands tall enough to be told
        assert image.rgb[:, filled].std(axis=1).max() > 12  # and is no plain silhouette
        assert (sprite(OBJECTS[kind], size, 0, True).alpha == image.alpha[:, ::-1]).all()


def test_there_is_enough_to_see(many):
    seen = {item.kind for scene in many for item in scene.objects}
    assert seen == set(OBJECTS) and len(CHARGED) >= 24 and len(NEUTRAL) >= 6
    assert {scene.background for scene in many} == set(BACKDROPS) and len(BACKDROPS) == 12
    assert {scene.palette for scene in many} == set(PALETTES)
    first = paint(dataclasses.replace(many[0], objects=()))[0].astype(int)
    assert first.std() > 10


def test_a_larger_n_changes_no_picture_and_draws_no_file_twice(root, small):
    before = {path: os.stat(path).st_mtime_ns for path in small.paths}
    more = datasets.load("synthetic", root=root, n=70)
    assert list(more.paths[:60]) == list(small.paths)
    assert (more.votes[:60] == small.votes).all() and (more.labels[:60] == small.labels).all()
    assert (more.truth[:60] == small.truth).all()
    assert list(more.table["split"][:60]) == list(small.table["split"])
    assert before == {path: os.stat(path).st_mtime_ns for path in small.paths}


def test_what_pixels_do_not_show_shares_the_files(root, small):
    settings = (
        {"voters": 3},
        {"confusion": "uniform"},
        {"voter_noise": 0.5},
        {"label_noise": 0.5},
        {"ambiguity": 2},
    )
    for setting in settings:
        other = datasets.load("synthetic", root=root, n=60, **setting)
        assert list(other.paths) == list(small.paths), setting
    for setting in ({"seed": 1}, {"distractors": 0.1}, {"emotion_in": {"palette": 1}}):
        assert datasets.load("synthetic", root=root, n=1, **setting).paths[0] not in small.paths


def test_a_missing_file_is_drawn_again_and_only_that(root, small):
    path = Path(small.paths[5])
    content = path.read_bytes()
    path.unlink()
    (path.parent / f".{path.name}.0.tmp").write_bytes(b"half")  # what a killed run leaves
    before = os.stat(small.paths[6]).st_mtime_ns
    datasets.load("synthetic", root=root, n=60)
    assert path.read_bytes() == content and os.stat(small.paths[6]).st_mtime_ns == before


def test_two_processes_may_draw_at_once(tmp_path):
    code = (
        "import sys; from emobook import datasets; "
        "d = datasets.load('synthetic', root=sys.argv[1], n=20); [d.image(i) for i in range(20)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert len(list(tmp_path.glob("*/*.png"))) == 40
    assert not list(tmp_path.glob("*/.*"))


def test_the_table_conforms(small):
    table = small.table
    assert small.classes == MIKELS8 and small.scale == (1, 9) and not small.absent
    assert table["id"].is_unique and table["id"][0] == "synthetic-000000"
    assert (table["group"] == table["id"]).all()
    assert " ".join(table["split"][:8]) == "test train train val train val train train"
    np.testing.assert_array_equal(small.votes.sum(axis=1), 11)
    np.testing.assert_allclose(small.truth.sum(axis=1), 1)
    np.testing.assert_allclose(table["p"], small.votes.max(axis=1) / 11)
    rows = np.arange(60)
    assert (small.votes[rows, small.labels] == small.votes.max(axis=1)).all()
    for ratings in (small.ratings, table[["valence", "arousal"]]):
        assert ((ratings >= 1) & (ratings <= 9)).all(axis=None)
    assert small.ratings["valence"].corr(table["valence"]) > 0.75
    assert len(datasets.load("synthetic", root=Path(small.paths[0]).parents[1], n=60,
                             split="train")) == (table["split"] == "train").sum()  # fmt: skip


def test_a_tie_goes_to_the_emotion_that_was_voted_for_first(root):
    two = datasets.load("synthetic", root=root, n=60, voters=2, voter_noise=0.5)
    cast = synthetic.vote(two.truth, voters=2, voter_noise=0.5)
    assert (two.labels == cast[:, 0]).all()


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_box_fits_what_is_drawn(kind):
    for size in range(40, 96, 8):
        for flip in (False, True):
            item = synthetic.Item(kind, 96, 120, size, 0, flip)
            stage = Stage(synthetic.MAP_LABELS)
            stage.put(kind, OBJECTS[kind], item.x, item.base, size, 0, flip)
            drawn = stage.map == synthetic.MAP_LABELS.index(kind)
            rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
            tight = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            assert np.abs(np.subtract(tight, item.box)).max() <= 2


def test_objects_stand_in_the_map_where_their_boxes_are(many):
    for scene in many[:40]:
        semantic = paint(scene)[1]
        for front, (kind, x0, y0, x1, y1) in enumerate(scene.boxes):
            assert 0 <= x0 < x1 <= 192 and 0 <= y0 < y1 <= 192
            covered = any(_meet((x0, y0, x1, y1), box) for _, *box in scene.boxes[front + 1 :])
            here = semantic[y0:y1, x0:x1] == synthetic.MAP_LABELS.index(kind)
            assert covered or here.mean() > 0.08, (scene.index, kind)
        kinds = {item.kind for item in scene.objects}
        shown = {synthetic.MAP_LABELS[value] for value in np.unique(semantic)}
        assert shown & set(OBJECTS) <= kinds and shown - set(OBJECTS)


def _meet(a, b):
    return max(a[0], b[0]) < min(a[2], b[2]) and max(a[1], b[1]) < min(a[3], b[3])


def test_regions_follow_where_the_emotion_is(many):
    scene = next(s for s in many if s.patch and any(i.kind in NEUTRAL for i in s.objects)
                 and any(i.kind in CHARGED for i in s.objects))  # fmt: skip
    charged = [item for item in scene.objects if item.kind in CHARGED]
    assert len(scene.regions()) == len(charged) + 1
    assert scene.regions(only("background")) == [scene.patch]
    assert scene.regions(only("palette")) == []
    assert len(scene.regions(only("objects"))) == len(charged)
    x0, y0, x1, y1 = scene.regions()[0]
    a0, b0, a1, b1 = charged[0].box
    assert x0 <= a0 and y0 <= b0 and x1 >= a1 and y1 >= b1
    assert not set(scene.regions()) & {tuple(box) for _, *box in scene.boxes}
    assert (x1 - x0) * (y1 - y0) > 1.3 * (a1 - a0) * (b1 - b0)


def test_what_a_lecturer_does(many):
    scene = next(s for s in many if [i.kind for i in s.objects] == ["dog"])
    fear, amusement = MIKELS8.index("fear"), MIKELS8.index("amusement")
    before, after = (synthetic.emotion_of(s) for s in (scene, scene.swap("dog", "snake")))
    assert after[fear] > before[fear] and after[amusement] < before[amusement]
    for background in BACKDROPS:  # any backdrop will do for any scene
        synthetic.render(dataclasses.replace(scene, background=background))
    with pytest.raises(ValueError, match="did you mean 'snake'"):
        scene.swap("dog", "snke")
    with pytest.raises(ValueError, match="object of this scene 'cat'"):
        scene.swap("cat", "dog")
    with pytest.raises(ValueError, match="background 'sea'"):
        dataclasses.replace(scene, background="sea")


def test_the_truth_is_its_formula(many):
    scene = next(s for s in many if [i.kind for i in s.objects] == ["snake"])
    share = synthetic.DEFAULT_EMOTION_IN
    score = np.zeros(8)
    for part, name in (("objects", "snake"), ("background", scene.background),
                       ("palette", scene.palette)):  # fmt: skip
        score += share[part] * np.array(synthetic.EVOKES.get(name, (0,) * 8))
    for ambiguity in (0.5, 1, 3):
        weight = 2 ** (score / (0.75 * ambiguity))
        # the table has 16 steps to the octave
        np.testing.assert_allclose(
            synthetic.emotion_of(scene, ambiguity=ambiguity), weight / weight.sum(), rtol=0.09
        )


def test_ambiguity_flattens(many):
    peaks = [
        np.mean([synthetic.emotion_of(s, ambiguity=a).max() for s in many[:200]])
        for a in (0, 0.5, 1, 2, 10)
    ]
    assert peaks == sorted(peaks, reverse=True) and peaks[0] > 0.97 and peaks[-1] < 0.3


@pytest.mark.parametrize("part", ["objects", "background", "palette"])
def test_a_part_that_is_switched_off_knows_nothing(part):
    off = {part: 0}
    scenes = [synthetic.sample_scene(i, emotion_in=off) for i in range(1500)]
    # the truth does not move with the part …
    if part == "objects":
        changed = [dataclasses.replace(s, objects=()) for s in scenes]
    elif part == "background":
        changed = [dataclasses.replace(s, background="volcano") for s in scenes]
    else:
        changed = [dataclasses.replace(s, palette="red") for s in scenes]
    truth = np.array([synthetic.emotion_of(s, off) for s in scenes])
    assert (truth == [synthetic.emotion_of(s, off) for s in changed]).all()
    # … and the part does not tell of the other parts
    whole = {"objects": lambda s: s.objects[-1].kind if s.objects else "none",
             "background": lambda s: s.background, "palette": lambda s: s.palette}  # fmt: skip
    seen = np.array([whole[part](s) for s in scenes])
    felt = truth.argmax(axis=1)
    counts = [[np.sum((seen == kind) & (felt == e)) for e in range(8)] for kind in np.unique(seen)]
    assert stats.chi2_contingency(np.array(counts) + 0.0).pvalue > 1e-3
    # switched on it does
    scenes = [synthetic.sample_scene(i, emotion_in=only(part)) for i in range(400)]
    felt = np.array([synthetic.emotion_of(s, only(part)).argmax() for s in scenes])
    seen = np.array([whole[part](s) for s in scenes])[:, None]
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(C=10))
    assert cross_val_score(model, seen, felt, cv=3).mean() > 0.75


def test_with_no_emotion_anywhere_the_truth_is_flat(many):
    assert (synthetic.emotion_of(many[0], NOWHERE) == 1 / 8).all()


def test_distractors(many):
    for share in (0, 0.3, 1):
        scenes = [synthetic.sample_scene(i, distractors=share) for i in range(600)]
        has = [any(item.kind in NEUTRAL for item in s.objects) for s in scenes]
        assert abs(np.mean(has) - share) < 0.06
    scene = next(s for s in many if any(i.kind in NEUTRAL for i in s.objects))
    without = dataclasses.replace(
        scene, objects=tuple(i for i in scene.objects if i.kind in CHARGED)
    )
    assert (synthetic.emotion_of(scene) == synthetic.emotion_of(without)).all()
    assert scene.regions() == without.regions()


def test_classes_are_balanced_mildly_unevenly(many):
    felt = np.array([synthetic.emotion_of(s).argmax() for s in many])
    shares = np.bincount(felt, minlength=8) / len(many)
    assert shares.min() > 0.07 and shares.max() < 0.18


def test_the_truth_itself_knows_no_wheel(many):
    """Else the wheel's prior would stay a little right where the voters' ring is shuffled."""
    truth = np.array([synthetic.emotion_of(s) for s in many])
    every = np.arange(8)
    for ring in (WHEEL, synthetic.SHUFFLED):
        steps = wheel_steps(every[:, None], every, ring=ring)[truth.argmax(axis=1)]
        mass = [truth[steps == d].mean() for d in (1, 2, 3, 4)]
        assert max(mass) / min(mass) < 1.2


def test_confusions_have_the_same_errors_in_other_places():
    tables = {kind: synthetic.voter_confusion(kind, 0.3) for kind in synthetic.RINGS}
    for table in tables.values():
        np.testing.assert_allclose(table.sum(axis=1), 1)
        np.testing.assert_allclose(np.diag(table), 0.7)
    every = np.arange(8)
    steps = wheel_steps(every[:, None], every)
    by_step = {kind: [table[steps == d].mean() for d in (1, 2, 3, 4)]
               for kind, table in tables.items()}  # fmt: skip
    assert by_step["wheel"] == sorted(by_step["wheel"], reverse=True)
    np.testing.assert_allclose(by_step["uniform"], 0.3 / 7)
    one, two, three, four = by_step["wheel"]
    np.testing.assert_allclose(by_step["shuffled"], (three, two, one, four))

    # the wheel's prior fits the first, and fits the shuffled one worse than no prior at all
    prior = wheel_distribution(every, np.full(8, 0.7))
    cost = {kind: -(table * np.log(prior)).sum() for kind, table in tables.items()}
    flat = -(tables["uniform"] * np.log(tables["uniform"])).sum()
    assert cost["wheel"] < flat < cost["shuffled"]


def test_at_default_settings_the_wheel_prior_fits_votes_along_the_wheel_and_no_others(many):
    truth = np.array([synthetic.emotion_of(s) for s in many])
    gain = {}
    for kind in synthetic.RINGS:
        votes = (synthetic.vote(truth, confusion=kind)[..., None] == np.arange(8)).mean(axis=1)
        label, p = votes.argmax(axis=1), votes.max(axis=1)
        some = p < 1
        wheel, even = wheel_distribution(label, p)[some], uniform_distribution(label, p)[some]
        gain[kind] = (votes[some] * np.log(wheel / even)).sum(axis=1).mean()
    assert gain["wheel"] > 0.015 and gain["uniform"] < -0.01
    assert gain["shuffled"] < gain["uniform"] - 0.01


@pytest.mark.parametrize("confusion", ["wheel", "uniform", "shuffled"])
def test_votes_are_drawn_from_truth_and_confusion(confusion):
    expected = synthetic.voter_confusion(confusion, 0.4)
    cast = synthetic.vote(np.repeat(np.eye(8), 60, axis=0), voters=25, confusion=confusion,
                          voter_noise=0.4)  # fmt: skip
    for felt in range(8):
        counts = np.bincount(cast[60 * felt : 60 * felt + 60].ravel(), minlength=8)
        assert stats.chisquare(counts, 1500 * expected[felt]).pvalue > 1e-4
    truth = np.tile([0.4, 0.1, 0.1, 0.2, 0.05, 0.05, 0.1, 0], (200, 1))
    counts = np.bincount(synthetic.vote(truth, voters=20, voter_noise=0).ravel(), minlength=8)
    assert counts[7] == 0 and stats.chisquare(counts[:7], 4000 * truth[0, :7]).pvalue > 1e-4


def test_the_same_voters_err_whatever_the_confusion():
    truth = np.full((100, 8), 1 / 8)
    calm = synthetic.vote(truth, voter_noise=0)
    wrong = {kind: synthetic.vote(truth, confusion=kind, voter_noise=0.3) != calm
             for kind in synthetic.RINGS}  # fmt: skip
    assert (wrong["wheel"] == wrong["uniform"]).all() and (
        wrong["wheel"] == wrong["shuffled"]
    ).all()
    assert abs(wrong["wheel"].mean() - 0.3) < 0.05
    assert (synthetic.vote(truth[40:], first=40) == synthetic.vote(truth)[40:]).all()


def test_label_noise_replaces_its_share(root):
    noisy = datasets.load("synthetic", root=root, n=60, label_noise=0.4)
    clean = datasets.load("synthetic", root=root, n=60)
    assert (clean.labels == clean.table["clean_label"]).all()
    assert (noisy.table["clean_label"] == clean.labels).all() and (noisy.votes == clean.votes).all()
    assert 0.2 < (noisy.labels != clean.labels).mean() < 0.6
    all_wrong = datasets.load("synthetic", root=root, n=60, label_noise=1)
    assert (all_wrong.labels != clean.labels).all() and len(set(all_wrong.labels)) == 8


def test_a_palette_can_be_learned_from_colours_where_it_carries_the_emotion(root):
    def accuracy(emotion_in):
        data = datasets.load("synthetic", root=root, n=150, emotion_in=emotion_in,
                             voter_noise=0, ambiguity=0.3, voters=15)  # fmt: skip
        pixels = np.array([np.asarray(data.image(i))[::4, ::4] for i in range(150)]) / 255
        colours = np.concatenate(
            [np.quantile(pixels, q, axis=(1, 2)) for q in (0.1, 0.5, 0.9)]
            + [(pixels.max(axis=3) - pixels.min(axis=3)).mean(axis=(1, 2))[:, None]],
            axis=1,
        )
        model = make_pipeline(StandardScaler(), LogisticRegression(C=3, max_iter=2000))
        majority = np.bincount(data.labels).max() / 150
        return cross_val_score(model, colours, data.labels, cv=4).mean(), majority

    learned, majority = accuracy(only("palette"))
    assert learned > majority + 0.25
    nothing, majority = accuracy(NOWHERE)
    assert nothing < majority + 0.07


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("n", 0),
        ("n", 2.5),
        ("seed", -1),
        ("voters", 0),
        ("voters", True),
        ("ambiguity", -1),
        ("ambiguity", float("nan")),
        ("distractors", 1.5),
        ("voter_noise", "much"),
        ("label_noise", -0.1),
        ("confusion", "weel"),
        ("emotion_in", {"object": 1}),
        ("emotion_in", {"objects": 2}),
        ("emotion_in", ["objects"]),
        ("emotion_in", "objects"),
        ("colour", 1),
    ],
)
def test_bad_options_say_so_in_one_sentence(option, value):
    with pytest.raises(datasets.DatasetError, match=option) as caught:
        datasets.load("synthetic", **{option: value})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200
