"""The contracts of a registry, found by every name that others call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeVar

from pv.model.contract import Contract, Falsifier
from pv.model.contract import Path as NodePath
from pv.yamlfile.shapes import nearest

_T = TypeVar("_T")


class NotYetError(Exception):
    """Somebody asked about other contracts before all of them were read."""


class Owned(NamedTuple):
    """A falsifier with the contract it stands in."""

    contract: Contract
    falsifier: Falsifier


class Registry:
    """Contracts that are judged together, in the order of their files."""

    def __init__(self, root: Path, contracts: Iterable[Contract]) -> None:
        self.root = root
        self.contracts = tuple(sorted(contracts, key=lambda contract: contract.file))

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of the files that hold the contracts."""
        return tuple(contract.file for contract in self.contracts)

    @cached_property
    def by_id(self) -> Mapping[str, tuple[Contract, ...]]:
        """Return contracts by id; more than one under an id is a fault that a rule reports."""
        return grouped((contract.id, contract) for contract in self.contracts)

    @cached_property
    def by_stem(self) -> Mapping[str, tuple[Contract, ...]]:
        """Return contracts by the stem of their file name."""
        return grouped((contract.stem, contract) for contract in self.contracts)

    @cached_property
    def falsifiers(self) -> Mapping[str, tuple[Owned, ...]]:
        """Return falsifiers by id, over all contracts."""
        return grouped(
            (falsifier.id, Owned(contract, falsifier))
            for contract in self.contracts
            for falsifier in contract.falsifiers
        )

    @property
    def repeated(self) -> Mapping[str, tuple[Owned, ...]]:
        """Return the falsifiers whose id stands more than once."""
        return {name: owned for name, owned in self.falsifiers.items() if len(owned) > 1}

    @cached_property
    def tombstones(self) -> frozenset[str]:
        """Return the ids of all falsifiers that the registry says were taken out."""
        return frozenset(name for each in self.contracts for name in tombstones_of(each))

    @cached_property
    def stems_and_ids(self) -> tuple[str, ...]:
        """Return every name by which a contract may be depended on."""
        return (*self.by_stem, *self.by_id)

    def near(self, name: str) -> tuple[str, ...]:
        """Return the name of a contract that `name` is probably meant to be, if there is one."""
        if name not in self._near:
            meant = nearest(name, self.stems_and_ids)
            self._near[name] = (meant,) if meant else ()
        return self._near[name]

    @cached_property
    def _near(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the ids of all contracts, falsifiers, stages, hypotheses and criteria."""
        names = {*self.by_id, *self.falsifiers}
        for contract in self.contracts:
            names |= inner_names_of(contract)
        return frozenset(names)

    @cached_property
    def families(self) -> frozenset[str]:
        """Return what stands before the number in those names: `FALSIFY-FFN-GGUF` of `…-016`."""
        return frozenset(name.rpartition("-")[0] for name in self.names) - {""}

    @cached_property
    def written_ids(self) -> frozenset[str]:
        """Return every text under a key `id` in any contract, whether a reader knows it or not."""
        return frozenset().union(*map(written_ids_of, self.contracts))

    @cached_property
    def harnesses(self) -> frozenset[str]:
        """Return the `file.py::function` that falsifiers and their companions name, as written."""
        return frozenset().union(*map(harnesses_of, self.contracts))

    @cached_property
    def proxies(self) -> Mapping[str, frozenset[str]]:
        """Return the falsifiers that declare to be a proxy, by the one that they may discharge."""
        pairs = [pair for contract in self.contracts for pair in proxies_of(contract)]
        return {meant: frozenset(names) for meant, names in grouped(pairs).items()}

    def named_dependencies(self, contract: Contract) -> tuple[str, ...]:
        """Return what a contract of this registry names under `depends_on`."""
        return contract.depends_on

    def find(self, name: str) -> Contract | None:
        """Return the contract that a `depends_on` entry names: stem, id, file name or path."""
        found = self.by_stem.get(_stem(name)) or self.by_id.get(name)
        return found[0] if found else None

    @cached_property
    def dependencies(self) -> Mapping[str, tuple[str, ...]]:
        """Return file of a contract to the files it depends on, entries that dangle left out."""
        return {
            contract.file: tuple(
                found.file
                for name in self.named_dependencies(contract)
                if (found := self.find(name))
            )
            for contract in self.contracts
        }

    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Return each knot of dependencies as one loop of files, beginning with the least.

        A loop is a shortest one through its first file; the last file depends on the first.
        """
        graph = self.dependencies
        knots = _strong_components(graph)
        return tuple(sorted(_shortest_loop(graph, min(knot), knot) for knot in knots))


def _stem(name: str) -> str:
    if "/" not in name and name != ".":
        return name.removesuffix(".yaml").removesuffix(".yml")
    return PurePosixPath(name).name.removesuffix(".yaml").removesuffix(".yml")


def tombstones_of(contract: Contract) -> Iterator[str]:
    """Yield the ids of the falsifiers that a contract says were taken out."""
    listed: Any = contract.data.get("tombstones")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("id"), str):
            yield item["id"]


def inner_names_of(contract: Contract) -> set[str]:
    """Return the ids of stages, hypotheses and criteria of a contract."""
    names = {stage.id for stage in contract.stages}
    names.update(hypothesis.id for hypothesis in contract.hypotheses)
    for model in contract.ship_models:
        names.update(criterion.id for criterion in model.criteria)
    return names


def written_ids_of(contract: Contract) -> set[str]:
    """Return every text under a key `id` of a contract."""
    return set(walked(contract.data).ids)


def harnesses_of(contract: Contract) -> set[str]:
    """Return the `file.py::function` that falsifiers and companions of a contract name."""
    return {
        reference
        for falsifier in contract.falsifiers
        for reference in (falsifier.binding.text, *[each.harness for each in falsifier.beside])
        if ".py::" in reference
    }


def proxies_of(contract: Contract) -> list[tuple[str, str]]:
    """Return pairs of names: what a falsifier of a contract is a proxy for, and itself."""
    return [(meant, each.id) for each in contract.falsifiers for meant in each.proxy_for]


class Walk(NamedTuple):
    """What one walk over the texts of a document finds; both lists in the order of the document."""

    data: Mapping[str, Any]
    ids: list[str]
    """Every text under a key `id`."""
    signed: list[tuple[NodePath, str]]
    """Path and text of those that may say something of figures: with a sign, or several lines."""


_last: list[Walk] = []


def walked(data: Mapping[str, Any]) -> Walk:
    """Return what is found in a document.

    Whoever asks about one document asks several times in a row, so the last one is kept.
    """
    if not _last or _last[0].data is not data:
        _last[:] = [Walk(data, [], [])]
        _walk((), data.items(), _last[0].ids, _last[0].signed)
    return _last[0]


def _walk(
    path: NodePath,
    parts: Iterable[tuple[str | int, Any]],
    ids: list[str],
    signed: list[tuple[NodePath, str]],
) -> None:
    """Add the texts below a mapping or list; documents are not deep."""
    for step, value in parts:
        kind = type(value)
        if kind is str:
            if step == "id":
                ids.append(value)
            if (
                "=" in value
                or "(" in value
                or "%" in value
                or "\n" in value
                or not value.isascii()  # ≈ and its like
            ):
                signed.append(((*path, step), value))
        elif kind is dict:
            _walk((*path, step), value.items(), ids, signed)
        elif kind is list:
            _walk((*path, step), enumerate(value), ids, signed)


def texts_of(data: Any, path: NodePath = ()) -> Iterator[tuple[NodePath, str]]:
    """Yield every text of a document with its path, in the order of the document."""
    for step, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, str):
            yield (*path, step), value
        elif isinstance(value, dict | list):
            yield from texts_of(value, (*path, step))


def grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, tuple[_T, ...]]:
    """Return name to everything that stands under it, in order."""
    groups: dict[str, list[_T]] = defaultdict(list)
    for name, value in pairs:
        groups[name].append(value)
    return {name: tuple(values) for name, values in groups.items()}


def _strong_components(graph: Mapping[str, tuple[str, ...]]) -> list[frozenset[str]]:
    """Return the knots of a graph (Tarjan, without recursion): groups that reach each other."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    knots: list[frozenset[str]] = []
    for start, edges in graph.items():
        if start in order or not edges:
            continue  # what leads nowhere is in no knot
        todo = [(start, iter(edges))]
        order[start] = low[start] = len(order)
        stack.append(start)
        on_stack.add(start)
        while todo:
            node, rest = todo[-1]
            following = next((each for each in rest if each not in order or each in on_stack), None)
            if following is None:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[node])
                if low[node] == order[node]:
                    knot = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    on_stack.difference_update(knot)
                    if len(knot) > 1 or node in graph[node]:
                        knots.append(frozenset(knot))
            elif following in order:
                low[node] = min(low[node], order[following])
            else:
                order[following] = low[following] = len(order)
                stack.append(following)
                on_stack.add(following)
                todo.append((following, iter(graph[following])))
    return knots


def _shortest_loop(
    graph: Mapping[str, tuple[str, ...]], start: str, knot: frozenset[str]
) -> tuple[str, ...]:
    """Return a shortest loop from `start` back to it inside its knot."""
    came_from: dict[str, str] = {}
    edge = [start]
    while edge:
        following: list[str] = []
        for node in edge:
            for each in graph[node]:
                if each == start:
                    return _walk_back(came_from, start, node)
                if each in knot and each not in came_from:
                    came_from[each] = node
                    following.append(each)
        edge = following
    raise ValueError(f"{start} is in no loop")


def _walk_back(came_from: Mapping[str, str], start: str, node: str) -> tuple[str, ...]:
    loop = [node]
    while loop[-1] != start:
        loop.append(came_from[loop[-1]])
    return tuple(reversed(loop))
