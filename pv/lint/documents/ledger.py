"""Moves of a SHIP percentage in prose: one credit a criterion, equal gains, no forecast as state.

A move is `**MODEL-1 ship %**: **91% → 92%** (…)`, the newest first or with a version on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Final, NamedTuple

from pv.lint.documents.markdown import Fault, Found, Section

_MOVE: Final = re.compile(
    r"(?P<model>MODEL-[\w-]+|[A-Z][\w-]{1,30})\s+ship\s+%\W{0,6}\s*"
    r"(?P<before>\d+(?:\.\d+)?)\s?%?\s*→\s*(?P<after>\d+(?:\.\d+)?)\s?%(?P<rest>.*?)"
    r"(?=(?:\*\*)?[A-Z][\w-]{1,30}\s+ship\s+%|$)"
)
_FORECAST: Final = re.compile(
    r"\b(pending|forecast|expected|would|will|once|projected|estimate\w*)\b", re.IGNORECASE
)
_CRITERION: Final = re.compile(r"\b(?:AC-)?(?:SHIP\d?-)?(?:AC-)?(\d{3})\b")
_SPAN: Final = re.compile(r"\b(\d{3})\s*(?:\.\.|…|–|-|to)\s*(\d{3})\b")
_VERSION: Final = re.compile(r"\bv(\d+)\.(\d+)(?:\.(\d+))?\b")
_WEIGHT: Final = re.compile(r"\W*(w|weights?)\W*", re.IGNORECASE)


class Move(NamedTuple):
    """One step of a percentage as the document tells it."""

    model: str
    line: int
    order: tuple[int, ...]
    before: Fraction
    after: Fraction
    criteria: tuple[str, ...]
    forecast: bool


def ledger(sections: Sequence[Section]) -> Found:
    """Return what moves of percentages cannot all be true."""
    moves = sorted(_moves(sections), key=lambda each: (each.model, each.order))
    weights = any(
        _WEIGHT.fullmatch(name)
        for section in sections
        for table in section.tables
        for name in table.header
    )
    faults: list[Fault] = []
    for _, group in groupby(moves, key=lambda each: each.model):
        mine = list(group)
        faults += [*_series(mine), *_twice(mine)]
        faults += () if weights else _uneven(mine)
    return Found(len(moves), tuple(faults))


def _moves(sections: Sequence[Section]) -> Iterator[Move]:
    lines = [line for section in sections for line in section.lines]
    versioned = all(_VERSION.search(line.text) for line in lines if _MOVE.search(line.text))
    for line in lines:
        version = _VERSION.search(line.text)
        numbered = tuple(int(part or 0) for part in version.groups()) if version else ()
        for match in _MOVE.finditer(line.text):
            # Banners are stacked newest first: without versions the last line is the oldest.
            order = numbered if versioned else (-line.number,)
            yield Move(
                match["model"],
                line.number,
                order,
                Fraction(match["before"]),
                Fraction(match["after"]),
                _criteria(match["rest"]),
                _FORECAST.search(match["rest"]) is not None,
            )


def _criteria(text: str) -> tuple[str, ...]:
    spans = [
        f"{number:03}"
        for one, other in _SPAN.findall(text)
        for number in range(int(one), min(int(other), int(one) + 99) + 1)
    ]
    return tuple(dict.fromkeys([*spans, *_CRITERION.findall(text)]))


def _series(moves: Sequence[Move]) -> Iterator[Fault]:
    """Yield moves that do not begin where the last one ended: a forecast is no such end."""
    state: Move | None = None
    ahead: list[Fraction] = []
    for move in moves:
        if move.forecast:
            ahead.append(move.after)
            continue
        if state is not None and move.before != state.after:
            why = ", which was a forecast and earned nothing" if move.before in ahead else ""
            message = (
                f"{move.model} moves from {float(move.before):g} %, expected"
                f" {float(state.after):g} % (line {state.line}){why}"
            )
            yield Fault(move.line, "forecast" if why else "ledger", message, "begin at the state")
        state = move


def _twice(moves: Sequence[Move]) -> Iterator[Fault]:
    """Yield criteria that are credited a second time."""
    credited: dict[str, int] = {}
    for move in (each for each in moves if not each.forecast and each.after > each.before):
        again = [each for each in move.criteria if each in credited]
        if again:
            names = ", ".join(again)
            message = (
                f"{move.model} earns {float(move.after - move.before):g} points with {names},"
                f" credited already (line {credited[again[0]]})"
            )
            yield Fault(move.line, "credit", message, "a second discharge gives 0: one credit each")
        for each in move.criteria:
            credited.setdefault(each, move.line)


def _uneven(moves: Sequence[Move]) -> Iterator[Fault]:
    """Yield the first two moves whose criteria earn differently where no weights are declared."""
    earned = [
        (each, (each.after - each.before) / len(each.criteria))
        for each in moves
        if each.criteria and not each.forecast and each.after > each.before
    ]
    for move, each in earned[1:]:
        first, other = earned[0]
        if each != other:
            message = (
                f"{move.model}: {_gain(move)}, but {_gain(first)} (line {first.line});"
                " no weights are declared"
            )
            yield Fault(move.line, "weights", message, "declare a weight for each, with its reason")
            return


def _gain(move: Move) -> str:
    count = len(move.criteria)
    noun = "criterion" if count == 1 else "criteria"
    return f"{count} {noun} gave {float(move.after - move.before):g} points"
