"""Where in a file a part of a text stands: the words themselves, not the beginning of a block."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import Final

from pv.marks import Mark, Span
from pv.model.contract import Contract, Path

_LONGEST: Final = 8000
"""Characters of a folded or quoted scalar that are searched for words, for each finding anew."""


def place(contract: Contract, path: Path, text: str, start: int, end: int | None = None) -> Span:
    """Return the span of `text[start:end]` where the text stands; without `end`, to its line's end.

    A literal block has the same lines in the file. In every other scalar the words are looked for
    as they are written, with any blanks between them. Where that is not certain it is the span of
    the whole value.
    """
    whole = contract.span(path)
    stop = end if end is not None else _line_end(text, start)
    start += len(text[start:stop]) - len(text[start:stop].lstrip())
    stop = start + len(text[start:stop].rstrip())
    found = _in_block(contract, whole, text, (start, stop)) or _in_scalar(
        contract, whole, text, (start, stop)
    )
    return Span(whole.file, *found) if found else whole


def _in_block(
    contract: Contract, whole: Span, text: str, part: tuple[int, int]
) -> tuple[Mark, Mark] | None:
    """Return both ends in a literal block; None where the file does not have the lines of it."""
    own, lines = _starts(text), _starts(contract.text)
    sign = lines[whole.start.line - 1] + whole.start.column - 1
    if contract.text[sign : sign + 1] != "|":
        return None
    marks = []
    for at in part:
        row = bisect_right(own, at) - 1
        number = whole.start.line + row  # from 0: the block begins on the line below
        if number >= len(lines):
            return None
        line = text[own[row] : _line_end(text, own[row])]
        begin = lines[number]
        written = contract.text[begin : _line_end(contract.text, begin)].rstrip("\r")
        indent = len(written) - len(line)
        if indent < 0 or not written.endswith(line) or written[:indent].strip(" "):
            return None
        marks.append(Mark(number + 1, indent + at - own[row] + 1))
    return (marks[0], marks[1]) if part[0] < part[1] else None


def _in_scalar(
    contract: Contract, whole: Span, text: str, part: tuple[int, int]
) -> tuple[Mark, Mark] | None:
    """Return both ends in a folded or quoted scalar; None where the words do not stand there."""
    words = text[slice(*part)].split()
    lines = _starts(contract.text)
    first, last = (lines[mark.line - 1] + mark.column - 1 for mark in (whole.start, whole.end))
    if not words or last - first > _LONGEST:
        return None
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    written = list(pattern.finditer(contract.text, first, last))
    read = [match.start() for match in pattern.finditer(text)]
    if len(written) != len(read) or part[0] not in read:
        return None
    one, other = (_mark(lines, at) for at in written[read.index(part[0])].span())
    return one, other


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found


@lru_cache(maxsize=4)
def _starts(text: str) -> tuple[int, ...]:
    """Return where each line of a text begins."""
    return (0, *(found.end() for found in re.finditer("\n", text)))


def _mark(lines: tuple[int, ...], at: int) -> Mark:
    row = bisect_right(lines, at) - 1
    return Mark(row + 1, at - lines[row] + 1)
