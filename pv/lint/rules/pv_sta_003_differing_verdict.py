"""A verdict on a hypothesis that no run gave.

What it finds
    A hypothesis whose verdict is not the one that its deciding falsifiers agree on: an error where
    a verdict is claimed that they do not give, a warning where UNTESTED is claimed and they agree.
Why it matters
    Discharge says that a question was answered, the verdict says what the answer was. A typed
    answer outlives the run that contradicts it.
Example
    hypotheses: [ { id: A2, verdict: FALSIFIED, … } ]   # and what decides it never ran
Instead
    hypotheses: [ { id: A2, verdict: UNTESTED, … } ]
Fix
    None: run the falsifiers that decide it, or claim what they say.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.standings import standings_of
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.status import Standing
from pv.model.verdict import Severity

_SEVERITY = {Standing.AHEAD: Severity.ERROR, Standing.BEHIND: Severity.WARNING}


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every hypothesis with another verdict than its runs give."""
    decided = {name for falsifier in contract.falsifiers for name in falsifier.decides}
    for each in standings_of(contract, context):
        severity = _SEVERITY.get(each.standing)
        if severity and each.claim.kind == "hypothesis" and each.claim.id in decided:
            message = (
                f"{each.claim.label} claims {each.claim.word}, expected {each.derived}: "
                f"{each.reason}"
            )
            advice = f"claim {each.derived}, or run what decides it"
            path = each.claim.path
            yield RULE.finding(contract, path, message, advice=advice, severity=severity)


RULE = Rule(
    id="PV-STA-003",
    name="differing-verdict",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.ENFORCEMENT_LEVEL,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
