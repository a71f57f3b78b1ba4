"""What a harness returns: measurements that know what they were computed over.

A harness never returns pass or fail. Beside its metrics it returns evidence for the guards. Every
record here turns into plain JSON data and back without loss (`to_data`, `from_data`), because a
harness runs in a child process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pv.errors import BadInputError

Number: TypeAlias = int | float
Value: TypeAlias = Number | tuple[Number, ...]
Range: TypeAlias = tuple[Number | None, Number | None]
"""Least and largest value that something can take by its nature; None: no end on that side."""

SAMPLE_FIELDS: Final = ("tokens", "elements", "shape", "reduction", "dtype")
"""What two samples must agree in. Source and depth may differ: they are what is compared."""


class UnlikeStatisticsError(BadInputError):
    """Two statistics were set against each other that are not of one metric and one sample."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a number was computed over.

    Two statistics may be set against each other only where these agree.
    """

    tokens: str
    """Token selection: `none`, `all`, `last`, `all but first`, or a list in words."""
    elements: int
    """How many numbers went in."""
    shape: tuple[int, ...]
    """Shape of the array that was reduced."""
    reduction: str
    """How it was reduced: `none`, `l2`, `std (population)`, `median`, …"""
    dtype: str
    """Type in which it was accumulated, as NumPy names it."""
    source: str = ""
    """The tensor, slot or fixture it came from."""
    depth: str = ""
    """How far down a network or a chain of steps, where that is what a growth compares."""
    order: str = ""
    """The order of accumulation, where rounding makes it part of the number."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number with the name of its metric and its sample."""

    metric: str
    value: float
    sample: Sample

    def unlike(self, other: Statistic) -> dict[str, tuple[object, object]]:
        """Return what makes two statistics unlike: name of the property to both values."""
        found: dict[str, tuple[object, object]] = {}
        if self.metric != other.metric:
            found["metric"] = (self.metric, other.metric)
        for name in SAMPLE_FIELDS:
            values = getattr(self.sample, name), getattr(other.sample, name)
            if values[0] != values[1]:
                found[name] = values
        return found

    def __truediv__(self, other: Statistic) -> float:
        """Return the quotient of the values.

        Raises UnlikeStatisticsError where metric or sample differ: there is no such number.
        """
        found = self.unlike(other)
        if found:
            raise UnlikeStatisticsError(
                f"{self.metric} over {other.metric} is no number: {_told(found)}",
                advice="compute both sides over the same tokens and elements, reduced alike",
            )
        return self.value / other.value


def _told(unlike: Mapping[str, tuple[object, object]]) -> str:
    return ", ".join(f"{name} {one} against {other}" for name, (one, other) in unlike.items())


@dataclass(frozen=True, slots=True)
class Metric:
    """A named measurement for `expect` to judge: a number, or a list (one a layer, say)."""

    name: str
    value: Value
    unit: str
    sample: Sample
    range: Range | None = None
    """Where any value must lie, whatever the code on trial does; None: not declared."""
    across: float | None = None
    """Largest relative difference between devices that rounding explains; None: not compared."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient of two statistics.

    Its value is a metric of the same name, refused when the sides are unlike.
    """

    name: str
    numerator: Statistic
    denominator: Statistic


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a growth or a ratio that is no quotient of two statistics, in words."""

    metric: str
    fixture: str
    depth: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the metric of this name divides by what; a median of quotients, or a fitted slope."""

    metric: str
    numerator: Side
    denominator: Side


@dataclass(frozen=True, slots=True)
class Interval:
    """The interval of a metric over what it was sampled from, for the power guard."""

    metric: str
    low: Value
    high: Value
    """Of the same shape as the metric: one interval a layer, say."""
    units: str
    """What was drawn again: rows, super-blocks, prompts, …; they must be independent."""
    count: int
    """How many of them there are."""
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Null:
    """The value that a metric has where nothing happens, for the null-model guard."""

    metric: str
    value: float
    model: str
    """What the null model assumes, in words."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """The worst elements computed again in float64, for the precision guard."""

    name: str
    dtype: str
    """Type of the first computation."""
    order: str
    """Its order of accumulation."""
    found: tuple[float, ...]
    exact: tuple[float, ...]
    bound: tuple[float, ...]
    """Largest difference that rounding in `dtype` explains, a priori."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A series that claims to be a chain, with its controls, for the coupling guard.

    Where every `|coupled - unchained|` is within `bound` nothing is carried and it is no chain.
    """

    name: str
    coupled: tuple[float, ...]
    unchained: tuple[float, ...]
    shuffled: tuple[float, ...]
    """The chain run in shuffled order, put back into the order of `coupled`."""
    bound: tuple[float, ...]
    """Largest difference from `unchained` that the recipe explains without any coupling."""


@dataclass(frozen=True, slots=True)
class Conditioning:
    """A relative difference with what it was divided by, for the conditioning guard.

    All in one unit: `difference` is |A - B|, `denominator` is |A|, `scale` is the sum of |x||w|.
    """

    name: str
    difference: tuple[float, ...]
    denominator: tuple[float, ...]
    scale: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Arrays behind a plot or a table: one `y` (and optionally a band) for each `x`."""

    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurements:
    """Everything that one run of one harness found."""

    metrics: tuple[Metric, ...]
    ratios: tuple[Ratio, ...] = ()
    chains: tuple[Chain, ...] = ()
    conditionings: tuple[Conditioning, ...] = ()
    series: tuple[Series, ...] = ()
    notes: tuple[str, ...] = ()
    """Facts a reader needs beside the numbers; never a judgement."""
    seeds: Mapping[str, int] = field(default_factory=dict)
    baselines: tuple[Baseline, ...] = ()
    intervals: tuple[Interval, ...] = ()
    nulls: tuple[Null, ...] = ()
    rechecks: tuple[Recheck, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Measurements:
        """Rebuild from `to_data()`, also after a trip through JSON.

        Raises KeyError or TypeError when the data is not what `to_data` wrote.
        """
        return cls(
            metrics=tuple(_metric(each) for each in data["metrics"]),
            ratios=tuple(
                Ratio(each["name"], _statistic(each["numerator"]), _statistic(each["denominator"]))
                for each in data["ratios"]
            ),
            chains=tuple(Chain(**_tuples(each)) for each in data["chains"]),
            conditionings=tuple(Conditioning(**_tuples(each)) for each in data["conditionings"]),
            series=tuple(Series(**_tuples(each)) for each in data["series"]),
            notes=tuple(data["notes"]),
            seeds=dict(data["seeds"]),
            baselines=tuple(_baseline(each) for each in data.get("baselines", ())),
            intervals=tuple(Interval(**_tuples(each)) for each in data.get("intervals", ())),
            nulls=tuple(Null(**each) for each in data.get("nulls", ())),
            rechecks=tuple(Recheck(**_tuples(each)) for each in data.get("rechecks", ())),
        )


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def _sample(data: Mapping[str, Any]) -> Sample:
    return Sample(**_tuples(data))


def _statistic(data: Mapping[str, Any]) -> Statistic:
    return Statistic(data["metric"], data["value"], _sample(data["sample"]))


def _baseline(data: Mapping[str, Any]) -> Baseline:
    return Baseline(data["metric"], Side(**data["numerator"]), Side(**data["denominator"]))


def _metric(data: Mapping[str, Any]) -> Metric:
    return Metric(**{**_tuples(data), "sample": _sample(data["sample"])})
