"""From what came back to a verdict, and from verdicts to an exit code.

The order is fixed: a run that failed has no verdict on the claim; a guard that tripped makes it
INCONCLUSIVE, and so does a comparison that cannot be made; only then do the expectations decide
between HELD and REFUTED.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from pv.compare import explain, judge
from pv.discharge import guards
from pv.discharge.guards.interface import Earlier, Registration, Seen
from pv.discharge.job import (
    AGAIN,
    SOUND,
    Ending,
    Job,
    Returned,
    Step,
    companion_step,
    control_step,
    device_class,
)
from pv.discharge.runners.named_tests import FAILED
from pv.discharge.validity import faults, refused, values
from pv.model.contract import BindingKind, Companion, Expectation, Falsifier
from pv.model.measurement import Measurements
from pv.model.receipt import CompanionResult, Comparison, ControlResult, GuardResult, Outcome
from pv.model.verdict import SIMULATOR, Cause, Level, Verdict

HELD_CODE, REFUTED_CODE, NO_VERDICT_CODE = 0, 1, 3

_ADVICE: Final = re.compile(r"(?<! ·) do: ")
"""Where the advice of an error begins that came as one line out of a child."""

_FAILED: Final[dict[Ending, tuple[Verdict, Cause | None]]] = {
    Ending.MISSING: (Verdict.SKIPPED, None),
    Ending.BAD_INPUT: (Verdict.ERROR, Cause.BAD_INPUT),
    Ending.INVALID: (Verdict.ERROR, Cause.INVALID_MEASUREMENT),
    Ending.OUT_OF_MEMORY: (Verdict.ERROR, Cause.OUT_OF_MEMORY),
    Ending.CRASHED: (Verdict.ERROR, Cause.CRASH),
    Ending.TIMED_OUT: (Verdict.TIMEOUT, None),
    Ending.NOTHING_RAN: (Verdict.ERROR, Cause.NOTHING_RAN),
    Ending.FLOODED: (Verdict.ERROR, Cause.OUTPUT_FLOOD),
}


def exit_code(outcomes: Iterable[Outcome], *, require_live: bool = False) -> int:
    """Return 1 if anything is refuted, else 3 if anything asked for is not held, else 0.

    Nothing held is never 0. With `require_live` a live falsifier that was not run counts as asked
    for.
    """
    seen = list(outcomes)
    if any(each.verdict is Verdict.REFUTED for each in seen):
        return REFUTED_CODE
    asked = [each for each in seen if each.verdict is not Verdict.NOT_RUN]
    if not asked or any(each.verdict is not Verdict.HELD for each in asked):
        return NO_VERDICT_CODE
    left_out = any(each.verdict is Verdict.NOT_RUN and each.level is Level.LIVE for each in seen)
    return NO_VERDICT_CODE if require_live and left_out else HELD_CODE


def judge_run(
    job: Job,
    returned: Returned,
    registration: Registration | None = None,
    earlier: Sequence[Earlier] | None = None,
) -> Outcome:
    """Judge what came back from one child against the contract.

    `registration` says since when the question stands in git, `earlier` are receipts over the same
    claim, sources and model; without them the guards that ask have nothing to look at.
    """
    falsifier = job.falsifier
    sound = _checked(returned.step(SOUND), falsifier.expect)
    failed = _first_failure(sound, job, returned)
    if failed is not None or sound.measurements is None:
        return _failed(failed or sound, job, returned)
    comparisons = _compare(falsifier.expect, sound.measurements)
    controls = (
        *(_control(name, True, job, returned) for name in falsifier.controls),
        *(_control(name, False, job, returned) for name in falsifier.green_controls),
    )
    again = next((each for each in returned.steps if each.name == AGAIN), None)
    failed_again = again is not None and again.measurements is None
    seen = guards.look(
        Seen(
            sound.measurements,
            falsifier.expect,
            controls,
            again=again.measurements if again else None,
            again_failed=f"ended in {again.ending}: {again.reason}"
            if again and failed_again
            else "",
            earlier=None if earlier is None else tuple(earlier),
            environment=returned.environment,
            registration=registration,
        )
    )
    verdict, headline = _decide(comparisons, seen)
    where = "simulator: " if device_class(job.device) == SIMULATOR else ""
    return replace(
        _outcome(job, returned, verdict, where + headline),
        comparisons=comparisons,
        guards=seen,
        controls=controls,
        measurements=sound.measurements,
    )


def _failed(step: Step, job: Job, returned: Returned) -> Outcome:
    verdict, cause = _FAILED[step.ending]
    place = "" if step.name == SOUND else f"{step.name}: "
    return replace(_outcome(job, returned, verdict, f"{place}{_reason(step)}"), cause=cause)


def _reason(step: Step) -> str:
    """Return why a step came to no measurement, the advice of what was refused set apart."""
    if step.ending not in (Ending.MISSING, Ending.BAD_INPUT):
        return step.reason
    return _ADVICE.sub(" · do: ", step.reason)


def _outcome(job: Job, returned: Returned, verdict: Verdict, headline: str) -> Outcome:
    return Outcome(
        falsifier=job.falsifier.id,
        contract=job.contract.id,
        verdict=verdict,
        level=job.level,
        headline=headline,
        device=device_class(job.device),
        model=job.model,
        companions=tuple(_companion(each, returned) for each in job.falsifier.beside),
        parameters=job.falsifier.parameters,
        sources=returned.sources,
        environment=returned.environment,
        seconds=returned.seconds,
    )


def _checked(step: Step, expect: Sequence[Expectation]) -> Step:
    """Turn measurements that cannot be judged into the failure that they are."""
    if step.measurements is None:
        return step
    wrong = [*faults(step.measurements)]
    if not wrong:
        known = values(step.measurements).keys() | refused(step.measurements)
        wrong = [
            f"metric {each.metric} is expected and was not measured; measured were"
            f" {', '.join(sorted(known))}"
            for each in expect
            if each.metric not in known
        ]
    return Step(step.name, Ending.INVALID, wrong[0]) if wrong else step


def _first_failure(sound: Step, job: Job, returned: Returned) -> Step | None:
    """Return the first step that ended in a failure; invalid numbers of a control are no failure.

    A planted fault may well produce a NaN: that shows nothing, and the teeth guard says so.
    """
    names = (*job.falsifier.controls, *job.falsifier.green_controls)
    steps = (sound, *(returned.step(control_step(name)) for name in names))
    return next((each for each in steps if each.ending is not Ending.MEASURED), None)


def _compare(expect: Sequence[Expectation], measurements: Measurements) -> tuple[Comparison, ...]:
    found = values(measurements)
    units = {each.name: each.unit for each in measurements.metrics}
    judged = []
    for each in expect:
        one = judge(each, found.get(each.metric))
        unit = units.get(each.metric, each.unit)
        if each.unit and unit != each.unit:
            note = f"unit is {unit!r}, expected {each.unit!r}"
            one = replace(one, met=False, note=note)
        judged.append(one)
    return tuple(judged)


def _control(name: str, expected_red: bool, job: Job, returned: Returned) -> ControlResult:
    came = returned.step(control_step(name))
    expect = _asked_of(came, job.falsifier)
    step = _checked(came, expect)
    if step.measurements is None:
        return ControlResult(name, expected_red, False, False, (), step.reason)
    unlike = refused(step.measurements)
    comparisons = _compare(expect, step.measurements)
    if any(each.metric in unlike for each in comparisons):
        note = "a ratio of unlike sides is refused"
        return ControlResult(name, expected_red, False, False, comparisons, note)
    unmet = [each for each in comparisons if not each.met]
    red = [each for each in unmet if not each.note]
    note = explain((red or unmet or list(comparisons))[0]) if comparisons else "nothing is expected"
    # What could not be compared is neither red nor green: a shorter list is no planted fault found.
    return ControlResult(name, expected_red, bool(red), bool(red) or not unmet, comparisons, note)


def _asked_of(step: Step, falsifier: Falsifier) -> tuple[Expectation, ...]:
    """Return what a control is held against.

    A test that failed by its name, or a program that ran to its end without its declared success,
    is red also where it stopped before it told every number that is expected.
    """
    tests = falsifier.binding.kind is not BindingKind.HARNESS
    if not tests or step.measurements is None or not values(step.measurements).get(FAILED):
        return falsifier.expect
    known = values(step.measurements).keys() | refused(step.measurements)
    return tuple(each for each in falsifier.expect if each.metric in known)


def _companion(companion: Companion, returned: Returned) -> CompanionResult:
    step = _checked(returned.step(companion_step(companion.name)), companion.expect)
    if step.measurements is None:
        verdict, _ = _FAILED[step.ending]
        return CompanionResult(companion.name, verdict, step.reason, (), (), None)
    comparisons = _compare(companion.expect, step.measurements)
    seen = guards.look(Seen(step.measurements, companion.expect))
    verdict, headline = _decide(comparisons, seen)
    return CompanionResult(companion.name, verdict, headline, comparisons, seen, step.measurements)


def _decide(comparisons: Sequence[Comparison], seen: Sequence[GuardResult]) -> tuple[Verdict, str]:
    """Return the verdict and the number or reason that decided it."""
    tripped = [each for each in seen if each.tripped]
    if tripped:
        return Verdict.INCONCLUSIVE, tripped[0].reason
    if not comparisons:
        return Verdict.INCONCLUSIVE, "nothing judged: the contract expects nothing"
    unmet = [each for each in comparisons if not each.met]
    unmade = next((each for each in unmet if each.note), None)
    if unmade is not None:
        return Verdict.INCONCLUSIVE, explain(unmade)
    if unmet:
        return Verdict.REFUTED, explain(unmet[0]) + _more(unmet, "not met")
    return Verdict.HELD, explain(comparisons[0], digits=5, place=False) + _more(comparisons, "met")


def _more(comparisons: Sequence[Comparison], word: str) -> str:
    return f" (+{len(comparisons) - 1} {word})" if len(comparisons) > 1 else ""
