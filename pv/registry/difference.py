"""What changed between two versions of a contract, in its own terms, and the bump that it asks for.

Changed limits, equations and removed claims ask for MAJOR: what held under the old version may not
hold under the new one. New claims, new bindings and status moves ask for MINOR, prose for PATCH.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pv.model.contract import Contract, Equation, Hypothesis, Lesson, Obligation, Stage
from pv.registry.change import Change, Part, Verb, by_id, parts, same, shown
from pv.registry.difference_falsifiers import falsifier, ship_model
from pv.registry.versions import Bump, bump_between, parse_version


@dataclass(frozen=True, slots=True)
class Difference:
    """All differences between two versions of one contract."""

    before: Contract
    after: Contract
    changes: tuple[Change, ...]

    @property
    def asked(self) -> Bump:
        """Return the bump that the changes ask for together."""
        return max((each.bump for each in self.changes), default=Bump.NONE)

    @property
    def declared(self) -> Bump | None:
        """Return the bump that the versions show; None where either is no semantic version."""
        before, after = (parse_version(one.version or "") for one in (self.before, self.after))
        return None if before is None or after is None else bump_between(before, after)

    @property
    def enough(self) -> bool | None:
        """Return whether the declared bump is what is asked for; None where it is not known."""
        return None if self.declared is None else self.declared >= self.asked

    def because(self, bump: Bump) -> tuple[Change, ...]:
        """Return the changes that ask for exactly this bump."""
        return tuple(each for each in self.changes if each.bump is bump)


def compare(before: Contract, after: Contract) -> Difference:
    """Return what changed from one version of a contract to another; order is that of the file."""
    if before is after:
        return Difference(before, after, ())
    found = [
        *_metadata(before, after),
        *parts("equation", by_id(before.equations), by_id(after.equations), _equation),
        *parts("obligation", _obligations(before), _obligations(after), _obligation),
        *parts("hypothesis", by_id(before.hypotheses), by_id(after.hypotheses), _hypothesis),
        *parts("falsifier", by_id(before.falsifiers), by_id(after.falsifiers), falsifier),
        *parts("stage", by_id(before.stages), by_id(after.stages), _stage),
        *parts("lesson", by_id(before.lessons), by_id(after.lessons), _lesson, prose=True),
        *parts("model", by_id(before.ship_models), by_id(after.ship_models), ship_model),
        *_changelog(before, after),
        *_remaining(before, after),
    ]
    if not found and not same(_compared(before), _compared(after)):
        found.append(Change("contract", Verb.CHANGED, "", Bump.PATCH, "prose: order or other keys"))
    return Difference(before, after, tuple(found))


def _compared(contract: Contract) -> Mapping[str, Any]:
    """Return a file without what every new version changes."""
    left = {key: value for key, value in contract.data.items() if key not in _EACH_VERSION}
    inner = {key: value for key, value in _inner(contract).items() if key not in _EACH_VERSION}
    return {**left, "metadata": inner}


_EACH_VERSION: Final = frozenset({"version", "updated", "changelog", "tombstones"})


# Parts with names


def _equation(name: str, one: Equation, other: Equation) -> Iterator[Change]:
    part = Part("equation", name)
    yield from part.edit("", Bump.MAJOR, one.formula, other.formula)
    told = ("description", "note", "notes", "where", "name")
    for key in dict.fromkeys((*one.data, *other.data)):
        was, now = one.data.get(key), other.data.get(key)
        if key in told:
            yield from part.prose((key, was, now))
        else:
            yield from part.edit(key, Bump.MAJOR, was, now)


def _obligations(contract: Contract) -> dict[str, Obligation]:
    """Return obligations by id; those without one are known by what they demand."""
    return {
        one.id or shown(one.property or one.formal or f"#{number}"): one
        for number, one in enumerate(contract.obligations, 1)
    }


def _obligation(name: str, one: Obligation, other: Obligation) -> Iterator[Change]:
    part = Part("obligation", name)
    was, now = _limit_of(one.tolerance), _limit_of(other.tolerance)
    yield from part.edit("formal", Bump.MAJOR, one.formal, other.formal)
    yield from part.edit("tolerance", Bump.MAJOR, was, now)
    yield from part.edit("type", Bump.MAJOR, one.type, other.type)
    yield from part.edit("applies_to", Bump.MAJOR, one.applies_to, other.applies_to)
    pairs: list[tuple[str, Any, Any]] = [("property", one.property, other.property)]
    if same(was, now):
        pairs.append(("reason", _reason_of(one.tolerance), _reason_of(other.tolerance)))
    yield from part.prose(*pairs)


def _limit_of(tolerance: Any) -> Any:
    return tolerance.get("value") if isinstance(tolerance, Mapping) else tolerance


def _reason_of(tolerance: Any) -> str:
    return str(tolerance.get("reason", "")) if isinstance(tolerance, Mapping) else ""


def _hypothesis(name: str, one: Hypothesis, other: Hypothesis) -> Iterator[Change]:
    part = Part("hypothesis", name)
    yield from part.move(one.verdict, other.verdict)
    yield from part.prose(("claim", one.claim, other.claim))


def _stage(name: str, one: Stage, other: Stage) -> Iterator[Change]:
    part = Part("stage", name)
    yield from part.move(one.status, other.status)
    yield from part.edit("gates", Bump.MINOR, ", ".join(one.gates), ", ".join(other.gates))
    yield from part.prose(("title", one.title, other.title))


def _lesson(name: str, one: Lesson, other: Lesson) -> Iterator[Change]:
    keys = ("text", "incident", "guard", "test")
    yield from Part("lesson", name).prose(
        *((key, getattr(one, key), getattr(other, key)) for key in keys)
    )


# The rest of the file


def _metadata(one: Contract, other: Contract) -> Iterator[Change]:
    part = Part("contract", "")
    yield from part.edit("id", Bump.MAJOR, one.id, other.id)
    yield from part.move(one.status, other.status)
    yield from part.edit("kind", Bump.MINOR, one.kind, other.kind)
    needs = (", ".join(one.depends_on), ", ".join(other.depends_on))
    yield from part.edit("depends_on", Bump.MINOR, *needs)
    yield from part.edit("created", Bump.PATCH, one.created, other.created)
    placed = {"id", "version", "status", "kind", "depends_on", "created", "updated", "changelog"}
    keys = [key for key in {**_inner(one), **_inner(other)} if key not in placed]
    pairs = [(key, _inner(one).get(key), _inner(other).get(key)) for key in keys]
    yield from part.prose(*pairs)


def _inner(contract: Contract) -> Mapping[str, Any]:
    metadata = contract.data.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _changelog(one: Contract, other: Contract) -> Iterator[Change]:
    """Yield edits of history; entries for versions that are new are what a bump brings."""
    before = {each.version: each for each in one.changelog}
    after = {each.version: each for each in other.changelog}
    for version, entry in before.items():
        now = after.get(version)
        if now is None:
            yield Change("changelog", Verb.REMOVED, version, Bump.PATCH)
        elif (entry.date, entry.changes) != (now.date, now.changes):
            yield Change("changelog", Verb.CHANGED, version, Bump.PATCH)


_READ: Final = frozenset({
    "metadata", "changelog", "amendment_history", "equations", "proof_obligations", "hypotheses",
    "stages", "lessons", "falsification_tests", "models", "implementation_stages", "milestones",
    "kind", "status", "version", "discharge_status", "tombstones",
})  # fmt: skip
"""Blocks of a file that are compared by what they mean, above."""
_TOLD: Final = frozenset({"verification_summary", "description", "title", "references", "notes"})
"""Blocks that only tell: what they count or say follows from the others."""


def _remaining(one: Contract, other: Contract) -> Iterator[Change]:
    for key in dict.fromkeys((*one.data, *other.data)):
        was, now = one.data.get(key), other.data.get(key)
        if key in _READ or same(was, now):
            continue
        bump = Bump.PATCH if key in _TOLD or str(key).startswith("x-") else Bump.MINOR
        verb = Verb.ADDED if key not in one.data else Verb.CHANGED
        yield Change("block", verb if key in other.data else Verb.REMOVED, str(key), bump)
