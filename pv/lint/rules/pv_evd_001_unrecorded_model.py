"""A discharge on a model that nobody can identify.

What it finds
    A falsifier that claims DISCHARGED and accepts a model without a recorded sha256, so that no
    file could have been accepted: under quorum `any` none at all is recorded.
Why it matters
    A file name is no model. Without a digest nobody knows what was measured, and the run cannot be
    repeated.
Example
    status: DISCHARGED
    models: { accept: [ { name: teacher-7b, architecture: qwen2, sha256: unrecorded } ] }
Instead
    status: PLANNED
    models: { accept: [ { name: teacher-7b, architecture: qwen2, sha256: unrecorded } ] }
Fix
    None: the digest has to be taken from the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity, State


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every unrecorded model that a claimed discharge rests on."""
    for falsifier in contract.falsifiers:
        demand = falsifier.models
        if demand is None or falsifier.status != State.DISCHARGED:
            continue
        unrecorded = [model for model in demand.accept if not model.recorded]
        if demand.quorum == "any" and len(unrecorded) < len(demand.accept):
            continue
        for model in unrecorded:
            message = f"{falsifier.id} claims DISCHARGED, and {model.name} has no sha256 on record"
            advice = "take the claim back, or record the digest of the file that was measured"
            yield RULE.finding(contract, (*model.path, "sha256"), message, advice=advice)


RULE = Rule(
    id="PV-EVD-001",
    name="unrecorded-model",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.EVIDENCE,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
