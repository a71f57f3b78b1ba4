"""What earlier runs found out about files, in one SQLite file that may be deleted at any time.

Rows are JSON, never code. Each row carries a checksum: a damaged file is dropped whole and built
again, and nothing in it is believed. Two runs at once are safe, the later one's rows stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = (".pv", "cache")
_FILE: Final = "lint-1.sqlite"
"""The number counts versions of the table."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS kept (variant TEXT, file TEXT, stamp TEXT, digest TEXT, form TEXT,"
    " facts TEXT, surroundings TEXT, part TEXT, checksum BLOB, PRIMARY KEY (variant, file))"
    " WITHOUT ROWID"
)
_PATIENCE: Final = 2.0
"""Seconds to wait for another run that writes; a cache is not worth more."""
_SETTLED_NS: Final = 2_000_000_000
"""A file that was written so shortly before it was read may be written again in the same tick."""


class Kept(NamedTuple):
    """What is kept of one file."""

    file: str
    stamp: str
    """Size, times and inode; empty where the file was too young to rely on them."""
    digest: str
    """sha256 of the content."""
    form: str
    """JSON: label and findings of the file alone."""
    facts: str
    """JSON: what other contracts ask of it; empty where the file yields no contract."""
    surroundings: str
    """Digest of everything else that `part` depends on; empty where nothing is kept of it."""
    part: str
    """JSON: findings of the rules and counts of the gates."""


def stamp_of(place: str) -> str:
    """Return what tells a changed file without reading it; empty where it is too young.

    The time of the last change of its inode is part of it: that one nobody can set back.
    """
    try:
        found = os.stat(place)  # noqa: PTH116 - thrice as fast without a Path
    except (OSError, ValueError):
        return ""
    youngest = max(found.st_mtime_ns, found.st_ctime_ns)
    if time.time_ns() - youngest < _SETTLED_NS:
        return ""
    numbers = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return " ".join(map(str, numbers))


def digest_of(*parts: str) -> str:
    """Return a digest of texts; where one ends and the next begins counts."""
    whole = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(whole.encode()).hexdigest()


class Cache:
    """The kept rows of one variant of the linter, below one registry root."""

    def __init__(self, root: Path, variant: str) -> None:
        self._path = root.joinpath(*FOLDER, _FILE)
        self._variant = variant

    def load(self) -> Mapping[str, Kept]:
        """Return the rows by file name; none where there is no cache or it is damaged."""
        if not self._path.is_file() or self._path.is_symlink():
            return {}
        query = "SELECT * FROM kept WHERE variant = ?"
        try:
            with self._connection() as connection:
                rows = connection.execute(query, (self._variant,)).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                self._drop()
            return {}
        except (sqlite3.Error, UnicodeError, ValueError, OverflowError):
            self._drop()
            return {}
        if any(_checksum(row[:-1]) != row[-1] for row in rows):
            self._drop()
            return {}
        return {row[1]: Kept(*row[1:-1]) for row in rows}

    def save(self, changed: Iterable[Kept], gone: Iterable[str] = ()) -> None:
        """Keep rows and forget others; where the place cannot be written nothing is kept."""
        rows = [(self._variant, *each) for each in changed]
        forgotten = [(self._variant, name) for name in gone]
        if not rows and not forgotten:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.is_symlink():
                return
            ignore = self._path.with_name(".gitignore")
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            with self._connection() as connection, connection:
                connection.execute(_TABLE)
                connection.executemany("DELETE FROM kept WHERE variant = ? AND file = ?", forgotten)
                connection.executemany(
                    "INSERT OR REPLACE INTO kept VALUES (?,?,?,?,?,?,?,?,?)",
                    [(*row, _checksum(row)) for row in rows],
                )
        except sqlite3.OperationalError:
            return
        except (OSError, sqlite3.Error, UnicodeError):
            self._drop()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=_PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def _drop(self) -> None:
        for name in (_FILE, f"{_FILE}-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(name).unlink()


def _checksum(row: tuple[Any, ...]) -> bytes:
    text = "\0".join(map(str, row))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
