"""What the records alone say of sources that moved: a later run found them otherwise.

Where today's sources are not looked at, an old receipt would count for ever beside the one that
took its place, and one REFUTED run would outlive the repair of what it found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pv.evidence.statement import SOURCE, started_of, subjects_of
from pv.model.receipt import ReceiptView


def superseded(views: Iterable[ReceiptView]) -> list[ReceiptView]:
    """Return the receipts, each stale by the sources that a later run of its kind had otherwise.

    Of one kind are runs of one falsifier on one model, device and level. Receipts over the same
    sources all count, whenever they were made: the worst of them decides, as ever.
    """
    found = list(views)
    latest: dict[tuple[Any, ...], ReceiptView] = {}
    for view in found:
        if _started(view) >= _started(latest.setdefault(_kind(view), view)):
            latest[_kind(view)] = view
    return [_beside(view, latest[_kind(view)]) for view in found]


def _beside(view: ReceiptView, last: ReceiptView) -> ReceiptView:
    """Return a receipt as the last run of its kind leaves it."""
    if _started(view) >= _started(last):
        return view
    before, after = _sources(view), _sources(last)
    moved = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    )
    return replace(view, stale=(*view.stale, *moved)) if before and after else view


def _kind(view: ReceiptView) -> tuple[Any, ...]:
    model = view.model and (view.model.name, view.model.sha256)
    return view.falsifier, view.level, model, view.statement["predicate"].get("device")


def _sources(view: ReceiptView) -> dict[str, str]:
    named = subjects_of(view.statement)
    return {name: digest for name, digest in named.items() if name.startswith(SOURCE)}


def _started(view: ReceiptView) -> str:
    return started_of(view.statement)
