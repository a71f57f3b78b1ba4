"""A creation date that moved.

What it finds
    A contract whose `created` is another day than in the base revision, or is gone.
Why it matters
    The day says which came first, the claim or the result. It happens once; if it moves, the order
    of everything that refers to it moves with it.
Example
    created: 2026-05-07   # and 2026-05-01 in the base revision
Instead
    created: 2026-05-01
    updated: 2026-05-07
Fix
    None yet: write the day of the base revision again.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where the day of creation is another one."""
    older = context.before(contract)
    if older is None or not older.created or older.created == contract.created:
        return
    found = contract.created or "nothing"
    message = f"created is {found}, expected {older.created} as in {context.past.base.name}"
    advice = f"write {older.created}; the day of the last change belongs into updated"
    yield RULE.finding(contract, ("metadata", "created"), message, advice=advice)


RULE = Rule(
    id="PV-HIS-004",
    name="moved-creation-date",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
