"""The contract language as pydantic models, one for each kind of mapping.

The wording of each key stands in the key tables of `pv.yamlfile` and is put into the schema from
there; the models say what may stand under it, and `rules` what holds between keys.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from pv.schema.parts import (
    Date,
    Device,
    Digest,
    Free,
    Kind,
    Number,
    ObligationType,
    Operator,
    Part,
    Period,
    Quorum,
    Text,
    maybe,
)
from pv.schema.rules import BINDING_RULES, EXPECTATION_RULES, KIND_RULES
from pv.schema.ship import ShipModel


class Reference(Part):
    """Where a claim comes from."""

    table = "reference"
    rules: ClassVar = {"minProperties": 1}
    section: str = maybe()
    document: str = maybe()
    pull_request: int | str = maybe()
    issue: int | str = maybe()
    file: str = maybe()
    paper: str = maybe()
    url: str = maybe()
    commit: str = maybe()
    note: str = maybe()


class Metadata(Part):
    """Name, version, kind and claimed status."""

    table = "metadata"
    id: str = maybe()
    version: Text
    created: Date = maybe()
    updated: Date = maybe()
    author: str = maybe()
    kind: Kind = maybe()
    status: str = maybe()
    description: Text
    references: Annotated[list[str | Reference], Field(min_length=1)]
    depends_on: list[str] = maybe()
    shelf_life: Period = maybe()
    registry: bool = maybe()
    enforcement_level: str = maybe()
    locked_level: str = maybe()


class Change(Part):
    """One version of the contract."""

    table = "change"
    version: Text
    date: Date = maybe()
    changes: list[str]


class Tolerance(Part):
    """How far off still counts, and why."""

    table = "tolerance"
    value: Number
    reason: str = maybe()
    unit: str = maybe()


class Equation(Part):
    """A formula that the contract states."""

    table = "equation"
    formula: Text
    domain: str = maybe()
    codomain: str = maybe()
    invariants: list[str] = maybe()
    preconditions: list[str] = maybe()
    postconditions: list[str] = maybe()
    description: str = maybe()
    where: list[str] | str | Free = maybe()
    note: str = maybe()
    tolerance: Number | Tolerance | str = maybe()
    lean_theorem: str = maybe()
    float_tolerance: Number | Free | str = maybe()
    assumes: Free | list[Any] = maybe()
    guarantees: Free | list[Any] = maybe()


class Obligation(Part):
    """What must be shown for the contract to hold."""

    table = "obligation"
    id: str = maybe()
    type: ObligationType = maybe()
    property: Text
    formal: str = maybe()
    tolerance: Number | Tolerance = maybe()
    applies_to: str | list[str] = maybe()
    lean: Free = maybe()
    requires: str | list[str] = maybe()
    applies_to_phase: str = maybe()
    parent_contract: str = maybe()
    na_reason: str = maybe()
    na_owner: str = maybe()


class Hypothesis(Part):
    """A claim about a cause."""

    table = "hypothesis"
    id: Text
    claim: Text
    verdict: str = maybe()
    note: str = maybe()


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


class Tombstone(Part):
    """A falsifier that was taken out."""

    table = "tombstone"
    id: Text
    reason: Text
    since: str = maybe()


class Stage(Part):
    """A milestone, as far as its gates."""

    table = "stage"
    id: Text
    title: str = maybe()
    status: str = maybe()
    gates: list[str] = maybe()
    note: str = maybe()


class Lesson(Part):
    """What an incident taught."""

    table = "lesson"
    id: Text
    text: Text
    incident: str = maybe()
    guard: str = maybe()
    test: str = maybe()


class Kani(Part):
    """A bounded proof."""

    table = "kani"
    id: Text
    obligation: Text
    property: str = maybe()
    bound: int | str = maybe()
    strategy: str = maybe()
    solver: str = maybe()
    harness: str = maybe()
    actually_verified: bool = maybe()


class Gate(Part):
    """Conditions that are evaluated, not quoted."""

    table = "gate"
    id: str = maybe()
    name: str = maybe()
    description: str = maybe()
    checks: list[str] = maybe()
    pass_criteria: str | list[str] = maybe()
    falsification: str | list[str] = maybe()


class Summary(Part):
    """Counts, checked against the lists."""

    table = "summary"
    total_obligations: int = maybe()
    total_falsifiers: int = maybe()
    l2_property_tested: int = maybe()
    l3_kani_proved: int = maybe()
    l4_lean_proved: int = maybe()
    l4_sorry_count: int = maybe()
    l4_not_applicable: int = maybe()
    proven: int = maybe()
    tested: int = maybe()
    discharged: int = maybe()
    target_level: str = maybe()
    current_level: str = maybe()
    status: str = maybe()
    notes: str = maybe()


class Phase(Part):
    """A phase of a kernel."""

    table = "phase"
    name: Text
    description: str = maybe()
    invariant: str = maybe()
    note: str = maybe()


class Structure(Part):
    """The phases of a kernel."""

    table = "structure"
    phases: list[Phase]


class Enforcement(Part):
    """A rule and what enforces it."""

    table = "enforcement"
    description: str = maybe()
    check: str = maybe()
    severity: str = maybe()
    reference: str = maybe()


class Contract(Part):
    """A contract file."""

    table = "contract"
    rules: ClassVar = KIND_RULES
    metadata: Metadata
    changelog: list[Change] = maybe()
    equations: dict[str, Equation] = maybe()
    proof_obligations: list[Obligation] = maybe()
    hypotheses: list[Hypothesis] = maybe()
    falsification_tests: list[Falsifier] = maybe()
    tombstones: list[Tombstone] = maybe()
    stages: list[Stage] = maybe()
    lessons: list[Lesson] = maybe()
    models: list[ShipModel] = maybe()
    qa_gate: Gate = maybe()
    kani_harnesses: list[Kani] = maybe()
    verification_summary: Summary = maybe()
    kernel_structure: Structure = maybe()
    simd_dispatch: Free = maybe()
    enforcement: dict[str, Enforcement | str] | str = maybe()
    type_invariants: Free | list[Any] = maybe()
