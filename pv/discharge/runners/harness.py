"""Harnesses: functions that measure, all steps of a falsifier in one process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pv.discharge.executors.process import Ran
from pv.discharge.job import AGAIN, SOUND, Ending, Job, Returned, Step, companion_step, control_step
from pv.discharge.outside import given, of_falsifier
from pv.discharge.runners.interface import Processes
from pv.model.measurement import Measurements


def run(job: Job, processes: Processes) -> Returned:
    """Measure soundly, under every planted fault, and what stands beside."""
    return _assemble(processes.run(_message(job)))


def _message(job: Job) -> dict[str, Any]:
    falsifier = job.falsifier
    sound = {"harness": falsifier.binding.text, "parameters": dict(falsifier.parameters)}
    controls = (*falsifier.controls, *falsifier.green_controls)
    demand = falsifier.models.require if falsifier.models and job.model_path else {}
    return {
        "kind": "harness",
        "root": str(job.root),
        "model": str(job.model_path) if job.model_path else None,
        "require": dict(demand),
        "environment": given(of_falsifier(job.root, falsifier)),
        "steps": [
            {"name": SOUND, "fault": None, **sound},
            *({"name": AGAIN, "fault": None, "anew": True, **sound} for _ in range(_twice(job))),
            *({"name": control_step(name), "fault": name, **sound} for name in controls),
            *(
                {
                    "name": companion_step(each.name),
                    "fault": None,
                    "harness": each.harness,
                    "parameters": dict(each.parameters),
                }
                for each in falsifier.beside
            ),
        ],
    }


def _twice(job: Job) -> bool:
    """Whether the sound run is made once more: not over a model, and not in the slow simulator."""
    return job.model_path is None and job.device != "sim"


def _assemble(ran: Ran) -> Returned:
    """Turn the lines that arrived into steps."""
    steps: list[Step] = []
    sources: Mapping[str, str] = {}
    environment: Mapping[str, Any] = {}
    at, finished = "start", False
    for message in ran.messages:
        if "started" in message:
            at = message["started"]
        elif "step" in message:
            steps.append(_step(message))
        elif "sources" in message:
            sources = message["sources"]
        else:
            environment, finished = message["environment"], True
    ending, reason = (Ending.MEASURED, "") if finished else _unfinished(ran)
    return Returned(
        tuple(steps),
        ending,
        reason,
        at,
        sources,
        environment,
        ran.seconds,
        ran.log,
        lost=not finished and ran.lost,
    )


def _unfinished(ran: Ran) -> tuple[Ending, str]:
    if ran.ending is Ending.MEASURED or (ran.code or 0) > 0:
        return Ending.CRASHED, f"the process ended with code {ran.code} before it had answered"
    return ran.ending, ran.reason


def _step(message: Mapping[str, Any]) -> Step:
    ending = Ending(message["ending"])
    if ending is not Ending.MEASURED:
        return Step(message["step"], ending, message["reason"])
    try:
        measured = Measurements.from_data(message["measurements"])
    except (KeyError, TypeError) as error:
        reason = f"measurements are incomplete: {type(error).__name__} {error}"
        return Step(message["step"], Ending.INVALID, reason)
    return Step(message["step"], ending, measurements=measured)
