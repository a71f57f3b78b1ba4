"""The texts of a contract in which figures can stand, found once for all rules that read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pv.lint.figures.breakdown import OUTCOMES
from pv.lint.figures.calculation import Fault, Statement, may_state, statements
from pv.lint.figures.wording import about_a_format
from pv.model.contract import Contract, Path
from pv.registry.index import walked

_DIGIT: Final = re.compile(r"\d")
_SIGN: Final = re.compile(r"[=≈≅%(\n]")
_OUTCOMES: Final = tuple(OUTCOMES.split("|"))
_BETWEEN: Final = "\0"
"""Stands in no text, and belongs to no word, number or blank."""
_ROWS: Final = 3
"""Lines of the shortest table."""


class _Read(NamedTuple):
    contract: Contract
    tallied: list[tuple[Path, str]]
    tabled: list[tuple[Path, str]]
    faulty: tuple[tuple[Path, str, Statement, Fault], ...]


_last: list[_Read] = []


def tallied(contract: Contract) -> list[tuple[Path, str]]:
    """Return the texts with a figure that may count outcomes or shares, with their paths."""
    return _read(contract).tallied


def tabled(contract: Contract) -> list[tuple[Path, str]]:
    """Return the texts with a figure that may hold a table, with their paths."""
    return _read(contract).tabled


def faulty(contract: Contract, fault: Fault) -> Iterator[tuple[Path, str, Statement]]:
    """Yield path, text and statement of every calculation with a fault.

    One about a number format, in which numbers wrap or round, is no claim about numbers.
    """
    for path, text, statement, found in _read(contract).faulty:
        if found is fault:
            yield path, text, statement


def _read(contract: Contract) -> _Read:
    """Return what was read of a contract; rules see one after the other, so the last is kept.

    What no text of a contract has is looked for in all of them at once.
    """
    if not _last or _last[0].contract is not contract:
        sign, digit = _SIGN.search, _DIGIT.search
        texts = [one for one in walked(contract.data).signed if sign(one[1]) and digit(one[1])]
        every = _BETWEEN.join([text for _, text in texts])
        _last[:] = [
            _Read(
                contract,
                tallied=texts if _may_tally(every) else [],
                tabled=[one for one in texts if "\n" in one[1] and _has_rows(one[1])],
                faulty=tuple(_faulty(texts)) if may_state(every) else (),
            )
        ]
    return _last[0]


def _has_rows(text: str) -> bool:
    return text.strip().count("\n") >= _ROWS - 1


def _may_tally(text: str) -> bool:
    """Tell whether a text may hold an outcome or a share; letters that fold into others may."""
    if "%" in text or not text.isascii():
        return True
    lower = text.lower()
    return any(outcome in lower for outcome in _OUTCOMES)


def _faulty(
    texts: list[tuple[Path, str]],
) -> Iterator[tuple[Path, str, Statement, Fault]]:
    for path, text in texts:
        for found in statements(text):
            fault = found.fault()
            if fault is not None and not about_a_format(text, found.start, found.end):
                yield path, text, found, fault
