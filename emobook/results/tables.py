"""Tables as a page shows them: a caption, headed columns and rows, notes below.

No colours and no widths: the page's style sheet sees to both themes, and the site's builder puts
each table into a box of its own that scrolls on a narrow screen.
"""

import itertools
from collections.abc import Sequence
from html import escape

import pandas as pd


class Table(pd.DataFrame):
    """A DataFrame that also knows how it is to be shown; results of operations are plain frames.

    `html` is the finished table. Any operation on the frame gives a plain DataFrame.
    """

    _metadata = ("html",)

    @property
    def _constructor(self):
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return self.html


def table_html(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    row_heads: int,
    notes: Sequence[str] = (),
) -> str:
    """HTML of a table whose first `row_heads` columns head their rows; cells are HTML already.

    `caption`: a title, and after a semicolon what stands in smaller print below it. Rows that
    follow each other with the same first cell share it.
    """
    title, _, rest = escape(caption).partition("; ")
    small = f"<br><small>{rest}</small>" if rest else ""
    parts = [
        f"<div><table><caption>{title}{small}</caption><thead><tr>",
        *(f'<th scope="col">{escape(head)}</th>' if head else "<td></td>" for head in heads),
        "</tr></thead><tbody>",
    ]
    for first, alike in itertools.groupby(rows, key=lambda row: row[0]):
        alike = list(alike)
        span = f' rowspan="{len(alike)}"' if len(alike) > 1 else ""
        for i, row in enumerate(alike):
            cells = [] if i else [f'<th scope="row"{span}>{first}</th>']
            cells += [f'<th scope="row">{cell}</th>' for cell in row[1:row_heads]]
            cells += [f"<td>{cell}</td>" for cell in row[row_heads:]]
            parts.append(f"<tr>{''.join(cells)}</tr>")
    parts.append("</tbody></table>")
    if notes:
        parts.append(f"<ul>{''.join(f'<li>{note}</li>' for note in notes)}</ul>")
    return "\n".join([*parts, "</div>"])
