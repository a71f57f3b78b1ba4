"""Statements about statuses: `A → B`, `F-1 is now BOUND`, `promotes F-1 to DISCHARGED`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.model.contract import short_id
from pv.model.lifecycle import Lifecycle
from pv.registry.changeset import ChangeSet
from pv.registry.said import FAR, NO, OPEN, YES, Answer, Reader, Said, names

_MARKS: Final = r"[`*\s]{0,9}"
_WORD: Final = r"[A-Z][A-Z_]{2,}"
_MOVE: Final = re.compile(rf"\b({_WORD}){_MARKS}(?:→|->|=>|⇒|\bto\b){_MARKS}({_WORD})\b")
_STATE: Final = re.compile(rf"\b{_WORD}\b")
_LINK: Final = re.compile(
    r"(?P<moves>\b(?:becom\w+|became|mov\w+|go(?:es)?|went|promot\w+|demot\w+|rais\w+|mark\w+|"
    r"set)\b)|\b(?:is|are|now|stays?|remains?|to|as)\b|[:=]",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"(?<![\w/.-])(?:[A-Za-z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]{1,30}){1,9}|[A-Z]{1,4}\d{1,4})(?![\w/-])"
)
_BETWEEN: Final = re.compile(
    r"(?:\W|\b(?:is|are|now|unchanged|still|which|stays?|remains?|to|as|and|both|all|also|from|its|the|status|state|"
    r"verdict|of|at|becom\w+|became|mov\w+|go|goes|went|promot\w+|demot\w+|rais\w+|mark\w+|set|"
    r"has|have|been|was|were|falsifiers?|hypothes[ei]s|stages?|contracts?)\b){0,40}",
    re.IGNORECASE,
)
_LIST: Final = re.compile(r"\W*(?:\band\b)?\W*", re.IGNORECASE)
_CLAIMED: Final = re.compile(r"^(?:FALSIFY|C)-[A-Z0-9-]+$|^F-?\d")


def moves_reader(lifecycle: Lifecycle) -> Reader:
    """Return the reader of statements that use the words of a lifecycle."""
    words = frozenset(
        word
        for kind in (lifecycle.contract, lifecycle.falsifier, lifecycle.stage, lifecycle.hypothesis)
        for word in kind.words
    )

    def read(sentence: str, change: ChangeSet) -> Iterator[Said]:
        taken: list[range] = []
        for match in _MOVE.finditer(sentence):
            if match[1] in words and match[2] in words:
                taken.append(range(match.start(), match.end()))
                answer = _moved(match[1], match[2], sentence, change)
                yield Said(match.start(), match.end(), match[0], answer)
        for match in _STATE.finditer(sentence):
            if match[0] in words and not any(match.start() in each for each in taken):
                yield from _states(sentence, match, change)

    return read


def _states(sentence: str, state: re.Match[str], change: ChangeSet) -> Iterator[Said]:
    """Yield a statement for each name that a status word is said of."""
    start = max(0, state.start() - FAR)
    found = list(_NAME.finditer(sentence, start, state.start()))
    if not found or not _BETWEEN.fullmatch(sentence, found[-1].end(), state.start()):
        return
    between = sentence[found[-1].end() : state.start()]
    listed = [found[-1]]
    for name in reversed(found[:-1]):
        if not _LIST.fullmatch(sentence, name.end(), listed[0].start()):
            break
        listed.insert(0, name)
    lead = sentence[max(start, listed[0].start() - 40) : listed[0].start()]
    moved = any(each["moves"] for each in _LINK.finditer(f"{lead} {between}"))
    if not moved and not _LINK.search(between):
        return
    for name in listed:
        answer = _stands(name[0], state[0], change, moved=moved)
        if answer is not None:
            yield Said(name.start(), state.end(), f"{name[0]} {state[0]}", answer)


def _stands(name: str, word: str, change: ChangeSet, *, moved: bool) -> Answer | None:
    """Answer that something has a status now; None for a word that names nothing of ours."""
    before, after = change.statuses
    if name not in after:
        if name in before:
            return NO, "went with this change"
        return (NO, "is in no contract") if _CLAIMED.search(name) else None
    now, was = after[name], before.get(name, "nothing")
    if now != word:
        return NO, f"{name} is {now or 'without a status'}"
    if moved and was == word:
        return OPEN, f"{name} was {word} before the change"
    return YES, f"{name} is {word}" if was == word else f"{name}: {was} → {word}"


def _moved(before: str, after: str, sentence: str, change: ChangeSet) -> Answer:
    wanted = f"{before} → {after}"
    named = [
        each
        for each in change.moves
        if each.name and (names(sentence, each.name) or names(sentence, short_id(each.name)))
    ]
    alike = [each for each in (named or change.moves) if each.detail == wanted]
    if alike:
        return YES, str(alike[0])
    if named:
        return NO, str(named[0])
    if not change.moves:
        return NO, "no status moved"
    return NO, f"{len(change.moves)} statuses moved, none of them so"
