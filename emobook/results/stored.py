"""Reading results: printed numbers, rows and predictions of runs, committed reference rows.

`emobook.results` is the public face of this module. Files are opened with `open`, so that a run
notices what its notebook read.
"""

import contextlib
import importlib.resources
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from emobook import _files
from emobook.results import record

PAPERS = {
    "rao2019": "Rao et al. (2019)",
    "rapolu2023": "Rapolu et al. (2023)",
    "kim2018": "Kim et al. (2018)",
    "agarwal2019": "Agarwal (2019)",
    "you2016": "You et al. (2016)",
}
RECORDED = ("real", "full")  # profiles whose rows are committed as a record


def _package_table(name: str) -> pd.DataFrame:
    file = importlib.resources.files("emobook") / "reported" / f"{name}.csv"
    with file.open(encoding="utf-8") as opened:
        return pd.read_csv(opened, dtype=str, keep_default_na=False)


def reported(paper: str | None = None) -> pd.DataFrame:
    """Every number that the papers print, one per line; of one paper, or of all five.

    Columns: paper, item ("Table 2", "text", …), row, column, printed and corrected (float64, as
    printed: percent stays percent), erratum (an id of `errata()` or ""), unit, note. `printed` is
    NaN where the paper has a dash, or a picture; `corrected` is NaN where print stands.
    Raises ValueError for an unknown paper.
    """
    if paper is not None and paper not in PAPERS:
        raise ValueError(f"paper must be one of {', '.join(PAPERS)}, not {paper!r}")
    papers = PAPERS if paper is None else [paper]
    frame = pd.concat([_package_table(name) for name in papers], ignore_index=True)
    for name in ("printed", "corrected"):
        frame[name] = pd.to_numeric(frame[name].replace("", None)).astype("float64")
    return frame


def errata() -> pd.DataFrame:
    """Errors of the papers with the reading taken here: id, paper, place, printed, reading, status.

    status says what the reading rests on: V seen in a public source, T the papers' own words,
    D derived by arithmetic or algebra.
    """
    return _package_table("errata")


def profile_name(profile: str | None) -> str:
    """`profile`, else `$EMOBOOK_PROFILE`, else "mini"; ValueError for what is no folder's name."""
    name = profile or os.environ.get("EMOBOOK_PROFILE") or "mini"
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"profile must be a name such as 'mini' or 'real', not {profile!r}")
    return name


def run_folder(profile: str) -> Path:
    """Where the notebooks of a profile leave their results."""
    return _files.root_dir() / "_build" / "results" / profile


def reference_folder(profile: str) -> Path:
    """Where the committed results of a profile are."""
    return _files.root_dir() / "results" / profile


def folder_rows(folder: Path) -> dict[str, pd.DataFrame]:
    """Notebook → rows, for each subfolder that has a rows.csv, in order of name."""
    try:  # rather than ask first: the attempt tells a running notebook's trace what it looks for
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return {}
    return _rows_of(folder, names)


def _rows_of(folder: Path, notebooks: list[str]) -> dict[str, pd.DataFrame]:
    found = {}
    for name in notebooks:
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            open(folder / name / "rows.csv", encoding="utf-8", newline="") as file,
        ):
            found[name] = record.parse_rows(file)
    return found


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    frames = [frame for frame in frames if len(frame)] or [record.Record(Path()).frame()]
    return pd.concat(frames, ignore_index=True)


def rows(profile: str | None = None) -> pd.DataFrame:
    """The rows of a profile's last run, and above them those of this session.

    profile: default `$EMOBOOK_PROFILE`, else "mini". A notebook that `emobook run` executes sees
    its own rows and those of the notebooks that its metadata names under "after"; elsewhere all
    notebooks count. Columns as in rows.csv: paper, item, row, column, dataset, metric, value, low,
    high, n, baseline, ceiling, note. Shares are fractions, numbers have six digits (whole ones
    all of theirs), and what was not measured is NaN.
    """
    profile = profile_name(profile)
    folder = run_folder(profile)
    declared = os.environ.get("EMOBOOK_READS")
    found = folder_rows(folder) if declared is None else _rows_of(folder, declared.split())
    own = record.current().frame() if profile == profile_name(None) else _joined([])
    key = list(record.KEY)
    mine = pd.MultiIndex.from_frame(own[key])
    before = [f[~pd.MultiIndex.from_frame(f[key]).isin(mine)] for f in found.values()]
    return _joined([own, *before]).sort_values(key, kind="stable", ignore_index=True)


def recorded(profile: str) -> pd.DataFrame:
    """The committed rows of `results/<profile>/`, recorded at some time and not rerun here.

    Columns of `rows` and notebook, date ("2026-01-31") and hardware, both from the provenance.json
    beside the rows. Empty where nothing is recorded.
    """
    folder = reference_folder(profile_name(profile))
    frames = []
    for name, frame in folder_rows(folder).items():
        about = _provenance(folder / name)
        frames.append(frame.assign(notebook=name, **about))
    if not frames:
        return _joined([]).assign(notebook="", date="", hardware="")
    return pd.concat(frames, ignore_index=True)


def measured(profile: str | None = None) -> pd.DataFrame:
    """The rows of `rows(profile)`, and those recorded for the profiles real and full.

    Columns of `rows` and source ("now", or the profile that they are a record of), date, hardware.
    The record of `profile` itself is left out: its rows have been measured anew.
    """
    now = rows(profile).assign(source="now", date="", hardware="")
    kept = [name for name in RECORDED if name != profile_name(profile)]
    frames = [now, *(recorded(name).assign(source=name) for name in kept)]
    return pd.concat([f for f in frames if len(f)] or [now], ignore_index=True)


def recordings(measured: pd.DataFrame) -> str:
    """For a caption: "; real: recorded, not rerun (2026-01-31 on …)", for each such source."""
    text = ""
    about = measured.loc[~measured["source"].isin(["now", ""]), ["source", "date", "hardware"]]
    for source, date, hardware in about.drop_duplicates().itertuples(index=False):
        where = " on ".join(part for part in (date, hardware) if part)
        text += f"; {source}: recorded, not rerun{f' ({where})' if where else ''}"
    return text


def _provenance(folder: Path) -> dict[str, str]:
    about = {}
    with (
        contextlib.suppress(FileNotFoundError),
        open(folder / "provenance.json", encoding="utf-8") as file,
    ):
        about = json.load(file)
    return {"date": str(about.get("started", ""))[:10], "hardware": _machine(about.get("hardware"))}


def _machine(hardware) -> str:
    """Processor, cores and GPU in words, of the `hardware` in a provenance.json."""
    if not isinstance(hardware, dict):
        return str(hardware or "")
    cores = hardware.get("cores")
    parts = (hardware.get("cpu"), cores and f"{cores} cores", hardware.get("gpu"))
    return ", ".join(str(part) for part in parts if part)


def predictions(profile: str | None = None, notebook: str | None = None) -> pd.DataFrame:
    """Per-image predictions of a notebook in a profile's last run; of this session by default.

    Columns paper, item, row, column, dataset, method, metric, split, fold, seed, id, group
    (None where images are unrelated), truth (float64), scores (float32 array of one number per
    class, or of a single rating). Raises ValueError where that notebook left none.
    """
    if notebook is None:
        table = record.current().table()
        return (record.empty_predictions() if table is None else table).to_pandas()
    profile = profile_name(profile)
    path = run_folder(profile) / notebook / "predictions.parquet"
    if not path.is_file():
        raise ValueError(
            f"there are no predictions of {notebook!r} in profile {profile!r}: "
            f"run `emobook run --profile {profile} {notebook}` first"
        )
    with open(path, "rb") as file:
        return pq.read_table(file).to_pandas()
