"""The texts of a contract in which figures can stand, found once for all rules that read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pv.lint.figures.calculation import Fault, Statement, statements
from pv.lint.figures.wording import about_a_format
from pv.model.contract import Contract, Path
from pv.registry.index import texts_of

_DIGIT: Final = re.compile(r"\d")
_SIGN: Final = re.compile(r"[=≈≅%(\n]")


class _Read(NamedTuple):
    contract: Contract
    texts: tuple[tuple[Path, str], ...]
    faulty: tuple[tuple[Path, str, Statement, Fault], ...]


_last: list[_Read] = []


def figured(contract: Contract) -> tuple[tuple[Path, str], ...]:
    """Return the texts with a figure and a sign that makes a claim of it, with their paths."""
    return _read(contract).texts


def faulty(contract: Contract, fault: Fault) -> Iterator[tuple[Path, str, Statement]]:
    """Yield path, text and statement of every calculation with a fault.

    One about a number format, in which numbers wrap or round, is no claim about numbers.
    """
    for path, text, statement, found in _read(contract).faulty:
        if found is fault:
            yield path, text, statement


def _read(contract: Contract) -> _Read:
    """Return what was read of a contract; rules see one after the other, so the last is kept."""
    if not _last or _last[0].contract is not contract:
        sign, digit = _SIGN.search, _DIGIT.search
        texts = tuple([one for one in texts_of(contract.data) if sign(one[1]) and digit(one[1])])
        _last[:] = [_Read(contract, texts, tuple(_faulty(texts)))]
    return _last[0]


def _faulty(
    texts: tuple[tuple[Path, str], ...],
) -> Iterator[tuple[Path, str, Statement, Fault]]:
    for path, text in texts:
        for found in statements(text):
            fault = found.fault()
            if fault is not None and not about_a_format(text, found.start, found.end):
                yield path, text, found, fault
