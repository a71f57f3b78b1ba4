"""From what came back of a job to its outcome, and to the receipt or the log that it leaves."""

from __future__ import annotations

from dataclasses import replace

from pv.discharge.guards.interface import Registration
from pv.discharge.job import Job, Returned
from pv.discharge.known import earlier
from pv.discharge.logs import keep_log
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
        head = f"{outcome.verdict}: {outcome.headline}"
        return replace(outcome, log=keep_log(job.root, job.falsifier.id, head, returned.log))
    return outcome
