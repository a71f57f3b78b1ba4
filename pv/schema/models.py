"""The contract language as pydantic models, one for each kind of mapping.

The wording of each key stands in the key tables of `pv.yamlfile` and is put into the schema from
there; the models say what may stand under it, and `rules` what holds between keys.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from pv.schema.falsifier import Falsifier
from pv.schema.parts import (
    Date,
    Free,
    Kind,
    Number,
    ObligationType,
    Part,
    Period,
    Text,
    maybe,
)
from pv.schema.rules import KIND_RULES
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
