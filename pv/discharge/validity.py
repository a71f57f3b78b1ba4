"""Whether measurements are usable at all, before anything is compared."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence

from pv.compare import first_not_finite
from pv.model.measurement import Measurements, Ratio, UnlikeStatisticsError, Value


def faults(measurements: Measurements) -> tuple[str, ...]:
    """Return what is wrong with measurements: not finite, of unequal lengths, named twice."""
    return (
        *_metric_faults(measurements),
        *_ratio_faults(measurements),
        *_guard_evidence_faults(measurements),
        *_series_faults(measurements),
        *_seed_faults(measurements),
    )


def values(measurements: Measurements) -> dict[str, Value]:
    """Return what an expectation can name: metrics, and quotients of like statistics.

    The quotient of unlike statistics is never computed, and no metric can stand in for it.
    """
    found: dict[str, Value] = {metric.name: metric.value for metric in measurements.metrics}
    for ratio in measurements.ratios:
        found.pop(ratio.name, None)
        with contextlib.suppress(UnlikeStatisticsError):
            found[ratio.name] = ratio.numerator / ratio.denominator
    return found


def refused(measurements: Measurements) -> frozenset[str]:
    """Return the names of ratios whose sides are unlike."""
    ratios = measurements.ratios
    return frozenset(each.name for each in ratios if each.numerator.unlike(each.denominator))


def _metric_faults(measurements: Measurements) -> Iterator[str]:
    if not measurements.metrics and not measurements.ratios:
        yield "nothing was measured"
    counted = Counter(metric.name for metric in measurements.metrics)
    yield from (
        f"metric {name} is given {count} times" for name, count in counted.items() if count > 1
    )
    for metric in measurements.metrics:
        yield from _not_finite(f"metric {metric.name}", metric.value)


def _ratio_faults(measurements: Measurements) -> Iterator[str]:
    for ratio in measurements.ratios:
        yield from _one_ratio(ratio)


def _one_ratio(ratio: Ratio) -> Iterator[str]:
    sides = (ratio.numerator.value, ratio.denominator.value)
    bad = tuple(_not_finite(f"ratio {ratio.name}", sides))
    yield from bad
    if not bad and not sides[1]:
        yield f"ratio {ratio.name} has a denominator of 0"


def _guard_evidence_faults(measurements: Measurements) -> Iterator[str]:
    for chain in measurements.chains:
        columns = (chain.coupled, chain.unchained, chain.shuffled, chain.bound)
        yield from _columns(f"chain {chain.name}", columns)
    for record in measurements.conditionings:
        sides = (record.difference, record.denominator, record.scale)
        yield from _columns(f"conditioning {record.name}", sides)
    for each in measurements.rechecks:
        yield from _columns(f"recheck {each.name}", (each.found, each.exact, each.bound))
    for interval in measurements.intervals:
        yield from _not_finite(f"interval of {interval.metric}", interval.low)
        yield from _not_finite(f"interval of {interval.metric}", interval.high)
    for null in measurements.nulls:
        yield from _not_finite(f"null of {null.metric}", null.value)


def _series_faults(measurements: Measurements) -> Iterator[str]:
    for series in measurements.series:
        band = tuple(side for side in (series.low, series.high) if side)
        yield from _columns(f"series {series.name}", (series.x, series.y, *band))


def _seed_faults(measurements: Measurements) -> Iterator[str]:
    for name, seed in measurements.seeds.items():
        if isinstance(seed, bool) or not isinstance(seed, int):
            yield f"seed {name} is {seed!r}, expected an integer"


def _columns(name: str, columns: Sequence[Sequence[float]]) -> Iterator[str]:
    lengths = {len(column) for column in columns}
    if len(lengths) > 1 or 0 in lengths:
        found = ", ".join(str(len(column)) for column in columns)
        yield f"{name}: expected columns of one length above 0, found {found}"
    for column in columns:
        yield from _not_finite(name, tuple(column))


def _not_finite(name: str, value: object) -> Iterator[str]:
    index = first_not_finite(value)
    if index is None:
        return
    element = value[index] if isinstance(value, tuple | list) else value
    place = f" at [{index}]" if isinstance(value, tuple | list) else ""
    yield f"{name}{place} is {element!r}, expected a finite number"
