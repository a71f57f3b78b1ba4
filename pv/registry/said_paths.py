"""Statements about paths: made, added, gone, changed, left as they were."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from pv.registry.changeset import ChangeSet, PathState
from pv.registry.said import FAR, NO, OPEN, YES, Answer, Said

_ENDINGS: Final = (
    "rs|py|ya?ml|toml|md|json|jsonl|sh|lean|lock|cu|cuh|cpp|cc|c|hpp|h|txt|cfg|ini|j2|svg|ipynb|"
    "js|ts|go|java|html|css|csv|gguf|proto"
)
_PATH: Final = re.compile(
    r"(?<![\w./:@-])(?:\./)?"
    rf"((?:[\w.+-]+/)+(?:[\w.+-]*[\w+-])?|[\w-]+\.(?:{_ENDINGS})|Makefile|Dockerfile|LICENSE)"
    r"(?![\w/]|\.\w)"
)
_FILE: Final = re.compile(r"\.[A-Za-z]\w*$|^(?:Makefile|Dockerfile|LICENSE)$")
_AUTHOR: Final = (
    r"(?:^|[\n,;:–—-]|\band|\bthen|\balso|\bwe|\bI|\b(?:PR|patch|commit|change|branch|request|it|"
    r"this))[\s*`•+-]{0,9}(?:also\s{1,9}|now\s{1,9})?"
)
"""What stands before a verb in the present where the change, and no program, does what it says."""


def _verb(done: str, does: str) -> re.Pattern[str]:
    """Return the pattern of a verb: `done` anywhere, `does` where the change is its subject."""
    return re.compile(rf"\b(?P<done>{done})\b|{_AUTHOR}\b(?P<does>{does})\b", re.IGNORECASE)


_MADE: Final = _verb(
    "authored|authoring|created|creating|written|wrote|introduced|introducing|new",
    "author|authors|create|creates|write|writes|introduce|introduces",
)
_ADDED: Final = _verb("added|adding|landed|landing", "add|adds|land|lands")
_GONE: Final = _verb(
    "removed|removing|deleted|deleting|dropped|dropping", "remove|removes|delete|deletes|drop|drops"
)
_EDITED: Final = _verb(
    "changed|updated|modified|edited|touched|changing|updating|modifying|editing",
    "change|changes|update|updates|modify|modifies|edit|edits|touch|touches",
)
KEPT: Final = re.compile(
    r"(?:\bbyte-?\s?)?\b(?:unchanged|untouched|unmodified|byte-identical)\b|"
    r"\bno\s{1,9}(?:other\s{1,9})?(?:changes?|edits?)\s{1,9}(?:to|in)\b|"
    r"(?:\bnot|n't|\bnever|\bwithout)\s{1,9}"
    r"(?:chang|touch|modif|edit|alter)(?:e|es|ed|ing|y|ies|ied|ying|s)?\b",
    re.IGNORECASE,
)
"""Words that say that a path is what it was; the only denials that are claims of their own."""
_PASSIVE: Final = re.compile(
    r"[`*\"')\s]{1,9}(?:(?:is|are|was|were|has|have|been|stays?|remains?|left|got|gets|now|newly|"
    r"both|all)\s{1,9}){0,4}"
    r"(?:(?P<made>new|created|authored|written|introduced)|(?P<added>added)|"
    r"(?P<gone>gone|removed|deleted|dropped)|(?P<edited>changed|updated|modified|edited|touched)|"
    r"(?P<kept>not\s{1,9}(?:changed|touched|modified|edited|altered)|(?:byte-?\s?)?(?:unchanged|untouched|unmodified|byte-identical|as\s{1,9}it\s{1,9}was)))\b"
    r"(?!\s{1,9}(?:to|by|of|with|files?|tests?)\b)",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"[`*\"']{0,9}(?:\s{0,9}[,&]|\s{1,9}and\b|\s{1,9}or\b)[\s`*\"']{1,9}")
_BREAK: Final = re.compile(
    r"\b(?:so\s{1,9}that|because|which|that|where|since|like|see|from|against|with|via|using|for|of|"
    r"as|by|on|replacing|instead|than|per|about|between|beside|before|after|under|when|if|what)\b",
    re.IGNORECASE,
)
"""A path behind one of these words is not what the verb before it is about."""
_OBJECT: Final = re.compile(
    r"(?:[\s`*\"',:&(]|\b(?:the|a|an|old|obsolete|unused|dead|stale|both|all|files?|modules?|tests?|"
    r"scripts?|folders?|director(?:y|ies)|contracts?|and|of|only|this|that|these)\b){0,40}",
    re.IGNORECASE,
)
"""What may stand between a verb and a path that is its object."""
_LONGEST: Final = 50
"""Paths of a list that one verb can be about."""
_Word: TypeAlias = tuple[int, str, re.Match[str]]
"""Where a verb ends, its kind, and the verb."""
_Judge: TypeAlias = Callable[[str, ChangeSet], Answer]


def paths(sentence: str, change: ChangeSet) -> Iterator[Said]:
    """Yield what a sentence says of paths: a verb right behind them, or the nearest before."""
    found = list(_PATH.finditer(sentence))
    if not found:
        return
    verbs = _verbs(sentence, found)
    for number, match in enumerate(found):
        near = found[number : number + _LONGEST], found[max(0, number - _LONGEST) : number]
        said = _behind(sentence, near[0]) or _ahead(sentence, match, near[1], verbs)
        # Words like "and/or" have the form of a path; without an extension it must be there.
        if said is not None and (_FILE.search(match[1]) or change.matching(match[1])):
            word, start, end, judge = said
            yield Said(start, end, f"{word} {match[1]}", judge(match[1], change))


def _behind(sentence: str, listed: list[re.Match[str]]) -> tuple[str, int, int, _Judge] | None:
    """Return the passive that follows a path, or the list that it begins."""
    end = listed[0].end()
    for after in listed[1:]:
        gap = _LISTED.match(sentence, end)
        if gap is None or gap.end() < after.start(1):
            break
        end = after.end()
    match = _PASSIVE.match(sentence, end)
    if match is None:
        return None
    kind = next(name for name, text in match.groupdict().items() if text)
    return match[kind], listed[0].start(), match.end(), _JUDGES[kind]


def _verbs(sentence: str, found: list[re.Match[str]]) -> list[_Word]:
    """Return the verbs of a sentence by their ends; what is part of a path is none."""
    starts = [path.start() for path in found]
    words: list[_Word] = []
    kept = {match.end() for match in KEPT.finditer(sentence)}
    for kind, pattern in _VERBS.items():
        for match in pattern.finditer(sentence):
            number = bisect_right(starts, match.end() - 1) - 1
            denied = kind != "kept" and match.end() in kept  # not touched
            if not denied and (number < 0 or found[number].end() <= match.start()):
                words.append((match.end(), kind, match))
    return sorted(words, key=lambda each: each[0])


def _ahead(
    sentence: str, path: re.Match[str], earlier: list[re.Match[str]], verbs: list[_Word]
) -> tuple[str, int, int, _Judge] | None:
    """Return the nearest verb before a path that can be about it."""
    number = bisect_right(verbs, path.start(), key=lambda each: each[0]) - 1
    if number < 0 or verbs[number][0] < path.start() - FAR:
        return None
    end, kind, match = verbs[number]
    between = sentence[end : path.start()]
    for other in earlier:
        if other.start() >= end:
            between = between.replace(other[0], "")
    bound = _OBJECT.fullmatch(between) if kind in _DIRECT else not _BREAK.search(between)
    if not bound or (kind == "kept" and not _leads(match[0]) and ":" not in between):
        return None
    word = next((text for text in match.groupdict().values() if text), match[0])
    return word, match.start(), path.end(), _JUDGES[kind]


def _leads(word: str) -> bool:
    """Tell whether a word that says "unchanged" stands before what it is about."""
    return re.match(r"no\b|not\b|n't\b|never\b|without\b", word, re.IGNORECASE) is not None


def _made(name: str, change: ChangeSet) -> Answer:
    found = change.matching(name)
    states = {change.states[path] for path in found}
    if PathState.ADDED in states:
        return YES, "came with this change"
    if not found or states == {PathState.DELETED}:
        return NO, "is not in the tree"
    if PathState.CHANGED in states:
        return OPEN, "was there before, and changed"
    return NO, "was there before, and did not change"


def _added(name: str, change: ChangeSet) -> Answer:
    verdict, reason = _made(name, change)
    return (YES, reason) if verdict is OPEN else (verdict, reason)


def _deleted(name: str, change: ChangeSet) -> Answer:
    found = change.matching(name)
    if not found:
        return OPEN, "is on neither side"
    left = [path for path in found if change.states[path] is not PathState.DELETED]
    if not left:
        return YES, "went with this change"
    if any(change.states[path] is PathState.CHANGED for path in left):
        return OPEN, f"{left[0]} is still there, and changed"
    return NO, f"{left[0]} is still there"


def _edited(name: str, change: ChangeSet) -> Answer:
    found = change.matching(name)
    if not found:
        return NO, "is on neither side"
    moved = [path for path in found if change.states[path] is not PathState.SAME]
    if not moved:
        return NO, f"{found[0]} has the bytes that it had"
    return YES, f"{moved[0]} {change.states[moved[0]]}"


def _unchanged(name: str, change: ChangeSet) -> Answer:
    found = change.matching(name)
    if not found:
        return OPEN, "is on neither side"
    moved = [path for path in found if change.states[path] is not PathState.SAME]
    if moved:
        more = f" and {len(moved) - 1} more" if len(moved) > 1 else ""
        return NO, f"{moved[0]} {change.states[moved[0]]}{more}"
    return YES, f"{len(found)} of {len(found)} paths have the bytes that they had"


_VERBS: Final = {"kept": KEPT, "made": _MADE, "gone": _GONE, "added": _ADDED, "edited": _EDITED}
_DIRECT: Final = frozenset({"gone", "edited"})
"""Verbs that say something of a path only where it is their object."""
_JUDGES: Final[dict[str, _Judge]] = {
    "kept": _unchanged,
    "made": _made,
    "gone": _deleted,
    "added": _added,
    "edited": _edited,
}
