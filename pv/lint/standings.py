"""Claims beside the states that the receipts support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from pv.lint.claims import Claim, claims_of
from pv.lint.context import Context
from pv.lint.wording import LONGEST
from pv.model.contract import Contract
from pv.model.status import ContractStatus, Standing

_END: Final = 30
"""Characters at the end of a reason that are always told."""


class ClaimStanding(NamedTuple):
    """A claim with what was derived for it."""

    claim: Claim
    derived: str
    standing: Standing
    reason: str


def standings_of(contract: Contract, context: Context) -> Iterator[ClaimStanding]:
    """Yield every claim whose word is known; unknown words have a rule of their own."""
    claims = tuple(claims_of(contract))
    if not claims:
        return  # most contracts claim nothing, and a status takes time
    status, lifecycle = context.status_of(contract), context.lifecycle
    if status is None or lifecycle is None:
        return
    derived = _derived(status)
    for claim in claims:
        known = claim.vocabulary(lifecycle).word(claim.word) is not None
        found = derived.get((claim.kind, claim.id))
        if known and found is not None:
            state, standing, reasons = found
            yield ClaimStanding(claim, state, standing, _told(reasons[0]) if reasons else "")


def _told(reason: str) -> str:
    """Return a reason cut in its middle where it is long: what it quotes comes before its words."""
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - _END]}…{line[-_END:]}"


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
