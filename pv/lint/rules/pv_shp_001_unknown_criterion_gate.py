"""A ship criterion that waits for a falsifier that is not there.

What it finds
    An entry of a criterion's `gates` that is no falsifier of the registry.
Why it matters
    The SHIP percentage comes from these gates alone. One that does not exist can never earn its
    credit, and nobody sees why.
Example
    criteria: [ { id: AC-1, criterion: parity holds, gates: [ FALSIFY-PARTY-001 ] } ]
Instead
    criteria: [ { id: AC-1, criterion: parity holds, gates: [ FALSIFY-PARITY-001 ] } ]
Fix
    Unsafe: writes the nearest falsifier, where one is near.
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
    """Yield a finding for every gate without a falsifier."""
    if not contract.ship_models:
        return
    known = context.registry.falsifiers
    for model in contract.ship_models:
        for criterion in model.criteria:
            for position, gate in enumerate(criterion.gates):
                if gate in known:
                    continue
                advice = did_you_mean(gate, known, "add the falsifier")
                message = (
                    f"criterion {criterion.id} waits for {gate}, "
                    "expected a falsifier of the registry"
                )
                path = (*criterion.path, "gates", position)
                fix = nearest_fix(contract, path, gate, known)
                yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-SHP-001",
    name="unknown-criterion-gate",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.SHIP,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
