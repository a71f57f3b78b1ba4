"""What a harness receives and returns.

A harness is a module-level function `name(run: Run) -> Measurements`. It measures and never
judges: limits stand in the contract's `expect`. Its module names the planted faults it knows in
`CONTROLS`, and applies the one in `run.fault` by changing exactly one operation. What it asks of a
user's environment it names in `OUTSIDE`: variables that begin with PV_, and what each leads to, a
mapping written out. No other variable reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from pv.errors import UsageError
from pv.model.measurement import Measurements

T = TypeVar("T")
ANSWERED: Final = "answered from outside"
"""Key in `shared` of the programs that `Run.answered_by` named."""


@dataclass(frozen=True)
class Run:
    """One execution of a harness: the sound one, or one under a planted fault."""

    parameters: Mapping[str, Any]
    """From the contract; absent ones are an error, a harness has no defaults of its own."""
    device: str = "cpu"
    """`cpu`, `cuda` (a real device) or `sim` (the simulator, never reported as a device)."""
    model: Path | None = None
    """A model file already checked against the contract's digest; None on synthetic runs."""
    fault: str | None = None
    """Name of the planted fault, from the module's CONTROLS."""
    shared: dict[str, Any] = field(default_factory=dict, repr=False)
    """Kept between the sound run and its controls in one process, see `once`."""

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Return `make()`, computed once for the sound run and all its controls.

        Only for what no fault touches: inputs, weights, the reference side.
        """
        if key not in self.shared:
            self.shared[key] = make()
        value: T = self.shared[key]
        return value

    def answered_by(self, program: str, version: str) -> None:
        """Name a program of the user's whose answers were measured, for the receipt."""
        self.shared.setdefault(ANSWERED, {})[program] = {"version": version}

    def parameter(self, name: str) -> Any:
        """Return a parameter; raises UsageError naming it where the contract does not give it."""
        if name not in self.parameters:
            raise UsageError(
                f"parameter {name!r} is missing, expected it under `parameters` of the falsifier"
            )
        return self.parameters[name]


class Harness(Protocol):
    """The shape of a harness function."""

    def __call__(self, run: Run, /) -> Measurements:
        """Measure once."""
        ...


def unknown_fault(run: Run, controls: Mapping[str, str]) -> UsageError:
    """Return the error for a control that the harness does not know."""
    return UsageError(
        f"control {run.fault!r} is unknown, expected one of {', '.join(sorted(controls))}"
    )
