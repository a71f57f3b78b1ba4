"""From what a user asked for to falsifiers: ids, patterns, levels and shards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from pv.errors import UsageError
from pv.model.contract import Contract, Falsifier, short_id
from pv.model.verdict import Level
from pv.registry.contracts import Loaded
from pv.registry.named import nearest, place_of

_PATTERN: Final = re.compile(r"[*?\[]")
_SHARD: Final = re.compile(r"(\d{1,6})/(\d{1,6})")


class Entry(NamedTuple):
    """A falsifier where it stands, and why its entry cannot be relied on (empty: it can)."""

    contract: Contract
    falsifier: Falsifier
    fault: str


class Shard(NamedTuple):
    """One of several equal parts; all of them together are the whole, and no two overlap."""

    part: int
    """From 1."""
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/5`. Raises UsageError for anything else."""
        found = _SHARD.fullmatch(text)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.part <= shard.of:
            raise UsageError(f"--shard {text!r}: expected i/n with i from 1 to n, such as 2/5")
        return shard

    def __str__(self) -> str:
        return f"{self.part}/{self.of}"


class Selection(NamedTuple):
    """What is to be planned, and what the choice itself left empty."""

    entries: tuple[Entry, ...]
    unread: tuple[Loaded, ...]
    empty: str = ""
    """Why nothing is left; empty where something is."""


def is_pattern(text: str) -> bool:
    """Whether an id is a pattern for several."""
    return bool(_PATTERN.search(text))


def select(
    loaded: Sequence[Loaded],
    ids: Sequence[str],
    *,
    level: Level | None = None,
    shard: Shard | None = None,
) -> Selection:
    """Return the falsifiers that ids and patterns name, all of them where there is no id.

    A level leaves the others out; of what is left a shard takes every n-th, in the order of the
    registry. Raises UsageError for an id that is unknown or fits several falsifiers, and for a
    pattern that fits none.
    """
    entries = [
        Entry(each.contract, falsifier, each.fault_of(falsifier))
        for each in loaded
        if each.contract
        for falsifier in each.contract.falsifiers
    ]
    refused = [each for each in loaded if each.contract is None]
    chosen = _named(ids, entries, refused) if ids else entries
    unread = [] if ids else refused
    asked = len(chosen)
    if level is not None:
        chosen = [each for each in chosen if each.falsifier.live == (level is Level.LIVE)]
    if level is not None and asked and not chosen:
        return Selection((), tuple(unread), f"{counted(asked)} asked for, none {level.lower()}")
    if shard is None:
        return Selection(tuple(chosen), tuple(unread))
    whole: list[Entry | Loaded] = [*chosen, *unread]
    part = whole[shard.part - 1 :: shard.of]
    empty = f"shard {shard} is empty: {counted(len(whole))} in all, each in another shard"
    return Selection(
        tuple(each for each in part if isinstance(each, Entry)),
        tuple(each for each in part if isinstance(each, Loaded)),
        "" if part else empty,
    )


def counted(number: int) -> str:
    """Return a number of falsifiers in words."""
    return f"{number:,} falsifier{'' if number == 1 else 's'}"


def _named(ids: Sequence[str], entries: Sequence[Entry], refused: Sequence[Loaded]) -> list[Entry]:
    """Return the entries that ids and patterns name, each once, in the order of the ids."""
    found: dict[int, Entry] = {}
    for text in ids:
        fitting = _fitting(text, entries) if is_pattern(text) else [_find(text, entries, refused)]
        found |= {id(each.falsifier): each for each in fitting}
    return list(found.values())


def _fitting(pattern: str, entries: Sequence[Entry]) -> list[Entry]:
    def fits(name: str, wanted: str) -> bool:
        return fnmatchcase(name, wanted) or fnmatchcase(short_id(name), wanted)

    found = [each for each in entries if fits(each.falsifier.id, pattern)] or [
        each for each in entries if fits(each.falsifier.id.upper(), pattern.upper())
    ]
    if not found:
        raise UsageError(
            f"no falsifier fits {pattern!r}",
            advice=nearest(re.sub(_PATTERN, "", pattern), [each.falsifier.id for each in entries]),
        )
    return found


def _find(text: str, entries: Sequence[Entry], refused: Sequence[Loaded]) -> Entry:
    """Return the falsifier that an id or its short form names, in whatever case where it fits."""
    unread = "".join(f"; {each.fault}" for each in refused)
    known = [(each.falsifier.id, each.contract.file) for each in entries]
    return entries[place_of(text, known, unread=unread)]
