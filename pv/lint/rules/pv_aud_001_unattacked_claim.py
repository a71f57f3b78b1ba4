"""Claims that no test attacks.

What it finds
    A contract with equations, obligations or hypotheses and without a single falsifier.
Why it matters
    A claim that nothing could prove wrong is no contract: it stays green whatever the code does.
Example
    proof_obligations:
      - { type: bound, property: output stays below one }
Instead
    proof_obligations:
      - { type: bound, property: output stays below one }
    falsification_tests:
      - { id: FALSIFY-BOUND-001, rule: output stays below one, … }
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

_LEGACY = ("falsification", "falsification_conditions")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield one finding for a contract that claims and is not attacked."""
    counted = (
        ("equation", "equations", len(contract.equations)),
        ("obligation", "proof_obligations", len(contract.obligations)),
        ("hypothesis", "hypotheses", len(contract.hypotheses)),
    )
    claims = [(noun, key, number) for noun, key, number in counted if number]
    if not claims or contract.falsifiers or any(key in contract.data for key in _LEGACY):
        return
    words = ", ".join(f"{noun} {number}" for noun, _, number in claims)
    message = f"claims ({words}) and no falsifier, expected at least one"
    yield RULE.finding(
        contract, (claims[0][1],), message, advice="add falsification_tests", key=True
    )


RULE = Rule(
    id="PV-AUD-001",
    name="unattacked-claim",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
