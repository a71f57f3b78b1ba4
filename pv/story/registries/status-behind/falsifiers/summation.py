"""A sound falsifier: it has run and held, and its contract still says that it is planned."""

from __future__ import annotations

import math

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"dropped_half": "the second half is left out at the top"}


def pairwise(run: Run) -> Measurements:
    """Measure the error of a pairwise sum over its bound."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    count = int(run.parameter("count"))
    values = np.random.default_rng(run.parameter("seed")).normal(size=count)
    parts = values[: count // 2] if run.fault else values
    while len(parts) > 1:
        parts = parts[0::2] + parts[1::2]
    error = abs(math.fsum([float(parts[0]), *(-values).tolist()]))
    bound = math.log2(count) * 2.0**-53 * math.fsum(np.abs(values).tolist())
    over = Sample("none", count, (count,), "sum", "float64", "normal deviates")
    return Measurements(
        metrics=(Metric("error_over_bound", error / bound, "1", over),),
        seeds={"values": run.parameter("seed")},
    )
