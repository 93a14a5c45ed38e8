"""Where training goes on after it was killed.

While `train.fitted` fits an estimator, every `train.fit` inside it keeps its state, numbered in
the order of the calls, beside the place of the result. A run that begins anew finds them: loops
that ended are passed over, and the one that was killed goes on from its last epoch.
"""

import contextlib
import contextvars
import itertools
import time
import warnings
from pathlib import Path

import torch

from emobook._files import atomic_path
from emobook._state import state_digest

SECONDS = 5  # of training that a killed run may lose: shorter loops write nothing
_place = contextvars.ContextVar("place", default=None)


@contextlib.contextmanager
def kept_at(base: Path):
    """Loops that begin inside keep their states as `base`.0.partial, `base`.1.partial, …"""
    numbers = itertools.count()
    before = _place.set(lambda: Path(f"{base}.{next(numbers)}.partial"))
    try:
        yield
    finally:
        _place.reset(before)


def remove(base: Path) -> None:
    """Delete the states kept at `base`."""
    for path in base.parent.glob(f"{base.name}.*.partial"):
        path.unlink(missing_ok=True)


def next_one(fabric) -> "Checkpoint":
    """The state of the loop that begins now: one that is never kept outside `kept_at`."""
    place = _place.get()
    return Checkpoint(place() if place else None, fabric)


class Checkpoint:
    """The state of one loop, in a file."""

    def __init__(self, path: Path | None, fabric):
        self.path, self.fabric, self.written = path, fabric, time.monotonic()
        self.began, self.start = False, None

    def read(self, module) -> dict | None:
        """What was kept, or None; with a warning where it is damaged, or where the loop that was
        killed had begun with other weights than those of `module`."""
        if self.path is None:
            return None
        self.start = state_digest(module)
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
        except Exception as reason:  # torch raises whatever comes to hand
            warnings.warn(f"{self.path} is damaged, training begins anew ({reason})", stacklevel=3)
            return None
        if state["start"] != self.start:
            warnings.warn(
                f"{self.path} began with other weights, training begins anew", stacklevel=3
            )
            return None
        self.began = True
        return state

    def write(self, state, always: bool = False) -> None:
        """Keep state() where `SECONDS` passed since the last time; `always`: or where the loop has
        been kept before. A full disk only warns."""
        long_ago = time.monotonic() - self.written >= SECONDS
        if (
            self.path is None
            or self.fabric.global_rank
            or not (long_ago or (always and self.began))
        ):
            return
        try:
            with atomic_path(self.path) as path:
                torch.save({**state(), "start": self.start}, path)
        except (OSError, RuntimeError) as reason:  # torch's own writer raises RuntimeError
            warnings.warn(f"training cannot be resumed from here: {reason}", stacklevel=3)
        self.written, self.began = time.monotonic(), True


def random_state() -> list[torch.Tensor]:
    """The states of torch's generators, of the CPU first."""
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return [torch.get_rng_state(), *devices]


def set_random_state(states) -> None:
    torch.set_rng_state(states[0])
    if len(states) > 1:
        torch.cuda.set_rng_state_all(states[1:])
