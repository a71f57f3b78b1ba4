"""A limit without a reason.

What it finds
    An entry of `expect` with no sentence that says where its limit comes from.
Why it matters
    A limit comes from an analysis, a specification or an earlier measurement. One that nobody can
    explain gets widened until the test is green.
Example
    expect: [ { metric: drift, op: "<=", value: 0.01 } ]
Instead
    expect:
      - { metric: drift, op: "<=", value: 0.01, reason: "half a step of 8 bits, 256 terms" }
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
    """Yield a finding for every limit without a reason."""
    for falsifier in contract.falsifiers:
        limits = [*falsifier.expect, *(e for each in falsifier.beside for e in each.expect)]
        for limit in limits:
            if not limit.reason.strip():
                message = f"{falsifier.id}: the limit of {limit.metric} has no reason"
                advice = "say which analysis, specification or measurement it comes from"
                yield RULE.finding(contract, limit.path, message, advice=advice)


RULE = Rule(
    id="PV-MTH-001",
    name="unexplained-limit",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.LIMITS,
    check=check,
)
