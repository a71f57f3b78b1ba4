"""What messages say about a calculation, and which calculations are no claims about numbers."""

from __future__ import annotations

import math
import re
from typing import Final

from pv.lint.figures.calculation import Statement

_FORMAT: Final = re.compile(
    r"\b(?:wrap(?:s|ping|ped|around)?|overflow\w*|underflow\w*|saturating|modulo|modular|"
    r"[iu](?:8|16|32|64)|(?:fp|bf|f)(?:8|16|32)|int(?:8|16|32)|in single precision)\b",
    re.IGNORECASE,
)
_AROUND: Final = 60


def about_a_format(text: str, start: int, end: int) -> bool:
    """Return whether the words around a calculation tell of a format in which numbers wrap."""
    begin = max(text.rfind("\n", 0, start) + 1, start - _AROUND)
    line_end = text.find("\n", end)
    stop = min(len(text) if line_end < 0 else line_end, end + _AROUND)
    return _FORMAT.search(text, begin, stop) is not None


def digits(found: Statement) -> str:
    """Return the result of a calculation in the scale and the unit of what it is said to be."""
    claim = found.claim
    unit = " %" if claim.percent else claim.unit if len(claim.unit) < 2 else f" {claim.unit}"
    return f"{_shown(found.result.value * _scale(found))}{unit}"


def reach(found: Statement) -> str:
    """Return between what the roundings of the operands leave the result."""
    scale = _scale(found)
    low, high = _shown(found.result.low * scale), _shown(found.result.high * scale)
    return f"or anything from {low} to {high} by the printed digits"


def _scale(found: Statement) -> float:
    """Return the power of ten that brings the result nearest to the number it is said to be."""
    if not found.result.value or not found.claim.value:
        return 1.0
    apart = math.log10(abs(found.claim.value / found.result.value))
    decimal = [each for each in found.scales() if math.log10(each).is_integer()]
    return min(decimal, key=lambda each: abs(math.log10(each) - apart))


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"
