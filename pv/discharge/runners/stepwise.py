"""Runs of tests that are no harness: one process for the sound run and one for each control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pv.discharge.executors.process import Ran
from pv.discharge.job import SOUND, Ending, Job, Returned, Step, control_step


@dataclass(slots=True)
class Piece:
    """What one process came to."""

    step: Step
    ran: Ran
    sources: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)


def run_steps(job: Job, run_one: Callable[[str, str | None], Piece]) -> Returned:
    """Run the sound step, then each control; the first that cannot be judged is the last."""
    falsifier = job.falsifier
    faults = (None, *falsifier.controls, *falsifier.green_controls)
    pieces: list[Piece] = []
    for fault in faults:
        pieces.append(run_one(SOUND if fault is None else control_step(fault), fault))
        if pieces[-1].step.ending is not Ending.MEASURED:
            break
    last = pieces[-1]
    whole = last.step.ending is Ending.MEASURED
    return Returned(
        tuple(each.step for each in pieces),
        Ending.MEASURED if whole else last.step.ending,
        last.step.reason,
        last.step.name,
        {name: found for each in pieces for name, found in each.sources.items()},
        pieces[0].environment,
        sum(each.ran.seconds for each in pieces),
        "".join(each.ran.log for each in pieces),
        lost=last.ran.lost and last.step.ending is Ending.CRASHED,
    )


def failure(name: str, ran: Ran) -> Step | None:
    """Return the step of a process that a limit or a signal ended; None where it left by itself."""
    missing = next((each["missing"] for each in ran.messages if "missing" in each), None)
    if missing is not None:
        return Step(name, Ending.MISSING, missing)
    if ran.ending is Ending.MEASURED or (ran.code or 0) > 0:
        return None
    return Step(name, ran.ending, ran.reason)


def environment_in(ran: Ran) -> Mapping[str, Any]:
    """Return what a process said of where it ran."""
    return next((each["environment"] for each in ran.messages if "environment" in each), {})
