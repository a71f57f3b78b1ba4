"""A stage that waits for a falsifier that is not there.

What it finds
    An entry of a stage's `gates` that is no falsifier of the contract.
Why it matters
    A stage is as far as its gates. One that does not exist can never open, or is overlooked and the
    stage opens without it.
Example
    stages: [ { id: M-7, gates: [ FALSIFY-FFN-GGUF-O16 ] } ]
Instead
    stages: [ { id: M-7, gates: [ FALSIFY-FFN-GGUF-016 ] } ]
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
    known = tuple(falsifier.id for falsifier in contract.falsifiers)
    for stage in contract.stages:
        for position, gate in enumerate(stage.gates):
            if gate not in known:
                advice = did_you_mean(gate, known, "add the falsifier")
                message = (
                    f"stage {stage.id} waits for {gate}, expected a falsifier of this contract"
                )
                path = (*stage.path, "gates", position)
                fix = nearest_fix(contract, path, gate, known)
                yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-REF-002",
    name="unknown-stage-gate",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.STAGES,
    check=check,
)
