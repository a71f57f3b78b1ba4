"""A status move that the table does not allow.

What it finds
    A status that changed since the base revision (`--base`; by default where the branch left the
    main one) in a way that `schemas/lifecycle.yaml` does not list. Steps back are always allowed.
Why it matters
    Every step asks for its own evidence. A step that skips others skips what they ask for.
Example
    status: DISCHARGED   # and DRAFT in the base revision
Instead
    status: PROPOSED
Fix
    None: take the steps one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.moves import moves_of
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every move that is not in the table."""
    lifecycle = context.lifecycle
    if lifecycle is None:
        return
    for move in moves_of(contract, context):
        words = move.claim.vocabulary(lifecycle)
        before, after = words.word(move.before), words.word(move.claim.word)
        if before is None or after is None or words.allows(before.name, after.name):
            continue
        message = (
            f"{move.claim.label} moved from {move.before} to {move.claim.word} since "
            f"{context.past.base.name}, a move that lifecycle.yaml does not allow"
        )
        allowed = ", ".join(words.moves.get(before.name, ())) or "nothing"
        advice = f"from {before.name} allowed: {allowed}"
        yield RULE.finding(contract, move.claim.path, message, advice=advice)


RULE = Rule(
    id="PV-LIF-002",
    name="forbidden-move",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.TRANSITIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
