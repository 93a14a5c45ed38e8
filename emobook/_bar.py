"""The one progress bar: for long work, with the time left, and silent in the runner."""

from tqdm.auto import tqdm


def progress(iterable=None, label: str = "", *, total=None, unit: str = "it", show: bool = True):
    """A bar that appears once the work has taken two seconds, and leaves nothing behind.

    `TQDM_DISABLE=1` hides it: the runner sets that, since a recorded page must not vary.
    """
    quiet = {} if show else {"disable": True}
    return tqdm(iterable, desc=label, total=total, unit=unit, delay=2, leave=False, **quiet)
