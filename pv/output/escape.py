"""Foreign text made harmless for a terminal, and how many columns it takes there."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

TAB: Final = 4
"""Columns between the stops that tabs of an excerpt are expanded to."""

_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1: they move the cursor
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order of reading: they show other text
    "\u200b-\u200d\u2060\ufeff\u00ad"  # no width: two texts that look alike
    "\u2028\u2029"  # line breaks for some
    "\ud800-\udfff]"  # halves of characters, and bytes of file names that are no UTF-8
)


def escape(text: str) -> str:
    """Return text with every harmful character as its escape; the rest stays as it is."""
    return _HARMFUL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cells(line: str) -> list[tuple[str, int]]:
    """Return for each character of a line what is printed for it and the columns that takes."""
    shown: list[tuple[str, int]] = []
    column = 0
    for character in line:
        if character == "\t":
            text = " " * (TAB - column % TAB)
            size = len(text)
        else:
            text = escape(character)
            size = len(text) if text != character else width(character)
        shown.append((text, size))
        column += size
    return shown


def width(character: str) -> int:
    """Return the columns of one harmless character: 0 for combining ones, 2 for wide ones."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
