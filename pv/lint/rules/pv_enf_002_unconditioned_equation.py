"""An equation with half of its conditions.

What it finds
    An equation that states preconditions and no postconditions, or the other way round.
Why it matters
    What must hold before and what then holds belong together: with one half, code that breaks the
    equation cannot be told from code that was called wrongly.
Example
    equations:
      softmax: { formula: "…", preconditions: [ "n > 0" ] }
Instead
    equations:
      softmax: { formula: "…", preconditions: [ "n > 0" ], postconditions: [ "sum is 1" ] }
Fix
    None: only the author knows the other half.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_HALVES = ("preconditions", "postconditions")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every equation with exactly one half."""
    for equation in contract.equations:
        given = [half for half in _HALVES if equation.data.get(half)]
        if len(given) == 1:
            lacking = _HALVES[1] if given == [_HALVES[0]] else _HALVES[0]
            message = f"equation {equation.id} has {given[0]}, expected {lacking} too"
            path = (*equation.path, given[0])
            advice = f"write {lacking}, what holds on the other side of the call"
            yield RULE.finding(contract, path, message, advice=advice, key=True)


RULE = Rule(
    id="PV-ENF-002",
    name="unconditioned-equation",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ENFORCE,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
