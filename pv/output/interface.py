"""What every format is made of: the files judged, their findings, and the verdict that follows.

A format is one module with one function that takes a report and a stream; `formats.py` lists them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, TextIO, TypeAlias

from pv.model.finding import Finding
from pv.model.verdict import Severity


class Outcome(StrEnum):
    """What judging a set of files came to."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    NOTHING_JUDGED = "NOTHING JUDGED"
    """No file was judged: that is never a pass."""
    NO_VERDICT = "NO VERDICT"
    """No gate had anything to judge: that is never a pass either."""
    CRASHED = "INTERNAL ERROR"
    """A rule crashed: nothing was shown to be sound."""

    @property
    def exit_code(self) -> int:
        """The exit code of a command that prints this outcome."""
        return _EXIT_CODES[self]

    @property
    def decided(self) -> bool:
        """Whether something was judged to its end."""
        return self in {Outcome.PASS, Outcome.FAIL}


_EXIT_CODES: Mapping[Outcome, int] = {
    Outcome.PASS: 0,
    Outcome.FAIL: 1,
    Outcome.NOTHING_JUDGED: 3,
    Outcome.NO_VERDICT: 3,
    Outcome.CRASHED: 4,
}


class FileReport(NamedTuple):
    """One judged file."""

    file: str
    contract: str
    """Id of the contract; empty where the file did not yield one."""
    version: str | None
    dialect: str


class Gate(NamedTuple):
    """One family of rules after a run."""

    name: str
    state: str
    judged: str
    """What was judged, or why nothing was."""
    errors: int
    warnings: int
    passed: bool | None
    """None where nothing was judged."""


_NOTHING: Final[Mapping[str, Any]] = {}


class RuleCount(NamedTuple):
    """How many findings of one rule and severity there are."""

    rule: str
    severity: Severity
    number: int


class Report(NamedTuple):
    """Everything that one run of a command has to say about files."""

    files: Sequence[FileReport]
    findings: tuple[Finding, ...]
    texts: Mapping[str, str] = _NOTHING
    """File name to its text, for excerpts."""
    strict: bool = False
    """Whether warnings fail too."""
    command: str = "validate"
    gates: tuple[Gate, ...] = ()
    """Empty where a command has none: then the findings alone decide."""
    states: Mapping[str, int] = _NOTHING
    """How many gates ended in each state, in the order in which they are shown."""
    bindings: Mapping[str, int] = _NOTHING
    """Test references by class; empty where they were not judged."""
    crashes: tuple[str, ...] = ()
    """Defects of `pv` that came up in this run."""
    given: Outcome | None = None
    """The verdict of the gates; None where the findings decide."""
    aside: Mapping[str, int] = _NOTHING
    """How many findings do not count, by why: in words that stand behind a number."""
    stale: int = 0
    """How many entries of the baseline no finding has any more."""
    statistics: bool = False
    """Whether people asked for counts of each rule in place of the findings."""

    def number(self, severity: Severity) -> int:
        """Return the number of findings of a severity."""
        return sum(one.severity is severity for one in self.findings)

    def fails(self, severity: Severity) -> bool:
        """Tell whether a finding of this severity fails the run."""
        return severity is Severity.ERROR or (self.strict and severity is Severity.WARNING)

    @property
    def outcome(self) -> Outcome:
        """The verdict: that of the gates where there are any, else from the findings alone."""
        if self.given is not None:
            return self.given
        if not self.files:
            return Outcome.NOTHING_JUDGED
        failing = any(self.fails(one.severity) for one in self.findings)
        return Outcome.FAIL if failing else Outcome.PASS

    @property
    def counts(self) -> tuple[str, str, str]:
        """The numbers of files, errors and warnings in words."""
        return (
            counted(len(self.files), "file"),
            counted(self.number(Severity.ERROR), "error"),
            counted(self.number(Severity.WARNING), "warning"),
        )

    @property
    def summary(self) -> str:
        """The counts and the verdict in one line."""
        word = self.outcome.value
        if not self.gates:
            return " · ".join((*self.counts, *self._aside, word))
        failed = sum(gate.passed is False for gate in self.gates)
        judged = sum(gate.passed is not None for gate in self.gates)
        gates = f"{failed} of {judged} gates" if failed else counted(judged, "gate")
        silent = {gate.state for gate in self.gates if gate.passed is None}
        others = (f"{self.states[state]} {state}" for state in self.states if state in silent)
        return " · ".join((f"{word}, {gates}", *self.counts, *self._aside, *others))

    @property
    def _aside(self) -> tuple[str, ...]:
        return tuple(f"{number:,} {why}" for why, number in self.aside.items() if number)

    def by_rule(self) -> tuple[RuleCount, ...]:
        """Return the counts of findings by rule and severity, the most frequent first."""
        found = Counter((one.rule, one.severity) for one in self.findings)
        counts = (RuleCount(rule, severity, number) for (rule, severity), number in found.items())
        return tuple(sorted(counts, key=lambda one: (-one.number, one.rule, one.severity.value)))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


Stream: TypeAlias = TextIO
"""Where a format is written."""


class Writer(Protocol):
    """One format: writes a whole report to a stream."""

    def __call__(self, report: Report, stream: Stream, /) -> None:
        """Write the report; OSError of the stream is passed on."""
