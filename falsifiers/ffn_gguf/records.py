"""Short ways to write down what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import Metric, Sample, Statistic, Value

PERCENT = "%"
BITS = "float32 bits"
COUNT = "count"
RATIO = "1"


def known_fault(run: Run, controls: dict[str, str]) -> str | None:
    """Return the planted fault of a run, None for the sound one.

    Raises:
        UsageError: the harness does not know it.
    """
    if run.fault is not None and run.fault not in controls:
        raise unknown_fault(run, controls)
    return run.fault


def sample(
    source: str,
    shape: tuple[int, ...],
    reduction: str,
    *,
    tokens: str = "none",
    dtype: str = "float32",
) -> Sample:
    """Describe what a number was computed over; the number of elements follows from the shape."""
    return Sample(tokens, int(np.prod(shape)), shape, reduction, dtype, source)


def metric(name: str, value: Any, unit: str, over: Sample) -> Metric:
    """Return a metric from a number, an array or a list, as plain Python numbers."""
    return Metric(name, _plain(value), unit, over)


def statistic(name: str, value: Any, over: Sample) -> Statistic:
    """Return one side of a ratio."""
    return Statistic(name, float(value), over)


def _plain(value: Any) -> Value:
    array = np.asarray(value)
    if array.ndim == 0:
        number: int | float = array.item()
        return int(number) if isinstance(number, bool) else number
    return tuple(array.tolist())
