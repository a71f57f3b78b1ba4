"""Errors that explain themselves: what happened, where, and what to do.

Each class belongs to the person who can act on it, and carries the exit code that person sees.
A command prints `explain()` and exits; anything that is not a `PvError` is our own bug (exit 4).
"""

from __future__ import annotations

from typing import ClassVar

from pv.marks import Span


class PvError(Exception):
    """Something that a user can understand and act on."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, span: Span | None = None, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.advice = advice

    def explain(self) -> str:
        """Return place, message and advice as one text for a terminal."""
        place = f"{self.span}: " if self.span else ""
        advice = f"\n  do: {self.advice}" if self.advice else ""
        return f"{place}{self.message}{advice}"


class UsageError(PvError):
    """A command, option or configuration that cannot be carried out as given."""

    exit_code = 2


class BadInputError(PvError):
    """A file that is damaged or not what it should be (contract, model, receipt)."""

    exit_code = 3


class MissingError(PvError):
    """Something that is needed and absent: model, device, tool, data."""

    exit_code = 3
