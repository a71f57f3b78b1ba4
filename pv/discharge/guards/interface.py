"""What a guard looks at, and what a guard is.

A guard never asks whether a limit is met. It asks whether the number is an answer at all. It
leaves a run alone, it trips (the verdict is INCONCLUSIVE, with the reason), or it marks the
verdict with a word that limits what it may support, such as POST-HOC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pv.model.contract import Expectation
from pv.model.measurement import Measurements
from pv.model.receipt import ControlResult, GuardResult


@dataclass(frozen=True, slots=True)
class Earlier:
    """A receipt that rests on the same claim, the same sources and the same model."""

    path: str
    measurements: Measurements
    environment: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether what is asked stood in git before the run."""

    commit: str | None
    """Since which limits, parameters and controls stand unchanged; None: not committed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that guards may look at after one run. What is None has no such thing."""

    measurements: Measurements
    expect: tuple[Expectation, ...] = ()
    controls: tuple[ControlResult, ...] | None = None
    """None for a companion: it has no planted faults and sets no verdict of its own."""
    again: Measurements | None = None
    """The second run with the same seeds."""
    again_failed: str = ""
    """How the second run ended where it did not measure."""
    earlier: tuple[Earlier, ...] | None = None
    """None where nobody looked for receipts."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    registration: Registration | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard with its page and its two examples."""

    name: str
    page: str
    """Title and parts, for `pv guard`."""
    check: Callable[[Seen], GuardResult]
    trips: Callable[[], tuple[str, Seen]]
    """What it must stop (or mark): a sentence, and the run."""
    leaves: Callable[[], tuple[str, Seen]]
    """A sound run that it leaves alone: a sentence, and the run."""


def stopped(result: GuardResult) -> bool:
    """Whether a guard did not leave a run alone."""
    return result.tripped or bool(result.mark)


def silent(name: str, reason: str) -> GuardResult:
    """Return the word of a guard that has nothing to look at."""
    return GuardResult(name, applies=False, tripped=False, reason=reason)
