"""A ship criterion that nothing can meet.

What it finds
    A criterion with neither `gates` nor a `not_applicable` reason.
Why it matters
    Credit comes from discharged falsifiers only. Without a gate the criterion stays open for ever,
    or somebody types its status.
Example
    criteria: [ { id: AC-1, criterion: the answer ends, status: DISCHARGED } ]
Instead
    criteria: [ { id: AC-1, criterion: the answer ends, gates: [ FALSIFY-CHAT-002 ] } ]
Fix
    None: a falsifier has to be named.
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
    """Yield a finding for every criterion without a gate."""
    for model in contract.ship_models:
        for criterion in model.criteria:
            if not criterion.gates and not criterion.not_applicable:
                message = f"criterion {criterion.id} has no gates, expected at least one falsifier"
                advice = "name its falsifiers, or say why it is not_applicable"
                yield RULE.finding(contract, criterion.path, message, advice=advice)


RULE = Rule(
    id="PV-SHP-003",
    name="ungated-criterion",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
