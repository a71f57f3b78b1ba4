"""What rests on what in a registry: contracts on contracts, hypotheses on falsifiers."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pv.evidence.derive import Derived
from pv.model.contract import Contract, short_id
from pv.model.status import ContractStatus
from pv.report.graph import Node, layered
from pv.report.overview import mark_of

_DRAWN: Final = 60
"""Boxes of a graph that anybody can follow."""


class Drawn(NamedTuple):
    """Pictures, and what is not on them."""

    pictures: tuple[str, ...]
    notes: tuple[str, ...]


def graphs(derived: Derived) -> Drawn:
    """Return the dependencies of contracts, and what decides the hypotheses."""
    pairs = list(zip(derived.contracts, derived.statuses, strict=True))
    found = [_depending(pairs), _deciding(pairs)]
    return Drawn(
        tuple(each for one in found for each in one.pictures),
        tuple(each for one in found for each in one.notes),
    )


def _drawn(
    title: str,
    what: str,
    nodes: Mapping[str, Node],
    edges: Mapping[str, Sequence[str]],
    first: Sequence[str],
) -> Drawn:
    """Draw a graph; of a large one what lies nearest to `first`, and say so."""
    if not nodes:
        return Drawn((), ())
    kept = nearest(nodes, edges, first, _DRAWN)
    picture = layered(title, [each for name, each in nodes.items() if name in kept], edges)
    left = len(nodes) - len(kept)
    note = f"Left out of the graph: {left:,} of {len(nodes):,} {what}, those farthest from a claim"
    return Drawn((picture,), (f"{note} that differs.",) if left else ())


def nearest(
    names: Mapping[str, object], edges: Mapping[str, Sequence[str]], first: Sequence[str], most: int
) -> frozenset[str]:
    """Return at most `most` names, those first that the fewest edges part from `first`."""
    beside: dict[str, list[str]] = {name: [] for name in names}
    for one, others in edges.items():
        for to in others:
            if one in beside and to in beside:
                beside[one].append(to)
                beside[to].append(one)
    found: dict[str, None] = {}
    for start in (*first, *names):
        waiting = deque([start] if start in beside else ())
        while waiting and len(found) < most:
            name = waiting.popleft()
            if name not in found:
                found[name] = None
                waiting.extend(beside[name])
    return frozenset(found)


def _depending(pairs: Sequence[tuple[Contract, ContractStatus]]) -> Drawn:
    contracts = [contract for contract, _ in pairs]
    named = {each.stem: each.stem for each in contracts}
    named |= {each.id: each.stem for each in contracts}
    edges = {
        each.stem: [named[name] for name in each.depends_on if name in named] for each in contracts
    }
    touched = {one for one, others in edges.items() if others}
    touched |= {to for others in edges.values() for to in others}
    nodes = {
        each.stem: Node(each.stem, f"{each.stem} {each.version or ''}".strip(), status.derived)
        for each, status in pairs
        if each.stem in touched
    }
    first = [each.stem for each, status in pairs if mark_of(status.standing)]
    return _drawn("Contracts and what they depend on", "contracts", nodes, edges, first)


def _deciding(pairs: Sequence[tuple[Contract, ContractStatus]]) -> Drawn:
    """Draw which falsifiers decide which hypotheses, each with its state."""
    nodes: dict[str, Node] = {}
    asked: dict[str, Node] = {}
    links: dict[str, list[str]] = {}
    first: list[str] = []
    for contract, status in pairs:
        claims = {each.id: each.claim for each in contract.hypotheses}
        verdicts = {each.id: each for each in status.hypotheses}
        for falsifier, its in zip(contract.falsifiers, status.falsifiers, strict=True):
            if falsifier.decides:
                why = "; ".join(its.reasons)
                nodes[falsifier.id] = Node(falsifier.id, short_id(falsifier.id), why, its.state)
            for name in falsifier.decides:
                key = f"hypothesis {contract.stem} {name}"
                found = verdicts.get(name)
                verdict = found.derived if found else ""
                asked[key] = Node(key, name, claims.get(name, ""), verdict)
                links.setdefault(falsifier.id, []).append(key)
                if found and mark_of(found.standing):
                    first.append(key)
    title = "Falsifiers and the hypotheses they decide"
    return _drawn(title, "falsifiers and hypotheses", {**nodes, **asked}, links, first)
