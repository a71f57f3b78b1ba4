"""What earlier runs found out, in one SQLite file that may be deleted at any time.

Rows are texts, never code. Each row carries a checksum: a damaged file is dropped whole and built
again, and nothing in it is believed. Two runs at once are safe, the later one's rows stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.files import OWN, own_folder

FOLDER: Final = (OWN, "cache")
_FILE: Final = "lint-2.sqlite"
"""The number counts versions of the tables."""
_FILES: Final = (
    "CREATE TABLE IF NOT EXISTS kept (variant TEXT, file TEXT, tool TEXT, stamp TEXT, digest TEXT,"
    " form TEXT, facts TEXT, surroundings TEXT, part TEXT, checksum BLOB,"
    " PRIMARY KEY (variant, file))"
)
_WHOLE: Final = (
    "CREATE TABLE IF NOT EXISTS runs (variant TEXT PRIMARY KEY, key TEXT, report TEXT,"
    " files TEXT, checksum BLOB)"
)
_GET_FILES: Final = (
    "SELECT variant, file, tool, stamp, digest, form, facts, surroundings, part, checksum"
    " FROM kept WHERE variant = ?"
)
_PUT_FILES: Final = (
    "INSERT OR REPLACE INTO kept (variant, file, tool, stamp, digest, form, facts, surroundings,"
    " part, checksum) VALUES (?,?,?,?,?,?,?,?,?,?)"
)
_GET_RUN: Final = "SELECT variant, key, report, files, checksum FROM runs WHERE variant = ?"
_PUT_RUN: Final = (
    "INSERT OR REPLACE INTO runs (variant, key, report, files, checksum) VALUES (?,?,?,?,?)"
)
_ALL_BUT_LATEST: Final = (
    "DELETE FROM runs WHERE rowid NOT IN (SELECT rowid FROM runs ORDER BY rowid DESC LIMIT ?)"
)
_RUNS: Final = 64
"""How many whole runs are kept: one for each set of options and files, the latest ones."""
_PATIENCE: Final = 2.0
"""Seconds to wait for another run that writes; a cache is not worth more."""


class Kept(NamedTuple):
    """What is kept of one file."""

    file: str
    tool: str
    """Digest of the program that found the rest out."""
    stamp: str
    """Size, times and inode; empty where the file was too young to rely on them."""
    digest: str
    """sha256 of the content; empty where the file could not be read."""
    form: str = ""
    """Label and findings of the file alone."""
    facts: str = ""
    """What other contracts ask of it; empty where the file yields no contract."""
    surroundings: str = ""
    """Digest of everything else that `part` depends on; empty where nothing is kept of it."""
    part: str = ""
    """Findings of the rules and counts of the gates."""


class KeptRun(NamedTuple):
    """What a whole run came to."""

    report: str
    files: str
    """The list of its files, apart, because few formats ask for it."""


def digest_of(*parts: str) -> str:
    """Return a digest of texts; where one ends and the next begins counts."""
    whole = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(whole.encode()).hexdigest()


class Cache:
    """What is kept below one registry root."""

    def __init__(self, root: Path) -> None:
        self._path = root.joinpath(*FOLDER, _FILE)

    def files(self, variant: str) -> Mapping[str, Kept]:
        """Return the rows of one variant of the linter by file name; none without a sound cache."""
        rows = self._ask(_GET_FILES, variant)
        return {row[1]: Kept(*row[1:-1]) for row in rows}

    def save_files(self, variant: str, changed: Iterable[Kept], gone: Iterable[str] = ()) -> None:
        """Keep rows and forget others; where the place cannot be written nothing is kept."""
        forgotten = [(variant, name) for name in gone]
        rows = _checked((variant, *each) for each in changed)
        if rows or forgotten:
            self._write(
                ("DELETE FROM kept WHERE variant = ? AND file = ?", forgotten),
                (_PUT_FILES, rows),
            )

    def run(self, variant: str, key: str) -> KeptRun | None:
        """Return what a run of a variant came to that saw exactly the same."""
        rows = self._ask(_GET_RUN, variant)
        return next((KeptRun(row[2], row[3]) for row in rows if row[1] == key), None)

    def save_run(self, variant: str, key: str, run: KeptRun) -> None:
        """Keep a run in place of the last one of its variant."""
        rows = _checked([(variant, key, *run)])
        self._write((_PUT_RUN, rows), (_ALL_BUT_LATEST, [(_RUNS,)]))

    def _ask(self, query: str, variant: str) -> list[tuple[Any, ...]]:
        if not self._path.is_file() or self._path.is_symlink():
            return []
        try:
            with self._connection() as connection:
                rows = connection.execute(query, (variant,)).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                self._drop()
            return []
        except (sqlite3.Error, UnicodeError, ValueError, OverflowError):
            self._drop()
            return []
        if any(_checksum(row[:-1]) != row[-1] for row in rows):
            self._drop()
            return []
        return rows

    def _write(self, *statements: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        """Carry out all statements or none; nothing where the place cannot be written."""
        try:
            own_folder(self._path.parents[len(FOLDER)], *FOLDER[1:])
            if self._path.is_symlink():
                return
            with self._connection() as connection, connection:
                connection.execute(_FILES)
                connection.execute(_WHOLE)
                for statement, rows in statements:
                    connection.executemany(statement, rows)
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


def _checked(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(*row, _checksum(row)) for row in rows]


def _checksum(row: tuple[Any, ...]) -> bytes:
    text = "\0".join(map(str, row))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
