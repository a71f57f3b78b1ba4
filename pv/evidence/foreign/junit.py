"""JUnit XML as pytest and nextest write it.

Expat is used without anything that XML can do beyond elements: a document type, and with it every
entity, is refused, so nothing is fetched and nothing grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final
from xml.parsers import expat

from pv.errors import BadInputError
from pv.evidence.foreign.case import MOST, Case, Ending, Results, counted

_DEEPEST: Final = 64
_MESSAGE: Final = 300
"""Characters of a message that are kept."""
_ENDINGS: Final = {
    "failure": Ending.FAILED,
    "error": Ending.ERRORED,
    "skipped": Ending.SKIPPED,
}
_GRAVEST: Final = (Ending.PASSED, Ending.SKIPPED, Ending.ERRORED, Ending.FAILED)


def read_junit(data: bytes, path: Path) -> Results:
    """Return the results of a JUnit file. Raises BadInputError with the line of what is wrong."""
    reader = _Reader(path)
    reader.parse(data)
    return Results("JUnit", counted(reader.cases, path), reader.on)


class _Reader:
    """Takes suites and cases as they come."""

    def __init__(self, path: Path) -> None:
        self.cases: list[Case] = []
        self.on: date | None = None
        self._path = path
        self._open: list[str] = []
        self._suites: list[str] = []
        self._case: dict[str, str] | None = None
        self._ending, self._message = Ending.PASSED, ""
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def parse(self, data: bytes) -> None:
        """Read the whole file."""
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            what = expat.errors.messages[error.code]
            raise BadInputError(f"{self._path}:{error.lineno}: no sound XML: {what}") from None
        except (ValueError, LookupError) as error:  # an encoding that Python does not know
            raise BadInputError(f"{self._path}: no sound XML: {error}") from None

    def _fault(self, what: str) -> BadInputError:
        return BadInputError(f"{self._path}:{self._parser.CurrentLineNumber}: {what}")

    def _refuse_doctype(self, *_: object) -> None:
        raise self._fault("a document type is declared, expected JUnit XML without one")

    def _start(self, tag: str, given: Mapping[str, str]) -> None:
        if not self._open and tag not in ("testsuites", "testsuite"):
            raise self._fault(f"<{tag[:40]}> is the first element, expected <testsuites>")
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise self._fault(f"elements in each other, expected at most {_DEEPEST}")
        if tag == "testsuite":
            self._suites.append(given.get("name", ""))
            self.on = self.on or _day(given.get("timestamp", ""))
        elif tag == "testcase":
            self._case, self._ending, self._message = dict(given), Ending.PASSED, ""
        elif tag in _ENDINGS and self._case is not None and self._open[-2] == "testcase":
            self._ending = max(self._ending, _ENDINGS[tag], key=_GRAVEST.index)
            self._message = self._message or given.get("message", "")[:_MESSAGE]

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testsuite":
            self._suites.pop()
        elif tag == "testcase" and self._case is not None:
            self.cases.append(self._finished(self._case))
            self._case = None
            if len(self.cases) > MOST:
                raise self._fault(f"more tests than {MOST}")

    def _finished(self, case: Mapping[str, str]) -> Case:
        """Return a case; pytest puts the module into `classname`, nextest the binary."""
        name, group = case.get("name", ""), case.get("classname", "")
        suite = self._suites[-1] if self._suites else ""
        if not name:
            raise self._fault("a testcase has no name")
        if group and group != suite:
            return Case(f"{group}.{name}", self._ending, "", self._message)
        return Case(name, self._ending, suite, self._message)


def _day(timestamp: str) -> date | None:
    try:
        return date.fromisoformat(timestamp[:10])
    except ValueError:
        return None
