"""A status that was taken back, and nobody wrote why.

What it finds
    A status that moved back along the table of `schemas/lifecycle.yaml` since the base revision, or
    to a word that people decide (SUPERSEDED, RETIRED), while no new changelog line names the entry
    or the word. Evidence for steps forward is what `overstated-state` asks for.
Why it matters
    Steps forward have receipts to show. A step back has none: without a line that says why, a claim
    that was shown once disappears without a trace.
Example
    version: 1.3.0   # without a word about F-016
    falsification_tests: [ { id: F-016, status: BOUND } ]   # DISCHARGED in the base revision
Instead
    changelog:
      - { version: 1.3.0, changes: [ "F-016 back to BOUND: its sides had unlike samples" ] }
Fix
    None: only the author knows the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.moves import Move, moves_of
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.lifecycle import Lifecycle
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every step back and decision without a reason."""
    older, lifecycle = context.before(contract), context.lifecycle
    if older is None or lifecycle is None:
        return
    known = {line for entry in older.changelog for line in entry.changes}
    lines = [line for entry in contract.changelog for line in entry.changes if line not in known]
    said = " ".join(lines).upper()
    for move in moves_of(contract, context):
        names = (move.claim.word, move.before, *(() if _own(move) else (move.claim.id,)))
        if _needs_a_reason(move, lifecycle) and not any(name.upper() in said for name in names):
            message = (
                f"{move.claim.label} went from {move.before} to {move.claim.word} since "
                f"{context.past.base.name}, expected a changelog line that says why"
            )
            advice = f"name {'the status' if _own(move) else move.claim.id} in the changelog entry"
            yield RULE.finding(contract, move.claim.path, message, advice=advice)


def _own(move: Move) -> bool:
    return move.claim.kind == "contract"


def _needs_a_reason(move: Move, lifecycle: Lifecycle) -> bool:
    """Whether a move that the table allows has no receipt to show for it."""
    words = move.claim.vocabulary(lifecycle)
    before, after = words.word(move.before), words.word(move.claim.word)
    if before is None or after is None or before.name == after.name:
        return False
    forward = after.name in words.moves.get(before.name, ())
    return after.decision or (words.allows(before.name, after.name) and not forward)


RULE = Rule(
    id="PV-HIS-002",
    name="unexplained-step-back",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
