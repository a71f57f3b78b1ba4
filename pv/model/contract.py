"""A contract as read from one file: frozen records, each knowing the path where it stands.

A `Path` names a place in the document: `("falsification_tests", 3, "expect", 0, "value")`.
`Contract.span(path)` turns it into file, line and column. What a file leaves out is None or empty,
never a default that could be taken for a statement of its author.

Named tuples are declared in a fifth of the time that dataclasses take, and every start pays for
it; the two records that others extend are dataclasses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from pv.marks import Span

Path: TypeAlias = tuple[str | int, ...]
ID_PREFIX: Final = "FALSIFY-"
_NOTHING: Final[Mapping[str, Any]] = {}


def short_id(falsifier: str) -> str:
    """Return the short form of a falsifier id, as people read it and commands take it."""
    return falsifier.removeprefix(ID_PREFIX)


class Dialect(StrEnum):
    """The families of contract files that exist; each has a reader."""

    PV = "pv"
    """`metadata` and at least one contract list: the target form, ours included."""
    WORK = "work"
    """Generated work contracts: `name` and `surface`, no `metadata`."""
    MODEL_FAMILY = "model-family"
    BINDING = "binding"
    LEGACY = "legacy"
    """`falsification`, `falsification_conditions`, or gates without `falsification_tests`."""
    KAIZEN = "kaizen"
    SHIP = "ship"
    OTHER = "other"
    """A mapping that no reader claims; its keys are reported."""


class BindingKind(StrEnum):
    """How a falsifier says what runs.

    TEXT is what other teams wrote: classified later, never by a shell.
    """

    HARNESS = "harness"
    PYTEST = "pytest"
    CARGO = "cargo"
    COMMAND = "command"
    PLANNED = "planned"
    BLOCKED = "blocked"
    MANUAL = "manual"
    EXTERNAL = "external"
    """The test stands in another repository: nothing of it is looked for or run here."""
    AWAITS = "awaits"
    """A number from outside, entered by `pv measure` with its source: nothing runs here."""
    TEXT = "text"
    ABSENT = "absent"


class Binding(NamedTuple):
    """What a falsifier names as its test."""

    kind: BindingKind
    text: str
    """The reference as written; for a command its arguments joined for display."""
    path: Path
    argv: tuple[str, ...] = ()
    """The arguments of a `command` that was given as a list."""
    reason: str = ""
    """Of planned, blocked and manual: why."""
    details: Mapping[str, Any] = _NOTHING
    """The remaining keys: package, target, success, since, until, by, …"""


class Expectation(NamedTuple):
    """A limit on one metric.

    `op` is one of `<=`, `<`, `>=`, `>`, `==` (exact), `within` (value: [low, high], inclusive) and
    `near` (absolute `tolerance` around `value`). Against a list-valued metric a scalar limit
    holds for every element; a list of limits holds element by element, and both have one length.
    """

    metric: str
    op: str
    value: Any
    reason: str
    path: Path
    tolerance: float | None = None
    unit: str = ""
    """Unit of the metric, where the contract says it: a number in another one is not compared."""


class ModelReference(NamedTuple):
    """A model that a live falsifier accepts, by digest; `unrecorded` accepts nothing."""

    name: str
    architecture: str
    sha256: str
    path: Path
    derived: Mapping[str, Any] = _NOTHING

    @property
    def recorded(self) -> bool:
        """Whether a digest is on record, so that a file can be accepted at all."""
        return len(self.sha256) == 64


class ModelDemand(NamedTuple):
    """The models that a live falsifier asks for."""

    accept: tuple[ModelReference, ...]
    quorum: str
    """`all` or `any` of the accepted models must be DISCHARGED for the falsifier to be."""
    require: Mapping[str, Any]
    """Tensor glob, type and count that the file must hold."""
    path: Path


class Companion(NamedTuple):
    """A question run beside a falsifier and shown with it; it sets neither exit code nor state."""

    name: str
    harness: str
    parameters: Mapping[str, Any]
    expect: tuple[Expectation, ...]
    path: Path


class Falsifier(NamedTuple):
    """A test that could prove a claim wrong."""

    id: str
    path: Path
    rule: str
    prediction: str
    binding: Binding
    if_fails: str = ""
    parameters: Mapping[str, Any] = _NOTHING
    expect: tuple[Expectation, ...] = ()
    controls: tuple[str, ...] = ()
    """Planted faults that must turn the falsifier red, through the same `expect`."""
    green_controls: tuple[str, ...] = ()
    """Planted changes that must leave it green: they show that it is not red by everything."""
    beside: tuple[Companion, ...] = ()
    models: ModelDemand | None = None
    device: str = ""
    """The device that the question is about (`cuda`); empty: it has a form on the processor."""
    decides: Mapping[str, Mapping[str, str]] = _NOTHING
    """Hypothesis id to {verdict of the run: verdict on the hypothesis}."""
    unblocks: tuple[str, ...] = ()
    proxy_for: tuple[str, ...] = ()
    blocking: bool = True
    status: str | None = None
    """As claimed in the file."""
    extra: Mapping[str, Any] = _NOTHING
    """Understood keys of other dialects that have no place of their own, kept as read."""

    @property
    def live(self) -> bool:
        """Whether it asks for a model."""
        return self.models is not None


class Obligation(NamedTuple):
    """What must be shown for the contract to hold."""

    id: str | None
    type: str
    property: str
    path: Path
    formal: str = ""
    applies_to: str = ""
    tolerance: Any = None
    """A number, or {value, reason}, as written."""


class Equation(NamedTuple):
    """A formula that the contract states."""

    id: str
    formula: str
    path: Path
    data: Mapping[str, Any] = _NOTHING


class Hypothesis(NamedTuple):
    """A claim about a cause; `verdict` is claimed too."""

    id: str
    claim: str
    verdict: str | None
    path: Path


class Stage(NamedTuple):
    """A milestone, as far as its gates."""

    id: str
    status: str | None
    gates: tuple[str, ...]
    path: Path
    title: str = ""


class Lesson(NamedTuple):
    """What an incident taught, with the guard that catches it now and a test that shows so."""

    id: str
    text: str
    path: Path
    incident: str = ""
    guard: str = ""
    test: str = ""


class ChangelogEntry(NamedTuple):
    """One version of a contract; entries stand newest first."""

    version: str
    date: str | None
    changes: tuple[str, ...]
    path: Path


class Criterion(NamedTuple):
    """An acceptance criterion of a model to ship."""

    id: str
    criterion: str
    gates: tuple[str, ...]
    """Falsifiers that must be DISCHARGED for the credit."""
    weight: str
    """A decimal number as written, so that sums stay exact."""
    path: Path
    status: str | None = None
    """As asserted in the file."""
    foreign: Mapping[str, Any] = _NOTHING
    """Evidence made elsewhere: {status, source, …}."""
    not_applicable: str = ""
    """A reason takes the criterion out of the denominator; it is then listed by name."""


class ShipModel(NamedTuple):
    """A model to ship with its criteria. `base` and weights are decimal numbers as written."""

    id: str
    name: str
    base: str
    criteria: tuple[Criterion, ...]
    path: Path
    model: str = ""
    """Its name among the accepted models of falsifiers: their state on this model then counts."""
    asserted_percent: Mapping[str, Any] = _NOTHING
    """{value, by, date, reason}: typed by someone, shown apart."""
    credits: Mapping[str, str] = _NOTHING
    """State to credit where it differs from 1 for DISCHARGED and 0 for all else."""
    reasons: Mapping[str, str] = _NOTHING
    """Why base, weights or credits are as they are."""


@dataclass(frozen=True, slots=True, repr=False)
class Contract:
    """One contract file, read in whatever dialect it is written."""

    file: str
    """As shown to people, relative to the registry root where possible."""
    stem: str
    text: str
    dialect: Dialect
    data: Mapping[str, Any]
    """The whole document as plain data, nothing left out."""
    locate: Callable[[Path, bool], Span] = field(repr=False, compare=False)
    id: str
    version: str | None
    kind: str | None
    status: str | None
    created: str | None
    updated: str | None
    author: str | None
    description: str
    references: tuple[Any, ...] = ()
    depends_on: tuple[str, ...] = ()
    shelf_life: int | None = None
    """Days for which a receipt that held counts; None: for ever."""
    changelog: tuple[ChangelogEntry, ...] = ()
    equations: tuple[Equation, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    falsifiers: tuple[Falsifier, ...] = ()
    stages: tuple[Stage, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    ship_models: tuple[ShipModel, ...] = ()

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Return the place of a value, or of its key.

        Where the path does not exist it is the place of the nearest parent that does.
        """
        return self.locate(path, key)
