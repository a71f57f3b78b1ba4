"""More obligations than falsifiers.

What it finds
    A kernel contract (`kind: kernel`, or none) with falsifiers, but fewer of them than obligations.
Why it matters
    An obligation that no falsifier attacks is a wish. With fewer tests than obligations at least
    one of them is.
Example
    proof_obligations: [ … five … ]
    falsification_tests: [ … three … ]
Instead
    proof_obligations: [ … five … ]
    falsification_tests: [ … five … ]
Fix
    None: a test has to be thought of.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield one finding for a kernel contract that attacks less than it claims."""
    tests, obligations = len(contract.falsifiers), len(contract.obligations)
    if contract.kind in {None, "kernel"} and 0 < tests < obligations:
        message = f"falsifiers {tests}, obligations {obligations}, expected no fewer falsifiers"
        path = ("falsification_tests",)
        yield RULE.finding(contract, path, message, advice="attack each obligation", key=True)


RULE = Rule(
    id="PV-AUD-003",
    name="outnumbered-falsifiers",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
