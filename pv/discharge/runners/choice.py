"""Which runner a falsifier's binding asks for, and running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from threading import Event
from typing import Final, cast

from pv.discharge.executors.templates import Templates
from pv.discharge.job import Job, Returned
from pv.discharge.runners.interface import Processes, Runner
from pv.errors import UsageError
from pv.model.contract import BindingKind

RUNNERS: Final[Mapping[BindingKind, str]] = {
    BindingKind.HARNESS: "pv.discharge.runners.harness",
    BindingKind.PYTEST: "pv.discharge.runners.pytest_node",
    BindingKind.CARGO: "pv.discharge.runners.cargo_test",
    BindingKind.COMMAND: "pv.discharge.runners.command",
}
"""Module of each runner, imported when a job asks for it."""
_KEPT_WARM: Final = ("numpy", "numba", "gguf", "pytest")


def run_job(
    job: Job, stop: Event | None = None, templates: Templates | None = None, retries: int = 0
) -> Returned:
    """Run one job; every call is a run of its own, in processes of its own.

    A process that was lost is tried again up to `retries` times; nothing else is. Without
    `templates` a warm process is started for this job alone. Setting `stop` ends the job, and what
    came back until then is returned.
    """
    if templates is None:
        with Templates(job.root) as own:
            return run_job(job, stop, own, retries)
    runner = cast("Runner", import_module(RUNNERS[job.falsifier.binding.kind]).run)
    try:
        returned = runner(job, Processes(job, templates, stop))
    except UsageError as error:
        raise UsageError(f"{job.falsifier.id}: {error.message}", advice=error.advice) from None
    for tries in range(1, retries + 1):
        if not returned.lost or (stop and stop.is_set()):
            break
        returned = replace(runner(job, Processes(job, templates, stop)), retries=tries)
    used = {*returned.environment.get("packages", {}), str(job.falsifier.binding.kind)}
    templates.keep_warm(job.device, [name for name in _KEPT_WARM if name in used])
    return returned
