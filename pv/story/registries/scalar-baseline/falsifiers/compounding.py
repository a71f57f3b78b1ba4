"""The error of a vector at depth five, over the error of one dot product of another fixture."""

from __future__ import annotations

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Ratio, Sample, Statistic

CONTROLS = {"doubled": "the error at depth five is doubled"}


def growth(run: Run) -> Measurements:
    """Divide as it was published: an L2 norm over 256 elements by a single difference."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    deep = Sample("none", 256, (256,), "l2", "float32", "output at depth 5")
    alone = Sample("none", 1, (1,), "none", "float32", "one dot product")
    top = Statistic("relative error", run.parameter("depth_5") * (2.0 if run.fault else 1.0), deep)
    base = Statistic("relative error", run.parameter("one_product"), alone)
    metric = Metric("growth", top.value / base.value, "1", deep)
    return Measurements(metrics=(metric,), ratios=(Ratio("growth", top, base),))
