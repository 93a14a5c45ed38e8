"""A bar for long work, and none where a recorded page must not vary."""

import os
import subprocess
import sys

import pytest

from emobook._bar import progress


@pytest.mark.parametrize(("show", "hidden"), [(True, False), (False, True)])
def test_a_bar_waits_before_it_shows(show, hidden, capsys):
    bar = progress(range(3), "work", show=show)
    assert bar.disable is hidden
    assert list(bar) == [0, 1, 2]
    assert capsys.readouterr().err.strip() == "", "three quick steps need no bar"


def test_the_runner_can_hide_every_bar():
    code = "from emobook._bar import progress; print(progress(range(3)).disable)"
    for setting, hidden in (({"TQDM_DISABLE": "1"}, "True"), ({}, "False")):
        environment = {k: v for k, v in os.environ.items() if k != "TQDM_DISABLE"} | setting
        command = [sys.executable, "-c", code]
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert run.stdout.strip() == hidden, run.stderr
