"""What rules may ask for beside the contract; everything is worked out once, when first asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from pv.bindings.interface import Located
from pv.bindings.resolve import Resolver
from pv.errors import BadInputError, PvError
from pv.evidence.derive import Deriver
from pv.evidence.store import folder_of
from pv.lint.options import Options
from pv.model.contract import Contract
from pv.model.lifecycle import Lifecycle
from pv.model.status import ContractStatus
from pv.registry.index import Registry
from pv.registry.revision import Revision, read_revision
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text


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
    def resolver(self) -> Resolver:
        """Return the resolver of test references."""
        return Resolver(self.root)

    def references_of(self, contract: Contract) -> tuple[Located, ...]:
        """Return every test reference of a contract with what became of it."""
        if contract.file not in self._references:
            self._references[contract.file] = tuple(
                Located(falsifier.id, falsifier.binding.path, resolution)
                for falsifier in contract.falsifiers
                for resolution in self.resolver.resolve(falsifier)
            )
        return self._references[contract.file]

    @cached_property
    def _deriver(self) -> tuple[Deriver | None, str]:
        try:
            return Deriver(self.root, resolver=self.resolver), ""
        except PvError as error:
            return None, f"{error.span}: {error.message}" if error.span else error.message

    @property
    def lifecycle(self) -> Lifecycle | None:
        """Return the vocabulary of statuses; None where it cannot be read."""
        deriver = self._deriver[0]
        return deriver.lifecycle if deriver else None

    @property
    def lifecycle_problem(self) -> str:
        """Return why there is no vocabulary; empty where there is one."""
        return self._deriver[1]

    def status_of(self, contract: Contract) -> ContractStatus | None:
        """Return claims beside derived states, from the registry's receipts alone.

        None where there is no vocabulary to derive with.
        """
        deriver = self._deriver[0]
        if deriver is not None and contract.file not in self._statuses:
            self._statuses[contract.file] = deriver.derive(contract)
        return self._statuses.get(contract.file)

    @cached_property
    def revision(self) -> Revision:
        """Return the texts of the contracts in the base revision, or why there are none."""
        files = [contract.file for contract in self.registry.contracts]
        return read_revision(self.root, self.options.revision, files)

    def before(self, contract: Contract) -> Contract | None:
        """Return the contract as the base revision has it; None where that has none to read."""
        return self._before.get(contract.file)

    @cached_property
    def _before(self) -> Mapping[str, Contract]:
        present = {contract.file: contract for contract in self.registry.contracts}
        found: dict[str, Contract] = {}
        for file, text in self.revision.texts.items():
            if text == present[file].text:
                found[file] = present[file]
                continue
            document = read_text(text, file)
            older = decode(document).contract if document.sound else None
            if older is not None:
                found[file] = older
        return found


def fits_a_folder(falsifier: str) -> bool:
    """Return whether a falsifier id can name the folder of its receipts."""
    try:
        folder_of(Path(), falsifier, record=True)
    except BadInputError:
        return False
    return True
