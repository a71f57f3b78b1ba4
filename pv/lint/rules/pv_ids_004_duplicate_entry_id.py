"""Two entries of a list with one id.

What it finds
    An equation, obligation, hypothesis, stage, lesson, ship criterion or bounded proof whose id
    another entry of the same list has.
Why it matters
    What refers to the id means one of the two, and nobody can tell which.
Example
    hypotheses:
      - { id: A2, claim: softmax amplifies }
      - { id: A2, claim: rounding amplifies }
Instead
    hypotheses:
      - { id: A2, claim: softmax amplifies }
      - { id: A3, claim: rounding amplifies }
Fix
    None: only the author knows which one is cited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity


class _Entry(Protocol):
    @property
    def id(self) -> str | None: ...

    @property
    def path(self) -> Path: ...


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every entry after the first of an id."""
    lists: tuple[tuple[str, Sequence[_Entry]], ...] = (
        ("equation", contract.equations),
        ("obligation", contract.obligations),
        ("hypothesis", contract.hypotheses),
        ("stage", contract.stages),
        ("lesson", contract.lessons),
        ("criterion", [each for model in contract.ship_models for each in model.criteria]),
    )
    proofs = contract.data.get("kani_harnesses")
    for noun, entries in (*lists, ("proof", _proofs(proofs if isinstance(proofs, list) else []))):
        yield from _doubles(contract, noun, entries)


class _Proof(NamedTuple):
    id: str | None
    path: Path


def _proofs(proofs: Sequence[object]) -> list[_Proof]:
    return [
        _Proof(proof["id"], ("kani_harnesses", position))
        for position, proof in enumerate(proofs)
        if isinstance(proof, dict) and isinstance(proof.get("id"), str)
    ]


def _doubles(contract: Contract, noun: str, entries: Sequence[_Entry]) -> Iterator[Finding]:
    first: dict[str, _Entry] = {}
    for entry in entries:
        if entry.id is None:
            continue
        if entry.id in first:
            line = contract.span(first[entry.id].path).start.line
            message = f"{noun} {entry.id} stands in line {line} too, expected an id of its own"
            yield RULE.finding(contract, (*entry.path, "id"), message, advice="rename one of them")
        first.setdefault(entry.id, entry)


RULE = Rule(
    id="PV-IDS-004",
    name="duplicate-entry-id",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
