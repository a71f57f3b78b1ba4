"""What a run of the linter was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


def _today() -> date:
    """Return the latest day that has begun anywhere, so that no author is ahead of it."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one run."""

    strict: bool = False
    """Warnings fail a gate too."""
    strict_test_binding: bool = False
    """Judge every test reference, and fail those that are dangling, ambiguous, prose or absent."""
    base: str | None = None
    """The git revision that statuses are compared with.

    HEAD where none is asked for; one that is asked for must be there.
    """
    today: date = date.min
    """The day after which a date lies in the future; the current one where it is not given."""

    @property
    def revision(self) -> str:
        """Return the name of the base revision."""
        return "HEAD" if self.base is None else self.base

    @property
    def day(self) -> date:
        """Return the day that counts as today."""
        return _today() if self.today is date.min else self.today
