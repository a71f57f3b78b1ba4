"""Tables in prose: rows of a label with an index and a value, and what is said about them.

A row is `L 1: 0.780 % (1.434×, …)`; a statistic below the rows is `min drift: 0.030 %`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from pv.lint.figures.calculation import Statement
from pv.lint.figures.quantity import Quantity, combined, printed

_DIGITS: Final = r"\d{1,20}(?:,\d{3}){0,8}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?(?![\deE])"
"""A number that an author may have printed: what no float holds is none."""
_ROW: Final = re.compile(
    r"^[ \t]*(?:[-*|][ \t]*)?(?P<label>[A-Za-z][A-Za-z_.]{0,15})[ \t]?[\[(]?[ \t]{0,3}"
    r"(?P<index>\d{1,4})[\])]?[ \t]*[:=|][ \t]*~?"
    rf"(?P<digits>{_DIGITS})[ ]?(?P<percent>%?)(?![\w.])(?P<note>[^\n]*)$",
    re.MULTILINE,
)
_STATISTIC: Final = re.compile(
    rf"^[ \t]*(?:[-*|][ \t]*)?(?P<name>min|max|mean|minimum|maximum|average)\b[^:=\d\n]{{0,40}}"
    rf"[:=][ \t]*(?P<tilde>~?)(?P<digits>{_DIGITS})[ ]?(?P<percent>%?)(?![\w.])",
    re.MULTILINE | re.IGNORECASE,
)
_RATIO: Final = re.compile(
    rf"(?:(?P<before>~?{_DIGITS})[×x]?\s*\()?\b(?P<one>[A-Za-z]+\s?\d+)\s?/\s?(?P<other>[A-Za-z]+\s?\d+)\b"
    rf"(?:\)?\s*[:=≈]\s*(?P<after>~?{_DIGITS}))?"
)
_STEP: Final = re.compile(rf"^[ \t]*\((?P<digits>{_DIGITS})[×x]")
_FALL: Final = re.compile(r"\bDROP|↓")
_FEWEST: Final = 3
_REACH: Final = 1200
"""Characters behind a table in which its statistics are looked for."""


class Row(NamedTuple):
    """One row; `note` is what stands behind its value."""

    name: str
    value: Quantity
    note: str
    start: int
    end: int


class Table(NamedTuple):
    """Rows of one label with growing indices."""

    rows: tuple[Row, ...]

    @property
    def end(self) -> int:
        """Return where the text goes on behind the table."""
        return self.rows[-1].end


def tables(text: str) -> tuple[Table, ...]:
    """Return the tables of a text that have at least three rows."""
    if text.count("\n") < _FEWEST - 1:
        return ()
    groups: list[list[re.Match[str]]] = []
    for match in _ROW.finditer(text):
        last = groups[-1][-1] if groups else None
        if last is not None and _follows(text, last, match):
            groups[-1].append(match)
        else:
            groups.append([match])
    return tuple(Table(tuple(map(_row, group))) for group in groups if len(group) >= _FEWEST)


def _follows(text: str, last: re.Match[str], match: re.Match[str]) -> bool:
    near = text[last.end() : match.start()].strip() == ""
    same = all(last[part] == match[part] for part in ("label", "percent"))
    return near and same and int(match["index"]) > int(last["index"])


def _row(match: re.Match[str]) -> Row:
    name = f"{match['label']}{int(match['index'])}"
    value = printed(match["digits"], loose=False, suffix="%")
    return Row(name, value, match["note"], match.start(), match.end())


def claims(text: str) -> Iterator[Statement]:
    """Yield what a text says about its tables, each as a calculation with the claimed number."""
    found = tables(text)
    for position, table in enumerate(found):
        following = found[position + 1].rows[0].start if position + 1 < len(found) else len(text)
        stop = min(table.end + _REACH, following)
        yield from _statistics(text, table, stop)
        yield from _steps(table)
    if found:
        yield from _ratios(text, found)


def _statistics(text: str, table: Table, stop: int) -> Iterator[Statement]:
    values = [row.value for row in table.rows]
    for match in _STATISTIC.finditer(text, table.end, stop):
        result = _statistic(match["name"].lower(), values)
        yield _claim(match[0].strip(), match, result, match["digits"], loose=bool(match["tilde"]))


def _statistic(name: str, values: list[Quantity]) -> Quantity:
    ends = zip(*((each.value, each.low, each.high) for each in values), strict=True)
    if name.startswith("min"):
        value, low, high = map(min, ends)
    elif name.startswith("max"):
        value, low, high = map(max, ends)
    else:
        value, low, high = (sum(each) / len(values) for each in ends)
    return values[0]._replace(value=value, low=low, high=high, step=0.0)


def _steps(table: Table) -> Iterator[Statement]:
    """Yield the factors over the row before that stand in brackets behind the values."""
    found = [
        (one, other, match)
        for one, other in pairwise(table.rows)
        if (match := _STEP.match(other.note))
    ]
    for one, other, match in found if len(found) >= _FEWEST - 1 else ():
        result = combined("/", other.value, one.value)
        if result is not None:
            words = f"{other.name} / {one.name} = {match['digits']}"
            claim = printed(match["digits"], suffix="×")
            start = other.end - len(other.note)
            yield Statement(words, start, other.end, _bare(result), claim, False)


def _ratios(text: str, found: tuple[Table, ...]) -> Iterator[Statement]:
    for match in _RATIO.finditer(text):
        digits = match["before"] or match["after"]
        sides = [_value(found, match, match[name]) for name in ("one", "other")]
        if digits is None or sides[0] is None or sides[1] is None:
            continue
        result = combined("/", sides[0], sides[1])
        if result is not None:
            loose = digits.startswith("~")
            words = f"{match['one']} / {match['other']} = {digits}"
            yield _claim(words, match, _bare(result), digits.lstrip("~"), loose=loose)


def _value(found: tuple[Table, ...], match: re.Match[str], name: str) -> Quantity | None:
    """Return the value of a row: of the last table before the words, else of the first after."""
    wanted = re.sub(r"\s", "", name)
    before = [table for table in found if table.end <= match.start()]
    for table in (*reversed(before), *(each for each in found if each not in before)):
        for row in table.rows:
            if row.name == wanted:
                return row.value
    return None


def _bare(result: Quantity) -> Quantity:
    return result._replace(percent=False)


def _claim(
    words: str, match: re.Match[str], result: Quantity, digits: str, *, loose: bool
) -> Statement:
    claim = printed(digits, loose=loose, suffix="×")
    return Statement(words, match.start(), match.end(), _bare(result), claim, loose)


class Unlabelled(NamedTuple):
    """A table in which some falling rows are labelled and others are not."""

    table: Table
    labelled: int
    falling: int
    missing: tuple[str, ...]
    """Falling rows without the label."""
    wrong: tuple[str, ...]
    """Labelled rows that do not fall."""


def unlabelled(text: str) -> Iterator[Unlabelled]:
    """Yield the tables whose labels of a fall (`DROP`, `↓`) do not agree with their values."""
    for table in tables(text):
        pairs = list(pairwise(table.rows))
        labelled = {row.name for row in table.rows if _FALL.search(row.note)}
        falls = {row.name for before, row in pairs if row.value.high < before.value.low}
        rises = {row.name for before, row in pairs if row.value.low > before.value.high}
        missing = tuple(row.name for row in table.rows if row.name in falls - labelled)
        wrong = tuple(row.name for row in table.rows if row.name in rises & labelled)
        if len(labelled) >= 2 and (missing or wrong):
            yield Unlabelled(table, len(labelled), len(falls), missing, wrong)
