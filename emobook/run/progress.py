"""What the runner shows: one bar with the time left, one line per notebook."""

import functools
import sys
import threading
import time

import tqdm

TYPICAL = 40.0  # seconds; a guess for as long as no notebook has been timed


def _one_at_a_time(method):
    @functools.wraps(method)
    def locked(self, *args, **options):
        with self.lock:
            return method(self, *args, **options)

    return locked


class Progress:
    """A bar over the expected seconds of all notebooks.

    seconds : stem → what the notebook took last time, or None; jobs : how many run at a time.
    Where nobody watches (no terminal) the estimate stands in the lines instead.
    """

    def __init__(self, seconds: dict[str, float | None], jobs: int):
        self.open = dict(seconds)  # what has not been settled yet
        self.timed = [value for value in seconds.values() if value]
        self.jobs = jobs
        self.running: dict[str, float] = {}
        self.done: list[float] = []
        self.bar = None
        self.lock = threading.RLock()  # notebooks start and finish in threads

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.close()

    @_one_at_a_time
    def drop(self, stem: str) -> None:
        """This one does not have to run."""
        del self.open[stem]

    @_one_at_a_time
    def start(self, stem: str, why: str) -> None:
        if self.bar is None:
            self.bar = tqdm.tqdm(
                total=1.0,
                bar_format="{percentage:3.0f}% |{bar}| {desc}",
                disable=None,  # a terminal only
                leave=False,
                dynamic_ncols=True,
                file=sys.stderr,
            )
        self.running[stem] = time.monotonic()
        self.say(f"  {stem} runs ({why})")
        self.tick()

    @_one_at_a_time
    def finish(self, stem: str, line: str, error: bool = False) -> None:
        begin = self.running.pop(stem, None)
        if begin is not None:
            self.done.append(time.monotonic() - begin)
            if not self.open[stem]:
                self.timed.append(self.done[-1])
        del self.open[stem]
        if self.open and self.bar is not None and self.bar.disable:
            line += f"   [{self.share():.0%}, {self.left()}]"
        self.say(line, error)
        self.tick()

    def say(self, line: str, error: bool = False) -> None:
        """A line above the bar; errors go to stderr."""
        file = sys.stderr if error else sys.stdout
        tqdm.tqdm.write(line, file=file)
        file.flush()

    @_one_at_a_time
    def tick(self) -> None:
        """Show how far it is now."""
        if self.bar is None or self.bar.disable:
            return
        self.bar.n = self.share()
        count = f"{len(self.done)} of {len(self.done) + len(self.open)}"
        self.bar.set_description_str(f"{count}, {self.left()}: {', '.join(self.running)}", False)
        self.bar.refresh()

    def _remaining(self) -> list[float]:
        """Expected seconds of work on each notebook that is not settled."""
        typical = sum(self.timed) / len(self.timed) if self.timed else TYPICAL
        now = time.monotonic()
        return [
            max(1.0, (seconds or typical) - (now - self.running.get(stem, now)))
            for stem, seconds in self.open.items()
        ]

    def share(self) -> float:
        """Part of the expected work that is done, 0 to 1."""
        spent = sum(self.done) + sum(time.monotonic() - begin for begin in self.running.values())
        return spent / (spent + sum(self._remaining())) if self.open else 1.0

    def left(self) -> str:
        """Estimate of the time left: the work shared out, but no less than the longest part."""
        remaining = self._remaining()
        seconds = max(sum(remaining) / self.jobs, *remaining, 0)
        return f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """`38 s`, `12 min` or `3 h 05 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
