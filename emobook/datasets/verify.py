"""Is this copy of a data set whole? Counts, hashes, damaged, missing and repeated images."""

import contextlib
import dataclasses
import hashlib
import inspect
import os
from pathlib import Path

import pandas as pd

from emobook._files import file_digest
from emobook.datasets import base, checks
from emobook.datasets.base import Dataset
from emobook.datasets.checks import Finding
from emobook.datasets.lists import DatasetError, DatasetMissing, folder_of, noted, one_of
from emobook.datasets.tables import TABLES


@dataclasses.dataclass(frozen=True, eq=False)
class Report:
    """What `verify` found.

    counts : DataFrame, a row per class and one for "all"; columns listed, found (of them, with a
        file), expected (as printed in `expected_source`), difference = listed - expected. Of a
        table: "rows" and "columns".
    manifest : name below the root → SHA-256 of every list and image; `digest` sums it up.
    findings : faults and notes; `of(kind)` gives the images of one kind.
    root : None where the set is part of the package.
    labels_only : no image is there, only the lists.
    """

    name: str
    title: str
    root: Path | None
    counts: pd.DataFrame
    expected_source: str
    manifest: dict[str, str]
    findings: tuple[Finding, ...]
    labels_only: bool = False

    @property
    def faults(self) -> list[str]:
        return [f.sentence for f in self.findings if f.fault]

    @property
    def notes(self) -> list[str]:
        return [f.sentence for f in self.findings if not f.fault]

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, written as `sha256sum` does and sorted by name."""
        lines = (f"{self.manifest[name]}  {name}\n" for name in sorted(self.manifest))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def of(self, kind: str) -> tuple[str, ...]:
        """The items of a kind, empty where nothing was found: counts, unusable, undecodable,
        missing, unlisted, placeholder, duplicate, "duplicate across classes", "duplicate across
        splits", and the same three with near-duplicate."""
        return next((f.items for f in self.findings if f.kind == kind), ())

    def to_text(self, limit: int | None = 20) -> str:
        """The report for a terminal, with at most `limit` images per finding (None: all)."""
        where = "part of the package" if self.root is None else str(self.root)
        where = f"labels only: {', '.join(self.manifest)}" if self.labels_only else where
        lines = [f"{self.name}: {self.title}", where, ""]
        lines += [self.counts.astype(object).fillna("-").to_string(), ""]
        if self.expected_source:
            lines.append(f"expected: {self.expected_source}")
        files = f"{len(self.manifest)} file{'s' if len(self.manifest) > 1 else ''}"
        lines.append(f"{files}, manifest sha256 {self.digest}")
        for finding in sorted(self.findings, key=lambda f: f.fault):
            lines.append(f"{'FAULT' if finding.fault else 'note'}: {finding.sentence}")
            if self.labels_only and finding.kind == "missing":
                continue  # they are all of them
            lines += [f"    {item}" for item in finding.items[:limit]]
            more = 0 if limit is None else len(finding.items) - limit
            if more > 0:
                lines.append(f"    … and {more} more")
        faults = len(self.faults)
        lines.append("no fault" if not faults else f"{faults} fault{'s' if faults > 1 else ''}")
        return "\n".join(lines)


def verify(
    name: str, root=None, complete: bool = False, progress: bool = True, **options
) -> Report:
    """Check a copy of a data set, or of a table: every list and every image is opened.

    A fault is an image that is listed wrongly, does not decode, or occurs twice (equal pixels,
    whatever the bytes), or one that is listed without a file where the set does not allow for
    that. Notes are: images in no list, other numbers than were printed, and pictures that seem to
    be one in two files (`duplicates`: a perceptual hash may be wrong, so look at them). With
    `complete`, images without a file and other numbers are faults too, unless the numbers are
    those of another print (`Info.also_printed`). Where only a list is there, as public lists go
    round without photos, it is checked alone. `options` are those of the set's `load`.

    Takes 1.5 ms per photo of some 800 pixels on two cores, half as long again as without the
    perceptual hashes.

    Raises `DatasetMissing` where there is no copy, `DatasetError` where its list cannot be read,
    or a table is not the published one.
    """
    one_of("data set", name, (*base.NAMES, *TABLES))
    if name in TABLES:
        return _verify_table(name, root)
    source = base.module(name)
    info = source.INFO
    with noted() as read:
        dataset = _load(source, root, **options)
    folder = None if info.embedded else folder_of(info, root, may_lack=True)
    there = dataset.subset(dataset.table["path"].notna().to_numpy())
    looks = checks.look_at(there.paths, name, progress)
    files = dict(zip(there.paths, there.table["id"], strict=True))
    if folder is not None:
        files = {path: Path(path).relative_to(folder).as_posix() for path in files}
        read |= {path: None for file in info.lists if (path := folder / file).is_file()}
    manifest = {os.path.relpath(path, folder): file_digest(path) for path in read}
    manifest |= {files[path]: look.sha256 for path, look in zip(files, looks, strict=True)}
    counts = checks.count(dataset)
    findings = (
        *checks.of_lists(dataset, folder, files, complete),
        *checks.of_counts(counts, dataset.info, complete),
        *checks.of_files(there, looks, files),
    )
    return Report(
        name, info.title, folder, counts, info.expected_source, manifest, findings, not files
    )


def _load(source, root=None, **options) -> Dataset:
    """Everything that is listed, also where no file is there."""
    accepted = [o for o in inspect.signature(source.load).parameters if o != "root"]
    for option in options:
        one_of(f"{source.INFO.name}: option", option, accepted)
    if "keep_absent" in accepted:
        with contextlib.suppress(DatasetMissing):
            return source.load(root=root, **{"keep_absent": True, **options})
    return source.load(root=root, **options)  # or its word on what is missing first, the folder


def _verify_table(name: str, root) -> Report:
    info, load = TABLES[name]
    rows, columns = load(root).shape
    folder = folder_of(info, root)
    counts = pd.DataFrame({"found": [rows, columns]}, ["rows", "columns"], dtype="Int64")
    counts["expected"] = pd.array([info.images, None], dtype="Int64")
    counts["difference"] = counts["found"] - counts["expected"]
    manifest = {file: file_digest(folder / file) for file in info.lists}
    return Report(name, info.title, folder, counts, info.expected_source, manifest, ())


def listing() -> pd.DataFrame:
    """Every data set, and every table: name, title, images (as published; of a table, rows),
    labels, access, licence, present.

    `present` is "yes", "no", "partly, n of N", "labels only", or "faulty" with the reason.
    """
    infos = [*map(base.info, base.names()), *(info for info, _ in TABLES.values())]
    return pd.DataFrame(
        {
            "name": info.name,
            "title": info.title,
            "images": info.images,
            "labels": info.labels,
            "access": info.access,
            "licence": info.licence,
            "present": present(info.name),
        }
        for info in infos
    ).astype({"images": "Int64"})


def present(name: str) -> str:
    """Whether a data set or table is here, in the words of `listing`."""
    one_of("data set", name, (*base.NAMES, *TABLES))
    try:
        if name in TABLES:
            TABLES[name][1]()
            return "yes"
        info = base.info(name)
        dataset = None if info.embedded else _load(base.module(name))
    except DatasetMissing:
        return "no"
    except DatasetError as error:
        return f"faulty: {error}"
    except OSError as error:
        return f"faulty: {error.filename} cannot be read ({error.strerror})"
    if dataset is None:
        return "yes"
    files = int(dataset.table["path"].notna().sum())
    if not files:
        return "labels only"
    total = info.images or files
    return "yes" if files >= total else f"partly, {files} of {total}"
