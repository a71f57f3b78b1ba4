"""The text of a pull request, from the change itself and the receipts that came with it.

Nothing stands in it that they do not back: what a status claims beyond its receipts is listed as
that, and what no receipt shows is not told at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pv.errors import UsageError
from pv.evidence.audit import Audited, Condition, audit
from pv.evidence.derive import Derived, derive_all
from pv.model.contract import short_id
from pv.model.receipt import ReceiptView
from pv.model.status import FalsifierStatus, HypothesisStatus, StageStatus, Standing
from pv.registry.change import Verb
from pv.registry.difference import Difference
from pv.registry.git import ask, name_problem
from pv.registry.sides import compare_sides, registry_side, side_of
from pv.report.numbers import measured


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One contract that changed."""

    file: str
    versions: str
    asks: str
    """The bump that the change asks for, and whether the version declares it."""


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One status or verdict that moved, with what bears it."""

    name: str
    move: str
    borne_by: str


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One limit of a new receipt beside what was measured."""

    falsifier: str
    metric: str
    limit: str
    value: str
    verdict: str
    receipt: str
    path: str


@dataclass(frozen=True, slots=True)
class ElsewhereRow:
    """What one new receipt says that tells of no run here."""

    falsifier: str
    headline: str
    verdict: str
    receipt: str
    path: str


@dataclass(frozen=True, slots=True)
class MethodRow:
    """How one new receipt came about."""

    falsifier: str
    controls: str
    guards: str
    limits: str
    again: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Everything that the text tells."""

    base: str
    summary: tuple[str, ...]
    contracts: tuple[ContractRow, ...]
    moves: tuple[MoveRow, ...]
    measured: tuple[MeasuredRow, ...]
    method: tuple[MethodRow, ...]
    unborne: tuple[str, ...]
    """Claims that are ahead of their receipts."""
    elsewhere: tuple[ElsewhereRow, ...]
    """What new receipts say that nothing ran here for."""
    uncounted: tuple[str, ...]
    """New receipts that count for nothing, and why."""
    other_files: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing has changed."""
        told = (self.contracts, self.measured, self.elsewhere, self.uncounted, self.other_files)
        return not any(told)


def pull_request(root: Path, base: str) -> PullRequest:
    """Read what changed since `base`. Raises UsageError where the revision cannot be read."""
    found = compare_sides(side_of(base, root), registry_side(root))
    changed, derived = _changed_files(root, base), derive_all(root)
    added = [each for each in audit(root, loaded=derived.loaded).receipts if each.path in changed]
    fresh = [each.receipt for each in added if each.receipt and each.condition is Condition.VALID]
    told = [each.receipt for each in added if each.receipt and each.condition is Condition.FOREIGN]
    counting = (Condition.VALID, Condition.FOREIGN)
    contracts = [*(_row(each) for each in found.differences if each.changes)]
    contracts += [ContractRow(each.file, f"new, {each.version}", "") for each in found.added]
    contracts += [ContractRow(each.file, "removed", "") for each in found.removed]
    moves = [*_moves(found.differences, fresh, told)]
    others = sorted(
        file for file in changed if not file.startswith("contracts/") and not file.startswith(".pv")
    )
    return PullRequest(
        base=base,
        summary=tuple(_summary(contracts, moves, [*fresh, *told], others)),
        contracts=tuple(contracts),
        moves=tuple(moves),
        measured=tuple(row for each in fresh for row in _measured(each)),
        method=tuple(_method(each) for each in fresh),
        unborne=tuple(_unborne(derived)),
        elsewhere=tuple(map(_elsewhere, told)),
        uncounted=tuple(_uncounted(each) for each in added if each.condition not in counting),
        other_files=tuple(others),
    )


def _changed_files(root: Path, base: str) -> frozenset[str]:
    """Return the files that differ from a revision, untracked ones included."""
    if problem := name_problem(base):
        raise UsageError(problem)
    since = ask(root, "diff", "--name-only", "-z", "--relative", base, "--", ".")
    new = ask(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    if since.problem:
        raise UsageError(f"no comparison with {base}: {since.problem}")
    return frozenset((*since.fields, *new.fields))


def _row(each: Difference) -> ContractRow:
    enough = {True: "declared", False: "NOT declared", None: "not known"}[each.enough]
    versions = f"{each.before.version or 'none'} → {each.after.version or 'none'}"
    return ContractRow(each.after.file, versions, f"{each.asked.name}, {enough}")


def _moves(
    differences: Sequence[Difference], fresh: Sequence[ReceiptView], told: Sequence[ReceiptView]
) -> Iterator[MoveRow]:
    by_falsifier = {each.falsifier: f"{each.verdict} elsewhere {each.id}" for each in told}
    by_falsifier |= {each.falsifier: f"{each.verdict} {each.id}" for each in fresh}
    for each in differences:
        for change in each.changes:
            if change.verb is Verb.MOVED:
                name = change.name or each.after.stem
                borne = by_falsifier.get(name, "no new receipt of its own")
                yield MoveRow(f"{change.part} {short_id(name)}", change.detail, borne)


def _measured(receipt: ReceiptView) -> Iterator[MeasuredRow]:
    for each in receipt.statement["predicate"]["comparisons"]:
        yield MeasuredRow(
            short_id(receipt.falsifier),
            str(each["metric"]),
            f"{each['op']} {measured(each['limit'])}",
            measured(each["value"]),
            "met" if each["met"] else "NOT MET",
            receipt.id,
            receipt.path,
        )


def _method(receipt: ReceiptView) -> MethodRow:
    predicate: Mapping[str, Any] = receipt.statement["predicate"]
    faults = [each for each in predicate["controls"] if each["expected_red"]]
    red = sum(bool(each["red"]) for each in faults)
    tripped = [each["guard"] for each in predicate["guards"] if each["tripped"]]
    asked = sum(bool(each["applies"]) for each in predicate["guards"])
    commit = predicate.get("expect_commit")
    stood = f"stood since {str(commit)[:10]}" if commit else "came with the result: POST-HOC"
    return MethodRow(
        short_id(receipt.falsifier),
        f"{red} of {len(faults)} planted faults went red",
        f"tripped: {', '.join(tripped)}" if tripped else f"none of {asked} tripped",
        stood,
        " ".join(map(str, predicate["command"])),
    )


def _elsewhere(receipt: ReceiptView) -> ElsewhereRow:
    headline = str(receipt.statement["predicate"]["headline"])
    name = short_id(receipt.falsifier)
    return ElsewhereRow(name, headline, receipt.verdict, receipt.id, receipt.path)


def _uncounted(each: Audited) -> str:
    why = each.reason or f"changed since: {', '.join(each.moved)}"
    return f"{each.path} is {each.condition}: {why}"


def _unborne(derived: Derived) -> Iterator[str]:
    statuses = iter(derived.statuses)
    for one in derived.loaded:
        if one.contract is None:
            yield f"{one.file}: cannot be read, so nothing of it is judged"
            continue
        status = next(statuses)
        for kind in (status.falsifiers, status.stages, status.hypotheses):
            parts: Sequence[FalsifierStatus | StageStatus | HypothesisStatus] = kind
            for part in parts:
                if part.standing is Standing.AHEAD:
                    why = "; ".join(part.reasons)
                    yield f"{short_id(part.id)} claims {part.claimed}: {why}"
        if status.standing is Standing.AHEAD:
            yield f"{one.contract.stem} claims {status.claimed}: {'; '.join(status.reasons)}"


def _summary(
    contracts: Sequence[ContractRow],
    moves: Sequence[MoveRow],
    fresh: Sequence[ReceiptView],
    others: Sequence[str],
) -> Iterator[str]:
    if contracts:
        yield f"{_counted(len(contracts), 'contract')} changed"
    if moves:
        what = "status or verdict" if len(moves) == 1 else "statuses or verdicts"
        yield f"{len(moves)} {what} moved"
    if fresh:
        verdicts = sorted({each.verdict.value for each in fresh})
        counts = (f"{sum(each.verdict == name for each in fresh)} {name}" for name in verdicts)
        yield f"{_counted(len(fresh), 'new receipt')}: {', '.join(counts)}"
    if others:
        yield f"{_counted(len(others), 'other file')} changed"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
