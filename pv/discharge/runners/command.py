"""Other programs: an argument list, a declared success, and at least one check or measurement.

`success` holds `exit` (0 where absent), `stdout` (a pattern that must be found), `checks` (name to
pattern) and `measures` (name to a pattern whose one group is a number, for `expect`). A program
that prints what it should under a planted fault is not red.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pv.bindings.unjudgeable import NO_FILE, named_files
from pv.discharge.executors.process import Ran
from pv.discharge.job import SOUND, Ending, Job, Returned, Step
from pv.discharge.runners.interface import Processes, variables
from pv.discharge.runners.named_tests import NamedTest, step_of
from pv.discharge.runners.sources import hashed
from pv.discharge.runners.stepwise import Piece, environment_in, failure, run_steps

_OUTPUT: Final = 4 << 20


def run(job: Job, processes: Processes) -> Returned:
    """Run the program, soundly and under each planted fault that `PV_FAULT` names to it."""
    argv = job.falsifier.binding.argv
    success: Mapping[str, Any] = job.falsifier.binding.details.get("success", {})
    sources = hashed(job.root, named_files(job.root, argv))
    if not sources:
        return Returned((Step(SOUND, Ending.BAD_INPUT, NO_FILE),), Ending.BAD_INPUT, NO_FILE, SOUND)

    def run_one(name: str, fault: str | None) -> Piece:
        ran = processes.run(
            {"kind": "program", "argv": list(argv), "environment": variables(job, fault)},
            keep_output=_OUTPUT,
        )
        return Piece(_step(name, ran, success), ran, sources, environment_in(ran))

    return run_steps(job, run_one)


def _step(name: str, ran: Ran, success: Mapping[str, Any]) -> Step:
    failed = failure(name, ran)
    if failed is not None:
        return failed
    wanted = success.get("exit", 0)
    tests = [_check("exit", ran.code == wanted, f"code {ran.code}, expected {wanted}")]
    patterns = dict(success.get("checks") or {})
    if success.get("stdout"):
        patterns["stdout"] = success["stdout"]
    for check, pattern in patterns.items():
        found = re.search(pattern, ran.log, re.MULTILINE) is not None
        tests.append(_check(check, found, f"{pattern!r} in what it printed"))
    numbers: dict[str, float] = {}
    for measure, pattern in (success.get("measures") or {}).items():
        value = _number(pattern, ran.log)
        if value is None:
            tests.append(_check(measure, False, f"no number at {pattern!r}"))
        else:
            numbers[measure] = value
            tests.append(NamedTest(measure, "passed", f"measured {value!r}", {measure: value}))
    return step_of(name, tests)


def _check(name: str, met: bool, text: str) -> NamedTest:
    return NamedTest(name, "passed" if met else "failed", text)


def _number(pattern: str, text: str) -> float | None:
    """Return the number that a pattern finds; the last one, where there are several."""
    found = [*re.finditer(pattern, text, re.MULTILINE)]
    try:
        return float(found[-1][1]) if found else None
    except ValueError:
        return None
