"""The shelf life of receipts: how long one that held counts, by an explicit day and no clock.

A contract says so in `metadata.shelf_life` (`90d`, `12w`). A receipt counts up to the day on which
its run began plus that time, that day included; from the next one on it is stale, and a run renews
it. What says no does not run out: waiting is no answer to a refutation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus
from pv.model.verdict import Verdict

OUTLIVED: Final = "shelf life"
"""How the subjects that moved of a receipt name its age."""


def utc_today() -> date:
    """Return the day that counts as today where none is given: that of the clock, in UTC."""
    return datetime.now(UTC).date()


def began(view: ReceiptView) -> date | None:
    """Return the day on which the run of a receipt began; None where it does not say."""
    try:
        return datetime.fromisoformat(view.statement["predicate"]["run"]["started"]).date()
    except (KeyError, TypeError, ValueError):
        return None


def dated(view: ReceiptView, days: int | None, today: date | None) -> ReceiptView:
    """Return a receipt that held with its last day, and stale where `today` lies behind that.

    Without a day to judge by (`today` is None) only the last day is told.
    """
    if days is None or view.verdict is not Verdict.HELD:
        return view
    start = began(view)
    if start is None:
        return replace(view, stale=(*view.stale, f"{OUTLIVED} of a run without a date"))
    try:
        last = start + timedelta(days=days)
    except OverflowError:
        return view
    over = today is not None and today > last
    aged = (f"{OUTLIVED} ended on {last.isoformat()}",) if over else ()
    return replace(view, until=last.isoformat(), stale=(*view.stale, *aged))


def why_stale(stale: Sequence[str], most: int = 3) -> str:
    """Say for what a receipt is stale: what changed since the run, or that its time is over."""
    moved = [each for each in stale if not each.startswith(OUTLIVED)]
    aged = [f"its {each}" for each in stale if each.startswith(OUTLIVED)]
    more = f" and {len(moved) - most} more" if len(moved) > most else ""
    changed = [f"changed since the run: {', '.join(moved[:most])}{more}"] if moved else []
    return "; ".join([*changed, *aged])


class Due(NamedTuple):
    """A falsifier whose receipt runs out, or has."""

    until: str
    """Last day on which it counts."""
    days: int
    """How many days are left; less than 0 where it is over."""
    falsifier: str
    model: str
    """Empty for one without a model."""
    contract: str
    receipt: str
    live: bool


def due(statuses: Sequence[ContractStatus], today: date, within: int) -> list[Due]:
    """Return what runs out `within` days of a day, or has run out, the earliest first.

    Of several receipts on one model that held, and rest on what is there today, the last to run out
    counts. Where sources have moved time is not the matter, and `pv status` says so anyway.
    """
    found = (each for status in statuses for each in _of_contract(status, today))
    return sorted(each for each in found if each.days <= within)


def _of_contract(status: ContractStatus, today: date) -> Iterator[Due]:
    for falsifier in status.falsifiers:
        last: dict[str, ReceiptView] = {}
        for view in falsifier.receipts:
            model = view.model.name if view.model else ""
            sound = all(each.startswith(OUTLIVED) for each in view.stale)
            if view.until and sound and (model not in last or view.until > last[model].until):
                last[model] = view
        for model, view in last.items():
            left = (date.fromisoformat(view.until) - today).days
            yield Due(view.until, left, falsifier.id, model, status.id, view.path, falsifier.live)
