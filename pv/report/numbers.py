"""Numbers as people read them: the same text on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

_WHOLE: Final = Fraction(100)
_NEARLY: Final = Fraction(9999, 100)


def decimal(value: Fraction, places: int = 2) -> str:
    """Return an exact number with at most `places` decimals, halves away from zero."""
    scaled = abs(value) * 10**places
    digits = str((scaled.numerator * 2 + scaled.denominator) // (2 * scaled.denominator))
    digits = digits.rjust(places + 1, "0")
    whole, part = digits[:-places], digits[-places:].rstrip("0")
    sign = "-" if value < 0 and digits.strip("0") else ""
    return sign + whole + (f".{part}" if part else "")


def alike(values: Sequence[Fraction]) -> list[str]:
    """Return exact numbers with as many decimals as the one among them that has most: `4.0`."""
    texts = [decimal(each) for each in values]
    most = max((len(text.partition(".")[2]) for text in texts), default=0)
    return [
        text if not most else f"{text.partition('.')[0]}.{text.partition('.')[2]:0<{most}}"
        for text in texts
    ]


def percent(value: Fraction | None) -> str:
    """Return a percentage; None, where nothing is eligible, in words.

    One that is not whole is never rounded to 100.
    """
    if value is None:
        return "no eligible criterion"
    return f"{decimal(min(value, _NEARLY) if value < _WHOLE else value)} %"


def points(value: Fraction) -> str:
    """Return percentage points with their word."""
    return f"{decimal(value)} point{'' if value == 1 else 's'}"


def measured(value: Any) -> str:
    """Return a measured value: a number with six significant digits, a list by its range."""
    if value is None:
        return "not measured"
    if isinstance(value, Sequence) and not isinstance(value, str):
        numbers = [each for each in value if isinstance(each, int | float)]
        if len(numbers) != len(value) or not numbers:
            return ", ".join(map(str, value)) or "empty"
        if len(numbers) == 1:
            return measured(numbers[0])
        return f"{len(numbers)} values, {min(numbers):.6g} to {max(numbers):.6g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
