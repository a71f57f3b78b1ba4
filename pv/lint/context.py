"""What rules may ask for beside the contract; everything is worked out once, when first asked."""

from __future__ import annotations

from copy import copy
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pv.bindings.interface import Located
from pv.bindings.resolve import Resolver
from pv.errors import PvError
from pv.lint.options import Options
from pv.lint.past import Past
from pv.lint.repository import evidence_folders
from pv.lint.suppress import Suppression, suppressions_of
from pv.model.contract import Contract
from pv.model.lifecycle import Lifecycle
from pv.registry.index import Registry
from pv.registry.lifecycle import load_lifecycle

if TYPE_CHECKING:
    from pv.evidence.derive import Deriver
    from pv.evidence.history import History
    from pv.model.status import ContractStatus


class Context:
    """The surroundings of a contract under judgement."""

    def __init__(self, registry: Registry, options: Options | None = None) -> None:
        self.registry = registry
        self.options = options or Options()
        self._references: dict[str, tuple[Located, ...]] = {}
        self._statuses: dict[str, ContractStatus] = {}

    @property
    def root(self) -> Path:
        """Return the registry root."""
        return self.registry.root

    @cached_property
    def day(self) -> date:
        """Return the day that counts as today, for the whole run."""
        return self.options.day

    @cached_property
    def resolver(self) -> Resolver:
        """Return the resolver of test references."""
        return Resolver(self.root)

    def references_of(self, contract: Contract) -> tuple[Located, ...]:
        """Return every test reference of a contract with what became of it."""
        if contract.file not in self._references:
            self._references.clear()  # rules see one contract after the other
            self._references[contract.file] = tuple(
                Located(falsifier.id, falsifier.binding.path, resolution)
                for falsifier in contract.falsifiers
                for resolution in self.resolver.resolve(falsifier)
            )
        return self._references[contract.file]

    def suppressions(self, contract: Contract) -> tuple[Suppression, ...]:
        """Return the suppressions that stand in a contract's comments."""
        from pv.lint.catalogue import ids_of  # noqa: PLC0415 - the rules import this module

        if "#" not in contract.text:
            return ()
        return suppressions_of(contract.text, contract.file, ids_of)

    def judges(self, rules: str) -> bool:
        """Tell whether this run judges what one of several rules is about: its gate was asked."""
        from pv.lint.catalogue import is_judged  # noqa: PLC0415 - as above

        return any(is_judged(rule, self.options) for rule in rules.split(", "))

    @cached_property
    def _words(self) -> tuple[Lifecycle | None, str]:
        try:
            return load_lifecycle(self.root), ""
        except PvError as error:
            return None, f"{error.span}: {error.message}" if error.span else error.message

    @cached_property
    def _deriver(self) -> Deriver:
        from pv.evidence.derive import Deriver  # noqa: PLC0415 - only where statuses are claimed

        day, resolver = self.options.utc_day, self.resolver
        return Deriver(self.root, resolver=resolver, history=self.history, today=day)

    @property
    def lifecycle(self) -> Lifecycle | None:
        """Return the vocabulary of statuses; None where it cannot be read."""
        return self._words[0]

    @property
    def lifecycle_problem(self) -> str:
        """Return why there is no vocabulary; empty where there is one."""
        return self._words[1]

    def status_of(self, contract: Contract) -> ContractStatus | None:
        """Return claims beside derived states, from the registry's receipts alone.

        None where there is no vocabulary to derive with.
        """
        if self.lifecycle is not None and contract.file not in self._statuses:
            self._statuses.clear()  # as in `references_of`
            self._statuses[contract.file] = self._deriver.derive(contract)
        return self._statuses.get(contract.file)

    @cached_property
    def _receipts(self) -> frozenset[str]:
        return frozenset(each.rpartition("/")[2].casefold() for each in evidence_folders(self.root))

    def has_receipts(self, contract: Contract) -> bool:
        """Tell whether there may be receipts of a contract; most have none, and no folder."""
        folders = self._receipts  # names of files may differ in case and be the same
        return any(each.id.casefold() in folders for each in contract.falsifiers)

    def with_registry(self, registry: Registry) -> Context:
        """Return this context over another registry; what contracts share is worked out once."""
        self.prepare()
        other = copy(self)
        other.registry = registry
        return other

    def prepare(self) -> None:
        """Work out what all contracts share: before processes part, so that each has it."""
        if not self.past.problem:
            _ = self.past.digests
        if self._receipts and self.lifecycle:
            _ = self._deriver

    @cached_property
    def history(self) -> History:
        """Return what git knows of limits and receipts."""
        from pv.evidence.history import History  # noqa: PLC0415 - as above

        return History(self.root)

    @cached_property
    def past(self) -> Past:
        """Return the registry as the base revision has it."""
        return Past(self.registry, self.options.base)

    def before(self, contract: Contract) -> Contract | None:
        """Return the contract as the base revision has it; None where that has none to read."""
        return self.past.before(contract)
