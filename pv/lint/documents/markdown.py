"""A Markdown document as far as its claims need it: numbered sections, tables, lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_HEADING: Final = re.compile(r"(#{1,6})\s+(?:§\s*)?(?:(\d+(?:\.\d+)*)\.?\s+)?(\S.*?)\s*#*")
_FENCE: Final = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_RULE: Final = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?\|?\s*")
_CODE: Final = re.compile(r"`[^`]*`")
"""Code shows something, and claims nothing."""
_CELL: Final = re.compile(r"(?<!\\)\|")


class Line(NamedTuple):
    """A line of text outside of tables, headings and code."""

    number: int
    text: str


class Table(NamedTuple):
    """A table with its cells as written."""

    number: int
    """Line of its header."""
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """Line and cells of each row."""


class Section(NamedTuple):
    """A heading with what stands below it, up to the next heading; the first may have none."""

    number: int
    """Line of the heading."""
    id: str
    """`17.5`; empty where it has no number."""
    title: str
    lines: tuple[Line, ...]
    tables: tuple[Table, ...]

    @property
    def text(self) -> str:
        """Title, lines and cells as one text."""
        cells = (cell for table in self.tables for _, row in table.rows for cell in row)
        return "\n".join([self.title, *(each.text for each in self.lines), *cells])


class Fault(NamedTuple):
    """Where a document contradicts itself."""

    line: int
    check: str
    message: str
    advice: str


class Found(NamedTuple):
    """What one check looked at, and what is wrong with it."""

    judged: int
    faults: tuple[Fault, ...]


def sections_of(text: str) -> tuple[Section, ...]:
    """Return the sections of a document, what stands before the first heading included."""
    lines = list(_outside_code(text))
    starts = [at for at, line in enumerate(lines) if _HEADING.fullmatch(line.text)]
    bounds = [0, *starts] if not starts or starts[0] else starts
    return tuple(
        _section(lines[start:end])
        for start, end in zip(bounds, [*bounds[1:], len(lines)], strict=True)
        if lines[start:end]
    )


def _outside_code(text: str) -> Iterator[Line]:
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        found = _FENCE.match(line)
        if found and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
        elif not fence:
            yield Line(number, _CODE.sub(lambda code: " " * len(code[0]), line))


def _section(lines: Sequence[Line]) -> Section:
    heading = _HEADING.fullmatch(lines[0].text)
    rest = lines[1:] if heading else lines
    tables, used = [], set[int]()
    for at in range(len(rest) - 1):
        if at not in used and "|" in rest[at].text and _RULE.fullmatch(rest[at + 1].text):
            end = at + 2
            while end < len(rest) and "|" in rest[end].text:
                end += 1
            rows = tuple((each.number, _cells(each.text)) for each in rest[at + 2 : end])
            tables.append(Table(rest[at].number, _cells(rest[at].text), rows))
            used.update(range(at, end))
    kept = tuple(each for at, each in enumerate(rest) if at not in used)
    id_, title = (heading[2] or "", heading[3]) if heading else ("", "")
    return Section(lines[0].number, id_, title, kept, tuple(tables))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in _CELL.split(line.strip().strip("|")))
