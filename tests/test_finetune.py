"""The fine-tuned classifier, on tiny pictures and a tiny network with random weights."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from emobook import models, train
from emobook.features import backbones
from emobook.images import ImageError
from emobook.models._pictures import Pictures, Trained
from emobook.models.finetune import FineTunedClassifier

COLOURS = {"anger": (220, 30, 30), "contentment": (40, 190, 60), "sadness": (30, 40, 200)}
TINY = {"backbone": "test_efficientnet", "pretrained": False, "batch_size": 8, "lr": 0.02}
QUICK = TINY | {"epochs": 1, "validation_share": 0}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """24 noisy pictures of three colours, of different sizes."""
    folder, draw, rows = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0), []
    for i in range(24):
        name = list(COLOURS)[i % 3]
        size = (70 + i, 60, 3) if i % 2 else (60, 80 - i, 3)
        pixels = np.array(COLOURS[name]) + draw.normal(0, 30, size)
        path = folder / f"{i}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
        rows.append({"path": str(path), "label": name, "p": 0.6 + 0.2 * (i % 3), "group": i // 2})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def fitted(table):
    return FineTunedClassifier(**TINY, epochs=8, head_lr_factor=1, validation_share=0).fit(
        table, table["label"]
    )


def test_it_learns_colours(fitted, table):
    assert list(fitted.classes_) == sorted(COLOURS)
    assert fitted.history_.losses[-1] < fitted.history_.losses[0]
    assert fitted.score(table, table["label"]) > 0.9
    np.testing.assert_allclose(fitted.predict_proba(table).sum(axis=1), 1)


def test_predict_reads_the_path_alone_and_each_picture_for_itself(fitted, table):
    together = fitted.predict_proba(table)
    np.testing.assert_array_equal(fitted.predict_proba(table[["path"]]), together)
    np.testing.assert_array_equal(fitted.predict_proba(list(table["path"])), together)
    np.testing.assert_array_equal(fitted.predict_proba(table.iloc[[13]]), together[[13]])
    pictures = [Image.open(path) for path in table["path"][:3]]
    np.testing.assert_array_equal(fitted.predict_proba(pictures), together[:3])


def test_training_does_not_touch_the_table(table):
    before = table.copy(deep=True)
    FineTunedClassifier(**QUICK, max_steps=1).fit(table, table["label"])
    pd.testing.assert_frame_equal(table, before)


def test_same_seed_same_bits_augmentation_included(table):
    def fit(**options):
        model = FineTunedClassifier(**(QUICK | {"max_steps": 2} | options))
        return model.fit(table, table["label"]).predict_proba(table)

    first = fit()
    np.testing.assert_array_equal(fit(), first)
    assert not np.array_equal(fit(seed=1), first)
    assert not np.array_equal(fit(augment=False), first)


def test_max_steps_takes_that_many_steps(table):
    model = FineTunedClassifier(**(QUICK | {"epochs": 5}), max_steps=4)  # three batches per epoch
    assert len(model.fit(table, table["label"]).history_.losses) == 2


def test_frozen_trunk_changes_the_new_layer_only(table):
    start, _ = FineTunedClassifier(**QUICK)._build(3, False)
    start = start.state_dict()

    def moved(**options):
        model = FineTunedClassifier(**QUICK, **options).fit(table, table["label"])
        state = model.network_.state_dict()
        return {name for name in state if not torch.equal(state[name], start[name])}

    head = {"top.head.weight", "top.head.bias"}
    for augment in (True, False):
        assert moved(freeze="trunk", augment=augment) == head
        lower = moved(freeze="lower", augment=augment)
        assert head < lower and {name.split(".")[1] for name in lower - head} == {"3"}
    whole = moved()
    assert head < whole and any(name.startswith("levels.0.") for name in whole)
    assert any(name.endswith("running_mean") for name in whole)  # random weights: live statistics


def test_remembered_maps_give_what_pixels_give(table):
    """Frozen levels computed once, or anew in each epoch: the same training."""
    losses = []
    for forget in (False, True):
        model = FineTunedClassifier(**QUICK | {"epochs": 3}, freeze="lower", augment=False)
        with pytest.MonkeyPatch.context() as patch:
            if forget:  # as if nothing were frozen, so that pixels go through all levels
                patch.setattr(Pictures, "frozen", False)
            losses.append(model.fit(table, table["label"]).history_.losses)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


def test_transform_gives_what_the_last_layer_sees(fitted, table):
    seen = fitted.transform(table.iloc[:11])  # no multiple of a batch
    assert seen.shape == (11, 256) and seen.dtype == np.float32
    head = fitted.network_.top.head
    logits = seen @ head.weight.detach().numpy().T + head.bias.detach().numpy()
    each = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected = each / each.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.predict_proba(table.iloc[:11]), expected, rtol=1e-4)
    np.testing.assert_array_equal(fitted.transform(table.iloc[:11]), seen)  # no hook is left


def test_size_is_that_of_the_squares(table):
    seen = []
    model = FineTunedClassifier(**QUICK, size=64).fit(table, table["label"])
    assert model.recipe_.size == 64
    model._each(table, lambda network, maps: seen.append(maps[0].shape) or maps[0][:, 0, 0, 0])
    assert set(seen) == {(8, 3, 64, 64)}


@pytest.mark.parametrize(("freeze", "first"), [("none", "0"), ("lower", "3")])
def test_pretrained_network_keeps_its_statistics(table, freeze, first):
    few = table.iloc[:8]
    options = {"epochs": 1, "max_steps": 1, "batch_size": 4, "validation_share": 0}
    options |= {"freeze": freeze, "augment": freeze == "none", "size": 64}
    model = FineTunedClassifier(**options).fit(few, few["label"])
    start = backbones.load("tf_efficientnet_lite0", True, 3).module.state_dict()
    state = model.network_.state_dict()
    kept = [state[name] for name in state if "running_" in name]
    expected = [start[name] for name in start if "running_" in name]
    assert kept and all(torch.equal(*pair) for pair in zip(kept, expected, strict=True))
    changed = [name for name, value in state.items() if value.ndim == 4]
    before = [name for name in start if start[name].ndim == 4]
    changed = [a for a, b in zip(changed, before, strict=True) if not state[a].equal(start[b])]
    assert changed and min(name.split(".")[1] for name in changed) == first


def test_the_network_sees_what_prediction_sees(fitted, table):
    """Without augmentation a training square is the recipe's own, to the last bit."""
    model = FineTunedClassifier(**TINY, augment=False)
    model.recipe_, model.network_ = fitted.recipe_, fitted.network_
    of_epoch = Pictures(table[["path"]], model).batches(np.arange(24), [torch.zeros(24)])
    squares = torch.cat([inputs[0] for inputs, _ in of_epoch(0)])
    trained = Trained(fitted.network_, fitted.recipe_, live=True).eval()
    order = np.random.default_rng([0, 0]).permutation(24)
    with torch.no_grad():
        probabilities = trained(squares).softmax(1).numpy()
    np.testing.assert_allclose(
        probabilities, fitted.predict_proba(table.iloc[order]), rtol=1e-4, atol=1e-6
    )


def test_augmentation_shifts_and_mirrors_within_the_picture():
    model = FineTunedClassifier(**TINY)
    model.recipe_ = backbones.Recipe(6, 8, (0,) * 3, (1,) * 3, "bilinear")
    model.network_ = model._build(3, False)[0]
    picture = np.repeat(np.arange(64, dtype=np.uint8).reshape(8, 8, 1), 3, axis=2)
    of_epoch = Pictures([picture] * 400, model).batches(np.arange(400), [torch.zeros(400)])
    seen = torch.cat([inputs[0] for inputs, _ in of_epoch(0)])
    expected = set()
    for top in range(3):
        for left in range(3):
            part = torch.from_numpy(picture).permute(2, 0, 1)[:, top : top + 6, left : left + 6]
            expected |= {part.numpy().tobytes(), part.flip(-1).numpy().tobytes()}
    assert {one.numpy().tobytes() for one in seen} == expected


def test_validation_share_takes_whole_groups_of_training_images(table):
    model = FineTunedClassifier(**(QUICK | {"validation_share": 0.25}))
    labels = np.unique(table["label"], return_inverse=True)[1]
    rows, held_out = model._split(table, labels, None)
    assert sorted([*rows, *held_out]) == list(range(24))
    assert 4 <= len(held_out) <= 8
    assert not set(table["group"][rows]) & set(table["group"][held_out])
    assert model.fit(table, table["label"]).history_.scores.shape == (1,)


def test_best_epoch_of_the_given_validation_images_is_kept(table):
    rest = table.iloc[:6]
    model = FineTunedClassifier(**(QUICK | {"epochs": 4}), patience=3)
    model.fit(table.iloc[6:], table["label"][6:], validation=(rest, rest["label"]))
    history = model.history_
    assert history.best_epoch == history.scores.argmax()
    truth = np.searchsorted(model.classes_, rest["label"])
    score = np.log(model.predict_proba(rest)[np.arange(6), truth]).mean()
    assert score == pytest.approx(history.scores.max(), abs=1e-4)


def test_losses_of_the_paper(table):
    outcomes = []
    for options in (
        {"loss": "cross_entropy"},
        {"loss": "multi_task", "lam": 1},
        {"loss": "label_probability"},
        {"loss": "label_probability", "form": "weight"},
    ):
        model = FineTunedClassifier(**QUICK, **options).fit(table, table["label"])
        outcomes.append(model.predict_proba(table)[:, : len(model.classes_)].tobytes())
        assert len(model.classes_) == (8 if options["loss"] == "multi_task" else 3)
    assert len(set(outcomes)) == 4


def test_fitted_stores_it_and_gives_the_same_bits(clean_cache, table, monkeypatch):
    model = FineTunedClassifier(**QUICK)
    first = train.fitted(model, table, table["label"])
    monkeypatch.setattr(FineTunedClassifier, "fit", None)
    second = train.fitted(model, table, table["label"])
    np.testing.assert_array_equal(first.predict_proba(table), second.predict_proba(table))
    assert second.history_.losses.tolist() == first.history_.losses.tolist()


def stored(cache):
    """Bytes of all fits in a cache."""
    return sum(path.stat().st_size for path in (cache / "models").iterdir())


def as_trained(freeze, table):
    """A fit that was not stored; what is not frozen moves, batch statistics included."""
    return FineTunedClassifier(**QUICK, freeze=freeze).fit(table, table["label"])


@pytest.mark.parametrize("freeze", ["none", "lower", "trunk"])
def test_what_comes_back_predicts_the_same_bits_frozen_or_not(clean_cache, table, freeze):
    trained = as_trained(freeze, table)
    expected, state = trained.predict_proba(table), trained.network_.state_dict()
    model = FineTunedClassifier(**QUICK, freeze=freeze)
    copies = {
        "stored": train.fitted(model, table, table["label"]),
        "pickled": pickle.loads(pickle.dumps(trained)),
        "copied": copy.deepcopy(trained),
    }
    for name, other in copies.items():
        np.testing.assert_array_equal(other.predict_proba(table), expected, err_msg=name)
        found = other.network_.state_dict()
        assert found.keys() == state.keys()
        assert all(found[name].equal(state[name]) for name in state)
        assert other.network_.new == trained.network_.new


def test_frozen_weights_are_not_stored(clean_cache, table):
    sizes = {}
    for freeze in ("none", "lower", "trunk"):
        before = sum(sizes.values())
        train.fitted(FineTunedClassifier(**QUICK, freeze=freeze), table, table["label"])
        sizes[freeze] = stored(clean_cache) - before
        network = as_trained("none", table).network_
    whole = sum(part.nbytes for part in network.state_dict().values())
    assert whole < sizes["none"] and sizes["lower"] < sizes["none"]
    assert sizes["trunk"] < 0.05 * whole


def test_what_was_fitted_outlives_new_parameters(table):
    trained = as_trained("trunk", table)
    expected = trained.predict_proba(table)
    for change in ({"seed": 1}, {"freeze": "none"}, {"backbone": "no_such_net"}):
        other = copy.deepcopy(trained.set_params(**change))
        assert other.get_params() == trained.get_params()
        np.testing.assert_array_equal(other.predict_proba(table), expected)


def test_frozen_levels_of_other_weights_are_refused_and_trained_again(
    clean_cache, table, monkeypatch
):
    model = FineTunedClassifier(**QUICK, freeze="lower")
    first = train.fitted(model, table, table["label"])
    before = first.predict_proba(table)
    # from now on another seed draws the weights that stand for the pretrained ones
    load = backbones.load
    monkeypatch.setattr(backbones, "load", lambda *name, seed: load(*name, seed=seed + 7))
    with pytest.raises(ValueError, match="frozen levels had other weights than the backbone has"):
        copy.deepcopy(first)
    with pytest.warns(UserWarning, match=r"cannot be used and is trained again \(its frozen"):
        again = train.fitted(model, table, table["label"]).predict_proba(table)
    assert not np.array_equal(again, before)
    monkeypatch.setattr(FineTunedClassifier, "fit", None)  # it is stored now
    same = train.fitted(model, table, table["label"]).predict_proba(table)
    np.testing.assert_array_equal(same, again)


def test_a_wholly_trained_network_needs_no_backbone_to_be_read(clean_cache, table, monkeypatch):
    """Not even its pretrained weights: nothing is downloaded."""
    few = table.iloc[:8]
    options = {"size": 64, "epochs": 1, "max_steps": 1, "validation_share": 0}
    first = train.fitted(FineTunedClassifier(**options), few, few["label"])
    expected = first.predict_proba(few)
    load = backbones.load

    def closed(name, pretrained=True, **options):
        if pretrained:
            raise backbones.WeightsError("closed")
        return load(name, pretrained, **options)

    monkeypatch.setattr(backbones, "load", closed)
    again = train.fitted(FineTunedClassifier(**options), few, few["label"])
    np.testing.assert_array_equal(again.predict_proba(few), expected)


@pytest.mark.parametrize("change", [{"freeze": "trunk"}, {"size": 64}, {"seed": 1}])
def test_warm_start_goes_on_from_the_same_design_only(table, change):
    model = FineTunedClassifier(**QUICK, warm_start=True, augment=False)
    model.fit(table, table["label"])
    first = model.network_
    assert model.fit(table, table["label"]).network_ is first
    model.set_params(**change).fit(table, table["label"])
    assert model.network_ is not first
    fresh = FineTunedClassifier(**QUICK | change, augment=False).fit(table, table["label"])
    np.testing.assert_array_equal(model.predict_proba(table), fresh.predict_proba(table))


def test_clone_create_and_cross_validation(table):
    model = models.create("fine-tuned", **QUICK)
    assert clone(model).get_params() == model.get_params()
    labels = np.searchsorted(sorted(COLOURS), table["label"])
    assert cross_val_score(model, table, labels, cv=2).shape == (2,)


def test_bf16(table):
    model = FineTunedClassifier(**QUICK, precision="bf16-mixed").fit(table, table["label"])
    probabilities = model.predict_proba(table)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert all(part.dtype != torch.bfloat16 for part in model.network_.parameters())


@pytest.mark.parametrize(
    ("options", "fit", "sentence"),
    [
        ({"freeze": "half"}, {}, "freeze must be one of none, lower, trunk"),
        ({"size": 16}, {}, "size must be a whole number of at least 32 pixels"),
        ({"backbone": "no_such_net"}, {}, "backbone 'no_such_net' is unknown"),
        ({"loss": "hinge"}, {}, "loss must be one of"),
        ({"validation_share": 0.9}, {}, r"validation_share must lie in 0\.\.0\.5"),
        ({"validation_share": 0.05}, {}, "too few for validation_share=0.05: pass validation="),
        ({}, {"validation": (["x.png"], ["joy"])}, "validation labels must hold only anger"),
        ({}, {"validation": (["x.png"], ["anger"] * 2)}, "validation must be equally long"),
        ({"epochs": 0}, {}, "epochs must be a whole number above 0"),
        ({"batch_size": 0}, {}, "batch_size must be a whole number above 0"),
    ],
)
def test_fit_refuses(table, options, fit, sentence):
    with pytest.raises(ValueError, match=sentence):
        FineTunedClassifier(**(QUICK | options)).fit(table, table["label"], **fit)


def test_unreadable_picture_is_named(fitted, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        fitted.predict([str(tmp_path / "broken.jpg")])
