"""Claims beside the states that the receipts support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pv.lint.claims import Claim, claims_of
from pv.lint.context import Context
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.status import ContractStatus, Standing


class ClaimStanding(NamedTuple):
    """A claim with what was derived for it."""

    claim: Claim
    derived: str
    standing: Standing
    reason: str


def standings_of(contract: Contract, context: Context) -> Iterator[ClaimStanding]:
    """Yield every claim whose word is known; unknown words have a rule of their own."""
    status, lifecycle = context.status_of(contract), context.lifecycle
    if status is None or lifecycle is None:
        return
    derived = _derived(status)
    for claim in claims_of(contract):
        known = claim.vocabulary(lifecycle).word(claim.word) is not None
        found = derived.get((claim.kind, claim.id))
        if known and found is not None:
            state, standing, reasons = found
            yield ClaimStanding(claim, state, standing, shortened(reasons[0]) if reasons else "")


def _derived(
    status: ContractStatus,
) -> dict[tuple[str, str], tuple[str, Standing, tuple[str, ...]]]:
    found = {("contract", status.id): (status.derived, status.standing, status.reasons)}
    for one in status.falsifiers:
        found["falsifier", one.id] = (one.state.value, one.standing, one.reasons)
    for stage in status.stages:
        found["stage", stage.id] = (stage.derived, stage.standing, stage.reasons)
    for each in status.hypotheses:
        found["hypothesis", each.id] = (each.derived.value, each.standing, each.reasons)
    return found
