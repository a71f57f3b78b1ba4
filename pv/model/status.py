"""What everything in a contract comes to: claims beside the states that receipts support."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pv.model.receipt import ReceiptView
from pv.model.verdict import HypothesisVerdict, Level, State


class Standing(StrEnum):
    """How a claim stands to what the receipts say."""

    AGREES = "agrees"
    AHEAD = "ahead"
    """The claim says more than the evidence."""
    BEHIND = "behind"
    """The evidence says more than the claim."""
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """The state of a falsifier on one accepted model."""

    name: str
    state: State
    receipt: ReceiptView | None
    """The receipt that decides it."""


@dataclass(frozen=True, slots=True)
class FalsifierStatus:
    """A falsifier: what is claimed, what follows from its receipts, and why."""

    id: str
    claimed: str | None
    state: State
    standing: Standing
    reasons: tuple[str, ...]
    models: tuple[ModelStatus, ...]
    """One entry for each accepted model of a live falsifier, in the order of the file."""
    receipt: ReceiptView | None
    """The receipt that decides the state, None where none does."""
    receipts: tuple[ReceiptView, ...]
    """All its receipts, fresh and stale."""
    live: bool
    blocking: bool
    awaits: tuple[str, ...] = ()
    """The numbers that come from outside, as `pv measure` takes them: `val_loss=NUMBER nats`."""


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A milestone: as far as its gates."""

    id: str
    claimed: str | None
    derived: str
    standing: Standing
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HypothesisStatus:
    """A hypothesis: the verdict that its deciding falsifiers agree on."""

    id: str
    claimed: str | None
    derived: HypothesisVerdict
    standing: Standing
    by: tuple[str, ...]
    """Ids of the falsifiers that answered."""
    reasons: tuple[str, ...]
    partial: tuple[str, ...] = ()
    """Those of them that answered on partial evidence: one model of several, a simulator, or
    limits that came with the result. The verdict rests on no more than that."""


@dataclass(frozen=True, slots=True)
class GateStatus:
    """`qa_gate`, evaluated: it holds where every falsifier that it names is DISCHARGED."""

    id: str
    holds: bool
    falsifiers: tuple[str, ...]
    missing: tuple[str, ...]
    """Named falsifiers that are not DISCHARGED, and ids that name none."""


class Summary(NamedTuple):
    """What is asked of every contract of a registry, whatever else is told of it."""

    falsifiers: tuple[str, ...]
    """Ids, in the order of the file."""
    states: tuple[State, ...]
    """Their states."""
    bare: tuple[str, ...]
    """Ids of those without a receipt."""
    ahead: tuple[str, ...]
    """Ids of everything that claims more than the evidence, the contract itself first."""
    damaged: int
    """How many receipt files cannot be relied on."""
    live: bool
    """Whether a falsifier has a state by model."""
    foreign: bool
    """Whether a number from outside decides a state."""


@dataclass(frozen=True, slots=True)
class ContractStatus:
    """Everything that a contract claims beside what its receipts support."""

    id: str
    file: str
    claimed: str | None
    derived: str
    standing: Standing
    reasons: tuple[str, ...]
    falsifiers: tuple[FalsifierStatus, ...]
    stages: tuple[StageStatus, ...]
    hypotheses: tuple[HypothesisStatus, ...]
    gate: GateStatus | None
    damaged: tuple[tuple[str, str], ...] = ()
    """Receipt files that cannot be relied on: path and reason. None of them counts."""

    @property
    def ahead(self) -> tuple[str, ...]:
        """Ids of everything that claims more than the evidence, the contract itself first."""
        standings = [(self.id, self.standing)]
        for parts in (self.falsifiers, self.stages, self.hypotheses):
            standings += [(each.id, each.standing) for each in parts]
        return tuple(id_ for id_, standing in standings if standing is Standing.AHEAD)

    @property
    def summary(self) -> Summary:
        """What is asked of every contract of a registry."""
        deciding = [each.receipt for each in self.falsifiers if each.receipt]
        return Summary(
            falsifiers=tuple(each.id for each in self.falsifiers),
            states=tuple(each.state for each in self.falsifiers),
            bare=tuple(each.id for each in self.falsifiers if not each.receipts),
            ahead=self.ahead,
            damaged=len(self.damaged),
            live=any(each.models for each in self.falsifiers),
            foreign=any(each.level is Level.FOREIGN for each in deciding),
        )
