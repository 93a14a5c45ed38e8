"""The training loop, and fitted models: trained once, stored without pickle, read back alike."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC

from emobook import train
from emobook._files import digest
from emobook.models.heads import SoftmaxHead
from emobook.train import codec, identity

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 8))
Y = DRAW.integers(3, size=60)


class Counting(ClassifierMixin, BaseEstimator):
    """Answers the commonest label, and writes a line into `log` at every fit."""

    def __init__(self, log="", seconds=0.0, rng=None):
        self.log = log
        self.seconds = seconds
        self.rng = rng

    def fit(self, X, y, bonus=0):
        with open(self.log, "a") as file:
            file.write("fit\n")
        time.sleep(self.seconds)
        self.classes_ = np.unique(y)
        self.answer_ = np.bincount(y).argmax() + bonus
        return self

    def predict(self, X):
        return np.full(len(X), self.answer_)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.touch()
    return path


def fits(log) -> int:
    return len(log.read_text().splitlines())


def stored(clean_cache, ending):
    return sorted((clean_cache / "models").glob(f"*{ending}"))


# The loop


class Line(torch.nn.Module):
    def __init__(self, heads=1):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1, heads))

    def forward(self, x):
        return x[:, None] * self.slope


def run(module, epochs=40, lr=0.1, **options):
    x = torch.linspace(-1, 1, 16)
    return train.fit(
        module,
        lambda outputs, target: ((outputs - target[:, None]) ** 2).mean(dim=0).sum(),
        train.minibatches(x, 3 * x, size=4),
        optimizer=torch.optim.SGD(module.parameters(), lr=lr),
        epochs=epochs,
        **options,
    )


def test_loop_learns_and_tells():
    module = Line()
    history = run(module)
    assert module.slope.item() == pytest.approx(3, abs=0.01)
    assert len(history.losses) == 40 and history.losses[-1] < 1e-3 < history.losses[0]
    assert history.scores is None and history.best_epoch == 39
    assert not module.training


def test_loop_keeps_the_best_epoch_of_validation():
    slopes = []

    def validate(module):  # as if 2 were the best slope
        slopes.append(module.slope.item())
        return -abs(module.slope.item() - 2)

    module = Line()
    history = run(module, validate=validate)
    best = int(np.argmin(np.abs(np.array(slopes) - 2)))
    assert 0 < best < 39 and history.best_epoch == best
    assert module.slope.item() == slopes[best] and slopes[-1] == pytest.approx(3, abs=0.01)


def test_patience_ends_training_after_the_best_epoch():
    history = run(Line(), validate=lambda module: -abs(module.slope.item() - 2), patience=3)
    assert len(history.losses) == history.best_epoch + 1 + 3


def test_heads_keep_epochs_of_their_own():
    wanted = torch.tensor([1.0, 2.0, 3.0])
    module = Line(3)
    history = run(module, lr=0.02, validate=lambda module: -(module.slope[0] - wanted).abs())
    assert history.best_epoch[0] < history.best_epoch[1] < history.best_epoch[2]
    assert history.scores.shape == (40, 3)
    assert abs(module.slope.detach()[0] - wanted).max() < 0.3  # where SGD stands after 40 epochs
    single = Line()
    alone = run(single, lr=0.02, validate=lambda module: -(module.slope[0, 0] - 2).abs())
    assert alone.best_epoch == history.best_epoch[1]
    assert single.slope.item() == pytest.approx(module.slope[0, 1].item())


def test_max_steps_ends_within_an_epoch():
    history = run(Line(), max_steps=6)  # four batches per epoch
    assert len(history.losses) == 2


def test_batches_hold_every_row_once_in_a_new_order_per_epoch():
    batches = train.minibatches(torch.arange(10), torch.arange(10) * 2, size=4, seed=1)
    first, again, second = (
        [list(map(list, zip(*b, strict=True))) for b in batches(e)] for e in (0, 0, 1)
    )
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert first == again != second
    assert sorted(row for batch in first for row in batch) == [[i, 2 * i] for i in range(10)]


def test_bf16_runs_on_a_cpu():
    module = torch.nn.Linear(4, 1)
    x = torch.ones(8, 4)
    seen = []

    def loss(outputs, target):
        seen.append(outputs.dtype)
        return (outputs - target).square().mean()

    history = train.fit(
        module, loss, train.minibatches(x, torch.ones(8, 1), size=4),
        optimizer=torch.optim.SGD(module.parameters(), lr=0.05), epochs=20,
        precision="bf16-mixed",
    )  # fmt: skip
    assert history.losses[-1] < 0.1 * history.losses[0]
    assert module.weight.dtype == torch.float32 and set(seen) == {torch.float32}


IN_SHARES = """
import os, torch
from emobook import train
draw, size = torch.Generator().manual_seed(0), int(os.environ["BATCH"])
x, y = torch.randn(32, 4, generator=draw), torch.randint(3, (32,), generator=draw)
torch.manual_seed(0)
module = torch.nn.Linear(4, 3)
history = train.fit(
    module, torch.nn.functional.cross_entropy, train.minibatches(x, y, size=size),
    optimizer=torch.optim.SGD(module.parameters(), lr=0.1), epochs=3,
    devices=int(os.environ.get("WORLD_SIZE", 1)),
    validate=lambda module: -torch.nn.functional.cross_entropy(module(x), y),
)
if os.environ.get("RANK", "0") == "0":
    print("result", *history.losses, *history.scores, *module.weight.flatten().tolist())
"""


NETWORK_IN_SHARES = """
import os
import numpy as np
from emobook.models.finetune import FineTunedClassifier
draw = np.random.default_rng(0)
X, y = list(draw.integers(256, size=(15, 70, 70, 3), dtype=np.uint8)), np.arange(15) % 3
model = FineTunedClassifier(
    size=64, augment=False, epochs=3, lr=0.01, head_lr_factor=1, batch_size=7,
    validation_share=0, devices=int(os.environ.get("WORLD_SIZE", 1)),
).fit(X[:12], y[:12], validation=(X[12:], y[12:]))
if os.environ.get("RANK", "0") == "0":
    seen = model.predict_proba(X)
    print("result", *model.history_.losses, *model.history_.scores, *seen.ravel())
"""


@pytest.fixture(scope="module")
def in_shares(tmp_path_factory) -> list[list[list[float]]]:
    """The numbers that each of both scripts prints after "result", run in one process by itself,
    and by torchrun in two at once: alone and together for either."""
    script = tmp_path_factory.mktemp("shares") / "in_shares.py"
    script.write_text(IN_SHARES + NETWORK_IN_SHARES)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    # of 32 rows: the shares of the processes differ, and the last batch has a single row
    environment = os.environ | {"OMP_NUM_THREADS": "1", "BATCH": "31"}
    results = []
    for extra in ([], launcher):
        command = [sys.executable, *extra, str(script)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        lines = [line for line in done.stdout.splitlines() if line.startswith("result")]
        results.append([[float(number) for number in line.split()[1:]] for line in lines])
    return list(zip(*results, strict=True))


def test_two_processes_learn_what_one_does(in_shares):
    alone, together = in_shares[0]
    np.testing.assert_allclose(alone, together, atol=1e-6)


def test_a_pretrained_network_learns_alike_in_two_processes(in_shares):
    """The loss curve of one process to 1e-4: batch normalisation keeps its statistics."""
    alone, together = in_shares[1]
    assert alone[2] < 0.97 * alone[0]  # it learns at all
    np.testing.assert_allclose(alone, together, atol=1e-4)


# Fitted models: trained once


def test_fitted_trains_once(clean_cache, log):
    first = train.fitted(Counting(str(log)), X, Y)
    second = train.fitted(Counting(str(log)), X.copy(), Y.copy())
    assert fits(log) == 1
    assert first is not second and first.answer_ == second.answer_ == np.bincount(Y).argmax()


def test_fitted_leaves_the_estimator_alone(clean_cache, log):
    estimator = Counting(str(log))
    train.fitted(estimator, X, Y)
    assert not hasattr(estimator, "answer_")


def test_fitted_trains_again_for_other_content(clean_cache, log):
    def fit(x=X, y=Y, seconds=0.0, **fit_params):
        train.fitted(Counting(str(log), seconds), x, y, **fit_params)
        return fits(log)

    assert fit() == 1
    assert fit(x=X + 1e-12) == 2
    assert fit(x=X.astype(np.float32)) == 3
    assert fit(y=(Y + 1) % 3) == 4
    assert fit(seconds=0.001) == 5
    assert fit(bonus=1) == 6
    assert fit(bonus=2) == 7
    assert fit(x=X.reshape(30, 16)[:, :8], y=Y[:30]) == 8
    assert fit() == fit(bonus=1) == 8


def test_a_table_counts_by_what_its_files_and_columns_hold(clean_cache, log, tmp_path):
    def picture(name, value):
        Image.new("RGB", (4, 4), (value, 0, 0)).save(tmp_path / name)
        return str(tmp_path / name)

    def fit(paths, **columns):
        frame = pd.DataFrame({"path": paths, **columns})
        train.fitted(Counting(str(log)), frame, np.array([0, 1]))
        return fits(log)

    here = [picture("a.png", 1), picture("b.png", 2)]
    assert fit(here, p=[0.6, 0.8]) == 1
    moved = [picture("c.png", 1), picture("d.png", 2)]
    assert fit(moved, p=[0.6, 0.8], id=["x", "y"], split=["train", "val"]) == 1
    assert fit(here, p=[0.6, 0.9]) == 2
    assert fit(here) == 3
    boxes = [np.zeros((1, 4)), np.ones((2, 4))]  # a ragged column
    assert fit(here, boxes=boxes) == 4
    assert fit(here, boxes=[boxes[0], boxes[1] * 2]) == 5
    picture("b.png", 3)
    assert fit(here, p=[0.6, 0.8]) == 6
    assert fit(here[::-1], p=[0.6, 0.8]) == 7


def test_code_is_part_of_the_identity(monkeypatch):
    reached = identity._imports("emobook.models.heads")
    assert {
        "emobook.models.heads", "emobook.models._targets", "emobook.losses", "emobook.emotions",
        "emobook.train", "emobook.train.codec",
    } <= reached  # fmt: skip
    assert "emobook.cli" not in reached
    assert "emobook.models" not in reached  # one more method in the list changes no other one
    before = identity.source(SoftmaxHead)
    plain = identity._text
    monkeypatch.setattr(
        identity, "_text", lambda name: plain(name) + "#" * (name == "emobook.losses")
        if plain(name) is not None else None,
    )  # fmt: skip
    assert identity.source(SoftmaxHead) != before


def _fit_in_process(log, barrier):
    barrier.wait()
    train.fitted(Counting(str(log), 0.5), X, Y)


def test_processes_that_come_together_train_once(clean_cache, log):
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(3)
    workers = [fork.Process(target=_fit_in_process, args=(log, barrier)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert fits(log) == 1


def _fit_slowly(log):
    train.fitted(Counting(str(log), 60), X, Y)


def test_kill_while_training_leaves_nothing_half_written(clean_cache, log):
    worker = multiprocessing.get_context("fork").Process(target=_fit_slowly, args=(log,))
    worker.start()
    while fits(log) == 0:
        time.sleep(0.01)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(10)
    assert {path.suffix for path in (clean_cache / "models").iterdir()} == {".lock"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: None)
        assert train.fitted(Counting(str(log), 60), X, Y).answer_ == np.bincount(Y).argmax()
    assert fits(log) == 2


def test_kill_between_the_two_files_is_as_if_nothing_was_stored(clean_cache, log, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_atomic", killed)
        with pytest.raises(KeyboardInterrupt):
            train.fitted(Counting(str(log)), X, Y)
    (arrays,) = stored(clean_cache, ".safetensors")
    left_over = arrays.with_name(f".{arrays.name}.0123.tmp")  # what a kill while writing leaves
    left_over.write_text("half")
    train.fitted(Counting(str(log)), X, Y)
    assert fits(log) == 2 and not left_over.exists()
    train.fitted(Counting(str(log)), X, Y)
    assert fits(log) == 2


def test_processes_that_train_together_wait_for_no_lock(clean_cache, log, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for _ in range(2):
        assert train.fitted(Counting(str(log)), X, Y).answer_ == np.bincount(Y).argmax()
    assert fits(log) == 2 and not list(clean_cache.glob("models/*"))


def test_a_full_disk_does_not_cost_the_training(clean_cache, log, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(train, "write_atomic", full)
        with pytest.warns(UserWarning, match="No space left on device; this fit is not shared"):
            assert train.fitted(Counting(str(log)), X, Y).answer_ == np.bincount(Y).argmax()
    train.fitted(Counting(str(log)), X, Y)
    assert fits(log) == 2 and len(stored(clean_cache, ".json")) == 1


@pytest.mark.filterwarnings("error:the stored")
@pytest.mark.parametrize("ending", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "garbage"])
def test_damaged_files_are_trained_again(clean_cache, ending, damage):
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    expected = train.fitted(estimator, X, Y).predict_proba(X)
    (path,) = stored(clean_cache, ending)
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(data[:-20])
    elif damage == "garbage":
        path.write_bytes(b"[]")
    elif ending == ".json":
        path.write_bytes(data.replace(b'"lbfgs"', b'"sagaa"'))
    else:
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    if (ending, damage) == (".json", "gone"):
        again = train.fitted(estimator, X, Y)
    else:
        with pytest.warns(UserWarning, match="Pipeline .* cannot be used and is trained again"):
            again = train.fitted(estimator, X, Y)
    np.testing.assert_array_equal(again.predict_proba(X), expected)
    assert path.exists()
    train.fitted(estimator, X, Y)  # a warning now would be an error


# Fitted models: stored and read back


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(StandardScaler(), PCA(4), LogisticRegression()),
        make_pipeline(MinMaxScaler(), SVC()),
        LinearSVC(),
        GaussianNB(),
        Ridge(),
        make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 3, 5))),
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1, 10]}, cv=3),
        SoftmaxHead(epochs=3),
        make_pipeline(PCA(3), SoftmaxHead(epochs=3)),
    ],
    ids=lambda estimator: str(estimator)[:30].replace("\n", ""),
)
def test_what_is_read_back_predicts_the_same_bits(clean_cache, estimator, monkeypatch):
    first = train.fitted(estimator, X, Y)
    monkeypatch.setattr(type(estimator), "fit", None)  # must not be called again
    second = train.fitted(estimator, X, Y)
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(first, method):
            ours, again = getattr(first, method)(X), getattr(second, method)(X)
            np.testing.assert_array_equal(ours, again)
    monkeypatch.undo()
    direct = type(estimator)(**estimator.get_params(deep=False)).fit(X, Y)
    np.testing.assert_allclose(first.predict(X), direct.predict(X))


def test_two_columns_and_names(clean_cache):
    ratings = X[:, :2] * 2
    model = train.fitted(Ridge(), pd.DataFrame(X, columns=list("abcdefgh")), ratings)
    assert list(model.feature_names_in_) == list("abcdefgh")
    assert model.predict(pd.DataFrame(X, columns=list("abcdefgh"))).shape == (60, 2)
    names = np.array(["awe", "fear", "sadness"])[Y]
    assert set(train.fitted(LogisticRegression(), X, names).predict(X)) <= set(names)


def test_nothing_is_pickled(clean_cache, monkeypatch):
    monkeypatch.setitem(sys.modules, "pickle", None)
    train.fitted(SoftmaxHead(epochs=1), X, Y)
    (record,) = stored(clean_cache, ".json")
    assert (
        json.loads(record.read_text())["estimator"]["object"] == "emobook.models.heads:SoftmaxHead"
    )


def test_an_estimator_that_cannot_be_stored_still_works(clean_cache):
    forest = RandomForestClassifier(3, random_state=0)
    with pytest.warns(UserWarning, match=r"estimators_\[0\]\.tree_ cannot be stored.*not shared"):
        model = train.fitted(forest, X, Y)
    assert model.score(X, Y) > 0.5
    assert not stored(clean_cache, ".json")


def test_a_parameter_without_a_value_to_compare_is_refused(clean_cache, log):
    estimator = Counting(str(log), rng=np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"Counting\.rng cannot be stored: it is of type Generator"
    ):
        train.fitted(estimator, X, Y)
    with pytest.raises(ValueError, match="X, y and fit parameters may hold tables, arrays"):
        train.fitted(Counting(str(log)), X, Y, bonus=object())
    assert fits(log) == 0


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -0.0, float("inf"), "ä", [1, [2.5]], (1, (None, "x")), {1: "a", (2, 3): [4]},
        np.float32(0.1), np.int64(3), np.bool_(True), np.str_("a"), np.dtype("float32"),
        np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T, np.array(5), np.empty((0, 3)),
        np.array(["a", "bc"]), np.array([None, 1, "x"], dtype=object),
        np.array([np.arange(2), np.arange(3)], dtype=object), torch.arange(4.0).reshape(2, 2),
        {"nested": [np.ones(2), (torch.zeros(1),)]},
    ],
    ids=repr,
)  # fmt: skip
def test_codec_returns_what_it_was_given(value):
    arrays = {}
    record = json.loads(json.dumps(codec.encode(value, arrays)))
    _same(codec.decode(record, arrays), value)


def _same(found, value):
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.dtype == value.dtype and found.shape == value.shape
        assert found.flags.f_contiguous == value.flags.f_contiguous
    if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        assert len(found) == len(value)
        for mine, theirs in zip(found, value, strict=True):
            _same(mine, theirs)
    elif isinstance(value, dict):
        assert list(found) == list(value)
        for key in value:
            _same(found[key], value[key])
    elif isinstance(value, np.ndarray):
        np.testing.assert_array_equal(found, value)
    elif isinstance(value, torch.Tensor):
        assert torch.equal(found, value)
    else:
        assert repr(found) == repr(value)


@pytest.mark.parametrize(
    "record", [{"import": "os:system"}, {"object": "subprocess:Popen", "state": {}}]
)
def test_codec_imports_from_known_packages_only(record):
    with pytest.raises(ValueError, match="lies outside"):
        codec.decode(record, {})


def test_digest_of_content_tells_types_apart():
    values = [
        1,
        1.0,
        "1",
        True,
        None,
        [1],
        [[1]],
        (),
        {"a": 1},
        {"a": "1"},
        np.array([1]),
        np.array([[1]]),
    ]
    assert len({identity.content(value) for value in values}) == len(values)
    assert identity.content((1, 2)) == identity.content([1, 2])
    assert digest("a", "bc") != digest("ab", "c")
