"""The closed vocabularies: verdicts of runs, states of falsifiers, answers about hypotheses."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What one run of one falsifier came to."""

    HELD = "HELD"
    """Every expectation met, every control red, no guard tripped."""
    REFUTED = "REFUTED"
    """An expectation not met, no guard tripped."""
    INCONCLUSIVE = "INCONCLUSIVE"
    """A guard tripped, or a control stayed green."""
    SKIPPED = "SKIPPED"
    """Asked for and not possible: model, device, data or tool missing."""
    ERROR = "ERROR"
    """The harness failed; see `Cause`."""
    TIMEOUT = "TIMEOUT"
    """The time limit ended it."""
    NOT_RUN = "NOT_RUN"
    """Not asked for in this run."""


WITH_RECEIPT = frozenset({Verdict.HELD, Verdict.REFUTED, Verdict.INCONCLUSIVE})
"""The verdicts that are recorded; the others are absences and leave nothing behind."""


class Cause(StrEnum):
    """Why a run ended in ERROR."""

    CRASH = "crash"
    OUT_OF_MEMORY = "out of memory"
    BAD_INPUT = "bad input"
    INVALID_MEASUREMENT = "invalid measurement"
    NOTHING_RAN = "nothing ran"
    """No test was seen to run."""
    OUTPUT_FLOOD = "output flood"


class Level(StrEnum):
    """What a run was made on."""

    SYNTHETIC = "SYNTHETIC"
    LIVE = "LIVE"
    """A real model, its hash recorded."""
    FOREIGN = "FOREIGN"
    """Made elsewhere and entered with its source: nothing ran here, so it never discharges."""


SIMULATOR = "cuda-simulator"
"""The device that a run on the simulator records: never a device, and never a discharge."""


class State(StrEnum):
    """The discharge state of a falsifier, always derived, never typed."""

    PROPOSED = "PROPOSED"
    PLANNED = "PLANNED"
    BOUND = "BOUND"
    PARTIAL_ALGORITHM_LEVEL = "PARTIAL_ALGORITHM_LEVEL"
    DISCHARGED = "DISCHARGED"
    INCONCLUSIVE = "INCONCLUSIVE"
    REFUTED = "REFUTED"
    STALE = "STALE"
    BLOCKED = "BLOCKED"
    MANUAL = "MANUAL"


class HypothesisVerdict(StrEnum):
    """The answer about a hypothesis: its own axis, apart from the discharge state."""

    UNTESTED = "UNTESTED"
    CONFIRMED = "CONFIRMED"
    PARTIALLY_CONFIRMED = "PARTIALLY_CONFIRMED"
    NOT_CONFIRMED = "NOT_CONFIRMED"
    FALSIFIED = "FALSIFIED"
    SUPERSEDED = "SUPERSEDED"


class Severity(StrEnum):
    """How much a finding weighs: only errors fail a command, warnings under `--strict`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
