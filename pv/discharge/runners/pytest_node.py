"""pytest node ids: every step a process of its own, every test reported by its node id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pv.discharge.executors.process import Ran
from pv.discharge.job import Ending, Job, Returned, Step
from pv.discharge.runners.interface import Processes, variables
from pv.discharge.runners.named_tests import NamedTest, step_of
from pv.discharge.runners.stepwise import Piece, environment_in, failure, run_steps


def run(job: Job, processes: Processes) -> Returned:
    """Run a node id, soundly and under each planted fault that `PV_FAULT` names to the test."""

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
    if found["deselected"]:
        reason = f"{found['deselected'][0]} was deselected: it did not run"
        return Step(name, Ending.NOTHING_RAN, reason)
    if not tests:
        return Step(name, Ending.NOTHING_RAN, _nothing(node, found))
    return step_of(name, tests)


def _is_of(test: str, node: str) -> bool:
    """Whether a test is the one that a node id names, or one of its cases or members."""
    return test == node or test.startswith((f"{node}[", f"{node}::"))


def _nothing(node: str, found: Mapping[str, Any]) -> str:
    return f"pytest saw no test {node} (its exit code is {found['code']})"


def _why_no_answer(ran: Ran) -> str:
    lines = [line for line in ran.log.splitlines() if line.strip()]
    return f"pytest gave no answer (exit code {ran.code}): {lines[-1][:200] if lines else ''}"
