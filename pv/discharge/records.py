"""From what came back of a job to its outcome, and to the receipt or the log that it leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pv.discharge.guards.interface import Registration
from pv.discharge.job import Job, Returned
from pv.discharge.known import earlier
from pv.discharge.runners.named_tests import with_expectations
from pv.discharge.verdict import judge_run
from pv.evidence.receipt import write_receipt
from pv.model.contract import BindingKind
from pv.model.receipt import Outcome
from pv.model.verdict import WITH_RECEIPT, Verdict


def judged(job: Job, returned: Returned, commit: str | None) -> Outcome:
    """Judge what came back against the contract, and what tests are expected to do besides.

    `commit` is the one since which the question stands, None where it is not committed.
    """
    tests = job.falsifier.binding.kind is not BindingKind.HARNESS
    asked = replace(job, falsifier=with_expectations(job)) if tests else job
    outcome = judge_run(asked, returned, Registration(commit), earlier(job, returned))
    return replace(outcome, retries=returned.retries)


def recorded(
    job: Job, outcome: Outcome, returned: Returned, commit: str | None, *, record: bool
) -> Outcome:
    """Leave a receipt, or a log where there is no verdict; return the outcome with its place."""
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
