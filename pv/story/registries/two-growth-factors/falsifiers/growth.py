"""Two factors of 1.81: layer 4 over layer 3 in one run, layer 27 over layer 0 in another."""

from __future__ import annotations

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Ratio, Sample, Statistic

CONTROLS = {"doubled": "one of the two factors is doubled"}


def both(run: Run) -> Measurements:
    """Divide the growth of 28 layers by the growth of 5 layers, as they were published."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    five, last = run.parameter("five"), run.parameter("last")
    short = _growth("relative error of layer 4 over layer 3", five[4] / five[3])
    long = _growth("relative error of layer 27 over layer 0", last / five[0])
    agreement = long.value / short.value * (2.0 if run.fault else 1.0)
    metric = Metric("agreement", agreement, "1", long.sample)
    return Measurements(metrics=(metric,), ratios=(Ratio("agreement", long, short),))


def _growth(name: str, value: float) -> Statistic:
    return Statistic(name, value, Sample("none", 2, (2,), "ratio", "float64", "published table"))
