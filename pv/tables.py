"""Rows in one SQLite file below `.pv` that may be deleted at any time: what earlier runs found out.

Rows are texts and numbers, never code. Each ends with a checksum: a damaged file is dropped whole
and made again, and nothing in it is believed. Several processes at once are safe; where one has to
wait for long its rows are not kept, which costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pv.files import OWN, own_folder

_PATIENCE: Final = 2.0
"""Seconds to wait for another run that writes; rows that can be made again are not worth more."""
_AT_ONCE: Final = 256
"""Texts that are put together before a digest takes them."""


def digest_of(*parts: str) -> str:
    """Return a digest of texts; where one ends and the next begins counts.

    Many texts are never in memory a second time all at once.
    """
    lengths = ",".join([str(len(part)) for part in parts])
    whole = hashlib.sha256(f"{lengths}:".encode())
    for first in range(0, len(parts), _AT_ONCE):
        some = "".join(parts[first : first + _AT_ONCE])
        whole.update(some.encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def checked(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows as they are written, each with its checksum behind it."""
    return [(*row, _checksum(row)) for row in rows]


def _checksum(row: tuple[Any, ...]) -> bytes:
    text = "\0".join(map(str, row))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Tables:
    """The tables of one file; `schema` makes them where they are missing."""

    def __init__(self, root: Path, folder: Sequence[str], name: str, schema: Sequence[str]) -> None:
        self.path = root.joinpath(OWN, *folder, name)
        self._root, self._folder, self._schema = root, tuple(folder), tuple(schema)

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows, checksums included and found right; none where the file is not sound."""
        if not self.path.is_file() or self.path.is_symlink():
            return []
        try:
            with self._connection() as connection:
                rows = connection.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                self.drop()
            return []
        except (sqlite3.Error, UnicodeError, ValueError, OverflowError):
            self.drop()
            return []
        if any(_checksum(row[:-1]) != row[-1] for row in rows):
            self.drop()
            return []
        return rows

    def write(self, *statements: tuple[str, Sequence[tuple[Any, ...]]]) -> bool:
        """Carry out all statements or none, and tell which; none where it cannot be written."""
        try:
            own_folder(self._root, *self._folder)
            if self.path.is_symlink():
                return False
            with self._connection() as connection, connection:
                for table in self._schema:
                    connection.execute(table)
                for statement, rows in statements:
                    connection.executemany(statement, rows)
        except sqlite3.OperationalError:
            return False
        except (OSError, sqlite3.Error, UnicodeError):
            self.drop()
            return False
        return True

    def drop(self) -> None:
        """Delete the file, and what SQLite may have left beside it."""
        for name in (self.path.name, f"{self.path.name}-journal"):
            with contextlib.suppress(OSError):
                self.path.with_name(name).unlink()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE)
        try:
            yield connection
        finally:
            connection.close()
