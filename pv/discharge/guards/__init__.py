"""Methodology guards: what makes a number no answer, whatever its size.

Each guard looks at the evidence that a harness returned beside its metrics, and at how the run was
made. One that trips turns the verdict to INCONCLUSIVE, with the reason and the numbers behind it;
one that marks leaves the verdict and limits what it supports. Each is a module of this package
whose docstring is its page (`pv guard NAME`), with a run that it must stop and a sound one.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from pv.discharge.guards import (
    baseline,
    conditioning,
    coupling,
    determinism,
    environment,
    like_with_like,
    non_vacuity,
    null_model,
    power,
    precision,
    preregistration,
    teeth,
)
from pv.discharge.guards.interface import Guard, Seen
from pv.model.receipt import GuardResult


def _guard(module: ModuleType) -> Guard:
    page = module.__doc__ or ""
    return Guard(module.NAME, page, module.check, module.trips, module.leaves)


GUARDS: Final[tuple[Guard, ...]] = tuple(
    _guard(module)
    for module in (
        like_with_like,
        coupling,
        conditioning,
        baseline,
        null_model,
        power,
        precision,
        determinism,
        environment,
        teeth,
        non_vacuity,
        preregistration,
    )
)
"""All guards, in the order in which they are asked; the first that trips gives the headline."""


def look(seen: Seen) -> tuple[GuardResult, ...]:
    """Return what every guard has to say of a run, in their order."""
    return tuple(guard.check(seen) for guard in GUARDS)
