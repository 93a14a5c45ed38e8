"""Features on disk: computed once, whoever asks, in whichever process."""

import contextlib
import sqlite3
import time
import warnings
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

_SHARES = 8
_AT_ONCE = 500  # keys in one query


class FeatureStore:
    """One SQLite file: (key of a picture, layer) → float32 values, each with a checksum.

    A process killed at any moment leaves the file whole. A file that was damaged otherwise is
    deleted with a warning and begins anew.
    """

    def __init__(self, path: Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def get(self, keys: Iterable[str], layer: str) -> dict[str, np.ndarray]:
        """What is known of `keys`."""
        keys, found = list(dict.fromkeys(keys)), {}
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._do(
                f"SELECT key, crc, value FROM features WHERE layer = ? AND key IN ({marks})",
                [(layer, *some)],
            )
            for key, crc, value in rows:
                if zlib.crc32(value) == crc:
                    found[key] = np.frombuffer(value, "<f4")
        return found

    def put(self, rows: Iterable[tuple[str, dict[str, np.ndarray]]]) -> None:
        """Keep the layers of several pictures, all or none."""
        values = [
            (key, layer, zlib.crc32(data), data)
            for key, layers in rows
            for layer, value in layers.items()
            for data in [np.asarray(value, "<f4").tobytes()]
        ]
        self._do("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)", values)

    def shares(self, keys: Iterable[str]) -> Iterator[list[str]]:
        """Yield `keys` in several lists, each locked for this process while it is worked on.

        What another process holds comes last, when that one is through and its work can be read.
        """
        lists = {}
        for key in keys:
            lists.setdefault(int(key[:8], 16) % _SHARES, []).append(key)
        waiting, refused = deque(lists.items()), 0
        while waiting:
            number, some = waiting.popleft()
            lock = FileLock(f"{self.path}.{number}.lock")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                waiting.append((number, some))
                refused += 1
                if refused >= len(waiting):
                    time.sleep(0.02)
                continue
            refused = 0
            try:
                yield some
            finally:
                lock.release()

    def _do(self, statement: str, values: list[tuple]) -> list[tuple]:
        with FileLock(f"{self.path}.lock", poll_interval=0.005):
            try:
                return self._once(statement, values)
            except sqlite3.OperationalError as error:
                raise OSError(
                    f"the feature cache {self.path} cannot be used ({error}): point EMOBOOK_CACHE "
                    "at a folder with room where you may write, or set cache=False"
                ) from error
            except sqlite3.DatabaseError as error:
                warnings.warn(
                    f"the feature cache {self.path} was damaged ({error}): it begins anew",
                    stacklevel=4,
                )
                for name in (f"{self.path}-journal", self.path):
                    Path(name).unlink(missing_ok=True)
                return self._once(statement, values)

    def _once(self, statement, values):
        # The connection lives no longer than the lock, so that a damaged file can be deleted.
        with contextlib.closing(sqlite3.connect(self.path, timeout=60)) as file, file:
            file.execute(
                "CREATE TABLE IF NOT EXISTS features "
                "(key TEXT, layer TEXT, crc INTEGER, value BLOB, PRIMARY KEY (key, layer))"
            )
            if statement.startswith("SELECT"):
                return file.execute(statement, values[0]).fetchall()
            file.executemany(statement, values)
            return []
