"""One activation, looked at by two engines: one reports all seven tokens, the other the last."""

from __future__ import annotations

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Measurements, Metric, Ratio, Sample, Statistic

CONTROLS = {"scale_times_3": "one engine multiplies by three"}


def ratio(run: Run) -> Measurements:
    """Divide the spread that one engine reports by the spread that the other reports."""
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    tokens, width = run.parameter("tokens"), run.parameter("width")
    values = np.random.default_rng(run.parameter("seed")).normal(size=(tokens, width))
    values[0] *= run.parameter("sink")  # the first token carries what attention does not want
    one = _spread(values * (3.0 if run.fault else 1.0), "all", "engine A")
    other = _spread(values[-1], "last", "engine B")
    metric = Metric("std_ratio", one.value / other.value, "1", one.sample)
    return Measurements(metrics=(metric,), ratios=(Ratio("std_ratio", one, other),))


def _spread(values: np.ndarray, tokens: str, source: str) -> Statistic:
    sample = Sample(tokens, values.size, values.shape, "std (population)", "float64", source)
    return Statistic("spread of layer 3", float(values.std()), sample)
