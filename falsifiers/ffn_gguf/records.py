"""Short ways to write down what was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import (
    Baseline,
    Metric,
    Range,
    Sample,
    Side,
    Statistic,
    Value,
)

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
    depth: str = "",
    order: str = "",
) -> Sample:
    """Describe what a number was computed over; the number of elements follows from the shape."""
    return Sample(tokens, int(np.prod(shape)), shape, reduction, dtype, source, depth, order)


def metric(
    name: str, value: Any, unit: str, over: Sample, *, within: Range | None = None
) -> Metric:
    """Return a metric from a number, an array or a list, as plain Python numbers.

    `within` is where any value lies by its nature, whatever the code on trial does.
    """
    return Metric(name, _plain(value), unit, over, within)


def baseline(name: str, numerator: tuple[str, ...], denominator: tuple[str, ...]) -> Baseline:
    """Return what a metric divides by what: metric, fixture and, for a growth, depth of a side."""
    return Baseline(name, Side(*numerator), Side(*denominator))


def statistic(name: str, value: Any, over: Sample) -> Statistic:
    """Return one side of a ratio."""
    return Statistic(name, float(value), over)


def _plain(value: Any) -> Value:
    array = np.asarray(value)
    if array.ndim == 0:
        number: int | float = array.item()
        return int(number) if isinstance(number, bool) else number
    return tuple(array.tolist())
