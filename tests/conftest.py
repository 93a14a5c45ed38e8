"""Fixtures that several tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The reader's own data (`$EMOBOOK_DATA`); without it a real-data test reads "not run"."""
    value = os.environ.get("EMOBOOK_DATA")
    if not value or not Path(value).is_dir():
        pytest.skip("not run: set EMOBOOK_DATA to a folder with the real data sets")
    return Path(value).resolve()


@pytest.fixture
def clean_cache(tmp_path, monkeypatch) -> Path:
    """An empty cache of this test's own."""
    monkeypatch.setenv("EMOBOOK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
