"""Carries out a request: plans, runs each job in its own child, judges, and keeps the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pv.discharge.executors.process import run_job
from pv.discharge.job import Job
from pv.discharge.plan import Request, command, plan, short
from pv.discharge.verdict import judge_run
from pv.model.receipt import Outcome
from pv.model.verdict import WITH_RECEIPT, Level, Verdict
from pv.registry.contracts import load_contracts


def discharge(request: Request, *, record: bool = False) -> Iterator[Outcome]:
    """Yield one outcome after the other; a receipt is written before its outcome is yielded.

    With `record` receipts go into the registry (`contracts/evidence/`), else to `.pv/receipts/`.
    Raises UsageError for ids that name no falsifier.
    """
    loaded = load_contracts(request.root, () if request.everything else _numbers(request.ids))
    for item in plan(loaded, request):
        yield _carried_out(item, request, record) if isinstance(item, Job) else item


def _numbers(ids: Sequence[str]) -> tuple[str, ...]:
    """Return what a file must mention to define one of these ids: the last part of each."""
    return tuple(short(each).rpartition("-")[2] for each in ids)


def _carried_out(job: Job, request: Request, record: bool) -> Outcome:
    returned = run_job(job)
    outcome = judge_run(job, returned)
    again = command(job.falsifier.id, request, live=job.level is Level.LIVE)
    outcome = replace(outcome, command=again)
    if outcome.verdict in WITH_RECEIPT:
        from pv.evidence.receipt import write_receipt  # noqa: PLC0415 - a failed run needs none

        path = write_receipt(job.root, job.contract, job.falsifier, outcome, record=record)
        return replace(outcome, receipt=path)
    if outcome.verdict in (Verdict.ERROR, Verdict.TIMEOUT):
        return replace(outcome, log=_keep_log(job, outcome, returned.log))
    return outcome


def _keep_log(job: Job, outcome: Outcome, text: str) -> str:
    """Keep what a failed harness printed; the newest log of a falsifier replaces the last."""
    folder = job.root / ".pv" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{Path(job.falsifier.id).name}.txt"
    file.write_text(f"{outcome.verdict}: {outcome.headline}\n\n{text}", encoding="utf-8")
    return file.relative_to(job.root).as_posix()
