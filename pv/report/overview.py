"""What stands over single contracts: tallies, the landscape of hypotheses, back-ends, lessons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from pv.model.contract import Contract, Falsifier, short_id
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus, FalsifierStatus, HypothesisStatus, Standing
from pv.model.verdict import HypothesisVerdict, State
from pv.report.numbers import percent
from pv.report.overview_view import (
    AnswerView,
    CandidateView,
    LandscapeView,
    LessonView,
    TallyView,
    VerificationRow,
    VerificationView,
)

_AGAINST: Final = (State.REFUTED, State.STALE, State.INCONCLUSIVE)
_GROUPS: Final[Mapping[HypothesisVerdict, str]] = {
    HypothesisVerdict.FALSIFIED: "falsified",
    HypothesisVerdict.CONFIRMED: "confirmed",
    HypothesisVerdict.UNTESTED: "open",
}
_BACKENDS: Final = (
    ("numpy", re.compile(r"source:kernels/\w+/(reference|numpy_\w+)\.py")),
    ("numba", re.compile(r"source:kernels/\w+/numba_(cpu|avx2)\.py")),
)
_PROCESSOR: Final = "cpu"
_NOTHING: Final = "–"


def mark_of(where: Standing) -> str:
    """Return the sign of a claim that differs from its evidence, else nothing."""
    return "≠ " if where in (Standing.AHEAD, Standing.BEHIND) else ""


def tally(name: str, page: str, falsifiers: Iterable[FalsifierStatus]) -> TallyView:
    """Count how far falsifiers are; every one of them is in exactly one column."""
    states = Counter(each.state for each in falsifiers)
    total = states.total()
    done, partial = states[State.DISCHARGED], states[State.PARTIAL_ALGORITHM_LEVEL]
    against = sum(states[each] for each in _AGAINST)
    return TallyView(
        name=name,
        page=page,
        discharged=str(done),
        partial=str(partial),
        against=str(against),
        open=str(total - done - partial - against),
        total=str(total),
        share=percent(Fraction(100 * done, total)) if total else "none",
    )


def coverage(tallies: Iterable[TallyView], statuses: Sequence[ContractStatus]) -> list[TallyView]:
    """Return the tally of each contract and, last, that of all falsifiers."""
    every = (each for status in statuses for each in status.falsifiers)
    return [*tallies, tally("all", "", every)]


def landscape(
    pairs: Sequence[tuple[Contract, ContractStatus]], base: str
) -> Iterator[LandscapeView]:
    """Yield the groups of hypotheses, those that were answered first; empty groups too."""
    groups: dict[str, list[CandidateView]] = {
        name: [] for name in ("falsified", "confirmed", "between", "open")
    }
    for contract, status in pairs:
        states = {each.id: each for each in status.falsifiers}
        claims = {each.id: each.claim for each in contract.hypotheses}
        for each in status.hypotheses:
            candidate = _candidate(contract, each, claims.get(each.id, ""), states, base)
            groups[_GROUPS.get(each.derived, "between")].append(candidate)
    for name, found in groups.items():
        yield LandscapeView(name, str(len(found)), tuple(found))


def _candidate(
    contract: Contract,
    status: HypothesisStatus,
    claim: str,
    states: Mapping[str, FalsifierStatus],
    base: str,
) -> CandidateView:
    deciding = [each for each in contract.falsifiers if status.id in each.decides]
    return CandidateView(
        id=status.id,
        claim=claim,
        contract=contract.stem,
        page=f"{base}/contracts/{contract.stem}.md",
        claimed=status.claimed or "none",
        derived=status.derived,
        mark=mark_of(status.standing),
        partial=", ".join(map(short_id, status.partial)),
        answers=tuple(
            _answer(each, status.id, states[each.id], answered=each.id in status.by)
            for each in deciding
        ),
    )


def _answer(
    falsifier: Falsifier, hypothesis: str, status: FalsifierStatus, *, answered: bool
) -> AnswerView:
    receipt = status.receipt if answered else None
    table = falsifier.decides[hypothesis]
    would = "would say " + ", ".join(f"{says} if {verdict}" for verdict, says in table.items())
    return AnswerView(
        falsifier=short_id(falsifier.id),
        state=status.state,
        verdict=receipt.verdict if receipt else "",
        says=table.get(receipt.verdict, "nothing") if receipt else would,
        receipt=receipt.id if receipt else "",
        receipt_path=receipt.path if receipt else "",
    )


def backends_of(receipt: ReceiptView) -> list[str]:
    """Return the back-ends whose kernels a run imported, and the device where it is another."""
    names = [str(each.get("name", "")) for each in receipt.statement["subject"]]
    found = [name for name, kernels in _BACKENDS if any(map(kernels.match, names))]
    device = str(receipt.statement["predicate"].get("environment", {}).get("device", _PROCESSOR))
    return found if device == _PROCESSOR else [*found, device]


def verification(pairs: Sequence[tuple[Contract, ContractStatus]], base: str) -> VerificationView:
    """Return contract by model by back-end, each cell the verdicts of its receipts."""
    rows: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    seen: dict[str, None] = {}
    for contract, status in pairs:
        for receipt in _deciding(status):
            model = receipt.model.name if receipt.model else "synthetic"
            row = rows.setdefault((contract.stem, model), {})
            for backend in backends_of(receipt):
                seen[backend] = None
                row.setdefault(backend, Counter())[receipt.verdict.value] += 1
    order = [name for name, _ in _BACKENDS if name in seen]
    columns = [*order, *sorted(set(seen) - set(order))]
    return VerificationView(
        tuple(columns),
        tuple(
            VerificationRow(
                stem,
                f"{base}/contracts/{stem}.md",
                model,
                tuple(_cell(row.get(name)) for name in columns),
            )
            for (stem, model), row in rows.items()
        ),
    )


def _deciding(status: ContractStatus) -> Iterator[ReceiptView]:
    """Yield the receipt that decides each falsifier, on each model where it asks for models."""
    for each in status.falsifiers:
        found = [one.receipt for one in each.models] if each.models else [each.receipt]
        yield from (receipt for receipt in found if receipt is not None)


def _cell(verdicts: Counter[str] | None) -> str:
    if not verdicts:
        return _NOTHING
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))


def lessons(contracts: Sequence[Contract]) -> Iterator[LessonView]:
    """Yield every lesson with the guard that catches its incident now."""
    for contract in contracts:
        for each in contract.lessons:
            yield LessonView(
                each.id, contract.stem, each.text, each.incident, each.guard, each.test
            )
