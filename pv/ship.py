"""The SHIP percentage: how far a model is from shipping, computed from states and nothing else.

    percent = base + (100 - base) * sum(weight * credit) / sum(weight)    over eligible criteria

All arithmetic is exact (`Fraction`): 0.8 * 5 is 4. Three columns are kept apart and never mixed:
ours (receipts), foreign (evidence made elsewhere) and asserted (typed by someone).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from pv.errors import UsageError
from pv.model.contract import Contract, Criterion, ShipModel
from pv.model.verdict import Level, State

_FULL = Fraction(100)

# From least to most advanced; a criterion is as far as its least advanced gate.
_ORDER = (
    State.REFUTED,
    State.STALE,
    State.INCONCLUSIVE,
    State.BLOCKED,
    State.PROPOSED,
    State.PLANNED,
    State.MANUAL,
    State.BOUND,
    State.PARTIAL_ALGORITHM_LEVEL,
    State.DISCHARGED,
)
_NOTHING_TO_RUN = (State.PROPOSED, State.PLANNED, State.BLOCKED, State.MANUAL)


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """One eligible criterion with what holds it back."""

    id: str
    criterion: str
    weight: Fraction
    credit: Fraction
    state: State
    gates: tuple[tuple[str, State], ...]
    """Falsifier id and its state, in the order of the file."""
    asserted: str
    foreign: str
    foreign_source: str
    gain: Fraction
    """Percentage points that full credit would add."""
    waits: bool
    """Whether no run moves it: it has no gate, or one that nothing here can run."""


@dataclass(frozen=True, slots=True)
class ShipStanding:
    """A model's percentage with all its parts. `percent` is None where nothing is eligible."""

    id: str
    name: str
    base: Fraction
    percent: Fraction | None
    credited: Fraction
    """Sum of weight times credit."""
    total: Fraction
    """Sum of weights."""
    criteria: tuple[CriterionStanding, ...]
    not_applicable: tuple[tuple[str, str], ...]
    """Criterion id and the reason."""
    asserted_percent: Fraction | None
    """Typed by someone; None where nobody did."""
    asserted_by: str
    foreign_percent: Fraction | None
    """The percentage if foreign evidence earned what ours earns; None where there is none."""

    def percent_with(self, *criteria: CriterionStanding) -> Fraction | None:
        """Return the percentage if criteria had full credit: a forecast, never a state."""
        if self.percent is None:
            return None
        return self.percent + sum((each.gain for each in criteria), Fraction(0))

    @property
    def open(self) -> tuple[CriterionStanding, ...]:
        """The criteria that still hold the percentage back, largest gain first."""
        held_back = [each for each in self.criteria if each.gain > 0]
        return tuple(sorted(held_back, key=lambda each: (-each.gain, each.id)))

    @property
    def next(self) -> CriterionStanding | None:
        """The open criterion to work on: what a run can move comes first, then the largest gain."""
        return min(self.open, key=attrgetter("waits"), default=None)


def _number(
    text: str, what: str, contract: Contract, model: ShipModel, most: Fraction | None = None
) -> Fraction:
    """Return a number of at least 0, and at most `most`."""
    try:
        found = Fraction(str(text))
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(
            f"{what}: expected a decimal number, found {text!r}",
            span=contract.span(model.path),
        ) from error
    if found < 0 or (most is not None and found > most):
        wanted = "0 or more" if most is None else f"0 to {most}"
        raise UsageError(f"{what}: expected {wanted}, found {text}", span=contract.span(model.path))
    return found


def percentage(base: Fraction, credited: Fraction, total: Fraction) -> Fraction | None:
    """Return the percentage, or None where no weight is eligible: never 0 or 100 for nothing."""
    if total == 0:
        return None
    return base + (_FULL - base) * credited / total


def _state(criterion: Criterion, states: Mapping[str, State]) -> State:
    """Return how far the gates are; without gates PROPOSED, as nothing could judge it."""
    known = [states.get(gate, State.PROPOSED) for gate in criterion.gates]
    return min(known, key=_ORDER.index) if known else State.PROPOSED


def _credit(model: ShipModel, status: str, contract: Contract) -> Fraction:
    """Return the credit of a state: 1 for DISCHARGED and 0 otherwise, unless the file says more."""
    declared = model.credits.get(status)
    if declared is not None:
        return _number(declared, f"{model.id}: credit of {status}", contract, model, Fraction(1))
    return Fraction(status == State.DISCHARGED)


def _foreign_percent(
    contract: Contract, model: ShipModel, base: Fraction, rows: Sequence[CriterionStanding]
) -> Fraction | None:
    if not any(row.foreign for row in rows):
        return None
    earned = (row.weight * _credit(model, row.foreign, contract) for row in rows)
    total = sum((row.weight for row in rows), Fraction(0))
    return percentage(base, sum(earned, Fraction(0)), total)


def _foreign(
    criterion: Criterion, states: Mapping[str, State], origin_of: Callable[[str], str]
) -> tuple[str, str]:
    """Return status and source of a criterion elsewhere: as typed, else as numbers show it.

    Numbers from outside show it where every gate that is not DISCHARGED here is held by one.
    """
    if criterion.foreign:
        return str(criterion.foreign.get("status", "")), str(criterion.foreign.get("source", ""))
    open_gates = [gate for gate, state in states.items() if state is not State.DISCHARGED]
    origins = [origin_of(gate) for gate in open_gates]
    if origins and all(origins):
        return State.DISCHARGED, "; ".join(dict.fromkeys(origins))
    return "", ""


def _outside_credit(
    model: ShipModel,
    states: Mapping[str, State],
    origin_of: Callable[[str], str],
    contract: Contract,
) -> Fraction:
    """Return what the file gives for gates that numbers from outside hold: 0 unless it says so."""
    missing = [gate for gate, state in states.items() if state is not State.DISCHARGED]
    if Level.FOREIGN not in model.credits or not all(origin_of(gate) for gate in missing):
        return Fraction(0)
    return _credit(model, Level.FOREIGN, contract) if missing else Fraction(0)


def _waits(states: Mapping[str, State], origin_of: Callable[[str], str]) -> bool:
    """Whether no run here moves the gates: what a number from outside holds awaits another one."""
    return not states or any(
        state in _NOTHING_TO_RUN or origin_of(gate) for gate, state in states.items()
    )


def _from_nowhere(gate: str) -> str:  # noqa: ARG001 - no number from outside holds any gate
    return ""


def _row(
    contract: Contract,
    model: ShipModel,
    criterion: Criterion,
    *,
    weight: Fraction,
    worth: Fraction,
    state_of: Callable[[str], State],
    origin_of: Callable[[str], str],
) -> CriterionStanding:
    """Return where one eligible criterion stands; `worth` is the percentage of a weight of 1."""
    states = {gate: state_of(gate) for gate in criterion.gates}
    state = _state(criterion, states)
    credit = max(
        _credit(model, state, contract), _outside_credit(model, states, origin_of, contract)
    )
    foreign, source = _foreign(criterion, states, origin_of)
    return CriterionStanding(
        id=criterion.id,
        criterion=criterion.criterion,
        weight=weight,
        credit=credit,
        state=state,
        gates=tuple(states.items()),
        asserted=criterion.status or "",
        foreign=foreign,
        foreign_source=source,
        waits=_waits(states, origin_of),
        gain=worth * weight * (1 - credit),
    )


def standing(
    contract: Contract,
    model: ShipModel,
    state_of: Callable[[str], State],
    origin_of: Callable[[str], str] = _from_nowhere,
) -> ShipStanding:
    """Compute where a model stands.

    `state_of` returns the derived state of a falsifier id, `origin_of` where the number comes from
    that holds it from outside, empty where none does. Raises UsageError with the place for a
    base, a weight or a credit that is no number or lies outside of what it can be.
    """
    base = _number(model.base, f"{model.id}: base", contract, model, _FULL)
    eligible = [
        (each, _number(each.weight, f"{each.id}: weight", contract, model))
        for each in model.criteria
        if not each.not_applicable
    ]
    total = sum((weight for _, weight in eligible), Fraction(0))
    worth = (_FULL - base) / total if total else Fraction(0)
    rows = [
        _row(
            *(contract, model, criterion),
            weight=weight,
            worth=worth,
            state_of=state_of,
            origin_of=origin_of,
        )
        for criterion, weight in eligible
    ]
    credited = sum((row.weight * row.credit for row in rows), Fraction(0))
    asserted = model.asserted_percent
    return ShipStanding(
        id=model.id,
        name=model.name,
        base=base,
        percent=percentage(base, credited, total),
        credited=credited,
        total=total,
        criteria=tuple(rows),
        not_applicable=tuple((c.id, c.not_applicable) for c in model.criteria if c.not_applicable),
        asserted_percent=_number(
            asserted["value"], f"{model.id}: asserted_percent", contract, model
        )
        if "value" in asserted
        else None,
        asserted_by=str(asserted.get("by", "")),
        foreign_percent=_foreign_percent(contract, model, base, rows),
    )
