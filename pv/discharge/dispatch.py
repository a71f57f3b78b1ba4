"""Carries out a request: plans, runs each job in its own child, judges, and keeps the records."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Final

from pv.discharge.guards.interface import Registration
from pv.discharge.job import Job, Returned
from pv.discharge.known import earlier
from pv.discharge.plan import Request, command, plan
from pv.discharge.runners.choice import run_job
from pv.discharge.verdict import judge_run
from pv.errors import UsageError
from pv.evidence.history import History
from pv.evidence.receipt import write_receipt
from pv.model.contract import short_id
from pv.model.receipt import Outcome
from pv.model.verdict import WITH_RECEIPT, Level, Verdict
from pv.registry.contracts import load_contracts

_MOST_AT_ONCE: Final = 4
"""Children at once; each may hold a model and its activations."""


def discharge(request: Request, *, record: bool = False) -> Iterator[Outcome]:
    """Yield one outcome after the other; a receipt is written before its outcome is yielded.

    Jobs run side by side, as many as there are processors, and come back in the order asked for.
    With `record` receipts go into the registry (`contracts/evidence/`), else to `.pv/receipts/`.
    Raises UsageError for ids that name no falsifier.
    """
    items = _planned(request)
    stop, history = Event(), History(request.root)
    with (
        ThreadPoolExecutor(max_workers=min(_MOST_AT_ONCE, os.cpu_count() or 1)) as children,
        ThreadPoolExecutor(max_workers=1) as asking,
    ):
        # The history is asked while the children run: this process has nothing else to do.
        running = {
            index: (
                children.submit(run_job, item, stop),
                asking.submit(history.expect_commit, item.contract, item.falsifier),
            )
            for index, item in enumerate(items)
            if isinstance(item, Job)
        }
        try:
            for index, item in enumerate(items):
                if isinstance(item, Job):
                    returned, commit = running[index]
                    yield _recorded(item, request, returned.result(), commit.result(), record)
                else:
                    yield item
        finally:
            stop.set()
            children.shutdown(wait=False, cancel_futures=True)
            asking.shutdown(wait=False, cancel_futures=True)


def _planned(request: Request) -> tuple[Job | Outcome, ...]:
    """Plan from the contracts that mention the ids; from all of them where that leads nowhere."""
    if not request.everything and request.ids:
        try:
            return plan(
                load_contracts(request.root, [short_id(each) for each in request.ids]), request
            )
        except UsageError:
            pass  # asked again below, so that the message knows every falsifier there is
    return plan(load_contracts(request.root), request)


def _recorded(
    job: Job, request: Request, returned: Returned, commit: str | None, record: bool
) -> Outcome:
    """Judge what came back and leave a receipt, or a log where there is no verdict."""
    again = command(job.falsifier.id, request, live=job.level is Level.LIVE)
    outcome = judge_run(job, returned, Registration(commit), earlier(job, returned))
    outcome = replace(outcome, command=again)
    if outcome.verdict in WITH_RECEIPT:
        path = write_receipt(job.root, job.contract, job.falsifier, outcome, commit, record=record)
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
