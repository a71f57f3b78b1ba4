"""From a contract and the receipts on disk to its status: the one way in for every command.

Lint, status and render call this and nothing else, so they can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pv.bindings.interface import BindingClass
from pv.bindings.resolve import Resolver
from pv.evidence.answers import doubt, doubts
from pv.evidence.history import History
from pv.evidence.index import Index
from pv.evidence.kept import Basis, Kept
from pv.evidence.receipt import Sources, load
from pv.evidence.store import folders
from pv.model.contract import BindingKind, Contract, Falsifier
from pv.model.lifecycle import Lifecycle
from pv.model.status import ContractStatus
from pv.registry.contracts import Loaded, load_contract, load_contracts
from pv.registry.discover import contracts_of
from pv.registry.lifecycle import load_lifecycle
from pv.shelf import utc_today
from pv.stamps import tool_digest
from pv.status import contract_status
from pv.tables import digest_of

Freshness: TypeAlias = Literal["judged", "as recorded"]
"""`judged`: sources are hashed again. `as recorded`: what the records say, for rendered files."""

_LEADS_SOMEWHERE: Final = frozenset({BindingClass.BOUND, BindingClass.SHELL})
_NO_REFERENCE: Final = frozenset(
    {BindingKind.PLANNED, BindingKind.BLOCKED, BindingKind.MANUAL, BindingKind.ABSENT}
    | {BindingKind.EXTERNAL, BindingKind.AWAITS}
)


_BY_FILE: Final = frozenset({BindingKind.HARNESS, BindingKind.PYTEST})
_CONTRACTS: Final = "contracts"
"""A reference that names this may lead to what surroundings do not tell: what stands there."""


class Deriver:
    """Derives statuses of one registry; what contracts share is read once."""

    def __init__(
        self,
        root: Path,
        *,
        local: bool = False,
        freshness: Freshness = "judged",
        resolver: Resolver | None = None,
        history: History | None = None,
        today: date | None = None,
    ) -> None:
        """Read what contracts share. `today` is the day that shelf lives are judged by.

        Where it is not given, the clock says it for `judged` states, and nothing for recorded ones.
        """
        self._today = today or (utc_today() if freshness == "judged" else None)
        self._root = root
        self._local = local
        self._freshness = freshness
        self._lifecycle = load_lifecycle(root)
        self._history = history or History(root)
        self._index = Index(root)
        self._sources = Sources(root)
        self._resolver = resolver or Resolver(root)

    @property
    def lifecycle(self) -> Lifecycle:
        """Return the vocabulary that statuses are derived with."""
        return self._lifecycle

    def derive(self, contract: Contract) -> ContractStatus:
        """Return the status of a contract with everything in it."""
        return self.judge(contract)[0]

    def judge(self, contract: Contract) -> tuple[ContractStatus, Basis]:
        """Return the status of a contract, and what it rests on."""
        with doubts() as raised:
            for each in contract.falsifiers:
                doubt(_said(each))
            evidence = load(
                self._root,
                contract,
                local=self._local,
                fresh_sources=self._freshness == "judged",
                history=self._history,
                today=self._today,
                read=self._index.read,
                sources=self._sources,
            )
            astray = {each.id: self._astray(each) for each in contract.falsifiers}
            doubted = raised()
        status = contract_status(
            contract,
            evidence.receipts,
            self._lifecycle,
            unresolved={name: why for name, why in astray.items() if why is not None},
            damaged=[(each.path, each.reason) for each in evidence.damaged],
        )
        return status, _basis(contract, evidence.sources, astray, sure=not doubted)

    def kept(self) -> Kept:
        """Return what earlier runs derived of this registry in the same way."""
        return Kept(
            self._root,
            f"{self._freshness}{' and local' * self._local}",
            program=digest_of(tool_digest(), repr(self._lifecycle)),
            local=self._local,
            day=str(self._today),
            history=self._history,
            sources=self._sources,
            statements=self._index.statement,
            again=self.derive,
        )

    def keep(self) -> None:
        """Write what was read of receipts to the index, so that the next one need not read it."""
        self._index.save()

    def _astray(self, falsifier: Falsifier) -> str | None:
        """Return why a test reference leads to no test that can be judged, here or in the package.

        None where it does; empty where there is no more to say than that it does not.
        """
        if falsifier.binding.kind in _NO_REFERENCE:
            return None  # its state says what is the matter
        found = self._resolver.resolve(falsifier)
        astray = [each for each in found if each.binding_class not in _LEADS_SOMEWHERE]
        named = " ".join(falsifier.binding.text.split())
        if not astray:
            fault = self._resolver.unjudgeable(falsifier)
            return f"{named!r}: {fault.reason}" if fault else None
        controls = {*falsifier.controls, *falsifier.green_controls}
        unknown = next((each for each in astray if each.missing in controls), None)
        if unknown is None:
            several = astray[0].binding_class is BindingClass.AMBIGUOUS
            return f"{named!r}: {astray[0].reason}" if several else ""
        meant = f", did you mean {unknown.nearest}?" if unknown.nearest else ""
        return f"unknown control {unknown.missing}{meant}"


def _said(falsifier: Falsifier) -> str:
    return " ".join((falsifier.binding.text, *falsifier.binding.argv))


def _basis(
    contract: Contract,
    sources: frozenset[str],
    astray: Mapping[str, str | None],
    *,
    sure: bool,
) -> Basis:
    """Return what a status rests on, given why test references lead nowhere.

    One that leads somewhere by the name of a file rests on that file; any other may rest on
    whatever else is there.
    """
    asked = [each for each in contract.falsifiers if each.binding.kind not in _NO_REFERENCE]
    by_file = [each for each in asked if each.binding.kind in _BY_FILE and astray[each.id] is None]
    others = [_said(each) for each in asked if each not in by_file]
    return Basis(
        sources=sources,
        references=frozenset(each.binding.text.strip().partition("::")[0] for each in by_file),
        surroundings=bool(others),
        sure=sure and not any(_CONTRACTS in each for each in others),
    )


def derive(
    contract: Contract, root: Path, *, local: bool = False, freshness: Freshness = "judged"
) -> ContractStatus:
    """Return the status of one contract; for many, a `Deriver` shares what they have in common.

    With `local` receipts under `.pv/receipts` count too. Raises BadInputError for a lifecycle file
    that cannot be read.
    """
    return Deriver(root, local=local, freshness=freshness).derive(contract)


@dataclass(frozen=True, slots=True)
class Derived:
    """A registry read once: every contract file, and the status of each that could be read."""

    loaded: tuple[Loaded, ...]
    statuses: tuple[ContractStatus, ...]
    """In the order of `contracts`."""
    lifecycle: Lifecycle
    kept: Kept | None = None
    """What is kept of it; None for a past revision."""

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts that could be read."""
        return tuple(each.contract for each in self.loaded if each.contract)

    @property
    def unread(self) -> tuple[Loaded, ...]:
        """The files that could not be read: what they hold is in nothing derived here."""
        return tuple(each for each in self.loaded if each.contract is None)

    def told(self, tell: Callable[[ContractStatus], str]) -> list[str]:
        """Return the text of each status, which may be that of an earlier run."""
        kept = self.kept
        return kept.told(self.statuses, tell) if kept else list(map(tell, self.statuses))


def derive_all(
    root: Path,
    *,
    local: bool = False,
    freshness: Freshness = "judged",
    history: History | None = None,
    today: date | None = None,
    loaded: Sequence[Loaded] | None = None,
) -> Derived:
    """Read a registry and derive every status in it that is not known already; see `derive`.

    With a `history` of another place nothing is kept. `loaded` are its contracts where they were
    read already.
    """
    deriver = Deriver(root, local=local, freshness=freshness, history=history, today=today)
    if history is not None:
        read = load_contracts(root)
        past = tuple(deriver.derive(each.contract) for each in read if each.contract)
        return Derived(read, past, deriver.lifecycle)
    kept = deriver.kept()
    before = {each.file: each for each in loaded or ()}
    found: list[Loaded] = []
    statuses: list[ContractStatus] = []
    for file in contracts_of(root):
        if known := kept.recall(file):
            found.append(before.get(file.display) or Loaded(file.display, known.contract, ""))
            statuses.append(known.status)
            continue
        one = before.get(file.display) or load_contract(file)
        found.append(one)
        if one.contract:
            status, basis = deriver.judge(one.contract)
            kept.note(one.contract, status, basis)
            statuses.append(status)
    kept.save((each.file for each in found), contracts=freshness == "as recorded")
    deriver.keep()
    return Derived(tuple(found), tuple(statuses), deriver.lifecycle, kept)


def orphans(root: Path, statuses: Sequence[ContractStatus], *, local: bool) -> tuple[str, ...]:
    """Return the folders of receipts that belong to no falsifier of any of these contracts."""
    known = {name for status in statuses for name in status.summary.falsifiers}
    return tuple(
        f"{folder}: receipts of no falsifier in the registry"
        for folder in folders(root, local=local)
        if folder.rpartition("/")[2] not in known
    )
