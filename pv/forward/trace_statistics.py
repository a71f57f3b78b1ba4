"""What is kept of an array inside a forward pass: statistics that know their sample.

Two of them can be set against each other only over one sample: dividing unlike ones raises.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.model.measurement import Sample, Statistic

Floats = NDArray[np.float32]
Tokens: TypeAlias = Literal["all", "last"]
"""Which tokens of a prompt a statistic is taken over."""

TOKENS: Final[tuple[Tokens, ...]] = ("all", "last")
REDUCTIONS: Final = ("mean", "std", "rms", "minimum", "maximum")
_HOW: Final = {"std": "std (population)"}


def selected(array: Floats, tokens: Tokens) -> Floats:
    """Return the array (tokens, ...) over the tokens asked for: all of it, or its last row.

    Raises UsageError for another selection.
    """
    if tokens not in TOKENS:
        raise UsageError(f"tokens {tokens!r}: expected one of {', '.join(TOKENS)}")
    return array if tokens == "all" else array[-1]


@dataclass(frozen=True, slots=True)
class Statistics:
    """One array of a forward pass in numbers, accumulated in float64."""

    layer: int | None
    """None behind the last layer."""
    point: str
    tokens: Tokens
    count: int
    """How many numbers went in."""
    shape: tuple[int, ...]
    mean: float
    std: float
    """Population standard deviation."""
    rms: float
    minimum: float
    maximum: float
    nonfinite: int = 0
    """How many of them are NaN or infinite; where there are any, the others are NaN."""

    @property
    def slot(self) -> str:
        """Name of the array: `blk.3.swiglu_inner`, `logits`."""
        return slot(self.layer, self.point)

    def statistic(self, reduction: str, source: str = "") -> Statistic:
        """Return one of REDUCTIONS with its sample, for a ratio that a guard looks at.

        Raises UsageError for another word.
        """
        if reduction not in REDUCTIONS:
            raise UsageError(f"{reduction!r}: expected one of {', '.join(REDUCTIONS)}")
        how = _HOW.get(reduction, reduction)
        sample = Sample(self.tokens, self.count, self.shape, how, "float64", source)
        return Statistic(f"{reduction} of {self.slot}", getattr(self, reduction), sample)

    def to_data(self) -> dict[str, Any]:
        """Return plain data for JSON; a number that is none becomes null."""
        numbers = {name: getattr(self, name) for name in REDUCTIONS}
        return {
            "layer": self.layer,
            "point": self.point,
            "tokens": self.tokens,
            "count": self.count,
            "shape": list(self.shape),
            **{name: one if math.isfinite(one) else None for name, one in numbers.items()},
            "nonfinite": self.nonfinite,
        }


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A slot that this model has no operation for: it has no numbers, and they are not zero."""

    layer: int | None
    point: str
    reason: str

    @property
    def slot(self) -> str:
        """Name of the array that is not there."""
        return slot(self.layer, self.point)

    def to_data(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        where = {"layer": self.layer, "point": self.point}
        return {**where, "not_applicable": self.reason}


def slot(layer: int | None, point: str) -> str:
    """Return the name under which an array is kept: `blk.3.swiglu_inner`, `logits`."""
    return point if layer is None else f"blk.{layer}.{point}"


def statistics_of(layer: int | None, point: str, tokens: Tokens, array: Floats) -> Statistics:
    """Return the statistics of an array (tokens, ...) over the tokens asked for."""
    values = selected(array, tokens)
    lost = int(values.size - np.isfinite(values).sum())
    if lost or not values.size:
        numbers = dict.fromkeys(REDUCTIONS, math.nan)
    else:
        wide = values.astype(np.float64)
        numbers = {
            "mean": float(wide.mean()),
            "std": float(wide.std()),
            "rms": float(np.sqrt(np.square(wide).mean())),
            "minimum": float(wide.min()),
            "maximum": float(wide.max()),
        }
    return Statistics(
        layer, point, tokens, int(values.size), values.shape, **numbers, nonfinite=lost
    )
