"""A claim ahead of its evidence.

What it finds
    A status of a contract, falsifier or stage that says more than the receipts support. Where it
    moved since the base revision, the move is named with the evidence that lifecycle.yaml asks for.
Why it matters
    A status is a claim. Typed ahead of the evidence it turns an open question into an answered one,
    and everything that builds on it with it.
Example
    - { id: FALSIFY-FFN-GGUF-016, status: DISCHARGED, … }   # and no receipt says so
Instead
    - { id: FALSIFY-FFN-GGUF-016, status: BOUND, … }
Fix
    None: run the falsifier, or take the claim back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pv.lint.claims import Claim
from pv.lint.context import Context
from pv.lint.moves import moves_of
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.standings import ClaimStanding, standings_of
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.status import Standing
from pv.model.verdict import Severity, State

_UNRUN: Final = frozenset({State.PROPOSED, State.PLANNED, State.BLOCKED, State.MANUAL})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claim that is ahead."""
    ahead = [
        each
        for each in standings_of(contract, context)
        if each.standing is Standing.AHEAD and each.claim.kind != "hypothesis"
    ]
    moved = {move.claim.path: move.before for move in moves_of(contract, context)} if ahead else {}
    for each in ahead:
        said = f"{each.claim.label} claims {each.claim.word}"
        if before := moved.get(each.claim.path):
            said = (
                f"{each.claim.label} moved from {before} to {each.claim.word} since "
                f"{context.past.base.name} without its evidence ({_needed(each.claim, context)})"
            )
        message = f"{said}, expected at most {each.derived}: {each.reason}"
        yield RULE.finding(contract, each.claim.path, message, advice=_advice(contract, each))


def _needed(claim: Claim, context: Context) -> str:
    """Return the evidence that the table asks for where a move leads to this word."""
    words = claim.vocabulary(context.lifecycle) if context.lifecycle else None
    word = words.word(claim.word) if words else None
    if words is None or word is None:
        return "a word of lifecycle.yaml"
    if claim.kind == "falsifier":
        stated = words.words.get(word.state.value) if word.state else None
        return (stated or word).about
    every = "every gate" if claim.kind == "stage" else "every falsifier"
    return f"{every} {word.needs}" + (", one by a live run that held" if word.live else "")


def _advice(contract: Contract, ahead: ClaimStanding) -> str:
    """Return the next step towards the claim, and the word that holds without it."""
    step = "discharge what it waits for"
    if ahead.claim.kind == "falsifier":
        step = f"pv discharge {ahead.claim.id} --record"
        if ahead.derived in _UNRUN:
            step = "name a test that can be run"
    elif ahead.claim.kind == "stage" and not any(
        stage.gates for stage in contract.stages if stage.id == ahead.claim.id
    ):
        step = "list under gates the falsifiers that it waits for"
    return f"{step}, or claim {ahead.derived}"


RULE = Rule(
    id="PV-STA-001",
    name="overstated-state",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.ENFORCEMENT_LEVEL,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
