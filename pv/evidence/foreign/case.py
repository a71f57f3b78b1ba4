"""One result of one test, as a file from elsewhere tells it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from pv.errors import BadInputError
from pv.files import plain_bytes

LARGEST: Final = 64 << 20
"""Bytes of a file that is read."""
MOST: Final = 1_000_000
"""Results of one file."""


class Ending(StrEnum):
    """How a test ended. Only the first two answer anything."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    """It could not be carried out, which says nothing about what it tests."""
    SKIPPED = "skipped"


class Case(NamedTuple):
    """A test with its ending."""

    name: str
    """Full name within its suite: `module::test`, or `tests.unit.test_x.TestC.test_y[1]`."""
    ending: Ending
    suite: str = ""
    """What holds it: the binary of nextest; empty where the file does not tell."""
    message: str = ""
    falsifier: str = ""
    """Id of the falsifier, where the file names it: blocks of contracts do."""

    @property
    def shown(self) -> str:
        """The name that people see."""
        return f"{self.suite}::{self.name}" if self.suite else self.name


class Results(NamedTuple):
    """What a file tells."""

    kind: str
    """The form of the file, for people."""
    cases: Sequence[Case]
    on: date | None = None
    """Day of the run, where the file says it."""


def take(path: Path) -> bytes:
    """Return the content of a file. Raises BadInputError for one that is none, or too large."""
    try:
        if not path.is_file():
            raise BadInputError(f"no file {path}, expected results of tests")
        data = plain_bytes(path, LARGEST)
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}") from None
    if data is None:
        raise BadInputError(f"{path} has more than {LARGEST} bytes, expected results of tests")
    return data


def counted(cases: Sequence[Case], path: Path) -> Sequence[Case]:
    """Return the cases of a file. Raises BadInputError for none, or for too many."""
    if not cases:
        raise BadInputError(f"{path} tells of no test, expected results of tests")
    if len(cases) > MOST:
        raise BadInputError(f"{path} tells of {len(cases)} tests, expected at most {MOST}")
    return cases
