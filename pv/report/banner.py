"""The next action of a ship contract, and how far its models moved since a revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pv.evidence.derive import Derived
from pv.evidence.shipping import Fleet, fleet_at, fleet_of
from pv.model.contract import Contract, short_id
from pv.model.status import ContractStatus
from pv.model.verdict import State
from pv.report.numbers import decimal, percent, points
from pv.report.overview import tally
from pv.report.overview_view import BannerView, MoveView
from pv.ship import CriterionStanding, ShipStanding


class Then(NamedTuple):
    """What a banner needs of a revision."""

    standings: dict[str, ShipStanding]
    versions: dict[str, str]
    """Of ship contracts, by id."""
    tally: str


def banners(fleet: Fleet) -> list[BannerView]:
    """Return the banner of each contract of kind `ship`, without a comparison."""
    return _banners(fleet, None)


def banners_since(derived: Derived, root: Path, revision: str) -> list[BannerView]:
    """Return the banners with their moves since a git revision; UsageError where it is none."""
    past = fleet_at(root, revision).fleet
    then = Then(
        {each.model.id: each.standing for each in past.shipments},
        {each.contract.id: each.contract.version or "" for each in past.shipments},
        tally_text(past.statuses),
    )
    return _banners(fleet_of(derived), then)


def _banners(fleet: Fleet, then: Then | None) -> list[BannerView]:
    contracts: dict[str, Contract] = {each.contract.id: each.contract for each in fleet.shipments}
    now = tally_text(fleet.statuses)
    found = []
    for contract in contracts.values():
        own = [each.standing for each in fleet.shipments if each.contract.id == contract.id]
        criterion, action = _action(own)
        before = then.versions.get(contract.id, "") if then else ""
        found.append(
            BannerView(
                contract=contract.id,
                version=contract.version or "none",
                before="" if before == contract.version else before,
                date=date_of(contract),
                criterion=criterion,
                action=action,
                moves=tuple(_moves(own, then)),
                tally=now,
                tally_before=then.tally if then else "",
            )
        )
    return found


def _action(models: Sequence[ShipStanding]) -> tuple[str, str]:
    """Return the next criterion of the model whose next one gains most, those that wait last."""
    candidates = [(model.id, first) for model in models if (first := model.next)]
    if not candidates:
        return "", "nothing is open: every criterion has its credit"
    model, first = min(candidates, key=lambda each: (each[1].waits, -each[1].gain))
    why = needs(first)
    return first.id, f"{first.criterion}: {why}; it adds {points(first.gain)} to {model}"


def date_of(contract: Contract) -> str:
    """Return the day of a contract's last change, as its changelog or itself says it."""
    days = (*(each.date for each in contract.changelog[:1]), contract.updated, contract.created)
    return max((day for day in days if day), default="undated")


def needs(criterion: CriterionStanding) -> str:
    """Say what holds a criterion back."""
    waiting = [
        f"{short_id(gate)} is {state}"
        for gate, state in criterion.gates
        if state is not State.DISCHARGED
    ]
    return "; ".join(waiting) or "no falsifier gates it"


def _moves(models: Sequence[ShipStanding], then: Then | None) -> Iterator[MoveView]:
    for model in models:
        after = percent(model.percent)
        past = then.standings.get(model.id) if then else None
        before = percent(past.percent) if past else ""
        yield MoveView(
            model=model.id,
            before=before,
            after=after,
            unchanged=before == after,
            reason=_reason(model, past) if then else _parts(model),
        )


def move(past: ShipStanding | None, now: ShipStanding) -> MoveView:
    """Return how one model moved from a revision, where it may not have been, to another."""
    before, after = percent(past.percent) if past else "", percent(now.percent)
    return MoveView(now.id, before, after, before == after, _reason(now, past))


def _reason(now: ShipStanding, past: ShipStanding | None) -> str:
    if past is None:
        return f"new; {_parts(now)}"
    earlier = {each.id: each.credit for each in past.criteria}
    gained = [each.id for each in now.criteria if each.credit > earlier.get(each.id, 0)]
    lost = [each.id for each in now.criteria if each.credit < earlier.get(each.id, 0)]
    words = [f"{', '.join(gained)} gained"] if gained else []
    words += [f"{', '.join(lost)} lost"] if lost else []
    return "; ".join([*words, _parts(now)])


def _parts(model: ShipStanding) -> str:
    return f"{decimal(model.credited)} of {decimal(model.total)} weighted, {len(model.open)} open"


def tally_text(statuses: Sequence[ContractStatus]) -> str:
    """Return how many falsifiers are DISCHARGED and PARTIAL_ALGORITHM_LEVEL, as `35+5`."""
    every = tally("", "", (each for status in statuses for each in status.falsifiers))
    return f"{every.discharged}+{every.partial}"
