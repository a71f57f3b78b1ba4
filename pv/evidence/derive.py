"""From a contract and the receipts on disk to its status: the one way in for every command.

Lint, status and render call this and nothing else, so they can never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pv.bindings.interface import BindingClass
from pv.bindings.resolve import Resolver
from pv.evidence.answers import doubt
from pv.evidence.history import History
from pv.evidence.index import Index
from pv.evidence.receipt import load
from pv.evidence.store import folders
from pv.model.contract import BindingKind, Contract, Falsifier
from pv.model.lifecycle import Lifecycle
from pv.model.status import ContractStatus
from pv.registry.contracts import Loaded, load_contracts
from pv.registry.lifecycle import load_lifecycle
from pv.shelf import utc_today
from pv.status import contract_status

Freshness: TypeAlias = Literal["judged", "as recorded"]
"""`judged`: sources are hashed again. `as recorded`: what the records say, for rendered files."""

_LEADS_SOMEWHERE: Final = frozenset({BindingClass.BOUND, BindingClass.SHELL})
_NO_REFERENCE: Final = frozenset(
    {BindingKind.PLANNED, BindingKind.BLOCKED, BindingKind.MANUAL, BindingKind.ABSENT}
    | {BindingKind.EXTERNAL, BindingKind.AWAITS}
)


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
        self._resolver = resolver or Resolver(root)

    @property
    def lifecycle(self) -> Lifecycle:
        """Return the vocabulary that statuses are derived with."""
        return self._lifecycle

    def derive(self, contract: Contract) -> ContractStatus:
        """Return the status of a contract with everything in it."""
        for each in contract.falsifiers:
            doubt(" ".join((each.binding.text, *each.binding.argv)))
        evidence = load(
            self._root,
            contract,
            local=self._local,
            fresh_sources=self._freshness == "judged",
            history=self._history,
            today=self._today,
            read=self._index.read,
        )
        astray = {each.id: self._astray(each) for each in contract.falsifiers}
        return contract_status(
            contract,
            evidence.receipts,
            self._lifecycle,
            unresolved={name: why for name, why in astray.items() if why is not None},
            damaged=[(each.path, each.reason) for each in evidence.damaged],
        )

    def keep(self) -> None:
        """Write what was read of receipts to the index, so that the next one need not read it."""
        self._index.save()

    def orphans(self, statuses: Sequence[ContractStatus]) -> tuple[str, ...]:
        """Return the folders of receipts that belong to no falsifier of any of these contracts."""
        known = {each.id for status in statuses for each in status.falsifiers}
        return tuple(
            f"{folder}: receipts of no falsifier in the registry"
            for folder in folders(self._root, local=self._local)
            if folder.rpartition("/")[2] not in known
        )

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

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts that could be read."""
        return tuple(each.contract for each in self.loaded if each.contract)

    @property
    def unread(self) -> tuple[Loaded, ...]:
        """The files that could not be read: what they hold is in nothing derived here."""
        return tuple(each for each in self.loaded if each.contract is None)


def derive_all(
    root: Path,
    *,
    local: bool = False,
    freshness: Freshness = "judged",
    history: History | None = None,
    today: date | None = None,
) -> Derived:
    """Read a registry and derive every status in it; see `derive`."""
    deriver = Deriver(root, local=local, freshness=freshness, history=history, today=today)
    loaded = load_contracts(root)
    statuses = tuple(deriver.derive(each.contract) for each in loaded if each.contract)
    deriver.keep()
    return Derived(loaded, statuses, deriver.lifecycle)
