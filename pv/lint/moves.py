"""Status moves: claims that differ from those of the base revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pv.lint.claims import Claim, claims_of
from pv.lint.context import Context
from pv.model.contract import Contract


class Move(NamedTuple):
    """A claim that was another word before."""

    claim: Claim
    before: str


def moves_of(contract: Contract, context: Context) -> Iterator[Move]:
    """Yield the moves of a contract; none where the base revision does not have it."""
    older = context.before(contract)
    if older is None:
        return
    before = {(claim.kind, claim.id): claim.word for claim in claims_of(older)}
    for claim in claims_of(contract):
        word = before.get((claim.kind, claim.id))
        if word is None and claim.kind == "contract":
            word = older.status  # its id may have changed; the file is the same
        if word is not None and word != claim.word:
            yield Move(claim, word)
