"""The one page that people look at: everything of a registry in one self-contained HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from pv.errors import UsageError
from pv.evidence.audit import Listed, listed
from pv.evidence.derive import Derived, derive_all
from pv.evidence.shipping import fleet_of
from pv.registry.sides import compare_sides, registry_side, side_of
from pv.report.build import view_of
from pv.report.curve import curve
from pv.report.graphs import graphs
from pv.report.markdown import visible
from pv.report.numbers import percent
from pv.report.view import RegistryView, ShipView
from pv.ship import ShipStanding

_SMALL: Final = 200
"""Contract files up to which past revisions are read without being asked to."""
_COMMITS: Final = 12


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
    evidence: tuple[Listed, ...]
    changes: Changes | None


def content(root: Path, *, local: bool, since: str | None, history: int | None) -> Content:
    """Read everything of a registry that the page tells.

    `history` is how many commits the ship curve looks back over, 0 for none; without a number a
    small registry has a curve. Raises UsageError for a revision that cannot be read.
    """
    derived = derive_all(root, local=local, freshness="as recorded")
    view = view_of(derived, base="docs")
    standings = [each.standing for each in fleet_of(derived).shipments]
    resting = graphs(derived)
    drawn, missing = _curve_of(root, derived, history)
    judged = derive_all(root, local=local, loaded=derived.loaded)
    return Content(
        title=f"{root.name}: contracts and their evidence",
        view=view,
        ship=tuple(map(Shipping, view.ship, map(_bars, standings))),
        curve=drawn,
        notes=(*((missing,) if missing else ()), *resting.notes),
        graphs=resting.pictures,
        evidence=tuple(listed(root, judged, local=local)),
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
            percent(value) if value is not None else "none",
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
