"""What a commit message or a pull request says of a change, held against the change itself.

Only what can be told from the text and the files is judged: versions, paths, counts and status
moves. A sentence about the future, or one that denies, claims nothing of the change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from pv.model.lifecycle import Lifecycle
from pv.registry.change import Change, Verb
from pv.registry.changeset import ChangeSet, PathState
from pv.registry.difference import Difference

_FAR: Final = 400
"""Characters between a word and what it says something about; more have nothing in common."""
_SENTENCE: Final = re.compile(
    r"(?:(?!\n[ \t\r]{0,99}\n|\n[ \t]{0,99}[-*+#>•]\s|[.!?;]\s)[\s\S])+[.!?;]?"
)
_PLANNED: Final = re.compile(
    r"\b(not|never|no longer|without|will|would|should|to ?do|later|follow-?ups?|planned|next|"
    r"could|may|might|before merging|don't|doesn't|didn't|isn't|aren't|wasn't|if)\b",
    re.IGNORECASE,
)
_VERSION: Final = r"v?(\d+\.\d+\.\d+(?:-[\w.]+)?)"
_BUMP: Final = re.compile(rf"{_VERSION}[`*\s]{{0,9}}(?:→|->|=>|⇒|to)[`*\s]{{0,9}}{_VERSION}")
_BUMP_TO: Final = re.compile(
    r"\b(?:bump|rais|releas)\w*\b(?:(?!\d+\.\d+\.\d+)[^→>]){0,60}?"
    rf"\bto\s{{1,9}}[`*]{{0,9}}{_VERSION}",
    re.IGNORECASE,
)
_PATH: Final = re.compile(
    r"(?<![\w./:@-])(?:\./)?"
    r"((?:[\w.+-]+/)+(?:[\w.+-]*[\w+-])?|[\w-]+\.(?:rs|py|ya?ml|toml|md|json|sh|lean))"
    r"(?![\w/])"
)
_FILE: Final = re.compile(r"\.[A-Za-z]\w*$")
_MADE: Final = re.compile(
    r"\b(author(?:ed|s|ing)?|creat(?:e|ed|es|ing)|new|writ(?:e|es|ten)|wrote|introduc\w+)\b",
    re.IGNORECASE,
)
_ADDED: Final = re.compile(r"\b(add(?:ed|s|ing)?|land(?:ed|s)?)\b", re.IGNORECASE)
_GONE: Final = re.compile(r"\b(remov|delet|drop)(?:e|ed|es|s|ing|ped|ping)?\b", re.IGNORECASE)
_KEPT: Final = re.compile(
    r"(?:\bbyte-?\s?)?\b(?:unchanged|untouched|unmodified|byte-identical)\b|"
    r"\bno\s{1,9}changes?\s{1,9}(?:to|in)\b|"
    r"(?:\bnot|n't)\s{1,9}(?:changed|touch(?:ed)?|modif(?:y|ied))\b",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(
    r"\b(?P<more>adds?|added|adding|author(?:ed|s)|new|plus|\+)?\s{0,9}"
    r"(?P<all>all|total of)?\s{0,9}"
    r"\b(?P<number>\d+)\s{1,9}(?P<new>new|more|additional)?\s{0,9}"
    r"(?P<what>falsifiers?|falsification tests?|(?:unit |regression |integration )?tests?)\b",
    re.IGNORECASE,
)
_MOVE: Final = re.compile(
    r"\b([A-Z][A-Z_]{2,})[`*\s]{0,9}(?:→|->|=>|⇒|\bto\b)[`*\s]{0,9}([A-Z][A-Z_]{2,})\b"
)


class Verdict(StrEnum):
    """How a statement stands to the change."""

    BORNE_OUT = "borne out"
    CONTRADICTED = "contradicted"
    UNJUDGED = "cannot be judged"


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim of a text, with what the change says to it."""

    line: int
    """Line of the text, from 1."""
    quote: str
    verdict: Verdict
    reason: str


_Answer: TypeAlias = tuple[Verdict, str]
_OTHER_TIME: Final = (Verdict.UNJUDGED, "the sentence denies it, or speaks of the future")
_YES, _NO, _OPEN = Verdict.BORNE_OUT, Verdict.CONTRADICTED, Verdict.UNJUDGED


def judge_text(text: str, change: ChangeSet, lifecycle: Lifecycle) -> tuple[Statement, ...]:
    """Return every statement found in a text with its verdict, in the order of the text."""
    found: dict[tuple[int, str], Statement] = {}
    words = {
        word
        for kind in (lifecycle.contract, lifecycle.falsifier, lifecycle.stage, lifecycle.hypothesis)
        for word in kind.words
    }
    judges: tuple[Callable[[str, ChangeSet], Iterator[tuple[int, str, _Answer]]], ...] = (
        _versions,
        _paths,
        _counts,
        lambda sentence, change: _moves(sentence, change, words),
    )
    for match in _SENTENCE.finditer(text):
        sentence = match[0]
        for judge in judges:
            for offset, quote, answer in judge(sentence, change):
                line = text.count("\n", 0, match.start() + offset) + 1
                shown = " ".join(quote.split())
                said = _OTHER_TIME if _denied(sentence, offset) else answer
                found[line, shown] = Statement(line, shown, *said)
    return tuple(sorted(found.values(), key=lambda each: (each.line, each.quote)))


def _denied(sentence: str, offset: int) -> bool:
    """Whether the words before a statement turn it into a plan or a denial."""
    start = max(0, offset - _FAR)
    denied = _PLANNED.search(sentence, start, offset)
    return bool(denied) and not _KEPT.search(sentence, start, offset + _FAR)


# Versions


def _versions(sentence: str, change: ChangeSet) -> Iterator[tuple[int, str, _Answer]]:
    for match in _BUMP.finditer(sentence):
        near = _around(sentence, match)
        yield match.start(), match[0], _bumped(match[1], match[2], near, change)
    for match in _BUMP_TO.finditer(sentence):
        yield match.start(), match[0], _bumped(None, match[1], _around(sentence, match), change)


def _around(sentence: str, match: re.Match[str]) -> str:
    return sentence[max(0, match.start() - _FAR) : match.end() + _FAR]


def _bumped(before: str | None, after: str, sentence: str, change: ChangeSet) -> _Answer:
    differences = _named(sentence, change)
    for one in differences:
        was, now = one.before.version, one.after.version
        if now == after and was != now and before in {None, was}:
            return _YES, f"{one.after.file}: {was} → {now}"
    known = {one.before.version for one in differences}
    added = [one for one in change.comparison.added if one.version == after]
    if before is None and added:
        return _YES, f"{added[0].file} is new at {after}"
    about = re.search(r"\bcontract|\bmetadata\b|\.ya?ml\b", sentence, re.IGNORECASE)
    if not (before in known or about or len(differences) < len(change.comparison.differences)):
        return _OPEN, f"no contract was at {before}" if before else "no contract is named"
    near = next((one for one in differences if one.before.version == before), None)
    if near is None and len(differences) == 1:
        near = differences[0]
    if near is None:
        return _NO, f"no contract went to {after}"
    was, now = near.before.version, near.after.version
    told = f"is still {now}" if was == now else f"went {was} → {now}"
    return _NO, f"{near.after.file} {told}"


def _named(sentence: str, change: ChangeSet) -> tuple[Difference, ...]:
    """Return the contracts that a sentence names; all where it names none."""
    differences = change.comparison.differences
    named = tuple(
        one
        for one in differences
        if any(
            re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence)
            for name in (one.after.id, one.after.stem)
        )
    )
    return named or differences


# Paths


def _paths(sentence: str, change: ChangeSet) -> Iterator[tuple[int, str, _Answer]]:
    """Yield what a sentence says of paths: the word nearest before, or else after, decides."""
    for match in _PATH.finditer(sentence):
        said = _said_of(sentence, match)
        # Words like "and/or" have the form of a path; without an extension it must be there.
        if said is not None and (_FILE.search(match[1]) or change.matching(match[1])):
            word, judge = said
            yield match.start(), f"{word} {match[1]}", judge(match[1], change)


def _said_of(
    sentence: str, path: re.Match[str]
) -> tuple[str, Callable[[str, ChangeSet], _Answer]] | None:
    table = ((_KEPT, _unchanged), (_MADE, _made), (_GONE, _deleted), (_ADDED, _added))
    after = sentence[path.end() : path.end() + 60]
    kept = _KEPT.search(after)
    if kept and not any(pattern.search(after[: kept.start()]) for pattern, _ in table[1:]):
        return kept[0], _unchanged
    found = [
        (match.end(), match[0], judge)
        for pattern, judge in table
        for match in pattern.finditer(sentence, max(0, path.start() - _FAR), path.start())
    ]
    if not found:
        return None
    _, word, judge = max(found, key=lambda each: each[0])
    return word, judge


def _made(name: str, change: ChangeSet) -> _Answer:
    paths = change.matching(name)
    states = {change.states[path] for path in paths}
    if PathState.ADDED in states:
        return _YES, "came with this change"
    if not paths or states == {PathState.DELETED}:
        return _NO, "is not in the tree"
    if PathState.CHANGED in states:
        return _OPEN, "was there before, and changed"
    return _NO, "was there before, and did not change"


def _added(name: str, change: ChangeSet) -> _Answer:
    verdict, reason = _made(name, change)
    return (_YES, reason) if verdict is _OPEN else (verdict, reason)


def _deleted(name: str, change: ChangeSet) -> _Answer:
    paths = change.matching(name)
    if not paths:
        return _OPEN, "is on neither side"
    left = [path for path in paths if change.states[path] is not PathState.DELETED]
    if not left:
        return _YES, "went with this change"
    if any(change.states[path] is PathState.CHANGED for path in left):
        return _OPEN, f"{left[0]} is still there, and changed"
    return _NO, f"{left[0]} is still there"


def _unchanged(name: str, change: ChangeSet) -> _Answer:
    paths = change.matching(name)
    if not paths:
        return _OPEN, "is on neither side"
    moved = [path for path in paths if change.states[path] is not PathState.SAME]
    if moved:
        more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
        return _NO, f"{moved[0]} {change.states[moved[0]]}{more}"
    return _YES, f"{len(paths)} of {len(paths)} paths have the bytes that they had"


# Counts


def _counts(sentence: str, change: ChangeSet) -> Iterator[tuple[int, str, _Answer]]:
    for match in _COUNT.finditer(sentence):
        number, what = int(match["number"]), match["what"].lower()
        more = bool(match["more"] or match["new"])
        quote = match[0].strip()
        if what.startswith("falsif"):
            yield match.start(), quote, _falsifiers(number, change, more, bool(match["all"]))
        elif more:
            yield match.start(), quote, _tests(number, change)


def _tests(number: int, change: ChangeSet) -> _Answer:
    came, several = change.tests_added
    if came == number:
        return _YES, f"{came} test functions came"
    if several and 0 < came < number:
        return _OPEN, f"{came} test functions came, some of which stand for several tests"
    return _NO, f"{came} test functions came"


def _falsifiers(number: int, change: ChangeSet, more: bool, whole: bool) -> _Answer:
    comparison = change.comparison
    came = sum(_is_new(each) for one in comparison.differences for each in one.changes)
    came += sum(len(one.falsifiers) for one in comparison.added)
    if more:
        return (_YES if came == number else _NO), f"{came} falsifiers came"
    present = [one.after for one in comparison.differences] + list(comparison.added)
    each = {one.file: len(one.falsifiers) for one in present}
    total = sum(each.values())
    of_one = next((file for file, count in each.items() if count == number), None)
    if number == total or of_one:
        return _YES, f"{of_one or 'the registry'} has {number}"
    told = f"the registry has {total} falsifiers, no contract has {number}"
    return (_NO if whole else _OPEN), told


def _is_new(change: Change) -> bool:
    return change.part == "falsifier" and change.verb is Verb.ADDED


# Status moves


def _moves(sentence: str, change: ChangeSet, words: set[str]) -> Iterator[tuple[int, str, _Answer]]:
    for match in _MOVE.finditer(sentence):
        before, after = match[1], match[2]
        if before in words and after in words:
            yield match.start(), match[0], _moved(before, after, sentence, change)


def _moved(before: str, after: str, sentence: str, change: ChangeSet) -> _Answer:
    wanted = f"{before} → {after}"
    named = [each for each in change.moves if each.name and each.name in sentence]
    alike = [each for each in (named or change.moves) if each.detail == wanted]
    if alike:
        return _YES, str(alike[0])
    if named:
        return _NO, str(named[0])
    if not change.moves:
        return _NO, "no status moved"
    return _NO, f"{len(change.moves)} statuses moved, none of them so"
