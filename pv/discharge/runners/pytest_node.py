"""pytest node ids: every step a process of its own, every test reported by its node id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pv.discharge.executors.process import Ran
from pv.discharge.job import SOUND, Ending, Job, Returned, Step
from pv.discharge.runners.interface import Processes, variables
from pv.discharge.runners.named_tests import NamedTest, step_of
from pv.discharge.runners.stepwise import Piece, environment_in, failure, run_steps

_LAST: Final = 3
"""Last lines of a process that left no report, for its message."""


def run(job: Job, processes: Processes) -> Returned:
    """Run a node id, soundly and under each planted fault that `PV_FAULT` names to the test."""
    file = job.falsifier.binding.text.partition("::")[0]
    if not (job.root / file).exists():
        reason = f"no file {file} in the registry"
        return Returned((Step(SOUND, Ending.BAD_INPUT, reason),), Ending.BAD_INPUT, reason, SOUND)

    def run_one(name: str, fault: str | None) -> Piece:
        ran = processes.run(
            {
                "kind": "pytest",
                "root": str(job.root),
                "node": job.falsifier.binding.text,
                "environment": variables(job, fault),
            }
        )
        sources: Mapping[str, str] = next(
            (each["sources"] for each in ran.messages if "sources" in each), {}
        )
        return Piece(_step(name, ran, job), ran, sources, environment_in(ran))

    return run_steps(job, run_one)


def _step(name: str, ran: Ran, job: Job) -> Step:
    failed = failure(name, ran)
    if failed is not None:
        return failed
    found = next((each for each in ran.messages if "tests" in each), None)
    if found is None:
        return Step(name, Ending.CRASHED, _why_no_answer(ran))
    node = job.falsifier.binding.text
    tests = [NamedTest(**each) for each in found["tests"] if _is_of(each["name"], node)]
    if not tests and found["faults"]:
        return Step(name, Ending.CRASHED, f"not collected: {found['faults'][0]}")
    if why := _nothing_ran(tests, found, node):
        return Step(name, Ending.NOTHING_RAN, why)
    return step_of(name, tests)


def _nothing_ran(tests: Sequence[NamedTest], found: Mapping[str, Any], node: str) -> str:
    """Say why a session shows nothing; empty where tests ran to their end, or one failed."""
    if found["deselected"]:
        return f"{found['deselected'][0]} was deselected: it did not run"
    if not tests:
        return f"pytest saw no test {node} (its exit code is {found['code']})"
    if any(each.outcome == "failed" for each in tests):
        return ""
    unended = next((each.name for each in tests if not each.outcome), "")
    aborted = f"the session was aborted ({found['aborted']})" if found["aborted"] else ""
    if unended:
        return f"{unended} did not run to its end: {aborted or 'pytest left it out'}"
    if found["code"] and all(each.outcome == "passed" for each in tests):
        return aborted or f"pytest's exit code is {found['code']}, and no test failed by its name"
    return aborted


def _is_of(test: str, node: str) -> bool:
    """Whether a test is the one that a node id names, or one of its cases or members."""
    return test == node or test.startswith((f"{node}[", f"{node}::"))


def _why_no_answer(ran: Ran) -> str:
    lines = [line.strip() for line in ran.log.splitlines() if line.strip()]
    said = f": {' / '.join(lines[-_LAST:])[-300:]}" if lines else ", and it printed nothing"
    return f"the process ended before pytest's report, with exit code {ran.code}{said}"
