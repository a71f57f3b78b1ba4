"""What is to be run, and what came back: plain data on both sides of the process boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pv.errors import PvError
from pv.model.contract import Contract, Falsifier
from pv.model.measurement import Measurements
from pv.model.receipt import ModelIdentity
from pv.model.verdict import SIMULATOR, Level

GIB: Final = 1 << 30
SECONDS: Final = 120.0
"""Wall time that a falsifier has unless its contract or the user says otherwise."""
SOUND: Final = "sound"
"""Name of the step without a planted fault."""
AGAIN: Final = "again"
"""Name of the same step once more, from nothing, to see whether it repeats its bits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child process may use."""

    seconds: float = SECONDS
    """Wall time for the sound run, its controls and its companions together."""
    memory: int = 8 * GIB
    """Address space in bytes; the model's file size is added on top, and cuda has no limit."""
    output: int = 1 << 20
    """Bytes kept of what the harness prints; the rest is read and dropped."""
    flood: int = 64 << 20
    """Bytes of prints that end the run."""
    result: int = 64 << 20
    """Bytes that the measurements may take as JSON."""


@dataclass(frozen=True, slots=True)
class Job:
    """One falsifier on one model (or none) on one device."""

    contract: Contract
    falsifier: Falsifier
    root: Path
    level: Level
    device: str
    limits: Limits
    model: ModelIdentity | None = None
    model_path: Path | None = None
    live: bool = False
    """Whether live runs were asked for: tests that are ignored by default run then too."""
    alone: bool = False
    """Whether it measures time, so that no other job runs beside it."""
    why: str = ""
    """Why it runs: what is stale, or that there is no receipt; empty where nobody asked."""


class Ending(StrEnum):
    """How a step, or the child as a whole, came to its end."""

    MEASURED = "measured"
    MISSING = "missing"
    BAD_INPUT = "bad input"
    INVALID = "invalid measurement"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crash"
    TIMED_OUT = "timeout"
    NOTHING_RAN = "nothing ran"
    FLOODED = "output flood"


@dataclass(frozen=True, slots=True)
class Step:
    """The sound run, a control (`control:NAME`) or a companion (`beside:NAME`)."""

    name: str
    ending: Ending
    reason: str = ""
    measurements: Measurements | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Everything that came back from one child process."""

    steps: tuple[Step, ...]
    ending: Ending
    """MEASURED where the child ran to its end; else what ended it."""
    reason: str
    at: str
    """The step in which the child ended, or the last one."""
    sources: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    log: str = ""
    """What the harness printed, and the traceback of a crash."""
    lost: bool = False
    """Whether a process was lost (a signal, a code), so that another try may end otherwise."""
    retries: int = 0
    """How often it was lost before this."""

    def step(self, name: str) -> Step:
        """Return a step; one that never came back ended as the child did."""
        found = next((each for each in self.steps if each.name == name), None)
        if found is not None:
            return found
        if self.ending is Ending.MEASURED:
            return Step(name, Ending.CRASHED, "no result came back")
        place = "" if self.at == name else f" (in {self.at})"
        return Step(name, self.ending, f"{self.reason}{place}")


def one_line(error: PvError) -> str:
    """Return place, message and advice in one line, the advice set apart."""
    return " ".join(error.explain().replace("\n  do: ", " · do: ").split())


def control_step(name: str) -> str:
    """Return the step name of a control."""
    return f"control:{name}"


def companion_step(name: str) -> str:
    """Return the step name of a companion."""
    return f"beside:{name}"


def device_class(device: str) -> str:
    """Return the name under which a device is recorded; the simulator is never a device."""
    return SIMULATOR if device == "sim" else device
