"""What becomes of a test reference: exactly one class, with the reason and what was found."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pv.model.contract import Path as NodePath


class BindingClass(StrEnum):
    """The eleven ends of a reference; every reference has exactly one."""

    BOUND = "bound"
    """Names one test, target or file of tests that exists and that the command would run."""
    IGNORED = "ignored-by-default"
    """Exists, and the reference as written does not run it (`#[ignore]`, `skip`)."""
    DANGLING = "dangling"
    """Names something that is not there."""
    AMBIGUOUS = "ambiguous"
    """Fits several tests, or selects by a pattern instead of a name."""
    SHELL = "shell"
    """A command whose script, where it names one, exists; what it proves is not known here."""
    PLANNED = "planned"
    BLOCKED = "blocked"
    MANUAL = "manual"
    PROSE = "prose"
    """A sentence: nothing that could be run."""
    ABSENT = "absent"
    """Nothing is named at all."""
    EXTERNAL = "external"
    """Declared to stand in another repository, so not looked for here."""


FAILING = frozenset(
    {BindingClass.DANGLING, BindingClass.AMBIGUOUS, BindingClass.PROSE, BindingClass.ABSENT}
)
"""The classes that strict test binding does not accept."""


class Target(NamedTuple):
    """One test function that a reference leads to."""

    id: str
    """Exact and unique in the registry root: `package::target::module::function` or a node id."""
    file: str
    line: int


class Resolution(NamedTuple):
    """What became of one reference."""

    binding_class: BindingClass
    reference: str
    """The part of the text that was judged."""
    reason: str = ""
    """Why it is not bound, or what was found; no verdict of its own."""
    targets: tuple[Target, ...] = ()
    nearest: str = ""
    """The name of a real test that looks most like the one that is missing."""
    missing: str = ""
    """The word of the reference that `nearest` would stand in place of; empty where it is none."""


class Located(NamedTuple):
    """A resolution with the place in the contract it belongs to."""

    falsifier: str
    path: NodePath
    resolution: Resolution


class Refusal(NamedTuple):
    """Why a path is not opened."""

    reason: str


def bound(reference: str, targets: tuple[Target, ...], reason: str = "") -> Resolution:
    """Return a bound resolution; raises ValueError without a target, absence is never bound."""
    if not targets:
        raise ValueError(f"{reference}: bound needs at least one target")
    return Resolution(BindingClass.BOUND, reference, reason, targets)


def dangling(reference: str, reason: str, nearest: str = "", missing: str = "") -> Resolution:
    """Return a dangling resolution."""
    return Resolution(BindingClass.DANGLING, reference, reason, nearest=nearest, missing=missing)


def ambiguous(reference: str, reason: str, targets: tuple[Target, ...] = ()) -> Resolution:
    """Return an ambiguous resolution."""
    return Resolution(BindingClass.AMBIGUOUS, reference, reason, targets)


def ignored(reference: str, reason: str, targets: tuple[Target, ...]) -> Resolution:
    """Return a resolution for tests that exist and are not run as the reference is written."""
    return Resolution(BindingClass.IGNORED, reference, reason, targets)


def shown(root: Path, file: Path) -> str:
    """Return `file` as people know it: relative to the root, with forward slashes."""
    return file.relative_to(root).as_posix()
