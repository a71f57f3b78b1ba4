"""Where in a file a part of a text stands: the words themselves, not the beginning of a block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pv.marks import Mark, Span
from pv.model.contract import Contract, Path


def place(contract: Contract, path: Path, text: str, start: int, end: int | None = None) -> Span:
    """Return the span of `text[start:end]` where the text stands; without `end`, to its line's end.

    The words are looked for as they are written, with any blanks between them: so a block, a folded
    and a quoted scalar are read alike. Where that is not certain it is the span of the whole value.
    """
    whole = contract.span(path)
    stop = end if end is not None else _line_end(text, start)
    words = text[start:stop].split()
    if not words:
        return whole
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    first, last = _offset(contract.text, whole.start), _offset(contract.text, whole.end)
    written = list(pattern.finditer(contract.text, first, last))
    read = [match.start() for match in pattern.finditer(text)]
    begin = start + len(text[start:]) - len(text[start:].lstrip())
    if len(written) != len(read) or begin not in read:
        return whole
    match = written[read.index(begin)]
    return Span(whole.file, *_marks(contract.text, (match.start(), match.end())))


def _line_end(text: str, start: int) -> int:
    found = text.find("\n", start)
    return len(text) if found < 0 else found


def _offset(text: str, mark: Mark) -> int:
    """Return how many characters stand before a mark."""
    at = 0
    for _ in range(mark.line - 1):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at + mark.column - 1


def _marks(text: str, offsets: tuple[int, int]) -> Iterator[Mark]:
    for at in offsets:
        yield Mark(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
