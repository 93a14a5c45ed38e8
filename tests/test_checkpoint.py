"""A killed run goes on from its last epoch, to the identical end."""

import copy
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from sklearn.base import clone

from emobook import train
from emobook.models.heads import SoftmaxHead
from emobook.train import checkpoint

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(60, 8))
Y = DRAW.integers(3, size=60)

RESUMED = """
import pathlib, sys, time
import numpy as np
import torch
from emobook import train
from emobook.train import checkpoint

class Slow(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line, self.drop = torch.nn.Linear(3, 2), torch.nn.Dropout(0.5)
    def forward(self, x):
        return self.line(self.drop(x))

def loops(log, pause):
    # two, one after the other, with all that must survive: momentum, dropout, patience
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(20, 3, generator=draw), torch.randint(2, (20,), generator=draw)
    torch.manual_seed(1)
    module = Slow()
    for rate in (0.1, 0.01):
        def validate(module):
            with open(log, "a") as file:
                file.write("epoch\\n")
            time.sleep(pause)
            return -torch.nn.functional.cross_entropy(module(x), y)
        history = train.fit(
            module, torch.nn.functional.cross_entropy, train.minibatches(x, y, size=8),
            optimizer=torch.optim.SGD(module.parameters(), lr=rate, momentum=0.9), epochs=6,
            validate=validate, patience=5,
        )
    return history, module

if __name__ == "__main__":
    checkpoint.SECONDS = 0
    log, base, pause = sys.argv[1:]
    with checkpoint.kept_at(pathlib.Path(base)):
        history, module = loops(log, float(pause))
    print("result", *history.losses, *history.scores, history.best_epoch,
          *module.line.weight.flatten().tolist())
"""


def test_a_killed_run_goes_on_from_its_last_epoch_to_the_identical_end(tmp_path):
    """Killed twice: in the first loop, and, having gone on, in the second."""
    script = tmp_path / "resumed.py"
    script.write_text(RESUMED)

    def start(name, pause=0.0):
        command = [sys.executable, str(script), str(tmp_path / f"{name}.log"), str(tmp_path / name)]
        return subprocess.Popen([*command, str(pause)], stdout=subprocess.PIPE, text=True)

    def seen(name):
        log = tmp_path / f"{name}.log"
        return log.read_text().count("epoch") if log.exists() else 0

    undisturbed, repeated = start("whole"), 0
    for epochs in (2, 9):
        killed = start("killed", pause=0.3)
        while seen("killed") < epochs + repeated:
            time.sleep(0.01)
        killed.kill()
        killed.wait()
        before = seen("killed")
        assert before < 12
        repeated += 1  # the epoch in which it was killed may be done again
    resumed = start("killed").communicate(timeout=120)[0]
    whole = undisturbed.communicate(timeout=120)[0]
    assert seen("whole") == 12
    assert resumed == whole and resumed.startswith("result")
    assert 12 <= seen("killed") <= 12 + repeated  # finished epochs are not done again


def test_fitted_leaves_no_state_behind_and_a_damaged_one_only_warns(
    clean_cache, monkeypatch, tmp_path
):
    monkeypatch.setattr(checkpoint, "SECONDS", 0)
    head = SoftmaxHead(epochs=3)
    first = train.fitted(head, X, Y)
    assert not list((clean_cache / "models").glob("*.partial"))
    with checkpoint.kept_at(tmp_path / "some"):
        clone(head).fit(X, Y)
    (state,) = tmp_path.glob("some.0.partial")
    state.write_bytes(state.read_bytes()[:100])
    with checkpoint.kept_at(tmp_path / "some"), pytest.warns(UserWarning, match="is damaged"):
        again = clone(head).fit(X, Y)
    np.testing.assert_array_equal(again.coef_, first.coef_)


def test_a_state_above_other_weights_is_not_gone_on_from(monkeypatch, tmp_path):
    """Frozen weights, which the state lacks, must be those that it was trained on."""
    monkeypatch.setattr(checkpoint, "SECONDS", 0)
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(20, 3, generator=draw), torch.randint(2, (20,), generator=draw)

    def trained(shift, epochs):
        torch.manual_seed(1)
        frozen = torch.nn.Linear(3, 3).requires_grad_(False)
        frozen.weight += shift
        module = torch.nn.Sequential(frozen, torch.nn.Linear(3, 2))
        learning = torch.optim.SGD(module[1].parameters(), lr=0.1)
        batches = train.minibatches(x, y, size=20)
        loss = torch.nn.functional.cross_entropy
        return train.fit(module, loss, batches, optimizer=learning, epochs=epochs).losses

    with checkpoint.kept_at(tmp_path / "fit"):
        trained(0, 2)
    warned = pytest.warns(UserWarning, match="began with other weights, training begins anew")
    with checkpoint.kept_at(tmp_path / "fit"), warned:
        found = trained(3, 4)
    np.testing.assert_array_equal(found, trained(3, 4))
    assert not np.array_equal(found, trained(0, 4))


def test_frozen_weights_are_kept_neither_on_disk_nor_for_the_best_epoch(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoint, "SECONDS", 0)
    module = torch.nn.Sequential(torch.nn.Linear(8, 4000), torch.nn.Linear(4000, 3))
    module[0].requires_grad_(False)
    lower, start = module[0].weight.clone(), copy.deepcopy(module.state_dict())
    x, y = torch.from_numpy(X).float(), torch.from_numpy(Y)

    def learn(epochs):
        with checkpoint.kept_at(tmp_path / "some"):
            return train.fit(
                module, torch.nn.functional.cross_entropy, train.minibatches(x, y, size=20),
                optimizer=torch.optim.SGD(module[1].parameters(), lr=0.01), epochs=epochs,
                validate=lambda module: -torch.nn.functional.cross_entropy(module(x), y),
            )  # fmt: skip

    learn(2)
    (path,) = tmp_path.glob("some.0.partial")
    state = torch.load(path, weights_only=True)
    assert set(state["module"]) == set(state["run"][4]) == {"1.weight", "1.bias"}
    upper = module[1].weight.clone()
    module.load_state_dict(start)
    learn(2)  # has ended before: is read back
    assert module[1].weight.equal(upper) and module[0].weight.equal(lower)


def test_states_left_by_a_process_killed_after_it_had_stored_the_fit_go(clean_cache, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0)
    head = SoftmaxHead(epochs=3)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "remove", lambda base: None)
        first = train.fitted(head, X, Y)
    models = clean_cache / "models"
    assert list(models.glob("*.partial"))
    np.testing.assert_array_equal(train.fitted(head, X, Y).coef_, first.coef_)
    assert not list(models.glob("*.partial"))
