"""A printed number as what it stands for: its value and the interval that rounds to its digits.

Calculations carry the interval along, so that a result is held only against what the printed
digits of its operands can bear. A plain integer may be a count or a rounded measurement: it is
both until the whole calculation is known (`plain`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Final, NamedTuple

LOOSE: Final = 0.05
"""How far from the value a number marked with a tilde may be, as a part of it."""
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Quantity(NamedTuple):
    """A number, or the result of a calculation."""

    value: float
    low: float
    high: float
    step: float
    """Weight of the last printed digit; 0 for the result of a calculation."""
    plain: bool
    """Whether only bare integers are in it: then it is exact."""
    loose: bool = False
    """Whether a tilde stands before it."""
    percent: bool = False
    unit: str = ""
    """The unit behind it; powers of ten or of 1,024 may hide in it."""

    @property
    def single(self) -> bool:
        """Whether it is one printed number."""
        return self.step > 0


def printed(digits: str, *, loose: bool = False, suffix: str = "") -> Quantity:
    """Return the quantity of a printed number: `digits` as in `1,715`, `0.077` or `5.78e5`."""
    text = digits.replace(",", "").replace("_", "")
    mantissa, _, exponent = text.lower().partition("e")
    places = len(mantissa.partition(".")[2])
    step = 10.0 ** (int(exponent or 0) - places)
    value = float(text)
    margin = max(step / 2, LOOSE * value if loose else 0.0)
    plain = not (places or exponent or loose or suffix)
    unit = "" if suffix in {"%", "×", "x"} else suffix
    return Quantity(value, value - margin, value + margin, step, plain, loose, suffix == "%", unit)


def raised(base: Quantity, superscript: str) -> Quantity | None:
    """Return a number with superscript digits behind it as its power; None where there is none."""
    try:
        power = float(superscript.translate(_SUPERSCRIPTS))
    except ValueError:
        return None
    return combined("^", base, Quantity(power, power, power, 1.0, plain=True))


def combined(operator: str, one: Quantity, other: Quantity) -> Quantity | None:
    """Return the result of one operation; None where it has none that is finite and certain."""
    if operator in "+-" and one.unit != other.unit:
        return None
    exact = other.plain and bool(other.value)
    if operator == "^" or (operator == "/" and other.low <= 0 <= other.high):
        if operator == "/" and not exact:
            return None
        if other.plain:
            other = other._replace(low=other.value, high=other.value)
    if operator == "^" and one.low <= 0:
        return None
    try:
        value = _apply(operator, one.value, other.value)
        pairs = product((one.low, one.high), (other.low, other.high))
        corners = [_apply(operator, *pair) for pair in pairs]
    except (OverflowError, ZeroDivisionError):
        return None
    if not all(map(math.isfinite, (value, *corners))):
        return None
    return Quantity(
        value,
        min(corners),
        max(corners),
        0.0,
        one.plain and other.plain,
        one.loose or other.loose,
        one.percent or other.percent,
        one.unit or other.unit,
    )


def _apply(operator: str, one: float, other: float) -> float:
    if operator == "+":
        return one + other
    if operator == "-":
        return one - other
    if operator == "*":
        return one * other
    if operator == "/":
        return one / other
    return float(math.pow(one, other))


FUNCTIONS: Final[dict[str, Callable[[float], float]]] = {
    "sqrt": math.sqrt,
    "log2": math.log2,
    "log10": math.log10,
    "ln": math.log,
    "exp": math.exp,
    "floor": math.floor,
    "ceil": math.ceil,
}
"""Functions that are read; all of them grow with their argument."""


def applied(name: str, argument: Quantity) -> Quantity | None:
    """Return a function of a quantity; None where it has no finite value."""
    function = FUNCTIONS[name]
    ends = (argument.value,) * 2 if argument.plain else (argument.low, argument.high)
    try:
        value, low, high = map(function, (argument.value, *ends))
    except (ValueError, OverflowError):
        return None
    whole = argument.plain and name in {"floor", "ceil"}
    return argument._replace(
        value=float(value), low=float(low), high=float(high), step=0.0, plain=whole
    )


def negated(one: Quantity) -> Quantity:
    """Return the negative."""
    return one._replace(value=-one.value, low=-one.high, high=-one.low)
