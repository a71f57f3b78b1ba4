"""The faults found so far in one file: recoverable ones are noted, a fatal one ends the reading."""

from __future__ import annotations

from typing import Final, NoReturn

from pv.marks import Mark, Span
from pv.yamlfile.problems import Problem, ProblemCode

MAX_PROBLEMS: Final = 100
"""Recoverable faults of one file; more of them help nobody."""


class FatalFault(Exception):  # noqa: N818 - control flow inside this package, never seen outside
    """Ends the reading of a file; carries the one fatal problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Faults:
    """Collects the problems of one file in the order of its text."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.noted: list[Problem] = []

    def note(
        self,
        code: ProblemCode,
        message: str,
        start: Mark,
        end: Mark,
        advice: str,
        *,
        related: Mark | None = None,
    ) -> None:
        """Record a recoverable fault. Raises FatalFault after too many of them."""
        if len(self.noted) >= MAX_PROBLEMS:
            self.fail(
                ProblemCode.TOO_MANY_PROBLEMS,
                f"more than {MAX_PROBLEMS} faults: reading stopped here",
                start,
                end,
                "correct the ones before",
            )
        self.noted.append(self._problem(code, message, start, end, advice, related=related))

    def fail(
        self,
        code: ProblemCode,
        message: str,
        start: Mark,
        end: Mark,
        advice: str,
        *,
        related: Mark | None = None,
    ) -> NoReturn:
        """End the reading with a fault."""
        raise FatalFault(self._problem(code, message, start, end, advice, related=related))

    def _problem(
        self,
        code: ProblemCode,
        message: str,
        start: Mark,
        end: Mark,
        advice: str,
        *,
        related: Mark | None,
    ) -> Problem:
        other = Span(self.file, related, related) if related else None
        return Problem(code, message, Span(self.file, start, end), advice, other)


def quoted(text: str) -> str:
    """Return a text for a message: printable, on one line, at most 60 characters."""
    shown = text if len(text) <= 60 else text[:59] + "…"
    return f'"{shown}"' if shown.isprintable() else ascii(shown)
