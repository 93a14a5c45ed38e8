"""One thread for torch, where more would change the bits."""

import contextlib

import torch


@contextlib.contextmanager
def one_thread():
    """On a CPU sums, and so bits, depend on how many threads share them; small products gain
    nothing from more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
