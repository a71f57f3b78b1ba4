"""What templates see beside contracts: tallies, answers over the registry, moves, pictures.

Texts and nothing else, as in `pv.report.view`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TallyView:
    """How far the falsifiers of one contract, or of all, are."""

    name: str
    """Stem of the contract; `all` in the sum."""
    page: str
    """Page of the contract; empty in the sum."""
    discharged: str
    partial: str
    """How many are PARTIAL_ALGORITHM_LEVEL."""
    against: str
    """How many are REFUTED, STALE or INCONCLUSIVE."""
    open: str
    """How many no run has answered."""
    total: str
    share: str
    """Percentage that is DISCHARGED; `none` where there is no falsifier."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What one falsifier says about a hypothesis, or would say."""

    falsifier: str
    state: str
    verdict: str
    """Of the receipt that decides; empty without one."""
    says: str
    """The verdict on the hypothesis, or what each outcome would say."""
    receipt: str
    receipt_path: str


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One hypothesis and everything that bears on it."""

    id: str
    claim: str
    contract: str
    page: str
    claimed: str
    derived: str
    mark: str
    partial: str
    """Falsifiers that answered on partial evidence."""
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True)
class LandscapeView:
    """The hypotheses that stand alike."""

    name: str
    """`falsified`, `confirmed`, `between` (answered, neither way) or `open`."""
    count: str
    candidates: tuple[CandidateView, ...]


@dataclass(frozen=True, slots=True)
class VerificationRow:
    """One contract on one model: what its receipts came to on each back-end."""

    contract: str
    page: str
    model: str
    """`synthetic` for runs without a model."""
    cells: tuple[str, ...]
    """In the order of `backends`; `–` where no run used it."""


@dataclass(frozen=True, slots=True)
class VerificationView:
    """Contract by model by back-end. A back-end counts where the run imported its kernels."""

    backends: tuple[str, ...]
    rows: tuple[VerificationRow, ...]


@dataclass(frozen=True, slots=True)
class LessonView:
    """What an incident taught, and what catches it now."""

    id: str
    contract: str
    text: str
    incident: str
    guard: str
    test: str


@dataclass(frozen=True, slots=True)
class WhyView:
    """One question of five, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class MoveView:
    """The percentage of one model, against a revision where one is named."""

    model: str
    before: str
    """Empty where no revision is named."""
    after: str
    unchanged: bool
    reason: str


@dataclass(frozen=True, slots=True)
class BannerView:
    """The next action of one contract of kind `ship`."""

    contract: str
    version: str
    before: str
    """Version in the revision that is named; empty without one, or where it is the same."""
    date: str
    criterion: str
    """The open criterion with the largest gain; empty where nothing is open."""
    action: str
    moves: tuple[MoveView, ...]
    tally: str
    """DISCHARGED + PARTIAL_ALGORITHM_LEVEL, over all falsifiers."""
    tally_before: str


@dataclass(frozen=True, slots=True)
class BadgeView:
    """A small picture of one figure."""

    title: str
    path: str
    svg: str


@dataclass(frozen=True, slots=True)
class ReleasedView:
    """One contract between two revisions."""

    name: str
    versions: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """What happened between two revisions."""

    before: str
    after: str
    ship: tuple[MoveView, ...]
    contracts: tuple[ReleasedView, ...]
    moves: tuple[str, ...]
    """Statuses and verdicts that moved."""
    receipts: tuple[tuple[str, str], ...]
    """Verdict and how many receipts of it are new."""
    gone: str
    """How many receipts are there no longer; empty for none."""
    unread: tuple[str, ...]
    """Files that could not be read on either side: nothing of them is told."""
