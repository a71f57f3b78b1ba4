"""Teeth: a green counts only where planted faults went red in the very same run.

What it asks
    Has this falsifier been seen to fail, here and now, through the same limits?
Why
    A test asserted that drifts of 1e-3 are above 1e-9, and a last layer was allowed 10000 %. A test
    that was never red may be a test of nothing.
When it stops a verdict
    No fault is planted. A planted fault stayed green, or showed nothing (its numbers are not
    finite, or the comparison could not be made: a list of another length is no answer). A change
    declared harmless went red: the falsifier is red by everything. A control is listed twice.
What a harness gives
    `CONTROLS`: names of faults, each changing exactly one operation. The contract lists those that
    must go red (`controls`) and those that must stay green (`green_controls`).
"""

from __future__ import annotations

from collections.abc import Sequence

from pv.discharge.guards.interface import Seen, silent
from pv.model.measurement import Measurements
from pv.model.receipt import ControlResult, GuardResult

NAME = "teeth"


def check(seen: Seen) -> GuardResult:
    """Trip where no fault was planted, one stayed green, or a harmless change went red."""
    if seen.controls is None:
        return silent(NAME, "a question beside another has no controls")
    return teeth(seen.controls)


def teeth(controls: Sequence[ControlResult]) -> GuardResult:
    """Trip where no fault was planted, one stayed green, or a harmless change went red."""
    red = [each for each in controls if each.expected_red]
    if not red:
        reason = "no control is declared, so nothing shows that this falsifier can fail"
        return GuardResult(NAME, applies=True, tripped=True, reason=reason)
    wrong = [_wrong(each) for each in controls if not each.as_expected]
    names = [each.name for each in controls]
    wrong += [f"control {name} is listed twice" for name in set(names) if names.count(name) > 1]
    counts = {
        "planted faults": len(red),
        "gone red": sum(each.as_expected for each in red),
        "harmless changes": len(controls) - len(red),
        "stayed green": sum(each.as_expected for each in controls if not each.expected_red),
    }
    reason = "; ".join(wrong) or f"{len(red)} of {len(red)} planted faults went red"
    return GuardResult(NAME, applies=True, tripped=bool(wrong), reason=reason, numbers=counts)


def _wrong(control: ControlResult) -> str:
    if not control.finite:
        return f"control {control.name} shows nothing: {control.note}"
    if control.expected_red:
        return f"control {control.name} stayed green: the planted fault was not noticed"
    return f"control {control.name} went red, expected green: {control.note}"


def _control(red: bool) -> Seen:
    note = "growth 9 > 2" if red else "growth 1.8 <= 18"
    control = ControlResult("scale_times_1_10", True, red, True, (), note)
    return Seen(Measurements(()), controls=(control,))


def trips() -> tuple[str, Seen]:
    """Return a planted fault that nothing noticed."""
    return "a scale wrong by 10 %, under a limit of 18", _control(red=False)


def leaves() -> tuple[str, Seen]:
    """Return a planted fault that went red."""
    return "a scale wrong by 10 %, noticed", _control(red=True)
