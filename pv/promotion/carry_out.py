"""Plans the next edition of contracts and writes it: reading and writing, nothing decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pv.errors import UsageError
from pv.evidence.derive import derive_all
from pv.lint.fix import Change, write
from pv.model.contract import Contract, short_id
from pv.model.lifecycle import Lifecycle
from pv.model.status import ContractStatus
from pv.promotion.edition import Edition
from pv.promotion.moves import (
    Answer,
    Claim,
    Move,
    Refusal,
    Repoint,
    claims,
    resting_on,
    told,
)
from pv.registry.discover import ContractFile, contracts_of
from pv.registry.git import ask
from pv.registry.versions import Bump
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_file, read_text


@dataclass(frozen=True, slots=True)
class Subject:
    """One contract with its claims and what they rest on."""

    contract: Contract
    status: ContractStatus
    claims: tuple[Claim, ...]
    read_by: tuple[str, ...]
    """Falsifiers, of whatever contract, whose receipts rest on the text of this one."""

    def named(self, name: str) -> tuple[Claim, ...]:
        """Return the claims that a name means: the contract with all it holds, or one of them."""
        if name in (self.contract.stem, self.contract.id, self.contract.file):
            return self.claims
        upper = name.upper()
        return tuple(each for each in self.claims if upper in (each.id, short_id(each.id)))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen to one contract."""

    contract: Contract
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    repoints: tuple[Repoint, ...]
    forbidden: tuple[Refusal, ...]
    """The next word up of each claim that was asked about, which its evidence does not bear."""
    version: str
    change: Change | None
    """The file before and after; None where nothing moves or repoints."""
    outdated: tuple[str, ...] = ()
    """Falsifiers whose receipts rest on the text of the file, so that the edit makes them stale."""


def subjects(root: Path) -> tuple[list[Subject], list[str], Lifecycle]:
    """Return the contracts of a registry with their claims, and the files that cannot be read."""
    derived = derive_all(root)
    found = [
        Subject(
            contract,
            status,
            tuple(claims(contract, status, derived.lifecycle)),
            resting_on(contract.file, derived.statuses),
        )
        for contract, status in zip(derived.contracts, derived.statuses, strict=True)
    ]
    return found, [each.file for each in derived.unread], derived.lifecycle


def chosen(every: Sequence[Subject], names: Iterable[str]) -> list[tuple[Subject, str]]:
    """Return the contracts that names mean, with the name. Raises UsageError for an unknown one."""
    found = []
    for name in names:
        owners = [each for each in every if each.named(name)]
        if not owners:
            raise UsageError(
                f"{name!r} is no contract, falsifier, stage or hypothesis of this registry",
                advice="pv status lists them",
            )
        if len(owners) > 1:
            where = ", ".join(each.contract.file for each in owners)
            raise UsageError(f"{name!r} stands in several contracts: {where}")
        found.append((owners[0], name))
    return found


def plan(
    root: Path,
    subject: Subject,
    answers: Sequence[Answer],
    notes: Sequence[str],
    references: Sequence[str] = (),
    *,
    forbidden: Sequence[Refusal] = (),
) -> Plan:
    """Plan the next edition of one contract. Raises PvError where its text cannot be edited so."""
    contract = subject.contract
    moves = tuple(each for each in answers if isinstance(each, Move))
    refusals = tuple(each for each in answers if isinstance(each, Refusal))
    repoints = tuple(each for each in answers if isinstance(each, Repoint))
    about = contract, moves, refusals, repoints, tuple(forbidden)
    if not moves and not repoints and not notes:
        return Plan(*about, contract.version or "", None)

    def edit(edition: Edition) -> None:
        edition.move(moves)
        edition.repoint(repoints)
        edition.bump(Bump.MINOR if moves or notes else Bump.PATCH, committed(root, contract.file))
        edition.refer(references)
        edition.note([*notes, *told(moves, repoints)], today())
        edition.summarise(told(moves), today())

    change = edited(root, contract.file, edit)
    version = _read_version(change) or contract.version or ""
    return Plan(*about, version, change, subject.read_by)


def edited(root: Path, file: str, edit: Callable[[Edition], None]) -> Change:
    """Return a file before and after an edit; nothing is written."""
    document = read_file(_file(root, file).path, file)
    edition = Edition(document)
    edit(edition)
    return Change(file, document, edition.text)


def carry_out(root: Path, changes: Iterable[Change]) -> None:
    """Write changed files, each as a whole or not at all. Raises UsageError, see `write`."""
    wanted = list(changes)
    write(wanted, {each.file: _file(root, each.file).path for each in wanted})


def file_of(root: Path, name: str) -> str:
    """Return the file of the contract with this stem, id or file. Raises UsageError without one."""
    for file in contracts_of(root):
        if name in (file.display, file.path.stem):
            return file.display
    for file in contracts_of(root):
        document = read_file(file.path, file.display)
        contract = decode(document).contract if document.sound else None
        if contract is not None and contract.id == name:
            return file.display
    raise UsageError(f"{name!r} is no contract of this registry", advice="pv status lists them")


def committed(root: Path, file: str) -> Contract | None:
    """Return a contract as the last commit has it; None outside git, or where it is new."""
    answer = ask(root, "show", f"HEAD:./{file}")
    if answer.problem:
        return None
    document = read_text(answer.output, file)
    return decode(document).contract if document.sound else None


def today() -> str:
    """Return the date that an edition carries."""
    return datetime.now(UTC).date().isoformat()


def _file(root: Path, file: str) -> ContractFile:
    return next(each for each in contracts_of(root) if each.display == file)


def _read_version(change: Change) -> str | None:
    contract = decode(read_text(change.after, change.file)).contract
    return contract.version if contract else None
