"""What a commit message or a pull request says of a change, held against the change itself.

Only what can be told from the text and the files is judged: versions, paths, counts and status
moves. A sentence about the future, about another repository or another change, or one that denies,
claims nothing of this one; quoted text and code blocks are nobody's claim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pv.model.lifecycle import Lifecycle
from pv.registry.changeset import ChangeSet
from pv.registry.said import FAR, Answer, Reader, Said, Verdict
from pv.registry.said_counts import counts
from pv.registry.said_moves import moves_reader
from pv.registry.said_paths import KEPT, paths
from pv.registry.said_versions import versions

_SENTENCE: Final = re.compile(
    r"(?:(?!\n[ \t\r]{0,99}\n|\n[ \t]{0,99}[-*+#>•]\s|[.!?;]\s)[\s\S])+[.!?;]?"
)
_QUOTED: Final = re.compile(
    r"^[ \t]{0,9}(?P<fence>`{3,9}|~{3,9})[^\n]{0,200}\n(?:[\s\S]*?\n[ \t]{0,9}(?P=fence)|[\s\S]*\Z)"
    r"|^[ \t]{0,9}>[^\n]*"
    r"|<!--[\s\S]*?(?:-->|\Z)"
    r"|[\"“«](?=[^\"”»\n]{0,400}\s)[^\"”»\n]{0,800}[\"”»]",
    re.MULTILINE,
)
"""Text that is shown, not said: code blocks, quotations, comments."""
_PLANNED: Final = re.compile(
    r"(?i:\b(?:not|never|no longer|nothing|without|will|would|should|shall|to ?do|later|"
    r"follow-?ups?|next|could|might|before merging|don't|doesn't|didn't|isn't|aren't|wasn't|"
    r"weren't|won't|can't|cannot|haven't|hasn't|if|unless|until|once|instead of|rather than|"
    r"intends?|proposes? to|plans? to|going to|remains? to|needs? to|has to|have to|must|"
    r"previously|formerly|used to|pending)\b)"
    r"|\b(?:planned|Planned|may)\b|\A[\s*+-]*\[ \]"
)
_CONDITION: Final = re.compile(r"\W{0,3}(?:only\s)?(?:if|when|once|unless|until)\b", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(
    r"\b(?:upstream|downstream)\b"
    r"|\b(?:other|another|sibling|external|foreign|separate|companion|their)\s{1,9}"
    r"(?:repo\w*|projects?|checkout|workspace|code\s?base)\b"
    r"|\b(?:in|of|from|to|for|by)\s{1,9}(?:the\s{1,9})?`?(?!this\b|the\b|our\b|its\b|a\b)[\w./-]+`?"
    r"\s{1,9}repo(?:sitory)?\b"
    r"|\b[\w-]+/[\w.-]+#\d"
    r"|\b(?:in|by|from|since|of|via|see|with)\s{1,9}(?:PR\s{0,9}|pull request\s{0,9})?#\d"
    r"|\b(?:PR|pull request)\s{0,9}#\d"
    r"|\b(?:previous|earlier|last|prior|another|separate|parent|other)\s{1,9}"
    r"(?:PR|pull request|commit|change|branch|release)s?\b",
    re.IGNORECASE,
)
_TURN: Final = re.compile(r",?\s(?:but|yet|while|whereas)\s|,\s(?:and|so)\s", re.IGNORECASE)
_OTHER_TIME: Final = (Verdict.UNJUDGED, "the sentence denies it, or speaks of the future")
_OTHER_PLACE: Final = (Verdict.UNJUDGED, "the sentence speaks of another repository or change")


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim of a text, with what the change says to it."""

    line: int
    """Line of the text, from 1."""
    quote: str
    verdict: Verdict
    reason: str


def judge_text(text: str, change: ChangeSet, lifecycle: Lifecycle) -> tuple[Statement, ...]:
    """Return every statement found in a text with its verdict, in the order of the text."""
    readers: tuple[Reader, ...] = (versions, paths, counts, moves_reader(lifecycle))
    found: dict[tuple[int, str], Statement] = {}
    said = _QUOTED.sub(_blank, text)
    for match in _SENTENCE.finditer(said):
        for read in readers:
            for one in read(match[0], change):
                line = said.count("\n", 0, match.start() + _first(match[0], one)) + 1
                shown = " ".join(one.quote.split())
                answer = _excuse(match[0], one) or one.answer
                found[line, shown] = Statement(line, shown, *answer)
    return tuple(sorted(found.values(), key=lambda each: (each.line, each.quote)))


def _blank(match: re.Match[str]) -> str:
    """Return as much blank text in as many lines, so that every place stays what it is."""
    return re.sub(r"[^\n]", " ", match[0])


def _first(sentence: str, one: Said) -> int:
    """Return the offset of the first word of a statement."""
    blank = re.compile(r"\s*").match(sentence, one.start, one.end)
    return blank.end() if blank else one.start


def _excuse(sentence: str, one: Said) -> Answer | None:
    """Return why a statement says nothing of this change; None where it does."""
    start = max(0, one.start - FAR)
    if _ELSEWHERE.search(sentence, start, one.end):
        return _OTHER_PLACE
    # A denial of change is a claim of its own, and denies nothing else.
    said = KEPT.sub(_blank, sentence[start : one.end])
    turns = [turn.end() for turn in _TURN.finditer(said, 0, one.start - start)]
    if _PLANNED.search(said, turns[-1] if turns else 0) or _CONDITION.match(sentence, one.end):
        return _OTHER_TIME
    return None
