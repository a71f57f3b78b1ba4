"""Non-vacuity: each limit can fail, and has been seen to or must be able to.

What it asks
    For every single limit of `expect`: is there a planted fault that breaks this very limit, or a
    declared range of the metric that reaches beyond it?
Why
    One limit that goes red under every fault hides those beside it that nothing could break:
    drifts of 1e-3 above a limit of 1e-9, an amplification above 0, a value below 10000 %.
When it stops a verdict
    No control broke the limit, and the metric declares no range. Or the declared range lies within
    the limit: no value that the metric can have would break it. A control that is red only because
    a comparison could not be made (lengths differ, nothing measured) breaks nothing.
What a harness gives
    Controls, first of all. For what a fault in the code cannot move, such as how many hard cases
    are among the inputs, `range` of the metric: a count of n has [0, n].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pv.compare import judge
from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Measurements, Metric, Number, Range, Sample
from pv.model.receipt import Comparison, ControlResult, GuardResult

NAME: Final = "non-vacuity"
_FAR: Final = 1e308
"""Stands for an end that a range does not have."""


def check(seen: Seen) -> GuardResult:
    """Trip where a limit cannot be broken, or nothing shows that it can."""
    if seen.controls is None or not seen.expect:
        return silent(NAME, "nothing is judged against controls")
    ranges = {each.name: each.range for each in seen.measurements.metrics}
    faults: list[str] = []
    shown = {"by a control": 0, "by its range": 0}
    for index, limit in enumerate(seen.expect):
        if any(_broken(control, index) for control in seen.controls if control.expected_red):
            shown["by a control"] += 1
            continue
        fault = _beyond(limit, ranges.get(limit.metric))
        faults += [fault] if fault else []
        shown["by its range"] += not fault
    many = len(seen.expect)
    reason = "; ".join(faults) or (
        f"{shown['by a control']} of {many} limits were broken by a control"
        + (f", {shown['by its range']} can be by range" if shown["by its range"] else "")
    )
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason, numbers=shown)


def _broken(control: ControlResult, index: int) -> bool:
    """Whether a control broke the limit of this index, by the size of a number."""
    if not control.finite or index >= len(control.comparisons):
        return False
    comparison = control.comparisons[index]
    return not comparison.met and not comparison.note


def _beyond(limit: Expectation, declared: Range | None) -> str:
    """Return why a limit may be empty; nothing where the declared range reaches beyond it."""
    name = f"{limit.metric} {limit.op} {limit.value}"
    if declared is None:
        return f"{name} was broken by no control, and the metric declares no range"
    for end in _ends(declared):
        if not judge(_alone(limit), end).met:
            return ""
    low, high = (each if each is not None else "open" for each in declared)
    return f"{name} cannot fail: the metric lies in [{low}, {high}]"


def _ends(declared: Range) -> Iterator[Number]:
    low, high = declared
    yield -_FAR if low is None else low
    yield _FAR if high is None else high


def _alone(limit: Expectation) -> Expectation:
    """Return a limit on one element; for a list of limits the first, as any one can fail it."""
    value = limit.value
    pair = limit.op == "within" and not isinstance(value[0], list | tuple)
    if isinstance(value, list | tuple) and not pair:
        value = value[0]
    return Expectation(limit.metric, limit.op, value, limit.reason, limit.path, limit.tolerance)


def _ties(red: Sequence[float], declared: Range | None) -> Seen:
    over = Sample("none", 7, (7,), "none", "float64", "logits at a tie")
    limits = (
        Expectation("error", "<=", 1.0, "rounding", ()),
        Expectation("amplification", ">", 1e-9, "as published", ()),
    )
    metrics = (
        Metric("error", 0.5, "1", over),
        Metric("amplification", 10.0, "1", over, range=declared),
    )
    control = ControlResult("wrong_sum", True, True, True, tuple(map(_compared, limits, red)))
    return Seen(Measurements(metrics), limits, (control,))


def _compared(limit: Expectation, value: float) -> Comparison:
    return judge(limit, value)


def trips() -> tuple[str, Seen]:
    """Return a limit of 1e-9 under a fault that another limit notices."""
    return "an amplification above 1e-9, which no planted fault breaks", _ties((40.0, 10.0), None)


def leaves() -> tuple[str, Seen]:
    """Return the same limit, seen red."""
    return "the same limit under a fault that damps to nothing", _ties((40.0, 0.0), None)
