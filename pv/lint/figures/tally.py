"""Tallies in prose: a number and the list that it counts, parts of a whole, and percentages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from pv.lint.figures.breakdown import OUTCOMES, breakdowns
from pv.lint.figures.quantity import Quantity, combined, printed

_COUNTED: Final = re.compile(
    rf"\b(?P<number>\d{{1,3}})\s+(?P<word>{OUTCOMES})\s*\((?P<list>[^()]{{0,400}})\)",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    rf"^[ \t]*(?:[-*][ \t]*)?(?P<word>(?:[\w-]{{1,40}}[ \t]+)?(?:{OUTCOMES}))[ \t]*[:=]"
    r"(?P<list>[^():]{0,400})\((?P<part>\d{1,3})\s+of\s+(?P<whole>\d{1,3})\s+(?P<noun>[a-z]+)",
    re.IGNORECASE | re.MULTILINE,
)
_WORD: Final = re.compile("[A-Za-z]{4}")
"""Every outcome is such a word; many a formula has none."""
_COUNT: Final = r"(?P<{}>\d{{1,3}}(?:,\d{{3}})+|\d{{1,6}})"
_SHARE: Final = re.compile(
    rf"(?<![\w.,/]){_COUNT.format('part')}\s*(?:of|/)\s*{_COUNT.format('whole')}\b(?![.,/]?\d)"
    r"[^.;:\n()%]{0,40}\(\s*(?P<percent>\d{1,3}(?:\.\d+)?)\s?%"
    r"|(?P<percent2>(?<![\d.,])\d{1,3}(?:\.\d+)?)\s?%[^.;:()%=≈]{0,40}"
    rf"\({_COUNT.format('part2')}\s*(?:of|/)\s*{_COUNT.format('whole2')}\b(?![.,/]?\d)"
)
_SIZE: Final = r"(?P<{0}>~?\d+(?:\.\d+)?)\s?(?P<{0}_unit>[kKMGT]?)i?B\b"
_SIZED: Final = re.compile(
    rf"{_SIZE.format('part')}[^.;:\n()%]{{0,30}}\(\s*(?P<percent>~?\d{{1,3}}(?:\.\d+)?)\s?%"
    rf"\s+of\s+{_SIZE.format('whole')}"
)


class Tally(NamedTuple):
    """A tally that does not come out."""

    start: int
    words: str
    expected: str
    """What it should be, in words."""


def tallies(text: str) -> Iterator[Tally]:
    """Yield every tally of a text that does not come out."""
    worded = _WORD.search(text) is not None
    for found in breakdowns(text) if worded else ():
        words = " + ".join(map(str, found.parts))
        yield Tally(found.start, words, f"{found.whole} in all, they are {sum(found.parts)}")
    if "(" not in text:
        return
    if worded:
        yield from _counted(text)
        yield from _parts(text)
    if "%" in text:
        yield from _shares(text)
        yield from _sizes(text)


def _items(listed: str) -> int | None:
    """Return how many items a list has; None where it is open or holds ranges."""
    if re.search(r"…|\.\.|\betc\b|\d\s*[-–—]\s*\d|;|:|=", listed):
        return None
    parts = re.split(r",\s*(?:and\s+)?|\s+and\s+", " ".join(listed.split()))
    return len([part for part in parts if part.strip()])


def _counted(text: str) -> Iterator[Tally]:
    for match in _COUNTED.finditer(text):
        items = _items(match["list"])
        if items is not None and items > 1 and items != int(match["number"]):
            words = f"{match['number']} {match['word']}"
            yield Tally(match.start(), words, f"{items}, as the list beside it has")


def _parts(text: str) -> Iterator[Tally]:
    """Yield lists with another number of items, and parts that exceed their whole."""
    sums: dict[tuple[str, str], list[re.Match[str]]] = {}
    for match in _PART.finditer(text):
        items = _items(match["list"])
        if items is not None and items > 1 and items != int(match["part"]):
            words = f"{match['word']}: {match['part']} of {match['whole']}"
            yield Tally(match.start(), words, f"{items}, as the list beside it has")
        group = sums.setdefault((match["whole"], match["noun"].lower()), [])
        if group and (text.count("\n\n", group[-1].end(), match.start()) or _same(group, match)):
            group.clear()
        group.append(match)
        total = sum(int(each["part"]) for each in group)
        if len(group) > 1 and total > int(match["whole"]):
            listed = " and ".join(f"{each['part']} {each['word'].lower()}" for each in group)
            words = f"{listed} of {match['whole']} {match['noun']}"
            yield Tally(
                match.start(), words, f"parts of at most {match['whole']}, they are {total}"
            )


def _same(group: list[re.Match[str]], match: re.Match[str]) -> bool:
    return any(each["word"].lower() == match["word"].lower() for each in group)


def _shares(text: str) -> Iterator[Tally]:
    if "%" not in text:
        return
    for match in _SHARE.finditer(text):
        names = ("part", "whole", "percent")
        part, whole, percent = (match[name] or match[f"{name}2"] for name in names)
        counts = [int(each.replace(",", "")) for each in (part, whole)]
        if not counts[1]:
            continue
        share = Fraction(100 * counts[0], counts[1])
        places = len(percent.partition(".")[2])
        # A share may be rounded or cut off: both are printed in good faith.
        if abs(share - Fraction(percent)) >= Fraction(1, 10**places):
            words = f"{part} of {whole} is {percent} %"
            yield Tally(match.start(), words, f"{float(share):.{max(places, 1)}f} %")


def _sizes(text: str) -> Iterator[Tally]:
    """Yield `335 MB (2.3 % of 24 GB)` where no rounding of the three numbers makes it true."""
    for match in _SIZED.finditer(text):
        part, whole, percent = (_number(match[name]) for name in ("part", "whole", "percent"))
        apart = _power(match["part_unit"]) - _power(match["whole_unit"])
        share = combined("/", part, whole)
        if share is None:
            continue
        scales = [100 * base**apart for base in (1000.0, 1024.0)]
        least, most = share.low * min(scales), share.high * max(scales)
        if not least - percent.step <= percent.value <= most + percent.step:
            words = f"{' '.join(match[0].split())})"
            yield Tally(match.start(), words, f"{share.value * scales[0]:.2g} %")


def _number(digits: str) -> Quantity:
    return printed(digits.lstrip("~"), loose=digits.startswith("~"))


def _power(prefix: str) -> int:
    return " KMGT".index(prefix.upper() or " ")
