"""The one progress bar: for long work, with the time left, and silent in the runner."""

import os

from tqdm.auto import tqdm


def progress(iterable=None, label: str = "", *, total=None, unit: str = "it", show: bool = True):
    """A bar that appears once the work has taken two seconds, and leaves nothing behind.

    `TQDM_DISABLE=1` hides it: the runner sets that, since a recorded page must not vary.
    """
    # In a kernel tqdm draws a widget, and that one does not look at the variable itself.
    hidden = not show or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    return tqdm(iterable, desc=label, total=total, unit=unit, delay=2, leave=False, disable=hidden)
