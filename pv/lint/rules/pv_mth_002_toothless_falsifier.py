"""A falsifier that was never seen to fail.

What it finds
    A falsifier with a harness and limits that names no `controls`: no planted fault that must turn
    it red.
Why it matters
    A test that passes on sound code and on broken code alike proves nothing. Only one that goes red
    on a planted fault has earned its green.
Example
    - { id: F-011, harness: …, expect: [ … ] }
Instead
    - { id: F-011, harness: …, expect: [ … ], controls: [ low_temperature ] }
Fix
    None: a fault has to be planted in the harness's CONTROLS.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import BindingKind, Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every judged harness without a control."""
    for falsifier in contract.falsifiers:
        harness = falsifier.binding.kind is BindingKind.HARNESS
        if harness and falsifier.expect and not falsifier.controls:
            message = f"{falsifier.id}: limits and no controls, expected a planted fault"
            advice = "name at least one of the harness's CONTROLS"
            path = (*falsifier.path, "expect")
            yield RULE.finding(contract, path, message, advice=advice, key=True)


RULE = Rule(
    id="PV-MTH-002",
    name="toothless-falsifier",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.HARNESSES,
    check=check,
)
