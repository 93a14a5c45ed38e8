"""A bar for long work, and none where a recorded page must not vary."""

import pytest
import tqdm
import tqdm.notebook

from emobook import _bar
from emobook._bar import progress


@pytest.mark.parametrize(("show", "hidden"), [(True, False), (False, True)])
def test_a_bar_waits_before_it_shows(show, hidden, capsys):
    bar = progress(range(3), "work", show=show)
    assert bar.disable is hidden
    assert list(bar) == [0, 1, 2]
    assert capsys.readouterr().err.strip() == "", "three quick steps need no bar"


@pytest.mark.parametrize("kind", [tqdm.tqdm, tqdm.notebook.tqdm])
def test_the_runner_can_hide_every_bar(kind, monkeypatch):
    monkeypatch.setattr(_bar, "tqdm", kind)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert progress(range(3)).disable
    monkeypatch.setenv("TQDM_DISABLE", "0")
    assert not progress(range(3)).disable
