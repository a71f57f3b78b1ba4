"""Plain scalars as the core schema of YAML 1.2 reads them (section 10.3.2 of the specification).

`no`, `on`, `1:30`, `1_000` and dates are text, `012` is twelve, `1e-5` is a number. YAML 1.1
readers differ on all of these.
"""

from __future__ import annotations

import re

from pv.yamlfile.nodes import ScalarValue

MAX_DIGITS = 4300
"""Digits of an integer. Python itself refuses to print longer ones, so no consumer could."""

FIXED: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(
        (sign + name for sign in ("", "+") for name in (".inf", ".Inf", ".INF")), float("inf")
    ),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_FIRST = frozenset("0123456789+-.")
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


class TooManyDigitsError(ValueError):
    """An integer of more digits than `MAX_DIGITS`."""


def resolve_plain(text: str) -> ScalarValue:
    """Return the value of an unquoted scalar. Raises TooManyDigitsError for an endless integer."""
    if text in FIXED:
        return FIXED[text]
    if text[0] not in _FIRST:
        return text
    if _DECIMAL.fullmatch(text):
        return _integer(text, 10)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _BASED.fullmatch(text):
        return _integer(text, 8 if text[1] == "o" else 16)
    return text


def _integer(text: str, base: int) -> int:
    if len(text) > MAX_DIGITS:
        raise TooManyDigitsError
    value = int(text, base)
    # 4,300 hexadecimal digits are some 5,180 decimal ones; twice nine digits are never too many.
    if base != 10 and len(text) > 18 and value >= 10**MAX_DIGITS:
        raise TooManyDigitsError
    return value
