"""The one reference of three that leads to something which runs."""

from __future__ import annotations

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"half_up": "ties are rounded up"}


def ties(run: Run) -> Measurements:
    """Count ties from 0.5 to 99.5 that do not go to the even neighbour."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    wrong = sum((int(n + 1) if run.fault else round(n + 0.5)) % 2 for n in range(100))
    over = Sample("none", 100, (100,), "count", "int64", "ties")
    return Measurements(metrics=(Metric("wrong_ties", wrong, "ties", over),))
