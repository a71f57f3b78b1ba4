"""Contracts that are known from an earlier run: what rules ask of others, without reading the file.

Everything that is not kept is read from the file when it is first asked for, so a rule sees no
difference but in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

from pv.lint.survey import text_of
from pv.model.contract import Contract, Dialect, Falsifier
from pv.model.finding import Finding
from pv.registry.discover import ContractFile
from pv.registry.index import (
    Owned,
    Registry,
    grouped,
    harnesses_of,
    inner_names_of,
    proxies_of,
    tombstones_of,
    written_ids_of,
)
from pv.yamlfile.decode import Decoded
from pv.yamlfile.judge import Judged, judge_file
from pv.yamlfile.read import Document


class Facts(NamedTuple):
    """What contracts ask of each other: all that a registry needs to know of one file."""

    id: str
    stem: str
    falsifiers: tuple[str, ...]
    """Ids, in the order of the file."""
    others: tuple[str, ...]
    """Ids of stages, hypotheses and criteria."""
    written: tuple[str, ...]
    """Every text under a key `id`, sorted."""
    depends_on: tuple[str, ...]
    harnesses: tuple[str, ...]
    """References of falsifiers and their companions, sorted."""
    proxies: tuple[str, ...] = ()
    """What a falsifier is a proxy for, NUL, and its own id."""
    tombstones: tuple[str, ...] = ()
    """Ids of falsifiers that were taken out."""


class Label(NamedTuple):
    """What a list of files shows of a contract."""

    id: str
    version: str | None
    dialect: str


def facts_of(contract: Contract) -> Facts:
    """Return what others may ask of a contract."""
    falsifiers = tuple([each.id for each in contract.falsifiers])
    return Facts(
        id=contract.id,
        stem=contract.stem,
        falsifiers=falsifiers,
        others=tuple(sorted(inner_names_of(contract) - {contract.id, *falsifiers})),
        written=tuple(sorted(written_ids_of(contract))),
        depends_on=contract.depends_on,
        harnesses=tuple(sorted(harnesses_of(contract))),
        proxies=tuple(["\0".join(pair) for pair in proxies_of(contract)]),
        tombstones=tuple(tombstones_of(contract)),
    )


def _fill(target: object, source: object, names: Iterable[str]) -> None:
    for name in names:
        object.__setattr__(target, name, getattr(source, name))


class KeptJudged(Judged):
    """A judged file of which findings and label are kept; the rest is read when asked for."""

    __slots__ = ("_contract", "_file")
    _contract: KeptContract | None
    _file: ContractFile

    def __init__(
        self, file: ContractFile, label: Label | None, findings: tuple[Finding, ...]
    ) -> None:
        put = object.__setattr__
        put(self, "_file", file)
        put(self, "findings", findings)
        put(self, "document", KeptDocument(self, file.display))
        put(self, "_contract", KeptContract(self, file.display, label) if label else None)

    def __getattr__(self, name: str) -> Any:
        if name != "decoded":
            raise AttributeError(name)
        object.__setattr__(self, name, self.read().decoded)
        return self.decoded

    @property
    def contract(self) -> Contract | None:
        """The contract, as far as it could be read."""
        return self._contract

    def text(self) -> str:
        """Return the text of the file as it is now, for excerpts; empty where it is gone."""
        return text_of(self._file)

    def read(self) -> Judged:
        """Return the file read and judged again."""
        return judge_file(self._file.path, self._file.display)


class KeptDocument(Document):
    """A document of which the name is known."""

    __slots__ = ("_judged",)

    def __init__(self, judged: KeptJudged, file: str) -> None:
        object.__setattr__(self, "_judged", judged)
        object.__setattr__(self, "file", file)

    def __getattr__(self, name: str) -> Any:
        if name not in {"text", "root", "problems", "bom"}:
            raise AttributeError(name)
        if name == "text":
            object.__setattr__(self, name, self._judged.text())
        else:
            _fill(self, self._judged.read().document, ("text", "root", "problems", "bom"))
        return getattr(self, name)


class KeptContract(Contract):
    """A contract of which the label is known."""

    __slots__ = ("_judged",)

    def __init__(self, judged: KeptJudged, file: str, label: Label) -> None:
        put = object.__setattr__
        put(self, "_judged", judged)
        put(self, "file", file)
        put(self, "id", label.id)
        put(self, "version", label.version)
        put(self, "dialect", Dialect(label.dialect))

    def know(self, facts: Facts) -> None:
        """Take from facts what they hold, so that the file need not be read for it."""
        object.__setattr__(self, "stem", facts.stem)
        object.__setattr__(self, "depends_on", facts.depends_on)

    def __getattr__(self, name: str) -> Any:
        if name not in Contract.__dataclass_fields__:
            raise AttributeError(name)
        if name == "text":
            object.__setattr__(self, name, self._judged.text())
            return self.text
        decoded: Decoded = self._judged.decoded
        # A file that lost its contract since it was found unchanged cannot be judged by halves.
        if decoded.contract is None:
            raise OSError(f"{self.file} changed while it was judged")
        _fill(self, decoded.contract, set(Contract.__dataclass_fields__) - {"file"})
        return getattr(self, name)


class Texts(Mapping[str, str]):
    """File name to text, read when first asked for."""

    def __init__(self, judged: Iterable[Judged]) -> None:
        self._documents = {one.document.file: one.document for one in judged}

    def __getitem__(self, file: str) -> str:
        return self._documents[file].text

    def __iter__(self) -> Iterator[str]:
        return iter(self._documents)

    def __len__(self) -> int:
        return len(self._documents)


class KeptFalsifier:
    """Answers as a falsifier of which the id is known; for the rest the file is read."""

    __slots__ = ("_at", "_contract", "id")

    def __init__(self, contract: Contract, at: int, name: str) -> None:
        self._contract = contract
        self._at = at
        self.id = name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._contract.falsifiers[self._at], name)


def _owned(contract: Contract, at: int, name: str) -> Owned:
    return Owned(contract, cast("Falsifier", KeptFalsifier(contract, at, name)))


class KeptFalsifiers(Mapping[str, tuple[Owned, ...]]):
    """Falsifiers by id; a record is made when it is asked for, few are."""

    def __init__(self, pairs: Iterable[tuple[Contract, Facts]]) -> None:
        self._owners: dict[str, tuple[Contract, Facts]] = {}
        self._more: dict[str, list[Owned]] = {}
        """Of ids that stand more than once: the falsifiers after the first."""
        for pair in pairs:
            names = pair[1].falsifiers
            own = dict.fromkeys(names, pair)
            if len(own) == len(names) and self._owners.keys().isdisjoint(own):
                self._owners.update(own)
            else:
                self._add_repeated(*pair)

    def _add_repeated(self, contract: Contract, facts: Facts) -> None:
        for at, name in enumerate(facts.falsifiers):
            if name in self._owners:
                self._more.setdefault(name, []).append(_owned(contract, at, name))
            else:
                self._owners[name] = contract, facts

    @property
    def repeated(self) -> Iterable[str]:
        """The ids that stand more than once, in the order of the registry."""
        return sorted(self._more, key=list(self._owners).index) if self._more else ()

    def __getitem__(self, name: str) -> tuple[Owned, ...]:
        contract, facts = self._owners[name]
        first = _owned(contract, facts.falsifiers.index(name), name)
        return (first, *self._more.get(name, ()))

    def __contains__(self, name: object) -> bool:
        return name in self._owners

    def __iter__(self) -> Iterator[str]:
        return iter(self._owners)

    def __len__(self) -> int:
        return len(self._owners)


class KeptRegistry(Registry):
    """A registry that answers from facts; file name to facts, for every contract."""

    def __init__(
        self, root: Path, contracts: Iterable[Contract], facts: Mapping[str, Facts]
    ) -> None:
        super().__init__(root, contracts)
        self._facts = facts

    @cached_property
    def _pairs(self) -> list[tuple[Contract, Facts]]:
        return [(contract, self._facts[contract.file]) for contract in self.contracts]

    @cached_property
    def by_stem(self) -> Mapping[str, tuple[Contract, ...]]:
        """As `Registry.by_stem`."""
        return grouped((facts.stem, contract) for contract, facts in self._pairs)

    @cached_property
    def falsifiers(self) -> KeptFalsifiers:
        """As `Registry.falsifiers`."""
        return KeptFalsifiers(self._pairs)

    @property
    def repeated(self) -> Mapping[str, tuple[Owned, ...]]:
        """As `Registry.repeated`."""
        return {name: self.falsifiers[name] for name in self.falsifiers.repeated}

    @cached_property
    def names(self) -> frozenset[str]:
        """As `Registry.names`."""
        names = {*self.by_id, *self.falsifiers}
        for _, facts in self._pairs:
            names.update(facts.others)
        return frozenset(names)

    @cached_property
    def written_ids(self) -> frozenset[str]:
        """As `Registry.written_ids`."""
        return frozenset(name for _, facts in self._pairs for name in facts.written)

    @cached_property
    def tombstones(self) -> frozenset[str]:
        """As `Registry.tombstones`."""
        return frozenset(name for _, facts in self._pairs for name in facts.tombstones)

    @cached_property
    def harnesses(self) -> frozenset[str]:
        """As `Registry.harnesses`."""
        return frozenset(name for _, facts in self._pairs for name in facts.harnesses)

    @cached_property
    def proxies(self) -> Mapping[str, frozenset[str]]:
        """As `Registry.proxies`."""
        pairs = [each.partition("\0") for _, facts in self._pairs for each in facts.proxies]
        groups = grouped((meant, name) for meant, _, name in pairs)
        return {meant: frozenset(names) for meant, names in groups.items()}

    def named_dependencies(self, contract: Contract) -> tuple[str, ...]:
        """As `Registry.named_dependencies`."""
        return self._facts[contract.file].depends_on
