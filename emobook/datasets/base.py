"""What every data set has in common: its record, its table, its splits, its errors.

A set is a module `emobook.datasets.<name>` that holds

- `INFO`, an `Info` record, and
- `load(root=None, **options)`, which returns a `Dataset` of everything listed. It opens no
  image; entries that cannot be used go to `Dataset.dropped`, files that are absent to `.absent`.

`load` of this module does the rest for all of them: the error policy and the split.
"""

import dataclasses
import importlib
import inspect
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from emobook import images
from emobook.datasets.lists import DatasetError, failures, one_of, sizes
from emobook.datasets.record import Info

NAMES = (
    "synthetic", "fi", "oasis", "flickr_ldl", "twitter_ldl", "artphoto", "abstract", "iaps",
    "iaps_subset", "emotion6", "emotionroi", "cgna", "twitter1", "twitter2", "rapolu5", "emoset",
    "wikiart", "coco128", "ade20k", "folder",
)  # fmt: skip
POLICIES = ("raise", "drop")
TWO = ("negative", "positive")


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Dataset:
    """Images with what people said of them; row i is the same image in every part.

    table : DataFrame, N rows. `path` (absolute, None where an image is listed without a file),
        `id`, `split` ("train", "val", "test") and `group` (equal for images that belong on the
        same side of a split); where known `p` (share of people who chose the label),
        `votes`, `boxes`, `mask_path` and further columns of the set's own.
    classes : names, in the order of every array with C columns; None for a set of ratings.
    labels : int64 (N,), positions in `classes`, or None.
    votes : int64 (N, C), people per class, or None.
    distributions : float64 (N, C), each row sums to 1; the vote shares where there are votes.
    ratings : DataFrame, columns `valence` and `arousal` on `scale`, or None.
    scale : (lowest, highest) rating, or None.
    truth : float64 (N, C), the noise-free distribution of a simulated set, else None.
    absent : ids that are listed, but have no file.
    dropped : (path, reason) of what was left out.

    `absent` and `dropped` describe the whole set, whatever the subset.
    """

    info: Info
    table: pd.DataFrame
    classes: tuple[str, ...] | None = None
    labels: np.ndarray | None = None
    votes: np.ndarray | None = None
    distributions: np.ndarray | None = None
    ratings: pd.DataFrame | None = None
    scale: tuple[float, float] | None = None
    truth: np.ndarray | None = None
    absent: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()

    _ROWS = ("labels", "votes", "distributions", "ratings", "truth")

    def __post_init__(self):
        table = self.table.reset_index(drop=True)
        for column in ("path", "id", "split", "group"):
            if column not in table:
                raise DatasetError(f"{self.name}: the table lacks the column {column!r}")
        table["path"] = table["path"].astype(object).where(table["path"].notna(), None)
        for part in self._ROWS:
            value = getattr(self, part)
            if value is not None and len(value) != len(table):
                raise DatasetError(
                    f"{self.name}: {part} has {len(value)} rows, the table has {len(table)}"
                )
        if self.votes is not None:
            votes = np.asarray(self.votes, dtype=np.int64)
            totals = votes.sum(axis=1, keepdims=True)
            if (votes < 0).any() or (totals == 0).any():
                raise DatasetError(f"{self.name}: every image needs votes, none of them negative")
            shares = votes / totals
            object.__setattr__(self, "votes", votes)
            if self.distributions is None:
                object.__setattr__(self, "distributions", shares)
            if "p" not in table:
                chosen = shares.argmax(axis=1) if self.labels is None else self.labels
                table["p"] = shares[np.arange(len(table)), chosen]
            if "votes" not in table:
                table["votes"] = pd.Series(list(votes), dtype=object)
        if self.labels is not None:
            object.__setattr__(self, "labels", np.asarray(self.labels, dtype=np.int64))
        if self.ratings is not None:
            object.__setattr__(self, "ratings", self.ratings.reset_index(drop=True))
        object.__setattr__(self, "table", table)

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def paths(self) -> np.ndarray:
        """Object array (N,) of str; None where an image is listed without a file."""
        return self.table["path"].to_numpy(dtype=object)

    def __len__(self) -> int:
        return len(self.table)

    def image(self, i: int):
        """Row `i` as a PIL image, mode RGB. Raises `DatasetError` where there is no file,
        `ImageError` where the file is no image."""
        path = self.paths[i]
        if path is None:
            raise DatasetError(
                f"{self.name}: {self.table['id'].iloc[i]} is listed without a file; "
                f"this set needs {self.info.layout}"
            )
        return images.read(path)

    def subset(self, selection) -> "Dataset":
        """The rows of one split (its name), or of a boolean mask or integer positions (N or k).

        Raises DatasetError for another name, a mask of another length, positions beyond the end.
        """
        if isinstance(selection, str):
            one_of("split", selection, self.info.splits)
            selection = (self.table["split"] == selection).to_numpy()
        rows = np.asarray(selection)
        if rows.dtype == bool and rows.shape != (len(self),):
            raise DatasetError(
                f"selection has shape {rows.shape}: a mask needs one value for each of the "
                f"{len(self)} images"
            )
        if rows.dtype.kind not in "biu" and rows.size:
            raise DatasetError("selection has to be a split, a boolean mask or whole numbers")
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
        if rows.size and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise DatasetError(f"selection goes beyond the {len(self)} images")
        parts = {part: getattr(self, part) for part in self._ROWS}
        parts = {
            part: value.iloc[rows] if isinstance(value, pd.DataFrame) else value[rows]
            for part, value in parts.items()
            if value is not None
        }
        return dataclasses.replace(self, table=self.table.iloc[rows], **parts)

    def two_class(self) -> "Dataset":
        """The same images as "negative" or "positive", by the record's `positive` classes.

        Votes and shares are added up; images of a `neutral` class are left out, and so are its
        votes and shares; so are images whose votes are all neutral. Rao et al. (2019, section 5.3)
        merge Mikels' eight so; joy and surprise are the positive ones of six. The label stays on
        the side of its class, even where the votes of the other side add up to more: `p`, its
        share, is then below one half.
        Raises DatasetError where there are no classes, or all are neutral.
        """
        if self.labels is None:
            raise DatasetError(f"{self.name} has no classes, so it cannot be split into two")
        sides = np.array([c in self.info.positive for c in self.classes], dtype=np.int64)
        taking_sides = ~np.isin(self.classes, self.info.neutral)
        if not taking_sides.any():
            known = ", ".join(self.classes)
            raise DatasetError(f"{self.name}: none of {known} is known as positive or negative")
        onto = np.eye(2, dtype=np.int64)[sides] * taking_sides[:, None]
        usable = taking_sides[self.labels]
        if self.distributions is not None:
            usable &= (self.distributions @ onto).sum(axis=1) > 0
        kept = self.subset(usable)
        parts = {"classes": TWO, "labels": sides[kept.labels]}
        table = kept.table.drop(columns=[c for c in ("p", "votes") if c in kept.table])
        if kept.votes is not None:
            parts["votes"] = kept.votes @ onto
        for part in ("distributions", "truth"):
            shares = getattr(kept, part)
            if shares is not None:
                shares = shares @ onto
                parts[part] = shares / shares.sum(axis=1, keepdims=True)
        return dataclasses.replace(kept, table=table, **parts)

    def counts(self) -> pd.Series:
        """Images per class, in the order of `classes`; a set of ratings has one row, "images"."""
        if self.labels is None:
            return pd.Series({"images": len(self)})
        return pd.Series(np.bincount(self.labels, minlength=len(self.classes)), self.classes)

    def __repr__(self) -> str:
        splits = self.table["split"].value_counts()
        parts = ", ".join(f"{s} {splits[s]}" for s in self.info.splits if s in splits)
        lines = [f"Dataset {self.name}: {len(self)} images ({parts})"]
        if self.labels is not None:
            lines.append("  " + ", ".join(f"{c} {n}" for c, n in self.counts().items()))
        if self.ratings is not None:
            scale = "" if self.scale is None else f", {self.scale[0]} to {self.scale[1]}"
            lines.append(f"  rated: {', '.join(self.ratings.columns)}{scale}")
        if self.absent:
            lines.append(f"  {len(self.absent)} listed without a file")
        if self.dropped:
            lines.append(f"  {len(self.dropped)} left out")
        return "\n".join(lines)


def names() -> tuple[str, ...]:
    """Every data set that `load` knows."""
    return NAMES


def module(name: str):
    """The module of a data set. Raises `DatasetError` for an unknown name."""
    one_of("data set", name, NAMES)
    return importlib.import_module(f"emobook.datasets.{name}")


def info(name: str) -> Info:
    """The record of a data set. Raises `DatasetError` for an unknown name."""
    return module(name).INFO


def load(name: str, root=None, split: str | None = None, on_error: str = "raise", **options):
    """Load a data set, or one split of it ("train", "val", "test"), as a `Dataset`.

    Lists are read and folders are listed; no image is opened, so 23,000 images take about a
    second. `root` defaults to `$EMOBOOK_DATA/<name>`; `options` are the set's own.

    on_error="raise" raises `DatasetError` where an entry of the list cannot be used (an empty
    file, a label against its folder, …) and lets `Dataset.image` raise `ImageError` later.
    on_error="drop" opens every file now, leaves out what cannot be used or decoded and
    placeholders ("photo no longer available"), and says so in one warning and in `.dropped`.
    Listed images without a file are never an error: they are in `.absent`.

    Raises `DatasetMissing` where there is no copy, `DatasetError` where the name, the split, an
    option or the copy is wrong.
    """
    source = module(name)
    one_of("on_error", on_error, POLICIES)
    if split is not None:
        one_of("split", split, source.INFO.splits)
    accepted = [o for o in inspect.signature(source.load).parameters if o != "root"]
    for option in options:
        one_of(f"{name}: option", option, accepted)
    dataset = source.load(root=root, **options)
    if on_error == "drop":
        dataset = _without_bad_files(dataset)
    elif dataset.dropped:
        path, reason = dataset.dropped[0]
        raise DatasetError(
            f"{name}: {len(dataset.dropped)} listed images cannot be used, the first is {path} "
            f"({reason}); see `emobook data verify {name}`, or pass on_error='drop'"
        )
    return dataset if split is None else dataset.subset(split)


def _without_bad_files(dataset: Dataset) -> Dataset:
    paths = dataset.paths
    reasons = failures(paths)
    if "placeholder" in dataset.table:
        for i in np.flatnonzero(dataset.table["placeholder"].to_numpy(dtype=bool)):
            reasons.setdefault(i, "a placeholder: the same file stands for many images")
    dropped = (*dataset.dropped, *((paths[i], reasons[i]) for i in sorted(reasons)))
    if dropped:
        warnings.warn(
            f"{dataset.name}: {len(dropped)} images left out, the first is {dropped[0][0]} "
            f"({dropped[0][1]}); see .dropped",
            stacklevel=3,
        )
    good = np.setdiff1d(np.arange(len(dataset)), list(reasons))
    return dataclasses.replace(dataset.subset(good), dropped=dropped)


def with_files(
    source: Info, root: Path, table: pd.DataFrame, files, *, keep_absent=False, dropped=(), **parts
) -> Dataset:
    """The `Dataset` of a list: which of its `files` (names below `root`, one per row) are there.

    `table` has every column but `path`, which it gets here; `parts` are the other arrays of
    `Dataset`, one row per listed image. Rows without a file go to `.absent`, and leave the table
    unless `keep_absent`; empty files join `dropped`. Raises `DatasetMissing` where no file is
    there at all.
    """
    found = sizes(root, files)
    if not found and not keep_absent:
        if dropped and table.empty:
            first = ": ".join(dropped[0])
            raise DatasetError(f"{source.name}: nothing that is listed can be used ({first})")
        raise source.missing(f"none of the {len(table)} images that it lists is in {root}")
    paths = [str(root / name) if name in found else None for name in files]
    empty = [(str(root / name), "an empty file") for name in files if found.get(name) == 0]
    table.insert(0, "path", paths)
    dataset = Dataset(
        source,
        table,
        absent=tuple(i for i, path in zip(table["id"], paths, strict=True) if path is None),
        dropped=(*dropped, *empty),
        **parts,
    )
    return dataset.subset([found.get(name, 1 if keep_absent else 0) > 0 for name in files])
