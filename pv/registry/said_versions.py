"""Statements about versions: `1.0.0 → 1.1.0`, `bumps C-CHAIN to 1.1.0`, `version 1.1.0`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.registry.changeset import ChangeSet
from pv.registry.difference import Difference
from pv.registry.said import NO, OPEN, YES, Answer, Said, around, names

_VERSION: Final = r"v?(\d+\.\d+\.\d+(?:-\w[\w.]*\w)?)"
_MARKS: Final = r"[`*\s]{0,9}"
_BUMP: Final = re.compile(rf"{_VERSION}{_MARKS}(?:→|->|=>|⇒|\bto\b){_MARKS}{_VERSION}")
_BUMP_TO: Final = re.compile(
    r"\b(?:bump|rais|releas|upgrad)\w*\b(?P<what>(?:(?!\d+\.\d+\.\d+)[^→>.;]){0,60}?)"
    rf"\bto\s{{1,9}}(?:version\s{{1,9}})?[`*]{{0,9}}{_VERSION}",
    re.IGNORECASE,
)
_VERSION_IS: Final = re.compile(
    r"\b(?:version|contract|now at)\s{0,9}(?:(?:is|now|stays|remains|still|at|[:=])\s{0,9}){0,4}"
    rf"{_MARKS}{_VERSION}",
    re.IGNORECASE,
)
_CONTRACT: Final = re.compile(r"\bcontract|\bmetadata\b|\.ya?ml\b", re.IGNORECASE)
_OTHER_THING: Final = re.compile(
    r"\b(?:crates?|package|dependenc\w+|librar\w+|toolchain|rust|python|compiler|driver|tool|"
    r"schema|format|protocol|requires?|needs?|since|docker|image|release of)\b|\.toml\b|\.lock\b",
    re.IGNORECASE,
)
_CONTRACT_ID: Final = re.compile(r"(?<![\w-])C-[A-Z0-9][A-Z0-9-]*(?![\w-])")
_NO_NAME: Final = re.compile(
    r"^[\s`*:]*(?:the|its|a|contract|version|up|from)?[\s`*:]*$", re.IGNORECASE
)


def versions(sentence: str, change: ChangeSet) -> Iterator[Said]:
    """Yield what a sentence says of versions."""
    taken: list[range] = []
    for match in _BUMP.finditer(sentence):
        taken.append(range(match.start(), match.end()))
        answer = _bumped(match[1], match[2], around(sentence, match), change)
        yield Said(match.start(), match.end(), match[0], answer)
    for match in _BUMP_TO.finditer(sentence):
        taken.append(range(match.start(), match.end()))
        near = around(sentence, match)
        sure = _NO_NAME.match(match["what"]) is not None and not _OTHER_THING.search(near)
        answer = _bumped(None, match[2], near, change, sure=sure)
        meant = _CONTRACT_ID.search(match["what"])
        if meant and not any(names(meant[0], name) for name in _known(change)):
            answer = NO, f"no contract is called {meant[0]}"
        yield Said(match.start(), match.end(), match[0], answer)
    for match in _VERSION_IS.finditer(sentence):
        if not any(match.end() - 1 in each for each in taken) and _before_arrow(sentence, match):
            answer = _stands_at(match[1], around(sentence, match), change)
            yield Said(match.start(), match.end(), match[0], answer)


def _known(change: ChangeSet) -> Iterator[str]:
    """Yield the names of the contracts of both sides."""
    comparison = change.comparison
    present = [one.after for one in comparison.differences]
    for contract in (*present, *comparison.added, *comparison.removed):
        yield contract.id
        yield contract.stem


def _before_arrow(sentence: str, match: re.Match[str]) -> bool:
    """Tell whether a version is not the first of a pair, which says something else."""
    return _BUMP.match(sentence, match.start(1)) is None


def _bumped(
    before: str | None, after: str, sentence: str, change: ChangeSet, *, sure: bool = False
) -> Answer:
    """Answer a rise to a version; `sure` where it can only be about a contract."""
    differences = named(sentence, change)
    for one in differences:
        was, now = one.before.version, one.after.version
        if now == after and was != now and before in {None, was}:
            return YES, f"{one.after.file}: {was} → {now}"
    known = {one.before.version for one in differences}
    added = [one for one in change.comparison.added if one.version == after]
    if before is None and added:
        return YES, f"{added[0].file} is new at {after}"
    about = sure or bool(_CONTRACT.search(sentence))
    if not (before in known or about or len(differences) < len(change.comparison.differences)):
        return OPEN, f"no contract was at {before}" if before else "no contract is named"
    near = next((one for one in differences if one.before.version == before), None)
    if near is None and len(differences) == 1:
        near = differences[0]
    if near is None:
        return NO, f"no contract went to {after}"
    was, now = near.before.version, near.after.version
    told = f"is still {now}" if was == now else f"went {was} → {now}"
    return NO, f"{near.after.file} {told}"


def _stands_at(version: str, sentence: str, change: ChangeSet) -> Answer:
    """Answer that something is at a version now."""
    differences = named(sentence, change)
    present = [one.after for one in differences]
    if len(differences) == len(change.comparison.differences):
        present += change.comparison.added
    at = next((one for one in present if one.version == version), None)
    if at is not None:
        return YES, f"{at.file} is at {version}"
    if any(one.before.version == version for one in differences):
        return OPEN, f"a contract was at {version} before the change"
    meant = _CONTRACT.search(sentence) or len(differences) < len(change.comparison.differences)
    if not meant and _OTHER_THING.search(sentence):
        return OPEN, "no contract is named"
    if len(present) == 1:
        return NO, f"{present[0].file} is at {present[0].version or 'no version'}"
    return NO, f"no contract is at {version}"


def named(sentence: str, change: ChangeSet) -> tuple[Difference, ...]:
    """Return the contracts that a sentence names; all where it names none."""
    differences = change.comparison.differences
    found = tuple(
        one
        for one in differences
        if any(names(sentence, name) for name in (one.after.id, one.after.stem))
    )
    return found or differences
