"""Preregistration: what is asked stood in git before the answer was known.

What it asks
    Since which commit do limits, parameters, controls and harness of this falsifier stand as they
    do now?
Why
    A limit that is chosen with its result in view is met by everything. So is a seed, a number of
    rows or a list of planted faults that is chosen with the result in view.
When it stops a verdict
    It trips nothing: it marks the verdict POST-HOC where the question is not committed as it was
    run. What is POST-HOC supports PARTIAL_ALGORITHM_LEVEL at most. When a receipt is read, git is
    asked once more: one whose question came in the same commit is POST-HOC whatever it says.
    Reasons, statuses and texts may change freely.
What a harness gives
    Nothing. Commit the falsifier's entry, then run it, then commit the receipt.
"""

from __future__ import annotations

from typing import Final

from pv.discharge.guards.interface import Registration, Seen, silent
from pv.model.measurement import Measurements
from pv.model.receipt import GuardResult

NAME: Final = "preregistration"
MARK: Final = "POST-HOC"


def check(seen: Seen) -> GuardResult:
    """Mark a run whose question was not committed before it."""
    if seen.registration is None:
        return silent(NAME, "nothing is recorded")
    commit = seen.registration.commit
    if commit is None:
        reason = "limits, parameters or controls are not committed as they were run"
        return GuardResult(NAME, applies=True, tripped=False, reason=reason, mark=MARK)
    reason = f"limits, parameters and controls stand since {commit[:12]}"
    return GuardResult(NAME, applies=True, tripped=False, reason=reason)


def trips() -> tuple[str, Seen]:
    """Return a run whose limit was edited and not committed."""
    return "a limit edited in the working tree, run at once", Seen(
        Measurements(()), registration=Registration(None)
    )


def leaves() -> tuple[str, Seen]:
    """Return a run whose question is older than it."""
    return "a limit that has stood in git since before the run", Seen(
        Measurements(()), registration=Registration("4f440b6d9c3e" + "0" * 28)
    )
