"""One difference between two versions of a contract, and how parts of it are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

from pv.registry.versions import Bump
from pv.yamlfile.checked import Checked

_LONGEST: Final = 80
"""Characters of a value in a line; more is cut."""
_T = TypeVar("_T")


class Verb(StrEnum):
    """What happened to a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """A status or verdict that is another word now."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions of a contract."""

    part: str
    """What kind of part: contract, falsifier, limit, equation, obligation, hypothesis, stage, …"""
    verb: Verb
    name: str
    bump: Bump
    """The bump that this change alone asks for."""
    detail: str = ""
    """Before and after in a few words; empty where the part came or went as a whole."""

    def __str__(self) -> str:
        name = f" {self.name}" if self.name else ""
        return f"{self.part}{name} {self.verb}" + (f": {self.detail}" if self.detail else "")


class Part(NamedTuple):
    """A part of a contract that both versions have."""

    kind: str
    name: str

    def edit(self, what: str, bump: Bump, one: Any, other: Any) -> Iterator[Change]:
        """Yield a change where two values differ, with both of them."""
        if not same(one, other):
            told = f"{what}: " if what else ""
            detail = f"{told}{shown(one)} → {shown(other)}"
            yield Change(self.kind, Verb.CHANGED, self.name, bump, detail)

    def prose(self, *pairs: tuple[str, Any, Any]) -> Iterator[Change]:
        """Yield one change where texts differ; what they say is left to the text itself."""
        edited = [what for what, one, other in pairs if not same(one, other)]
        if edited:
            detail = f"prose: {', '.join(edited)}"
            yield Change(self.kind, Verb.CHANGED, self.name, Bump.PATCH, detail)

    def move(self, one: str | None, other: str | None) -> Iterator[Change]:
        """Yield a change where a status is another word now."""
        if one != other:
            detail = f"{shown(one)} → {shown(other)}"
            yield Change(self.kind, Verb.MOVED, self.name, Bump.MINOR, detail)


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal; NaN equals NaN here, because nothing was edited."""
    return bool(one == other) or repr(plain(one)) == repr(plain(other))


def plain(value: Any) -> Any:
    """Return a value without the places that its parts were read from."""
    if isinstance(value, Checked):
        return plain(value.values)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def shown(value: Any) -> str:
    """Return a value in a few words, on one line."""
    value = plain(value)
    text = " ".join(str(value).split()) if value not in (None, "", (), [], {}) else "nothing"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def by_id(items: Iterable[_T]) -> dict[str, _T]:
    """Return parts by their id; a second one of the same id gets a number."""
    found: dict[str, _T] = {}
    for item in items:
        name = str(getattr(item, "id", ""))
        key, number = name, 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = item
    return found


def parts(
    part: str,
    before: Mapping[str, _T],
    after: Mapping[str, _T],
    edits: Callable[[str, _T, _T], Iterator[Change]],
    *,
    prose: bool = False,
) -> Iterator[Change]:
    """Yield parts that went, came and changed; a part that only tells asks for PATCH."""
    for name in before:
        if name not in after:
            yield Change(part, Verb.REMOVED, name, Bump.PATCH if prose else Bump.MAJOR)
    for name, item in after.items():
        if name not in before:
            yield Change(part, Verb.ADDED, name, Bump.PATCH if prose else Bump.MINOR)
        else:
            yield from edits(name, before[name], item)
