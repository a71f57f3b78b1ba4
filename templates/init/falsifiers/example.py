"""An example to replace: a harness measures, the contract judges."""

from __future__ import annotations

import math
import random
import struct

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {
    "dropped_term": "the last term is left out",
    "single_precision": "every partial sum is rounded to 32 bits",
}


def running_sum(run: Run) -> Measurements:
    """Measure the error of a running sum against the exact one, over its a-priori bound."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    count, seed = int(run.parameter("count")), int(run.parameter("seed"))
    source = random.Random(seed)  # noqa: S311 - repeatable numbers, no secrets
    values = [source.uniform(-1.0, 1.0) * 10.0 ** source.randint(-6, 6) for _ in range(count)]

    error = abs(math.fsum([_running(values, run.fault), *(-value for value in values)]))
    steps = (count - 1) * 2.0**-53
    bound = steps / (1.0 - steps) * math.fsum(map(abs, values))
    over = Sample("none", count, (count,), "sum", "float64", "mixed signs and sizes")
    return Measurements(
        metrics=(Metric("error_over_bound", error / bound, "1", over),), seeds={"values": seed}
    )


def _running(values: list[float], fault: str | None) -> float:
    """Return the sum taken from left to right, or with the planted fault."""
    total = 0.0
    for value in values[:-1] if fault == "dropped_term" else values:
        total += value
        if fault == "single_precision":
            (total,) = struct.unpack("f", struct.pack("f", total))
    return total
