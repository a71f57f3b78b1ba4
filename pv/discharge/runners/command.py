"""Other programs: an argument list, a declared success, and at least one check or measurement.

`success` holds `exit` (0 where absent), `stdout` (a pattern that must be found), `checks` (name to
pattern) and `measures` (name to a pattern whose one group is a number, for `expect`; it may find
the number more than once, but no two). A program that prints what it should under a planted fault
is not red.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pv.bindings.unjudgeable import NO_FILE, named_files
from pv.discharge.executors.process import Ran
from pv.discharge.job import SOUND, Ending, Job, Returned, Step
from pv.discharge.runners.interface import Processes, variables
from pv.discharge.runners.named_tests import NamedTest, step_of
from pv.discharge.runners.sources import hashed
from pv.discharge.runners.stepwise import Piece, environment_in, failure, run_steps

_OUTPUT: Final = 4 << 20
_SHOWN: Final = 4
_LIKE_A_FILE: Final = re.compile(r"[\w./+-]+\.\w+")


def run(job: Job, processes: Processes) -> Returned:
    """Run the program, soundly and under each planted fault that `PV_FAULT` names to it."""
    argv = job.falsifier.binding.argv
    success: Mapping[str, Any] = job.falsifier.binding.details.get("success", {})
    sources = hashed(job.root, named_files(job.root, argv))
    if not sources:
        reason = NO_FILE + _missing(job.root, argv)
        return Returned((Step(SOUND, Ending.BAD_INPUT, reason),), Ending.BAD_INPUT, reason, SOUND)

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
    for measure, pattern in (success.get("measures") or {}).items():
        values = _numbers(pattern, ran.log)
        if len(values) > 1:
            reason = f"{measure}: {pattern!r} finds several numbers: {_listed(values)}"
            return Step(name, Ending.INVALID, reason)
        if values:
            (value,) = values
            tests.append(NamedTest(measure, "passed", f"measured {value!r}", {measure: value}))
        else:
            tests.append(_check(measure, False, f"no number at {pattern!r}"))
    return step_of(name, tests)


def _missing(root: Path, argv: tuple[str, ...]) -> str:
    """Say which arguments look like files of the registry and are none."""
    paths = (each for each in argv[1:] if "/" in each and not each.startswith(("-", "/")))
    gone = [each for each in paths if _LIKE_A_FILE.fullmatch(each) and not (root / each).exists()]
    return f"; not there: {', '.join(gone)}" if gone else ""


def _check(name: str, met: bool, text: str) -> NamedTest:
    return NamedTest(name, "passed" if met else "failed", text)


def _numbers(pattern: str, text: str) -> list[float]:
    """Return the different numbers that a pattern finds; one that is no number is none."""
    found: dict[str, float] = {}
    for match in re.finditer(pattern, text, re.MULTILINE):
        try:
            value = float(match[1])
        except (TypeError, ValueError):
            continue
        found[repr(value)] = value
    return [*found.values()]


def _listed(values: list[float]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(f"{each!r}" for each in values[:_SHOWN]) + more
