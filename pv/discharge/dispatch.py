"""Carries out a request: plans, runs each job in processes of its own, judges, keeps the records.

A verdict is recorded as soon as its job is through, whatever the others do; it is told in the order
asked for.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Protocol

from pv.discharge.executors.templates import Templates
from pv.discharge.job import Job, Returned, device_class, one_line
from pv.discharge.plan import Request, command, plan
from pv.discharge.runners.choice import run_job
from pv.discharge.selection import is_pattern
from pv.errors import PvError, UsageError
from pv.model.contract import short_id
from pv.model.receipt import Outcome
from pv.model.verdict import Cause, Level, Verdict
from pv.registry.contracts import load_contracts

if TYPE_CHECKING:
    from pv.evidence.history import History

_MOST_AT_ONCE: Final = 4
"""Jobs at once where nobody says; each may hold a model and its activations."""


class Watcher(Protocol):
    """Who wants to know how far a run is; called from several threads."""

    def planned(self, jobs: int) -> None:
        """Hear how many jobs there are."""

    def began(self, job: Job) -> None:
        """Hear that a job begins."""

    def ended(self, job: Job, outcome: Outcome) -> None:
        """Hear what a job came to."""

    def warned(self, text: str) -> None:
        """Hear what a user should know and no outcome tells."""


def planned(
    request: Request, *, record: bool = False, reasons: bool = True
) -> tuple[Job | Outcome, ...]:
    """Return what a request would run and what it would not, without running anything.

    With `reasons` every job knows why it runs. Raises UsageError for ids that name no falsifier.
    """
    items = _planned(request)
    if not (reasons or request.changed):
        return items
    from pv.discharge.reuse import Receipts, explained  # noqa: PLC0415 - where receipts are asked

    receipts = Receipts(request.root, record=record)
    return tuple(explained(items, receipts, reuse=request.changed))


def discharge(
    request: Request,
    *,
    record: bool = False,
    watcher: Watcher | None = None,
    templates: Templates | None = None,
) -> Generator[Outcome, None, None]:
    """Yield one outcome after the other; a receipt is written before its outcome is yielded.

    Jobs run side by side and come back in the order asked for. With `record` receipts go into the
    registry (`contracts/evidence/`), else to `.pv/receipts/`. On an interrupt all children end,
    what was through is yielded, the rest as not run, and the interrupt goes on. `templates` may
    have been started before, and end with this run. Raises UsageError for ids that name no
    falsifier.
    """
    with templates or Templates(request.root) as warm:
        warm.start(request.device)  # it imports while this process plans
        items = planned(request, record=record, reasons=False)
        run = _Discharge(request, warm, record, watcher)
        if watcher:
            watcher.planned(sum(isinstance(each, Job) for each in items))
            if warm.cache.refused:
                watcher.warned(f"compiled kernels are not kept: {warm.cache.refused}")
        yield from run.all(items)


def _planned(request: Request) -> tuple[Job | Outcome, ...]:
    """Plan from the contracts that mention the ids; from all of them where that leads nowhere."""
    if request.ids and not any(map(is_pattern, request.ids)):
        try:
            return plan(
                load_contracts(request.root, [short_id(each) for each in request.ids]), request
            )
        except UsageError:
            pass  # asked again below, so that the message knows every falsifier there is
    return plan(load_contracts(request.root), request)


class _Discharge:
    """One run: its threads, its history, and the order in which outcomes are told."""

    def __init__(
        self, request: Request, templates: Templates, record: bool, watcher: Watcher | None
    ) -> None:
        self._request, self._templates = request, templates
        self._record, self._watcher = record, watcher
        self._stop, self._writing = Event(), Lock()
        self._history: History | None = None
        at_once = request.jobs or min(_MOST_AT_ONCE, os.cpu_count() or 1)
        self._children = ThreadPoolExecutor(max_workers=at_once)
        self._alone = ThreadPoolExecutor(max_workers=1)
        self._asking = ThreadPoolExecutor(max_workers=1)
        # What judges is imported while the first child runs.
        self._asking.submit(import_module, "pv.discharge.records")

    def all(self, items: tuple[Job | Outcome, ...]) -> Iterator[Outcome]:
        """Yield the outcomes of a plan in its order."""
        running = self._begun(items)
        told = 0
        try:
            for index, item in enumerate(items):
                outcome = running[index].result() if isinstance(item, Job) else item
                running.pop(index, None)
                told = index + 1
                yield outcome
        except KeyboardInterrupt:
            self._end()
            for index, item in enumerate(items[told:], told):
                yield _left(item, running.get(index)) if isinstance(item, Job) else item
            raise
        finally:
            self._end()

    def _begun(self, items: tuple[Job | Outcome, ...]) -> dict[int, Future[Outcome]]:
        """Hand out the jobs of a plan; one that runs alone begins when all others are through."""
        jobs = [(index, item) for index, item in enumerate(items) if isinstance(item, Job)]
        beside = {
            index: self._children.submit(self._one, job) for index, job in jobs if not job.alone
        }
        others = tuple(beside.values())
        behind = {
            index: self._alone.submit(self._after, others, job) for index, job in jobs if job.alone
        }
        return beside | behind

    def _after(self, others: tuple[Future[Outcome], ...], job: Job) -> Outcome:
        for each in others:
            with suppress(CancelledError):  # `wait` would not hear of one that is cancelled
                each.exception()
        return self._one(job)

    def _end(self) -> None:
        """End the children, and wait until what they came to is recorded."""
        self._stop.set()
        self._children.shutdown(wait=True, cancel_futures=True)
        self._alone.shutdown(wait=True, cancel_futures=True)
        self._asking.shutdown(wait=True, cancel_futures=True)

    def _one(self, job: Job) -> Outcome:
        if self._watcher:
            self._watcher.began(job)
        # The history is asked while the child runs: this process has nothing else to do.
        commit = self._asking.submit(self._asked_since, job)
        try:
            returned = run_job(job, self._stop, self._templates, self._request.retries)
            if self._stop.is_set() and returned.reason == "interrupted":
                outcome = _interrupted(job)
            else:
                outcome = self._recorded(job, returned, commit.result())
        except PvError as error:
            from pv.evidence.store import UnwritableError  # noqa: PLC0415 - only after an error

            if isinstance(error, UnwritableError):
                raise
            outcome = _absent(job, Verdict.ERROR, one_line(error), Cause.BAD_INPUT)
        if self._watcher:
            self._watcher.ended(job, outcome)
        return outcome

    def _asked_since(self, job: Job) -> str | None:
        """Return the commit since which a question stands; called by one thread alone."""
        from pv.evidence.history import History  # noqa: PLC0415 - while the child runs

        self._history = self._history or History(self._request.root)
        return self._history.expect_commit(job.contract, job.falsifier)

    def _recorded(self, job: Job, returned: Returned, commit: str | None) -> Outcome:
        """Judge what came back and leave a receipt, or a log where there is no verdict."""
        from pv.discharge.records import judged, recorded  # noqa: PLC0415 - while the child runs

        again = command(job.falsifier.id, self._request, live=job.level is Level.LIVE)
        outcome = replace(judged(job, returned, commit), command=again)
        with self._writing:
            return recorded(job, outcome, returned, commit, record=self._record)


def _left(job: Job, future: Future[Outcome] | None) -> Outcome:
    """Return what a job came to before an interrupt; one that was not through is not run."""
    if future is None or future.cancelled() or not future.done() or future.exception():
        return _interrupted(job)
    return future.result()


def _interrupted(job: Job) -> Outcome:
    return _absent(job, Verdict.NOT_RUN, "interrupted")


def _absent(job: Job, verdict: Verdict, reason: str, cause: Cause | None = None) -> Outcome:
    return Outcome(
        falsifier=job.falsifier.id,
        contract=job.contract.id,
        verdict=verdict,
        level=job.level,
        headline=reason,
        device=device_class(job.device),
        model=job.model,
        cause=cause,
    )
