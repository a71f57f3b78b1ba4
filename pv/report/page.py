"""The one page that people look at: everything of a registry in one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from pv.errors import UsageError
from pv.evidence.audit import Audited, audit
from pv.evidence.derive import Derived, derive_all
from pv.evidence.shipping import fleet_of
from pv.model.contract import Contract, short_id
from pv.registry.sides import compare_sides, registry_side, side_of
from pv.report.build import view_of
from pv.report.curve import curve
from pv.report.graph import Node, layered
from pv.report.markdown import visible
from pv.report.view import RegistryView, ShipView
from pv.ship import ShipStanding

_SMALL: Final = 200
"""Contract files up to which past revisions are read without being asked to."""
_COMMITS: Final = 12
_DRAWN: Final = 60
"""Boxes of a graph that anybody can follow."""


class Bar(NamedTuple):
    """One of the three figures of a model, as a bar."""

    name: str
    text: str
    width: str
    """Of 100."""


class Shipping(NamedTuple):
    """One model to ship on the page."""

    view: ShipView
    bars: tuple[Bar, ...]


class Receipt(NamedTuple):
    """One row of the evidence."""

    path: str
    verdict: str
    condition: str
    detail: str


class Changed(NamedTuple):
    """What changed in one contract."""

    name: str
    lines: tuple[str, ...]


class Changes(NamedTuple):
    """What changed since a revision."""

    since: str
    contracts: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What the page tells, before it is laid out."""

    title: str
    view: RegistryView
    ship: tuple[Shipping, ...]
    curve: str
    notes: tuple[str, ...]
    """What is not on the page, whatever its size, and why."""
    graphs: tuple[str, ...]
    evidence: tuple[Receipt, ...]
    changes: Changes | None


def content(root: Path, *, local: bool, since: str | None, history: int | None) -> Content:
    """Read everything of a registry that the page tells.

    `history` is how many commits the ship curve looks back over, 0 for none; without a number a
    small registry has a curve. Raises UsageError for a revision that cannot be read.
    """
    derived = derive_all(root, local=local, freshness="as recorded")
    view = view_of(derived, base="docs")
    standings = [each.standing for each in fleet_of(derived).shipments]
    drawn, missing = _curve_of(root, derived, history)
    receipts = audit(root, local=local, loaded=derived.loaded).receipts
    return Content(
        title=f"{root.name}: contracts and their evidence",
        view=view,
        ship=tuple(map(Shipping, view.ship, map(_bars, standings))),
        curve=drawn,
        notes=(missing,) if missing else (),
        graphs=tuple(_graphs(derived)),
        evidence=tuple(map(_row, receipts)),
        changes=_changes(root, since) if since else None,
    )


def _bars(model: ShipStanding) -> tuple[Bar, ...]:
    figures = {
        "ours": model.percent,
        "foreign": model.foreign_percent,
        "asserted": model.asserted_percent,
    }
    return tuple(
        Bar(
            name,
            f"{float(value):.4g} %" if value is not None else "none",
            f"{min(max(float(value or 0), 0.0), 100.0):.2f}",
        )
        for name, value in figures.items()
    )


def _curve_of(root: Path, derived: Derived, history: int | None) -> tuple[str, str]:
    """Return the curve, and why there is none; without a number a small registry has one."""
    if not any(each.ship_models for each in derived.contracts) or history == 0:
        return "", ""
    if history is None and len(derived.loaded) > _SMALL:
        more = f"`pv report --history {_COMMITS}` draws it"
        return "", f"Left out for a registry of this size: the curve over history; {more}."
    try:
        return curve(root, history or _COMMITS), ""
    except UsageError as error:
        if history is not None:
            raise
        return "", f"No curve over history: {error.message}."


def _graphs(derived: Derived) -> list[str]:
    """Return the dependencies of contracts, and what decides the hypotheses."""
    contracts = derived.contracts
    words = {each.id: each.derived for each in derived.statuses}
    graphs = []
    depending = _named(contracts)
    edges = {
        each.stem: [depending[name] for name in each.depends_on if name in depending]
        for each in contracts
    }
    touched = {one for one, others in edges.items() if others} | {
        to for others in edges.values() for to in others
    }
    nodes = [
        Node(each.stem, f"{each.stem} {each.version or ''}".strip(), words.get(each.id, ""))
        for each in contracts
        if each.stem in touched
    ]
    if nodes and len(nodes) <= _DRAWN:
        graphs.append(layered("Contracts and what they depend on", nodes, edges))
    graphs += _deciding(derived)
    return graphs


def _deciding(derived: Derived) -> list[str]:
    """Return which falsifiers decide which hypotheses, each with its state."""
    nodes: dict[str, Node] = {}
    asked: dict[str, Node] = {}
    links: dict[str, list[str]] = {}
    for contract, status in zip(derived.contracts, derived.statuses, strict=True):
        claims = {each.id: each.claim for each in contract.hypotheses}
        verdicts = {each.id: each.derived for each in status.hypotheses}
        for falsifier, its in zip(contract.falsifiers, status.falsifiers, strict=True):
            if falsifier.decides:
                why = "; ".join(its.reasons)
                nodes[falsifier.id] = Node(falsifier.id, short_id(falsifier.id), why, its.state)
            for name in falsifier.decides:
                key = f"hypothesis {contract.stem} {name}"
                asked[key] = Node(key, name, claims.get(name, ""), verdicts.get(name, ""))
                links.setdefault(falsifier.id, []).append(key)
    if not nodes or len(nodes) > _DRAWN:
        return []
    title = "Falsifiers and the hypotheses they decide"
    return [layered(title, [*nodes.values(), *asked.values()], links)]


def _named(contracts: Sequence[Contract]) -> dict[str, str]:
    """Return every name that a dependency may use, with the stem it means."""
    names = {each.stem: each.stem for each in contracts}
    return names | {each.id: each.stem for each in contracts}


def _row(each: Audited) -> Receipt:
    verdict = each.receipt.verdict.value if each.receipt else "none"
    detail = each.reason or ", ".join(each.moved)
    return Receipt(each.path, verdict, each.condition.value, detail)


def _changes(root: Path, since: str) -> Changes:
    found = compare_sides(side_of(since, root), registry_side(root))
    changed = [
        Changed(
            f"{each.after.stem} {each.before.version} → {each.after.version}",
            tuple(visible(str(change)) for change in each.changes),
        )
        for each in found.differences
        if each.changes
    ]
    changed += [Changed(f"{each.stem}: new", ()) for each in found.added]
    changed += [Changed(f"{each.stem}: removed", ()) for each in found.removed]
    return Changes(since, tuple(changed))
