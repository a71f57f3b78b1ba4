"""The record of one run: what was judged, on what, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pv.model.measurement import Measurements, Value
from pv.model.verdict import Cause, Level, Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """A measured value against its limit. Met only if shown to be within: NaN never is."""

    metric: str
    op: str
    limit: Any
    tolerance: float | None
    value: Value | None
    """None where the harness did not measure it."""
    met: bool
    worst: float | None
    """The element that is farthest beyond, or closest to, the limit."""
    index: int | None
    """Where the worst element stands in a list-valued metric."""
    reason: str
    """Why the limit is what it is, from the contract."""
    note: str = ""
    """Why it is not met where size is not the matter: not finite, lengths differ, not measured."""


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What a methodology guard saw; `applies` is False where it had nothing to look at."""

    guard: str
    applies: bool
    tripped: bool
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    mark: str = ""
    """A word that goes with the verdict and limits what it supports: POST-HOC, SIMULATOR."""


@dataclass(frozen=True, slots=True)
class ControlResult:
    """A planted fault through the same expectations: `red` if at least one of them was not met."""

    name: str
    expected_red: bool
    red: bool
    finite: bool
    comparisons: tuple[Comparison, ...]
    note: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether the control did what it is there to show."""
        return self.finite and self.red == self.expected_red


@dataclass(frozen=True, slots=True)
class CompanionResult:
    """The outcome of a question run beside a falsifier."""

    name: str
    verdict: Verdict
    headline: str
    comparisons: tuple[Comparison, ...]
    guards: tuple[GuardResult, ...]
    measurements: Measurements | None


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The model of a live run."""

    name: str
    sha256: str
    derived: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One falsifier after one run (or after the decision not to run it)."""

    falsifier: str
    contract: str
    verdict: Verdict
    level: Level
    headline: str
    """The deciding number against its limit, or the reason of an absence."""
    device: str
    model: ModelIdentity | None = None
    cause: Cause | None = None
    comparisons: tuple[Comparison, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    controls: tuple[ControlResult, ...] = ()
    companions: tuple[CompanionResult, ...] = ()
    measurements: Measurements | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    """Project path to sha256 of every source of the project that the run imported."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    command: tuple[str, ...] = ()
    """The command that repeats it."""
    receipt: str | None = None
    """Path of the receipt where one was written."""
    log: str | None = None
    retries: int = 0
    """How often its process was lost and started again before this."""
    reused: bool = False
    """Not run: a fresh receipt says this already."""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A stored receipt as the derivation of states sees it."""

    id: str
    """First 16 hex digits of its digest."""
    path: str
    falsifier: str
    verdict: Verdict
    level: Level
    model: ModelIdentity | None
    post_hoc: bool
    stale: tuple[str, ...]
    """Names of the subjects whose hash moved; empty means fresh."""
    local: bool
    """From `.pv/receipts`, not part of the registry."""
    statement: Mapping[str, Any] = field(repr=False)
    until: str = ""
    """Last day (YYYY-MM-DD) on which it counts; empty where it has no shelf life."""
