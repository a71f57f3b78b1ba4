"""What every runner is: a job in, what came back out, and a process wherever it needs one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Event
from typing import Any, Final, TypeAlias

from pv.discharge.executors.process import Ran, execute
from pv.discharge.executors.templates import Templates
from pv.discharge.job import Job, Limits, Returned

FAULT_VARIABLE: Final = "PV_FAULT"
"""Names the planted fault to a test that is no harness; unset in the sound run."""
MODEL_VARIABLE: Final = "PV_MODEL"
"""Path of the model file of a live run."""


class Processes:
    """Starts the processes of one job one after the other; together they have its time."""

    def __init__(self, job: Job, templates: Templates, stop: Event | None) -> None:
        self._job, self._templates, self._stop = job, templates, stop
        self._end = time.monotonic() + job.limits.seconds

    def run(self, message: Mapping[str, Any], *, keep_output: int = 0) -> Ran:
        """Run one process; `keep_output` keeps more of what it prints than a log needs."""
        limits = self._job.limits
        left = max(0.1, self._end - time.monotonic())
        allowed = replace(limits, seconds=min(limits.seconds, left))
        if keep_output:
            allowed = replace(allowed, output=keep_output)
        asked = {"folder": str(self._job.root), "memory": self.memory, **message}
        ran = execute(self._templates, asked, allowed, self._job.device, self._stop)
        return replace(ran, reason=_of_whole(ran.reason, allowed, limits))

    @property
    def memory(self) -> int:
        """Bytes of address space; 0 is no limit: cuda maps far more than it uses."""
        job = self._job
        if job.device == "cuda":
            return 0
        return job.limits.memory + (job.model_path.stat().st_size if job.model_path else 0)


def _of_whole(reason: str, allowed: Limits, whole: Limits) -> str:
    """Name the limit of the job where it was what was left of it that ended a process."""
    return reason.replace(f"{allowed.seconds:g} s", f"{whole.seconds:g} s")


def variables(job: Job, fault: str | None) -> dict[str, str]:
    """Return what a test that is no harness learns from its environment."""
    found = {} if fault is None else {FAULT_VARIABLE: fault}
    return found | ({MODEL_VARIABLE: str(job.model_path)} if job.model_path else {})


Runner: TypeAlias = Callable[[Job, Processes], Returned]
"""Runs the sound run, the controls and the companions of one falsifier."""
