"""What every format is made of: the files judged, their findings, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO, TypeAlias

from pv.model.finding import Finding
from pv.model.verdict import Severity


class Outcome(StrEnum):
    """What judging a set of files came to."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    NOTHING_JUDGED = "NOTHING JUDGED"
    """No file was judged: that is never a pass."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """One judged file."""

    file: str
    contract: str
    """Id of the contract; empty where the file did not yield one."""
    version: str | None
    dialect: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run of a command has to say about files."""

    files: tuple[FileReport, ...]
    findings: tuple[Finding, ...]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """File name to its text, for excerpts."""
    strict: bool = False
    """Whether warnings fail too."""

    def count(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(one.severity is severity for one in self.findings)

    @property
    def outcome(self) -> Outcome:
        """The verdict, from the final findings alone."""
        if not self.files:
            return Outcome.NOTHING_JUDGED
        failing = self.count(Severity.ERROR)
        if self.strict:
            failing += self.count(Severity.WARNING)
        return Outcome.FAIL if failing else Outcome.PASS

    @property
    def summary(self) -> str:
        """The counts and the verdict in one line."""
        parts = (
            counted(len(self.files), "file"),
            counted(self.count(Severity.ERROR), "error"),
            counted(self.count(Severity.WARNING), "warning"),
            self.outcome.value,
        )
        return " · ".join(parts)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


Stream: TypeAlias = TextIO
"""Where a format is written."""
