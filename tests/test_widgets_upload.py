"""The reader's own pictures: the button is there for a reader only, and names stay apart."""

import datetime
import io

import numpy as np
import pytest
from PIL import Image

from emobook.images import ImageError
from emobook.widgets import upload


def png(color) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), color).save(buffer, "png")
    return buffer.getvalue()


def test_the_button_is_for_a_live_notebook(monkeypatch):
    monkeypatch.setenv("EMOBOOK_TRACE", "somewhere")
    assert upload.button() is None
    monkeypatch.delenv("EMOBOOK_TRACE")
    button = upload.button()
    assert button.multiple and ".jpg" in button.accept


def test_what_was_chosen_comes_instead_of_the_stills(tmp_path, monkeypatch):
    monkeypatch.delenv("EMOBOOK_TRACE", raising=False)
    stills = {"grey": np.full((5, 5, 3), 90, np.uint8)}
    button = upload.button()
    assert list(upload.chosen(button, stills=stills)) == ["grey"]
    assert upload.chosen(None, stills=stills)["grey"].size == (5, 5)
    kind = {"type": "image/png", "size": 1, "last_modified": datetime.datetime(2026, 1, 31)}
    files = [("cat.png", "red"), ("cat.jpg", "blue")]  # what a browser calls them
    button.value = [
        {"name": name, "content": memoryview(png(color)), **kind} for name, color in files
    ]
    (tmp_path / "dog.png").write_bytes(png("lime"))
    found = upload.chosen(button, str(tmp_path / "dog.png"), stills)
    assert {name: one.getpixel((0, 0)) for name, one in found.items()} == {
        "dog": (0, 255, 0), "cat": (255, 0, 0), "cat 2": (0, 0, 255),
    }  # fmt: skip


def test_a_picture_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(ImageError):
        upload.chosen(None, str(tmp_path / "gone.png"))
