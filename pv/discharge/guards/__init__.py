"""Methodology guards: what makes a number no answer, whatever its size.

Each guard looks at the evidence that a harness returned beside its metrics. One that trips turns
the verdict to INCONCLUSIVE, with the reason and the numbers behind it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pv.discharge.guards.conditioning import conditioning
from pv.discharge.guards.coupling import coupling
from pv.discharge.guards.like_with_like import like_with_like
from pv.discharge.guards.teeth import teeth
from pv.model.measurement import Measurements
from pv.model.receipt import ControlResult, GuardResult

GUARDS = ("like-with-like", "coupling", "conditioning", "teeth")
"""Names of all guards, in the order in which they are shown."""


def on_measurements(measurements: Measurements) -> tuple[GuardResult, ...]:
    """Return what the guards that need nothing but one run's measurements saw."""
    return (
        like_with_like(measurements.ratios),
        coupling(measurements.chains),
        conditioning(measurements.conditionings),
    )


def on_controls(controls: Sequence[ControlResult]) -> GuardResult:
    """Return what the guard over the planted faults saw."""
    return teeth(controls)
