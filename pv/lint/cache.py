"""What earlier runs found out, in one SQLite file that may be deleted at any time.

Two runs at once are safe, the later one's rows stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from pv.tables import Tables, checked

FOLDER: Final = "cache"
_FILE: Final = "lint-3.sqlite"
"""The number counts versions of the tables."""
_FILES: Final = (
    "CREATE TABLE IF NOT EXISTS kept (variant TEXT, file TEXT, tool TEXT, stamp TEXT, digest TEXT,"
    " form TEXT, facts TEXT, surroundings TEXT, part TEXT, apart TEXT, alone TEXT, waits TEXT,"
    " checksum BLOB, PRIMARY KEY (variant, file))"
)
_WHOLE: Final = (
    "CREATE TABLE IF NOT EXISTS runs (variant TEXT PRIMARY KEY, key TEXT, report TEXT,"
    " files TEXT, checksum BLOB)"
)
_GET_FILES: Final = (
    "SELECT variant, file, tool, stamp, digest, form, facts, surroundings, part, apart, alone,"
    " waits, checksum FROM kept WHERE variant = ?"
)
_PUT_FILES: Final = (
    "INSERT OR REPLACE INTO kept (variant, file, tool, stamp, digest, form, facts, surroundings,"
    " part, apart, alone, waits, checksum) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
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
    apart: str = ""
    """Where rules ask about other contracts: digest of all else that they depend on."""
    alone: str = ""
    """What of `part` depends on `apart` alone."""
    waits: str = ""
    """Ids of the rules that ask about other contracts, with blanks between them."""


class KeptRun(NamedTuple):
    """What a whole run came to."""

    report: str
    files: str
    """The list of its files, apart, because few formats ask for it."""


class Cache:
    """What is kept below one registry root."""

    def __init__(self, root: Path) -> None:
        self._tables = Tables(root, (FOLDER,), _FILE, (_FILES, _WHOLE))

    def files(self, variant: str) -> Mapping[str, Kept]:
        """Return the rows of one variant of the linter by file name; none without a sound cache."""
        rows = self._tables.ask(_GET_FILES, variant)
        return {row[1]: Kept(*row[1:-1]) for row in rows}

    def save_files(self, variant: str, changed: Iterable[Kept], gone: Iterable[str] = ()) -> None:
        """Keep rows and forget others; where the place cannot be written nothing is kept."""
        forgotten = [(variant, name) for name in gone]
        rows = checked((variant, *each) for each in changed)
        if rows or forgotten:
            self._tables.write(
                ("DELETE FROM kept WHERE variant = ? AND file = ?", forgotten),
                (_PUT_FILES, rows),
            )

    def run(self, variant: str, key: str) -> KeptRun | None:
        """Return what a run of a variant came to that saw exactly the same."""
        rows = self._tables.ask(_GET_RUN, variant)
        return next((KeptRun(row[2], row[3]) for row in rows if row[1] == key), None)

    def save_run(self, variant: str, key: str, run: KeptRun) -> None:
        """Keep a run in place of the last one of its variant."""
        rows = checked([(variant, key, *run)])
        self._tables.write((_PUT_RUN, rows), (_ALL_BUT_LATEST, [(_RUNS,)]))
