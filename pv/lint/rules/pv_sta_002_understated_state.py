"""A claim behind its evidence.

What it finds
    A status of a contract, falsifier or stage that says less than the receipts support, or nothing
    of a run that refuted it.
Why it matters
    A blocker that was cleared weeks ago still blocks whoever reads the file, and a refutation that
    nobody wrote down is not heard.
Example
    - { id: FALSIFY-FFN-GGUF-011, status: BOUND, … }   # and a fresh receipt says HELD
Instead
    - { id: FALSIFY-FFN-GGUF-011, status: DISCHARGED, … }
Fix
    None: `pv promote` moves a status along the table, with its evidence.
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


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claim that is behind."""
    for each in standings_of(contract, context):
        if each.standing is Standing.BEHIND and each.claim.kind != "hypothesis":
            message = (
                f"{each.claim.label} claims {each.claim.word}, expected {each.derived}: "
                f"{each.reason}"
            )
            advice = f"claim {each.derived}, with a new version"
            yield RULE.finding(contract, each.claim.path, message, advice=advice)


RULE = Rule(
    id="PV-STA-002",
    name="understated-state",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ENFORCEMENT_LEVEL,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
