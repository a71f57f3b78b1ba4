"""What whole commands printed, kept for the next run that sees exactly the same.

A state rests on contracts, receipts, sources, git and the day. All of that is told by stamps (size,
times, inode), two questions to git and the date: where not one of them moved, the answer of the
last run stands, and no contract and no receipt is opened. In any doubt nothing is recalled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from pv.evidence.look import Look, during
from pv.registry.known import known
from pv.stamps import speaks_of_passed_folders, tool_digest
from pv.tables import Tables, checked, digest_of

FILE: Final = "answers-1.sqlite"
"""The number counts versions of the table."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, key TEXT, text TEXT, note TEXT,"
    " code INTEGER, checksum BLOB)"
)
_GET: Final = "SELECT question, key, text, note, code, checksum FROM answers WHERE question = ?"
_PUT: Final = (
    "INSERT OR REPLACE INTO answers (question, key, text, note, code, checksum)"
    " VALUES (?,?,?,?,?,?)"
)
_ALL_BUT_LATEST: Final = (
    "DELETE FROM answers WHERE rowid NOT IN (SELECT rowid FROM answers ORDER BY rowid DESC LIMIT ?)"
)
_KEPT: Final = 16
_LARGEST: Final = 64 << 20
"""Characters of an answer that is kept."""


class Answer(NamedTuple):
    """What a command came to."""

    text: str
    code: int
    note: str = ""
    """What is told beside the text where that is a file."""


class Answers:
    """The answer to one question about a registry as it is now.

    A question is a command with its options. The look at the registry is taken when it is first
    needed, which has to be before anything is read.
    """

    def __init__(self, root: Path, question: Sequence[str]) -> None:
        self._root = root
        self._question = digest_of(*question)
        self._tables = Tables(root, (), FILE, (_TABLE,))
        _DOUBT.set(False)

    def recall(self) -> Answer | None:
        """Return the last run's answer where nothing that it saw is another now."""
        if not self._tables.path.is_file():
            _ = self.key
            return None
        key = self.key
        found = self._tables.ask(_GET, self._question) if key else []
        return next((Answer(row[2], row[4], row[3]) for row in found if row[1] == key), None)

    def keep(self, answer: Answer) -> None:
        """Keep an answer, where stamps will tell any later change."""
        if self.key and not _DOUBT.get() and len(answer.text) <= _LARGEST:
            row = (self._question, self.key, answer.text, answer.note, answer.code)
            self._tables.write((_PUT, checked([row])), (_ALL_BUT_LATEST, [(_KEPT,)]))

    @contextmanager
    def found_out(self) -> Iterator[None]:
        """Have what is read inside be read by the look that this answer's key is made of."""
        with during(self._look):
            yield

    @cached_property
    def _look(self) -> Look:
        return Look(self._root)

    @cached_property
    def key(self) -> str:
        """Digest of everything that an answer depends on; empty where it does not tell it all."""
        seen = self._look.digest
        if not seen:
            return ""
        day = datetime.now(UTC).date().isoformat()
        return digest_of(tool_digest(), str(self._root), day, known(self._root), seen)


_DOUBT: Final = ContextVar("_DOUBT", default=False)


def doubt(place: str) -> None:
    """Take note that something was looked at that no stamp of a registry tells about.

    `place` is a text that may name such a thing: a path, or the reference of a test.
    """
    if _out_of_sight(place):
        doubtful()


def doubtful() -> None:
    """Take note that the answer may be another with nothing changed: it is not kept."""
    _DOUBT.set(True)


@contextmanager
def doubts() -> Iterator[Callable[[], bool]]:
    """Have it told whether anything inside raised a doubt; outside it counts as well."""
    token = _DOUBT.set(False)
    try:
        yield _DOUBT.get
    finally:
        raised = _DOUBT.get()
        _DOUBT.reset(token)
        if raised:
            _DOUBT.set(True)


@lru_cache(maxsize=4096)
def _out_of_sight(place: str) -> bool:
    return speaks_of_passed_folders(place) or place.startswith("/") or ".." in place
