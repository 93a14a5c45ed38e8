"""Pictures inside a page."""

import base64
import io

from emobook import images


def embedded(source, side: int) -> tuple[str, int, int]:
    """A picture as data URI (JPEG, at most `side` pixels wide and high), and the width and height
    that it has itself. Raises ImageError."""
    picture = images.read(source)
    width, height = picture.size
    picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    drawn = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
    return drawn, width, height
