"""What receipts say, by file, in one SQLite table that can be made again from the files.

The files are the truth. A row counts only while its file has the very stamp (size, times, inode)
that it had when it was read and checked; any other file is read. A damaged table is dropped whole.
Several processes may read and write at once: rows are replaced one by one, in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.errors import BadInputError
from pv.evidence.statement import Stored, started_of, subjects_of, view_of
from pv.evidence.store import Damaged, folders, read_file, read_folder
from pv.stamps import stamp_of
from pv.tables import Tables, checked

FILE: Final = "index-1.sqlite"
"""The number counts versions of the table."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS receipts (path TEXT PRIMARY KEY, stamp TEXT, falsifier TEXT,"
    " verdict TEXT, level TEXT, model TEXT, started TEXT, fault TEXT, known TEXT, checksum BLOB)"
)
_ALL: Final = (
    "SELECT path, stamp, falsifier, verdict, level, model, started, fault, known, checksum"
    " FROM receipts"
)
_ONE: Final = f"{_ALL} WHERE path = ?"
_FOLDER: Final = f"{_ALL} WHERE path BETWEEN ? AND ?"
_PUT: Final = (
    "INSERT OR REPLACE INTO receipts (path, stamp, falsifier, verdict, level, model, started,"
    " fault, known, checksum) VALUES (?,?,?,?,?,?,?,?,?,?)"
)
_FORGET: Final = "DELETE FROM receipts WHERE path = ?"
_BRIEF: Final = 1_000
"""Characters of a part of a receipt that is kept in its row; a longer one is read from the file."""
_FEW: Final = 64
"""So many rows are asked for one by one; who needs more needs most of them."""


class Row(NamedTuple):
    """What is kept of one receipt file."""

    path: str
    stamp: str
    falsifier: str
    verdict: str
    level: str
    model: str
    started: str
    fault: str
    """Why the file cannot be relied on; empty where it can."""
    known: str
    """Subjects and the short parts of the predicate, as JSON; empty for a damaged file."""


class Difference(NamedTuple):
    """A file of which the index says something else than the file itself."""

    path: str
    reason: str


class Index:
    """The index of one registry; what it does not know it reads, and keeps when it is saved."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tables = Tables(root, (), FILE, (_TABLE,))
        self._new: dict[str, Row] = {}
        self._met: set[str] = set()
        self._asked = 0

    @property
    def path(self) -> Path:
        """Where the table stands."""
        return self._tables.path

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """Path to row, as found on disk; none where the table is missing or damaged."""
        return {row[0]: Row(*row[:-1]) for row in self._tables.ask(_ALL)}

    def read(self, root: Path, path: Path, falsifier: str) -> Stored | Damaged:
        """Return what a receipt file holds, from its row where the file is as it was then."""
        shown = path.relative_to(root).as_posix()
        stamp = stamp_of(str(path), follow=False)
        self._met.add(shown)
        row = self._row_of(shown)
        if row is not None and stamp and row.stamp == stamp and row.falsifier == falsifier:
            return _recalled(root, row)
        found = _consistent(read_file(root, path, falsifier))
        if stamp and not (isinstance(found, Damaged) and found.unread):
            self._new[shown] = _row(found, stamp, falsifier)
        return found

    def statement(self, path: str, falsifier: str) -> Mapping[str, Any]:
        """Return what a receipt says. Raises BadInputError where its file is another by now."""
        row = self._row_of(path)
        stamp = stamp_of(f"{self._root}/{path}", follow=False)
        if row and row.known and (row.stamp, row.falsifier) == (stamp, falsifier):
            return _statement(self._root, row)
        return _sound(self.read(self._root, self._root / path, falsifier)).statement

    def _row_of(self, path: str) -> Row | None:
        if "rows" in self.__dict__ or self._asked == _FEW:
            return self.rows.get(path)
        self._asked += 1
        found = self._tables.ask(_ONE, path)
        return Row(*found[0][:-1]) if found else None

    def save(self) -> bool:
        """Write what was read anew, and forget files that are gone; tell whether that went well.

        Where few files were read only what is gone beside them is looked for.
        """
        folders_met = {path.rpartition("/")[0] for path in self._met}
        gone = [
            (path,)
            for path in (self.rows if "rows" in self.__dict__ else self._beside(folders_met))
            if path not in self._met
            and (path.rpartition("/")[0] in folders_met or not (self._root / path).exists())
        ]
        if not self._new and not gone:
            return True
        return self._tables.write((_FORGET, gone), (_PUT, checked(self._new.values())))

    def _beside(self, folders_met: set[str]) -> Iterator[str]:
        """Yield the paths of the rows of some folders."""
        for folder in folders_met:
            for row in self._tables.ask(_FOLDER, f"{folder}/", f"{folder}0"):
                yield row[0]

    def rebuild(self) -> tuple[int, int]:
        """Read every receipt anew; return how many were read, and how many of them are kept.

        Files that were written in the last seconds are read and not kept: a stamp would not tell
        another change of them.
        """
        self._tables.drop()
        self.__dict__["rows"] = {}
        read = sum(1 for _ in self._all(self.read))
        return read, len(self._new) if self.save() else 0

    def differences(self) -> Iterator[Difference]:
        """Yield what a reader would be told wrongly: rows that count, against their files."""
        on_disk = {each.path: each for each in self._all(read_file)}
        for path, row in self.rows.items():
            found = on_disk.get(path)
            if found is None or row.stamp != stamp_of(str(self._root / path), follow=False):
                continue  # no reader believes it
            if _row(_consistent(found), row.stamp, row.falsifier) != row:
                yield Difference(path, "the row says something else than the file")

    def counting(self) -> tuple[int, int]:
        """Return how many receipt files a row counts for, and for how many none does."""
        unknown, _ = self.unknown()
        return sum(1 for _ in self._all(_nothing_read)) - unknown, unknown

    def unknown(self) -> tuple[int, int]:
        """Return how many receipt files no row counts for, and how many rows have no such file."""
        paths = {each.path for each in self._all(_nothing_read)}
        count = sum(
            path not in self.rows
            or self.rows[path].stamp != stamp_of(str(self._root / path), follow=False)
            for path in paths
        )
        return count, len(self.rows.keys() - paths)

    def _all(self, read: Any) -> Iterator[Stored | Damaged]:
        for folder in folders(self._root, local=True):
            record = folder.startswith("contracts/")
            falsifier = folder.rpartition("/")[2]
            yield from read_folder(self._root, falsifier, record=record, read=read)


def _nothing_read(root: Path, path: Path, falsifier: str) -> Damaged:
    return Damaged(path.relative_to(root).as_posix(), falsifier)


def _consistent(found: Stored | Damaged) -> Stored | Damaged:
    """Return a receipt that does not contradict itself, or what is wrong with it."""
    if isinstance(found, Damaged):
        return found
    try:
        subjects_of(found.statement)
        view_of(found, stale=(), local=False)
    except BadInputError as error:
        return Damaged(found.path, error.message)
    return Stored(found.path, found.id, found.statement, consistent=True)


def _row(found: Stored | Damaged, stamp: str, falsifier: str) -> Row:
    if isinstance(found, Damaged):
        return Row(found.path, stamp, falsifier, "", "", "", "", found.reason, "")
    predicate = found.statement["predicate"]
    texts = {key: _text(value) for key, value in predicate.items()}
    short = {key: predicate[key] for key, text in texts.items() if len(text) <= _BRIEF}
    known = _text({"subject": found.statement["subject"], "predicate": short, "all": [*texts]})
    return Row(
        found.path,
        stamp,
        falsifier,
        str(predicate["verdict"]),
        str(predicate["level"]),
        str((predicate.get("model") or {}).get("name", "")),
        started_of(found.statement),
        "",
        known,
    )


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _recalled(root: Path, row: Row) -> Stored | Damaged:
    if row.fault:
        return Damaged(row.path, row.fault)
    stem = row.path.rpartition("/")[2].removesuffix(".json")
    return Stored(row.path, stem, _statement(root, row), consistent=True)


def _statement(root: Path, row: Row) -> Statement:
    known = json.loads(row.known)
    predicate = Predicate(root, row, known["predicate"], known["all"])
    return Statement(root, row, {"subject": known["subject"], "predicate": predicate})


def _sound(found: Stored | Damaged) -> Stored:
    if isinstance(found, Damaged):
        raise BadInputError(f"{found.path} changed while it was read: {found.reason}")
    return found


class _Partly(Mapping[str, Any]):
    """A part of a receipt of which some is known; the rest is read when somebody asks for it."""

    def __init__(self, root: Path, row: Row, known: dict[str, Any], names: list[str]) -> None:
        self._root, self._row = root, row
        self._known, self._names = known, names

    def _read(self) -> Mapping[str, Any]:
        place = self._root / self._row.path
        return _sound(read_file(self._root, place, self._row.falsifier)).statement

    def _rest(self) -> Mapping[str, Any]:
        return self._read()

    def __getitem__(self, key: str) -> Any:
        if key not in self._known:
            if key not in self._names:
                raise KeyError(key)
            self._known = dict(self._rest())
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Statement(_Partly):
    """A statement of which subjects and predicate are known."""

    def __init__(self, root: Path, row: Row, known: dict[str, Any]) -> None:
        super().__init__(root, row, known, ["_type", "predicateType", "predicate", "subject"])


class Predicate(_Partly):
    """A predicate of which the short parts are known."""

    def _rest(self) -> Mapping[str, Any]:
        rest: Mapping[str, Any] = self._read()["predicate"]
        return rest
