"""What a run of the linter was asked for."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from pv.errors import UsageError
from pv.marks import Span
from pv.model.verdict import Severity


def _today() -> date:
    """Return the latest day that has begun anywhere, so that no author is ahead of it."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


_NOTHING: Final[Mapping[str, Severity]] = {}


class Options(NamedTuple):
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
    base_place: Span | None = None
    """Where a configuration file asks for the base revision; None where the command line does."""
    today: date = date.min
    """The day after which a date lies in the future; the current one where it is not given."""
    severities: Mapping[str, Severity] = _NOTHING
    """Rule ids whose findings have another severity than they are born with."""
    ignored: tuple[str, ...] = ()
    """Rule ids whose findings do not count; they are counted apart."""
    selected: frozenset[str] | None = None
    """Rule ids that alone are asked, beside those that always count; all where it is None."""
    baseline: Mapping[str, str] | None = None
    """Known findings, which do not count: fingerprint to rule; None where there is no baseline."""

    def asks(self, rule: str) -> bool:
        """Tell whether findings of a rule are wanted at all."""
        return self.selected is None or rule in self.selected

    def base_fault(self, problem: str) -> UsageError:
        """Return the error of a base revision that cannot be read, with where it was asked for."""
        if self.base_place is None:
            return UsageError(f"--base {self.base}: {problem}")
        advice = "correct the key, or give --base REV"
        return UsageError(f'base "{self.base}": {problem}', span=self.base_place, advice=advice)

    @property
    def day(self) -> date:
        """Return the day that counts as today."""
        return _today() if self.today is date.min else self.today

    @property
    def utc_day(self) -> date:
        """Return the day by which every command judges shelf lives of receipts."""
        return datetime.now(UTC).date() if self.today is date.min else self.today
