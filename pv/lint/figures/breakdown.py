"""Breakdowns in prose: a whole, and the parts into which a list or a sum divides it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

OUTCOMES: Final = (
    "falsified|refuted|confirmed|discharged|held|passed|failed|open|planned|blocked|pending|proved|"
    "proven|sorry|skipped|inconclusive"
)
"""Words for how a test or a hypothesis ended, as alternatives of a pattern."""

_WHOLE: Final = re.compile(
    r"\b(?P<whole>\d{1,3})[- ](?:[a-z]+[- ])?"
    r"(?:falsifiers?|tests?|hypothes[ei]s|checks?|gates?|claims?|obligations?|candidates?)\b",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(
    r"^(?P<indent>[ \t]*)[-*•][ \t]+(?P<part>\d{1,3})[ \t]+(?P<word>[a-z][\w-]*)"
    r"(?:\n(?P=indent)[ \t]+|[^\n])*",
    re.IGNORECASE | re.MULTILINE,
)
_ANY_ITEM: Final = re.compile(r"[ \t]*[-*•][ \t]")
_SUM: Final = re.compile(
    rf"(?<![\d.])(?P<whole>\d{{1,3}})\s*=\s*(?P<parts>\d{{1,3}}\s+(?:[\w-]+\s+)?(?:{OUTCOMES})"
    r"(?:\s*\+\s*\d{1,3}\s+[a-z-]+(?:\s+[a-z-]+)?)+)",
    re.IGNORECASE,
)
_OUTCOME: Final = re.compile(OUTCOMES, re.IGNORECASE)


class Breakdown(NamedTuple):
    """Parts that do not make up their whole."""

    start: int
    whole: int
    parts: tuple[int, ...]


def breakdowns(text: str) -> Iterator[Breakdown]:
    """Yield every breakdown by outcome whose parts do not add up to its whole."""
    for found in (*_sums(text), *_lists(text)):
        if sum(found.parts) != found.whole:
            yield found


def _sums(text: str) -> Iterator[Breakdown]:
    """Yield `12 = 6 falsified + 3 confirmed + 1 partial`."""
    for match in _SUM.finditer(text):
        parts = tuple(int(each) for each in re.findall(r"(?:^|\+\s*)(\d+)", match["parts"]))
        yield Breakdown(match.start(), int(match["whole"]), parts)


def _lists(text: str) -> Iterator[Breakdown]:
    """Yield `The 12 falsifiers found:` over a list whose every item begins with a number."""
    for group in _groups(text):
        words = [each["word"] for each in group]
        if sum(bool(_OUTCOME.fullmatch(word)) for word in words) < 2:
            continue
        lead = text[text.rfind("\n\n", 0, group[0].start()) + 1 : group[0].start()].rstrip()
        wholes = [*_WHOLE.finditer(lead)] if lead.endswith(":") else []
        if len(wholes) == 1:
            parts = tuple(int(each["part"]) for each in group)
            yield Breakdown(group[0].start(), int(wholes[0]["whole"]), parts)


def _groups(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield lists of which every item begins with a number, item by item."""
    group: list[re.Match[str]] = []
    for match in _ITEM.finditer(text):
        if group and (
            match.start() != group[-1].end() + 1 or match["indent"] != group[-1]["indent"]
        ):
            yield from _whole(text, group)
            group = []
        group.append(match)
    yield from _whole(text, group)


def _whole(text: str, group: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Yield a list that does not go on with items of another kind."""
    if len(group) > 1 and not _ANY_ITEM.match(text, group[-1].end() + 1):
        yield group
