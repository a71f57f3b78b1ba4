"""A decision about a hypothesis that is not there.

What it finds
    A name under `decides` that is no hypothesis of the contract.
Why it matters
    The run's answer would go nowhere, and the hypothesis that was meant stays untested.
Example
    decides: { A22: { HELD: FALSIFIED } }
Instead
    decides: { A2: { HELD: FALSIFIED } }
Fix
    Unsafe: writes the nearest hypothesis, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every decided name without a hypothesis."""
    known = tuple(hypothesis.id for hypothesis in contract.hypotheses)
    for falsifier in contract.falsifiers:
        for name in falsifier.decides:
            if name not in known:
                advice = did_you_mean(name, known, "add it under hypotheses")
                message = f"{falsifier.id} decides {name}, expected a hypothesis of this contract"
                path = (*falsifier.path, "decides", name)
                fix = nearest_fix(contract, path, name, known, key=True)
                yield RULE.finding(contract, path, message, advice=advice, key=True, fix=fix)


RULE = Rule(
    id="PV-REF-001",
    name="unknown-hypothesis",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.DECIDES,
    check=check,
)
