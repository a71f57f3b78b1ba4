"""What a measurement of speed is: times, what they moved, and what they are set against.

A time says nothing without the rate of the memory in the same run, so a report carries both.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Timing:
    """How long one kernel took."""

    operation: str
    variant: str
    """Float order, or what else tells two timings of an operation apart."""
    best: float
    """Shortest time of a call, seconds."""
    median: float
    """Median time of a call, seconds."""
    size: int
    """Bytes of quantised weights that a call reads."""
    peer: float | None = None
    """Shortest time of ggml for the same work, seconds."""
    expected: float | None = None
    """Share of the ceiling that the roofline promises."""
    note: str = ""
    """Why a figure is absent."""

    @property
    def rate(self) -> float:
        """Return bytes of weights a second, at best."""
        return self.size / self.best

    @property
    def over_peer(self) -> float | None:
        """Return the speed in units of ggml's."""
        return None if self.peer is None else self.peer / self.best


@dataclass(frozen=True)
class Report:
    """One run: the machine, its ceiling, and every timing."""

    device: str
    """cpu or cuda."""
    machine: dict[str, Any]
    """Name and what else identifies it."""
    ceiling: str
    """What the shares are shares of."""
    ceiling_rate: float
    """Bytes a second."""
    rows: int
    columns: int
    rounds: int
    copies: int
    """Equal matrices at different addresses, taken in turn."""
    timings: tuple[Timing, ...]
    notes: tuple[str, ...] = ()

    def share(self, timing: Timing) -> float:
        """Return the rate of a timing as a share of the ceiling."""
        return timing.rate / self.ceiling_rate

    def share_of_roofline(self, timing: Timing) -> float | None:
        """Return how much of the promised share a timing reached, None where none is promised."""
        return None if timing.expected is None else self.share(timing) / timing.expected

    def to_data(self) -> dict[str, Any]:
        """Return the report as JSON data, derived figures beside the times they come from."""
        return {
            **asdict(self),
            "timings": [
                {
                    **asdict(each),
                    "bytes_per_second": each.rate,
                    "share_of_ceiling": self.share(each),
                    "share_of_roofline": self.share_of_roofline(each),
                    "over_ggml": each.over_peer,
                }
                for each in self.timings
            ],
        }


def timing(
    operation: str, variant: str, seconds: Sequence[float], size: int, **more: Any
) -> Timing:
    """Return the timing of calls that took `seconds` each."""
    return Timing(operation, variant, min(seconds), statistics.median(seconds), size, **more)
