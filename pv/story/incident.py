"""What an incident is: what happened, the commands that replay it, and who has to catch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

REGISTRIES: Final = Path(__file__).parent / "registries"
"""One small registry an incident, a folder of its name: contracts, and the harnesses they name."""


@dataclass(frozen=True, slots=True)
class Pv:
    """A step of a replay: `pv` with these words, in the registry of the incident."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """A step of a replay: everything that stands in the registry is committed."""

    message: str


@dataclass(frozen=True, slots=True)
class Catch:
    """Who catches an incident: a kind of catcher, by its name, in the last step."""

    kind: str
    """`guard`, `rule` or `verdict`."""
    name: str
    """Name of the guard, id of the rule, or the verdict."""
    says: str
    """Words that its message has to hold: caught for the right reason."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident."""

    name: str
    """Its folder in REGISTRIES."""
    title: str
    happened: str
    """What happened to the people who had no tool for it, in a sentence."""
    steps: tuple[Pv | Commit, ...]
    """The last one is a `Pv` that prints JSON; its report is looked at."""
    catch: Catch
    exit_code: int
    """What the last step has to exit with: never 0, where the incident is to stop a release."""
    model: str = ""
    """Name under which the demonstration model is offered to the steps; empty: none is needed."""
