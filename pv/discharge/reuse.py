"""Which jobs a fresh receipt answers already, and why the others have to run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from pv.discharge.job import Job, device_class
from pv.evidence.history import History
from pv.evidence.receipt import Evidence, load
from pv.model.receipt import Outcome, ReceiptView
from pv.model.verdict import Verdict
from pv.shelf import OUTLIVED, utc_today

_WORST_FIRST: Final = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.HELD)
_SHOWN: Final = 2
_FRESH: Final = "asked for; its receipt is fresh (--changed would reuse it)"


class Standing(NamedTuple):
    """What receipts say of a job before it runs."""

    why: str
    """Why it would run."""
    receipt: ReceiptView | None
    """The fresh receipt that answers it; of several the worst."""


class Receipts:
    """The receipts of one registry, read once a contract."""

    def __init__(self, root: Path, *, record: bool) -> None:
        self._root, self._record = root, record
        self._history = History(root)
        self._read: dict[str, Evidence] = {}

    def standing(self, job: Job) -> Standing:
        """Return why a job has to run, or the fresh receipt that answers it.

        With `record` only receipts of the registry count, else local ones too.
        """
        own = [each for each in self._of(job) if _is_about(each, job)]
        fresh = [each for each in own if not each.stale]
        for verdict in _WORST_FIRST:
            worst = next((each for each in fresh if each.verdict is verdict), None)
            if worst is not None:
                return Standing(_FRESH, worst)
        if not own:
            return Standing("no receipt", None)
        moved = own[-1].stale
        more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
        over = "" if any(each.startswith(OUTLIVED) for each in moved) else " changed"
        return Standing(f"stale: {', '.join(moved[:_SHOWN])}{more}{over}", None)

    def _of(self, job: Job) -> tuple[ReceiptView, ...]:
        if job.contract.file not in self._read:
            self._read[job.contract.file] = load(
                self._root,
                job.contract,
                local=not self._record,
                history=self._history,
                today=utc_today(),
            )
        return self._read[job.contract.file].receipts


def explained(
    items: Iterable[Job | Outcome], receipts: Receipts, *, reuse: bool
) -> Iterator[Job | Outcome]:
    """Yield a plan in which every job knows why it runs; with `reuse` fresh ones are answered."""
    for item in items:
        if not isinstance(item, Job):
            yield item
            continue
        standing = receipts.standing(item)
        if reuse and standing.receipt is not None:
            yield _answered(item, standing.receipt)
        else:
            yield replace(item, why=standing.why)


def _is_about(view: ReceiptView, job: Job) -> bool:
    same_model = (view.model.sha256 if view.model else None) == (
        job.model.sha256 if job.model else None
    )
    device = view.statement["predicate"].get("device")
    return view.falsifier == job.falsifier.id and same_model and device == device_class(job.device)


def _answered(job: Job, view: ReceiptView) -> Outcome:
    predicate = view.statement["predicate"]
    return Outcome(
        falsifier=job.falsifier.id,
        contract=job.contract.id,
        verdict=view.verdict,
        level=view.level,
        headline=str(predicate.get("headline", "")),
        device=device_class(job.device),
        model=job.model,
        command=tuple(predicate.get("command", ())),
        receipt=view.path,
        reused=True,
    )
