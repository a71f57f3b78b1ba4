"""A changelog out of order.

What it finds
    Changelog entries that do not run from the newest version to the oldest, a version listed twice,
    or an entry dated before an older version's.
Why it matters
    The top entry is read as the present state. Out of order it tells the state of some other day.
Example
    changelog:
      - { version: 1.0.0, date: 2026-05-01 }
      - { version: 1.1.0, date: 2026-05-07 }
Instead
    changelog:
      - { version: 1.1.0, date: 2026-05-07 }
      - { version: 1.0.0, date: 2026-05-01 }
Fix
    None yet: move the entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.versions import parse_version
from pv.model.contract import ChangelogEntry, Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every entry that should stand above the one before it."""
    for above, below in pairwise(contract.changelog):
        fault = _fault(above, below)
        if fault:
            advice = "newest first, every version once"
            yield RULE.finding(contract, below.path, fault, advice=advice)


def _fault(above: ChangelogEntry, below: ChangelogEntry) -> str:
    newer, older = parse_version(above.version), parse_version(below.version)
    if newer is None or older is None:
        return ""
    if newer == older:
        return f"version {below.version} is listed twice, expected once"
    if newer < older:
        return f"version {below.version} stands below {above.version}, expected the newest first"
    if above.date and below.date and above.date < below.date:
        return (
            f"version {below.version} is dated {below.date}, after {above.version} ({above.date})"
        )
    return ""


RULE = Rule(
    id="PV-CHG-003",
    name="disordered-changelog",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.VERSIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
