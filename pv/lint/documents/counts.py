"""Counts of a document: sums of columns, tables against the header, lists against their numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from pv.lint.documents.markdown import Fault, Found, Line, Section, Table
from pv.lint.figures.tally import tallies

_SUM: Final = re.compile(r"\W*(sum|total|all|Σ)\b.*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\**(-?\d+(?:\.\d+)?)\**")
_STATES: Final = (
    *("LIVE-DISCHARGED", "DISCHARGED", "PARTIAL_ALGORITHM_LEVEL", "PARTIAL", "BLOCKED", "PENDING"),
    *("PROPOSED", "REFUTED", "STALE", "PLANNED", "BOUND", "MANUAL", "INCONCLUSIVE"),
)
_STATE: Final = re.compile(rf"\b({'|'.join(map(re.escape, _STATES))})\b")
_TOLD: Final = re.compile(rf"\b(\d{{1,4}})\s+({'|'.join(map(re.escape, _STATES))})\b")
_ROWS: Final = re.compile(r"\b(\d{1,4})\s+(criteria|ACs?|acceptance criteria|rows)\b")
_WHOLE: Final = re.compile(
    r"\b100\s?%[^.\n]{0,60}\b(discharged|live)\b|\ball\b[^.\n]{0,30}\bdischarged\b", re.IGNORECASE
)
_SHORT: Final = {"LIVE-DISCHARGED": "DISCHARGED", "PARTIAL_ALGORITHM_LEVEL": "PARTIAL"}
_LISTED: Final = re.compile(r"\b(\d{1,3})\s+(PRs|pull requests|issues|commits)\b([^.;\n]*)")
_ITEM: Final = re.compile(r"#\d+")
_BULLETS: Final = re.compile(r"\b(\d{1,3})\s+([a-z]{1,30}s)\b[^.:\d]{0,80}:\s*$")
_BULLET: Final = re.compile(r"\s{0,3}(?:[-*+]|\d{1,3}[.)])\s+\S")
_PAIR: Final = re.compile(r"\b(\d{1,4})\s+([a-z]\w*)\s*[+/]\s*(\d{1,4})\s+([a-z]\w*)\b")
_GENERATED: Final = "generate it from the list, or correct the number"


def counts(sections: Sequence[Section]) -> Found:
    """Return what counts of a document do not come out."""
    tables = [table for section in sections for table in section.tables]
    lines = [line for section in sections for line in section.lines]
    found = [
        *(fault for table in tables for fault in _sums(table)),
        *_header(sections, tables),
        *(fault for line in lines for fault in _in_line(line)),
        *(fault for section in sections for fault in _bullets(section.lines)),
        *_pairs(lines),
    ]
    told = sum(len(_told(line.text)) for line in lines)
    return Found(sum(bool(_totals(table)) for table in tables) + told, tuple(found))


def _told(text: str) -> list[str]:
    patterns = (_TOLD, _ROWS, _WHOLE, _LISTED, _PAIR)
    return [match[0] for pattern in patterns for match in pattern.finditer(text)]


def _number(cell: str) -> Fraction | None:
    found = _NUMBER.fullmatch(cell.strip())
    return Fraction(found[1]) if found else None


def _totals(table: Table) -> list[tuple[int, tuple[str, ...]]]:
    return [row for row in table.rows if row[1] and _SUM.fullmatch(row[1][0])]


def _sums(table: Table) -> Iterator[Fault]:
    """Yield each cell of a row of sums that its column does not add up to."""
    totals = _totals(table)
    plain = [cells for _, cells in table.rows if not (cells and _SUM.fullmatch(cells[0]))]
    for line, total in totals[:1]:
        for column in range(1, min(len(total), len(table.header))):
            said = _number(total[column])
            parts = [_number(cells[column]) if column < len(cells) else None for cells in plain]
            numbers = [each for each in parts if each is not None]
            if said is None or len(numbers) != len(parts) or len(parts) < 2:
                continue
            if sum(numbers) != said:
                name = table.header[column] or f"column {column + 1}"
                message = f"{name} is {said} in all, expected {sum(numbers)}: the sum of its rows"
                yield Fault(line, "sum", message, _GENERATED)


def _statuses(table: Table) -> list[str] | None:
    """Return the state of every row; None for a table without a column of states."""
    for column in reversed(range(len(table.header))):
        cells = [cells[column] if column < len(cells) else "" for _, cells in table.rows]
        words = [_STATE.search(cell.upper()) for cell in cells]
        if cells and all(words):
            return [_SHORT.get(word[1], word[1]) for word in words if word]
    return None


def _header(sections: Sequence[Section], tables: Sequence[Table]) -> Iterator[Fault]:
    """Yield what the lines above the first numbered section say of the table of states."""
    judged = [(table, states) for table in tables if (states := _statuses(table))]
    if len(judged) != 1:
        return
    table, states = judged[0]
    where = f"the table in line {table.number}"
    had = Counter(states)
    for section in sections:
        if section.id or table in section.tables:
            break
        for line in section.lines:
            for match in _ROWS.finditer(line.text):
                if int(match[1]) != len(states):
                    message = f"{match[0]}, expected {len(states)}: the rows of {where}"
                    yield Fault(line.number, "header", message, "generate it from the table")
            for match in _TOLD.finditer(line.text):
                word = _SHORT.get(match[2], match[2])
                if int(match[1]) != had[word]:
                    message = f"{match[0]}, expected {had[word]}: as {where} has it"
                    yield Fault(line.number, "header", message, "generate it from the table")
            whole, done = _WHOLE.search(line.text), had["DISCHARGED"]
            if whole and done != len(states):
                message = f'"{whole[0]}" over {where}, in which {done} of {len(states)} are'
                yield Fault(line.number, "header", message, "generate it from the table")


def _in_line(line: Line) -> Iterator[Fault]:
    for match in _LISTED.finditer(line.text):
        items = len(set(_ITEM.findall(match[3])))
        if items > 1 and items != int(match[1]):
            message = f"{match[1]} {match[2]}, expected {items}: as many are listed behind it"
            yield Fault(line.number, "count", message, _GENERATED)
    for tally in tallies(line.text):
        message = f'"{tally.words}", expected {tally.expected}'
        yield Fault(line.number, "count", message, _GENERATED)


def _bullets(lines: Sequence[Line]) -> Iterator[Fault]:
    """Yield each number in front of a list of another length."""
    for at, line in enumerate(lines):
        match = _BULLETS.search(line.text[-200:])
        if not match:
            continue
        rest = [each for each in lines[at + 1 :] if each.text.strip()]
        listed = 0
        while listed < len(rest) and _BULLET.match(rest[listed].text):
            listed += 1
        if listed > 1 and listed != int(match[1]):
            message = f"{match[1]} {match[2]}, expected {listed}: the list below has as many"
            yield Fault(line.number, "count", message, _GENERATED)


def _pairs(lines: Sequence[Line]) -> Iterator[Fault]:
    """Yield each pair of counts (`11 lib + 1 integration`) that is another one further up."""
    seen: dict[tuple[str, str], tuple[int, str, tuple[str, str]]] = {}
    for line in lines:
        for match in _PAIR.finditer(line.text):
            key, numbers = (match[2], match[4]), (match[1], match[3])
            where, said, first = seen.setdefault(key, (line.number, match[0], numbers))
            if first != numbers:
                message = f'"{match[0]}", but line {where} says "{said}"'
                yield Fault(line.number, "count", message, "generate both from one list")
