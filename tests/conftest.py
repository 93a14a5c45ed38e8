"""Fixtures that several tests share."""

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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


@pytest.fixture
def write_photo():
    """A function that writes a small picture of noise, another one for every seed."""

    def write(path, seed: int, **options):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, **options)

    return write


@pytest.fixture
def fi_folder(tmp_path, write_photo) -> Path:
    """A copy of FI with three photos per class, `Awe/awe0.jpg` …, the third in the test list."""
    names = ("amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sadness")
    root = tmp_path / "fi"
    entries = {"train": [], "test": []}
    for label, name in enumerate(names):
        for k in range(3):
            photo = f"{name.title()}/{name}{k}.jpg"
            write_photo(root / photo, seed=10 * label + k)
            entries["test" if k == 2 else "train"].append([photo, label])
    for split, content in entries.items():
        (root / f"{split}.json").write_text(json.dumps(content))
    return root


@pytest.fixture
def layout(tmp_path):
    """A function: name of a data set → folder with a small copy of it, in its own layout."""

    def make(name: str) -> Path:
        source = Path(__file__).parent / "layouts" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"layout_of_{name}", source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        folder = tmp_path / name
        folder.mkdir()
        module.make(folder)
        return folder

    return make
