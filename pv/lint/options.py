"""What a run of the linter was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pv.model.verdict import Severity


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
    """The git revision that contracts are compared with.

    Where none is asked for, that is where the branch left the main one; one that is asked for must
    be there.
    """
    today: date = date.min
    """The day after which a date lies in the future; the current one where it is not given."""
    severities: Mapping[str, Severity] = field(default_factory=dict, repr=False)
    """Rule ids whose findings have another severity than they are born with."""
    ignored: tuple[str, ...] = ()
    """Rule ids whose findings do not count; they are counted apart."""
    baseline: Mapping[str, str] | None = field(default=None, repr=False)
    """Known findings, which do not count: fingerprint to rule; None where there is no baseline."""

    @property
    def day(self) -> date:
        """Return the day that counts as today."""
        return _today() if self.today is date.min else self.today
