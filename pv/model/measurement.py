"""What a harness returns: measurements that know what they were computed over.

A harness never returns pass or fail. Beside its metrics it returns evidence for the guards. Every
record here turns into plain JSON data and back without loss (`to_data`, `from_data`), because a
harness runs in a child process.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Number: TypeAlias = int | float
Value: TypeAlias = Number | tuple[Number, ...]


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


@dataclass(frozen=True, slots=True)
class Statistic:
    """One number with the name of its metric and its sample."""

    metric: str
    value: float
    sample: Sample


@dataclass(frozen=True, slots=True)
class Metric:
    """A named measurement for `expect` to judge: a number, or a list (one a layer, say)."""

    name: str
    value: Value
    unit: str
    sample: Sample


@dataclass(frozen=True, slots=True)
class Ratio:
    """A quotient of two statistics.

    Its value is a metric of the same name, refused when the sides are unlike.
    """

    name: str
    numerator: Statistic
    denominator: Statistic


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
        )


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}


def _sample(data: Mapping[str, Any]) -> Sample:
    return Sample(**_tuples(data))


def _statistic(data: Mapping[str, Any]) -> Statistic:
    return Statistic(data["metric"], data["value"], _sample(data["sample"]))


def _metric(data: Mapping[str, Any]) -> Metric:
    plain = _tuples(data)
    return Metric(plain["name"], plain["value"], plain["unit"], _sample(data["sample"]))
