"""Splits prose into numbers, operators, relations and everything else."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pv.lint.figures.quantity import FUNCTIONS, Quantity, printed, raised

_UNITS: Final = (
    "KiB|MiB|GiB|TiB|KB|kB|MB|GB|TB|bytes?|bits?|ms|us|µs|ns|sec|seconds|min|tokens?|steps?"
)
_TOKEN: Final = re.compile(
    rf"""
      (?P<stop>\n[ \t]*(?=\n))
    | (?P<line>\n[ \t]*)
    | (?P<space>[ \t\r]+)
    | (?P<relation>(?<![<>!=:+\-*/~])=(?![=>~])|[≈≅])
    | (?P<bound>(?<![<>])[<>]=?(?![<>])|[≤≥])
    | (?P<name>[A-Za-z_]\w*)
    | (?P<number>(?P<tilde>~\s?)?
        (?P<digits>(?<![\w.])(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:_\d{{3}})*)(?:\.\d+)?(?:[eE][+-]?\d{{1,3}})?)
        (?!\.\d|_)
        (?:(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)
         |(?P<percent>[ ]?%(?![ ]?\d))
         |(?P<times>[×x](?=\s*(?:[)=≈×*/^·,;.]|$|[A-Za-z(]|[ ]x[ ])))
         |(?P<unit>[A-Za-zµ]+(?![\w(])|[ ](?:{_UNITS})\b))?)
    | (?P<operator>\*\*|[×·*/^+−-])
    | (?P<open>\() | (?P<close>\))
    | (?P<other>.)
    """,
    re.VERBOSE,
)
_LONGEST: Final = 40
_HIGHEST: Final = 300
"""Digits and power of ten of a number that is read; others are no figures of an author."""
_OPERATORS: Final = {"×": "*", "·": "*", "**": "^", "−": "-"}


class Token(NamedTuple):
    """A piece of text; `kind` is the name of its group in the pattern."""

    kind: str
    text: str
    start: int
    end: int
    quantity: Quantity | None = None
    raw: str = ""
    """Of an operator: the sign as written."""


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens of a part of a text, spaces left out."""
    found = []
    for match in _TOKEN.finditer(text, start, end):
        kind = match.lastgroup or "other"
        if match["number"] is not None:
            kind = "number"
        if kind != "space":
            found.append(_token(text, match, kind))
    return found


def _token(text: str, match: re.Match[str], kind: str) -> Token:
    start, end, word = match.start(), match.end(), match[0]
    if kind == "number":
        quantity = _number(match)
        kind = "number" if quantity is not None and word[-1] != "." else "other"
        return Token(kind, word, start, end, quantity)
    if kind == "name":
        if word == "x" and text[start - 1 : start] == " " and text[end : end + 1] == " ":
            return Token("operator", "*", start, end, raw=word)
        kind = "function" if word in FUNCTIONS and text[end : end + 1] == "(" else "name"
    if kind == "operator":
        tight = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
        if word == "-" and tight:  # a range, a date or a name
            return Token("other", word, start, end)
        return Token(kind, _OPERATORS.get(word, word), start, end, raw=word)
    return Token(kind, word, start, end)


def _number(match: re.Match[str]) -> Quantity | None:
    exponent = match["digits"].lower().partition("e")[2]
    if len(match["digits"]) > _LONGEST or abs(int(exponent or 0)) > _HIGHEST:
        return None
    unit = (match["unit"] or "").strip()
    suffix = "%" if match["percent"] else "×" if match["times"] else unit
    quantity = printed(match["digits"], loose=match["tilde"] is not None, suffix=suffix)
    return raised(quantity, match["power"]) if match["power"] else quantity
