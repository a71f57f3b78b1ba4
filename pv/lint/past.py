"""The registry as its base revision has it; git is asked, and texts are read, when first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from pv.model.contract import Contract
from pv.registry.base import Base, find_base
from pv.registry.difference import Difference, compare
from pv.registry.index import Registry
from pv.registry.revision import contracts_in, digest_like, digests_in, read_revision, receipts_in
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text


class Past:
    """What contracts were, and what became of them since."""

    def __init__(self, registry: Registry, asked: str | None) -> None:
        self._root = registry.root
        self._registry = registry
        self._asked = asked
        self._before: dict[str, Contract | None] = {}
        self._differences: dict[str, Difference] = {}

    @cached_property
    def base(self) -> Base:
        """Return the revision that contracts are compared with."""
        return find_base(self._root, self._asked)

    @cached_property
    def problem(self) -> str:
        """Return why nothing can be compared; empty where it can."""
        return read_revision(self._root, self.base.revision, ()).problem

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Return git's digest of every file of the registry that the base revision has."""
        return digests_in(self._root, self.base.revision, self._registry.files)

    def before(self, contract: Contract) -> Contract | None:
        """Return the contract as the base revision has it; None where that has none to read.

        It is the same object where the text is the same.
        """
        file = contract.file
        if file not in self._before:
            self._before.clear()  # rules see one contract after the other
            digest = self.digests.get(file)
            same = digest is not None and digest == digest_like(digest, _written(contract))
            self._before[file] = contract if same else self._decoded(file, known=digest is not None)
        return self._before[file]

    def _decoded(self, file: str, *, known: bool) -> Contract | None:
        """Return what the base revision holds under the name of a file."""
        if not known:
            return None
        texts = self._others if file in self._others else self._texts([file])
        return _decoded(texts.get(file), file)

    @cached_property
    def _others(self) -> Mapping[str, str]:
        """File and text of every file of the base revision that holds other bytes now."""
        others = [
            file
            for file, digest in self.digests.items()
            if digest != digest_like(digest, _bytes_of(self._root / file))
        ]
        return self._texts(others) if others else {}

    def _texts(self, files: Iterable[str]) -> Mapping[str, str]:
        return read_revision(self._root, self.base.revision, files).texts

    def difference(self, contract: Contract) -> Difference | None:
        """Return what changed in a contract; None where the base revision does not have it."""
        older = self.before(contract)
        if older is None:
            return None
        if contract.file not in self._differences:
            self._differences.clear()  # as in `before`
            self._differences[contract.file] = compare(older, contract)
        return self._differences[contract.file]

    @cached_property
    def changed(self) -> Mapping[str, Contract]:
        """Return the earlier contract of every file that holds other bytes now."""
        decoded = {file: _decoded(text, file) for file, text in self._others.items()}
        return {file: contract for file, contract in decoded.items() if contract is not None}

    @cached_property
    def gone(self) -> Mapping[str, Contract]:
        """Return the contracts of the base revision whose file is no longer there."""
        known = set(self._registry.files)
        names = [
            file
            for file in contracts_in(self._root, self.base.revision)
            if file not in known and not (self._root / file).exists()
        ]
        texts = read_revision(self._root, self.base.revision, names).texts if names else {}
        decoded = {file: _decoded(text, file) for file, text in texts.items()}
        return {file: contract for file, contract in decoded.items() if contract is not None}

    @cached_property
    def lost_receipts(self) -> Mapping[str, str]:
        """Return file and text of every receipt of the base revision that is no longer there."""
        revision = self.base.revision
        lost = [
            file for file in receipts_in(self._root, revision) if not (self._root / file).exists()
        ]
        return read_revision(self._root, revision, lost).texts if lost else {}


def _written(contract: Contract) -> bytes:
    return contract.text.encode("utf-8", "surrogatepass")


def _decoded(text: str | None, file: str) -> Contract | None:
    if text is None:
        return None
    document = read_text(text, file)
    return decode(document).contract if document.sound else None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
