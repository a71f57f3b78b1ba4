"""Numbers against limits: the only place where floats are compared.

The order is fixed: is it a number, is it finite, do the lengths agree, then the worst element.
Every operator is written as "fail unless within", so that NaN, an absent value or a broken limit
is never met. Differences are exact (rational), so a comparison adds no rounding of its own and
integer bit patterns of any size compare exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias, TypeGuard

from pv.escape import bounded
from pv.model.contract import Expectation
from pv.model.measurement import Number, Value
from pv.model.receipt import Comparison

Margin: TypeAlias = Callable[[Fraction, Any, Fraction | None], Fraction]
"""Distance inside the limit: at least 0 (strict operators: above 0) where the limit is met."""

_LONG: Final = 10**40
"""Integers from here on are shown by their first digits."""
_MOST: Final = 200
"""Characters of a text that are shown."""
_STRICT: Final = frozenset({"<", ">"})
_MARGINS: Final[dict[str, Margin]] = {
    "<=": lambda value, limit, _: limit - value,
    "<": lambda value, limit, _: limit - value,
    ">=": lambda value, limit, _: value - limit,
    ">": lambda value, limit, _: value - limit,
    "==": lambda value, limit, _: -abs(value - limit),
    "near": lambda value, limit, tolerance: (tolerance or Fraction(0)) - abs(value - limit),
    "within": lambda value, limit, _: min(value - limit[0], limit[1] - value),
}
OPERATORS: Final = tuple(_MARGINS)
"""The operators that an expectation may use."""
_FAILED: Final = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!="}


def is_finite(value: object) -> TypeGuard[Number]:
    """Whether something is a number that is neither NaN nor infinite; booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def first_not_finite(value: object) -> int | None:
    """Return the index of the first element that is not finite (0 for a scalar), else None."""
    elements = value if isinstance(value, tuple | list) else (value,)
    return next((i for i, each in enumerate(elements) if not is_finite(each)), None)


def judge(expectation: Expectation, value: Value | None) -> Comparison:
    """Compare a measured value (None: not measured) with one expectation."""
    if value is None:
        return _unmet(expectation, None, "not measured")
    elements: Sequence[Number] = value if isinstance(value, tuple | list) else (value,)
    fault = _fault(expectation, elements)
    if fault:
        return _unmet(expectation, value, fault)
    bad = first_not_finite(value)
    if bad is not None:
        return _unmet(expectation, value, f"{_shown(elements[bad])} is not finite", bad)
    limits = _limits(expectation, len(elements))
    if isinstance(limits, str):
        return _unmet(expectation, value, limits)
    return _closest(expectation, value, elements, limits)


def explain(comparison: Comparison, *, digits: int = 6, place: bool = True) -> str:
    """Return metric, value and limit in one line, with the place of the worst element."""
    where = f" at [{comparison.index}]" if place and comparison.index is not None else ""
    if comparison.note:
        return f"{comparison.metric}: {comparison.note}{where}"
    limit = comparison.limit
    if _is_list(limit) and comparison.index is not None and _listed(comparison):
        limit = limit[comparison.index]
    sign = comparison.op if comparison.met else _FAILED.get(comparison.op, f"not {comparison.op}")
    value, wanted = _shown(comparison.worst, digits), _shown(limit, digits)
    spread = comparison.tolerance
    tolerance = "" if spread is None else f" ± {_shown(spread, digits)}"
    return f"{comparison.metric} {value} {sign} {wanted}{tolerance}{where}"


def _fault(expectation: Expectation, elements: Sequence[Number]) -> str:
    """Return why the comparison cannot be made at all, empty where it can."""
    if expectation.op not in _MARGINS:
        return f"operator {expectation.op!r} is unknown, expected one of {', '.join(OPERATORS)}"
    if not elements:
        return "the list is empty, so nothing was measured"
    if expectation.op == "near" and not (
        is_finite(expectation.tolerance) and (expectation.tolerance or 0) >= 0
    ):
        return "near needs a tolerance that is a number of at least 0"
    return ""


def _limits(expectation: Expectation, count: int) -> list[Any] | str:
    """Return one limit an element as exact numbers, or why there are none."""
    limit = expectation.value
    exact = _interval if expectation.op == "within" else _number
    if (one := exact(limit)) is not None:
        return [one] * count
    if not _is_list(limit):
        return f"limit {limit!r} is not a finite number"
    each = [exact(item) for item in limit]
    if None in each:
        return f"limit {limit[each.index(None)]!r} is not {_wanted(expectation.op)}"
    if len(each) != count:
        return f"lengths differ: {count} measured, {len(each)} limits"
    return each


def _wanted(op: str) -> str:
    return "[low, high] with low <= high" if op == "within" else "a finite number"


def _number(item: object) -> Fraction | None:
    return Fraction(item) if is_finite(item) else None


def _interval(item: object) -> tuple[Fraction, Fraction] | None:
    if not isinstance(item, tuple | list) or len(item) != 2:
        return None
    low, high = _number(item[0]), _number(item[1])
    return None if low is None or high is None or low > high else (low, high)


def _closest(
    expectation: Expectation, value: Value, elements: Sequence[Number], limits: list[Any]
) -> Comparison:
    """Judge by the element with the smallest margin."""
    margin_of = _MARGINS[expectation.op]
    tolerance = None if expectation.tolerance is None else _number(expectation.tolerance)
    margins = [
        margin_of(Fraction(element), limit, tolerance)
        for element, limit in zip(elements, limits, strict=True)
    ]
    index = margins.index(min(margins))
    met = margins[index] > 0 if expectation.op in _STRICT else margins[index] >= 0
    return Comparison(
        expectation.metric,
        expectation.op,
        expectation.value,
        expectation.tolerance,
        value,
        met,
        elements[index],
        index if _is_list(value) else None,
        expectation.reason,
    )


def _unmet(
    expectation: Expectation, value: Value | None, note: str, index: int | None = None
) -> Comparison:
    listed = _is_list(value) and index is not None
    return Comparison(
        metric=expectation.metric,
        op=expectation.op,
        limit=expectation.value,
        tolerance=expectation.tolerance,
        value=value,
        met=False,
        worst=None,
        index=index if listed else None,
        reason=expectation.reason,
        note=note,
    )


def _is_list(value: object) -> bool:
    return isinstance(value, tuple | list)


def _listed(comparison: Comparison) -> bool:
    """Whether the limit is given element by element."""
    return comparison.op != "within" or any(_is_list(item) for item in comparison.limit)


def _shown(value: object, digits: int = 6) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_shown(item, digits) for item in value)}]"
    if isinstance(value, int) and abs(value) >= _LONG:
        return _first_digits(value, digits)
    return bounded(str(value), _MOST)


def _first_digits(value: int, digits: int) -> str:
    """Return the first digits of an integer that would fill lines, and how many it has."""
    number = int(value.bit_length() * math.log10(2))  # of digits, or one less
    number += abs(value) >= 10**number
    first = abs(value) // 10 ** (number - digits)
    return f"{'-' if value < 0 else ''}{first}… ({number:,} digits)"
