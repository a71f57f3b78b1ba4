"""A tolerance without a reason.

What it finds
    An obligation whose `tolerance` is a bare number, or has no `reason`. A tolerance of 0 is none:
    equality needs no reason.
Why it matters
    A bound that nobody can explain gets widened until the test is green.
Example
    tolerance: 1.0e-3
Instead
    tolerance: { value: 1.0e-3, reason: "fp16 rounding, 2 operations, n at most 4096" }
Fix
    None: only the author knows the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every tolerance that nothing explains."""
    for number, obligation in enumerate(contract.obligations, 1):
        tolerance = obligation.tolerance
        if tolerance is None:
            continue
        stated = tolerance if isinstance(tolerance, dict) else {"value": tolerance}
        if stated.get("value") != 0 and not str(stated.get("reason") or "").strip():
            message = f"obligation {obligation.id or number}: tolerance has no reason"
            advice = "write {value: …, reason: …}"
            yield RULE.finding(contract, (*obligation.path, "tolerance"), message, advice=advice)


RULE = Rule(
    id="PV-MTH-003",
    name="unexplained-tolerance",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.TOLERANCES,
    check=check,
)
