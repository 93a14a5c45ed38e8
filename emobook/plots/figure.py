"""How every figure of the book looks, and how it reaches the page with its text alternative."""

import base64
import contextlib
import html
import io

import matplotlib
import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure

_DPI = 150
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#333333",
    "axes.grid": True,
    "axes.labelsize": 12,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 13,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "savefig.facecolor": "white",
    "text.color": "#111111",
}


@contextlib.contextmanager
def style():
    """Apply the book's figure style inside a `with` block, and only there."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(
            color=sns.color_palette("colorblind").as_hex()
        )
        yield


def figure(rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (5.8, 3.8), **options):
    """An empty figure in the book's style: (Figure, axes), as `plt.subplots` gives it.

    `size` is in inches; `options` go to `Figure.subplots` (sharex, sharey, subplot_kw …).
    """
    with style():
        fig = Figure(figsize=size, dpi=_DPI, layout="constrained", facecolor="white")
        return fig, fig.subplots(rows, columns, **options)


def show(fig: Figure, alt: str) -> None:
    """Display `fig` with the text alternative `alt`, which the built page and screen readers use.

    `alt` says what the figure shows, in a sentence: the axes, and what is to be seen.
    Raises ValueError where `alt` is empty.
    """
    from IPython.display import display

    if not isinstance(alt, str) or len(alt.split()) < 3:
        raise ValueError("alt must say in a sentence what the figure shows")
    content = png(fig)
    width = int.from_bytes(content[16:20], "big") * 96 // _DPI
    image = (
        f'<img class="emobook-figure" alt="{html.escape(alt)}" width="{width}" '
        'style="max-width:100%;height:auto;background:#fff" '
        f'src="data:image/png;base64,{base64.b64encode(content).decode()}">'
    )
    display({"text/html": image, "text/plain": alt}, raw=True)
    plt.close(fig)  # else a figure that was made with pyplot shows up a second time


def png(fig: Figure) -> bytes:
    """`fig` as PNG: opaque, 150 dots per inch, and without date or version, so that it repeats."""
    buffer = io.BytesIO()
    with style():
        fig.savefig(
            buffer,
            format="png",
            dpi=_DPI,
            facecolor="white",
            bbox_inches="tight",
            metadata={"Software": None},
        )
    return buffer.getvalue()
