"""What `verify` looks for: images against their list, counts against print, images alike."""

import dataclasses
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from emobook import _bar, images
from emobook._files import file_digest
from emobook.datasets.base import Dataset
from emobook.datasets.duplicates import is_plain, near_groups, perceptual_hash
from emobook.datasets.lists import PLACEHOLDER_COPIES
from emobook.datasets.record import Info


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was found: its kind, one sentence, and the images that it is about."""

    kind: str
    sentence: str
    items: tuple[str, ...] = ()
    fault: bool = True


@dataclasses.dataclass(frozen=True)
class Look:
    """What one reading of a file gives; `reason` where it is no image."""

    sha256: str
    reason: str = ""
    small: bytes = b""
    """Hash of the pixels at reduced size: equal where the images are, else nearly never."""
    seen: int = 0
    """Perceptual hash; 0 where the picture is too plain for one."""


def look_at(paths, label: str, progress: bool) -> list[Look]:
    """Every file is read once, in as many threads as there are cores."""

    def look(path):
        sha256 = ""
        try:
            sha256 = file_digest(path)
            small = images.read(path, max_side=64)
        except images.ImageError as error:
            return Look(sha256, error.reason)
        except OSError as error:
            return Look(sha256, f"it cannot be opened ({error.strerror})")
        seen = perceptual_hash(small)
        return Look(sha256, "", pixel_digest(small), 0 if is_plain(seen) else int(seen))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = pool.map(look, paths)
        return list(_bar.progress(looks, label, total=len(paths), unit="image", show=progress))


def pixel_digest(image) -> bytes:
    """SHA-256 of size and pixels of a PIL image."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).digest()


def count(dataset: Dataset) -> pd.DataFrame:
    """A row per class and "all": images listed and found, as printed, and the difference."""
    there = dataset.subset(dataset.table["path"].notna().to_numpy())
    listed, found = dataset.counts(), there.counts()
    beside = len(dataset.absent) - (len(dataset) - len(there))  # absent, and not in the table
    listed["all"], found["all"] = len(dataset) + beside, len(there)
    expected = pd.Series({**dataset.info.expected, "all": dataset.info.images}, dtype="Int64")
    if dataset.labels is None:
        listed, found = listed[["all"]], found[["all"]]
    counts = pd.DataFrame({"listed": listed, "found": found}).astype("Int64")
    counts["expected"] = expected.reindex(counts.index)
    return counts.assign(difference=counts["listed"] - counts["expected"])


def of_counts(counts: pd.DataFrame, info: Info, complete: bool) -> Iterator[Finding]:
    """What is listed, against what was printed, here or elsewhere."""
    wrong = counts[counts["difference"].fillna(0) != 0]
    wrong = wrong[wrong["found"] != wrong["expected"]]
    if wrong.empty:
        return
    rows = {row.Index: f"{row.listed} for {row.expected}" for row in wrong.itertuples()}
    parts = [f"{rows.pop('all')} images"] if "all" in rows else []
    parts += [f"{_some(len(rows), 'class differs', 'classes differ')}"] if rows else []
    sentence = f"other numbers than expected ({info.expected_source}): {', '.join(parts)}"
    listed = counts["listed"].to_dict()
    same = [
        source
        for source, printed in info.also_printed.items()
        if printed
        and all(listed.get(name) == n for name, n in printed.items())
        and sum(printed.values()) == listed["all"]
    ]
    if same:
        sentence += f"; they are those of {', '.join(same)}"
    classes = tuple(f"{name}: {numbers}" for name, numbers in rows.items())
    yield Finding("counts", sentence, classes, complete and not same)


def of_lists(dataset: Dataset, folder: Path | None, files, complete: bool) -> Iterator[Finding]:
    """The list against the files; `files` has the name of every path that was found."""
    if dataset.dropped:
        unusable = tuple(f"{path}: {reason}" for path, reason in dataset.dropped)
        yield Finding(
            "unusable", f"{_some(len(unusable), 'listed image')} cannot be used", unusable
        )
    if dataset.absent:
        partial = dataset.info.partial
        sentence = f"{_some(len(dataset.absent), 'listed image')} without a file"
        if not files:
            sentence = f"labels only: no file for any of {_some(len(dataset.absent), 'image')}"
        fault = complete or (bool(files) and not partial)
        yield Finding(
            "missing", f"{sentence} ({partial})" if partial else sentence, dataset.absent, fault
        )
    if folder is not None and files:
        unlisted = _unlisted(dataset, folder, files)
        if unlisted:
            yield Finding(
                "unlisted", f"{_some(len(unlisted), 'image')} in no list", unlisted, False
            )


def _unlisted(dataset: Dataset, folder: Path, files) -> tuple[str, ...]:
    known = {*files, *(path for path, _ in dataset.dropped)}
    shared = dataset.info.folder not in ("", dataset.name)  # other sets have images there too
    tops = {Path(path).parent for path in known} if shared else {folder}
    for column in dataset.table:
        if column.endswith("_path"):  # masks and maps
            known |= set(dataset.table[column].dropna())
    found = {
        os.path.join(parent, file)
        for top in tops
        for parent, _, names in os.walk(top)
        for file in names
        if file.lower().endswith(images.SUFFIXES) and not file.startswith(".")
    }
    return tuple(sorted(Path(path).relative_to(folder).as_posix() for path in found - known))


def of_files(there: Dataset, looks: list[Look], files) -> Iterator[Finding]:
    """Images that do not decode, and those that are there more than once."""
    names = [files[path] for path in there.paths]
    bad = tuple(f"{n}: {k.reason}" for n, k in zip(names, looks, strict=True) if k.reason)
    if bad:
        yield Finding("undecodable", f"{_some(len(bad), 'file')} cannot be decoded", bad)
    equal = _same_pixels(there.paths, looks)
    placeholders = [rows for rows in equal if len(rows) >= PLACEHOLDER_COPIES]
    if placeholders:
        yield Finding(
            "placeholder",
            f"{_some(len(placeholders), 'picture')} many times, as placeholders are",
            tuple(" = ".join(names[i] for i in rows) for rows in placeholders),
        )
    groups = [(rows, " = ") for rows in equal if len(rows) < PLACEHOLDER_COPIES]
    yield from _by_side(there, names, groups, "duplicate", "", True)
    if there.info.embedded:  # scenes are drawn from few parts, and may look alike
        return
    seen = np.array([look.seen for look in looks], dtype=np.uint64)
    seen[[i for rows in placeholders for i in rows]] = 0
    near = _nearly_same(seen, equal)
    yield from _by_side(there, names, near, "near-duplicate", ", as it seems", False)


def _by_side(there: Dataset, names, groups, kind: str, seems: str, fault: bool):
    """Findings on groups of rows, ordered by whether they cross classes or splits."""
    labels = [0] * len(there) if there.labels is None else there.labels
    splits = there.table["split"].to_numpy()
    sides = {
        f"{kind} across classes": ("under several classes", []),
        f"{kind} across splits": ("in several splits", []),
        kind: ("twice or more in one class and split", []),
    }
    for rows, joint, *more in groups:
        text = joint.join(names[i] for i in rows) + "".join(more)
        classes, parts = len({labels[i] for i in rows}), len({splits[i] for i in rows})
        if classes > 1:
            sides[f"{kind} across classes"][1].append(text)
        if parts > 1:
            sides[f"{kind} across splits"][1].append(text)
        if classes == parts == 1:
            sides[kind][1].append(text)
    for side, (where, found) in sides.items():
        if found:
            sentence = f"{_some(len(found), 'picture')} {where}{seems}"
            yield Finding(side, sentence, tuple(found), fault)


def _some(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _same_pixels(paths, looks: list[Look]) -> list[list[int]]:
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
            key = b"" if len(by_bytes) == 1 else pixel_digest(images.read(paths[rows[0]]))
            by_pixels.setdefault(key, []).extend(rows)
        groups += [sorted(rows) for rows in by_pixels.values() if len(rows) > 1]
    return sorted(groups)


def _nearly_same(seen: np.ndarray, equal: list[list[int]]):
    """(rows, " ~ ", how far apart) of perceptual hashes that are near, but for equal images."""
    members: dict[int, list[int]] = {}
    for i, group in enumerate(near_groups(seen).tolist()):
        members.setdefault(group, []).append(i)
    known = {tuple(rows) for rows in equal}
    for rows in members.values():
        if len(rows) > 1 and tuple(rows) not in known:
            bits = int(np.bitwise_count(seen[rows] ^ seen[rows[0]]).max())
            yield rows, " ~ ", f" ({'up to ' * (len(rows) > 2)}{bits} bits)"
