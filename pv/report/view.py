"""What templates see: texts and nothing else. Every number is formatted before it gets here.

`pv.report.build` fills these from contracts and statuses; templates only lay them out.
"""

from __future__ import annotations

from dataclasses import dataclass

from pv.report.overview_view import (
    BadgeView,
    BannerView,
    LandscapeView,
    LessonView,
    TallyView,
    VerificationView,
    WhyView,
)


@dataclass(frozen=True, slots=True)
class ExpectationView:
    """One limit with what the deciding run measured."""

    metric: str
    limit: str
    """Operator and value, as people read them."""
    measured: str
    """By the run that decides; empty without one."""
    reason: str
    """Why the limit is what it is, from the contract."""


@dataclass(frozen=True, slots=True)
class FalsifierView:
    """One falsifier as a row or a section."""

    id: str
    short: str
    """The id without `FALSIFY-`."""
    rule: str
    """What it asks."""
    prediction: str
    binding: str
    """What runs, as a sentence."""
    if_fails: str
    claimed: str
    """The state that the contract claims; `none` where it claims none."""
    derived: str
    """The state that follows from receipts."""
    mark: str
    """`≠ ` where claim and evidence differ, else empty."""
    why: str
    """The reasons of that state."""
    verdict: str
    """Of the receipt that decides; empty without one."""
    headline: str
    """The deciding number against its limit."""
    receipt: str
    """First 16 digits of the digest of the receipt that decides."""
    receipt_path: str
    """From the root of the registry: for `href`."""
    again: str
    """The command that asks it again."""
    post_hoc: bool
    """Whether its limits came with the result."""
    expectations: tuple[ExpectationView, ...]
    controls: str
    """The planted faults, those that must stay green marked."""
    kind: str
    """How it is bound: harness, pytest, cargo, command, planned, …"""
    limits: str
    """How many limits it has."""
    faults: str
    """How many planted faults must turn it red."""
    decides: str
    """The hypotheses that it decides."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A hypothesis, stage, equation, obligation or lesson; fields that do not apply are empty."""

    id: str
    claimed: str = ""
    derived: str = ""
    mark: str = ""
    claim: str = ""
    by: str = ""
    """Falsifiers that answered a hypothesis."""
    gates: str = ""
    """Falsifiers that a stage waits for."""
    title: str = ""
    formula: str = ""
    type: str = ""
    property: str = ""
    text: str = ""
    guard: str = ""
    """Of a lesson: what catches its incident now."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One changelog entry."""

    version: str
    date: str
    changes: str


@dataclass(frozen=True, slots=True)
class ContractView:
    """One contract with everything in it."""

    id: str
    stem: str
    """Name of the file without its ending."""
    file: str
    page: str
    """Its page, from the root of the registry: for `href`."""
    version: str
    description: str
    claimed: str
    derived: str
    mark: str
    discharged: str
    """How many of its falsifiers are DISCHARGED."""
    total: str
    """How many falsifiers it has."""
    falsifiers: tuple[FalsifierView, ...]
    hypotheses: tuple[RowView, ...]
    stages: tuple[RowView, ...]
    equations: tuple[RowView, ...]
    obligations: tuple[RowView, ...]
    lessons: tuple[RowView, ...]
    changelog: tuple[ChangeView, ...]
    updated: str
    """Date of its last change, else of its creation."""
    tally: TallyView
    whys: tuple[WhyView, ...]
    """Why it stands where it stands, down to a limit and its reason."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One falsifier over the models."""

    falsifier: str
    cells: tuple[str, ...]
    """States, in the order of `models`; `–` where a model is not asked for."""


@dataclass(frozen=True, slots=True)
class MatrixView:
    """Falsifier by model."""

    models: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A picture and where it goes."""

    title: str
    caption: str
    path: str
    """From the root of the registry: for `href`."""
    svg: str


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion of a model to ship."""

    id: str
    criterion: str
    weight: str
    asserted: str
    """Status that somebody typed."""
    foreign: str
    """Status elsewhere."""
    foreign_source: str
    state: str
    """Of its least advanced gate."""
    gates: str
    credit: str
    gain: str
    """Points that full credit would add."""
    needs: str
    """What holds it back."""


@dataclass(frozen=True, slots=True)
class WaivedView:
    """A criterion outside the denominator."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShipView:
    """One model to ship."""

    id: str
    headline: str
    """The figure with numerator, denominator, base, and what is open."""
    percent: str
    """Ours, from receipts."""
    foreign_percent: str
    """If evidence made elsewhere counted."""
    asserted_percent: str
    """What somebody typed, and who."""
    criteria: tuple[CriterionView, ...]
    open: tuple[CriterionView, ...]
    """Those that hold the percentage back, largest gain first."""
    next: CriterionView | None
    """The open one to work on: what a run can move first, then the largest gain."""
    counted: str
    """How many criteria there are, and how many are open, in words."""
    not_applicable: tuple[WaivedView, ...]


@dataclass(frozen=True, slots=True)
class WordView:
    """One status word, what it says, and the evidence that it needs."""

    name: str
    about: str
    needs: str
    leads_to: tuple[str, ...]
    """The words that may follow it."""


@dataclass(frozen=True, slots=True)
class VocabularyView:
    """The words of one kind of thing."""

    kind: str
    words: tuple[WordView, ...]


@dataclass(frozen=True, slots=True)
class DamagedView:
    """A receipt or contract file that cannot be relied on."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class TotalsView:
    """Counts over the registry."""

    contracts: str
    falsifiers: str
    states: tuple[tuple[str, str], ...]
    """State and how many falsifiers are in it, in the order of the vocabulary."""
    differences: str
    """How many claims differ from the evidence; empty for none."""


@dataclass(frozen=True, slots=True)
class RegistryView:
    """The whole registry, ready for templates."""

    contracts: tuple[ContractView, ...]
    ship: tuple[ShipView, ...]
    totals: TotalsView
    matrix: MatrixView
    charts: tuple[ChartView, ...]
    damaged: tuple[DamagedView, ...]
    lifecycle: tuple[VocabularyView, ...]
    coverage: tuple[TallyView, ...]
    """One for each contract, and the sum last."""
    landscape: tuple[LandscapeView, ...]
    verification: VerificationView
    lessons: tuple[LessonView, ...]
    banners: tuple[BannerView, ...]
    badges: tuple[BadgeView, ...]
