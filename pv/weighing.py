"""Receipts weighed: the state that those of one question, on one model or on none, lead to.

The worst of the fresh ones counts. What held discharges only where it was our own run, on what it
claims to be about, against limits that were there before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pv.model.receipt import ReceiptView
from pv.model.verdict import SIMULATOR, Level, State, Verdict
from pv.shelf import why_stale


def state_of(
    receipts: Sequence[ReceiptView],
) -> tuple[State, ReceiptView | None, list[str]]:
    """Return the state that receipts on one model (or on none) lead to: the worst fresh counts."""
    fresh = [each for each in receipts if not each.stale]
    for verdict, state in (
        (Verdict.REFUTED, State.REFUTED),
        (Verdict.INCONCLUSIVE, State.INCONCLUSIVE),
    ):
        worst = next((each for each in fresh if each.verdict is verdict), None)
        if worst is not None:
            return state, worst, [headline_of(worst)]
    held = [each for each in fresh if each.verdict is Verdict.HELD]
    sound = _longest(each for each in held if _discharges(each))
    if sound is not None:
        return State.DISCHARGED, sound, [headline_of(sound), *until(sound)]
    if best := _longest(held):
        return State.PARTIAL_ALGORITHM_LEVEL, best, [*_short_of_discharge(best), *until(best)]
    if receipts:
        return State.STALE, receipts[-1], [why_stale(receipts[-1].stale) or "no verdict"]
    return State.BOUND, None, ["no receipt"]


def _short_of_discharge(receipt: ReceiptView) -> list[str]:
    """Return why a fresh HELD receipt does not discharge."""
    reasons = ["POST-HOC: limit and result came together"] if receipt.post_hoc else []
    reasons += ["simulator, no device"] if simulated(receipt) else []
    foreign = receipt.level is Level.FOREIGN
    return [*reasons, f"{headline_of(receipt)}; nothing ran here"] if foreign else reasons


def _discharges(receipt: ReceiptView) -> bool:
    """Whether a HELD receipt shows what it says: limits that were there before, a run of ours."""
    ours = receipt.level is not Level.FOREIGN and not simulated(receipt)
    return ours and not receipt.post_hoc


def _longest(receipts: Iterable[ReceiptView]) -> ReceiptView | None:
    """Return the receipt that counts longest; the first one of those that never run out."""
    return max(receipts, key=lambda each: each.until, default=None)


def until(receipt: ReceiptView) -> list[str]:
    """Say the last day on which a receipt counts, where it has a shelf life."""
    return [f"counts until {receipt.until}"] if receipt.until else []


def simulated(receipt: ReceiptView) -> bool:
    """Whether the run was on the simulator: what holds there may fail on every device."""
    predicate = receipt.statement.get("predicate")
    if not isinstance(predicate, Mapping):
        return False
    environment = predicate.get("environment")
    ran_on = environment.get("device") if isinstance(environment, Mapping) else None
    return SIMULATOR in (predicate.get("device"), ran_on)


def counts_as_live(receipt: ReceiptView) -> bool:
    """Whether a receipt shows that a live run held."""
    live = receipt.verdict is Verdict.HELD and receipt.level is Level.LIVE
    return live and not receipt.stale and _discharges(receipt)


def headline_of(receipt: ReceiptView) -> str:
    """Return the deciding number against its limit, or the verdict where none is told."""
    predicate = receipt.statement.get("predicate")
    text = predicate.get("headline") if isinstance(predicate, Mapping) else None
    return str(text or receipt.verdict)
