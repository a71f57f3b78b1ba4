"""Tests that were seen to run, as measurements: how many passed and failed, each with its name.

A test without numbers has named checks. It measures how many tests passed and how many failed, and
a falsifier over tests expects at least one of the former and none of the latter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pv.discharge.job import Ending, Job, Step
from pv.model.contract import Expectation, Falsifier
from pv.model.measurement import Measurements, Metric, Sample

PASSED: Final = "tests_passed"
FAILED: Final = "tests_failed"
EXPECT: Final = (
    Expectation(FAILED, "==", 0, "a test that failed found the claim wrong", ()),
    Expectation(PASSED, ">=", 1, "nothing is shown unless a test is seen to run and pass", ()),
)


class NamedTest(NamedTuple):
    """One test, by the name under which its runner reports it."""

    name: str
    outcome: str
    """`passed`, `failed`, `skipped`, `xfailed`, `xpassed` or `error`."""
    text: str = ""
    """What its runner says of it, in one line."""
    numbers: Mapping[str, float] = {}
    """What it recorded beside its outcome."""

    def __str__(self) -> str:
        text = f": {self.text}" if self.text else ""
        return f"{self.name} {self.outcome}{text}"


def step_of(name: str, tests: Sequence[NamedTest]) -> Step:
    """Return the step that a run of tests comes to; what did not run is no pass."""
    if not tests:
        return Step(name, Ending.NOTHING_RAN, "no test was seen to run")
    by = {each.outcome: each for each in reversed(tests)}
    if "error" in by and "failed" not in by:
        return Step(name, Ending.CRASHED, str(by["error"]))
    if "failed" not in by and "skipped" in by:
        return Step(name, Ending.MISSING, str(by["skipped"]))
    for outcome in ("xfailed", "xpassed"):
        if "failed" not in by and outcome in by:
            reason = f"{by[outcome]} · a test that is expected to fail shows nothing"
            return Step(name, Ending.NOTHING_RAN, reason)
    return Step(name, Ending.MEASURED, measurements=_measured(tests))


def _measured(tests: Sequence[NamedTest]) -> Measurements:
    over = Sample("none", len(tests), (len(tests),), "count", "int64", tests[0].name)
    counts = {
        PASSED: sum(each.outcome == "passed" for each in tests),
        FAILED: sum(each.outcome == "failed" for each in tests),
    }
    numbers = {name: value for each in tests for name, value in each.numbers.items()}
    return Measurements(
        (
            *(
                Metric(name, value, "tests", over, range=(0, len(tests)))
                for name, value in counts.items()
            ),
            *(
                Metric(name, value, "1", Sample("none", 1, (1,), "none", "float64", "recorded"))
                for name, value in numbers.items()
                if name not in counts
            ),
        ),
        notes=tuple(str(each) for each in tests),
    )


def with_expectations(job: Job) -> Falsifier:
    """Return a falsifier as it is judged: what tests are expected to do, then its own limits."""
    return job.falsifier._replace(expect=(*EXPECT, *job.falsifier.expect))
