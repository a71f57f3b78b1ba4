"""A date that has not come.

What it finds
    `created`, `updated` or a changelog date later than today, and `updated` before `created`.
Why it matters
    A record of what happened cannot lie in the future: one of its dates is wrong, and with it the
    order of events.
Example
    created: 2206-05-07
Instead
    created: 2026-05-07
Fix
    None: only the author knows the day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every day after today, and for an update before the creation."""
    today = context.day
    for path, name, text in _dates(contract):
        day = _day(text)
        if day is not None and day > today:
            message = f"{name} is {text}, expected no day after today ({today.isoformat()})"
            yield RULE.finding(contract, path, message, advice="write the day on which it happened")
    created, updated = _day(contract.created or ""), _day(contract.updated or "")
    if created and updated and updated < created:
        message = f"updated is {contract.updated}, expected no day before created"
        advice = f"created is {contract.created}; one of the two is wrong"
        yield RULE.finding(contract, ("metadata", "updated"), message, advice=advice)


def _dates(contract: Contract) -> Iterator[tuple[Path, str, str]]:
    for name in ("created", "updated"):
        text = getattr(contract, name)
        if text:
            yield ("metadata", name), name, text
    for entry in contract.changelog:
        if entry.date:
            yield (*entry.path, "date"), f"date of version {entry.version}", entry.date


@lru_cache(maxsize=1024)  # a registry has few days and many dates
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


RULE = Rule(
    id="PV-CHG-004",
    name="future-date",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERSIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
