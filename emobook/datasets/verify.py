"""Is this copy of a data set whole? Counts, hashes, damaged, missing and repeated images."""

import dataclasses
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from emobook import _bar, images
from emobook._files import file_digest
from emobook.datasets import base
from emobook.datasets.base import Dataset
from emobook.datasets.lists import PLACEHOLDER_COPIES, DatasetError, DatasetMissing, folder_of


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found: its kind, one sentence, and the images that it is about."""

    kind: str
    sentence: str
    items: tuple[str, ...] = ()
    fault: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Report:
    """What `verify` found.

    counts : DataFrame, a row per class and one for "all"; columns found, expected (as printed in
        `expected_source`), difference = found - expected.
    manifest : name below the root → SHA-256 of every list and image; `digest` sums it up.
    findings : faults and notes; `of(kind)` gives the images of one kind.
    """

    name: str
    title: str
    root: Path | None
    counts: pd.DataFrame
    expected_source: str
    manifest: dict[str, str]
    findings: tuple[Finding, ...]

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
        """The items of a kind: unusable, undecodable, missing, unlisted, placeholder, duplicate,
        "duplicate across classes", "duplicate across splits"; empty where nothing was found."""
        return next((f.items for f in self.findings if f.kind == kind), ())

    def to_text(self, limit: int | None = 20) -> str:
        """The report for a terminal, with at most `limit` images per finding (None: all)."""
        lines = [f"{self.name}: {self.title}", str(self.root or "part of the package"), ""]
        lines += [self.counts.astype(object).fillna("-").to_string(), ""]
        if self.expected_source:
            lines.append(f"expected: {self.expected_source}")
        lines.append(f"{len(self.manifest)} files, manifest sha256 {self.digest}")
        for finding in sorted(self.findings, key=lambda f: f.fault):
            lines.append(f"{'FAULT' if finding.fault else 'note'}: {finding.sentence}")
            lines += [f"    {item}" for item in finding.items[:limit]]
            more = 0 if limit is None else len(finding.items) - limit
            if more > 0:
                lines.append(f"    … and {more} more")
        faults = len(self.faults)
        lines.append("no fault" if not faults else f"{faults} fault{'s' if faults > 1 else ''}")
        return "\n".join(lines)


def verify(name: str, root=None, complete: bool = False, progress: bool = True) -> Report:
    """Check a copy of a data set: every list and every image is opened.

    A fault is an image that is listed wrongly, does not decode, or occurs twice (equal pixels,
    whatever the bytes), or one that is listed without a file where the set does not allow for
    that. That there are fewer images than were printed is a note; with `complete`, it is a fault,
    and so is every image without a file. Takes about as long as reading the files.

    Raises `DatasetMissing` where there is no copy, `DatasetError` where its list cannot be read.
    """
    source = base.module(name)
    info = source.INFO
    dataset = source.load(root=root)
    folder = None if info.embedded else folder_of(info, root)
    there = dataset.subset(dataset.table["path"].notna().to_numpy())
    looks = _look_at(there.paths, name, progress)
    files = dict(zip(there.paths, there.table["id"], strict=True))
    if folder is not None:
        files = {path: Path(path).relative_to(folder).as_posix() for path in files}
    manifest = {files[path]: look.sha256 for path, look in zip(files, looks, strict=True)}
    for file in info.lists:
        manifest[file] = file_digest(folder / file)
    counts = _counts(dataset)
    findings = [
        *_of_lists(dataset, folder, files, complete),
        *_of_counts(counts, complete),
        *_of_files(there, looks, files),
    ]
    return Report(name, info.title, folder, counts, info.expected_source, manifest, tuple(findings))


def listing() -> pd.DataFrame:
    """Every data set: name, title, images (as published), labels, access, licence, present.

    `present` is "yes", "no", "partly, n of N", "labels only", or "faulty" with the reason.
    """
    rows = []
    for name in base.names():
        info = base.info(name)
        rows.append(
            {
                "name": name,
                "title": info.title,
                "images": info.images,
                "labels": info.labels,
                "access": info.access,
                "licence": info.licence,
                "present": "yes" if info.embedded else _present(name),
            }
        )
    return pd.DataFrame(rows).astype({"images": "Int64"})


def _present(name: str) -> str:
    try:
        dataset = base.module(name).load()
    except DatasetMissing:
        return "no"
    except DatasetError as error:
        return f"faulty: {error}"
    files = int(dataset.table["path"].notna().sum())
    if not files:
        return "labels only"
    total = dataset.info.images or files
    return "yes" if files >= total else f"partly, {files} of {total}"


@dataclasses.dataclass(frozen=True)
class _Look:
    sha256: str
    small: bytes = b""
    """Pixels at reduced size: equal where the images are, and nearly never otherwise."""
    reason: str = ""


def _look_at(paths, name: str, progress: bool) -> list[_Look]:
    def look(path):
        sha256 = ""
        try:
            sha256 = file_digest(path)
            small = images.read(path, max_side=32)
        except images.ImageError as error:
            return _Look(sha256, reason=error.reason)
        except OSError as error:
            return _Look(sha256, reason=f"it cannot be opened ({error.strerror})")
        return _Look(sha256, repr(small.size).encode() + small.tobytes())

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = pool.map(look, paths)
        return list(_bar.progress(looks, name, total=len(paths), unit="image", show=progress))


def _counts(dataset: Dataset) -> pd.DataFrame:
    found = dataset.counts()
    expected = {label: dataset.info.expected.get(label) for label in found.index}
    found["all"], expected["all"] = len(dataset), dataset.info.images
    if dataset.labels is None:
        found = found[["all"]]
    counts = pd.DataFrame({"found": found, "expected": pd.Series(expected)[found.index]})
    counts = counts.astype("Int64")
    return counts.assign(difference=counts["found"] - counts["expected"])


def _of_counts(counts: pd.DataFrame, complete: bool):
    known = counts[counts["difference"].notna()]
    for kind, sign in (("fewer", -1), ("more", 1)):
        rows = known[known["difference"] * sign > 0]
        if len(rows):
            rows = rows.loc[["all"]] if "all" in rows.index else rows
            which = ", ".join(f"{r.Index} {r.found} of {r.expected}" for r in rows.itertuples())
            fault = complete and kind == "fewer"
            yield Finding(kind, f"{kind} images than were printed: {which}", fault=fault)


def _of_lists(dataset: Dataset, folder, files: dict[str, str], complete: bool):
    if dataset.dropped:
        unusable = tuple(f"{path}: {reason}" for path, reason in dataset.dropped)
        yield Finding("unusable", f"{len(unusable)} listed images cannot be used", unusable)
    if dataset.absent:
        partial = dataset.info.partial
        why = f" ({partial})" if partial else ""
        sentence = f"{len(dataset.absent)} listed images have no file{why}"
        yield Finding("missing", sentence, dataset.absent, complete or not partial)
    if folder is not None:
        unlisted = _unlisted(dataset, folder, files)
        if unlisted:
            yield Finding("unlisted", f"{len(unlisted)} images are in no list", unlisted, False)


def _unlisted(dataset: Dataset, folder: Path, files: dict[str, str]) -> tuple[str, ...]:
    known = {*files, *(path for path, _ in dataset.dropped)}
    shared = dataset.info.folder not in ("", dataset.name)  # other sets have images there too
    tops = {Path(path).parent for path in known} if shared else {folder}
    found = {
        os.path.join(parent, file)
        for top in tops
        for parent, _, names in os.walk(top)
        for file in names
        if file.lower().endswith(images.SUFFIXES) and not file.startswith(".")
    }
    return tuple(sorted(Path(path).relative_to(folder).as_posix() for path in found - known))


def _of_files(there: Dataset, looks: list[_Look], files: dict[str, str]):
    bad = tuple(
        f"{files[p]}: {k.reason}" for p, k in zip(there.paths, looks, strict=True) if k.reason
    )
    if bad:
        yield Finding("undecodable", f"{len(bad)} files do not decode", bad)
    labels = [0] * len(there) if there.labels is None else there.labels
    splits = there.table["split"]
    kinds = {
        "placeholder": "look like placeholders: one picture many times",
        "duplicate across classes": "occur under several classes",
        "duplicate across splits": "occur in several splits",
        "duplicate": "occur twice or more in one class and split",
    }
    groups = {kind: [] for kind in kinds}
    for rows in _same_pixels(there.paths, looks):
        text = " = ".join(files[there.paths[i]] for i in rows)
        if len(rows) >= PLACEHOLDER_COPIES:
            groups["placeholder"].append(text)
            continue
        classes, parts = len({labels[i] for i in rows}), len({splits[i] for i in rows})
        if classes > 1:
            groups["duplicate across classes"].append(text)
        if parts > 1:
            groups["duplicate across splits"].append(text)
        if classes == parts == 1:
            groups["duplicate"].append(text)
    for kind, found in groups.items():
        if found:
            yield Finding(kind, f"{len(found)} pictures {kinds[kind]}", tuple(found))


def _same_pixels(paths, looks: list[_Look]) -> list[list[int]]:
    """Groups of two or more rows whose images have equal pixels; large images are decoded only
    where a small version agrees, and equal bytes only once."""
    alike: dict[bytes, dict[str, list[int]]] = {}
    for i, look in enumerate(looks):
        if not look.reason:
            alike.setdefault(look.small, {}).setdefault(look.sha256, []).append(i)
    groups = []
    for by_bytes in alike.values():
        by_pixels: dict[bytes, list[int]] = {}
        for rows in by_bytes.values():
            key = b"" if len(by_bytes) == 1 else _pixel_digest(paths[rows[0]])
            by_pixels.setdefault(key, []).extend(rows)
        groups += [sorted(rows) for rows in by_pixels.values() if len(rows) > 1]
    return sorted(groups)


def _pixel_digest(path: str) -> bytes:
    image = images.read(path)
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).digest()
