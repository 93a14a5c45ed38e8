"""Results of Amazon Mechanical Turk, as its batch download has them, for `votes` and `ratings`.

The download is a CSV with one row for each assignment: what the requester uploaded in columns
`Input.<name>`, what the worker answered in `Answer.<name>`, who he was in `WorkerId`, and whether
he was paid in `AssignmentStatus` (Submitted, Approved or Rejected).
"""

import csv
from pathlib import Path

import pandas as pd

from emobook.datasets.lists import DatasetError

YES_NO = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}


def read_amt(path, **columns: str) -> pd.DataFrame:
    """A long table of answers: worker, and one column for each keyword, text as it stands.

    columns: our name = column of the file, e.g. task="Input.image", label="Answer.emotion". The
        worker is read from WorkerId unless named. Rejected assignments are left out.

    Returns the rows in the order of the file, its line numbers as the index. Raises DatasetError
    that names the file, and the line where there is one: for a file that is absent or no UTF-8
    text, a column that it lacks, a row of another length, and an empty value.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _table(path, csv.reader(file), {"worker": "WorkerId", **columns})
    except OSError as error:
        raise DatasetError(f"{path} cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, csv.Error):
        raise DatasetError(f"{path} is not a CSV of UTF-8 text: download it again") from None


def _table(path: Path, lines, columns: dict[str, str]) -> pd.DataFrame:
    header = next(lines, [])
    for name, column in columns.items():
        if column not in header:
            there = [h for h in header if h.startswith(("Input.", "Answer.")) or h == "WorkerId"]
            raise DatasetError(
                f"{path}, line 1: there is no column {column!r} for {name!r}; "
                f"there are {', '.join(there) or 'none of Mechanical Turk'}"
            )
    status = header.index("AssignmentStatus") if "AssignmentStatus" in header else None
    rows, numbers, number = [], [], lines.line_num
    for row in lines:
        start, number = number + 1, lines.line_num  # a quoted value may go over several lines
        if not row:
            continue
        if len(row) != len(header):
            raise DatasetError(
                f"{path}, line {start}: {len(row)} values for {len(header)} columns; mend the line"
            )
        if status is not None and row[status].strip() == "Rejected":
            continue
        values = [row[header.index(column)].strip() for column in columns.values()]
        if "" in values:
            empty = list(columns.values())[values.index("")]
            raise DatasetError(
                f"{path}, line {start}: {empty} is empty; fill it in or delete the line"
            )
        rows.append(values)
        numbers.append(start)
    if not rows:
        raise DatasetError(f"{path} has no assignment that was not rejected")
    return pd.DataFrame(rows, columns=list(columns), index=pd.Index(numbers, name="line"))


def yes_no(values: pd.Series) -> pd.Series:
    """1 for yes, true and 1, 0 for no, false and 0, whatever the case.

    Raises DatasetError that names the first other value and its place in the index.
    """
    found = values.astype(str).str.strip().str.lower().map(YES_NO)
    if found.isna().any():
        place = found.index[found.isna()][0]
        raise DatasetError(
            f"{values.index.name or 'row'} {place}: {values[place]!r} is neither yes nor no"
        )
    return found.astype("int64")
