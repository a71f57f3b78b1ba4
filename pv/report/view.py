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
    measured: str
    reason: str


@dataclass(frozen=True, slots=True)
class FalsifierView:
    """One falsifier as a row or a section."""

    id: str
    short: str
    rule: str
    prediction: str
    binding: str
    if_fails: str
    claimed: str
    derived: str
    mark: str
    """`≠ ` where claim and evidence differ, else empty."""
    why: str
    verdict: str
    """Of the receipt that decides; empty without one."""
    headline: str
    receipt: str
    receipt_path: str
    post_hoc: bool
    expectations: tuple[ExpectationView, ...]
    controls: str
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
    gates: str = ""
    title: str = ""
    formula: str = ""
    type: str = ""
    property: str = ""
    text: str = ""
    guard: str = ""


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
    file: str
    page: str
    version: str
    description: str
    claimed: str
    derived: str
    mark: str
    discharged: str
    total: str
    falsifiers: tuple[FalsifierView, ...]
    hypotheses: tuple[RowView, ...]
    stages: tuple[RowView, ...]
    equations: tuple[RowView, ...]
    obligations: tuple[RowView, ...]
    lessons: tuple[RowView, ...]
    changelog: tuple[ChangeView, ...]
    updated: str
    tally: TallyView
    whys: tuple[WhyView, ...]
    """Why it stands where it stands, down to a limit and its reason."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One falsifier over the models."""

    falsifier: str
    cells: tuple[str, ...]


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
    svg: str


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion of a model to ship."""

    id: str
    criterion: str
    weight: str
    asserted: str
    foreign: str
    foreign_source: str
    state: str
    gates: str
    credit: str
    gain: str
    needs: str


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
    percent: str
    foreign_percent: str
    asserted_percent: str
    criteria: tuple[CriterionView, ...]
    open: tuple[CriterionView, ...]
    """Those that hold the percentage back, largest gain first."""
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
