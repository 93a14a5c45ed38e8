"""One visible training loop, and fitted models that every chapter shares.

`fit` is the loop: it knows tensors, a loss and an optimiser, nothing of images or emotions.
`fitted` is what a notebook calls: it trains an estimator once, keeps it in the cache under the
content of everything that went into it, and gives it to whoever asks again.
"""

import dataclasses
import json
import os
import warnings

import filelock
import lightning_fabric
import numpy as np
import safetensors
import sklearn.base
import torch

from emobook._bar import progress
from emobook._files import atomic_path, cache_dir, digest, file_digest, write_atomic
from emobook.train import checkpoint, codec, identity


@dataclasses.dataclass(frozen=True)
class History:
    """What happened: mean loss per epoch; validation scores (E,) or (E, H); the best epoch, a
    number or (H,), the last one where nothing was validated."""

    losses: np.ndarray
    scores: np.ndarray | None
    best_epoch: np.ndarray


def fit(
    module,
    loss,
    batches,
    *,
    optimizer,
    epochs: int,
    validate=None,
    patience: float = float("inf"),
    max_steps: int | None = None,
    seed: int = 0,
    label: str = "training",
    accelerator: str = "cpu",
    devices: int = 1,
    precision: str = "32-true",
) -> History:
    """Train `module` in place; with `validate`, leave it as it was after its best epoch.

    loss(outputs, *targets) → scalar tensor. batches(epoch) → an iterable of (inputs, *targets);
    where inputs is a tuple of tensors, the module takes each of them.
    validate(module) → the higher the better; without improvement for `patience` epochs training
    ends. Where a module stacks H independent heads along the last axis of each parameter, the
    score is a tensor (H,), and every head keeps its own best epoch.
    max_steps ends training early (a smoke test). accelerator, devices and precision go to Fabric,
    which moves batches, opens autocast and averages gradients: every process takes its share of
    each batch, and `loss` must be a mean over its rows. The same seed gives the same bits on the
    same machine with as many threads; so does a run inside `fitted` that was killed and begun
    anew, which goes on from its last epoch.
    """
    fabric = lightning_fabric.Fabric(accelerator=accelerator, devices=devices, precision=precision)
    fabric.launch()
    steps, losses, scores = 0, [], []
    best = kept = best_epoch = None
    last = checkpoint.next_one(fabric)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network, optimizer = fabric.setup(module, optimizer)
        done = False
        if state := last.read(module):
            steps, losses, scores, best, kept, best_epoch, done = state["run"]
            _restore(module, state["module"])
            optimizer.load_state_dict(state["optimizer"])
            checkpoint.set_random_state(state["random"])
            kept = kept and {name: value.to(fabric.device) for name, value in kept.items()}
        first = epochs if done else len(losses)
        for epoch in progress(range(first, epochs), label, show=fabric.global_rank == 0):
            network.train()
            total, before = 0.0, steps
            for inputs, *targets in batches(epoch):
                inputs = inputs if isinstance(inputs, tuple) else (inputs,)
                share, weight = _share(len(inputs[0]), fabric)
                mine = fabric.to_device(tuple(part[share] for part in (*inputs, *targets)))
                outputs = network(*mine[: len(inputs)])
                value = weight * loss(outputs, *mine[len(inputs) :])
                optimizer.zero_grad()
                fabric.backward(value)
                optimizer.step()
                total, steps = total + value.detach(), steps + 1
                if steps == max_steps:
                    break
            mean = torch.as_tensor(total / max(steps - before, 1))
            losses.append(float(fabric.all_reduce(mean)))
            if validate is not None:
                network.eval()
                with torch.no_grad():
                    score = torch.as_tensor(validate(network), dtype=torch.float64, device="cpu")
                if best is None:
                    best, best_epoch = torch.full_like(score, -torch.inf), torch.zeros_like(score)
                    kept = {name: value.clone() for name, value in _changing(module).items()}
                better = (score > best) & (epoch - best_epoch <= patience)
                best = torch.where(better, score, best)
                best_epoch = torch.where(better, epoch, best_epoch)
                for name, value in _changing(module).items():
                    kept[name] = torch.where(better.to(value.device), value, kept[name])
                scores.append(score)
                done = bool((epoch - best_epoch >= patience).all())
            done = done or steps == max_steps or epoch == epochs - 1
            last.write(
                lambda: {
                    "run": (steps, losses, scores, best, kept, best_epoch, done),  # noqa: B023
                    "module": _changing(module),
                    "optimizer": optimizer.state_dict(),
                    "random": checkpoint.random_state(),
                },
                always=done,
            )
            if done:
                break
    if kept is not None:
        _restore(module, kept)
    module.eval()
    end = np.asarray(len(losses) - 1)
    return History(
        losses=np.array(losses),
        scores=torch.stack(scores).numpy() if scores else None,
        best_epoch=end if best_epoch is None else best_epoch.numpy().astype(int),
    )


def _changing(module) -> dict[str, torch.Tensor]:
    """The state of a module without its frozen weights, which may be most of it."""
    frozen = {
        name
        for name, value in module.named_parameters(remove_duplicate=False)
        if not value.requires_grad
    }
    return {name: value for name, value in module.state_dict().items() if name not in frozen}


def _restore(module, state) -> None:
    module.load_state_dict({**module.state_dict(), **state})


def _share(count: int, fabric) -> tuple[slice, float]:
    """The rows of a batch that are this process's, and what its mean over them counts for, so
    that the processes' average is the mean over the batch."""
    share = slice(fabric.global_rank, None, fabric.world_size)
    rows = len(range(count)[share])
    if not rows:  # fewer rows than processes: one is looked at for nothing, since all must step
        return slice(1), 0.0
    return share, rows * fabric.world_size / count


def minibatches(*tensors, size: int, seed: int = 0):
    """A `batches` for `fit`: all rows of `tensors` in an order drawn anew from (seed, epoch)."""

    def of_epoch(epoch: int):
        order = np.random.default_rng([seed, epoch]).permutation(len(tensors[0]))
        for rows in torch.from_numpy(order).split(size):
            yield tuple(tensor[rows] for tensor in tensors)

    return of_epoch


def fitted(estimator, X, y=None, **fit_params):
    """A fitted clone of `estimator`, from the cache where the same fit was done before.

    "The same" means: equal parameters, classes whose source (and what it imports from emobook)
    did not change, the same library versions, and X, y and fit_params of equal content. For a
    table that is the bytes behind its paths and every other column but `id` and `split`.

    The fit is kept as `models/<key>.safetensors` and `.json` in the cache; nothing is pickled.
    Whoever comes first trains, others wait for it; a damaged file is trained again, with a
    warning, and so is a partly frozen network whose backbone has other weights now. What is
    returned has always been read back, so all callers predict the same bits. An estimator that
    cannot be stored, or finds no room, is returned as trained, with a warning that says why. Of
    several processes that train together (torchrun) each trains, and nothing is kept.
    """
    estimator = sklearn.base.clone(estimator)
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:  # they wait for each other: none may for a lock
        return estimator.fit(X, y, **fit_params)
    key, packages = _key(estimator, X, y, fit_params)
    base = cache_dir() / "models" / key
    base.parent.mkdir(exist_ok=True)
    with filelock.FileLock(f"{base}.lock"):
        record = base.with_suffix(".json")
        if record.exists():
            checkpoint.remove(base)  # of a process that was killed when all was done
            try:
                return _load(base, packages)
            except _UNREADABLE as reason:
                warnings.warn(
                    f"the stored {type(estimator).__name__} {record} cannot be used and is "
                    f"trained again ({reason})",
                    stacklevel=2,
                )
            record.unlink()  # what is kept from here on belongs to the new training
        for left_over in base.parent.glob(f".{key}.*.tmp"):  # of a process that was killed
            left_over.unlink()
        with checkpoint.kept_at(base):
            estimator.fit(X, y, **fit_params)
        try:
            _save(estimator, base)
        except (codec.CannotStore, OSError, safetensors.SafetensorError) as reason:
            warnings.warn(f"{reason}; this fit is not shared", stacklevel=2)
            return estimator  # a full disk must not cost hours of training
        finally:
            checkpoint.remove(base)
        return _load(base, packages)


_UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, ImportError,
    safetensors.SafetensorError,
)  # fmt: skip


def _save(estimator, base) -> None:
    """Write the arrays, then the record that vouches for them: without it nothing is stored."""
    arrays = {}
    record = codec.encode(estimator, arrays)
    with atomic_path(base.with_suffix(".safetensors")) as path:
        codec.write_arrays(arrays, path)
        content = file_digest(path)
    body = json.dumps(record)
    write_atomic(
        base.with_suffix(".json"),
        json.dumps({"arrays": content, "body": digest(body), "estimator": record}, indent=1),
    )


def _load(base, packages):
    stored = json.loads(base.with_suffix(".json").read_text())
    if digest(json.dumps(stored["estimator"])) != stored["body"]:
        raise ValueError("the record was changed")
    if file_digest(base.with_suffix(".safetensors")) != stored["arrays"]:
        raise ValueError("the arrays were changed")
    arrays = codec.read_arrays(base.with_suffix(".safetensors"))
    return codec.decode(stored["estimator"], arrays, packages)


def _key(estimator, X, y, fit_params) -> tuple[str, set[str]]:
    """The digest of all that a fit depends on, and the packages its classes come from."""
    arrays, used = {}, []
    try:
        record = codec.encode(estimator, arrays, used)
    except codec.CannotStore as reason:
        raise ValueError(f"{reason}: pass numbers, names, arrays or estimators") from None
    key = digest(
        json.dumps(record),
        *(f"{name} {identity.content(array)}" for name, array in arrays.items()),
        *sorted({identity.source(part) for part in [*used, fit]}),
        identity.versions(),
        identity.content(X, files=True),
        identity.content(y),
        identity.content(fit_params),
    )
    return key, {part.__module__.partition(".")[0] for part in used}
