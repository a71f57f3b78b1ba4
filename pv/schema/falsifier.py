"""Falsifiers: what they ask, what runs, the limits, and the models that they accept."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from pv.schema.parts import Date, Device, Digest, Free, Number, Operator, Part, Quorum, Text, maybe
from pv.schema.rules import BINDING_RULES, EXPECTATION_RULES


class Expectation(Part):
    """A limit on one metric."""

    table = "expectation"
    rules: ClassVar = EXPECTATION_RULES
    metric: Text
    op: Operator
    value: Number | Annotated[list[Number], Field(min_length=1)] | Text | bool
    tolerance: Annotated[Number, Field(ge=0)] = maybe()
    unit: str = maybe()
    reason: str = maybe()


class Companion(Part):
    """A question run and shown beside a falsifier; it decides nothing."""

    table = "companion"
    name: Text
    harness: Text
    parameters: Free = maybe()
    expect: list[Expectation]


class Absence(Part):
    """Why nothing runs."""

    table = "absence"
    reason: Text
    since: Date = maybe()
    until: Date = maybe()
    by: str = maybe()


class Cargo(Part):
    """A test of a Rust package."""

    table = "cargo"
    package: Text
    target: str = maybe()
    filter: Text
    features: list[str] = maybe()
    ignored: bool = maybe()
    manifest: str = maybe()


class External(Part):
    """A test that stands in another repository."""

    table = "external"
    repository: Text
    reference: Text
    revision: str = maybe()


class Awaited(Part):
    """A number that comes from outside."""

    table = "awaited"
    source: Text
    reason: Text
    since: Date = maybe()
    until: Date = maybe()
    by: str = maybe()


class Success(Part):
    """What counts as success of a program: at least a check or a measure."""

    table = "success"
    exit: int = maybe()
    stdout: str = maybe()
    checks: Free = maybe()
    measures: Free = maybe()


class Command(Part):
    """A program with its arguments, run without a shell."""

    table = "command"
    argv: list[str]
    success: Success = maybe()
    timeout_seconds: Number = maybe()


class Derived(Part):
    """How a model is made from another."""

    table = "derived"
    recipe: Text
    version: int | str = maybe()
    sha256: Digest = maybe()


class Model(Part):
    """A model that a live falsifier accepts."""

    table = "model"
    name: Text
    architecture: Text
    sha256: Digest
    derived: Derived = maybe()
    note: str = maybe()


class Demand(Part):
    """The models that a live falsifier asks for."""

    table = "models"
    quorum: Quorum = maybe()
    accept: list[Model]
    require: Free = maybe()


class Falsifier(Part):
    """A test that could prove a claim wrong."""

    table = "falsifier"
    rules: ClassVar = BINDING_RULES
    id: Text
    rule: Text
    prediction: Text
    if_fails: Text
    harness: str = maybe()
    pytest: str = maybe()
    cargo: str | Cargo = maybe()
    command: Command | list[str] | str = maybe()
    planned: Absence = maybe()
    blocked: Absence = maybe()
    manual: Absence = maybe()
    external: External = maybe()
    awaits: Awaited = maybe()
    parameters: Free = maybe()
    expect: list[Expectation] = maybe()
    controls: list[str] = maybe()
    green_controls: list[str] = maybe()
    beside: list[Companion] = maybe()
    models: Demand = maybe()
    device: Device = maybe()
    decides: dict[str, dict[str, str]] = maybe()
    unblocks: list[str] = maybe()
    proxy_for: list[str] = maybe()
    blocking: bool = maybe()
    status: str = maybe()
    evidence: str | list[Any] | Free = maybe()
    note: str = maybe()
    timeout_seconds: Number = maybe()
    test: str = maybe()
