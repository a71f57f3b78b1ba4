"""The teeth guard: a green counts only where planted faults went red in the very same run."""

from __future__ import annotations

from collections.abc import Sequence

from pv.model.receipt import ControlResult, GuardResult

NAME = "teeth"


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
